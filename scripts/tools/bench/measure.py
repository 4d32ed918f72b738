"""Measure rows: the sides take turns, round after round, so that a disturbance affects all of them.

A side's turn takes a few milliseconds and gives one number. A claim is a ratio of two sides within the same
round; of all rounds the median is taken, since a busy machine spoils some of them.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Turn: TypeAlias = Callable[[], float]
Series: TypeAlias = dict[str, list[float]]

TURN_SECONDS = 0.002


class NotMeasured(Exception):
    """This machine lacks something that a row needs."""


@dataclass
class Row:
    """The result of one row of measurements.

    Attributes:
        series: The results of each side, round by round.
        units: The unit of each side, if it is not `µs`.
        claims: Name of a budget -> its values, round by round.
    """

    series: Series = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    claims: Series = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """How long to measure, and where to put files.

    Attributes:
        effort: 1 for a whole run, less for a quick one.
        scratch: A directory that is deleted after the run.
    """

    effort: float
    scratch: Path

    def rounds(self, number: int) -> int:
        """Return the number of rounds, given that of a full run."""
        return max(3, round(number * self.effort))

    @property
    def quick(self) -> bool:
        """Whether slow measurements are skipped."""
        return self.effort < 1

    def interleave(self, turns: Mapping[str, Turn], rounds: int) -> Series:
        """Let the sides take turns, in a different order each round, because of warm caches."""
        names = list(turns)
        series: Series = {name: [] for name in names}
        order = random.Random(0)  # noqa: S311  # the same orders in each run
        for number in range(self.rounds(rounds)):
            order.shuffle(names)
            for name in names:
                series[name].append(turns[name]())
            say(f"  round {number + 1} of {self.rounds(rounds)}")
        say("")
        return series


def timed(work: Callable[[], object], calls: int) -> Turn:
    """A turn that gives the microseconds of one call on the clock.

    Args:
        work: The function to measure.
        calls: Calls per turn.
    """
    return _turn(work, calls, time.perf_counter)


def computed(work: Callable[[], object]) -> Turn:
    """A turn that gives the microseconds of one call of a pure computation, in processor time of this thread.

    Other programs then do not count. The number of calls is as many as fit into a turn.
    """
    for _ in range(3):
        work()
    began = time.thread_time()
    work()
    spent = time.thread_time() - began
    return _turn(work, max(1, min(1000, int(TURN_SECONDS / max(spent, 1e-7)))), time.thread_time)


def _turn(work: Callable[[], object], calls: int, clock: Callable[[], float]) -> Turn:
    for _ in range(3):
        work()

    def turn() -> float:
        began = clock()
        for _ in range(calls):
            work()
        return (clock() - began) / calls * 1e6

    return turn


def ratios(series: Series, ours: str, against: str) -> list[float]:
    """One side against another, round by round."""
    return [one / other for one, other in zip(series[ours], series[against], strict=True)]


def summary(values: Sequence[float]) -> dict[str, float]:
    """Least, median and greatest."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def say(text: str) -> None:
    """Show progress on one line of a terminal, but not in a log file."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
