"""The pages about the gateway show the tables that the code has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from highhelp_mock.api.control import PREFIX
from highhelp_mock.api.forged_callbacks import DEFECTS
from highhelp_mock.simulation.faults import DESCRIPTIONS
from highhelp_mock.simulation.scenarios import OTP_CODES, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "mock-gateway.md").read_text(encoding="utf-8")
TESTING = (DOCS / "testing.md").read_text(encoding="utf-8")


def table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def test_page_shows_scenarios_codes_and_faults_of_the_code() -> None:
    scenarios = [(one.flow, one.name, f"{one.amount}", one.phone, one.pan, one.text) for one in SCENARIOS]
    for expected in (
        table(("flow", "scenario", "amount", "phone", "card", "what happens"), scenarios),
        table(("code", "what happens"), ((one.code, one.text) for one in OTP_CODES)),
        table(("fault", "what happens"), ((f"`{name}`", text) for name, text in DESCRIPTIONS.items())),
    ):
        assert expected in PAGE, f"put this table into docs/mock-gateway.md:\n{expected}"


def test_it_names_what_there_is() -> None:
    for wrong in DEFECTS:
        assert f'"{wrong}"' in TESTING
    for name in ("payments", "callbacks", "faults", "health", "clock", "reset", "faults/clear"):
        assert f"{PREFIX}{name}" in PAGE
