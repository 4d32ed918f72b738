"""Administer stored events: list, show, replay, park, count, purge; store expected sums."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from highhelp.errors import HighHelpError
from highhelp.inbox.events import final_key, fingerprint
from highhelp.inbox.receive import lock_payment
from highhelp.inbox.transitions import NEVER_HANDLED, REPLAYABLE, STATES_OF_EVENTS
from highhelp.states import state_name
from highhelp.storage.tables import EVENTS, OUTBOX, PAYMENTS, REFUSED, REFUSED_COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Row

    from highhelp.money import Money

_BATCH = 500
_SHOWN = (
    EVENTS.c.id, EVENTS.c.event_key, EVENTS.c.project_id, EVENTS.c.payment_id, EVENTS.c.request_id, EVENTS.c.status,
    EVENTS.c.sub_status, EVENTS.c.final, EVENTS.c.amount, EVENTS.c.currency, EVENTS.c.payment_type, EVENTS.c.state,
    EVENTS.c.reason, EVENTS.c.attempts, EVENTS.c.key_id, EVENTS.c.signed_at, EVENTS.c.received_at, EVENTS.c.changed_at,
)  # fmt: skip


_REMEDY = "`highhelp reconcile --payins`, or inbox.ask(client, payment_id)"
"""For events that are not trusted: the gateway knows the payment's state."""


class InboxRefusal(HighHelpError):
    """An event cannot be replayed or parked, or does not exist."""


