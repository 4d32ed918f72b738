"""Requirements of tests beyond Python: without one the test is skipped, or fails if HIGHHELP_REQUIRE names it."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

T = TypeVar("T")


def require(name: str, found: T | None) -> T:
    """Return the requirement, or skip or fail the test."""
    if found is not None:
        return found
    if name in os.environ.get("HIGHHELP_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required here but was not found")
    pytest.skip(f"{name} was not found, so this was not exercised")
