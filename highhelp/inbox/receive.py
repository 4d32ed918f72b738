"""Store a callback in one transaction; only its commit allows the answer 200."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from highhelp.inbox import transitions
from highhelp.inbox.events import (
    FROM_INFO,
    associated_data,
    columns,
    event_key,
    facts_from,
    parked_key,
    payment_key,
    unusable,
)
from highhelp.storage.encryption import BodyCipher, readable
from highhelp.storage.tables import EVENTS, OUTBOX, PAYMENTS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Select

    from highhelp_signing import VerifiedCallback

_PRINT = select(EVENTS.c.normalized_sha256).where(EVENTS.c.event_key == bindparam("event_key"))
_END = select(EVENTS).where(EVENTS.c.event_key == bindparam("event_key"))
_STALE = select(EVENTS.c.id).where(EVENTS.c.event_key == bindparam("stale_key"), EVENTS.c.state == "parked")
_KNOWN: Select[Any] = select(
    PAYMENTS, _PRINT.scalar_subquery().label("print"), _STALE.scalar_subquery().label("stale")
).where(PAYMENTS.c.payment_key == bindparam("payment_key"))
_LOCK = select(PAYMENTS).where(PAYMENTS.c.payment_key == bindparam("payment_key")).with_for_update()
_INSERT: dict[str, Any] = {"postgresql": postgres_insert, "sqlite": sqlite_insert}
_NEW_PAYMENT = {
    name: make(PAYMENTS).on_conflict_do_nothing(index_elements=["payment_key"]).returning(PAYMENTS.c.id)
    for name, make in _INSERT.items()
}
_NEW_EVENT = insert(EVENTS).returning(EVENTS.c.id)
_TO_PUBLISH = insert(OUTBOX).inline()
# changes no row if another delivery has changed the payment since it was read
_NEW_STATE = update(PAYMENTS).where(
    PAYMENTS.c.id == bindparam("which"),
    PAYMENTS.c.state.is_not_distinct_from(bindparam("seen")),
    PAYMENTS.c.final_print.is_(None),
)
_SUPERSEDED = (
    update(EVENTS)
    .where(EVENTS.c.event_key == bindparam("stale_key"), EVENTS.c.state == "parked")
    .values(state="superseded", reason="said again", changed_at=bindparam("now"))
)


def _first() -> tuple[list[str], Any]:
    """Combine the three statements for the first event of a payment, so that PostgreSQL needs one round trip."""
    by_default = ("id", "payment_ref", "approved", "attempts")
    names = [column.name for column in EVENTS.c if column.name not in by_default]
    known = ("payment_key", "project_id", "payment_id", "state", "final_print")
    new = _NEW_PAYMENT["postgresql"].values({name: bindparam(f"payment_{name}") for name in known}).cte("new")
    values = select(*(bindparam(f"event_{name}", type_=EVENTS.c[name].type) for name in names), new.c.id)
    stale = _SUPERSEDED.where(exists(select(new.c.id))).cte("stale")
    return names, _NEW_EVENT.from_select([*names, "payment_ref"], values).add_cte(stale)


_FIRST_COLUMNS, _FIRST = _first()


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
        callback: A genuine callback.
        refusal: Why it is not trusted: `stale`, `ambiguous` or `fields`; None if it is.
        now: Unix milliseconds.
        cipher: For the raw body.
        outbox: Whether to publish it if accepted.
    """
    if refusal is None and unusable(callback):
        refusal = "fields"
    row = _new_row(callback, now, cipher)
    key = event_key(callback)
    if refusal is not None:
        # a replay of a callback stored long ago is a duplicate
        repeated = refusal == "stale" and _stored_print(connection, key) == callback.normalized_sha256
        return DUPLICATE if repeated else _park(connection, callback, row, refusal)
    return _store_trusted(connection, callback, row | {"event_key": key}, now=now, outbox=outbox)


