"""Storing a callback: one transaction, and only its commit allows the answer 200."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, bindparam, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from highhelp.ledger import rules
from highhelp.ledger.events import bound_to, columns, event_key, parked_key, payment_key, told, unusable
from highhelp.ledger.protect import Seal, readable
from highhelp.ledger.schema import EVENTS, OUTBOX, PAYMENTS
from highhelp.ledger.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Insert, Row, Select, Table, TextClause

    from highhelp_signing import VerifiedCallback

_P, _E = PAYMENTS.alias("p"), EVENTS.alias("e")
_PRINT = select(_E.c.normalized_sha256).where(_E.c.event_key == bindparam("event_key"))
_STALE = select(_E.c.id).where(_E.c.event_key == bindparam("stale_key"), _E.c.state == literal_column("'parked'"))
_KNOWN = select(
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
_LOCKED = select(PAYMENTS).where(PAYMENTS.c.payment_key == bindparam("payment_key")).with_for_update()
_MADE = {
    "postgresql": postgres_insert(PAYMENTS).on_conflict_do_nothing(index_elements=["payment_key"]).returning(PAYMENTS),
    "sqlite": sqlite_insert(PAYMENTS).on_conflict_do_nothing(index_elements=["payment_key"]).returning(PAYMENTS),
}
_FIRST = ("payment_key", "project_id", "payment_id", "state", "final_print")
_EVENT = tuple(
    column.name
    for column in EVENTS.columns
    if column.name not in ("id", "reason", "approved", "attempts", "lease_token")
)


def _into(table: Table, *names: str) -> Insert:
    return insert(table).values({name: bindparam(name) for name in names})


def _changed(*names: str) -> Statement:
    change = update(PAYMENTS).where(PAYMENTS.c.id == bindparam("which"))
    return Statement(change.values({name: bindparam(name) for name in names}))


def _known_or_taken(*, outbox: bool) -> Select[Any]:
    """`_KNOWN`, and where there is no such payment its first callback is stored: one statement instead of many.

    PostgreSQL only. What is answered, but for `taken`, is from before.
    """
    first = postgres_insert(PAYMENTS).from_select(_FIRST, select(_given(PAYMENTS, _FIRST, "first_")))
    made = first.on_conflict_do_nothing(index_elements=["payment_key"]).returning(PAYMENTS.c.id).cte("made")
    names = [name for name in _EVENT if name != "payment_ref"]
    event = insert(EVENTS).from_select(["payment_ref", *names], select(made.c.id, _given(EVENTS, names)))
    taken = event.returning(EVENTS.c.id).cte("event")
    known = _KNOWN.add_columns(select(taken.c.id).scalar_subquery().label("taken"))
    if not outbox:
        return known
    out = insert(OUTBOX).from_select(["event_id", "due_at"], select(taken.c.id, _given(OUTBOX, ["due_at"])))
    return known.add_cte(out.cte("out"))


def _given(table: Table, names: Sequence[str], prefix: str = "") -> TextClause:
    # as text: SQLAlchemy would name each column, and the driver pays for every letter
    types = {name: table.c[name].type for name in names}
    listed = [
        f"CAST(:{prefix}{name} AS BYTEA)" if isinstance(kind, LargeBinary) else f":{prefix}{name}"
        for name, kind in types.items()
    ]
    return text(", ".join(listed)).bindparams(
        *[bindparam(f"{prefix}{name}", type_=kind) for name, kind in types.items()]
    )


_LOOK, _LOOK_FOR_PRINT, _LOCK = Statement(_KNOWN), Statement(_PRINT), Statement(_LOCKED)
_LOOK_OR_TAKE = {outbox: Statement(_known_or_taken(outbox=outbox)) for outbox in (False, True)}
_NEW_PAYMENT = Statement(_into(PAYMENTS, *_FIRST))
_NEW_EVENT = Statement(_into(EVENTS, *_EVENT, "reason"))
_NEW_EVENT_ID = Statement(_into(EVENTS, *_EVENT, "reason").returning(EVENTS.c.id))
_NEXT_STATE, _END = _changed("state"), _changed("state", "final_print")
_OUT = Statement(_into(OUTBOX, "event_id", "due_at"))
_SAID_AGAIN = Statement(
    update(EVENTS)
    .where(EVENTS.c.id == bindparam("stale"), EVENTS.c.state == literal_column("'parked'"))
    .values(state=literal_column("'superseded'"), reason=literal_column("'said again'"), changed_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a callback: its state in the inbox, or `duplicate`; with the reason, if there is one."""

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
    facts = told(callback)
    ids = {"project_id": callback.project_id, "payment_id": callback.payment_id}
    new = _New(
        callback,
        facts,
        row | {"event_key": key, "state": "received", "due_at": now, "reason": None},
        {
            "payment_key": payment_key(**ids),
            **ids,
            "state": facts.state,
            "final_print": facts.final_print if facts.final else None,
        },
        # what was parked because it came too late to be trusted is now said again in time
        parked_key("stale", callback.project_id, callback.normalized_sha256),
        now,
        outbox,
    )
    # on SQLite a transaction that may write is the only one: what is read stays so
    found = new.look(connection) if connection.dialect.name == "sqlite" else _look_under_lock(connection, new)
    if found is None:
        return RECEIVED
    return DUPLICATE if new.is_stored(found) else _judge(connection, new, found)