def list_events(
    connection: Connection, *, limit: int, state: str | None = None, payment_id: str | None = None
) -> list[dict[str, Any]]:
    """List events, the newest first."""
    wanted = select(*_SHOWN).order_by(EVENTS.c.id.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(EVENTS.c.state == state)
    if payment_id is not None:
        wanted = wanted.where(EVENTS.c.payment_id == payment_id)
    return [_view(row) for row in connection.execute(wanted)]


def list_rejected(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """List callbacks that were not accepted: genuine ones parked for good, and the sample of forged ones."""
    parked = select(*_SHOWN).where(EVENTS.c.state == "parked", EVENTS.c.reason.in_(sorted(NEVER_HANDLED)))
    sample = select(*(column for column in REFUSED.c if column.name != "slot"))
    genuine = connection.execute(parked.order_by(EVENTS.c.id.desc()).limit(limit))
    forged = connection.execute(sample.order_by(REFUSED.c.received_at.desc()).limit(limit))
    rows = [_view(row) | {"genuine": True} for row in genuine]
    rows += [row._asdict() | {"genuine": False, "received_at": row.received_at / 1000} for row in forged]
    return sorted(rows, key=lambda one: float(one["received_at"]), reverse=True)[:limit]


def get_event(connection: Connection, event_id: int) -> dict[str, Any]:
    """Return one event with its body, sensitive fields masked.

    Raises:
        InboxRefusal: It does not exist.
    """
    row = _row(connection, event_id)
    view = _view(row) | {"body": json.loads(row.body), "sealed": row.sealed is not None}
    return view | {"remedy": _REMEDY} if row.state == "parked" and row.reason in NEVER_HANDLED else view


def replay(connection: Connection, event_id: int, *, now: int, outbox: bool) -> None:
    """Send a parked event to the handler after all.

    Raises:
        InboxRefusal: It is not parked, its reason rules a replay out, or its payment has another final event.
    """
    row = _row(connection, event_id, lock=True)
    if row.state != "parked" or row.reason not in REPLAYABLE:
        described = f"{row.state}: {row.reason}" if row.reason else row.state
        hint = "; query the payment's state with the info operation" if row.state == "parked" else ""
        hint = f"; settle its payment with {_REMEDY}" if row.reason in NEVER_HANDLED else hint
        raise InboxRefusal(f"event {event_id} is {described} and cannot be replayed{hint}")
    values: dict[str, Any] = {"state": "received", "reason": None, "attempts": 0, "due_at": now, "changed_at": now}
    late = row.reason in ("amount", "transition")
    if late:
        payment = lock_payment(connection, row.project_id, row.payment_id)
        if payment.final_print is not None:
            raise InboxRefusal(f"event {event_id}: its payment has had another final event since")
        facts = (row.status, row.sub_status, row.amount, row.currency, row.payment_type, row.request_id)
        accepted = {"final_print": fingerprint(*facts), "state": state_name(row.status, row.sub_status)}
        connection.execute(update(PAYMENTS).where(PAYMENTS.c.id == payment.id).values(**accepted))
        key = final_key(row.project_id, row.payment_id)
        values |= {"event_key": key, "approved": True, "payment_ref": payment.id}
    connection.execute(update(EVENTS).where(EVENTS.c.id == event_id).values(**values))
    if late and outbox:
        known = connection.execute(select(OUTBOX.c.id).where(OUTBOX.c.event_id == event_id)).one_or_none()
        if known is None:
            connection.execute(OUTBOX.insert().values(event_id=event_id, due_at=now))


def park(connection: Connection, event_id: int, *, now: int) -> None:
    """Keep an event from the handler until it is replayed.

    Raises:
        InboxRefusal: It is being handled, or it is finished.
    """
    row = _row(connection, event_id, lock=True)
    if row.state not in ("received", "retry"):
        raise InboxRefusal(f"event {event_id} is {row.state}; only a waiting event can be parked")
    values = {"state": "parked", "reason": "operator", "due_at": None, "changed_at": now}
    connection.execute(update(EVENTS).where(EVENTS.c.id == event_id).values(**values))


def stats(connection: Connection, now: int) -> dict[str, Any]:
    """Count events by state, parked and forged ones by reason; measure how long the oldest has been due.

    That age is zero if no waiting event is due yet, and None if nothing waits.
    """
    counted = dict.fromkeys(STATES_OF_EVENTS, 0)
    parked: dict[str, int] = {}
    query = select(EVENTS.c.state, EVENTS.c.reason, func.count()).group_by(EVENTS.c.state, EVENTS.c.reason)
    for state, reason, number in connection.execute(query):
        counted[state] += number
        if state == "parked":
            parked[reason] = number
    oldest = connection.execute(select(func.min(EVENTS.c.due_at))).scalar_one()
    forged = {row.reason: row.number for row in connection.execute(select(REFUSED_COUNTS))}
    return {
        "states": counted,
        "parked": parked,
        "refused": forged,
        "outbox": connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one(),
        "oldest_due_seconds": None if oldest is None else max(0, now - oldest) / 1000,
    }


def purge(connection: Connection, *, before: int, parked: bool) -> int:
    """Delete at most one batch of finished events and all refused samples from before a moment.

    The record of a payment's end is kept: its final callback is still a duplicate when it comes again.

    Returns:
        How many events were deleted; 0 when none are left.
    """
    states = ["done", "superseded", *(["parked"] if parked else [])]
    waiting = select(OUTBOX.c.event_id)
    old = (
        select(EVENTS.c.id)
        .where(EVENTS.c.changed_at < before, EVENTS.c.state.in_(states), EVENTS.c.id.not_in(waiting))
        .order_by(EVENTS.c.changed_at)
        .limit(_BATCH)
    )
    ids = [row.id for row in connection.execute(old)]
    connection.execute(delete(REFUSED).where(REFUSED.c.received_at < before))
    if ids:
        connection.execute(delete(EVENTS).where(EVENTS.c.id.in_(ids), EVENTS.c.state.in_(states)))
    return len(ids)


def expect(connection: Connection, project_id: str, payment_id: str, money: Money) -> None:
    """Store the sum that a payment must have when it succeeds."""
    payment = lock_payment(connection, project_id, payment_id)
    values = {"expected_amount": money.minor, "expected_currency": money.currency}
    connection.execute(update(PAYMENTS).where(PAYMENTS.c.id == payment.id).values(**values))


def add_rejections(
    connection: Connection, counts: dict[str, int], samples: Iterable[dict[str, Any]], size_of_sample: int
) -> None:
    """Add to the counts of forged callbacks, and the newest ones to the sample."""
    for reason, number in sorted(counts.items()):
        more = update(REFUSED_COUNTS).where(REFUSED_COUNTS.c.reason == reason)
        if connection.execute(more.values(number=REFUSED_COUNTS.c.number + number)).rowcount == 0:
            connection.execute(REFUSED_COUNTS.insert().values(reason=reason, number=number))
    total = connection.execute(select(func.coalesce(func.sum(REFUSED_COUNTS.c.number), 0))).scalar_one()
    for place, sample in enumerate(samples):
        slot = (int(total) + place) % size_of_sample
        connection.execute(delete(REFUSED).where(REFUSED.c.slot == slot))
        connection.execute(REFUSED.insert().values(slot=slot, **sample))


def _row(connection: Connection, event_id: int, *, lock: bool = False) -> Row[Any]:
    wanted = select(EVENTS).where(EVENTS.c.id == event_id)
    found = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise InboxRefusal(f"there is no event {event_id}")
    return found


def _view(row: Any) -> dict[str, Any]:
    view = {column.name: getattr(row, column.name) for column in _SHOWN}
    view["received_at"], view["changed_at"] = row.received_at / 1000, row.changed_at / 1000
    return view
