"""The callback inbox, synchronous and asynchronous: two thin drivers over the same functions and rules."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import logging
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeAlias, TypedDict, TypeVar, Unpack

from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import IntegrityError

from highhelp.errors import HighHelpError, SettingsError
from highhelp.ledger import claiming, keeping, versions
from highhelp.ledger.claiming import LeaseLost
from highhelp.ledger.engine import READ, database_url, make_async_engine, make_engine
from highhelp.ledger.log import say
from highhelp.ledger.protect import Seal
from highhelp.ledger.receiving import Stored, store
from highhelp.ledger.refused import SAMPLE, Refusals
from highhelp.settings import DATABASE_KEY, PROJECT_ID, Source, load_callback_keys, load_callback_scheme
from highhelp_signing import REFUSAL, CallbackRejected, CallbackVerifier, VerifiedCallback
from highhelp_signing.normalize import DEFAULT_LIMITS, TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from highhelp.ledger.events import CallbackEvent
    from highhelp.money import Money
    from highhelp_signing import KeyRing, SignatureScheme

P = ParamSpec("P")
T = TypeVar("T")

Handler: TypeAlias = "Callable[[CallbackEvent], object] | Callable[[CallbackEvent, Connection], object]"
AsyncHandler: TypeAlias = (
    "Callable[[CallbackEvent], Awaitable[object]] | Callable[[CallbackEvent, AsyncConnection], Awaitable[object]]"
)
Headers: TypeAlias = "Mapping[str, str] | list[tuple[Any, Any]]"
Rows: TypeAlias = "list[dict[str, Any]]"
Answer: TypeAlias = tuple[int, bytes]
"""HTTP status and body."""

LARGEST_BODY = DEFAULT_LIMITS.raw
TAKEN: Answer = (200, b"OK")
REFUSED: Answer = (REFUSAL.status, REFUSAL.body)
TOO_LARGE: Answer = (413, b'{"status":"error","status_description":"body too large"}')
UNAVAILABLE: Answer = (503, b'{"status":"error","status_description":"not stored, send it again"}')

_SHARED_BATCH = 10
_HANDLER = "highhelp_handler"


@dataclass(frozen=True)
class _Options:
    clock: Callable[[], float]
    lease: int
    max_attempts: int
    seal: Seal | None
    outbox: bool

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self.clock() * 1000)


@dataclass(frozen=True)
class _Handlers:
    """The handlers of one run, looked at once."""

    final: Callable[..., Any]
    update: Callable[..., Any] | None
    final_shares: bool
    update_shares: bool

    @classmethod
    def of(cls, on_final: Callable[..., Any], on_update: Callable[..., Any] | None) -> Self:
        return cls(on_final, on_update, _shares(on_final), on_update is not None and _shares(on_update))

    def pick(self, event: CallbackEvent) -> tuple[Callable[..., Any], bool]:
        if event.is_final:
            return self.final, self.final_shares
        if self.update is None:
            raise LeaseLost  # informative ones never reach the final handler
        return self.update, self.update_shares

    @property
    def batch(self) -> int:
        # without the shared transaction a lease must not run out while the event waits for those before it
        alone = not self.final_shares or (self.update is not None and not self.update_shares)
        return 1 if alone else _SHARED_BATCH


def _shares(handler: Callable[..., Any]) -> bool:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        raise SettingsError("handler", "must be callable as handler(event) or handler(event, connection)") from None
    number = sum(1 for one in parameters if one.kind in kinds and one.default is one.empty)
    if number not in (1, 2):
        raise SettingsError("handler", "must be callable as handler(event) or handler(event, connection)")
    return number == 2


@dataclass(frozen=True, slots=True)
class _Claim:
    most: int


@dataclass(frozen=True, slots=True)
class _Handle:
    event: CallbackEvent


@dataclass(frozen=True, slots=True)
class _GiveBack:
    events: tuple[CallbackEvent, ...]


_Step: TypeAlias = _Claim | _Handle | _GiveBack


def _work(batch: int, limit: int | None, stopping: Callable[[], bool]) -> Generator[_Step, Any, int]:
    """The order of work, without any input or output: claim, handle each, until nothing is due."""
    done = 0
    while not stopping() and (limit is None or done < limit):
        claimed: claiming.Claimed = yield _Claim(batch if limit is None else min(batch, limit - done))
        done += claimed.settled
        if not claimed.events and not claimed.settled:
            break
        for place, event in enumerate(claimed.events):
            if stopping():
                yield _GiveBack(claimed.events[place:])
                break
            done += yield _Handle(event)
    return done


class StoreOptions(TypedDict, total=False):
    """What every inbox and store takes by name; told in :class:`CallbackStore`."""

    database_key: str | None
    lease: float
    max_attempts: int
    clock: Callable[[], float]
    outbox: bool
    home: str | os.PathLike[str] | None
    environ: Mapping[str, str] | None


class _Shared:
    """What both kinds of store have: settings, verdicts, log lines. No input or output."""

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        database_key: str | None = None,
        lease: float = 60,
        max_attempts: int = 12,
        clock: Callable[[], float] = time.time,
        outbox: bool = False,
        home: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        if not lease > 0 or max_attempts < 1:
            raise SettingsError("lease" if not lease > 0 else "max_attempts", "must be above zero")
        self._source = Source.load(environ, home)
        self._url = database_url(url, self._source)
        found = self._source.text(DATABASE_KEY)
        key = database_key if database_key is not None else found[0] if found else None
        seal = Seal(key) if key is not None else None
        self._options = _Options(clock, int(lease * 1000), max_attempts, seal, outbox)
        self._ready = False
        self._pid = os.getpid()

    def _claim_arguments(self, step: _Claim, handlers: _Handlers) -> dict[str, Any]:
        options = self._options
        return {
            "now": options.now(),
            "lease": options.lease,
            "most": step.most,
            "max_attempts": options.max_attempts,
            "updates": handlers.update is not None,
            "seal": options.seal,
        }

    def _fail_arguments(self, error: BaseException) -> dict[str, Any]:
        # the type alone: an exception's text may hold anything
        return {"reason": type(error).__name__, "max_attempts": self._options.max_attempts}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class CallbackStore(_Shared):
    """What is stored of callbacks: to be handled, looked at and purged. Receives nothing, so it needs no keys.

    Args:
        url: Path of an SQLite file, or `postgresql://...`; else `HIGHHELP_DATABASE_URL`, else `highhelp.db` in the home
            directory. The tables are made at the first use.
        options: Any of the following, by name.
        database_key: Seals bodies at rest; else `HIGHHELP_DATABASE_KEY`.
        lease: Seconds that a handler may take; after that another worker may have the event.
        max_attempts: After so many failures an event is parked.
        clock: Answers Unix seconds. The clocks of all machines must agree to within a part of the lease.
        outbox: Whether each accepted event is also put out for an :class:`~highhelp.ledger.publish.OutboxPublisher`.
        home: Instead of `HIGHHELP_HOME`.
        environ: Instead of the process's environment.

    Raises:
        SettingsError: A setting is missing or wrong.
    """

    def __init__(self, url: str | os.PathLike[str] | None = None, **options: Unpack[StoreOptions]) -> None:
        super().__init__(url, **options)
        self._engine = make_engine(self._url)
        sqlalchemy_event.listen(self._engine, "commit", _refuse_handlers)

    @property
    def engine(self) -> Engine:
        """The engine, for a merchant's own tables in the same database."""
        if self._pid != os.getpid():  # a connection must not be used on both sides of a fork
            self._engine.dispose(close=False)
            self._pid = os.getpid()
        return self._engine

    def prepare(self) -> None:
        """Make the tables where there are none.

        Raises:
            SettingsError: They are of another version than the code.
        """
        if self._ready:
            return
        with self._reading() as connection:
            current = versions.found(connection) == versions.REVISION
        if not current:
            with self.engine.begin() as connection:
                versions.prepare(connection)
        self._ready = True

    @staticmethod
    def upgrade(url: str | os.PathLike[str] | None = None) -> tuple[str | None, str]:
        """Bring the tables to the version of this code, as `highhelp db upgrade` does.

        Args:
            url: As that of the constructor.

        Returns:
            Their version before (None: there were none) and after.

        Raises:
            SettingsError: They are newer than the code.
        """
        return versions.upgrade(database_url(url, Source.load()))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(**{READ: True}) as connection, connection.begin():
            yield connection

    def _write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.prepare()
        with self.engine.begin() as connection:
            return function(connection, *args, **kwargs)

    def _read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.prepare()
        with self._reading() as connection:
            return function(connection, *args, **kwargs)

    def process(self, on_final: Handler, on_update: Handler | None = None, *, limit: int | None = None) -> int:
        """Handle what is due, and return when nothing is.

        A handler is called as `handler(event)`, or as `handler(event, connection)`: then it shares the transaction
        that marks its event as done, so that what it writes through `connection` is stored exactly once, whatever
        crashes. What it does elsewhere may happen again after a crash: use `event.key` there. It must not commit.
        When it raises, the event comes again after a pause, and is parked after `max_attempts`.

        Args:
            on_final: For events after which nothing changes (`success`, `decline`).
            on_update: For the others; without it they are done when they are due.
            limit: Stop after so many.

        Returns:
            How many events were done or otherwise settled.
        """
        return self._process(_Handlers.of(on_final, on_update), limit, lambda: False)

    def run(
        self,
        on_final: Handler,
        on_update: Handler | None = None,
        *,
        stop: threading.Event | None = None,
        poll: float = 1.0,
    ) -> None:
        """Handle events until `stop` is set; outlives a database that goes away for a while. See :meth:`process`.

        Args:
            on_final: For final events.
            on_update: For the others.
            stop: Ends the work after the event at hand.
            poll: Seconds between looks at an empty inbox.
        """
        stop = threading.Event() if stop is None else stop
        handlers = _Handlers.of(on_final, on_update)
        while not stop.is_set():
            try:
                self._process(handlers, None, stop.is_set)
            except HighHelpError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, the work goes on when it is over
                say(logging.ERROR, "callbacks cannot be handled now", error=type(error).__name__)
            stop.wait(poll)

    def _process(self, handlers: _Handlers, limit: int | None, stopping: Callable[[], bool]) -> int:
        work = _work(handlers.batch, limit, stopping)
        result: Any = None
        while True:
            try:
                step = work.send(result)
            except StopIteration as end:
                return int(end.value)
            if isinstance(step, _Claim):
                result = self._write(claiming.claim, **self._claim_arguments(step, handlers))
            elif isinstance(step, _GiveBack):
                result = self._write(claiming.give_back, step.events, self._options.now())
            else:
                result = self._handle(step.event, handlers)

    def _handle(self, event: CallbackEvent, handlers: _Handlers) -> bool:
        try:
            handler, shares = handlers.pick(event)
            if not shares:
                handler(event)  # claimed alone, just now
            with self.engine.begin() as connection:
                claiming.hold(connection, event, self._options.now())
                if shares:
                    with _no_commit(connection):
                        handler(event, connection)
                claiming.finish(connection, event)
        except LeaseLost:
            say(logging.WARNING, "callback lease lost", payment_id=event.payment_id, event=event.id)
            return False
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the event is kept
            return self._failed(event, error)
        _say_handled(event, "done")
        return True

    def _failed(self, event: CallbackEvent, error: Exception) -> bool:
        try:
            state = self._write(claiming.fail, event, self._options.now(), **self._fail_arguments(error))
        except LeaseLost:
            return False
        _say_handled(event, state, type(error).__name__)
        return False

    def expect(self, payment_id: str, money: Money, *, project_id: str | None = None) -> None:
        """Keep a success with another sum than this one from the handler: it is parked.

        Args:
            payment_id: The payment; it need not exist yet.
            money: What it must bring.
            project_id: The merchant project; else `HIGHHELP_PROJECT_ID`.
        """
        self._write(keeping.expect, project_id or _project_id(self._source), payment_id, money)

    def list(self, *, limit: int = 50, state: str | None = None, payment_id: str | None = None) -> Rows:
        """The newest events first, without their bodies.

        Args:
            limit: How many at most.
            state: Only those in this state, such as `parked`.
            payment_id: Only those of this payment.
        """
        return self._read(keeping.listed, limit=limit, state=state, payment_id=payment_id)

    def refused(self, *, limit: int = 50) -> Rows:
        """What was not accepted: genuine ones that are stale, ambiguous or malformed, and a sample of the forged.

        Args:
            limit: How many at most.
        """
        return self._read(keeping.refused, limit=limit)

    def show(self, event_id: int) -> dict[str, Any]:
        """One event with its masked body.

        Args:
            event_id: Its number.

        Raises:
            InboxRefusal: There is none.
        """
        return self._read(keeping.shown, event_id)

    def replay(self, event_id: int) -> None:
        """Send a parked event to the handler after all.

        Args:
            event_id: Its number.

        Raises:
            InboxRefusal: It is not parked, its word is not to be taken, or its payment has another final event.
        """
        self._write(keeping.replay, event_id, now=self._options.now(), outbox=self._options.outbox)

    def park(self, event_id: int) -> None:
        """Keep a waiting event from the handler.

        Args:
            event_id: Its number.

        Raises:
            InboxRefusal: It does not wait any more.
        """
        self._write(keeping.park, event_id, now=self._options.now())

    def stats(self) -> dict[str, Any]:
        """Counts by state and reason."""
        return self._read(keeping.stats, self._options.now())

    def purge(self, older_than: float, *, parked: bool = False) -> int:
        """Delete events that were finished so many seconds ago, and refused samples of that age.

        Args:
            older_than: Seconds.
            parked: Parked ones too.
        """
        before, deleted = self._options.now() - int(older_than * 1000), 0
        while number := self._write(keeping.purge, before=before, parked=parked):
            deleted += number
        return deleted

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Receiving(_Shared):
    """What both kinds of inbox do before and after the database. No input or output."""

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        keys: Mapping[str, KeyRing] | None = None,
        verifier: CallbackVerifier | None = None,
        scheme: SignatureScheme | None = None,
        tolerance: float = TOLERANCE,
        **options: Unpack[StoreOptions],
    ) -> None:
        super().__init__(url, **options)
        self._refusals = Refusals()
        if verifier is None:
            if keys is None:
                keys = {_project_id(self._source): load_callback_keys(self._source)[0]}
            pinned = scheme if scheme is not None else load_callback_scheme(self._source)
            verifier = CallbackVerifier(keys, pinned, tolerance, self._options.clock)
        self._verifier = verifier

    def _judge(self, raw: bytes, headers: Headers) -> tuple[VerifiedCallback, str | None] | CallbackRejected:
        try:
            return self._verifier.verify(raw, headers), None  # type: ignore[arg-type]  # pairs are taken too
        except CallbackRejected as refusal:
            if not refusal.genuine:
                return refusal
            callback = refusal.callback if refusal.callback is not None else _without_ids(raw)
            return callback, str(refusal.reason)

    def _store_arguments(self, refusal: str | None) -> dict[str, Any]:
        options = self._options
        return {"refusal": refusal, "now": options.now(), "seal": options.seal, "outbox": options.outbox}

    def _count(self, raw: bytes, refusal: CallbackRejected) -> Any:
        now = self._options.now()
        self._refusals.add(raw, refusal, now)
        say(logging.WARNING, "callback refused", reason=refusal.reason)
        return self._refusals.take(now)


