"""Databases of both kinds, a gateway and a guard that sends to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from highhelp import HighHelp, PayoutGuard
from highhelp_mock import MockGateway
from highhelp_mock.simulation.projects import Keys, make_keys
from highhelp_signing import generate_home
from tests.client.conftest import naps as naps
from tests.client.conftest import signer as signer
from tests.inbox.conftest import postgres as postgres
from tests.inbox.conftest import postgres_server as postgres_server
from tests.inbox.conftest import url as url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_795_521_600.25


def bound(gateway: MockGateway) -> dict[str, Any]:
    """Arguments of a client that talks to a gateway in this process."""
    return {
        "base_url": gateway.base_url,
        "project_id": gateway.project_id,
        "signer": gateway.project.signer,
        "transport": gateway.transport,
        "clock": gateway.clock,
        "environ": {},
    }


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
    with HighHelp(**bound(gateway)) as made:
        yield made


@pytest.fixture
def guard(client: HighHelp, gateway: MockGateway, sqlite: str) -> Iterator[PayoutGuard]:
    # this gateway holds a payout at once; tests of the age create another guard
    with PayoutGuard(client, sqlite, absence_age=0, clock=gateway.clock, environ={}) as made:
        yield made
