"""The payout guard: after any crash the gateway holds at most one payout for an intent, and none is forgotten.

The logic is in :mod:`highhelp.payouts.flow`; this module performs its steps.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self, TypedDict, TypeVar, Unpack
from urllib.parse import urlsplit

from highhelp.calls.drive import drive, drive_async
from highhelp.errors import SettingsError, cleared_frames
from highhelp.payouts import intents
from highhelp.payouts.batch import asking_of, check_flow, send_batch, send_batch_async
from highhelp.payouts.flow import PayoutFlow, PayoutFlows, PayoutStep, Query, Read, Together, Write
from highhelp.payouts.flow import settle as settle
from highhelp.payouts.reconcile import reconcile_flow
from highhelp.settings import GATEWAY, Source
from highhelp.storage.database import AsyncDatabase, Database
from highhelp.storage.engine import database_errors
from highhelp.storage.group_commit import GroupCommit

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from highhelp.client import AsyncHighHelp, HighHelp
    from highhelp.inbox.events import CallbackEvent
    from highhelp.payouts.batch import BatchReport, Progress, Total
    from highhelp.payouts.csv_file import Row
    from highhelp.payouts.intents import Payout
    from highhelp.payouts.reconcile import Reconciliation
    from highhelp_api.client.api import Body

R = TypeVar("R")

MARGIN = 30.0
"""Seconds by which a lease outlasts the longest call."""

ABSENCE_AGE = 120.0
"""Seconds after the end of an attempt until the gateway's "not found" counts. The lag of info is not documented."""

_PORTS = {"http": 80, "https": 443}


def _lease(lease: float | None, longest_call: float) -> int:
    if lease is None:
        lease = longest_call + MARGIN
    if not longest_call < lease <= 10 * 86400:
        raise SettingsError("lease", f"must be longer than a call may take, {longest_call:g} seconds")
    return int(lease * 1000)


def _absence_age(seconds: float) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 86400:
        raise SettingsError("absence_age", "must be a number of seconds from 0 to 86400")
    return int(seconds * 1000)


def gateway_of(base_url: str, source: Source) -> str:
    """Return the gateway's name in a payout's row: `HIGHHELP_GATEWAY`, else scheme, host and port."""
    named = source.text(GATEWAY)
    if named is not None:
        return named[0]
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme.lower()}://{host}:{parts.port or _PORTS.get(parts.scheme.lower(), 0)}"


class BookOptions(TypedDict, total=False):
    """Keyword options shared by guard and book; documented on :class:`~highhelp.CallbackInbox`."""

    database_key: str | None
    home: str | os.PathLike[str] | None
    environ: Mapping[str, str] | None


