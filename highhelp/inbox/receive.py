"""Store a callback in one transaction; only its commit allows the answer 200."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from highhelp.inbox import transitions
from highhelp.inbox.events import associated_data, columns, event_key, facts_from, parked_key, payment_key, unusable
from highhelp.storage.encryption import BodyCipher, readable
from highhelp.storage.tables import EVENTS, OUTBOX, PAYMENTS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Select

    from highhelp_signing import VerifiedCallback

_P, _E = PAYMENTS.alias("p"), EVENTS.alias("e")
_PRINT = select(_E.c.normalized_sha256).where(_E.c.event_key == bindparam("event_key"))
_STALE = select(_E.c.id).where(_E.c.event_key == bindparam("stale_key"), _E.c.state == "parked")
_KNOWN: Select[Any] = select(
    _P.c.id,
    _P.c.state,
    _P.c.final_print,
    _P.c.expected_amount,
    _P.c.expected_currency,
    _PRINT.scalar_subquery().label("print"),
    _STALE.scalar_subquery().label("stale"),
).select_from(
    # one row always, also where there is no payment
    select(literal_column("1").label("x")).subquery("one").outerjoin(_P, _P.c.payment_key == bindparam("payment_key"))
)
_LOCK = select(PAYMENTS).where(PAYMENTS.c.payment_key == bindparam("payment_key")).with_for_update()
_INSERT: dict[str, Any] = {"postgresql": postgres_insert, "sqlite": sqlite_insert}
_NEW_PAYMENT = {
    name: make(PAYMENTS).on_conflict_do_nothing(index_elements=["payment_key"]).returning(PAYMENTS.c.id)
    for name, make in _INSERT.items()
}
_NEW_EVENT = insert(EVENTS).inline()  # its id is not asked for
_NEW_EVENT_ID = insert(EVENTS).returning(EVENTS.c.id)
_TO_PUBLISH = insert(OUTBOX).inline()
_NEW_STATE = update(PAYMENTS).where(PAYMENTS.c.id == bindparam("which"))
_SUPERSEDED = (
    update(EVENTS)
    .where(EVENTS.c.id == bindparam("which"), EVENTS.c.state == "parked")
    .values(state="superseded", reason="said again", changed_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Stored:
    """The result of storing a callback: its state in the inbox, or `duplicate`, with the reason if there is one."""

    state: str
    reason: str | None = None


DUPLICATE = Stored("duplicate")
RECEIVED = Stored("received")


def store(
    connection: Connection,
    callback: VerifiedCallback,
    *,
    refusal: str | None,
    now: int,
    cipher: BodyCipher | None,
    outbox: bool,
) -> Stored:
    """Store a callback of the gateway.

    Args:
        connection: In a transaction, which the caller commits.
        callback: Genuine.
        refusal: Why it is not trusted: `stale`, `ambiguous` or `fields`; None for one in order.
        now: Unix milliseconds.
        cipher: For the raw body.
        outbox: Whether an accepted one is to be published.
    """
    if refusal is None and unusable(callback):
        refusal = "fields"
    row = _new_row(callback, now, cipher)
    key = event_key(callback)
    if refusal is not None:
        # a replay of what was taken in long ago is no news
        repeated = refusal == "stale" and _stored_print(connection, key) == callback.normalized_sha256
        return DUPLICATE if repeated else _park(connection, callback, row, refusal)
    return _store_trusted(connection, callback, row | {"event_key": key}, now=now, outbox=outbox)


def _store_trusted(
    connection: Connection, callback: VerifiedCallback, row: dict[str, Any], *, now: int, outbox: bool
) -> Stored:
    facts, payment = facts_from(callback), None
    ids = {"project_id": callback.project_id, "payment_id": callback.payment_id}
    state = {"state": facts.state} | ({"final_print": facts.final_fingerprint} if facts.final else {})
    keys = {
        "payment_key": payment_key(**ids),
        "event_key": row["event_key"],
        # what was parked because it came too late to be trusted is now said again in time
        "stale_key": parked_key("stale", callback.project_id, callback.normalized_sha256),
    }
    found = connection.execute(_KNOWN, keys).one()
    # the key of a final event is its payment's: another body is for the rules to judge
    if found.print == callback.normalized_sha256:
        return DUPLICATE  # without a lock, without a write
    decision = transitions.decide(payment_record(found), facts)
    if found.id is None and decision == transitions.ACCEPT:
        new = {"payment_key": keys["payment_key"], **ids, "final_print": None, **state}
        payment = connection.execute(_NEW_PAYMENT[connection.dialect.name], new).scalar_one_or_none()
    if payment is None:
        # under the lock once more: another delivery may have been faster; the same one would break the unique key
        locked = lock_payment(connection, **ids)
        payment, decision = locked.id, transitions.decide(payment_record(locked), facts)
        if decision == transitions.ACCEPT:
            connection.execute(_NEW_STATE, {"which": payment, **state})
    row = row | {"payment_ref": payment}
    if decision.verdict == "duplicate":
        return DUPLICATE
    if decision.verdict == "parked":
        return _park(connection, callback, row, str(decision.reason))
    if decision.verdict == "superseded":
        connection.execute(_NEW_EVENT, row | {"state": "superseded", "reason": decision.reason})
        return Stored("superseded", decision.reason)
    accepted = row | {"state": "received", "due_at": now}
    if outbox:
        event_id = connection.execute(_NEW_EVENT_ID, accepted).scalar_one()
        connection.execute(_TO_PUBLISH, {"event_id": event_id, "due_at": now})
    else:
        connection.execute(_NEW_EVENT, accepted)
    if found.stale is not None:
        connection.execute(_SUPERSEDED, {"which": found.stale, "now": now})
    return RECEIVED


def payment_record(payment: Row[Any]) -> transitions.PaymentRecord:
    """Convert a payment's row to what the rules decide on."""
    return transitions.PaymentRecord(payment.state, payment.final_print, expected_sum(payment))


