"""Databases of both kinds, and a gateway that speaks to an inbox."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from highhelp import CallbackInbox
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
        f"{SERVER}/postgres".replace("://", "+psycopg://"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 60},
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
    """URL of a separate database."""
    name = f"highhelp_test_{secrets.token_hex(6)}"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield f"{SERVER}/{name}"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def pgbouncer(postgres: str, tmp_path: Path) -> Iterator[str]:
    """URL of the same database behind pgbouncer in transaction mode, with a pool of three connections."""
    program = require("pgbouncer", shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        "[databases]\n* = host=127.0.0.1 port=5432 user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 3\n"
    )
    # it does not run as root
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    settings.chmod(0o644)
    for folder in tmp_path.parents[:3]:
        folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    command = [program, "-q", *user, str(settings)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield f"postgresql://postgres@127.0.0.1:{port}/{postgres.rpartition('/')[2]}"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < until, "pgbouncer does not listen"
            time.sleep(0.02)
        else:
            return


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
