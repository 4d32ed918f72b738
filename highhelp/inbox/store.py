"""The store of callbacks, synchronous and asynchronous: handle, inspect and purge events."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack

from highhelp.calls.drive import drive, drive_async
from highhelp.errors import SettingsError
from highhelp.inbox import admin, asking, leases
from highhelp.inbox.handling import Handlers, HandlingOptions, Step, Write, logged, work_steps
from highhelp.settings import PROJECT_ID, Source
from highhelp.storage import migrate
from highhelp.storage.database import AsyncDatabase, Database, DatabaseOptions
from highhelp.storage.engine import no_commit
from highhelp.storage.url import database_url
from highhelp_signing.normalize import TOLERANCE

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from highhelp.client import AsyncHighHelp, HighHelp
    from highhelp.inbox.asking import AskedPayin
    from highhelp.inbox.handling import AsyncHandler, Handler
    from highhelp.money import Money
    from highhelp_api.client.models import PaymentState

Rows: TypeAlias = "list[dict[str, Any]]"


class StoreOptions(DatabaseOptions, total=False):
    """Keyword options shared by inboxes and stores; documented on :class:`CallbackStore`."""

    lease: float
    max_attempts: int
    outbox: bool


class CallbackStore:
    """Handle, inspect and purge stored callbacks. Needs no keys, as it receives nothing.

    Args:
        url: Path of an SQLite file, or `postgresql://...`; else `HIGHHELP_DATABASE_URL`, else `highhelp.db` in the home
            directory. The tables are created on first use.
        engine: Instead of a URL, an SQLAlchemy engine on SQLite or PostgreSQL, whose pool is shared. The inbox's
            transactions are durable and READ COMMITTED regardless of the engine; :meth:`close` leaves it open.
        lease: Seconds that a handler may take, at most a day; after that another worker may take the event.
        max_attempts: Failures after which an event is parked.
        outbox: Whether each accepted event is also queued for an :class:`~highhelp.OutboxPublisher`.
        options: The following keyword arguments.
        database_key: Encrypts bodies at rest; else `HIGHHELP_DATABASE_KEY`.
        clock: Returns Unix seconds, for tests; default: PostgreSQL's clock, or the machine's on SQLite.
        home: Instead of `HIGHHELP_HOME`.
        environ: Instead of the process's environment.

    Raises:
        SettingsError: A setting is missing or wrong.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        engine: Engine | None = None,
        lease: float = 60,
        max_attempts: int = 12,
        outbox: bool = False,
        **options: Unpack[DatabaseOptions],
    ) -> None:
        self._options = HandlingOptions.of(lease, max_attempts, outbox=outbox)
        self._tolerance: float = TOLERANCE
        self._database = Database(url, engine=engine, **options)

    @property
    def engine(self) -> Engine:
        """The engine, for a merchant's own tables in the same database."""
        return self._database.engine

    def create_schema(self) -> None:
        """Create the tables if there are none.

        Raises:
            SettingsError: Their version differs from the code's.
        """
        self._database.create_schema()

    @staticmethod
    def upgrade(url: str | os.PathLike[str] | None = None) -> tuple[str | None, str]:
        """Bring the tables to the version of this code, as `highhelp db upgrade` does.

        Args:
            url: See the constructor.

        Returns:
            Their version before (None if there were none) and after.

        Raises:
            SettingsError: They are newer than the code.
        """
        return migrate.upgrade(database_url(url, Source.load()))

    def process(self, on_final: Handler, on_update: Handler | None = None, *, limit: int | None = None) -> int:
        """Handle due events, and return when none is left.

        A handler is called as `handler(event)` or as `handler(event, connection)`. The latter shares the transaction
        that marks its event as done, so that its writes through `connection` are stored exactly once, whatever
        crashes. Other side effects may happen again after a crash: use `event.key` as their idempotency key. It must
        not commit. When it raises, the event comes again after a pause, and is parked after `max_attempts`.

        Args:
            on_final: For final events (`success`, `decline`).
            on_update: For other events; without it they are marked as done when due.
            limit: Maximum number of events.

        Returns:
            The number of events done or otherwise settled.
        """
        return self._process(Handlers(on_final, on_update), limit, lambda: False)

    def run(
        self,
        on_final: Handler,
        on_update: Handler | None = None,
        *,
        stop: threading.Event | None = None,
        poll: float = 1.0,
    ) -> None:
        """Handle events until `stop` is set; survives outages of the database. See :meth:`process`.

        Args:
            on_final: For final events.
            on_update: For other events.
            stop: Ends the work after the current event.
            poll: Seconds between polls of an empty inbox.
        """
        stop = threading.Event() if stop is None else stop
        handlers = Handlers(on_final, on_update)
        while not stop.is_set():
            with logged("callbacks cannot be handled now"):
                self._process(handlers, None, stop.is_set)
            stop.wait(poll)

    def _process(self, handlers: Handlers, limit: int | None, stopping: Callable[[], bool]) -> int:
        return drive(work_steps(self._database, self._options, handlers, limit, stopping), self._perform)

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Write):
            return self._database.write(step.function)
        if not step.shares:
            step.handler(step.event)  # claimed singly, just now
        with self.engine.begin() as connection:
            leases.mark_done(connection, step.event, self._database.now(), handled=not step.shares)
            if step.shares:
                with no_commit(connection):
                    step.handler(step.event, connection)
            leases.finish(connection, step.event)
        return None

    def expect(
        self,
        payment_id: str,
        money: Money,
        *,
        project_id: str | None = None,
        connection: Connection | None = None,
    ) -> None:
        """Expect a pay-in of this sum: a success with another sum, or of a payout, is parked instead of handled.

        Args:
            payment_id: The payment; it need not exist yet.
            money: The expected sum.
            project_id: The merchant project; default: the only one with keys, or `HIGHHELP_PROJECT_ID`.
            connection: Connection of your own transaction in the same database, such as the one that stores the order:
                both are committed together. Call :meth:`create_schema` before.
        """
        expected = (project_id or self._own_project(), payment_id, money)
        if connection is None:
            self._database.write(admin.expect, *expected)
        else:
            admin.expect(connection, *expected)

    def ask(self, client: HighHelp, payment_id: str, *, product: str | None = None) -> PaymentState:
        """Query a pay-in, and file a final state as if its callback had come.

        For pay-ins whose callbacks were lost or parked. A final state is stored under the key of the final event and
        handled once, whether the callback comes before, after or never. If a sum is expected and info reports another
        or none, it is parked. Any other state is returned and not stored.

        Args:
            client: A client of the pay-in's project.
            payment_id: The merchant's id of the pay-in.
            product: `p2p`, `ecom` or `widget`; default: each is tried in turn.

        Returns:
            The state that info reports.

        Raises:
            Rejected: The gateway reports no such pay-in, or refuses the query.
            Unavailable, NotSent: No usable answer.
            InboxRefusal: The answer does not name the payment.
        """
        project_id, outbox = client.settings.project_id, self._options.outbox
        steps = asking.ask_steps(self._database, project_id, payment_id, product, outbox=outbox)
        return drive(steps, partial(self._ask, client)).state

    def reconcile(self, client: HighHelp) -> Sequence[AskedPayin]:
        """Query every expected pay-in that has no final event, as :meth:`ask` does.

        Args:
            client: A client of the pay-ins' project.
        """
        steps = asking.reconcile_steps(self._database, client.settings.project_id, outbox=self._options.outbox)
        return drive(steps, partial(self._ask, client))

    def _ask(self, client: HighHelp, step: asking.Question | Write) -> Any:
        if isinstance(step, Write):
            return self._perform(step)
        return client.call(step.operation, step.body, asking.checked)

    def list(self, *, limit: int = 50, state: str | None = None, payment_id: str | None = None) -> Rows:
        """List events, the newest first, without their bodies.

        Args:
            limit: Maximum number of rows.
            state: Only those in this state, such as `parked`.
            payment_id: Only those of this payment.
        """
        return self._database.read(admin.list_events, limit=limit, state=state, payment_id=payment_id)

    def refused(self, *, limit: int = 50) -> Rows:
        """List callbacks that were not accepted: stale, ambiguous or malformed ones, and a sample of forged ones.

        Args:
            limit: Maximum number of rows.
        """
        return self._database.read(admin.list_rejected, limit=limit)

    def show(self, event_id: int) -> dict[str, Any]:
        """Return one event with its masked body.

        Args:
            event_id: Its number.

        Raises:
            InboxRefusal: It does not exist.
        """
        return self._database.read(admin.get_event, event_id)

    def replay(self, event_id: int) -> None:
        """Send a parked event to the handler after all.

        Args:
            event_id: Its number.

        Raises:
            InboxRefusal: It is not parked, its reason rules a replay out, or its payment has another final event.
        """
        self._database.write(admin.replay, event_id, now=self._database.now(), outbox=self._options.outbox)

    def park(self, event_id: int) -> None:
        """Keep a waiting event from the handler.

        Args:
            event_id: Its number.

        Raises:
            InboxRefusal: It is no longer waiting.
        """
        self._database.write(admin.park, event_id, now=self._database.now())

    def stats(self) -> dict[str, Any]:
        """Count events by state and reason."""
        return self._database.read(lambda connection: admin.stats(connection, self._database.moment(connection)))

    def purge(self, older_than: float, *, parked: bool = False) -> int:
        """Delete events that were finished `older_than` seconds ago, and refused samples of that age.

        Args:
            older_than: Seconds; at least twice the tolerance of timestamps, so that a callback that is sent again is
                not taken for a new one.
            parked: Delete parked events too.
        """
        before, deleted = self._database.now() - int(max(older_than, 2 * self._tolerance) * 1000), 0
        while number := self._database.write(admin.purge, before=before, parked=parked):
            deleted += number
        return deleted

    def close(self) -> None:
        """Close all connections, unless the engine was given."""
        self._database.close()

    def _own_project(self) -> str:
        return project_id_of(self._database.source)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncCallbackStore:
    """:class:`CallbackStore` for asyncio: the same arguments, methods and rules.

    Each event loop has its own connections.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        engine: AsyncEngine | None = None,
        lease: float = 60,
        max_attempts: int = 12,
        outbox: bool = False,
        **options: Unpack[DatabaseOptions],
    ) -> None:
        self._options = HandlingOptions.of(lease, max_attempts, outbox=outbox)
        self._tolerance: float = TOLERANCE
        self._database = AsyncDatabase(url, engine=engine, **options)

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the running event loop, for a merchant's own tables in the same database."""
        return self._database.engine

    async def create_schema(self) -> None:
        """As :meth:`CallbackStore.create_schema`."""
        await self._database.create_schema()

    async def process(
        self, on_final: AsyncHandler, on_update: AsyncHandler | None = None, *, limit: int | None = None
    ) -> int:
        """As :meth:`CallbackStore.process`; the handlers are coroutine functions."""
        return await self._process(Handlers(on_final, on_update), limit, lambda: False)

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
        handlers = Handlers(on_final, on_update)
        while not stop.is_set():
            with logged("callbacks cannot be handled now"):
                await self._process(handlers, None, stop.is_set)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), poll)

    async def _process(self, handlers: Handlers, limit: int | None, stopping: Callable[[], bool]) -> int:
        steps = work_steps(self._database, self._options, handlers, limit, stopping)
        return await drive_async(steps, self._perform)

    async def _perform(self, step: Step) -> Any:
        if isinstance(step, Write):
            return await self._database.write(step.function)
        if not step.shares:
            await step.handler(step.event)
        async with (await self._database.usable()).begin() as connection:
            await connection.run_sync(leases.mark_done, step.event, self._database.now(), handled=not step.shares)
            if step.shares:
                with no_commit(connection.sync_connection):
                    await step.handler(step.event, connection)
            await connection.run_sync(leases.finish, step.event)
        return None

    async def expect(
        self,
        payment_id: str,
        money: Money,
        *,
        project_id: str | None = None,
        connection: AsyncConnection | None = None,
    ) -> None:
        """As :meth:`CallbackStore.expect`."""
        expected = (project_id or self._own_project(), payment_id, money)
        if connection is None:
            await self._database.write(admin.expect, *expected)
        else:
            await connection.run_sync(admin.expect, *expected)

    async def ask(self, client: AsyncHighHelp, payment_id: str, *, product: str | None = None) -> PaymentState:
        """As :meth:`CallbackStore.ask`."""
        project_id, outbox = client.settings.project_id, self._options.outbox
        steps = asking.ask_steps(self._database, project_id, payment_id, product, outbox=outbox)
        return (await drive_async(steps, partial(self._ask, client))).state

    async def reconcile(self, client: AsyncHighHelp) -> Sequence[AskedPayin]:
        """As :meth:`CallbackStore.reconcile`."""
        steps = asking.reconcile_steps(self._database, client.settings.project_id, outbox=self._options.outbox)
        return await drive_async(steps, partial(self._ask, client))

    async def _ask(self, client: AsyncHighHelp, step: asking.Question | Write) -> Any:
        if isinstance(step, Write):
            return await self._perform(step)
        return await client.call(step.operation, step.body, asking.checked)

    async def list(self, *, limit: int = 50, state: str | None = None, payment_id: str | None = None) -> Rows:
        """As :meth:`CallbackStore.list`."""
        return await self._database.read(admin.list_events, limit=limit, state=state, payment_id=payment_id)

    async def refused(self, *, limit: int = 50) -> Rows:
        """As :meth:`CallbackStore.refused`."""
        return await self._database.read(admin.list_rejected, limit=limit)

    async def show(self, event_id: int) -> dict[str, Any]:
        """As :meth:`CallbackStore.show`."""
        return await self._database.read(admin.get_event, event_id)

    async def replay(self, event_id: int) -> None:
        """As :meth:`CallbackStore.replay`."""
        await self._database.write(admin.replay, event_id, now=self._database.now(), outbox=self._options.outbox)

    async def park(self, event_id: int) -> None:
        """As :meth:`CallbackStore.park`."""
        await self._database.write(admin.park, event_id, now=self._database.now())

    async def stats(self) -> dict[str, Any]:
        """As :meth:`CallbackStore.stats`."""
        return await self._database.read(lambda connection: admin.stats(connection, self._database.moment(connection)))

    async def purge(self, older_than: float, *, parked: bool = False) -> int:
        """As :meth:`CallbackStore.purge`."""
        before, deleted = self._database.now() - int(max(older_than, 2 * self._tolerance) * 1000), 0
        while number := await self._database.write(admin.purge, before=before, parked=parked):
            deleted += number
        return deleted

    async def close(self) -> None:
        """As :meth:`CallbackStore.close`."""
        await self._database.close()

    def _own_project(self) -> str:
        return project_id_of(self._database.source)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def project_id_of(source: Source) -> str:
    """Return the project of the settings. Raises SettingsError."""
    found = source.text(PROJECT_ID, "project_id")
    if found is None:
        raise SettingsError(PROJECT_ID, "is not set; set it, pass project_id, or pass keys by project")
    return found[0]
