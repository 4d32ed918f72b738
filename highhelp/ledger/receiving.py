"""Storing a callback: one transaction, and only its commit allows the answer 200."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from highhelp.ledger import rules
from highhelp.ledger.events import bound_to, columns, event_key, parked_key, payment_key, told, unusable
from highhelp.ledger.protect import Seal, readable
from highhelp.ledger.schema import EVENTS, OUTBOX, PAYMENTS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from highhelp_signing import VerifiedCallback

# Statements are made once: to put one together costs several times what it costs to execute it.
_PRINT_OF = select(EVENTS.c.normalized_sha256).where(EVENTS.c.event_key == bindparam("key"))
_PAYMENT = select(PAYMENTS).where(PAYMENTS.c.payment_key == bindparam("key")).with_for_update()
_NEW_PAYMENT = {
    "postgresql": postgres_insert(PAYMENTS).on_conflict_do_nothing(index_elements=["payment_key"]).returning(PAYMENTS),
    "sqlite": sqlite_insert(PAYMENTS).on_conflict_do_nothing(index_elements=["payment_key"]).returning(PAYMENTS),
}
_NEW_EVENT = insert(EVENTS).returning(EVENTS.c.id)
_PAYMENT_CHANGES = update(PAYMENTS).where(PAYMENTS.c.id == bindparam("which"))
_SAID_AGAIN = (
    update(EVENTS)
    .where(EVENTS.c.event_key == bindparam("stale_key"), EVENTS.c.state == "parked")
    .values(state="superseded", reason="said again", changed_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a callback: its state in the inbox, or `duplicate`; with the reason, if there is one."""

    state: str
    reason: str | None = None


DUPLICATE = Stored("duplicate")


def store(
    connection: Connection,
    callback: VerifiedCallback,
    *,
    refusal: str | None,
    now: int,
    seal: Seal | None,
    outbox: bool,
) -> Stored:
    """Take in a callback of the gateway.

    Args:
        connection: In a transaction, which the caller commits.
        callback: Genuine.
        refusal: Why its word is not taken: `stale`, `ambiguous` or `fields`; None for one in order.
        now: Unix milliseconds.
        seal: For the raw body.
        outbox: Whether an accepted one is to be published.
    """
    if refusal is None and unusable(callback):
        refusal = "fields"
    row = _new_row(callback, now, seal)
    key = event_key(callback)
    if refusal is not None:
        # a replay of what was taken in long ago is no news
        repeated = refusal == "stale" and _is_stored(connection, key, callback)
        return DUPLICATE if repeated else _park(connection, callback, row, refusal)
    if _is_stored(connection, key, callback):
        return DUPLICATE  # without a lock, without a write
    payment = lock_payment(connection, callback.project_id, callback.payment_id)
    decision = rules.decide(known(payment), told(callback))
    # under the lock once more: another delivery may have been faster; it would have given the payment a state
    if decision.verdict == "duplicate" or (payment.state is not None and _is_stored(connection, key, callback)):
        return DUPLICATE
    row["payment_ref"] = payment.id
    if decision.verdict == "accept":
        return _accept(connection, callback, row, now, outbox=outbox)
    if decision.verdict == "parked":
        return _park(connection, callback, row, str(decision.reason))
    connection.execute(insert(EVENTS).values(**row, event_key=key, state="superseded", reason=decision.reason))
    return Stored("superseded", decision.reason)


def _accept(
    connection: Connection, callback: VerifiedCallback, row: dict[str, Any], now: int, *, outbox: bool
) -> Stored:
    values = {**row, "event_key": event_key(callback), "state": "received", "due_at": now}
    event_id = connection.execute(_NEW_EVENT, values).scalar_one()
    facts = told(callback)
    changes: dict[str, Any] = {"which": row["payment_ref"], "state": facts.state}
    if facts.final:
        changes["final_print"] = facts.final_print
    connection.execute(_PAYMENT_CHANGES, changes)
    # what was parked because it came too late to be trusted has now been said again in time
    stale = parked_key("stale", callback.project_id, callback.normalized_sha256)
    connection.execute(_SAID_AGAIN, {"stale_key": stale, "now": now})
    if outbox:
        connection.execute(insert(OUTBOX).values(event_id=event_id, due_at=now))
    return Stored("received")


def known(payment: Row[Any]) -> rules.Known:
    """What the rules look at."""
    return rules.Known(payment.state, payment.final_print, expected_sum(payment))


def expected_sum(payment: Row[Any]) -> tuple[int, str] | None:
    """The sum that a success must bring, in minor units with its currency."""
    return None if payment.expected_amount is None else (payment.expected_amount, payment.expected_currency)


def lock_payment(connection: Connection, project_id: str, payment_id: str) -> Row[Any]:
    """The payment's row, made if absent, locked until the transaction ends."""
    key = payment_key(project_id, payment_id)
    found = connection.execute(_PAYMENT, {"key": key}).one_or_none()
    if found is not None:
        return found
    values = {"payment_key": key, "project_id": project_id, "payment_id": payment_id}
    made = connection.execute(_NEW_PAYMENT[connection.dialect.name], values).one_or_none()
    # none is made where another transaction was faster
    return made if made is not None else connection.execute(_PAYMENT, {"key": key}).one()


def _is_stored(connection: Connection, key: str, callback: VerifiedCallback) -> bool:
    found = connection.execute(_PRINT_OF, {"key": key}).scalar_one_or_none()
    # the key of a final event is its payment's: another body is for the rules to judge
    return found is not None and found == callback.normalized_sha256


def _park(connection: Connection, callback: VerifiedCallback, row: dict[str, Any], reason: str) -> Stored:
    key = parked_key(reason, callback.project_id, callback.normalized_sha256)
    if connection.execute(select(EVENTS.c.id).where(EVENTS.c.event_key == key)).one_or_none() is not None:
        return DUPLICATE
    connection.execute(insert(EVENTS).values(**row, event_key=key, state="parked", reason=reason))
    return Stored("parked", reason)


def _new_row(callback: VerifiedCallback, now: int, seal: Seal | None) -> dict[str, Any]:
    row = columns(callback) | {"received_at": now, "changed_at": now, "body": _readable(callback)}
    if seal is not None:
        row["sealed"] = seal.close(callback.raw, bound_to(row["project_id"], callback.normalized_sha256))
    return row


def _readable(callback: VerifiedCallback) -> str:
    try:
        return readable(callback.body)
    except (RecursionError, ValueError):
        # what cannot be masked is not stored in the clear, but the callback is
        return json.dumps(None)