def expected_sum(payment: Row[Any]) -> tuple[int, str] | None:
    """Return the sum that a success must have: minor units and currency."""
    return None if payment.expected_amount is None else (payment.expected_amount, payment.expected_currency)


def lock_payment(connection: Connection, project_id: str, payment_id: str) -> Row[Any]:
    """Return the payment's row, created if absent and locked until the transaction ends."""
    key = payment_key(project_id, payment_id)
    found = connection.execute(_LOCK, {"payment_key": key}).one_or_none()
    if found is not None:
        return found
    values = {"payment_key": key, "project_id": project_id, "payment_id": payment_id}
    connection.execute(_NEW_PAYMENT[connection.dialect.name], values)  # nothing where another transaction was faster
    return connection.execute(_LOCK, {"payment_key": key}).one()


def _stored_print(connection: Connection, key: str) -> str | None:
    return connection.execute(_PRINT, {"event_key": key}).scalar_one_or_none()


def _park(connection: Connection, callback: VerifiedCallback, row: dict[str, Any], reason: str) -> Stored:
    key = parked_key(reason, callback.project_id, callback.normalized_sha256)
    if _stored_print(connection, key) is not None:
        return DUPLICATE
    connection.execute(_NEW_EVENT, row | {"event_key": key, "state": "parked", "reason": reason})
    return Stored("parked", reason)


def _new_row(callback: VerifiedCallback, now: int, cipher: BodyCipher | None) -> dict[str, Any]:
    unset = dict.fromkeys(("payment_ref", "reason", "due_at", "sealed"))
    row = columns(callback) | unset | {"received_at": now, "changed_at": now, "body": _readable(callback)}
    if cipher is not None:
        row["sealed"] = cipher.encrypt(callback.raw, associated_data(row["project_id"], callback.normalized_sha256))
    return row


def _readable(callback: VerifiedCallback) -> str:
    try:
        return readable(callback.body)
    except (RecursionError, ValueError):
        # what cannot be masked is not stored in the clear, but the callback is
        return json.dumps(None)
