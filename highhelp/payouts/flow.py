"""The payout guard as flows: its steps, sans-I/O.

Every flow is a generator that yields steps (a transaction, a create, a query) and is sent their results; the guards of
:mod:`highhelp.payouts.guard` perform the steps, synchronously and asynchronously.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from highhelp.calls.facts import payment_block
from highhelp.calls.flow import ASK_FIRST
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
from highhelp.payouts import intents, lifecycle
from highhelp.payouts.intents import Facts, Intent, Payout, UnsettledIntent, intent_key
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
    from highhelp.payouts.lifecycle import Decision, SendLease
    from highhelp.storage.encryption import BodyCipher
    from highhelp.transport.driver import AsyncExecutor, Executor
    from highhelp_api.client.api import Body

R = TypeVar("R")

_VISIBLE_DIGITS = 8
"""Visible digits that a masked card number needs to identify a card."""

CALLER_IS_REFUSED = (401, 403)
"""HTTP statuses that refuse the caller, not the payout: it is sent again once the settings are fixed."""


@dataclass(frozen=True, slots=True)
class Write:
    """A transaction.

    Attributes:
        function: Called with the connection and, as `now`, the time in Unix milliseconds.
    """

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
    """A query to the info operation for the payment of this create."""

    call: ClientCall[PaymentState]


@dataclass(frozen=True, slots=True)
class Asking:
    """Limits for a number of queries.

    Attributes:
        concurrency: How many queries may run at once.
        delay: Returns the seconds to wait before the next query.
    """

    concurrency: int
    delay: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Together:
    """Several flows to run concurrently; their results come in the same order."""

    flows: Sequence[Generator[Any, Any, Any]]
    asking: Asking


PayoutStep: TypeAlias = Write | Read | Execute | Query | Together
PayoutFlow: TypeAlias = Generator[PayoutStep, Any, R]


def facts_from_state(state: PaymentState) -> Facts:
    """Collect the reported facts of an answer."""
    body = state.to_dict()
    info = payment_block(body)
    return Facts(
        status=str(state.status),
        sub_status=_text(state.sub_status),
        amount=info.get("amount"),
        currency=info.get("currency"),
        request_id=_text(state.request_id),
        payment_type=info.get("type"),
    )


def facts_from_event(event: CallbackEvent) -> Facts:
    """Collect the facts of a callback."""
    return Facts(event.status, event.sub_status, event.amount, event.currency, event.request_id, event.payment_type)


def receiver_matches(raw: bytes, state: PaymentState) -> bool:
    """Whether an answer reports the (masked) card number to which a request pays."""
    sent = json.loads(raw).get("receiver")
    account = state.to_dict().get("account")
    pan = sent.get("pan") if isinstance(sent, dict) else None
    masked = account.get("number") if isinstance(account, dict) else None
    if not isinstance(pan, str) or not isinstance(masked, str):
        return False
    shown = [character for character in masked if character not in " -"]
    visible = sum(character.isdigit() for character in shown)
    if len(shown) != len(pan) or visible < _VISIBLE_DIGITS or not shown[-1].isdigit():
        return False
    return all(theirs == ours for theirs, ours in zip(shown, pan, strict=True) if theirs.isdigit())


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str) else None


def settle(connection: Connection, event: CallbackEvent) -> Payout | None:
    """Settle a callback's intent, in the transaction of the inbox's handler.

    For handlers of :class:`~highhelp.CallbackInbox` whose process has no guard:
    `inbox.run(lambda event, connection: settle(connection, event))`; asynchronously
    `await connection.run_sync(settle, event)`.

    Returns:
        The payout, or None if no intent has this payment_id.
    """
    key = intent_key(event.project_id, event.payment_id)
    # received_at, since the gateway's report must not depend on this process's clock
    return lifecycle.settle(connection, key, facts_from_event(event), now=int(event.received_at * 1000))


@dataclass(frozen=True)
class PayoutFlows:
    """The flows of both guards. Sans-I/O.

    Attributes:
        executor: The client's; only its request builder is used here.
        cipher: For bodies at rest.
        lease: Milliseconds.
        absence_age: Milliseconds after the end of an attempt until "not found" counts.
        gateway: The gateway's origin, or its name in the settings.
        clock: Unix seconds.
    """

    executor: Executor | AsyncExecutor
    cipher: BodyCipher | None
    lease: int
    absence_age: int
    gateway: str
    clock: Callable[[], float]

    @property
    def _builder(self) -> RequestBuilder:
        return self.executor.builder

    @property
    def project_id(self) -> str:
        """The client's project."""
        return self._builder.project_id

    def build(
        self, request: Body | Mapping[str, Any], operation: str | None
    ) -> tuple[Intent, ClientCall[PaymentState]]:
        """Build an intent and its call, checked against the contract. Raises InvalidRequest.

        The order of keys is fixed, so that the same request always has the same bytes.
        """
        operation = operation_of(request, operation)
        call = self._builder.build(operation, request, PaymentState.from_dict, sort_keys=True)
        content = _parsed(call.body)
        _check_money(operation, content, call.payment_id)
        payment = content["payment"]
        intent = Intent(
            project_id=self.project_id,
            payment_id=str(call.payment_id),
            operation=operation,
            amount=payment["amount"],
            currency=payment["currency"],
            gateway=self.gateway,
            raw=call.body,
            cipher=self.cipher,
        )
        return intent, call

    def prepare(self, request: Body | Mapping[str, Any], operation: str | None) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.prepare`."""
        intent, _ = self.build(request, operation)
        (prepared,) = yield Write(partial(lifecycle.prepare, intents=[intent]))
        if not isinstance(prepared, Payout):
            raise prepared
        return prepared

    def send(self, request: Body | Mapping[str, Any], operation: str | None) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.send`."""
        intent, call = self.build(request, operation)
        return (yield from self.send_prepared(intent, call))

    def resume(self, payment_id: str) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.resume`."""
        operation, sealed = yield Read(
            partial(intents.sealed, project_id=self.project_id, payment_id=payment_id),
        )
        if sealed is None or self.cipher is None:
            text = "its body is not stored in full; pass it again to send()"
            raise SettingsError(DATABASE_KEY, text if self.cipher is not None else f"is not set; {text}")
        raw = self.cipher.decrypt(sealed, intent_key(self.project_id, payment_id))
        return (yield from self.send(_parsed(raw), operation))

    def send_prepared(self, intent: Intent, call: ClientCall[PaymentState]) -> PayoutFlow[Payout]:
        """Send an intent that was built in this process."""
        # once this transaction is committed, the payout may have been sent
        asked_at = self.clock()
        begun = yield from self._begin(intent)
        if begun.settled is not None:
            return _typed(begun.settled)
        end = partial(lifecycle.end_attempt, intent=intent, token=begun.token)
        waited = self.clock() - asked_at
        if waited > self.lease / 1000 - self.executor.policy.total:
            # another guard would take an intent whose lease has ended, while this one may still be sending it
            text = f"the database took {waited:.0f} seconds to store the intent, so nothing was sent"
            late = NotSent(text, operation=intent.operation, payment_id=intent.payment_id)
            yield from self._ended(end, "prepared", _reason(late), late, sent=False)
            raise late
        try:
            state = yield Execute(replace(call, doubtful=begun.row.doubtful))
        except DuplicatePayment as error:
            if error.existing is not None:
                return (yield from self._held(intent, begun, call, error.existing, error))
            yield from self._ended(end, "refused", intents.DUPLICATE, error)
            raise
        except Rejected as error:
            # not `prepared`: a copy of the request may have been accepted, and info may lag
            after = "unknown" if error.status in CALLER_IS_REFUSED else "refused"
            yield from self._ended(end, after, error.cause, error)
            raise
        except NotSent as error:
            yield from self._ended(end, "prepared", _reason(error), error, sent=False)
            raise
        except (Unavailable, OutcomeUnknown) as error:
            differs = isinstance(error, OutcomeUnknown) and error.found
            state_after, reason = ("needs_review", intents.ANOTHER) if differs else ("unknown", _reason(error))
            yield from self._ended(end, state_after, reason, error)
            raise
        return _held((yield from self._settled(intent, begun, state)))

    def _begin(self, intent: Intent) -> PayoutFlow[SendLease]:
        try:
            begun: SendLease = yield Write(partial(lifecycle.acquire, intent=intent, lease=self.lease))
        except HighHelpError:
            raise
        except Exception as error:
            text = f"the intent could not be stored ({cause(error)}); nothing was sent"
            raise NotSent(text, operation=intent.operation, payment_id=intent.payment_id) from error
        return begun

    def _ended(
        self, end: Callable[..., Any], state: str, reason: str, error: CallError, *, sent: bool = True
    ) -> PayoutFlow[None]:
        """Store the end of an attempt. If that fails, the intent stays `sent`, and the error still holds."""
        try:
            yield Write(partial(end, state=state, reason=reason, sent=sent))
        except Exception as failure:  # noqa: BLE001 - whatever a driver raises, what is known of the money comes first
            error.add_note(f"this could not be stored ({cause(failure)}): the intent stays `sent` until recover()")

    def _settled(
        self,
        intent: Intent,
        lease: SendLease,
        state: PaymentState,
        *,
        refused: bool = False,
        receiver_matches: bool = False,
    ) -> PayoutFlow[Payout]:
        facts = facts_from_state(state)
        settle = partial(lifecycle.settle, key=intent.key, facts=facts, gateway=self.gateway, sent=intent, lease=lease)
        try:
            stored = yield Write(partial(settle, refused=refused, receiver_matches=receiver_matches))
        except Exception as error:
            text = f"the gateway has answered, but that could not be stored ({cause(error)}); call recover() later"
            raise _open_end(intent, text) from error
        return _typed(stored)

    def _held(
        self,
        intent: Intent,
        lease: SendLease,
        call: ClientCall[PaymentState],
        existing: PaymentState,
        error: DuplicatePayment,
    ) -> PayoutFlow[Payout]:
        """Handle a refused create whose payment_id the gateway holds: adopt the payment, or let a person decide."""
        try:
            state: PaymentState | None = yield Query(call)
        except OutcomeUnknown:
            state = None
        matches = state is not None and receiver_matches(call.body, state)
        # the earlier look-up found it, whatever this one says; but it masks the receiver
        held = existing if state is None else state
        payout = yield from self._settled(intent, lease, held, refused=True, receiver_matches=matches)
        if payout.state != "settled":
            raise error
        return payout

    def recover(self, payment_id: str | None) -> PayoutFlow[list[Payout]]:
        """See :meth:`PayoutGuard.recover`."""
        yield self.correct_times()
        wanted = partial(lifecycle.unsettled, project_id=self.project_id, payment_id=payment_id)
        found: list[UnsettledIntent] = yield Write(wanted)
        recovered: list[Payout] = []
        for seen in found:
            recovered += [(yield from self._recover(seen))]
        return recovered

    def _recover(self, seen: UnsettledIntent) -> PayoutFlow[Payout]:
        payout = seen.payout
        if self.is_elsewhere(payout):
            here, there = self.gateway, payout.gateway
            reason = (
                f"not asked about: it was prepared for {there}, and this client asks {here}. If that is the same "
                f"gateway under a new address: `highhelp payouts move-gateway {there} {here}`"
            )
            return _typed((yield Write(partial(lifecycle.mark_unknown, seen=seen, reason=reason))))
        asked_at = self.clock()
        try:
            state = yield Query(self._inquiry(payout))
        except OutcomeUnknown as error:
            return _typed((yield Write(partial(lifecycle.mark_unknown, seen=seen, reason=_reason(error)))))
        if state is None:
            asked_ago = max(int((self.clock() - asked_at) * 1000), 0)
            not_found = partial(lifecycle.mark_not_found, asked_ago=asked_ago, absence_age=self.absence_age)
            return _typed((yield Write(partial(not_found, seen=seen))))
        return (yield from self.store_facts(payout, facts_from_state(state)))

    def is_elsewhere(self, payout: Payout) -> bool:
        """Whether a payout was prepared for another gateway: then what this one says of it proves nothing."""
        return payout.gateway not in (None, self.gateway)

    def store_facts(self, payout: Payout, facts: Facts) -> PayoutFlow[Payout]:
        """Store what the gateway reports of a payout."""
        key = intent_key(payout.project_id, payout.payment_id)
        return _typed((yield Write(partial(lifecycle.settle, key=key, facts=facts, gateway=self.gateway))))

    def correct_times(self) -> Write:
        """Restart times stored by a wrong clock from now."""
        return Write(partial(lifecycle.correct_impossible_times, project_id=self.project_id, lease=self.lease))

    def status(self, payment_id: str) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.status`."""
        payout: Payout = yield Read(partial(intents.get, project_id=self.project_id, payment_id=payment_id))
        state = yield from self.ask_gateway(payout.operation, payment_id)
        if state is None or self.is_elsewhere(payout):
            return payout
        return (yield from self.store_facts(payout, facts_from_state(state)))

    def ask_gateway(self, operation: str, payment_id: str) -> PayoutFlow[PaymentState | None]:
        """Query the payment; None if the gateway does not hold it. Changes nothing.

        Raises:
            Unavailable, Rejected: No usable answer.
        """
        info = self._builder.build_info(operation, payment_id, PaymentState.from_dict)
        try:
            state: PaymentState = yield Execute(info)
        except Rejected as error:
            if error.status != 404:
                raise
            return None
        if state.payment_id != payment_id:
            text = "an answer that names no payment"
            raise Unavailable(text, operation=info.operation.id, payment_id=payment_id, attempts=1)
        return state

    def settle(self, event: CallbackEvent) -> PayoutFlow[Payout | None]:
        """See :meth:`PayoutGuard.settle`."""
        payout: Payout | None = yield Write(lambda connection, now: settle(connection, event))  # noqa: ARG005
        return payout

    def decide(self, payment_id: str, decision: Decision) -> PayoutFlow[Payout]:
        """See :meth:`PayoutGuard.adopt`, :meth:`PayoutGuard.refuse` and :meth:`PayoutGuard.release`."""
        change = partial(lifecycle.decide, project_id=self.project_id, payment_id=payment_id, decision=decision)
        return _typed((yield Write(change)))

    def move_gateway(self, old: str, new: str) -> PayoutFlow[int]:
        """See :meth:`PayoutGuard.move_gateway`."""
        moved: int = yield Write(partial(lifecycle.move_gateway, project_id=self.project_id, old=old, new=new))
        return moved

    def _inquiry(self, payout: Payout) -> ClientCall[PaymentState]:
        call: ClientCall[PaymentState] = self._builder.build_query(
            payout.operation, payout.payment_id, (payout.amount, payout.currency), PaymentState.from_dict
        )
        return call


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


def _typed(payout: Any) -> Payout:
    if not isinstance(payout, Payout):
        raise TypeError("an intent disappeared while it was being sent")
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


def _held(payout: Payout) -> Payout:
    """Return the payout, if the gateway holds it as it was sent."""
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
    text = str(error).removeprefix(about).removesuffix(f"; {ASK_FIRST}")
    return masked_text(text)[:300].replace("\0", "\ufffd")
