"""Transactions in the database that inbox and payout guard share, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypedDict, TypeVar

from sqlalchemy import NullPool
from sqlalchemy.exc import DBAPIError

from highhelp.errors import SettingsError
from highhelp.settings import DATABASE_KEY, Source
from highhelp.storage import migrate
from highhelp.storage.encryption import BodyCipher
from highhelp.storage.engine import READ, adopt, adopt_async, is_repeatable, make_async_engine, make_engine
from highhelp.storage.url import database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

P = ParamSpec("P")
T = TypeVar("T")

_ATTEMPTS = 5


class DatabaseOptions(TypedDict, total=False):
    """Keyword options shared by everything that has a database; documented on :class:`Database`."""

    database_key: str | None
    clock: Callable[[], float]
    home: str | os.PathLike[str] | None
    environ: Mapping[str, str] | None


class _Settings:
    """Settings of both kinds of database."""

    def __init__(
        self,
        database_key: str | None,
        clock: Callable[[], float],
        home: str | os.PathLike[str] | None,
        environ: Mapping[str, str] | None,
    ) -> None:
        self.source = Source.load(environ, home)
        self.clock = clock
        found = self.source.text(DATABASE_KEY)
        key = database_key if database_key is not None else found[0] if found else None
        self.cipher = BodyCipher(key) if key is not None else None
        self._ready = False
        self._pid = os.getpid()

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self.clock() * 1000)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Database(_Settings):
    """The tables of a database.

    Args:
        url: Path of an SQLite file, or `postgresql://...`; else that of the settings.
        engine: Instead of a URL, an engine of the merchant's.
        database_key: Seals bodies at rest; else `HIGHHELP_DATABASE_KEY`.
        clock: Answers Unix seconds.
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
        database_key: str | None = None,
        clock: Callable[[], float] = time.time,
        home: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(database_key, clock, home, environ)
        _one_of(url, engine)
        self._given = engine is not None
        self._engine = adopt(engine) if engine is not None else make_engine(database_url(url, self.source))

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
            SettingsError: They are of another version than the code.
        """
        if self._ready:
            return
        with self._reading() as connection:
            current = migrate.current_version(connection) == migrate.REVISION
        if not current:
            with self.engine.begin() as connection:
                migrate.create_schema(connection)
        self._ready = True

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(**{READ: True}) as connection, connection.begin():
            yield connection

    def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function with a connection, in a transaction that is committed.

        It is called again where the server rolled back for the sake of another transaction.
        """
        self.create_schema()
        for attempt in itertools.count(1):
            try:
                with self.engine.begin() as connection:
                    return function(connection, *args, **kwargs)
            except DBAPIError as error:
                if attempt == _ATTEMPTS or not is_repeatable(error):
                    raise
                time.sleep(_pause(attempt))
        raise AssertionError("unreachable")

    def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function with a connection that only reads."""
        self.create_schema()
        with self._reading() as connection:
            return function(connection, *args, **kwargs)

    def close(self) -> None:
        """Close all connections; those of a given engine are the merchant's."""
        if not self._given:
            self._engine.dispose()


class AsyncDatabase(_Settings):
    """:class:`Database` for asyncio. Each event loop has a pool of its own."""

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        engine: AsyncEngine | None = None,
        database_key: str | None = None,
        clock: Callable[[], float] = time.time,
        home: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(database_key, clock, home, environ)
        _one_of(url, engine)
        self._given = engine is not None
        self._url = "" if engine is not None else database_url(url, self.source)
        # made at once, so that a wrong setting shows at once; the first event loop takes it
        first = adopt_async(engine) if engine is not None else make_async_engine(self._url)
        self._unused: AsyncEngine | None = first
        self._shared = first if isinstance(first.pool, NullPool) else None
        self._engines: dict[asyncio.AbstractEventLoop, AsyncEngine] = {}
        self._left: list[AsyncEngine] = []
        self._lock = threading.Lock()

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the running event loop; outside of any, the one that the next loop will use.

        Raises:
            SettingsError: A given engine, whose pool another event loop has used.
        """
        if self._shared is not None:
            return self._shared
        with self._lock:
            if self._pid != os.getpid():
                self._forget_parent()
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self._unused = self._unused or self._another()
                return self._unused
            if loop not in self._engines:
                for closed in [one for one in self._engines if one.is_closed()]:
                    self._left.append(self._engines.pop(closed))
                self._engines[loop], self._unused = self._unused or self._another(), None
            return self._engines[loop]

    def _another(self) -> AsyncEngine:
        if self._given:
            text = "is used by another event loop; give a url, or make the engine with poolclass=NullPool"
            raise SettingsError("engine", text)
        return make_async_engine(self._url)

    def _forget_parent(self) -> None:
        inherited = [*self._engines.values(), *self._left, *([self._unused] if self._unused else [])]
        for engine in inherited:
            engine.sync_engine.dispose(close=False)
        self._engines.clear()
        self._left.clear()
        self._unused = inherited[0] if self._given else self._unused
        self._pid = os.getpid()

    async def usable(self) -> AsyncEngine:
        """The engine of this event loop, once what ended loops have left open is closed."""
        engine = self.engine
        while self._left:
            await self._left.pop().dispose()
        return engine

    async def create_schema(self) -> None:
        """As :meth:`Database.create_schema`."""
        if self._ready:
            return
        if await self._reading(migrate.current_version) != migrate.REVISION:
            async with (await self.usable()).begin() as connection:
                await connection.run_sync(migrate.create_schema)
        self._ready = True

    async def _reading(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with (await self.usable()).connect() as connection:
            await connection.execution_options(**{READ: True})
            return await connection.run_sync(function, *args, **kwargs)

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As :meth:`Database.write`."""
        await self.create_schema()
        for attempt in itertools.count(1):
            try:
                async with (await self.usable()).begin() as connection:
                    return await connection.run_sync(function, *args, **kwargs)
            except DBAPIError as error:
                if attempt == _ATTEMPTS or not is_repeatable(error):
                    raise
                await asyncio.sleep(_pause(attempt))
        raise AssertionError("unreachable")

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As :meth:`Database.read`."""
        await self.create_schema()
        return await self._reading(function, *args, **kwargs)

    async def close(self) -> None:
        """As :meth:`Database.close`."""
        if not self._given:
            unused = [self._unused] if self._unused is not None else []
            for engine in [*self._engines.values(), *self._left, *unused]:
                await engine.dispose()


def _one_of(url: object, engine: object) -> None:
    if url is not None and engine is not None:
        raise SettingsError("engine", "names the database already; leave the url out")


def _pause(attempt: int) -> float:
    # not all at once again
    return random.uniform(0.01, 0.02) * float(2**attempt)  # noqa: S311 - a pause is no secret
