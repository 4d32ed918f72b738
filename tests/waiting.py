"""Wait for events. The limit only matters when a test hangs, so a busy machine fails none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE = 300.0
"""Seconds."""


def eventually(condition: Callable[[], T], what: str = "it did not come true") -> T:
    """Poll until the answer is true; return it."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail(f"{what}: not within {PATIENCE:.0f} s")
        time.sleep(0.02)
    return value
