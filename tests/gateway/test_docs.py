"""The pages about the gateway show the tables that the code has."""

from __future__ import annotations

from pathlib import Path

from highhelp_mock.api.control import PREFIX
from highhelp_mock.api.forged_callbacks import DEFECTS
from highhelp_mock.simulation.tables import tables

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "mock-gateway.md").read_text(encoding="utf-8")
TESTING = (DOCS / "testing.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert tables() in PAGE, "put the output of `python -m highhelp_mock.simulation.tables` into docs/mock-gateway.md"


def test_it_names_what_there_is() -> None:
    for wrong in DEFECTS:
        assert f'"{wrong}"' in TESTING
    for name in ("payments", "callbacks", "faults", "health", "clock", "reset", "faults/clear"):
        assert f"{PREFIX}{name}" in PAGE
