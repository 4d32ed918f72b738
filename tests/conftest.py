"""Programs that some tests need beyond Python. Where one is missing, `tests/requirements.py` says what follows."""

from __future__ import annotations

import shutil

import pytest

from tests.requirements import require


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--crashes", type=int, default=40, help="how often the crash test kills, per database")
    parser.addoption("--callbacks", type=int, default=600, help="how many callbacks the drain test sends")
    parser.addoption(
        "--rows", type=int, default=20_000, help="how many stored events the claim test compares with 1000"
    )


@pytest.fixture(scope="session")
def openssl() -> str:
    """The `openssl` command."""
    return require("openssl", shutil.which("openssl"))


@pytest.fixture(scope="session")
def node() -> str:
    """The `node` command."""
    return require("node", shutil.which("node"))