def _store_trusted(
    connection: Connection, callback: VerifiedCallback, row: dict[str, Any], *, now: int, outbox: bool
) -> Stored:
    facts = facts_from(callback)
    payment = {
        "payment_key": payment_key(callback.project_id, callback.payment_id),
        "project_id": callback.project_id,
        "payment_id": callback.payment_id,
        "state": facts.state,
        "final_print": facts.final_fingerprint if facts.final else None,
    }
    # a callback that was parked as stale has now come again in time
    stale = {"stale_key": parked_key("stale", callback.project_id, callback.normalized_sha256), "now": now}
    event = row | {"state": "received", "due_at": now}
    event_id = None
    if transitions.decide(transitions.PaymentRecord(), facts) == transitions.ACCEPT:
        event_id = _store_first(connection, payment, event, stale)
    if event_id is None:
        found, decision = _decide(connection, callback, facts, payment, {"event_key": row["event_key"], **stale})
        if decision.verdict == "duplicate":
            return DUPLICATE
        row = row | {"payment_ref": found.id}
        if decision.verdict == "parked":
            return _park(connection, callback, row, str(decision.reason))
        if decision.verdict == "superseded":
            connection.execute(_NEW_EVENT, row | {"state": "superseded", "reason": decision.reason})
            return Stored("superseded", decision.reason)
        event_id = connection.execute(_NEW_EVENT, event | {"payment_ref": found.id}).scalar_one()
        if found.stale is not None:
            connection.execute(_SUPERSEDED, stale)
    if outbox:
        connection.execute(_TO_PUBLISH, {"event_id": event_id, "due_at": now})
    return RECEIVED


def _store_first(
    connection: Connection, payment: dict[str, Any], event: dict[str, Any], stale: dict[str, Any]
) -> int | None:
    """Store an event with its payment and return its id; None if the payment is already known."""
    event_id: int | None = None
    if connection.dialect.name == "postgresql":
        values = {f"payment_{name}": value for name, value in payment.items()}
        values |= {f"event_{name}": event.get(name) for name in _FIRST_COLUMNS}
        event_id = connection.execute(_FIRST, values | stale).scalar_one_or_none()
    elif (made := connection.execute(_NEW_PAYMENT["sqlite"], payment).scalar_one_or_none()) is not None:
        connection.execute(_SUPERSEDED, stale)
        event_id = connection.execute(_NEW_EVENT, event | {"payment_ref": made}).scalar_one()
    return event_id


def _decide(
    connection: Connection,
    callback: VerifiedCallback,
    facts: transitions.CallbackFacts,
    payment: dict[str, Any],
    keys: dict[str, Any],
) -> tuple[Row[Any], transitions.Decision]:
    """Decide by the payment's record, which gets the new state if the callback is accepted."""
    while True:
        found = connection.execute(_KNOWN, {"payment_key": payment["payment_key"], **keys}).one_or_none()
        if found is None:  # its first callback is not accepted
            lock_payment(connection, callback.project_id, callback.payment_id)
            continue
        # the key of a final event covers the whole payment: the rules decide about another body
        if found.print == callback.normalized_sha256:
            return found, transitions.Decision("duplicate")  # without a lock, without a write
        decision = transitions.decide(payment_record(found), facts)
        if decision.reason == "conflict" and _is_same_end(connection, keys["event_key"], callback, facts):
            decision = transitions.Decision("duplicate")
        change = {"which": found.id, "seen": found.state, "state": facts.state, "final_print": payment["final_print"]}
        if decision != transitions.ACCEPT or connection.execute(_NEW_STATE, change).rowcount == 1:
            return found, decision


def _is_same_end(
    connection: Connection, key: str, callback: VerifiedCallback, facts: transitions.CallbackFacts
) -> bool:
    """Whether a payment's final event says the same; one of the two comes from info, which may report fewer facts."""
    row = connection.execute(_END, {"event_key": key}).one_or_none()
    if row is None or FROM_INFO not in (row.key_id, callback.key_id) or row.status != facts.status:
        return False
    reported = (facts.sub_status, facts.amount, facts.currency, facts.payment_type, callback.request_id)
    stored = (row.sub_status, row.amount, row.currency, row.payment_type, row.request_id)
    return not any(None not in pair and pair[0] != pair[1] for pair in zip(reported, stored, strict=True))


def payment_record(payment: Row[Any]) -> transitions.PaymentRecord:
    """Convert a payment's row to the record that the rules use."""
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
    connection.execute(_NEW_PAYMENT[connection.dialect.name], values)  # nothing if another transaction was faster
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
        # a body that cannot be masked is not stored in clear text, but the callback is
        return json.dumps(None)
