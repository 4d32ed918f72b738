"""A home directory for the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from highhelp_signing import generate_home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With fresh keys, of a gateway that is not there yet."""
    directory = tmp_path_factory.mktemp("pattern") / "h"
    generate_home(directory, base_url="http://127.0.0.1:9")
    return directory
