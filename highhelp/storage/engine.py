"""Create engines with durable commits, and name the causes of database errors."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from highhelp.errors import HighHelpError, SettingsError
from highhelp.redact import masked_text
from highhelp.settings import DATABASE_URL
from highhelp.storage.url import check_is_a_file, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

T = TypeVar("T")

READ = "highhelp_read"
"""Execution option of a connection that only reads: it does not take SQLite's write lock."""

ISOLATION = "READ COMMITTED"
"""The statements rely on it: after waiting for a row lock, they see the row's new content."""

_BUSY_SECONDS = 5.0
_PREPARED_AFTER = 5
_DURABLE = "highhelp_durable"
_HANDLER = "highhelp_handler"
_WARNED = "highhelp_warned"
_REPEATED = ("40001", "40P01")
_TELLING = ("08", "25", "28", "3D", "42501", "53", "55", "57", "58")
"""SQLSTATEs whose messages name servers, databases, roles and tables, but never a value."""


class HandlerCommits(HighHelpError):
    """A handler tried to commit the transaction that it shares."""


def make_engine(text: str) -> Engine:
    """Create a synchronous engine. Raises SettingsError."""
    url, options = _options(text, "pysqlite")
    return _private(_keeping(_with_driver(lambda: create_engine(url, **options))))


def make_async_engine(text: str) -> AsyncEngine:
    """Create an asynchronous engine. Raises SettingsError."""
    url, options = _options(text, "aiosqlite")
    engine = _with_driver(lambda: create_async_engine(url, **options))
    _private(_keeping(engine.sync_engine))
    return engine


def _private(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _create_private_file)
    return engine


def _create_private_file(_: Any, __: Any, arguments: list[Any], ___: Any) -> None:
    # SQLite gives its auxiliary files the same permissions
    path = arguments[0]
    if not isinstance(path, str) or path.startswith((":", "file:")):
        return
    if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH110, PTH114  # as SQLite will open it
        raise SettingsError(DATABASE_URL, "is a symbolic link to a file that does not exist")
    with suppress(OSError):  # it exists, or SQLite will report why it cannot be created
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def adopt(engine: Engine) -> Engine:
    """Adapt the merchant's engine: the result shares its pool, and the original is not changed.

    Raises:
        SettingsError: It is for another database system, or in memory.
    """
    return _keeping(engine.execution_options(**_adopted(engine)))


def adopt_async(engine: AsyncEngine) -> AsyncEngine:
    """As :func:`adopt`."""
    ours = engine.execution_options(**_adopted(engine.sync_engine))
    _keeping(ours.sync_engine)
    return ours


