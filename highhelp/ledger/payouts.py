"""The payout guard: whatever crashes, the gateway never holds two payouts for one intent, and none is forgotten.

Every flow is a generator that yields what is to be done (a transaction, a create, a question) and is sent what came of
it; two small drivers make it synchronous and asynchronous.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from highhelp.errors import (
    CallError,
    DuplicatePayment,
    FieldProblem,
    HighHelpError,
    InvalidRequest,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SettingsError,
    Unavailable,
)
from highhelp.flows import tells_nothing
from highhelp.ledger import intents
from highhelp.ledger.inbox import AsyncCallbackStore, CallbackStore
from highhelp.ledger.intents import Begun, Facts, Intent, Open, Payout, intent_key
from highhelp.ledger.log import say
from highhelp.redact import masked_text
from highhelp.settings import DATABASE_KEY
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import OPERATIONS

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterable

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from highhelp.client import AsyncHighHelp, HighHelp
    from highhelp.flows import Call
    from highhelp.ledger.batch import BatchReport, Progress
    from highhelp.ledger.events import CallbackEvent
    from highhelp.ledger.protect import Seal
    from highhelp.ledger.reconcile import Reconciliation
    from highhelp.ledger.rows import Row
    from highhelp_api.client.api import Body

R = TypeVar("R")
C = TypeVar("C")

MARGIN = 30.0
"""Seconds by which a lease outlasts the longest call."""

PAYOUT_OPERATIONS = {op.request: op.id for op in OPERATIONS.values() if op.flow == "payout" and op.retry == "reconcile"}
"""Name of the request's schema, and of its model -> operation."""

REFUSES_THE_BYTES = (400, 422)
"""HTTP statuses that refuse a body for what it is: no earlier attempt with the same bytes can have succeeded."""

SETTINGS_ARE_WRONG = (401, 403)
"""HTTP statuses that refuse the caller, not the payout: nothing was done, and it may be sent once that is mended."""


@dataclass(frozen=True, slots=True)
class Write:
    """A transaction."""

    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Read:
    """A transaction that only reads."""

    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class CarryOut:
    """A call to the gateway."""

    call: Call[PaymentState]


@dataclass(frozen=True, slots=True)
class LookUp:
    """The question what became of a create."""

    call: Call[PaymentState]


Step: TypeAlias = Write | Read | CarryOut | LookUp
Flow: TypeAlias = Generator[Step, Any, R]


class Database(CallbackStore):
    """The tables, which the inbox shares."""

    write = CallbackStore._write  # noqa: SLF001 - its own base
    read = CallbackStore._read  # noqa: SLF001

    @property
    def seal(self) -> Seal | None:
        """Of `HIGHHELP_DATABASE_KEY`."""
        return self._options.seal


class AsyncDatabase(AsyncCallbackStore):
    """The same on an event loop."""

    write = AsyncCallbackStore._write  # noqa: SLF001
    read = AsyncCallbackStore._read  # noqa: SLF001

    @property
    def seal(self) -> Seal | None:
        """Of `HIGHHELP_DATABASE_KEY`."""
        return self._options.seal


def facts_of(state: PaymentState) -> Facts:
    """What an answer says; what it leaves out is None."""
    info = state.payment_info
    amount = getattr(info, "amount", None)
    return Facts(
        status=str(state.status),
        sub_status=_text(state.sub_status),
        amount=amount if isinstance(amount, int) else None,
        currency=_text(getattr(info, "currency", None)),
        request_id=_text(state.request_id),
        payment_type=_text(getattr(info, "type_", None)),
    )


def facts_of_event(event: CallbackEvent) -> Facts:
    """What a callback says."""
    told = (event.status, event.sub_status, event.amount, event.currency, event.request_id, event.payment_type)
    return Facts(*told)


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str) else None


