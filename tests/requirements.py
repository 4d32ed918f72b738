"""What a test needs beyond Python: absent, it is skipped, unless HIGHHELP_REQUIRE names it; then it fails."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

T = TypeVar("T")


def require(name: str, found: T | None) -> T:
    """What was found, or the end of the test."""
    if found is not None:
        return found
    if name in os.environ.get("HIGHHELP_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required here and is not to be found")
    pytest.skip(f"{name} is not to be found, so this was not exercised")
