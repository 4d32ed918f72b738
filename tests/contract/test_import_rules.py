"""The import rules notice a bad import: each is planted in a copy of the packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("highhelp", "signing", "generated", "gateway")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("rules")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def broken_rules(copy: Path) -> str:
    paths = os.pathsep.join(str(copy / folder) for folder in (".", *FOLDERS[1:]))
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(
        command, cwd=copy, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout


def test_the_code_keeps_them(copy: Path) -> None:
    assert broken_rules(copy) == ""


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("highhelp/money.py", "import highhelp_mock", "only the command line and the testing plugin"),
        ("highhelp/calls/flow.py", "import highhelp_api.strict", "only the command line and the testing plugin"),
        ("highhelp/errors.py", "import highhelp.client", "the client's layers"),
        (
            "gateway/highhelp_mock/simulation/balances.py",
            "import highhelp.money",
            "the gateway never imports the client",
        ),
        ("signing/highhelp_signing/normalize.py", "import httpx", "only auth.py of signing knows httpx"),
        ("signing/highhelp_signing/keys.py", "import highhelp_api.client", "signing knows the contract's data alone"),
        (
            "generated/highhelp_api/contract/types.py",
            "import highhelp_signing",
            "the generated package imports nothing",
        ),
        ("generated/highhelp_api/client/types.py", "import pydantic", "apart from the strict models"),
        ("highhelp/cli/fields.py", "import highhelp.cli.commands.call", "the commands stand on the modules"),
        ("highhelp/cli/commands/queries.py", "import highhelp.cli.commands.keys", "no command imports another one"),
        ("highhelp/payouts/flow.py", "import highhelp.payouts.guard", "no circles"),
        ("highhelp/payouts/intents.py", "import highhelp.inbox.events", "the client's layers"),
        ("highhelp/inbox/receive.py", "import highhelp.payouts.intents", "the client's layers"),
        ("highhelp/storage/engine.py", "import highhelp.inbox.events", "the client's layers"),
        ("gateway/highhelp_mock/simulation/clock.py", "import highhelp_mock.api.dispatch", "the mock gateway's layers"),
        ("gateway/highhelp_mock/simulation/clock.py", "import highhelp_mock.simulation.engine", "no circles"),
    ],
)
@pytest.mark.slow
def test_a_planted_import_is_found(copy: Path, file: str, line: str, rule: str) -> None:
    place = copy / file
    before = place.read_text(encoding="utf-8")
    place.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        assert rule in broken_rules(copy).replace("\n", " ")
    finally:
        place.write_text(before, encoding="utf-8")