def settle(connection: Connection, event: CallbackEvent) -> Payout | None:
    """Settle the intent that a callback is about, in the transaction of the inbox's handler.

    For handlers of :class:`~highhelp.CallbackInbox` whose process has no guard at hand:
    `inbox.run(lambda event, connection: settle(connection, event))`; asynchronously
    `await connection.run_sync(settle, event)`.

    Returns:
        The payout, or None where no intent has this payment_id.
    """
    key = intent_key(event.project_id, event.payment_id)
    # received_at, as the clock of this process has no part in what the gateway said
    return intents.settle(connection, key, facts_of_event(event), now=int(event.received_at * 1000))


@dataclass(frozen=True)
class Guarding(Generic[C]):
    """The flows of both guards. No input or output.

    Attributes:
        client: Only its pure methods are called here.
        seal: For bodies at rest.
        lease: Milliseconds.
        clock: Unix seconds.
    """

    client: C
    seal: Seal | None
    lease: int
    clock: Callable[[], float]

    @property
    def _client(self) -> Any:
        return self.client

    @property
    def project_id(self) -> str:
        """The client's project."""
        return str(self._client.settings.project_id)

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self.clock() * 1000)

    def prepared(
        self, request: Body | Mapping[str, Any], operation: str | None
    ) -> tuple[Intent, Call[PaymentState], int]:
        """An intent and its call, checked against the contract. Raises InvalidRequest.

        The order of keys is fixed, so that the same request is the same bytes whoever builds it.
        """
        kind = type(request).__name__
        operation = operation or PAYOUT_OPERATIONS.get(kind, "")
        if operation not in PAYOUT_OPERATIONS.values():
            raise SettingsError("operation", f"must be one of {', '.join(sorted(PAYOUT_OPERATIONS.values()))}")
        client = self._client
        first = client.prepare(operation, request, PaymentState.from_dict)
        content = _parsed(first.body)
        _check_money(operation, content, first.payment_id)
        call = client.prepare(operation, _sorted(content), PaymentState.from_dict)
        intent = Intent.of(self.project_id, str(call.payment_id), operation, call.body, self.seal)
        return intent, call, self.now()

    def preparing(self, request: Body | Mapping[str, Any], operation: str | None) -> Flow[Payout]:
        """See :meth:`PayoutGuard.prepare`."""
        intent, _, now = self.prepared(request, operation)
        payout: Payout = yield Write(partial(intents.prepare, intent=intent, now=now))
        return payout

    def sending(self, request: Body | Mapping[str, Any], operation: str | None) -> Flow[Payout]:
        """See :meth:`PayoutGuard.send`."""
        intent, call, now = self.prepared(request, operation)
        return (yield from self._send(intent, call, now))

    def sending_prepared(self, intent: Intent, call: Call[PaymentState]) -> Flow[Payout]:
        """The same for one that was prepared in this process before."""
        return (yield from self._send(intent, call, self.now()))

    def resuming(self, payment_id: str) -> Flow[Payout]:
        """See :meth:`PayoutGuard.resume`."""
        operation, sealed = yield Read(
            partial(intents.sealed, project_id=self.project_id, payment_id=payment_id),
        )
        if sealed is None or self.seal is None:
            text = "its body is not at rest; hand it in again with send()"
            raise SettingsError(DATABASE_KEY, text if self.seal is not None else f"is not set; {text}")
        raw = self.seal.open(sealed, intent_key(self.project_id, payment_id))
        return (yield from self.sending(_parsed(raw), operation))

    def _send(self, intent: Intent, call: Call[PaymentState], now: int) -> Flow[Payout]:
        # from the commit of this transaction on, the truth is "it may have been sent"
        begun = yield from self._begin(intent, now)
        if begun.token is None:
            return _typed(begun.payout)
        release = partial(intents.release, key=intent.key, token=begun.token)
        try:
            state = yield CarryOut(call)
        except DuplicatePayment as error:
            if begun.doubtful:
                return (yield from self._taken(intent, call, release, error))
            yield from self._released(release, "refused", intents.DUPLICATE, error)
            raise
        except Rejected as error:
            if begun.doubtful and error.status not in REFUSES_THE_BYTES:
                unknown = _unknown(error)
                yield from self._released(release, "unknown", error.cause, unknown)
                raise unknown from None
            after = "prepared" if error.status in SETTINGS_ARE_WRONG else "refused"
            yield from self._released(release, after, error.cause, error)
            raise
        except (NotSent, Unavailable) as error:
            yield from self._released(release, "prepared", _reason(error), error)
            raise
        except OutcomeUnknown as error:
            yield from self._released(release, "unknown", _reason(error), error)
            raise
        if tells_nothing(state):
            nothing = _open_end(intent, "the gateway answers with an error that names no payout")
            yield from self._released(release, "unknown", "an error in place of a payout", nothing)
            raise nothing
        return (yield from self._settled(intent, state))

    def _begin(self, intent: Intent, now: int) -> Flow[Begun]:
        try:
            begun: Begun = yield Write(partial(intents.begin, intent=intent, now=now, until=now + self.lease))
        except HighHelpError:
            raise
        except Exception as error:
            text = f"the intent could not be stored ({type(error).__name__}); nothing was sent"
            raise NotSent(text, operation=intent.operation, payment_id=intent.payment_id) from error
        return begun

    def _released(self, release: Callable[..., Any], state: str, reason: str, told: CallError) -> Flow[None]:
        """Note the end of an attempt. Where that fails the intent stays `sent`, and `told` is true all the same."""
        try:
            yield self._write(release, state=state, reason=reason)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, what is known of the money comes first
            told.add_note(f"this could not be noted ({type(error).__name__}): the intent stays `sent` until recover()")

    def _settled(self, intent: Intent, state: PaymentState) -> Flow[Payout]:
        try:
            noted = yield self._write(intents.settle, key=intent.key, facts=facts_of(state))
        except Exception as error:
            text = (
                f"the gateway has answered, which could not be noted ({type(error).__name__}); recover() does it later"
            )
            raise _open_end(intent, text) from error
        return _held(noted)

    def _taken(
        self, intent: Intent, call: Call[PaymentState], release: Callable[..., Any], error: DuplicatePayment
    ) -> Flow[Payout]:
        """The payment_id is taken, and an earlier attempt of this intent may be the one that has it."""
        try:
            state = yield LookUp(call)
        except OutcomeUnknown as unknown:
            yield from self._released(release, "unknown", _reason(unknown), unknown)
            raise
        if state is None:
            open_end = _unknown(error)
            yield from self._released(release, "unknown", "taken, yet not found", open_end)
            raise open_end from None
        return (yield from self._settled(intent, state))

    def recovering(self, payment_id: str | None) -> Flow[list[Payout]]:
        """See :meth:`PayoutGuard.recover`."""
        found: list[Open] = yield Read(
            partial(intents.unsettled, project_id=self.project_id, now=self.now(), payment_id=payment_id)
        )
        recovered: list[Payout] = []
        for seen in found:
            recovered += [(yield from self._recover(seen))]
        return recovered

    def _recover(self, seen: Open) -> Flow[Payout]:
        payout = seen.payout
        try:
            state = yield LookUp(self._inquiry(payout))
        except OutcomeUnknown as error:
            reason = intents.ANOTHER if error.found else _reason(error)
            return _typed((yield self._write(intents.doubt, seen=seen, reason=reason)))
        if state is None:
            return _typed((yield self._write(intents.absent, seen=seen)))
        key = intent_key(payout.project_id, payout.payment_id)
        return _typed((yield self._write(intents.settle, key=key, facts=facts_of(state))))

    def asking(self, payment_id: str) -> Flow[Payout]:
        """See :meth:`PayoutGuard.status`."""
        payout: Payout = yield Read(partial(intents.get, project_id=self.project_id, payment_id=payment_id))
        state = yield from self.told(payout.operation, payment_id)
        if state is None:
            return payout
        key = intent_key(payout.project_id, payment_id)
        return _typed((yield self._write(intents.settle, key=key, facts=facts_of(state))))

    def told(self, operation: str, payment_id: str) -> Flow[PaymentState | None]:
        """What the gateway says now, None where it says that it holds nothing. Changes nothing.

        Raises:
            Unavailable, Rejected: It could not be asked.
        """
        info = self._client.inquiry(operation, payment_id, (0, ""), PaymentState.from_dict).info
        try:
            state: PaymentState = yield CarryOut(info)
        except Rejected as error:
            if error.status != 404:
                raise
            return None
        if tells_nothing(state):
            text = "an error in place of a payment"
            raise Unavailable(text, operation=info.operation.id, payment_id=payment_id, attempts=1)
        return state

    def settling(self, event: CallbackEvent) -> Flow[Payout | None]:
        """See :meth:`PayoutGuard.settle`."""
        payout: Payout | None = yield Write(partial(settle, event=event))
        return payout

    def _inquiry(self, payout: Payout) -> Call[PaymentState]:
        call: Call[PaymentState] = self._client.inquiry(
            payout.operation, payout.payment_id, (payout.amount, payout.currency), PaymentState.from_dict
        )
        return call

    def _write(self, function: Callable[..., Any], **arguments: Any) -> Write:
        return Write(partial(function, now=self.now(), **arguments))


