"""From a database URL to an engine that keeps what it has acknowledged."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine

from highhelp.errors import SettingsError
from highhelp.settings import DATABASE_URL, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Dialect, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

READ = "highhelp_read"
"""Execution option of a connection that only reads: SQLite's write lock is then not taken."""

_DRIVERS = {"sqlite": ("pysqlite", "aiosqlite"), "postgresql": ("pg8000", "asyncpg")}
_BUSY_SECONDS = 5.0


def database_url(url: str | os.PathLike[str] | None, source: Source) -> str:
    """The database: an argument, `HIGHHELP_DATABASE_URL`, or `highhelp.db` in the home directory.

    Raises:
        SettingsError: There is none.
    """
    if url is not None:
        return os.fspath(url)
    found = source.text(DATABASE_URL)
    if found is not None:
        return found[0]
    if source.home is not None:
        return str(source.home / "highhelp.db")
    raise SettingsError(DATABASE_URL, "is not set; set it to the path of a file or to postgresql://..., or pass a url")


def parsed(text: str, *, asynchronous: bool = False) -> URL:
    """A path, `sqlite:///path` or `postgresql://...` with a driver that this package brings.

    Raises:
        SettingsError: Neither of them, or a database in memory. Names no part of the URL, it may hold a password.
    """
    if "://" not in text:
        text = f"sqlite:///{os.path.expanduser(text)}" if text.strip() else text  # noqa: PTH111 - may be relative
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError(DATABASE_URL, "is neither the path of a file nor a database URL") from None
    name, _, driver = url.drivername.partition("+")
    name = {"postgres": "postgresql"}.get(name, name)
    if name not in _DRIVERS:
        raise SettingsError(DATABASE_URL, "must be the path of a file, sqlite:///path or postgresql://...")
    if (name == "sqlite" and (url.database or ":memory:") in (":memory:", "")) or "mode=memory" in str(url.query):
        raise SettingsError(DATABASE_URL, "a database in memory forgets what it has acknowledged; name a file")
    return url.set(drivername=f"{name}+{driver or _DRIVERS[name][asynchronous]}")


def _options(url: URL) -> dict[str, Any]:
    # hide_parameters: no card data in the text of an exception
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": _BUSY_SECONDS}
    else:
        options["pool_pre_ping"] = True
    return options


def make_engine(text: str) -> Engine:
    """A synchronous engine."""
    url = parsed(text)
    engine = _made(lambda: create_engine(url, **_options(url)))
    _keep_promises(engine)
    if engine.dialect.driver == "pg8000":
        _save_round_trips(engine.dialect)
    return engine


def make_async_engine(text: str) -> AsyncEngine:
    """An asynchronous engine."""
    url = parsed(text, asynchronous=True)
    engine = _made(lambda: create_async_engine(url, **_options(url)))
    _keep_promises(engine.sync_engine)
    return engine


def _made(make: Callable[[], T]) -> T:
    try:
        return make()
    except ModuleNotFoundError as missing:
        raise SettingsError(
            DATABASE_URL, f"needs the driver {missing.name}: pip install 'highhelp[postgres]'"
        ) from None


def _keep_promises(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _open_postgres)


def _open_sqlite(connection: Any, _: object) -> None:
    # the driver's own transactions begin too late; ours begin in `_begin_sqlite`
    connection.isolation_level = None
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA fullfsync=1")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    # two processes that open a new file at once: the change of mode does not wait for the other's lock by itself
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return  # a merchant's own statements, each for itself
    # the write lock at once: a transaction that read first and wants to write later could only fail
    reads = options.get(READ, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _open_postgres(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SHOW synchronous_commit")
    (level,) = cursor.fetchone()
    if level == "off":  # stricter ones than "on" are the administrator's choice
        cursor.execute("SET SESSION synchronous_commit TO on")
    cursor.close()
    connection.commit()


def _save_round_trips(dialect: Dialect) -> None:
    """Commit in one round trip instead of three, and find out without a transaction whether a connection is alive."""
    alive = dialect.do_ping

    def ping(connection: Any) -> bool:
        # else the driver begins one, and what a merchant then writes outside of any is rolled back with it
        connection.autocommit = True
        try:
            return alive(connection)
        except OSError:  # the driver lets some through as they are
            return False
        finally:
            connection.autocommit = False

    # on the dialect of this one engine: SQLAlchemy has no event in whose place these could be done
    dialect.do_ping = ping  # type: ignore[method-assign, assignment]  # see above
    dialect.do_commit = _commit  # type: ignore[method-assign, assignment]  # see above


def _commit(connection: Any) -> None:
    # the driver's own `commit()` lets the server parse, describe and execute it, and waits for each
    cursor = connection.cursor()
    cursor.execute("commit")
    cursor.close()
