"""The built wheel in an empty environment: with everything, and bare."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("HIGHHELP_", "PYTHON"))}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", target, ROOT, cwd=target)
    assert done.returncode == 0, done.stderr
    return next(target.glob("*.whl"))


def empty(directory: Path, requirement: str) -> Path:
    """A new environment that holds only the wheel and what it asks for. Returns its folder of programs."""
    venv.create(directory, with_pip=True, clear=True)
    programs = directory / ("Scripts" if os.name == "nt" else "bin")
    done = run(programs / "python", "-m", "pip", "install", "--quiet", requirement, cwd=directory)
    assert done.returncode == 0, done.stderr
    return programs


def test_the_wheel_holds_the_packages_and_their_marks(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("highhelp", "highhelp_api", "highhelp_mock", "highhelp_signing"):
        assert f"{package}/__init__.py" in names
        assert f"{package}/py.typed" in names
    assert "highhelp/ledger/migrations/versions/0001_inbox.py" in names
    assert not any(name.startswith(("tests/", "scripts/", "spec/")) for name in names)


def test_the_demo_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    programs = empty(tmp_path / "full", f"{wheel}[all]")
    done = run(programs / "highhelp", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every signature checked" in done.stdout


def test_the_bare_wheel_is_light_and_says_what_it_lacks(wheel: Path, tmp_path: Path) -> None:
    programs = empty(tmp_path / "bare", str(wheel))
    program = "import highhelp, sys; highhelp.HighHelp; highhelp.models.P2PPayinRequest; print(*sorted(sys.modules))"
    done = run(programs / "python", "-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pydantic", "highhelp_mock", "typer", "uvicorn", "jsonschema_rs", "yaml", "sqlalchemy"}
    done = run(programs / "python", "-c", "import highhelp; highhelp.CallbackInbox", cwd=tmp_path)
    assert "SettingsError: CallbackInbox: needs the extra [callbacks]" in done.stderr
    command = run(programs / "highhelp", "demo", cwd=tmp_path)
    assert command.returncode == 2
    assert "highhelp[cli]" in command.stderr
    assert "Traceback" not in command.stderr