class PayoutBook:
    """Read-only view of the guard's table. Calls nothing, so it needs no client.

    Args:
        url: As for :class:`~highhelp.CallbackInbox`; both may share a database.
        clock: Returns Unix seconds.
        options: `database_key`, `home`, `environ`, as for :class:`~highhelp.CallbackInbox`.

    Raises:
        SettingsError: A setting is missing or wrong.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        **options: Unpack[BookOptions],
    ) -> None:
        self._database = Database(url, clock=clock, **options)

    def list(self, *, limit: int | None = 50, state: str | None = None, payment_id: str | None = None) -> list[Payout]:
        """List intents, the newest first.

        Args:
            limit: Maximum number; None for all.
            state: Only those in this state, such as `unknown`.
            payment_id: Only this one.
        """
        return self._database.read(intents.list_payouts, limit=limit, state=state, payment_id=payment_id)

    def show(self, payment_id: str) -> dict[str, Any]:
        """Return one intent with its body, sensitive fields masked.

        Args:
            payment_id: The payout.

        Raises:
            NoSuchPayout: There is no such intent.
        """
        return self._database.read(intents.get_payout, payment_id)

    def close(self) -> None:
        """Close the database; the client stays open."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class PayoutGuard(PayoutBook):
    """Send each payout once, whatever crashes.

    The intent is on disk before the first byte leaves: `prepared` → `sent` (committed before the bytes leave) →
    `settled` (the gateway holds it), `refused`, `unknown` or `needs_review`. An intent that was left `sent` or
    `unknown` is not sent again before :meth:`recover` has asked the gateway.

    No single answer proves that the gateway holds nothing: info may lag behind the create, and an intermediary may
    deliver a request twice. So an intent is sent again only after the gateway said "not found" at least `absence_age`
    seconds after the last moment at which a byte of the attempt could leave. This assumes that payment_id is unique
    (documented), and that the gateway notices a repetition within `absence_age` (not documented).

    Card data: the body is stored with its sensitive fields masked, and in full only encrypted, if
    `HIGHHELP_DATABASE_KEY` is set. Without that key no card number is stored: pass the request again to continue.

    Args:
        client: Makes the calls. Its project is the guard's.
        url: Path of an SQLite file or `postgresql://...`; the inbox's database may be shared.
        lease: Seconds for which a sender has the sole right to send; longer than the client's longest call. By default
            that plus 30.
        absence_age: Seconds after the end of an attempt until the gateway's "not found" counts.
        clock: Returns Unix seconds. The clocks of all machines must agree to within a fraction of the lease.
        options: `database_key`, `home`, `environ`, as for :class:`~highhelp.CallbackInbox`.

    Raises:
        SettingsError: A setting is missing or wrong, or a call of the client may outlast its `total_timeout`: a client
            with `http_client=`, or with a `transport=` of httpx's own (use :class:`~highhelp.HTTPTransport`).
    """

    def __init__(
        self,
        client: HighHelp,
        url: str | os.PathLike[str] | None = None,
        *,
        lease: float | None = None,
        absence_age: float = ABSENCE_AGE,
        clock: Callable[[], float] = time.time,
        **options: Unpack[BookOptions],
    ) -> None:
        executor = client._executor  # noqa: SLF001  # of this package
        if executor.network.unbounded is not None:
            raise SettingsError(
                executor.network.unbounded,
                "cannot be used with PayoutGuard: httpx bounds each read but not the call, which could outlast the "
                "payout's lease; omit this argument, or pass transport=highhelp.HTTPTransport(...)",
            )
        milliseconds = _lease(lease, executor.policy.total)
        age = _absence_age(absence_age)
        super().__init__(url, clock=clock, **options)
        self._executor = executor
        self._commits = GroupCommit(self._database)
        gateway = gateway_of(executor.wire.base_url, self._database.source)
        self._flows = PayoutFlows(executor, self._database.cipher, milliseconds, age, gateway, clock)

    def prepare(self, request: Body | Mapping[str, Any], *, operation: str | None = None) -> Payout:
        """Put an intent on disk without sending it.

        Args:
            request: A `P2PPayoutRequest` or `EcomPayoutRequest`, or a mapping.
            operation: With a mapping: `create_p2p_payout` or `create_ecom_payout`.

        Raises:
            InvalidRequest: The request breaks the contract.
            PayoutConflict: The payment_id has another body.
        """
        return self._run(self._flows.prepare(request, operation))

    def send(self, request: Body | Mapping[str, Any], *, operation: str | None = None) -> Payout:
        """Send a payout, unless it was sent before.

        A settled payout is returned unchanged. A refused one is sent again, with the same bytes, once its refusal is
        confirmed; one that a person has refused, only after :meth:`release`. If the create is refused and the gateway
        holds the payment, it is adopted if this guard may have sent it before or the gateway reports its receiver; else
        it becomes `needs_review` for a person to decide.

        Args:
            request: A `P2PPayoutRequest` or `EcomPayoutRequest`, or a mapping.
            operation: With a mapping: `create_p2p_payout` or `create_ecom_payout`.

        Returns:
            The settled payout; its `status` says whether the money moves.

        Raises:
            InvalidRequest: The request breaks the contract; nothing was stored.
            PayoutConflict: The payment_id was used with another body or for another gateway; nothing was sent.
            PayoutBusy: Another sender is sending it now; this call sent nothing.
            PayoutUnsettled: An earlier attempt may have arrived: call :meth:`recover` first; or a person has to decide
                (`needs_review`). Nothing was sent.
            NotSent: Nothing left the machine; the intent is `prepared`, unless it could not be stored.
            Unavailable: The gateway has deferred it (429) and does not find it; the intent is `unknown` until
                :meth:`recover` finds that it may be sent again.
            Rejected: The gateway refuses it; the intent is `refused`, and :meth:`recover` confirms that later. After
                401 and 403, which refuse the caller and not the payout, it is `unknown` until :meth:`recover` finds
                that it may be sent again.
            DuplicatePayment: The gateway holds a payment under this payment_id (`existing`); the intent is
                `needs_review`.
            OutcomeUnknown: The intent is `unknown`, or `needs_review` if the gateway holds a payment whose facts
                differ (`found`).
            SettingsError: The row was stored with a database key that is missing; nothing was sent.
        """
        return self._run(self._flows.send(request, operation))

    def resume(self, payment_id: str) -> Payout:
        """Send an intent from its stored, encrypted body. Otherwise as :meth:`send`.

        Args:
            payment_id: The payout.

        Raises:
            NoSuchPayout: There is no such intent.
            SettingsError: Its body is not stored in full, or `HIGHHELP_DATABASE_KEY` is missing or a different one.
        """
        return self._run(self._flows.resume(payment_id))

    def recover(self, payment_id: str | None = None) -> list[Payout]:
        """Query every unsettled intent whose sender is gone, and store the result. Never sends.

        Unsettled are `sent`, `unknown`, and `refused` until confirmed. Found with the same facts: `settled`; with
        others: `needs_review`. One that was prepared for another gateway is not asked about. Not found, `absence_age`
        after the attempt: `prepared`, to be sent again with the same body, or a confirmed refusal. Otherwise it stays,
        and `reason` says why and until when. An intent that is being sent is left alone until its lease ends; one that
        changes during the query is left as it is.

        Args:
            payment_id: Only this one.

        Returns:
            The intents that were queried, as they are now.
        """
        return self._run(self._flows.recover(payment_id))

    def status(self, payment_id: str) -> Payout:
        """Query a payout's status and store it. Never sends.

        If the gateway holds nothing, the intent is returned unchanged; only :meth:`recover` makes it `prepared`.

        Args:
            payment_id: The payout.

        Raises:
            NoSuchPayout: There is no such intent.
            Unavailable, Rejected: No usable answer.
        """
        return self._run(self._flows.status(payment_id))

    def adopt(self, payment_id: str) -> Payout:
        """Record a person's decision that the gateway's payment is this payout: it becomes `settled`.

        Args:
            payment_id: A payout that is `needs_review`, `unknown` or `refused`.

        Raises:
            NoSuchPayout: There is no such intent.
            PayoutRefusal: Its state does not allow it.
        """
        return self._run(self._flows.decide(payment_id, "adopt"))

    def refuse(self, payment_id: str) -> Payout:
        """Record a person's decision that this payout was not and will not be made: it becomes `refused`.

        Args:
            payment_id: A payout that is `needs_review`, `unknown`, `refused` or `prepared`.

        Raises:
            NoSuchPayout: There is no such intent.
            PayoutRefusal: Its state does not allow it.
        """
        return self._run(self._flows.decide(payment_id, "refuse"))

    def release(self, payment_id: str) -> Payout:
        """Record that a person has asked and the gateway does not hold this payout: it becomes `prepared`.

        Args:
            payment_id: A payout that is `unknown` or `refused`, or `sent` by a sender that is gone.

        Raises:
            NoSuchPayout: There is no such intent.
            PayoutRefusal: Its state does not allow it.
        """
        return self._run(self._flows.decide(payment_id, "release"))

    def move_gateway(self, old: str, new: str) -> int:
        """Record that a gateway has a new address.

        Args:
            old: As named in the error of :meth:`send`.
            new: Likewise.

        Returns:
            The number of payouts changed.
        """
        return self._run(self._flows.move_gateway(old, new))

    def settle(self, event: CallbackEvent, connection: Connection | None = None) -> Payout | None:
        """Settle a callback's intent.

        In a handler of the inbox: `lambda event, connection: guard.settle(event, connection)`. With the handler's
        connection (guard and inbox share their database) it is exactly once; without, it is idempotent.

        Args:
            event: The handler's event.
            connection: The handler's connection.

        Returns:
            The payout, or None if no intent has this payment_id.
        """
        if connection is not None:
            return settle(connection, event)
        return self._run(self._flows.settle(event))

    def send_batch(
        self,
        items: Iterable[Row | Body | Mapping[str, Any]],
        *,
        operation: str | None = None,
        concurrency: int = 4,
        per_second: float | None = None,
        progress: Callable[[Progress], object] | None = None,
        stop: threading.Event | None = None,
        wait_for_others: bool = True,
    ) -> BatchReport:
        """Send many payouts, each once. After a crash, the same call with the same items continues.

        All items are checked and all intents stored before the first is sent. Items that an earlier run left unsettled
        are queried first; settled or refused ones are not sent again. Ends early if the gateway refuses the caller
        (401, 403) or cannot be reached five times in a row.

        Args:
            items: Requests, mappings, or rows of :func:`highhelp.payouts.csv_file.read_csv`. All are held in memory.
            operation: For mappings: `create_p2p_payout` or `create_ecom_payout`.
            concurrency: Payouts at once, at most 12.
            per_second: Payouts started per second, at most.
            progress: Called after each payout, one call at a time.
            stop: Ends the batch after the payouts under way.
            wait_for_others: Whether to wait for the lease of payouts that another, possibly dead, process is sending.

        Returns:
            The outcome of every item.

        Raises:
            RowsRefused: Items are invalid, or a payment_id appears twice or has another body; nothing was sent.
        """
        with cleared_frames():
            return send_batch(
                self._flows,
                self._run,
                items,
                operation=operation,
                concurrency=concurrency,
                per_second=per_second,
                progress=progress,
                stop=stop,
                wait_for_others=wait_for_others,
            )

    def check_batch(
        self, items: Iterable[Row | Body | Mapping[str, Any]], *, operation: str | None = None
    ) -> tuple[Total, ...]:
        """Check what :meth:`send_batch` would send. Stores and sends nothing.

        Args:
            items: As for :meth:`send_batch`.
            operation: As for :meth:`send_batch`.

        Returns:
            Count and sum by currency.

        Raises:
            RowsRefused: Items are invalid, or a payment_id appears twice or has another body.
        """
        return self._run(check_flow(self._flows, items, operation))

    def reconcile(
        self,
        *,
        since: float,
        until: float | None = None,
        concurrency: int = 4,
        per_second: float | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Reconciliation:
        """Compare guard, inbox (of the same database) and gateway. Sends nothing.

        A refused payout that the gateway holds with the same facts is settled; nothing else is changed.

        Args:
            since: Unix seconds; include payouts prepared, and payout callbacks received, from then on.
            until: Unix seconds; default: no end.
            concurrency: How many queries may run at once, at most 12.
            per_second: Queries per second, at most.
            progress: Called after each page with the number of payouts compared and the total.

        Returns:
            Every difference by kind, with a proposed action.
        """
        asking = asking_of(concurrency, per_second)
        return self._run(reconcile_flow(self._flows, since, until, asking, progress))

    def _run(self, flow: PayoutFlow[R]) -> R:
        with cleared_frames(), database_errors():
            return drive(flow, self._perform)

    def _perform(self, step: PayoutStep) -> Any:
        if isinstance(step, Write):
            return self._commits.write(step.function)
        if isinstance(step, Read):
            return self._database.read(step.function)
        if isinstance(step, Query):
            return self._executor.query(step.call)
        if isinstance(step, Together):
            return self._run_together(step)
        return self._executor.execute(step.call)

    def _run_together(self, step: Together) -> Sequence[Any]:
        def run(flow: PayoutFlow[Any]) -> Any:
            time.sleep(step.asking.delay())
            return self._run(flow)

        with ThreadPoolExecutor(step.asking.concurrency, "highhelp-payouts") as pool:
            return [*pool.map(run, step.flows)]


class AsyncPayoutGuard:
    """:class:`PayoutGuard` for asyncio: the same arguments, methods and rules."""

    def __init__(
        self,
        client: AsyncHighHelp,
        url: str | os.PathLike[str] | None = None,
        *,
        lease: float | None = None,
        absence_age: float = ABSENCE_AGE,
        clock: Callable[[], float] = time.time,
        **options: Unpack[BookOptions],
    ) -> None:
        executor = client._executor  # noqa: SLF001  # of this package
        milliseconds = _lease(lease, executor.policy.total)
        age = _absence_age(absence_age)
        self._database = AsyncDatabase(url, clock=clock, **options)
        self._executor = executor
        gateway = gateway_of(executor.wire.base_url, self._database.source)
        self._flows = PayoutFlows(executor, self._database.cipher, milliseconds, age, gateway, clock)

    async def prepare(self, request: Body | Mapping[str, Any], *, operation: str | None = None) -> Payout:
        """As :meth:`PayoutGuard.prepare`."""
        return await self._run(self._flows.prepare(request, operation))

    async def send(self, request: Body | Mapping[str, Any], *, operation: str | None = None) -> Payout:
        """As :meth:`PayoutGuard.send`."""
        return await self._run(self._flows.send(request, operation))

    async def resume(self, payment_id: str) -> Payout:
        """As :meth:`PayoutGuard.resume`."""
        return await self._run(self._flows.resume(payment_id))

    async def recover(self, payment_id: str | None = None) -> list[Payout]:
        """As :meth:`PayoutGuard.recover`."""
        return await self._run(self._flows.recover(payment_id))

    async def status(self, payment_id: str) -> Payout:
        """As :meth:`PayoutGuard.status`."""
        return await self._run(self._flows.status(payment_id))

    async def adopt(self, payment_id: str) -> Payout:
        """As :meth:`PayoutGuard.adopt`."""
        return await self._run(self._flows.decide(payment_id, "adopt"))

    async def refuse(self, payment_id: str) -> Payout:
        """As :meth:`PayoutGuard.refuse`."""
        return await self._run(self._flows.decide(payment_id, "refuse"))

    async def release(self, payment_id: str) -> Payout:
        """As :meth:`PayoutGuard.release`."""
        return await self._run(self._flows.decide(payment_id, "release"))

    async def move_gateway(self, old: str, new: str) -> int:
        """As :meth:`PayoutGuard.move_gateway`."""
        return await self._run(self._flows.move_gateway(old, new))

    async def settle(self, event: CallbackEvent, connection: AsyncConnection | None = None) -> Payout | None:
        """As :meth:`PayoutGuard.settle`."""
        if connection is not None:
            return await connection.run_sync(settle, event)
        return await self._run(self._flows.settle(event))

    async def send_batch(
        self,
        items: Iterable[Row | Body | Mapping[str, Any]],
        *,
        operation: str | None = None,
        concurrency: int = 4,
        per_second: float | None = None,
        progress: Callable[[Progress], object] | None = None,
        wait_for_others: bool = True,
    ) -> BatchReport:
        """As :meth:`PayoutGuard.send_batch`."""
        with cleared_frames():
            return await send_batch_async(
                self._flows,
                self._run,
                items,
                operation=operation,
                concurrency=concurrency,
                per_second=per_second,
                progress=progress,
                wait_for_others=wait_for_others,
            )

    async def check_batch(
        self, items: Iterable[Row | Body | Mapping[str, Any]], *, operation: str | None = None
    ) -> tuple[Total, ...]:
        """As :meth:`PayoutGuard.check_batch`."""
        return await self._run(check_flow(self._flows, items, operation))

    async def reconcile(
        self,
        *,
        since: float,
        until: float | None = None,
        concurrency: int = 4,
        per_second: float | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Reconciliation:
        """As :meth:`PayoutGuard.reconcile`."""
        asking = asking_of(concurrency, per_second)
        return await self._run(reconcile_flow(self._flows, since, until, asking, progress))

    async def list(
        self, *, limit: int | None = 50, state: str | None = None, payment_id: str | None = None
    ) -> list[Payout]:
        """As :meth:`PayoutBook.list`."""
        return await self._database.read(intents.list_payouts, limit=limit, state=state, payment_id=payment_id)

    async def show(self, payment_id: str) -> dict[str, Any]:
        """As :meth:`PayoutBook.show`."""
        return await self._database.read(intents.get_payout, payment_id)

    async def _run(self, flow: PayoutFlow[R]) -> R:
        with cleared_frames(), database_errors():
            return await drive_async(flow, self._perform)

    async def _perform(self, step: PayoutStep) -> Any:
        if isinstance(step, Write):
            return await self._database.write(lambda it: step.function(it, now=self._database.moment(it)))
        if isinstance(step, Read):
            return await self._database.read(step.function)
        if isinstance(step, Query):
            return await self._executor.query(step.call)
        if isinstance(step, Together):
            return await self._run_together(step)
        return await self._executor.execute(step.call)

    async def _run_together(self, step: Together) -> Sequence[Any]:
        places = asyncio.Semaphore(step.asking.concurrency)

        async def run(flow: PayoutFlow[Any]) -> Any:
            async with places:
                await asyncio.sleep(step.asking.delay())
                return await self._run(flow)

        return await asyncio.gather(*map(run, step.flows))

    async def close(self) -> None:
        """Close the database; the client stays open."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"