class CallbackInbox(_Receiving, CallbackStore):
    """Receives callbacks and has each handled exactly once. See :class:`CallbackStore` for handling and the arguments.

    Args:
        url: Path of an SQLite file, or `postgresql://...`.
        keys: The key ring of each project that is received for, by project id; else those of the settings.
        verifier: Instead of `keys`.
        scheme: The open points of the signature; else those of the settings.
        tolerance: Seconds that a callback's timestamp may be off.
        options: As those of :class:`CallbackStore`.

    Raises:
        SettingsError: A setting is missing or wrong; without a key nothing is received.
    """

    def receive(self, raw_body: bytes, headers: Headers) -> Answer:
        """Take in one callback. Never raises on account of what was sent or of the database.

        Args:
            raw_body: The body exactly as received.
            headers: A mapping or pairs, names in any case.

        Returns:
            HTTP status and body: 200 only when the callback is durably stored, or was before. 401 for all that is not
            the gateway's, 413 above 1 MiB, 503 when it could not be stored: the gateway sends it again.
        """
        if len(raw_body) > LARGEST_BODY:
            return TOO_LARGE
        judged = self._judge(raw_body, headers)
        if isinstance(judged, CallbackRejected):
            self._note(self._count(raw_body, judged))
            return REFUSED
        callback, refusal = judged
        try:
            stored = self._store(callback, refusal)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being stored, the answer is not 200
            _say_not_stored(callback, error)
            return UNAVAILABLE
        _say_received(callback, stored)
        return TAKEN

    def _store(self, callback: VerifiedCallback, refusal: str | None) -> Stored:
        try:
            return self._write(store, callback, **self._store_arguments(refusal))
        except IntegrityError:
            # the unique key: another delivery was stored in between, and is found this time
            return self._write(store, callback, **self._store_arguments(refusal))

    def _note(self, taken: Any) -> None:
        if taken is None:
            return
        counts, samples = taken
        try:
            self._write(keeping.note_refused, counts, samples, SAMPLE)
        except Exception as error:  # noqa: BLE001 - a sample that cannot be kept changes nothing
            say(logging.WARNING, "refused callbacks cannot be counted now", error=type(error).__name__)

    def close(self) -> None:
        """Write down what was refused lately, and close all connections."""
        self._note(self._refusals.take(self._options.now(), at_once=True))
        super().close()


