"""Who handles an event: claimed with a lease, held while the handler runs, done only under the lease's token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, update

from highhelp.ledger import rules
from highhelp.ledger.events import CallbackEvent, Lease, parked_key
from highhelp.ledger.receiving import expected_sum
from highhelp.ledger.schema import EVENTS, PAYMENTS
from highhelp_api.contract import FINAL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, Select

    from highhelp.ledger.protect import Seal


# Statements are made once: to put one together costs several times what it costs to execute it.
_EVENT_CHANGES = update(EVENTS).where(EVENTS.c.id == bindparam("which"))
_PAYMENT_CHANGES = update(PAYMENTS).where(PAYMENTS.c.id == bindparam("which"))
_MINE = (
    EVENTS.c.id == bindparam("which"),
    EVENTS.c.state == "claimed",
    EVENTS.c.lease_token == bindparam("token"),
)
_HOLD = select(EVENTS.c.id).where(*_MINE).with_for_update()
_MY_EVENT_CHANGES = update(EVENTS).where(*_MINE)
_MY_PAYMENT_CHANGES = _PAYMENT_CHANGES.where(PAYMENTS.c.busy_token == bindparam("token"))


class LeaseLost(Exception):
    """Another worker has the event by now: nothing of this attempt may be stored."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought.

    Attributes:
        events: To be handled, in order.
        settled: How many were settled without a handler.
    """

    events: tuple[CallbackEvent, ...]
    settled: int


def due(now: int, most: int) -> Select[Any]:
    """The events that may be claimed, none of a payment of which one is being handled."""
    free = or_(PAYMENTS.c.busy_until.is_(None), PAYMENTS.c.busy_until <= now)
    return (
        select(
            EVENTS,
            PAYMENTS.c.handled,
            PAYMENTS.c.expected_amount,
            PAYMENTS.c.expected_currency,
        )
        .join(PAYMENTS, PAYMENTS.c.id == EVENTS.c.payment_ref)
        .where(EVENTS.c.due_at <= now, free)
        .order_by(EVENTS.c.due_at, EVENTS.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def claim(
    connection: Connection,
    *,
    now: int,
    lease: int,
    most: int,
    max_attempts: int,
    updates: bool,
    seal: Seal | None,
) -> Claimed:
    """Lease what is due, and settle what needs no handler.

    Args:
        connection: In a transaction, which the caller commits.
        now: Unix milliseconds.
        lease: Milliseconds.
        most: How many at most.
        max_attempts: An event that was begun so often is parked.
        updates: Whether there is a handler for informative events; without one they are done.
        seal: To open sealed bodies.
    """
    events: list[CallbackEvent] = []
    payments: set[int] = set()
    settled = 0
    for row in connection.execute(due(now, most)).all():
        if row.payment_ref in payments:
            continue  # one at a time; it is found again
        payments.add(row.payment_ref)
        changes = _without_handler(row, max_attempts, updates=updates)
        if changes is not None:
            settled += 1
            _settle(connection, row, changes, now)
            continue
        token = secrets.token_hex(16)
        until = now + lease
        attempts = row.attempts + 1
        values = {"state": "claimed", "due_at": until, "lease_token": token, "attempts": attempts, "changed_at": now}
        connection.execute(_EVENT_CHANGES, {"which": row.id, **values})
        busy = {"busy_token": token, "busy_until": until}
        connection.execute(_PAYMENT_CHANGES, {"which": row.payment_ref, **busy})
        events.append(_event(row, attempts, Lease(token, row.payment_ref, until), seal))
    return Claimed(tuple(events), settled)


def _without_handler(row: Row[Any], max_attempts: int, *, updates: bool) -> dict[str, Any] | None:
    state = rules.state_name(row.status, row.sub_status)
    if row.final:
        facts = rules.Told(row.status, row.sub_status, row.amount, row.currency, row.payment_type, "")
        if not row.approved and rules.wrong_amount(expected_sum(row), facts):
            return {"state": "parked", "reason": "amount"}
    elif row.handled in FINAL_STATUSES or not rules.may_follow(row.handled, state, row.payment_type):
        return {"state": "superseded", "reason": "late"}
    elif not updates:
        return {"state": "done", "reason": None}
    if row.attempts >= max_attempts:
        return {"state": "parked", "reason": "attempts"}
    return None


def _settle(connection: Connection, row: Row[Any], changes: dict[str, Any], now: int) -> None:
    payment: dict[str, Any] = {"busy_token": None, "busy_until": None}
    if changes["state"] == "done":
        payment["handled"] = rules.state_name(row.status, row.sub_status)
    if changes["reason"] == "amount":
        # a wrong sum must not stand in the way of the right one
        changes = changes | {"event_key": parked_key("amount", row.project_id, row.normalized_sha256)}
        payment |= {"final_print": None, "state": row.handled}
    values = changes | {"due_at": None, "lease_token": None, "changed_at": now}
    connection.execute(_EVENT_CHANGES, {"which": row.id, **values})
    connection.execute(_PAYMENT_CHANGES, {"which": row.payment_ref, **payment})


def hold(connection: Connection, event: CallbackEvent) -> None:
    """Lock the event for the transaction in which its handler runs.

    Raises:
        LeaseLost: Another worker has it.
    """
    if connection.execute(_HOLD, {"which": event.id, "token": event._lease.token}).one_or_none() is None:  # noqa: SLF001 - a handler has no use for it
        raise LeaseLost


def finish(connection: Connection, event: CallbackEvent, now: int) -> None:
    """Mark an event as done.

    Raises:
        LeaseLost: Another worker has it, or a later event of its payment: the transaction must be rolled back.
    """
    _release(connection, event, {"state": "done", "reason": None, "due_at": None}, now, handled=event.state)


def fail(connection: Connection, event: CallbackEvent, now: int, *, reason: str, max_attempts: int) -> str:
    """Let an event be handled again later, or park it after so many attempts.

    Returns:
        Its state: `retry` or `parked`.

    Raises:
        LeaseLost: Another worker has it.
    """
    if event.attempt >= max_attempts:
        _release(connection, event, {"state": "parked", "reason": "attempts", "due_at": None}, now)
        return "parked"
    due_at = now + int(rules.back_off(event.attempt) * 1000)
    _release(connection, event, {"state": "retry", "reason": reason, "due_at": due_at}, now)
    return "retry"


def give_back(connection: Connection, events: Sequence[CallbackEvent], now: int) -> None:
    """Release events whose handler was not begun."""
    for event in events:
        values = {"state": "received" if event.attempt == 1 else "retry", "due_at": now, "attempts": event.attempt - 1}
        try:
            _release(connection, event, values, now)
        except LeaseLost:
            continue


def _release(
    connection: Connection, event: CallbackEvent, values: dict[str, Any], now: int, handled: str | None = None
) -> None:
    lease = event._lease  # noqa: SLF001 - a handler has no use for it
    changes = {"which": event.id, "token": lease.token, **values, "lease_token": None, "changed_at": now}
    if connection.execute(_MY_EVENT_CHANGES, changes).rowcount != 1:
        raise LeaseLost
    payment: dict[str, Any] = {"busy_token": None, "busy_until": None}
    if handled is not None:
        payment["handled"] = handled
    mine = {"which": lease.payment_ref, "token": lease.token}
    if connection.execute(_MY_PAYMENT_CHANGES, mine | payment).rowcount != 1:
        raise LeaseLost


def _event(row: Row[Any], attempt: int, lease: Lease, seal: Seal | None) -> CallbackEvent:
    return CallbackEvent(
        id=row.id,
        key=row.event_key,
        project_id=row.project_id,
        payment_id=row.payment_id,
        request_id=row.request_id,
        status=row.status,
        sub_status=row.sub_status,
        is_final=row.final,
        amount=row.amount,
        currency=row.currency,
        payment_type=row.payment_type,
        attempt=attempt,
        received_at=row.received_at / 1000,
        _body=row.body,
        _sealed=row.sealed,
        _sha256=row.normalized_sha256,
        _seal=seal,
        _lease=lease,
    )
