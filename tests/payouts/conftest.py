"""Databases of both kinds, a gateway and a guard that sends to it."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from highhelp import HighHelp
from highhelp.ledger import PayoutGuard
from highhelp_mock import MockGateway
from highhelp_mock.projects import Keys, make_keys
from highhelp_signing import generate_home
from tests.inbox.conftest import postgres as postgres
from tests.inbox.conftest import postgres_server as postgres_server
from tests.inbox.conftest import url as url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_795_521_600.25


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return str(tmp_path / "payouts.db")


@pytest.fixture(scope="session")
def keys() -> Keys:
    return make_keys()


@pytest.fixture(params=["stored", "conflict"])
def gateway(request: pytest.FixtureRequest, keys: Keys) -> MockGateway:
    return MockGateway(keys=keys, clock=lambda: NOW, duplicates=request.param)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    generate_home(tmp_path / "home", base_url="http://127.0.0.1:9")
    return tmp_path / "home"


@pytest.fixture
def client(gateway: MockGateway, naps: list[float]) -> Iterator[HighHelp]:
    with HighHelp(
        base_url=gateway.base_url,
        project_id=gateway.project_id,
        signer=gateway.project.signer,
        transport=gateway.transport,
        clock=gateway.clock,
        environ={},
    ) as made:
        yield made


@pytest.fixture
def guard(client: HighHelp, gateway: MockGateway, sqlite: str) -> Iterator[PayoutGuard]:
    with PayoutGuard(client, sqlite, clock=gateway.clock, environ={}) as made:
        yield made


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits; what would have been waited is written down."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("highhelp.http.time", SimpleNamespace(sleep=taken.append, monotonic=time.monotonic))
    monkeypatch.setattr("highhelp.http._sleep", sleep)
    return taken