def _parsed(raw: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(raw)
    return content


def _check_money(operation: str, content: dict[str, Any], payment_id: str | None) -> None:
    """What the intent needs, also of a client that does not check requests."""
    payment = content.get("payment")
    block = payment if isinstance(payment, dict) else {}
    found = {
        "general:payment_id": (payment_id, str),
        "payment:amount": (block.get("amount"), int),
        "payment:currency": (block.get("currency"), str),
    }
    problems = [
        FieldProblem(path, "is missing or wrong") for path, (value, kind) in found.items() if type(value) is not kind
    ]
    if problems:
        raise InvalidRequest(problems, operation=operation, payment_id=payment_id)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _typed(payout: Any) -> Payout:
    if not isinstance(payout, Payout):
        raise TypeError("an intent has gone while it was being sent")
    say(
        logging.INFO if payout.state in ("settled", "prepared") else logging.WARNING,
        "payout",
        payment_id=payout.payment_id,
        request_id=payout.request_id,
        guard=payout.state,
        reason=payout.reason,
        status=payout.status,
        sub_status=payout.sub_status,
        amount=payout.amount,
        currency=payout.currency,
    )
    return payout


def _open_end(intent: Intent, text: str) -> OutcomeUnknown:
    return OutcomeUnknown(text, operation=intent.operation, payment_id=intent.payment_id, attempts=1)


def _held(settled: Any) -> Payout:
    """A payout that the gateway holds as it was sent."""
    payout = _typed(settled)
    if payout.reason == intents.ANOTHER:
        raise OutcomeUnknown(
            "the gateway holds another payment under this payment_id",
            operation=payout.operation,
            payment_id=payout.payment_id,
            attempts=1,
            found=True,
        )
    return payout


def _reason(error: CallError) -> str:
    about = f"{error.operation} {error.payment_id}: "
    return masked_text(str(error).removeprefix(about))[:300].replace("\0", "\ufffd")


def _unknown(error: Rejected) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"HTTP {error.status}, but an earlier attempt may have been carried out; recover() asks the gateway",
        operation=error.operation,
        payment_id=error.payment_id,
        attempts=error.attempts,
        status=error.status,
    )


