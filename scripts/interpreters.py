"""The Python interpreters of this machine: those of the path, of pyenv and of uv."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from environment import OLDEST, ROOT

NEWEST = "3.14"
"""The newest released Python: reported if not found, even before the package declares support for it."""


def promised() -> list[str]:
    """The versions in the package's metadata."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one) for one in project["classifiers"]]
    return [match[1] for match in found if match]


def found() -> dict[tuple[int, int], Path]:
    """One interpreter of each version from the oldest supported one on, oldest first."""
    home = Path.home()
    folders = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    folders += sorted((home / ".pyenv" / "versions").glob("*/bin"), reverse=True)
    folders += sorted((home / ".local" / "share" / "uv" / "python").glob("*/bin"), reverse=True)
    made: dict[tuple[int, int], Path] = {}
    for program in [Path(sys.executable), *(one for folder in folders for one in sorted(folder.glob("python3.*")))]:
        name = re.fullmatch(r"python3\.(\d+)", program.name)
        if program != Path(sys.executable) and (name is None or (3, int(name[1])) in made):
            continue
        version = _version(program)
        if version is not None and version >= OLDEST:
            made.setdefault(version, program)
    return dict(sorted(made.items()))


def _version(program: Path) -> tuple[int, int] | None:
    """The version that an interpreter reports; None for one that cannot make environments, such as an empty shim."""
    try:
        done = subprocess.run(
            [str(program), "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    return (int(words[0]), int(words[1])) if done.returncode == 0 and len(words) == 2 else None
