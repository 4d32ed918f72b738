"""Programs that some tests need beyond Python. Where one is missing, `tests/requirements.py` says what follows."""

from __future__ import annotations

import shutil

import pytest

from tests.requirements import require


@pytest.fixture(scope="session")
def openssl() -> str:
    """The `openssl` command."""
    return require("openssl", shutil.which("openssl"))


@pytest.fixture(scope="session")
def node() -> str:
    """The `node` command."""
    return require("node", shutil.which("node"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """A Chromium browser; the tests bring none of their own."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return require("chromium", next(filter(None, map(shutil.which, names)), None))
