"""The gateway's clock: real time plus an offset that only grows."""

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
        source: returns the real Unix seconds; a test may pass a constant.

    Attributes:
        offset: seconds ahead of real time.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self.offset = 0.0

    def __call__(self) -> float:
        """Unix seconds now."""
        return self._source() + self.offset

    def travel(self, seconds: float) -> None:
        """Move forward.

        Raises:
            ValueError: negative or not finite: only a reset goes back.
        """
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("the clock only moves forward")
        self.offset += seconds

    def reset(self) -> None:
        """Return to real time."""
        self.offset = 0.0
