"""Databases of both kinds, and a gateway that speaks to an inbox."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from highhelp.ledger import CallbackInbox
from highhelp_mock import MockGateway
from highhelp_mock.simulation.projects import Keys, make_keys
from tests.requirements import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "postgresql://postgres@127.0.0.1:5432"


def _server() -> sa.Engine | None:
    # a new database waits for the disk, which other tests keep busy; a server that is not there refuses at once
    engine = sa.create_engine(
        f"{SERVER}/postgres".replace("://", "+pg8000://"), isolation_level="AUTOCOMMIT", connect_args={"timeout": 60}
    )
    try:
        engine.connect().close()
    except sa.exc.SQLAlchemyError:
        engine.dispose()
        return None
    return engine


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.Engine]:
    engine = require("postgres", _server())
    yield engine
    engine.dispose()


@pytest.fixture
def postgres(postgres_server: sa.Engine) -> Iterator[str]:
    """URL of a database of its own."""
    name = f"highhelp_test_{secrets.token_hex(6)}"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield f"{SERVER}/{name}"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return str(tmp_path / "inbox.db")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def keys() -> Keys:
    return make_keys()


@pytest.fixture
def gateway(keys: Keys) -> MockGateway:
    return MockGateway(keys=keys, clock=lambda: 1_795_521_600.25)


@pytest.fixture
def inbox(gateway: MockGateway, url: str) -> Iterator[CallbackInbox]:
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as made:
        yield made
