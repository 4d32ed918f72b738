"""The built wheel, and an environment that holds it: made once for all processes of a run."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("HIGHHELP_", "PYTHON", "MYPY"))}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False
    )


def empty(directory: Path, *requirements: str) -> Path:
    """A new environment that holds only what is asked for. Returns its folder of programs."""
    venv.create(directory, with_pip=True, clear=True)
    programs = directory / ("Scripts" if os.name == "nt" else "bin")
    done = run(programs / "python", "-m", "pip", "install", "--quiet", *requirements, cwd=directory)
    assert done.returncode == 0, done.stderr
    return programs


@contextmanager
def made_once(directory: Path) -> Iterator[bool]:
    """Hold a folder against the other processes; says whether it is still to be filled."""
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = directory / "done"
        yield not done.exists()
        done.touch()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run that all its processes see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of this tree."""
    target = shared / "wheel"
    with made_once(target) as to_be_made:
        if to_be_made:
            build = [
                sys.executable,
                "-m",
                "pip",
                "wheel",
                "--quiet",
                "--no-deps",
                "--wheel-dir",
                str(target),
                str(ROOT),
            ]
            done = run(*build, cwd=target)
            assert done.returncode == 0, done.stderr
    return next(target.glob("*.whl"))


@pytest.fixture(scope="session")
def programs(wheel: Path, shared: Path) -> Path:
    """The programs of an environment with the wheel and everything it can ask for, and with pytest as a user has it."""
    place = shared / "full"
    with made_once(place) as to_be_made:
        if to_be_made:
            return empty(place / "env", f"{wheel}[all]", "pytest")
    return place / "env" / ("Scripts" if os.name == "nt" else "bin")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # without these flags Chromium looks for hosts of its maker at every start
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic", *quiet]
        )
        yield browser
        browser.close()
