"""The types that users see: a program with every public name passes two type checkers, and wrong types do not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import highhelp
from tests.requirements import require

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("typed_program.py")
# pinned: every version infers a little differently
PYRIGHT = ["npm", "exec", "--yes", "--prefer-offline", "pyright@1.1.414", "--"]
LATER = {"CallbackInbox", "AsyncCallbackInbox", "PayoutGuard", "AsyncPayoutGuard"}


@pytest.fixture(scope="module")
def npm() -> str:
    """The `npm` command, which comes with `node`."""
    return require("node", shutil.which("npm"))


def wrong_lines() -> set[int]:
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


def test_the_program_names_everything_that_is_public() -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    assert [name for name in highhelp.__all__ if not re.search(rf"\b{name}\b", text) and name not in LATER] == []


def test_mypy_accepts_it_and_refuses_what_is_wrong() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "--hide-error-context", str(PROGRAM)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {int(number) for number in re.findall(rf"{PROGRAM.name}:(\d+): error", done.stdout)}
    assert found == wrong_lines(), done.stdout + done.stderr


def test_pyright_accepts_it_and_refuses_what_is_wrong(npm: str, tmp_path: Path) -> None:
    settings = {
        "include": [PROGRAM.name],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "venvPath": str(Path(sys.prefix).parent),
        "venv": Path(sys.prefix).name,
        "extraPaths": [str(ROOT / part) for part in (".", "signing", "generated", "gateway")],
    }
    shutil.copy(PROGRAM, tmp_path)
    project = tmp_path / "pyrightconfig.json"
    project.write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [*PYRIGHT, "--project", str(project), "--outputjson"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    told = json.loads(done.stdout)["generalDiagnostics"]
    found = {item["range"]["start"]["line"] + 1 for item in told if item["severity"] == "error"}
    assert found == wrong_lines(), told
