"""The pages about the gateway show the tables that the code has."""

from __future__ import annotations

from pathlib import Path

from highhelp_mock.control import PREFIX
from highhelp_mock.made_up import WRONGS
from highhelp_mock.tables import tables

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "mock-gateway.md").read_text(encoding="utf-8")
TESTING = (DOCS / "testing.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert tables() in PAGE, "put the output of `python -m highhelp_mock.tables` into docs/mock-gateway.md"


def test_it_names_what_there_is() -> None:
    for wrong in WRONGS:
        assert f'"{wrong}"' in TESTING
    for name in ("payments", "callbacks", "faults", "health", "clock", "reset", "faults/clear"):
        assert f"{PREFIX}{name}" in PAGE