class AsyncCallbackStore(_Shared):
    """:class:`CallbackStore` for asyncio: the same arguments, methods and rules."""

    def __init__(self, url: str | os.PathLike[str] | None = None, **options: Unpack[StoreOptions]) -> None:
        super().__init__(url, **options)
        self._engine = make_async_engine(self._url)
        sqlalchemy_event.listen(self._engine.sync_engine, "commit", _refuse_handlers)

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for a merchant's own tables in the same database."""
        if self._pid != os.getpid():
            self._engine.sync_engine.dispose(close=False)
            self._pid = os.getpid()
        return self._engine

    async def prepare(self) -> None:
        """As :meth:`CallbackStore.prepare`."""
        if self._ready:
            return
        async with self.engine.connect() as connection:
            await connection.execution_options(**{READ: True})
            current = await connection.run_sync(versions.found) == versions.REVISION
        if not current:
            async with self.engine.begin() as connection:
                await connection.run_sync(versions.prepare)
        self._ready = True

    async def _write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        await self.prepare()
        async with self.engine.begin() as connection:
            return await connection.run_sync(function, *args, **kwargs)

    async def _read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        await self.prepare()
        async with self.engine.connect() as connection:
            await connection.execution_options(**{READ: True})
            return await connection.run_sync(function, *args, **kwargs)

    async def process(
        self, on_final: AsyncHandler, on_update: AsyncHandler | None = None, *, limit: int | None = None
    ) -> int:
        """As :meth:`CallbackStore.process`; the handlers are coroutine functions."""
        return await self._process(_Handlers.of(on_final, on_update), limit, lambda: False)

    async def run(
        self,
        on_final: AsyncHandler,
        on_update: AsyncHandler | None = None,
        *,
        stop: asyncio.Event | None = None,
        poll: float = 1.0,
    ) -> None:
        """As :meth:`CallbackStore.run`; the handlers are coroutine functions."""
        stop = asyncio.Event() if stop is None else stop
        handlers = _Handlers.of(on_final, on_update)
        while not stop.is_set():
            try:
                await self._process(handlers, None, stop.is_set)
            except HighHelpError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, the work goes on when it is over
                say(logging.ERROR, "callbacks cannot be handled now", error=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), poll)
            except TimeoutError:
                continue

    async def _process(self, handlers: _Handlers, limit: int | None, stopping: Callable[[], bool]) -> int:
        work = _work(handlers.batch, limit, stopping)
        result: Any = None
        while True:
            try:
                step = work.send(result)
            except StopIteration as end:
                return int(end.value)
            if isinstance(step, _Claim):
                result = await self._write(claiming.claim, **self._claim_arguments(step, handlers))
            elif isinstance(step, _GiveBack):
                result = await self._write(claiming.give_back, step.events, self._options.now())
            else:
                result = await self._handle(step.event, handlers)

    async def _handle(self, event: CallbackEvent, handlers: _Handlers) -> bool:
        try:
            handler, shares = handlers.pick(event)
            if not shares:
                await handler(event)
            async with self.engine.begin() as connection:
                await connection.run_sync(claiming.hold, event, self._options.now())
                if shares:
                    with _no_commit(connection.sync_connection):
                        await handler(event, connection)
                await connection.run_sync(claiming.finish, event)
        except LeaseLost:
            say(logging.WARNING, "callback lease lost", payment_id=event.payment_id, event=event.id)
            return False
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the event is kept
            return await self._failed(event, error)
        _say_handled(event, "done")
        return True

    async def _failed(self, event: CallbackEvent, error: Exception) -> bool:
        try:
            state = await self._write(claiming.fail, event, self._options.now(), **self._fail_arguments(error))
        except LeaseLost:
            return False
        _say_handled(event, state, type(error).__name__)
        return False

    async def expect(self, payment_id: str, money: Money, *, project_id: str | None = None) -> None:
        """As :meth:`CallbackStore.expect`."""
        await self._write(keeping.expect, project_id or _project_id(self._source), payment_id, money)

    async def list(self, *, limit: int = 50, state: str | None = None, payment_id: str | None = None) -> Rows:
        """As :meth:`CallbackStore.list`."""
        return await self._read(keeping.listed, limit=limit, state=state, payment_id=payment_id)

    async def refused(self, *, limit: int = 50) -> Rows:
        """As :meth:`CallbackStore.refused`."""
        return await self._read(keeping.refused, limit=limit)

    async def show(self, event_id: int) -> dict[str, Any]:
        """As :meth:`CallbackStore.show`."""
        return await self._read(keeping.shown, event_id)

    async def replay(self, event_id: int) -> None:
        """As :meth:`CallbackStore.replay`."""
        await self._write(keeping.replay, event_id, now=self._options.now(), outbox=self._options.outbox)

    async def park(self, event_id: int) -> None:
        """As :meth:`CallbackStore.park`."""
        await self._write(keeping.park, event_id, now=self._options.now())

    async def stats(self) -> dict[str, Any]:
        """As :meth:`CallbackStore.stats`."""
        return await self._read(keeping.stats, self._options.now())

    async def purge(self, older_than: float, *, parked: bool = False) -> int:
        """As :meth:`CallbackStore.purge`."""
        before, deleted = self._options.now() - int(older_than * 1000), 0
        while number := await self._write(keeping.purge, before=before, parked=parked):
            deleted += number
        return deleted

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncCallbackInbox(_Receiving, AsyncCallbackStore):
    """:class:`CallbackInbox` for asyncio: the same arguments, methods and rules."""

    async def receive(self, raw_body: bytes, headers: Headers) -> Answer:
        """As :meth:`CallbackInbox.receive`."""
        if len(raw_body) > LARGEST_BODY:
            return TOO_LARGE
        judged = self._judge(raw_body, headers)
        if isinstance(judged, CallbackRejected):
            await self._note(self._count(raw_body, judged))
            return REFUSED
        callback, refusal = judged
        try:
            stored = await self._store(callback, refusal)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being stored, the answer is not 200
            _say_not_stored(callback, error)
            return UNAVAILABLE
        _say_received(callback, stored)
        return TAKEN

    async def _store(self, callback: VerifiedCallback, refusal: str | None) -> Stored:
        try:
            return await self._write(store, callback, **self._store_arguments(refusal))
        except IntegrityError:
            return await self._write(store, callback, **self._store_arguments(refusal))

    async def _note(self, taken: Any) -> None:
        if taken is None:
            return
        counts, samples = taken
        try:
            await self._write(keeping.note_refused, counts, samples, SAMPLE)
        except Exception as error:  # noqa: BLE001 - a sample that cannot be kept changes nothing
            say(logging.WARNING, "refused callbacks cannot be counted now", error=type(error).__name__)

    async def close(self) -> None:
        """As :meth:`CallbackInbox.close`."""
        await self._note(self._refusals.take(self._options.now(), at_once=True))
        await super().close()


