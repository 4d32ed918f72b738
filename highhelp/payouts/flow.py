"""The payout guard as flows: its steps without input or output.

Every flow is a generator that yields what is to be done (a transaction, a create, a question) and is sent what came of
it; the guards of :mod:`highhelp.payouts.guard` carry the steps out, synchronously and asynchronously.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

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
from highhelp.payouts import intents
from highhelp.payouts.intents import Facts, Intent, Payout, SendLease, UnsettledIntent, intent_key
from highhelp.payouts.operations import operation_of
from highhelp.redact import masked_text
from highhelp.settings import DATABASE_KEY
from highhelp.storage.engine import cause
from highhelp.telemetry.log import log_event
from highhelp_api.client.models import PaymentState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from highhelp.calls.flow import ClientCall
    from highhelp.calls.prepare import RequestBuilder
    from highhelp.inbox.events import CallbackEvent
    from highhelp.storage.encryption import BodyCipher
    from highhelp.transport.driver import AsyncExecutor, Executor
    from highhelp_api.client.api import Body

R = TypeVar("R")

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
class Execute:
    """A call to the gateway."""

    call: ClientCall[PaymentState]


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the info operation: is there a payment for this create?"""

    call: ClientCall[PaymentState]


PayoutStep: TypeAlias = Write | Read | Execute | Query
PayoutFlow: TypeAlias = Generator[PayoutStep, Any, R]


def facts_from_state(state: PaymentState) -> Facts:
    """Collect the facts of an answer; absent ones are None."""
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


def facts_from_event(event: CallbackEvent) -> Facts:
    """Collect the facts of a callback."""
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
    return intents.settle(connection, key, facts_from_event(event), now=int(event.received_at * 1000))


