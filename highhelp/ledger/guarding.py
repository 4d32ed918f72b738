"""What a payout guard does, step by step: flows without input or output.

Every flow is a generator that yields what is to be done (a transaction, a create, a question) and is sent what came of
it; the guards of :mod:`highhelp.ledger.payouts` carry the steps out, synchronously and asynchronously.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from highhelp.calls.flow import is_inconclusive
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
from highhelp.ledger import intents
from highhelp.ledger.intents import Begun, Facts, Intent, Open, Payout, intent_key
from highhelp.ledger.log import say
from highhelp.redact import masked_text
from highhelp.settings import DATABASE_KEY
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import OPERATIONS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from highhelp.calls.flow import ClientCall
    from highhelp.ledger.events import CallbackEvent
    from highhelp.ledger.protect import Seal
    from highhelp_api.client.api import Body

R = TypeVar("R")
C = TypeVar("C")

PAYOUT_OPERATIONS = {
    op.request: op.id for op in OPERATIONS.values() if op.direction == "payout" and op.retry == "reconcile"
}
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

    call: ClientCall[PaymentState]


@dataclass(frozen=True, slots=True)
class LookUp:
    """The question what became of a create."""

    call: ClientCall[PaymentState]


Step: TypeAlias = Write | Read | CarryOut | LookUp
Flow: TypeAlias = Generator[Step, Any, R]


class Guard(Protocol):
    """Whoever carries flows out."""

    @property
    def guarding(self) -> Guarding[Any]:
        """The flows."""

    def run(self, flow: Flow[R]) -> R:
        """Carry out a flow."""


class AsyncGuard(Protocol):
    """The same on an event loop."""

    @property
    def guarding(self) -> Guarding[Any]:
        """The flows."""

    async def run(self, flow: Flow[R]) -> R:
        """Carry out a flow."""


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
        executor: Of the client; only its request builder is used here.
        seal: For bodies at rest.
        lease: Milliseconds.
        clock: Unix seconds.
    """

    executor: C
    seal: Seal | None
    lease: int
    clock: Callable[[], float]

    @property
    def _executor(self) -> Any:
        return self.executor

    @property
    def project_id(self) -> str:
        """The client's project."""
        return str(self._executor.builder.project_id)

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self.clock() * 1000)

    def prepared(
        self, request: Body | Mapping[str, Any], operation: str | None
    ) -> tuple[Intent, ClientCall[PaymentState], int]:
        """An intent and its call, checked against the contract. Raises InvalidRequest.

        The order of keys is fixed, so that the same request is the same bytes whoever builds it.
        """
        kind = type(request).__name__
        operation = operation or PAYOUT_OPERATIONS.get(kind, "")
        if operation not in PAYOUT_OPERATIONS.values():
            raise SettingsError("operation", f"must be one of {', '.join(sorted(PAYOUT_OPERATIONS.values()))}")
        builder = self._executor.builder
        first = builder.build(operation, request, PaymentState.from_dict)
        content = _parsed(first.body)
        _check_money(operation, content, first.payment_id)
        call = builder.build(operation, _sorted(content), PaymentState.from_dict)
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

    def sending_prepared(self, intent: Intent, call: ClientCall[PaymentState]) -> Flow[Payout]:
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

    def _send(self, intent: Intent, call: ClientCall[PaymentState], now: int) -> Flow[Payout]:
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
        if is_inconclusive(state):
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
        self, intent: Intent, call: ClientCall[PaymentState], release: Callable[..., Any], error: DuplicatePayment
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
        info = self._executor.builder.build_query(operation, payment_id, (0, ""), PaymentState.from_dict).info()
        try:
            state: PaymentState = yield CarryOut(info)
        except Rejected as error:
            if error.status != 404:
                raise
            return None
        if is_inconclusive(state):
            text = "an error in place of a payment"
            raise Unavailable(text, operation=info.operation.id, payment_id=payment_id, attempts=1)
        return state

    def settling(self, event: CallbackEvent) -> Flow[Payout | None]:
        """See :meth:`PayoutGuard.settle`."""
        payout: Payout | None = yield Write(partial(settle, event=event))
        return payout

    def _inquiry(self, payout: Payout) -> ClientCall[PaymentState]:
        call: ClientCall[PaymentState] = self._executor.builder.build_query(
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
