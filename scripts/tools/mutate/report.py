"""The outcome of a target, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.mutate.mutants import Identity, Mutant
    from tools.mutate.targets import Target

KILLED = frozenset({"noticed", "ran out of time", "died"})


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant and its result."""

    mutant: Mutant
    status: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a target.

    Attributes:
        target: Which one.
        results: Of every mutant that counts.
        not_counted: How many do not count.
        explained: Why a mutant does the same as the code as it is.
        seconds: How long it took.
        partial: Whether most of it was found out by an earlier run.
        sample: Percent of the mutants that were chosen to be tested.
    """

    target: Target
    results: tuple[Result, ...]
    not_counted: int
    explained: Mapping[Identity, str]
    seconds: float
    partial: bool
    sample: int = 100

    @property
    def killed(self) -> int:
        """How many mutants were noticed."""
        return sum(one.status in KILLED for one in self.results)

    @property
    def score(self) -> float:
        """Percent of the mutants that count; those that are explained count as not noticed."""
        return 100 * self.killed / len(self.results)

    @property
    def survivors(self) -> list[Result]:
        """Neither noticed nor explained."""
        return [one for one in self.results if one.status not in KILLED and one.mutant.identity not in self.explained]

    @property
    def accepted(self) -> list[Result]:
        """Not noticed, and explained."""
        return [one for one in self.results if one.status not in KILLED and one.mutant.identity in self.explained]

    @property
    def wrong_explanations(self) -> list[Identity]:
        """Explained, but noticed or gone: then the explanation is wrong or out of date."""
        noticed = {one.mutant.identity for one in self.results if one.status in KILLED}
        there = {one.mutant.identity for one in self.results}
        mine = [one for one in self.explained if one.module in self.target.modules]
        return [one for one in mine if one in noticed or (self.sample == 100 and one not in there)]

    @property
    def good(self) -> bool:
        """Whether the target is reached, and every explanation fits."""
        return self.score >= self.target.percent and not self.wrong_explanations

    @property
    def line(self) -> str:
        """One line of the table."""
        late = sum(one.status != "noticed" for one in self.results) - len(self.survivors) - len(self.accepted)
        return (
            f"{'ok    ' if self.good else 'FAILED'}  {self.target.name}: score {self.score:.1f} % "
            f"({self.killed}/{len(self.results)}, {late} of them by time), {len(self.accepted)} explained, "
            f"{len(self.survivors)} survived, target {self.target.percent:g} %, {self.not_counted} not counted, "
            f"{self.seconds:.0f} s{' (only what was left)' if self.partial else ''}"
            f"{f' (a sample of {self.sample} %)' if self.sample < 100 else ''}"
        )

    def summary(self) -> str:
        """The survivors, the explanations that do not fit, and the line."""
        parts = [
            f"--- {one.status}: {one.mutant.identity.module} {one.mutant.identity.function}\n{one.mutant.diff}\n"
            for one in self.survivors
        ]
        parts += [f"--- explained, but noticed or gone: {one}\n" for one in self.wrong_explanations]
        return "\n".join([*parts, self.line])
