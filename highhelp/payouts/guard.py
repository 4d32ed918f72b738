"""The payout guard: after any crash the gateway holds at most one payout for an intent, and none is forgotten.

What it does stands in :mod:`highhelp.payouts.flow`; here its steps are carried out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self, TypedDict, TypeVar, Unpack

from highhelp.calls.drive import drive, drive_async
from highhelp.errors import SettingsError, cleared_frames
from highhelp.payouts import intents
from highhelp.payouts.batch import check_flow, send_batch, send_batch_async
from highhelp.payouts.flow import PayoutFlow, PayoutFlows, PayoutStep, Query, Read, Write
from highhelp.payouts.flow import settle as settle
from highhelp.payouts.reconcile import reconcile_flow
from highhelp.storage.database import AsyncDatabase, Database

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Iterable, Mapping

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


def _lease(lease: float | None, longest_call: float) -> int:
    if lease is None:
        lease = longest_call + MARGIN
    if not longest_call < lease <= 10 * 86400:
        raise SettingsError("lease", f"must be longer than a call may take, {longest_call:g} seconds")
    return int(lease * 1000)


class BookOptions(TypedDict, total=False):
    """Keyword options shared by guard and book; documented on :class:`~highhelp.CallbackInbox`."""

    database_key: str | None
    home: str | os.PathLike[str] | None
    environ: Mapping[str, str] | None


class PayoutBook:
    """Read-only view of the guard's table; asks and sends nothing, so it needs no client.

    Args:
        url: As that of :class:`~highhelp.CallbackInbox`; the same database may serve both.
        clock: Answers Unix seconds.
        options: `database_key`, `home`, `environ`, as there.

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
            limit: How many at most; None for all.
            state: Only those in this state, such as `unknown`.
            payment_id: Only this one.
        """
        return self._database.read(intents.list_payouts, limit=limit, state=state, payment_id=payment_id)

    def show(self, payment_id: str) -> dict[str, Any]:
        """Return one intent with its body, sensitive fields masked.

        Args:
            payment_id: Whose intent.

        Raises:
            NoSuchPayout: There is none.
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
    """Sends each payout once, whatever crashes.

    The intent is on disk before the first byte leaves: `prepared` → `sent` (committed before the bytes leave) →
    `settled` (the gateway holds it), `refused` (it holds nothing of it) or `unknown`. An intent that was left `sent` or
    `unknown` is not sent again before :meth:`recover` has asked the gateway.

    A gateway that says "absent" may still have the request of a dead process on its way. Sending again is safe all the
    same, since the gateway keeps a payment_id unique (documented) and every attempt of an intent is byte-identical: the
    later of two creates is answered with the stored payment, or with a conflict that is settled by asking. The same
    holds for a sender that was suspended for longer than its lease.

    Card data: the body is stored with its sensitive fields masked, and sealed where `HIGHHELP_DATABASE_KEY` is set.
    Without that key no card number is at rest, so the caller hands the request in again to continue.

    Args:
        client: Sends and asks. Its project is the guard's.
        url: Path of an SQLite file or `postgresql://...`; the inbox's database may be shared.
        lease: Seconds for which a sender has the sole right to send; longer than the client's longest call. By default
            that plus 30.
        clock: Answers Unix seconds. The clocks of all machines must agree to within a part of the lease.
        options: `database_key`, `home`, `environ`, as those of :class:`~highhelp.CallbackInbox`.

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
        clock: Callable[[], float] = time.time,
        **options: Unpack[BookOptions],
    ) -> None:
        executor = client._executor  # noqa: SLF001  # of this package
        if executor.network.unbounded is not None:
            raise SettingsError(
                executor.network.unbounded,
                "cannot be used with PayoutGuard: httpx bounds each read and not the call, which could outlast the "
                "payout's lease; give the client no such argument, or transport=highhelp.HTTPTransport(...)",
            )
        milliseconds = _lease(lease, executor.policy.total)
        super().__init__(url, clock=clock, **options)
        self._executor = executor
        self._flows = PayoutFlows(executor, self._database.cipher, milliseconds, clock)

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

        A settled one is returned as it is. A refused one is sent anew, with the same bytes: the gateway holds nothing.

        Args:
            request: A `P2PPayoutRequest` or `EcomPayoutRequest`, or a mapping.
            operation: With a mapping: `create_p2p_payout` or `create_ecom_payout`.

        Returns:
            The settled payout; its `status` says whether the money moves.

        Raises:
            InvalidRequest: The request breaks the contract; nothing was stored.
            PayoutConflict: The payment_id was used with another body; nothing was sent.
            PayoutBusy: Somebody else is sending it now; nothing was sent.
            PayoutUnsettled: An earlier attempt may have arrived: call :meth:`recover` first; nothing was sent.
            NotSent, Unavailable: Nothing was done; the intent is `prepared`. Also where it could not be stored.
            Rejected: The gateway refuses it; the intent is `refused`. After 401 and 403, which refuse the caller and
                not the payout, it is `prepared`.
            OutcomeUnknown: The intent is `unknown`; :meth:`recover` tells more later.
        """
        return self._run(self._flows.send(request, operation))

    def resume(self, payment_id: str) -> Payout:
        """Send an intent whose sealed body is at rest. Otherwise as :meth:`send`.

        Args:
            payment_id: Whose intent.

        Raises:
            NoSuchPayout: There is no such intent.
            SettingsError: Its body is not at rest, or `HIGHHELP_DATABASE_KEY` is missing or another one.
        """
        return self._run(self._flows.resume(payment_id))

    def recover(self, payment_id: str | None = None) -> list[Payout]:
        """Ask the gateway what became of every unsettled intent whose sender is gone. Never sends.

        Found: `settled`. Absent (404 in the contract's words, twice, two seconds apart): `prepared`, to be sent again
        with the same body. Neither: `unknown`. An intent that somebody is sending is left alone until the lease ends;
        what has changed since the gateway was asked is left as it is. A request that is still on its way when the
        gateway says "absent" does no harm, see the class.

        Args:
            payment_id: Only this one.

        Returns:
            The intents that were asked about, as they are now.
        """
        return self._run(self._flows.recover(payment_id))

    def status(self, payment_id: str) -> Payout:
        """Ask the gateway for a payout's status and note it. Never sends.

        Where the gateway holds nothing, the intent is returned unchanged; only :meth:`recover` makes it `prepared`.

        Args:
            payment_id: Whose intent.

        Raises:
            NoSuchPayout: There is no such intent.
            Unavailable, Rejected: The gateway could not be asked.
        """
        return self._run(self._flows.status(payment_id))

    def settle(self, event: CallbackEvent, connection: Connection | None = None) -> Payout | None:
        """Settle the intent that a callback is about.

        In a handler of the inbox: `lambda event, connection: guard.settle(event, connection)`. With the handler's
        connection (guard and inbox share their database) it is exactly once; without, it is idempotent.

        Args:
            event: What the handler was given.
            connection: The handler's own.

        Returns:
            The payout, or None where no intent has this payment_id.
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

        All items are checked and all intents stored before the first is sent. What an earlier run left unsettled is
        asked about first; what is settled or refused is not sent again. Ends early where the gateway refuses the
        caller (401, 403) or cannot be reached five times in a row.

        Args:
            items: Requests, mappings, or rows of :func:`highhelp.payouts.csv_file.read_csv`. All are held in memory.
            operation: For mappings: `create_p2p_payout` or `create_ecom_payout`.
            concurrency: How many at once, 12 at most.
            per_second: How many may be begun in a second.
            progress: Called after each, one call at a time.
            stop: Ends the batch after those under way.
            wait_for_others: Whether to wait for the lease of those that another process, maybe a dead one, is sending.

        Returns:
            The outcome of every item.

        Raises:
            RowsRefused: Items are wrong, or a payment_id is there twice or has another body; nothing was sent.
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
            Count and sum of each currency.

        Raises:
            RowsRefused: Items are wrong, or a payment_id is there twice or has another body.
        """
        return self._run(check_flow(self._flows, items, operation))

    def reconcile(self, *, since: float, until: float | None = None) -> Reconciliation:
        """Compare guard, inbox (of the same database) and gateway. Reads and asks; never acts.

        Args:
            since: Unix seconds; the payouts that were prepared, and the payouts' callbacks that came, from then on.
            until: Unix seconds; now, if absent.

        Returns:
            Every difference by kind, with a proposed action.
        """
        return self._run(reconcile_flow(self._flows, since, until))

    def _run(self, flow: PayoutFlow[R]) -> R:
        with cleared_frames():
            return drive(flow, self._perform)

    def _perform(self, step: PayoutStep) -> Any:
        if isinstance(step, Write):
            return self._database.write(step.function)
        if isinstance(step, Read):
            return self._database.read(step.function)
        if isinstance(step, Query):
            return self._executor.query(step.call)
        return self._executor.execute(step.call)


