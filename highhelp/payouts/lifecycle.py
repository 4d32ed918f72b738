"""Change the state of a payout. Each function is part of one transaction; times are Unix milliseconds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from highhelp.payouts.intents import (
    ADOPTED,
    ANOTHER,
    BY_A_PERSON,
    CHANGED_ID,
    NOT_KNOWN_TO_BE_OURS,
    UNSETTLED,
    WITHOUT_BODY,
    Payout,
    PayoutBusy,
    PayoutConflict,
    PayoutRefusal,
    PayoutUnsettled,
    UnsettledIntent,
    gateway_problem,
    intent_key,
    is_same_body,
    row_by_key,
    rows_of_keys,
    to_payout,
)
from highhelp.states import may_follow, state_name
from highhelp.storage.tables import PAYOUTS
from highhelp_api.contract import FINAL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from highhelp.payouts.intents import Facts, Intent

Decision = Literal["adopt", "refuse", "release"]

_NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}

# statements for every payout are built once; the given parameters decide which columns are set
_LOCK = select(*WITHOUT_BODY).where(PAYOUTS.c.intent_key == bindparam("key")).with_for_update()
_INSERTS: dict[str, Any] = {"postgresql": postgres_insert(PAYOUTS), "sqlite": sqlite_insert(PAYOUTS)}
_STORE = {name: insert.on_conflict_do_nothing(index_elements=["intent_key"]) for name, insert in _INSERTS.items()}
# stores a new intent as being sent, or takes one that was prepared with the same body for the same gateway
_BEGUN = ("state", "reason", "confirmed", "lease_token", "lease_until", "attempt_over_at", "changed_at")
_SAME = ("operation", "fingerprint", "fingerprint_key", "gateway")
_TAKE = {
    name: insert.on_conflict_do_update(
        index_elements=["intent_key"],
        set_={column: insert.excluded[column] for column in _BEGUN} | {"attempts": PAYOUTS.c.attempts + 1},
        where=and_(PAYOUTS.c.state == "prepared", *(PAYOUTS.c[column] == insert.excluded[column] for column in _SAME)),
    ).returning(*WITHOUT_BODY)
    for name, insert in _INSERTS.items()
}
_CHANGE = update(PAYOUTS).where(PAYOUTS.c.id == bindparam("row_id"))
_BEGIN = _CHANGE.where(
    PAYOUTS.c.state == bindparam("old_state"), PAYOUTS.c.attempts == bindparam("old_attempts")
).returning(*WITHOUT_BODY)
_END = update(PAYOUTS).where(
    PAYOUTS.c.intent_key == bindparam("key"), PAYOUTS.c.lease_token == bindparam("token"), PAYOUTS.c.state == "sent"
)


@dataclass(frozen=True, slots=True)
class SendLease:
    """The right to send a payout, unless it is settled: then nothing is to be sent.

    Attributes:
        row: The payout's, with the lease.
        settled: The payout, if it is settled.
    """

    row: Row[Any] = field(repr=False)
    settled: Payout | None = None

    @property
    def token(self) -> str:
        """The proof of the right: while the row has this token, nobody else has changed its state."""
        token: str = self.row.lease_token
        return token


# --- sending -------------------------------------------------------------------------------------------------------


def prepare(connection: Connection, intents: Sequence[Intent], *, now: int) -> list[Payout | PayoutConflict]:
    """Store new intents without sending them.

    Returns:
        Each as it is stored, or an error if it is stored with another body.
    """
    make = _STORE[connection.dialect.name]
    connection.execute(make, [_new_row(intent, now, state="prepared") for intent in intents])
    rows = rows_of_keys(connection, [intent.key for intent in intents])
    return [_prepared(intent, rows[intent.key]) for intent in intents]


def _prepared(intent: Intent, row: Row[Any]) -> Payout | PayoutConflict:
    try:
        _check_body(intent, row)
    except PayoutConflict as error:
        return error
    return to_payout(row)


def acquire(connection: Connection, intent: Intent, *, now: int, lease: int) -> SendLease:
    """Take the right to send. Its commit comes before the first byte leaves.

    Raises:
        PayoutConflict, PayoutBusy, PayoutUnsettled: Nothing may be sent.
        SettingsError: The key of its fingerprint is missing.
    """
    token, until = secrets.token_hex(16), now + lease
    values = {
        "state": "sent",
        "reason": None,
        "confirmed": False,
        "lease_token": token,
        "lease_until": until,
        "attempt_over_at": until,
        "changed_at": now,
    }
    new = _new_row(intent, now, **values, attempts=1)
    taken = connection.execute(_TAKE[connection.dialect.name], new).one_or_none()
    if taken is not None:
        return SendLease(taken)
    row = row_by_key(connection, intent.key, intent.payment_id, locked=True)
    _check_body(intent, row)
    payout = to_payout(row)
    if problem := gateway_problem(intent, row.gateway):
        raise PayoutConflict(intent.payment_id, problem)
    if row.state == "settled":
        return SendLease(row, payout)
    _check_may_be_sent(payout, now=now, until=until)
    # the row is locked; the condition guards against later changes of this code
    as_seen = {"row_id": row.id, "old_state": row.state, "old_attempts": row.attempts}
    taken = connection.execute(_BEGIN, as_seen | values | {"attempts": row.attempts + 1}).one_or_none()
    if taken is None:
        raise PayoutBusy(intent.payment_id, until / 1000)
    return SendLease(taken)


def _new_row(intent: Intent, now: int, **values: Any) -> dict[str, Any]:
    return {**intent.columns, "created_at": now, "changed_at": now, **values}


def _check_body(intent: Intent, row: Row[Any]) -> None:
    if not is_same_body(intent, row):
        raise PayoutConflict(intent.payment_id, "was prepared with another body; nothing was sent")


def _check_may_be_sent(payout: Payout, *, now: int, until: int) -> None:
    busy_until = (payout.busy_until or 0) * 1000
    if payout.state == "sent" and busy_until > now:
        # a lease that ends later than ours would must come from a wrong clock
        raise PayoutBusy(payout.payment_id, min(busy_until, until) / 1000)
    if payout.state == "needs_review":
        text = f"{payout.reason}; decide with `highhelp payouts adopt` or `highhelp payouts refuse`"
        raise PayoutUnsettled(payout.payment_id, text)
    if payout.state == "refused" and payout.reason == BY_A_PERSON:
        text = "was refused by a person; nothing was sent. `highhelp payouts release` lets it be sent again"
        raise PayoutUnsettled(payout.payment_id, text)
    if payout.is_unsettled:
        text = "an earlier attempt may have arrived; call recover() or run `highhelp payouts recover` first"
        raise PayoutUnsettled(payout.payment_id, text)


def end_attempt(
    connection: Connection, intent: Intent, token: str, *, state: str, reason: str, sent: bool, now: int
) -> Payout:
    """End an attempt that did not settle the payout. If the lease was lost, nothing is written.

    Args:
        connection: Of the transaction.
        intent: The intent.
        token: Of the lease.
        state: The new state.
        reason: Why.
        sent: Whether a byte of the attempt may have left the machine.
        now: When it ended.
    """
    values: dict[str, Any] = {"state": state, "reason": reason, "changed_at": now, "attempt_over_at": now} | _NO_LEASE
    if sent:
        values["sent_before"] = True
    _restore_if_gone(connection, intent, now, token)
    connection.execute(_END, {"key": intent.key, "token": token} | values)
    return to_payout(row_by_key(connection, intent.key))


def _restore_if_gone(connection: Connection, intent: Intent, now: int, token: str | None = None) -> None:
    """Store an intent again if its row is gone: the database failed over to a standby that never received it."""
    row = _new_row(intent, now, state="sent", lease_token=token, attempt_over_at=now, attempts=1)
    connection.execute(_STORE[connection.dialect.name], row)


# --- reports of the gateway ------------------------------------------------------------------------------------------


def settle(
    connection: Connection,
    key: str,
    facts: Facts,
    *,
    now: int,
    gateway: str | None = None,
    sent: Intent | None = None,
    lease: SendLease | None = None,
    refused: bool = False,
    receiver_matches: bool = False,
) -> Payout | None:
    """Store the gateway's facts of a payment. They hold regardless of who received them, so no lease is needed.

    Args:
        connection: Of the transaction.
        key: The intent's.
        facts: As reported.
        now: The time.
        gateway: The gateway that reported them, for rows that do not name one.
        sent: The intent, if it was sent just now: it is stored again if its row is gone.
        lease: With `sent`: its lease. The row is read again only if it has changed since.
        refused: Whether the current attempt was refused: then it does not show that the payment is ours.
        receiver_matches: Whether the gateway reports the receiver of this payout.

    Returns:
        The payout, or None if there is no such intent.
    """

    def after(row: Row[Any]) -> dict[str, Any]:
        values = _after_facts(row, facts, refused=refused, receiver_matches=receiver_matches)
        is_unnamed = row.gateway is None and gateway is not None and values.get("state") == "settled"
        return values | {"gateway": gateway} if is_unnamed else values

    if lease is not None:
        values = after(lease.row) | {"changed_at": now}
        if connection.execute(_END, {"key": key, "token": lease.token} | values).rowcount == 1:
            return to_payout(lease.row, values)
    row = connection.execute(_LOCK, {"key": key}).one_or_none()
    if row is None and sent is not None:
        _restore_if_gone(connection, sent, now)
        row = row_by_key(connection, key)
    if row is None:
        return None
    values = after(row)
    if any(getattr(row, name) != value for name, value in values.items()):
        values["changed_at"] = now
        connection.execute(_CHANGE, {"row_id": row.id} | values)
    return to_payout(row, values)


def _after_facts(row: Row[Any], facts: Facts, *, refused: bool, receiver_matches: bool) -> dict[str, Any]:
    match = facts.match(row)
    attempted = (row.state in UNSETTLED and not refused) or row.doubtful
    is_decided = row.state == "refused" and row.reason == BY_A_PERSON
    if is_decided and (match.differs or not (attempted or row.sent_before)):
        return {}  # a person has decided that this payment is not this payout
    if match.differs:
        # a settled payout stays settled; any other must not be sent again before a person has looked
        kept = "settled" if row.state == "settled" else "needs_review"
        return {"state": kept, "reason": ANOTHER} | _NO_LEASE
    reason: str | None
    if row.state in ("settled", "needs_review"):
        state, reason = row.state, row.reason
    elif attempted:
        state, reason = "settled", None
    elif match.is_same and (row.sent_before or receiver_matches):
        state, reason = "settled", ADOPTED
    else:
        state, reason = "needs_review", NOT_KNOWN_TO_BE_OURS
    return {"state": state} | _NO_LEASE | _newest_status(row, facts, reason)


def _newest_status(row: Row[Any], facts: Facts, reason: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {"reason": reason}
    reported = state_name(facts.status, facts.sub_status)
    known = None if row.status is None else state_name(row.status, row.sub_status)
    if row.status not in FINAL_STATUSES and may_follow(known, reported, "payout"):
        values |= {"status": facts.status, "sub_status": facts.sub_status}
    elif row.status in FINAL_STATUSES and facts.status in FINAL_STATUSES and facts.status != row.status:
        values["reason"] = f"{row.status}, later {facts.status}"
    if row.request_id is None:
        values["request_id"] = facts.request_id
    elif facts.request_id not in (None, row.request_id):
        values["reason"] = CHANGED_ID  # it is not documented whether it identifies the payment or the call
    return values


def unsettled(
    connection: Connection, project_id: str, *, now: int, payment_id: str | None = None
) -> list[UnsettledIntent]:
    """List the intents that have to be queried: their senders are gone."""
    dead = or_(PAYOUTS.c.lease_until.is_(None), PAYOUTS.c.lease_until <= now)
    refused = and_(PAYOUTS.c.state == "refused", PAYOUTS.c.confirmed.is_(False))
    open_ends = or_(PAYOUTS.c.state.in_(UNSETTLED), refused)
    wanted = select(*WITHOUT_BODY).where(PAYOUTS.c.project_id == project_id, open_ends, dead)
    if payment_id is not None:
        wanted = wanted.where(PAYOUTS.c.payment_id == payment_id)
    rows = connection.execute(wanted.order_by(PAYOUTS.c.id))
    return [UnsettledIntent(to_payout(row), row.lease_token, row.attempts) for row in rows]


def mark_not_found(
    connection: Connection, seen: UnsettledIntent, *, now: int, asked_ago: int, absence_age: int
) -> Payout:
    """Store that the gateway does not find the payment.

    The query was sent `asked_ago` milliseconds before now. The answer counts only if that was `absence_age`
    milliseconds after the last moment at which a byte of the attempt could leave: then the payout may be sent again, or
    its refusal is confirmed. Nothing is written if the intent has changed since it was read: another sender has
    started, or a callback has come.
    """
    row = row_by_key(connection, intent_key(seen.payout.project_id, seen.payout.payment_id), seen.payout.payment_id)
    counts_from = (row.attempt_over_at or row.changed_at) + absence_age
    if now - asked_ago < counts_from:
        moment = datetime.fromtimestamp(-(-counts_from // 1000), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        state = "unknown" if row.state in UNSETTLED else row.state
        what = (row.reason or "").partition("; not found yet")[0] or "the sender is gone"
        reason = f"{what}; not found yet, which counts from {moment} on"
        values: dict[str, Any] = {"state": state, "reason": reason}
    elif row.state == "refused":
        values = {"confirmed": True, "reason": (row.reason or "").partition("; not found yet")[0]}
    else:
        values = {"state": "prepared", "reason": None, "doubtful": True, "sent_before": True}
    return _compare_and_set(connection, seen, values, now=now)


def mark_unknown(connection: Connection, seen: UnsettledIntent, *, reason: str, now: int) -> Payout:
    """Store that the outcome is still unknown. A refusal stays refused, unconfirmed."""
    values = {"state": "unknown", "reason": reason} if seen.payout.state in UNSETTLED else {}
    return _compare_and_set(connection, seen, values, now=now)


def _compare_and_set(connection: Connection, seen: UnsettledIntent, values: dict[str, Any], *, now: int) -> Payout:
    key = intent_key(seen.payout.project_id, seen.payout.payment_id)
    same = (
        PAYOUTS.c.intent_key == key,
        PAYOUTS.c.state == seen.payout.state,
        PAYOUTS.c.attempts == seen.attempts,
        PAYOUTS.c.lease_token.is_(None) if seen.token is None else PAYOUTS.c.lease_token == seen.token,
    )
    connection.execute(update(PAYOUTS).where(*same).values(**values, **_NO_LEASE, changed_at=now))
    return to_payout(row_by_key(connection, key))


def correct_impossible_times(connection: Connection, project_id: str, *, now: int, lease: int) -> None:
    """Restart impossible times, stored by a wrong clock, from now.

    A lease cannot have been taken later than a lease from now, an attempt that has ended cannot end later than that,
    and none can have ended before its payout was prepared. A lease that only ends later may be that of a client with
    longer calls, which may still send.
    """
    mine = PAYOUTS.c.project_id == project_id
    latest = now + lease
    is_leased = PAYOUTS.c.lease_until.is_not(None)
    leased = update(PAYOUTS).where(mine, is_leased, PAYOUTS.c.changed_at > latest)
    connection.execute(leased.values(lease_until=latest, attempt_over_at=latest, changed_at=now))
    after = and_(PAYOUTS.c.attempt_over_at > latest, PAYOUTS.c.lease_until.is_(None))
    before = and_(PAYOUTS.c.attempt_over_at < PAYOUTS.c.created_at, PAYOUTS.c.created_at <= now)
    connection.execute(update(PAYOUTS).where(mine, or_(after, before)).values(attempt_over_at=now))


# --- decisions of a person -------------------------------------------------------------------------------------------


def decide(connection: Connection, project_id: str, payment_id: str, decision: Decision, *, now: int) -> Payout:
    """Store a person's decision about a payout.

    Args:
        connection: Of the transaction.
        project_id: The merchant project.
        payment_id: The payout.
        decision: `adopt`: the payment that the gateway holds is this payout. `refuse`: this payout was not made.
            `release`: the gateway does not hold it, so it may be sent again.
        now: The time.

    Raises:
        PayoutRefusal: The payout's state does not allow it.
    """
    key = intent_key(project_id, payment_id)
    row = row_by_key(connection, key, payment_id, locked=True)
    busy = row.state == "sent" and (row.lease_until or 0) > now
    allowed = {
        "adopt": ("needs_review", "unknown", "refused"),
        "refuse": ("needs_review", "unknown", "refused", "prepared"),
        "release": ("unknown", "sent", "refused"),
    }[decision]
    if row.state not in allowed or busy:
        state = "is being sent by another sender" if busy else f"is {row.state}"
        raise PayoutRefusal(payment_id, f"{state}; it cannot be changed by `payouts {decision}`")
    choices: dict[Decision, dict[str, Any]] = {
        "adopt": {"state": "settled", "reason": "adopted by a person"},
        "refuse": {"state": "refused", "reason": BY_A_PERSON},
        "release": {"state": "prepared", "reason": "released by a person", "doubtful": True, "sent_before": True},
    }
    values = choices[decision] | {"confirmed": decision == "refuse", "changed_at": now} | _NO_LEASE
    connection.execute(_CHANGE, {"row_id": row.id} | values)
    return to_payout(row, values)


def move_gateway(connection: Connection, project_id: str, old: str, new: str, *, now: int) -> int:
    """Record that a gateway has a new address. Returns the number of payouts changed."""
    mine = (PAYOUTS.c.project_id == project_id, PAYOUTS.c.gateway == old)
    return connection.execute(update(PAYOUTS).where(*mine).values(gateway=new, changed_at=now)).rowcount