@dataclass(frozen=True)
class PayoutFlows:
    """The flows of both guards. No input or output.

    Attributes:
        executor: Of the client; only its request builder is used here.
        cipher: For bodies at rest.
        lease: Milliseconds.
        clock: Unix seconds.
    """

    executor: Executor | AsyncExecutor
    cipher: BodyCipher | None
    lease: int
    clock: Callable[[], float]

    @property
    def _builder(self) -> RequestBuilder:
        return self.executor.builder

    @property
    def project_id(self) -> str:
        """The client's project."""
        return self._builder.project_id

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self.clock() * 1000)

    def build(
        self, request: Body | Mapping[str, Any], operation: str | None
    ) -> tuple[Intent, ClientCall[PaymentState], int]:
        """Build an intent and its call, checked against the contract. Raises InvalidRequest.

        The order of keys is fixed, so that the same request is the same bytes whoever builds it.
        """
        operation = operation_of(request, operation)
        first = self._builder.build(operation, request, PaymentState.from_dict)
        content = _parsed(first.body)
        _check_money(operation, content, first.payment_id)
        call = self._builder.build(operation, _sorted(content), PaymentState.from_dict)
        intent = Intent.of(self.project_id, str(call.payment_id), operation, call.body, self.cipher)
        return intent, call, self.now()

    def prepare(self, request: Body | Mapping[str, Any], operation: str | None) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.prepare`."""
        intent, _, now = self.build(request, operation)
        payout: Payout = yield Write(partial(intents.prepare, intent=intent, now=now))
        return payout

    def send(self, request: Body | Mapping[str, Any], operation: str | None) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.send`."""
        intent, call, now = self.build(request, operation)
        return (yield from self._send_intent(intent, call, now))

    def send_prepared(self, intent: Intent, call: ClientCall[PaymentState]) -> PayoutFlow[Payout]:
        """Send an intent that was built in this process before."""
        return (yield from self._send_intent(intent, call, self.now()))

    def resume(self, payment_id: str) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.resume`."""
        operation, sealed = yield Read(
            partial(intents.sealed, project_id=self.project_id, payment_id=payment_id),
        )
        if sealed is None or self.cipher is None:
            text = "its body is not at rest; hand it in again with send()"
            raise SettingsError(DATABASE_KEY, text if self.cipher is not None else f"is not set; {text}")
        raw = self.cipher.decrypt(sealed, intent_key(self.project_id, payment_id))
        return (yield from self.send(_parsed(raw), operation))

    def _send_intent(self, intent: Intent, call: ClientCall[PaymentState], now: int) -> PayoutFlow[Payout]:
        # from the commit of this transaction on, the truth is "it may have been sent"
        begun = yield from self._begin(intent, now)
        if begun.token is None:
            return _typed(begun.payout)
        release = partial(intents.release, key=intent.key, token=begun.token)
        try:
            state = yield Execute(call)
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

    def _begin(self, intent: Intent, now: int) -> PayoutFlow[SendLease]:
        try:
            begun: SendLease = yield Write(partial(intents.acquire, intent=intent, now=now, until=now + self.lease))
        except HighHelpError:
            raise
        except Exception as error:
            text = f"the intent could not be stored ({cause(error)}); nothing was sent"
            raise NotSent(text, operation=intent.operation, payment_id=intent.payment_id) from error
        return begun

    def _released(self, release: Callable[..., Any], state: str, reason: str, told: CallError) -> PayoutFlow[None]:
        """Store the end of an attempt. If that fails the intent stays `sent`; `told` is true all the same."""
        try:
            yield self._write(release, state=state, reason=reason)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, what is known of the money comes first
            told.add_note(f"this could not be noted ({cause(error)}): the intent stays `sent` until recover()")

    def _settled(self, intent: Intent, state: PaymentState) -> PayoutFlow[Payout]:
        try:
            noted = yield self._write(intents.settle, key=intent.key, facts=facts_from_state(state))
        except Exception as error:
            text = f"the gateway has answered, which could not be noted ({cause(error)}); recover() does it later"
            raise _open_end(intent, text) from error
        return _held(noted)

    def _taken(
        self, intent: Intent, call: ClientCall[PaymentState], release: Callable[..., Any], error: DuplicatePayment
    ) -> PayoutFlow[Payout]:
        """Handle a payment_id that is taken, perhaps by an earlier attempt of this intent."""
        try:
            state = yield Query(call)
        except OutcomeUnknown as unknown:
            yield from self._released(release, "unknown", _reason(unknown), unknown)
            raise
        if state is None:
            open_end = _unknown(error)
            yield from self._released(release, "unknown", "taken, yet not found", open_end)
            raise open_end from None
        return (yield from self._settled(intent, state))

    def recover(self, payment_id: str | None) -> PayoutFlow[list[Payout]]:
        """See :meth:`PayoutGuard.recover`."""
        found: list[UnsettledIntent] = yield Read(
            partial(intents.unsettled, project_id=self.project_id, now=self.now(), payment_id=payment_id)
        )
        recovered: list[Payout] = []
        for seen in found:
            recovered += [(yield from self._recover(seen))]
        return recovered

    def _recover(self, seen: UnsettledIntent) -> PayoutFlow[Payout]:
        payout = seen.payout
        try:
            state = yield Query(self._inquiry(payout))
        except OutcomeUnknown as error:
            reason = intents.ANOTHER if error.found else _reason(error)
            return _typed((yield self._write(intents.mark_unknown, seen=seen, reason=reason)))
        if state is None:
            return _typed((yield self._write(intents.mark_not_found, seen=seen)))
        key = intent_key(payout.project_id, payout.payment_id)
        return _typed((yield self._write(intents.settle, key=key, facts=facts_from_state(state))))

    def status(self, payment_id: str) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.status`."""
        payout: Payout = yield Read(partial(intents.get, project_id=self.project_id, payment_id=payment_id))
        state = yield from self.ask_gateway(payout.operation, payment_id)
        if state is None:
            return payout
        key = intent_key(payout.project_id, payment_id)
        return _typed((yield self._write(intents.settle, key=key, facts=facts_from_state(state))))

    def ask_gateway(self, operation: str, payment_id: str) -> PayoutFlow[PaymentState | None]:
        """Ask the gateway for the payment; None if it holds nothing. Changes nothing.

        Raises:
            Unavailable, Rejected: It could not be asked.
        """
        info = self._builder.build_info(operation, payment_id, PaymentState.from_dict)
        try:
            state: PaymentState = yield Execute(info)
        except Rejected as error:
            if error.status != 404:
                raise
            return None
        if is_inconclusive(state):
            text = "an error in place of a payment"
            raise Unavailable(text, operation=info.operation.id, payment_id=payment_id, attempts=1)
        return state

    def settle(self, event: CallbackEvent) -> PayoutFlow[Payout | None]:
        """See :meth:`PayoutGuard.settle`."""
        payout: Payout | None = yield Write(partial(settle, event=event))
        return payout

    def _inquiry(self, payout: Payout) -> ClientCall[PaymentState]:
        call: ClientCall[PaymentState] = self._builder.build_query(
            payout.operation, payout.payment_id, (payout.amount, payout.currency), PaymentState.from_dict
        )
        return call

    def _write(self, function: Callable[..., Any], **arguments: Any) -> Write:
        return Write(partial(function, now=self.now(), **arguments))


def _parsed(raw: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(raw)
    return content


def _check_money(operation: str, content: dict[str, Any], payment_id: str | None) -> None:
    """Check the fields that an intent needs; a client may be set not to check requests."""
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
    log_event(
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
    """Return the payout, if the gateway holds it as it was sent."""
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