@contextmanager
def _no_commit(connection: Any) -> Iterator[None]:
    """Keep a handler from committing: half of its work would be stored without the mark that it was done."""
    about: dict[Any, Any] = connection.info
    about[_HANDLER] = True
    try:
        yield
    finally:
        del about[_HANDLER]


def _refuse_handlers(connection: Connection) -> None:
    # listens always: to add a listener for each handler and take it away again costs as much as a statement
    if _HANDLER in connection.info:
        # SQLAlchemy takes the transaction for ended now: left open, it would go back to the pool with its locks
        connection.dialect.do_rollback(connection.connection)
        raise HandlerCommits("a handler must not commit the connection that it was given")


class HandlerCommits(HighHelpError):
    """A handler tried to commit the transaction that it shares."""


def _project_id(source: Source) -> str:
    found = source.text(PROJECT_ID, "project_id")
    if found is None:
        raise SettingsError(PROJECT_ID, "is not set; set it, name the project, or hand over keys by project")
    return found[0]


def _without_ids(raw: bytes) -> VerifiedCallback:
    """A genuine callback of which not even the ids can be read: kept, since somebody has to look at it."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = {}
    project_id = body.get("project_id") if isinstance(body, dict) else None
    return VerifiedCallback(
        raw=raw,
        body=body if isinstance(body, dict) else {},
        project_id=project_id if isinstance(project_id, str) else "",
        payment_id="",
        request_id=None,
        status="",
        sub_status=None,
        amount=None,
        currency=None,
        key_id="",
        signed_at=0,
        normalized_sha256=hashlib.sha256(raw).hexdigest(),
    )


def _say_received(callback: VerifiedCallback, stored: Stored) -> None:
    level = logging.WARNING if stored.state == "parked" else logging.INFO
    say(level, "callback", **_told(callback), inbox=stored.state, reason=stored.reason)


def _say_not_stored(callback: VerifiedCallback, error: Exception) -> None:
    say(logging.ERROR, "callback not stored", **_told(callback), error=type(error).__name__)


def _say_handled(event: CallbackEvent, state: str, error: str | None = None) -> None:
    level = logging.INFO if error is None else logging.WARNING if state == "retry" else logging.ERROR
    say(level, "callback handled", **_told(event), attempt=event.attempt, inbox=state, error=error)


def _told(callback: VerifiedCallback | CallbackEvent) -> dict[str, object]:
    names = ("payment_id", "request_id", "status", "sub_status", "amount", "currency")
    return {name: getattr(callback, name) for name in names}
