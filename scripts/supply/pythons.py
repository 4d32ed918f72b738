"""The Pythons of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEWEST = "3.14"
"""The newest released Python: it is named where it is not to be found, also before the package promises it."""


def promised() -> list[str]:
    """The versions that the package's metadata names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one) for one in project["classifiers"]]
    return [match[1] for match in found if match]


def find(version: str) -> Path | None:
    """An interpreter of this version that starts and can make environments."""
    name = f"python{version}"
    home = Path.home()
    places = [
        *(shutil.which(name, path=directory) for directory in os.get_exec_path()),
        *sorted(home.glob(f".pyenv/versions/{version}.*/bin/{name}")),
        *sorted(home.glob(f".local/share/uv/python/cpython-{version}.*/bin/{name}")),
    ]
    return next((Path(place) for place in places if place and starts(Path(place), version)), None)


def starts(python: Path, version: str) -> bool:
    """Whether it is what its name says: a shim may lead nowhere."""
    program = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version
