"""The files of a release: built in a clean folder, and inspected."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

PACKAGES = ("highhelp", "highhelp_api", "highhelp_mock", "highhelp_signing")
_NEVER = re.compile(r"(^|/)(\.venv|\.git|\.env|__pycache__|node_modules|build|dist)(/|$|-)|\.(pyc|pem|key|db|sqlite3)$")


def build(root: Path, target: Path) -> tuple[Path, Path]:
    """Make the sdist, and the wheel from the sdist, as an index's users might. Returns wheel and sdist.

    Raises:
        RuntimeError: The build failed.
    """
    shutil.rmtree(target, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(root)]
    environ = {**os.environ, "SOURCE_DATE_EPOCH": _epoch(root)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return wheel, sdist


def _epoch(root: Path) -> str:
    """When the commit was made: the same commit gives the same bytes."""
    git = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "315532800"


def problems(wheel: Path, sdist: Path, version: str) -> list[str]:
    """Files that should not be in them, or are missing."""
    inside = zipfile.ZipFile(wheel).namelist()
    with tarfile.open(sdist) as archive:
        packed = [str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()]
    wanted = [f"{package}/{name}" for package in PACKAGES for name in ("__init__.py", "py.typed")]
    wanted += [f"highhelp-{version}.dist-info/licenses/LICENSE"]
    missing = [f"{wheel.name}: lacks {name}" for name in wanted if name not in inside]
    own = (*PACKAGES, f"highhelp-{version}.dist-info")
    stray = [f"{wheel.name}: {name} does not belong there" for name in inside if name.split("/")[0] not in own]
    needed = ("spec/openapi.yaml", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py")
    missing += [f"{sdist.name}: lacks {name}" for name in needed if name not in packed]
    stray += [
        f"{file.name}: {name} must not be published"
        for file, names in ((wheel, inside), (sdist, packed))
        for name in names
        if _NEVER.search(name)
    ]
    if wheel.name != f"highhelp-{version}-py3-none-any.whl" or sdist.name != f"highhelp-{version}.tar.gz":
        stray.append(f"{wheel.name}, {sdist.name}: highhelp/_version.py says {version}")
    return missing + stray
