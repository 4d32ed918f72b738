"""Leases of events: claim, mark as done under the lease's token, release after a failure."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, bindparam, exists, null, or_, select, update

from highhelp.inbox import transitions
from highhelp.inbox.events import FROM_INFO, CallbackEvent, Lease, lease_of, parked_key
from highhelp.inbox.receive import expected_sum
from highhelp.inbox.transitions import LONGEST_BACK_OFF, LONGEST_LEASE
from highhelp.states import may_follow, state_name
from highhelp.storage.tables import EVENTS, PAYMENTS
from highhelp_api.client.models import Status, SubStatus
from highhelp_api.contract import FINAL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import BindParameter, Connection, Row

    from highhelp.storage.encryption import BodyCipher


_SKEW = 1000
"""Clock difference between two processes that is tolerated, in milliseconds."""

# Statements are built once: building one costs several times as much as executing it.
_EVENT_CHANGES = update(EVENTS).where(EVENTS.c.id == bindparam("which"))
_PAYMENT_CHANGES = update(PAYMENTS).where(PAYMENTS.c.id == bindparam("which"))
_MY_EVENT_CHANGES = _EVENT_CHANGES.where(EVENTS.c.state == "claimed", EVENTS.c.lease_token == bindparam("token"))
_MY_PAYMENT_CHANGES = _PAYMENT_CHANGES.where(PAYMENTS.c.busy_token == bindparam("token"))
_DONE = _MY_EVENT_CHANGES.values(
    state="done", reason=null(), due_at=null(), lease_token=null(), changed_at=bindparam("now")
)
_DONE_AS_EXPECTED = _DONE.where(
    exists().where(
        PAYMENTS.c.id == EVENTS.c.payment_ref,
        PAYMENTS.c.expected_amount.is_not_distinct_from(bindparam("sum_amount")),
        PAYMENTS.c.expected_currency.is_not_distinct_from(bindparam("sum_currency")),
    )
)
_HANDLED = _MY_PAYMENT_CHANGES.values(busy_token=null(), busy_until=null(), handled=bindparam("payment_state"))
_THESE: BindParameter[Any] = bindparam("these", expanding=True)
_CLAIMED = (
    update(EVENTS)
    .where(EVENTS.c.id.in_(_THESE))
    .values(
        state="claimed",
        due_at=bindparam("until"),
        lease_token=bindparam("token"),
        attempts=EVENTS.c.attempts + 1,
        changed_at=bindparam("now"),
    )
)
_BUSY = (
    update(PAYMENTS)
    .where(PAYMENTS.c.id.in_(_THESE))
    .values(busy_token=bindparam("token"), busy_until=bindparam("until"))
)


DUE = (
    select(EVENTS, PAYMENTS.c.handled, PAYMENTS.c.expected_amount, PAYMENTS.c.expected_currency)
    .join(PAYMENTS, PAYMENTS.c.id == EVENTS.c.payment_ref)
    .where(
        EVENTS.c.due_at <= bindparam("now"),
        or_(PAYMENTS.c.busy_until.is_(None), PAYMENTS.c.busy_until <= bindparam("now")),
    )
    .order_by(EVENTS.c.due_at, EVENTS.c.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
"""The events that may be claimed now, except those of a payment with an event being handled."""

_AHEAD = (
    select(*(EVENTS.c[name] for name in ("id", "state", "payment_ref", "lease_token", "due_at", "changed_at")))
    .where(
        EVENTS.c.due_at.is_not(None),
        or_(
            EVENTS.c.changed_at > bindparam("now") + _SKEW,
            and_(
                EVENTS.c.due_at > bindparam("now") + LONGEST_BACK_OFF * 1000,
                or_(EVENTS.c.state != "claimed", EVENTS.c.due_at > bindparam("now") + LONGEST_LEASE * 1000),
            ),
        ),
    )
    .limit(500)
    .with_for_update(skip_locked=True)
)
"""The events with impossible times: stamped in the future, or due later than any pause or lease can end."""

_SAME = ("id", "project_id", "payment_id", "request_id", "amount", "currency", "payment_type")


class LeaseLost(Exception):
    """Another worker holds the event: nothing of this attempt may be stored."""


class ExpectationChanged(Exception):
    """The payment's expected sum has changed since its event was claimed: it must be claimed again."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The result of a claim.

    Attributes:
        events: The events to handle, in order.
        settled: The number of events settled without a handler.
    """

    events: tuple[CallbackEvent, ...]
    settled: int


def claim(
    connection: Connection,
    *,
    now: int,
    lease: int,
    most: int,
    max_attempts: int,
    updates: bool,
    cipher: BodyCipher | None,
) -> Claimed:
    """Lease events that are due, and settle those that need no handler.

    Args:
        connection: In a transaction, which the caller commits.
        now: Unix milliseconds.
        lease: Milliseconds.
        most: Maximum number of events.
        max_attempts: Handlings after which an event is parked.
        updates: Whether there is a handler for informative events; without one they are marked as done.
        cipher: Decrypts bodies.
    """
    # one token for all, since only one event of a payment is claimed at a time
    token, until = secrets.token_hex(16), now + lease
    events: list[CallbackEvent] = []
    payments: set[int] = set()
    settled = 0
    is_retried = False
    due = {"now": now, "most": most}
    rows = connection.execute(DUE, due).all()
    if not rows and _restart(connection, connection.execute(_AHEAD, {"now": now}).all(), now, lease):
        rows = connection.execute(DUE, due).all()
    for row in rows:
        # an event whose handler may have killed its worker is claimed alone: others must not share its attempts
        is_shared = events and (row.attempts > 0 or is_retried)
        if row.payment_ref in payments or is_shared:
            continue  # the next claim picks it up
        payments.add(row.payment_ref)
        if row.state == "claimed" and row.due_at < row.received_at:
            # by its worker's clock the lease ends before the event came: the worker may still be running
            _restart(connection, [row], now, lease)
            continue
        changes = _without_handler(row, max_attempts, updates=updates)
        if changes is not None:
            settled += 1
            _settle(connection, row, changes, now)
            continue
        is_retried = row.attempts > 0
        events.append(_event(row, Lease(token, row.payment_ref, expected_sum(row)), cipher))
    if events:
        mine = {"token": token, "until": until}
        connection.execute(_CLAIMED, {"these": [event.id for event in events], "now": now, **mine})
        busy = [lease_of(event).payment_ref for event in events]
        connection.execute(_BUSY, {"these": busy, **mine})
    return Claimed(tuple(events), settled)


def _restart(connection: Connection, rows: Sequence[Any], now: int, lease: int) -> int:
    """Restart impossible times from now, when they are first seen.

    Returns:
        The number of such events.
    """
    for row in rows:
        pause = row.due_at - row.changed_at
        if row.state == "claimed":
            pause = pause if 0 < pause <= LONGEST_LEASE * 1000 else lease
            busy = {"which": row.payment_ref, "token": row.lease_token, "busy_until": now + pause}
            connection.execute(_MY_PAYMENT_CHANGES, busy)
        elif not 0 <= pause <= LONGEST_BACK_OFF * 1000:
            pause = 0
        connection.execute(_EVENT_CHANGES, {"which": row.id, "due_at": now + pause, "changed_at": now})
    return len(rows)


def _without_handler(row: Row[Any], max_attempts: int, *, updates: bool) -> dict[str, Any] | None:
    state = state_name(row.status, row.sub_status)
    if row.final:
        facts = transitions.CallbackFacts(row.status, row.sub_status, row.amount, row.currency, row.payment_type, "")
        if not row.approved and transitions.wrong_amount(expected_sum(row), facts):
            return {"state": "parked", "reason": "amount"}
    elif row.handled in FINAL_STATUSES or not may_follow(row.handled, state, row.payment_type):
        return {"state": "superseded", "reason": "late"}
    elif not updates:
        return {"state": "done", "reason": None}
    if row.attempts >= max_attempts:
        return {"state": "parked", "reason": "attempts"}
    return None


def _settle(connection: Connection, row: Row[Any], changes: dict[str, Any], now: int) -> None:
    payment: dict[str, Any] = {"busy_token": None, "busy_until": None}
    if changes["state"] == "done":
        payment["handled"] = state_name(row.status, row.sub_status)
    if changes["reason"] == "amount":
        # an event with a wrong sum must not block the right one
        key = parked_key("amount", row.project_id, row.normalized_sha256)
        if connection.execute(select(EVENTS.c.id).where(EVENTS.c.event_key == key)).first() is not None:
            # it was parked before, and came again while the right sum was expected
            key = parked_key(f"amount {row.id}", row.project_id, row.normalized_sha256)
        changes = changes | {"event_key": key}
        payment |= {"final_print": None, "state": row.handled}
    values = changes | {"due_at": None, "lease_token": None, "changed_at": now}
    connection.execute(_EVENT_CHANGES, {"which": row.id, **values})
    connection.execute(_PAYMENT_CHANGES, {"which": row.payment_ref, **payment})


def mark_done(connection: Connection, event: CallbackEvent, now: int, *, handled: bool = False) -> None:
    """Mark an event as done, before its handler runs in the same transaction: no other worker can claim it meanwhile.

    Args:
        connection: In a transaction.
        event: As it was claimed.
        now: Unix milliseconds.
        handled: Whether the handler has run already; then it is too late to check the expected sum.

    Raises:
        LeaseLost: Another worker holds it: the transaction must be rolled back.
        ExpectationChanged: It must be claimed again: the transaction must be rolled back.
    """
    lease = lease_of(event)
    values = {"which": event.id, "token": lease.token, "now": now}
    if not handled:
        values["sum_amount"], values["sum_currency"] = lease.expected or (None, None)
    if connection.execute(_DONE if handled else _DONE_AS_EXPECTED, values).rowcount != 1:
        held = select(EVENTS.c.id).where(EVENTS.c.id == event.id, EVENTS.c.lease_token == lease.token)
        raise LeaseLost if handled or connection.execute(held).one_or_none() is None else ExpectationChanged


def finish(connection: Connection, event: CallbackEvent) -> None:
    """Let the next event of the payment be handled, after :func:`mark_done` and the handler.

    Raises:
        LeaseLost: A later event of its payment is being handled: the transaction must be rolled back.
    """
    lease = lease_of(event)
    mine = {"which": lease.payment_ref, "token": lease.token}
    if connection.execute(_HANDLED, {**mine, "payment_state": event.state}).rowcount != 1:
        raise LeaseLost


def fail(connection: Connection, event: CallbackEvent, now: int, *, reason: str, max_attempts: int) -> str:
    """Schedule an event to be handled again, or park it after `max_attempts`.

    Returns:
        Its state: `retry` or `parked`.

    Raises:
        LeaseLost: Another worker holds it.
    """
    if event.attempt >= max_attempts:
        _release(connection, event, {"state": "parked", "reason": "attempts", "due_at": None}, now)
        return "parked"
    due_at = now + int(transitions.back_off(event.attempt) * 1000)
    _release(connection, event, {"state": "retry", "reason": reason, "due_at": due_at}, now)
    return "retry"


def give_back(connection: Connection, events: Sequence[CallbackEvent], now: int) -> None:
    """Release events whose handler was not called."""
    for event in events:
        values = {"state": "received" if event.attempt == 1 else "retry", "due_at": now, "attempts": event.attempt - 1}
        try:
            _release(connection, event, values, now)
        except LeaseLost:
            continue


def _release(connection: Connection, event: CallbackEvent, values: dict[str, Any], now: int) -> None:
    lease = lease_of(event)
    changes = {"which": event.id, "token": lease.token, **values, "lease_token": None, "changed_at": now}
    if connection.execute(_MY_EVENT_CHANGES, changes).rowcount != 1:
        raise LeaseLost
    free = {"which": lease.payment_ref, "token": lease.token, "busy_token": None, "busy_until": None}
    if connection.execute(_MY_PAYMENT_CHANGES, free).rowcount != 1:
        raise LeaseLost


def _event(row: Row[Any], lease: Lease, cipher: BodyCipher | None) -> CallbackEvent:
    same = {name: getattr(row, name) for name in _SAME}
    return CallbackEvent(
        **same,
        status=Status(row.status),
        sub_status=None if row.sub_status is None else SubStatus(row.sub_status),
        key=row.event_key,
        is_final=row.final,
        attempt=row.attempts + 1,
        received_at=row.received_at / 1000,
        _body=row.body,
        _sealed=row.sealed,
        _sha256=row.normalized_sha256,
        _cipher=cipher,
        _lease=lease,
        source="info" if row.key_id == FROM_INFO else "callback",
    )
