"""What the README shows is run."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from highhelp import cli
from highhelp_mock import MockGateway
from highhelp_signing import generate_home

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_its_python_runs_against_the_mock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    generate_home(home, base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    told = io.StringIO()
    with MockGateway(home).serve(), contextlib.redirect_stdout(told):
        for block in blocks("python"):
            exec(compile(block, "README.md", "exec"), {})
    assert told.getvalue() == "processing success\n"


def test_it_has_exactly_two_set_up_commands_and_they_are_there() -> None:
    commands = [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()]
    assert commands == ["scripts/demo", "scripts/test"]
    assert all((ROOT / command).stat().st_mode & 0o111 for command in commands)


def test_every_command_it_names_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    named = re.search(r"`highhelp (demo .*?)`", README, re.DOTALL)
    assert named is not None
    for command in named[1].replace("OPERATION_ID|/path", "").split("|"):
        assert cli.main([*command.split(), "--help"]) == 0
    capsys.readouterr()


def test_every_link_leads_to_a_file() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "spec" / "README.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