class AsyncPayoutGuard:
    """:class:`PayoutGuard` for asyncio: the same arguments, methods and rules."""

    def __init__(
        self,
        client: AsyncHighHelp,
        url: str | os.PathLike[str] | None = None,
        *,
        lease: float | None = None,
        clock: Callable[[], float] = time.time,
        **options: Unpack[BookOptions],
    ) -> None:
        executor = client._executor  # noqa: SLF001  # of this package
        milliseconds = _lease(lease, executor.policy.total)
        self._database = AsyncDatabase(url, clock=clock, **options)
        self._executor = executor
        self._flows = PayoutFlows(executor, self._database.cipher, milliseconds, clock)

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

    async def reconcile(self, *, since: float, until: float | None = None) -> Reconciliation:
        """As :meth:`PayoutGuard.reconcile`."""
        return await self._run(reconcile_flow(self._flows, since, until))

    async def list(
        self, *, limit: int | None = 50, state: str | None = None, payment_id: str | None = None
    ) -> list[Payout]:
        """As :meth:`PayoutBook.list`."""
        return await self._database.read(intents.list_payouts, limit=limit, state=state, payment_id=payment_id)

    async def show(self, payment_id: str) -> dict[str, Any]:
        """As :meth:`PayoutBook.show`."""
        return await self._database.read(intents.get_payout, payment_id)

    async def _run(self, flow: PayoutFlow[R]) -> R:
        with cleared_frames():
            return await drive_async(flow, self._perform)

    async def _perform(self, step: PayoutStep) -> Any:
        if isinstance(step, Write):
            return await self._database.write(step.function)
        if isinstance(step, Read):
            return await self._database.read(step.function)
        if isinstance(step, Query):
            return await self._executor.query(step.call)
        return await self._executor.execute(step.call)

    async def close(self) -> None:
        """Close the database; the client stays open."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"
