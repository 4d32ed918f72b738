"""The types that users see, from the installed wheel.

A program with every public name passes two type checkers, and wrong types do not.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

import highhelp
from tests.e2e.conftest import run
from tests.requirements import require

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("typed_program.py")
PROGRAMS = (PROGRAM, Path(__file__).with_name("keyword_calls.py"))
# pinned: every version infers a little differently
PYRIGHT = ["npm", "exec", "--yes", "--prefer-offline", "pyright@1.1.414", "--"]


@pytest.fixture(scope="module")
def npm() -> str:
    """The `npm` command, which comes with `node`."""
    return require("node", shutil.which("npm"))


def wrong_lines(program: Path) -> set[int]:
    lines = program.read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


def test_the_program_names_everything_that_is_public() -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    assert [name for name in highhelp.__all__ if not re.search(rf"\b{name}\b", text)] == []


@pytest.fixture(params=PROGRAMS, ids=lambda program: program.stem)
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A program where nothing of this repository is near: what is known of the package comes from the wheel."""
    return Path(shutil.copy(request.param, tmp_path))


def test_the_keyword_program_has_twenty_wrong_calls() -> None:
    assert len(wrong_lines(PROGRAMS[1])) == 20


def test_mypy_accepts_it_and_refuses_what_is_wrong(programs: Path, copied: Path) -> None:
    checker = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--hide-error-context", "--config-file="]
    done = run(*checker, "--python-executable", programs / "python", copied.name, cwd=copied.parent)
    found = {int(number) for number in re.findall(rf"{copied.name}:(\d+): error", done.stdout)}
    assert found == wrong_lines(copied), done.stdout + done.stderr


def test_pyright_accepts_it_and_refuses_what_is_wrong(npm: str, programs: Path, copied: Path) -> None:
    settings = {
        "include": [copied.name],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "venvPath": str(programs.parents[1]),
        "venv": programs.parent.name,
    }
    project = copied.with_name("pyrightconfig.json")
    project.write_text(json.dumps(settings), encoding="utf-8")
    done = run(*PYRIGHT, "--project", project, "--outputjson", cwd=copied.parent)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    told = json.loads(done.stdout)["generalDiagnostics"]
    found = {item["range"]["start"]["line"] + 1 for item in told if item["severity"] == "error"}
    assert found == wrong_lines(copied), told
