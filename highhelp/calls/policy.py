"""Time limits and repetitions of a call."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from highhelp.calls.outcome import retry_after
from highhelp.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp.calls.outcome import Outcome

MIN_SECONDS_TO_RESEND = 1.0
"""Seconds that must be left to send a pay-in again; with fewer its answer could hardly arrive."""


@dataclass(frozen=True)
class Policy:
    """Time limits and repetitions. All times in seconds.

    Attributes:
        attempt: One attempt, from the first byte sent to the last one received.
        total: The whole call with its look-ups.
        attempts: Attempts of a read, or of a create that the gateway deferred.
        backoff: The first pause; it doubles with each attempt.
        max_backoff: The longest pause between attempts, even if `Retry-After` asks for more.
        absence_delay: From the end of an attempt until "not found" counts.
        now: A monotonic clock.
        jitter: Returns a number from 0 to 1.
    """

    attempt: float = 30.0
    total: float = 90.0
    attempts: int = 4
    backoff: float = 0.5
    max_backoff: float = 30.0
    absence_delay: float = 15.0
    now: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random

    def with_timeout(self, timeout: float | None) -> Policy:
        """Return the policy of one call that takes at most `timeout` seconds."""
        if timeout is None:
            return self
        check_seconds("timeout", timeout)
        return replace(self, total=float(timeout), attempt=min(self.attempt, float(timeout)))


MAX_SECONDS = 86400.0


def check_seconds(name: str, value: object) -> None:
    """Refuse a value that is not a time limit, NaN and infinity included.

    Raises:
        SettingsError: Names the argument.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_SECONDS:
        raise SettingsError(name, f"must be a number of seconds above 0 and at most {MAX_SECONDS:.0f}")


class Budget:
    """The remaining time of a call."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._end = policy.now() + policy.total

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - self._policy.now()

    def attempt(self) -> float:
        """Return the seconds for the next attempt."""
        return max(min(self._policy.attempt, self.left), 0.001)

    def pause(self, tries: int, outcome: Outcome[Any]) -> float | None:
        """Return the seconds to wait before another attempt, or None if another makes no sense."""
        if tries >= self._policy.attempts or not outcome.retryable:
            return None
        # half of it is random, so that clients that failed together do not retry together
        ceiling = min(self._policy.backoff * 2 ** min(tries - 1, 16), self._policy.max_backoff)
        seconds = ceiling * (0.5 + 0.5 * self._policy.jitter())
        asked = retry_after(outcome.response) if outcome.response is not None else None
        if asked is not None:
            if asked > self._policy.max_backoff:
                return None
            seconds = max(seconds, asked)
        return seconds if seconds < self.left else None
