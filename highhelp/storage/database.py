"""Transactions in the database that inbox and payout guard share, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, TypedDict, TypeVar, Unpack

from sqlalchemy import NullPool
from sqlalchemy.exc import DBAPIError

from highhelp.errors import SettingsError
from highhelp.settings import DATABASE_KEY, Source
from highhelp.storage import migrate
from highhelp.storage.encryption import BodyCipher
from highhelp.storage.engine import (
    READ,
    adopt,
    adopt_async,
    check_no_warning,
    forget_warnings,
    is_repeatable,
    make_async_engine,
    make_engine,
)
from highhelp.storage.url import database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

P = ParamSpec("P")
T = TypeVar("T")

_ATTEMPTS = 5
_SERVER_CLOCK = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"


class DatabaseOptions(TypedDict, total=False):
    """Keyword options of everything that has a database; documented on :class:`Database`."""

    database_key: str | None
    clock: Callable[[], float]
    home: str | os.PathLike[str] | None
    environ: Mapping[str, str] | None


class _Attempts(Generic[T]):
    """The attempts at one transaction; it is repeated only if the last one cannot have been committed."""

    def __init__(self, function: Callable[[Connection], T], *, read: bool = False) -> None:
        self._function = function
        self._read = read
        self._number = 0
        self._committing = False

    def run(self, connection: Connection) -> T:
        """Call the function in a transaction, and commit."""
        self._number += 1
        self._committing = False
        if self._read:
            connection.execution_options(**{READ: True})
        with connection.begin():
            result = self._function(connection)
            self._committing = True
            forget_warnings(connection)
        check_no_warning(connection)
        return result

    def pause_after(self, error: DBAPIError) -> float:
        """Return the seconds until the next attempt; raise the error if there must be none."""
        # if the connection was lost in a COMMIT, the outcome is unknown, whatever the SQLSTATE
        lost = error.connection_invalidated
        repeatable = not self._committing if lost else is_repeatable(error)
        if self._number >= _ATTEMPTS or not repeatable:
            raise error
        # jitter, so that competitors do not collide again
        return random.uniform(0.01, 0.02) * float(2**self._number)  # noqa: S311 - a pause is not secret


class _Settings:
    """Settings of both kinds of database."""

    def __init__(
        self,
        database_key: str | None = None,
        clock: Callable[[], float] = time.time,
        home: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.source = Source.load(environ, home)
        self.clock = clock
        found = self.source.text(DATABASE_KEY)
        key = database_key if database_key is not None else found[0] if found else None
        self.cipher = BodyCipher(key) if key is not None else None
        self._ready = False
        self._pid = os.getpid()

    def _url(self, url: str | os.PathLike[str] | None, engine: object) -> str:
        if engine is None:
            return database_url(url, self.source)
        if url is not None:
            raise SettingsError("engine", "already determines the database; omit the url")
        return ""

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self.clock() * 1000)

    def moment(self, connection: Connection) -> int:
        """Return Unix milliseconds by the clock that all processes share: PostgreSQL's, unless a clock was given."""
        if self.clock is not time.time or connection.dialect.name != "postgresql":
            return self.now()
        return int(connection.exec_driver_sql(_SERVER_CLOCK).scalar_one())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Database(_Settings):
    """The tables of a database.

    Args:
        url: Path of an SQLite file, or `postgresql://...`; else that of the settings.
        engine: Instead of a URL, the merchant's engine.
        options: The following keyword arguments.
        database_key: Encrypts bodies at rest; else `HIGHHELP_DATABASE_KEY`.
        clock: Returns Unix seconds.
        home: Instead of `HIGHHELP_HOME`.
        environ: Instead of the process's environment.

    Attributes:
        source: The settings.
        cipher: For bodies at rest, if there is a key.
        clock: As above.

    Raises:
        SettingsError: A setting is missing or wrong.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        engine: Engine | None = None,
        **options: Unpack[DatabaseOptions],
    ) -> None:
        super().__init__(**options)
        url = self._url(url, engine)
        self._given = engine is not None
        self._engine = adopt(engine) if engine is not None else make_engine(url)

    @property
    def engine(self) -> Engine:
        """The engine. After a fork its pool is a new one: a connection must not be used on both sides."""
        if self._pid != os.getpid():
            self._engine.dispose(close=False)
            self._pid = os.getpid()
        return self._engine

    def create_schema(self) -> None:
        """Create the tables if there are none.

        Raises:
            SettingsError: Their version differs from the code's.
        """
        if self._ready:
            return
        if self._run(_Attempts(migrate.current_version, read=True)) != migrate.REVISION:
            self._run(_Attempts(migrate.create_schema))
        self._ready = True

    def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function with a connection, in a transaction that is committed.

        It is called again if the server rolled back in favour of another transaction, or if the connection was lost
        before the commit.
        """
        self.create_schema()
        return self._run(_Attempts(lambda connection: function(connection, *args, **kwargs)))

    def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function with a connection that only reads."""
        self.create_schema()
        return self._run(_Attempts(lambda connection: function(connection, *args, **kwargs), read=True))

    def _run(self, attempts: _Attempts[T]) -> T:
        while True:
            try:
                with self.engine.connect() as connection:
                    return attempts.run(connection)
            except DBAPIError as error:
                pause = attempts.pause_after(error)
            time.sleep(pause)

    def close(self) -> None:
        """Close all connections, except those of a given engine."""
        if not self._given:
            self._engine.dispose()


class AsyncDatabase(_Settings):
    """:class:`Database` for asyncio. Each event loop has its own pool."""

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        engine: AsyncEngine | None = None,
        **options: Unpack[DatabaseOptions],
    ) -> None:
        super().__init__(**options)
        self._text = self._url(url, engine)
        self._given = adopt_async(engine) if engine is not None else None
        self._one_loop = engine is not None and not isinstance(engine.pool, NullPool)
        self._lock = threading.Lock()
        # one is created at once, so that a wrong setting fails early; the first event loop takes it
        self._engines: dict[asyncio.AbstractEventLoop | None, AsyncEngine] = {}
        self._engines[None] = self._another()

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the running event loop; outside of one, that of the next loop.

        Raises:
            SettingsError: The engine was given, and another event loop has used its pool.
        """
        with self._lock:
            if self._pid != os.getpid():
                self._forget_parent()
            loop = _running_loop()
            if loop not in self._engines:
                self._engines[loop] = self._engines.pop(None) if None in self._engines else self._another()
            return self._engines[loop]

    def _another(self) -> AsyncEngine:
        if self._given is None:
            return make_async_engine(self._text)
        if self._one_loop and self._engines:
            text = "is used by another event loop; pass a url, or create the engine with poolclass=NullPool"
            raise SettingsError("engine", text)
        return self._given

    def _forget_parent(self) -> None:
        for engine in self._engines.values():
            engine.sync_engine.dispose(close=False)
        self._engines.clear()
        self._pid = os.getpid()

    async def usable(self) -> AsyncEngine:
        """Close the connections of ended event loops, and return the engine of this one."""
        engine = self.engine
        ended = [loop for loop in list(self._engines) if loop is not None and loop.is_closed()]
        if not self._one_loop:
            for left in [self._engines.pop(loop, None) for loop in ended]:
                if left is not None:
                    await left.dispose()
        return engine

    async def create_schema(self) -> None:
        """As :meth:`Database.create_schema`."""
        if self._ready:
            return
        if await self._run(_Attempts(migrate.current_version, read=True)) != migrate.REVISION:
            await self._run(_Attempts(migrate.create_schema))
        self._ready = True

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As :meth:`Database.write`."""
        await self.create_schema()
        return await self._run(_Attempts(lambda connection: function(connection, *args, **kwargs)))

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As :meth:`Database.read`."""
        await self.create_schema()
        return await self._run(_Attempts(lambda connection: function(connection, *args, **kwargs), read=True))

    async def _run(self, attempts: _Attempts[T]) -> T:
        while True:
            try:
                async with (await self.usable()).connect() as connection:
                    return await connection.run_sync(attempts.run)
            except DBAPIError as error:
                pause = attempts.pause_after(error)
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """As :meth:`Database.close`."""
        if self._given is None:
            for engine in list(self._engines.values()):
                await engine.dispose()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
