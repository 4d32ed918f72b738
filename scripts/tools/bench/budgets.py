"""The budgets of `budgets.toml`, and a run's verdicts on them."""

from __future__ import annotations

import statistics
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = Path(__file__).with_name("budgets.toml")


@dataclass(frozen=True)
class Budget:
    """One row of the file, which explains the fields."""

    name: str
    what: str
    against: str
    margin: float
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""
    known: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError(f"{self.name}: either at_most or at_least")

    @property
    def aim(self) -> str:
        """The budget as text."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"

    def met(self, value: float) -> bool:
        """Whether a value is within the aim."""
        return value <= self.at_most if self.at_most is not None else value >= (self.at_least or 0)

    def regressed(self, value: float) -> bool:
        """Whether a value is clearly worse than the aim, or than a known value that misses the aim."""
        if self.at_most is not None:
            return value > max(self.at_most, self.known or 0) * (1 + self.margin)
        least = self.at_least or 0
        return value < min(least, least if self.known is None else self.known) / (1 + self.margin)


def load(path: Path = FILE) -> dict[str, Budget]:
    """All budgets by name, in the order of the file."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: Budget(name=name, **row) for name, row in rows.items()}


def verdicts(claims: Mapping[str, Sequence[float]], budgets: Mapping[str, Budget]) -> list[str]:
    """Describe the rows that have clearly become worse. Empty if none has.

    Raises:
        ValueError: A claim has no budget, so a regression would go unnoticed.
    """
    unknown = set(claims) - set(budgets)
    if unknown:
        raise ValueError(f"no budget is named {', '.join(sorted(unknown))}")
    found = []
    for name, values in claims.items():
        budget, value = budgets[name], statistics.median(values)
        if budget.regressed(value):
            known = "" if budget.known is None else f", known {budget.known:g}"
            found.append(f"{name}: {value:.3g}, {budget.aim}{known}, margin {budget.margin:.0%}: {budget.what}")
    return found