def _adopted(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == "postgresql":
        return {"isolation_level": ISOLATION}
    if engine.dialect.name != "sqlite":
        raise SettingsError("engine", "must be for PostgreSQL or SQLite")
    check_is_a_file(engine.url, "engine")
    return {}


def _options(text: str, sqlite_driver: str) -> tuple[Any, dict[str, Any]]:
    url, parameters = _with_driver(lambda: parse(text))
    # hide_parameters: no card data in the text of an exception
    if url.drivername == "sqlite":
        options = {"hide_parameters": True, "connect_args": {"timeout": _BUSY_SECONDS}}
        return url.set(drivername=f"sqlite+{sqlite_driver}"), options
    # no named prepared statements yet: a pooler such as pgbouncer may give each transaction another connection
    arguments: dict[str, Any] = {**parameters, "client_encoding": "utf8", "prepare_threshold": None}
    options = {
        "hide_parameters": True,
        "connect_args": arguments,
        "isolation_level": ISOLATION,
        "use_native_hstore": False,  # saves a query on the first connection
    }
    return url.set(drivername="postgresql+psycopg"), options


def _with_driver(make: Callable[[], T]) -> T:
    try:
        return make()
    except ImportError as missing:
        driver = (missing.name or "psycopg").partition(".")[0]
        raise SettingsError(DATABASE_URL, f"needs the driver {driver}: pip install 'highhelp[postgres]'") from None


def _keeping(engine: Engine) -> Engine:
    engine.hide_parameters = True
    event.listen(engine, "begin", _begin_sqlite if engine.dialect.name == "sqlite" else _begin_postgres)
    event.listen(engine, "commit", _check_commit)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _watch_warnings)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    if _DURABLE not in connection.info:
        _write_ahead(connection)
        for pragma in ("synchronous=FULL", "fullfsync=1", "foreign_keys=ON"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        connection.info[_DURABLE] = True
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return  # the merchant's own statements, in autocommit mode
    # take the write lock at once: upgrading from a read lock later could only fail
    reads = options.get(READ, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _write_ahead(connection: Connection) -> None:
    # if two processes open a new file at once, the change of mode does not wait for the other's lock
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_postgres(connection: Connection) -> None:
    if _DURABLE not in connection.info:
        look = "SELECT current_setting('server_encoding'), current_setting('synchronous_commit'), pg_backend_pid()"
        encoding, level, pid = connection.exec_driver_sql(look).one()
        if encoding != "UTF8":
            text = f"the database is encoded in {encoding}, which lacks characters; create it with ENCODING 'UTF8'"
            raise SettingsError(DATABASE_URL, text)
        # stricter ones than "on" are the administrator's choice
        connection.info[_DURABLE] = level != "off"
        driver: Any = connection.connection.driver_connection
        if getattr(driver, "prepare_threshold", 0) is None and driver.info.backend_pid == pid:
            driver.prepare_threshold = _PREPARED_AFTER  # the backend's id matches: no pooler in between
    if not connection.info[_DURABLE] and connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        # for this transaction only: behind a pooler, the next one may use another session
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO on")


@contextmanager
def no_commit(connection: Any) -> Iterator[None]:
    """Prevent a handler from committing: its work would be stored without marking the event as done."""
    about: dict[Any, Any] = connection.info
    about[_HANDLER] = True
    try:
        yield
    finally:
        del about[_HANDLER]


def _check_commit(connection: Connection) -> None:
    # a permanent listener: adding and removing one for each handler costs as much as a statement
    refusal: Exception | None = None
    if _HANDLER in connection.info:
        refusal = HandlerCommits("a handler must not commit the connection that it receives")
    elif _has_failed(connection.connection.driver_connection):
        # PostgreSQL would answer the COMMIT with a rollback, which the driver reports as success
        refusal = InternalError("COMMIT", None, RuntimeError("a statement of this transaction has failed"))
    if refusal is not None:
        # SQLAlchemy now considers the transaction ended: left open, it would return to the pool with its locks
        connection.dialect.do_rollback(connection.connection)
        raise refusal


def _watch_warnings(_: object, record: ConnectionPoolEntry) -> None:
    info = record.info

    def note(diagnostic: Any) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            info[_WARNED] = True

    driver: Any = record.driver_connection
    driver.add_notice_handler(note)


def forget_warnings(connection: Connection) -> None:
    """Discard earlier warnings of the server: later ones are about the commit."""
    connection.info.pop(_WARNED, None)


def check_no_warning(connection: Connection) -> None:
    """Reject a commit about which the server has warned: it may not be durable.

    A commit that is cancelled while it waits for a synchronous standby returns as a success, with a warning: the
    standby may never have seen it.

    Raises:
        InternalError: The outcome of the commit is unknown.
    """
    if connection.info.pop(_WARNED, False):
        raise InternalError("COMMIT", None, RuntimeError("cancelled while waiting for the standby"))


def _has_failed(driver: Any) -> bool:
    state = getattr(getattr(driver, "info", None), "transaction_status", None)
    return getattr(state, "name", None) == "INERROR"


def is_repeatable(error: DBAPIError) -> bool:
    """Whether the server rolled a transaction back in favour of another one, so that it may be repeated."""
    return _sqlstate(error) in _REPEATED


def _sqlstate(error: DBAPIError) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None


def cause(error: BaseException) -> str:
    """Describe the cause of a database error without secrets; of any other error return only the type.

    Args:
        error: As SQLAlchemy raises it.
    """
    if isinstance(error, SettingsError):
        return str(error)
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error).__name__
    state, kind = _sqlstate(error), type(error.orig).__name__
    if state is None:
        # a connection error, or one of SQLite, whose texts contain at most column names
        hint = "; check host, database, user and password" if "FATAL" in str(error.orig) else ""
        return f"{kind}: {_line(error.orig)}{hint}"
    known = f"{kind}, SQLSTATE {state}"
    message = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return f"{known}: {_line(message)}" if message and state.startswith(_TELLING) else known


@contextmanager
def database_errors() -> Iterator[None]:
    """Raise an error of the database as SettingsError with its cause: callers need not know SQLAlchemy's."""
    try:
        yield
    except DBAPIError as error:
        raise SettingsError(DATABASE_URL, f"the database cannot be used: {cause(error)}") from error


def _line(text: object) -> str:
    return masked_text(" ".join(str(text).split()))[:300]
