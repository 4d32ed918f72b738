"""The README is short, and what it names is there. What it shows is run with the other pages, in `tests/docs`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from highhelp import cli
from tests.docs.blocks import blocks_of

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
SCREEN = 50
"""Lines."""


def test_it_has_exactly_two_set_up_commands_and_they_are_there() -> None:
    commands = [line.split("#")[0].strip() for line in blocks_of(README)[0].text.splitlines()]
    assert commands == ["scripts/demo", "scripts/test"]
    assert all((ROOT / command).stat().st_mode & 0o111 for command in commands)


def test_readme_fits_on_two_screens_and_begins_with_the_most() -> None:
    lines = README.splitlines()
    assert len(lines) <= 2 * SCREEN
    first = "\n".join(lines[:SCREEN])
    for answer in ("unofficial Python SDK", "It is not", "How sure it is", "pip install", "create_payin", "raw httpx"):
        assert answer in first


@pytest.mark.slow
def test_every_command_is_on_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    table = COMMANDS.partition("## Commands")[2].partition("\n## ")[0]
    named = set()
    for cell in re.findall(r"^\| (`highhelp .*?) \|", table, re.MULTILINE):
        first, *others = re.findall(r"`(?:highhelp )?([^`]+)`", cell)
        group = [word for word in first.split()[:-1] if first.split()[-1].islower()]  # `inbox list`, `show`, ...
        for command in (first.split(), *([*group, *other.split()] for other in others)):
            words = [word for word in command if word.islower() and not word.startswith("/")]
            assert cli.main([*words, "--help"]) == 0, command
            named.add(words[0])
    capsys.readouterr()
    assert cli.main(["--help"]) == 0
    listed = set(re.findall(r"^  ([a-z]+)  ", capsys.readouterr().out.partition("Commands:")[2], re.MULTILINE))
    assert listed
    assert named >= listed


def test_every_link_leads_to_a_file() -> None:
    pages = [
        *ROOT.glob("README*.md"),
        ROOT / "CONTRIBUTING.md",
        ROOT / "spec" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