def _lease(lease: float | None, longest_call: float) -> int:
    if lease is None:
        lease = longest_call + MARGIN
    if not longest_call < lease <= 10 * 86400:
        raise SettingsError("lease", f"must be longer than a call may take, {longest_call:g} seconds")
    return int(lease * 1000)


class PayoutBook:
    """Looks at the guard's table; asks and sends nothing, so it needs no client.

    Args:
        url: As that of :class:`~highhelp.CallbackInbox`; the same database may serve both.
        options: `database_key`, `clock`, `home`, `environ`, as there.

    Raises:
        SettingsError: A setting is missing or wrong.
    """

    def __init__(self, url: str | os.PathLike[str] | None = None, **options: Any) -> None:
        self._database = Database(url, **options)

    @property
    def database(self) -> Database:
        """The tables."""
        return self._database

    def list(self, *, limit: int | None = 50, state: str | None = None, payment_id: str | None = None) -> list[Payout]:
        """The newest intents first."""
        return self._database.read(intents.listed, limit=limit, state=state, payment_id=payment_id)

    def show(self, payment_id: str) -> dict[str, Any]:
        """One intent with its body, sensitive fields masked. Raises NoSuchPayout."""
        return self._database.read(intents.shown, payment_id)

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
        options: `database_key`, `clock`, `home`, `environ`, as those of :class:`~highhelp.CallbackInbox`. The clocks of
            all machines must agree to within a part of the lease.

    Raises:
        SettingsError: A setting is missing or wrong.
    """

    def __init__(
        self,
        client: HighHelp,
        url: str | os.PathLike[str] | None = None,
        *,
        lease: float | None = None,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        milliseconds = _lease(lease, client.longest_call)
        super().__init__(url, clock=clock, **options)
        self._client = client
        self._guarding = Guarding(client, self._database.seal, milliseconds, clock)

    @property
    def guarding(self) -> Guarding[HighHelp]:
        """The flows."""
        return self._guarding

    def prepare(self, request: Body | Mapping[str, Any], *, operation: str | None = None) -> Payout:
        """Put an intent on disk without sending it.

        Raises:
            InvalidRequest: The request breaks the contract.
            PayoutConflict: The payment_id has another body.
        """
        return self.run(self._guarding.preparing(request, operation))

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
        return self.run(self._guarding.sending(request, operation))

    def resume(self, payment_id: str) -> Payout:
        """Send an intent whose sealed body is at rest. Otherwise as :meth:`send`.

        Raises:
            NoSuchPayout: There is no such intent.
            SettingsError: Its body is not at rest, or `HIGHHELP_DATABASE_KEY` is missing or another one.
        """
        return self.run(self._guarding.resuming(payment_id))

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
        return self.run(self._guarding.recovering(payment_id))

    def status(self, payment_id: str) -> Payout:
        """Ask the gateway for a payout's status and note it. Never sends.

        Where the gateway holds nothing, the intent is returned unchanged; only :meth:`recover` makes it `prepared`.

        Raises:
            NoSuchPayout: There is no such intent.
            Unavailable, Rejected: The gateway could not be asked.
        """
        return self.run(self._guarding.asking(payment_id))

    def settle(self, event: CallbackEvent, connection: Connection | None = None) -> Payout | None:
        """Settle the intent that a callback is about.

        In a handler of the inbox: `lambda event, connection: guard.settle(event, connection)`. With the handler's
        connection (guard and inbox share their database) it is exactly once; without, it is idempotent.

        Returns:
            The payout, or None where no intent has this payment_id.
        """
        if connection is not None:
            return settle(connection, event)
        return self.run(self._guarding.settling(event))

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
            items: Requests, mappings, or rows of :func:`highhelp.ledger.rows.read_csv`. All are held in memory.
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
        from highhelp.ledger.batch import send_batch

        return send_batch(
            self,
            items,
            operation=operation,
            concurrency=concurrency,
            per_second=per_second,
            progress=progress,
            stop=stop,
            wait_for_others=wait_for_others,
        )

    def reconcile(self, *, since: float, until: float | None = None) -> Reconciliation:
        """Compare guard, inbox (of the same database) and gateway. Reads and asks; never acts.

        Args:
            since: Unix seconds; the payouts that were prepared, and the payouts' callbacks that came, from then on.
            until: Unix seconds; now, if absent.

        Returns:
            Every difference by kind, with a proposed action.
        """
        from highhelp.ledger.reconcile import reconciling

        return self.run(reconciling(self._guarding, since, until))

    def run(self, flow: Flow[R]) -> R:
        """Carry out a flow."""
        result: Any = None
        error: Exception | None = None
        while True:
            try:
                step = flow.send(result) if error is None else flow.throw(error)
            except StopIteration as end:
                value: R = end.value
                return value
            result, error = None, None
            try:
                result = self._do(step)
            except Exception as raised:  # noqa: BLE001 - the flow decides what it means
                error = raised

    def _do(self, step: Step) -> Any:
        if isinstance(step, Write):
            return self._database.write(step.function)
        if isinstance(step, Read):
            return self._database.read(step.function)
        if isinstance(step, LookUp):
            return self._client.look_up(step.call)
        return self._client.carry_out(step.call)


class AsyncPayoutGuard:
    """:class:`PayoutGuard` for asyncio: the same arguments, methods and rules."""

    def __init__(
        self,
        client: AsyncHighHelp,
        url: str | os.PathLike[str] | None = None,
        *,
        lease: float | None = None,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        milliseconds = _lease(lease, client.longest_call)
        self._database = AsyncDatabase(url, clock=clock, **options)
        self._client = client
        self._guarding = Guarding(client, self._database.seal, milliseconds, clock)

    @property
    def guarding(self) -> Guarding[AsyncHighHelp]:
        """The flows."""
        return self._guarding

    @property
    def database(self) -> AsyncDatabase:
        """The tables."""
        return self._database

    async def prepare(self, request: Body | Mapping[str, Any], *, operation: str | None = None) -> Payout:
        """As :meth:`PayoutGuard.prepare`."""
        return await self.run(self._guarding.preparing(request, operation))

    async def send(self, request: Body | Mapping[str, Any], *, operation: str | None = None) -> Payout:
        """As :meth:`PayoutGuard.send`."""
        return await self.run(self._guarding.sending(request, operation))

    async def resume(self, payment_id: str) -> Payout:
        """As :meth:`PayoutGuard.resume`."""
        return await self.run(self._guarding.resuming(payment_id))

    async def recover(self, payment_id: str | None = None) -> list[Payout]:
        """As :meth:`PayoutGuard.recover`."""
        return await self.run(self._guarding.recovering(payment_id))

    async def status(self, payment_id: str) -> Payout:
        """As :meth:`PayoutGuard.status`."""
        return await self.run(self._guarding.asking(payment_id))

    async def settle(self, event: CallbackEvent, connection: AsyncConnection | None = None) -> Payout | None:
        """As :meth:`PayoutGuard.settle`."""
        if connection is not None:
            return await connection.run_sync(settle, event)
        return await self.run(self._guarding.settling(event))

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
        from highhelp.ledger.batch import send_batch_async

        return await send_batch_async(
            self,
            items,
            operation=operation,
            concurrency=concurrency,
            per_second=per_second,
            progress=progress,
            wait_for_others=wait_for_others,
        )

    async def reconcile(self, *, since: float, until: float | None = None) -> Reconciliation:
        """As :meth:`PayoutGuard.reconcile`."""
        from highhelp.ledger.reconcile import reconciling

        return await self.run(reconciling(self._guarding, since, until))

    async def list(
        self, *, limit: int | None = 50, state: str | None = None, payment_id: str | None = None
    ) -> list[Payout]:
        """As :meth:`PayoutBook.list`."""
        return await self._database.read(intents.listed, limit=limit, state=state, payment_id=payment_id)

    async def show(self, payment_id: str) -> dict[str, Any]:
        """As :meth:`PayoutBook.show`."""
        return await self._database.read(intents.shown, payment_id)

    async def run(self, flow: Flow[R]) -> R:
        """Carry out a flow."""
        result: Any = None
        error: Exception | None = None
        while True:
            try:
                step = flow.send(result) if error is None else flow.throw(error)
            except StopIteration as end:
                value: R = end.value
                return value
            result, error = None, None
            try:
                result = await self._do(step)
            except Exception as raised:  # noqa: BLE001 - the flow decides what it means
                error = raised

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Write):
            return await self._database.write(step.function)
        if isinstance(step, Read):
            return await self._database.read(step.function)
        if isinstance(step, LookUp):
            return await self._client.look_up(step.call)
        return await self._client.carry_out(step.call)

    async def close(self) -> None:
        """Close the database; the client stays open."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"
