"""Print scenarios, one-time codes and faults as Markdown: `python -m highhelp_mock.simulation.tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highhelp_mock.simulation.faults import DESCRIPTIONS
from highhelp_mock.simulation.scenarios import OTP_CODES, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["tables"]


def tables() -> str:
    """Render all tables, each under its heading."""
    scenarios = [(one.flow, one.name, f"{one.amount}", one.phone, one.pan, one.text) for one in SCENARIOS]
    return "\n\n".join(
        [
            "### Scenarios",
            _table(("flow", "scenario", "amount", "phone", "card", "what happens"), scenarios),
            "### One-time codes",
            _table(("code", "what happens"), ((one.code, one.text) for one in OTP_CODES)),
            "### Faults",
            _table(("fault", "what happens"), ((f"`{name}`", text) for name, text in DESCRIPTIONS.items())),
        ]
    )


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(tables())