@dataclass(frozen=True, slots=True)
class _New:
    """A callback whose word is to be taken, and the rows that it makes where it is accepted."""

    callback: VerifiedCallback
    facts: rules.Told
    event: dict[str, Any]
    payment: dict[str, Any]
    stale_key: str
    now: int
    outbox: bool

    @property
    def keys(self) -> dict[str, str]:
        return {
            "payment_key": self.payment["payment_key"],
            "event_key": self.event["event_key"],
            "stale_key": self.stale_key,
        }

    def look(self, connection: Connection) -> Row[Any]:
        return _LOOK(connection, self.keys).one()

    def is_stored(self, found: Row[Any]) -> bool:
        # the key of a final event is its payment's: another body is for the rules to judge
        return bool(found.print == self.callback.normalized_sha256)


def _look_under_lock(connection: Connection, new: _New) -> Row[Any] | None:
    """What is known of the payment, which is locked; None where it was the first callback, and is stored by now."""
    if rules.decide(rules.Known(), new.facts) == rules.ACCEPT:
        values = {f"first_{name}": value for name, value in new.payment.items()} | new.event | new.keys
        found = _LOOK_OR_TAKE[new.outbox](connection, values).one()
        if found.taken is not None:
            _say_again(connection, new, found)
            return None
    else:
        found = new.look(connection)
    if new.is_stored(found):
        return found  # without a lock, without a write
    lock_payment(connection, new.callback.project_id, new.callback.payment_id)
    # under the lock once more: another delivery may have been faster
    return new.look(connection)


def _judge(connection: Connection, new: _New, found: Row[Any]) -> Stored:
    decision = rules.decide(known(found), new.facts)
    if decision.verdict == "accept":
        return _accept(connection, new, found)
    if decision.verdict == "duplicate":
        return DUPLICATE
    row = {**new.event, "payment_ref": found.id, "due_at": None}
    if decision.verdict == "parked":
        return _park(connection, new.callback, row, str(decision.reason))
    _NEW_EVENT(connection, row | {"state": "superseded", "reason": decision.reason})
    return Stored("superseded", decision.reason)


def _accept(connection: Connection, new: _New, found: Row[Any]) -> Stored:
    ref = found.id
    if ref is None:
        ref = _NEW_PAYMENT(connection, new.payment).lastrowid
    else:
        (_END if new.facts.final else _NEXT_STATE)(connection, {"which": ref, **new.payment})
    event = {**new.event, "payment_ref": ref}
    if new.outbox:
        event_id = _NEW_EVENT_ID(connection, event).scalar_one()
        _OUT(connection, {"event_id": event_id, "due_at": new.now})
    else:
        _NEW_EVENT(connection, event)
    _say_again(connection, new, found)
    return RECEIVED


def _say_again(connection: Connection, new: _New, found: Row[Any]) -> None:
    if found.stale is not None:
        _SAID_AGAIN(connection, {"stale": found.stale, "now": new.now})


def known(payment: Row[Any]) -> rules.Known:
    """What the rules look at."""
    return rules.Known(payment.state, payment.final_print, expected_sum(payment))


def expected_sum(payment: Row[Any]) -> tuple[int, str] | None:
    """The sum that a success must bring, in minor units with its currency."""
    return None if payment.expected_amount is None else (payment.expected_amount, payment.expected_currency)


def lock_payment(connection: Connection, project_id: str, payment_id: str) -> Row[Any]:
    """The payment's row, made if absent, locked until the transaction ends."""
    key = payment_key(project_id, payment_id)
    found = _LOCK(connection, {"payment_key": key}).one_or_none()
    if found is not None:
        return found
    values = {"payment_key": key, "project_id": project_id, "payment_id": payment_id}
    made = connection.execute(_MADE[connection.dialect.name], values).one_or_none()
    # none is made where another transaction was faster
    return made if made is not None else _LOCK(connection, {"payment_key": key}).one()


def _is_stored(connection: Connection, key: str, callback: VerifiedCallback) -> bool:
    return bool(_LOOK_FOR_PRINT(connection, {"event_key": key}).scalar_one_or_none() == callback.normalized_sha256)


def _park(connection: Connection, callback: VerifiedCallback, row: dict[str, Any], reason: str) -> Stored:
    key = parked_key(reason, callback.project_id, callback.normalized_sha256)
    if _LOOK_FOR_PRINT(connection, {"event_key": key}).one_or_none() is not None:
        return DUPLICATE
    values = {"payment_ref": None, **row, "event_key": key, "state": "parked", "reason": reason, "due_at": None}
    _NEW_EVENT(connection, values)
    return Stored("parked", reason)


def _new_row(callback: VerifiedCallback, now: int, seal: Seal | None) -> dict[str, Any]:
    row = columns(callback) | {"received_at": now, "changed_at": now, "body": _readable(callback), "sealed": None}
    if seal is not None:
        row["sealed"] = seal.close(callback.raw, bound_to(row["project_id"], callback.normalized_sha256))
    return row


def _readable(callback: VerifiedCallback) -> str:
    try:
        return readable(callback.body)
    except (RecursionError, ValueError):
        # what cannot be masked is not stored in the clear, but the callback is
        return json.dumps(None)
