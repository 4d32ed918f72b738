"""The gateway's clock: real time and an offset that only grows."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock"]


class Clock:
    """Unix seconds, as :func:`time.time`, moved forward on demand. Callable, so that a client can share it.

    Args:
        source: answers the real Unix seconds; a test may hand over a constant.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def __call__(self) -> float:
        """Unix seconds now."""
        return self._source() + self._offset

    @property
    def offset(self) -> float:
        """Seconds by which it is ahead of real time."""
        return self._offset

    def travel(self, seconds: float) -> None:
        """Move forward.

        Raises:
            ValueError: negative or not finite: what has happened cannot be undone, except by a reset.
        """
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offset += seconds

    def restore(self, offset: float) -> None:
        """Be ahead by so many seconds, as in an earlier run."""
        self._offset = offset

    def reset(self) -> None:
        """Back to real time."""
        self._offset = 0.0
