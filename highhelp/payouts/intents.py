"""Intents of payouts in the database: the right to send, and the outcome. Each function is part of one transaction.

| state | what is known |
| --- | --- |
| prepared | nothing of it is under way; it may be sent |
| sent | its bytes may be leaving now, or its sender died |
| settled | the gateway holds the payout; `status` is the newest that it told |
| refused | the gateway refused it for good and holds nothing of it |
| unknown | it may have arrived; only the gateway can tell |
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from highhelp.errors import HighHelpError
from highhelp.money import Money
from highhelp.redact import masked
from highhelp.states import may_follow, state_name
from highhelp.storage.tables import PAYOUTS
from highhelp_api.contract import FINAL_STATUSES, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from highhelp.storage.encryption import BodyCipher

STATES_OF_INTENTS = ("prepared", "sent", "settled", "refused", "unknown")
UNSETTLED = ("sent", "unknown")
DUPLICATE = "duplicate"
"""Reason of an intent whose payment_id belonged to another payment before anything of it was sent."""
ANOTHER = "another payment"
"""Reason of an intent under whose payment_id the gateway holds another sum or another payment."""
CHANGED_ID = "another request_id"
"""Reason of a settled intent for which the gateway has told two ids."""

_FLOW = "payout"
OTHER_FLOWS = frozenset(op.direction for op in OPERATIONS.values() if op.direction not in (None, _FLOW))
# a body may hold a card number, and a plain hash of it could be searched for the few unknown digits
_ROUNDS = 10_000
_AT_ONCE = 500


class PayoutRefusal(HighHelpError):
    """The guard does not let a payout be sent. Nothing was sent.

    Attributes:
        payment_id: The payout.
    """

    def __init__(self, payment_id: str, message: str) -> None:
        super().__init__(f"payout {payment_id}: {message}")
        self.payment_id = payment_id


class PayoutConflict(PayoutRefusal):
    """The payment_id was used with another body before."""


class PayoutBusy(PayoutRefusal):
    """Another process, thread or task is sending it now.

    Attributes:
        until: When its lease ends, Unix seconds.
    """

    def __init__(self, payment_id: str, until: float) -> None:
        super().__init__(payment_id, "is being sent by somebody else")
        self.until = until


class PayoutUnsettled(PayoutRefusal):
    """The outcome of an earlier attempt is unknown: `recover` has to ask first."""


class NoSuchPayout(PayoutRefusal):
    """The guard has no intent with this payment_id."""


@dataclass(frozen=True, slots=True)
class Intent:
    """The intent to make a payout. `repr` shows no card data.

    Attributes:
        project_id: The merchant project.
        payment_id: The merchant's id.
        operation: Which create.
        amount: Minor units.
        currency: ISO 4217 code.
        fingerprint: Tells whether two bodies are the same.
        body: JSON text, sensitive fields masked.
        sealed: The bytes, encrypted.
    """

    project_id: str
    payment_id: str
    operation: str
    amount: int
    currency: str
    fingerprint: str
    body: str = field(repr=False)
    sealed: bytes | None = field(repr=False)

    @classmethod
    def of(cls, project_id: str, payment_id: str, operation: str, raw: bytes, cipher: BodyCipher | None) -> Intent:
        """Build one from the bytes to send."""
        content = json.loads(raw)
        key = intent_key(project_id, payment_id)
        return cls(
            project_id=project_id,
            payment_id=payment_id,
            operation=operation,
            amount=content["payment"]["amount"],
            currency=content["payment"]["currency"],
            fingerprint=hashlib.pbkdf2_hmac("sha256", raw, key.encode(), _ROUNDS).hex(),
            body=json.dumps(masked(content, OPERATIONS[operation].request)),
            sealed=None if cipher is None else cipher.encrypt(raw, key),
        )

    @property
    def key(self) -> str:
        """The unique key."""
        return intent_key(self.project_id, self.payment_id)


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout as the guard knows it.

    Attributes:
        project_id: The merchant project.
        payment_id: The merchant's id.
        operation: The operation that creates it.
        amount: Minor units.
        currency: ISO 4217 code.
        state: prepared, sent, settled, refused or unknown.
        reason: Why, where there is something to say.
        status: The newest that the gateway told; an open enum. None while it told nothing.
        sub_status: The same.
        request_id: The gateway's id.
        attempts: How often a sending was begun.
        busy_until: Unix seconds until which somebody may be sending it, or None.
        created_at: Unix seconds.
        changed_at: Unix seconds.
    """

    project_id: str
    payment_id: str
    operation: str
    amount: int
    currency: str
    state: str
    reason: str | None
    status: str | None
    sub_status: str | None
    request_id: str | None
    attempts: int
    busy_until: float | None
    created_at: float
    changed_at: float

    @property
    def money(self) -> Money:
        """Amount and currency. Raises MoneyError for a currency that ISO 4217 does not list."""
        return Money.from_minor(self.amount, self.currency)

    @property
    def is_final(self) -> bool:
        """Whether the gateway has reported a status that never changes."""
        return self.status in FINAL_STATUSES

    @property
    def outcome(self) -> str:
        """For reports: the gateway's status of one that it holds, else the state."""
        return self.status or "settled" if self.state == "settled" else self.state


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of a payment as the gateway reports them; None where it reports nothing."""

    status: str
    sub_status: str | None = None
    amount: int | None = None
    currency: str | None = None
    request_id: str | None = None
    payment_type: str | None = None


@dataclass(frozen=True, slots=True)
class SendLease:
    """The right to send, if `token` is there. Otherwise nothing is to be sent any more."""

    payout: Payout
    token: str | None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class UnsettledIntent:
    """An unsettled intent as it was when the gateway was about to be asked."""

    payout: Payout
    token: str | None
    attempts: int


def intent_key(project_id: str, payment_id: str) -> str:
    """Return the unique key of an intent."""
    return hashlib.sha256(json.dumps(["payout", project_id, payment_id]).encode()).hexdigest()


# --- sending -------------------------------------------------------------------------------------------------------


def upsert(connection: Connection, intent: Intent, *, now: int) -> Row[Any]:
    """Return the intent's row, created if absent and locked until the transaction ends.

    Raises:
        PayoutConflict: There is one with another body.
    """
    wanted = select(PAYOUTS).where(PAYOUTS.c.intent_key == intent.key).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        make: Any = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
        values = {
            "intent_key": intent.key,
            "project_id": intent.project_id,
            "payment_id": intent.payment_id,
            "operation": intent.operation,
            "amount": intent.amount,
            "currency": intent.currency,
            "fingerprint": intent.fingerprint,
            "body": intent.body,
            "sealed": intent.sealed,
            "state": "prepared",
            "created_at": now,
            "changed_at": now,
        }
        connection.execute(make(PAYOUTS).values(**values).on_conflict_do_nothing(index_elements=["intent_key"]))
        row = connection.execute(wanted).one()
    if (row.fingerprint, row.operation) != (intent.fingerprint, intent.operation):
        raise PayoutConflict(intent.payment_id, "was prepared with another body; nothing was sent")
    return row


def prepare(connection: Connection, intent: Intent, *, now: int) -> Payout:
    """Store an intent without sending it. Raises PayoutConflict."""
    return to_payout(upsert(connection, intent, now=now))


def acquire(connection: Connection, intent: Intent, *, now: int, until: int) -> SendLease:
    """Take the right to send. Its commit comes before the first byte leaves.

    Raises:
        PayoutConflict, PayoutBusy, PayoutUnsettled: Nothing may be sent.
    """
    row = upsert(connection, intent, now=now)
    if row.state == "settled":
        return SendLease(to_payout(row), None)
    if row.state == "sent" and (row.lease_until or 0) > now:
        raise PayoutBusy(intent.payment_id, row.lease_until / 1000)
    if row.state in UNSETTLED:
        raise PayoutUnsettled(intent.payment_id, "an earlier attempt may have arrived; recover() asks the gateway")
    token = secrets.token_hex(16)
    values = {
        "state": "sent",
        "reason": None,
        "lease_token": token,
        "lease_until": until,
        "attempts": row.attempts + 1,
        "changed_at": now,
    }
    # the row is locked; the condition holds for whoever changes this one day
    mine = (PAYOUTS.c.id == row.id, PAYOUTS.c.state == row.state, PAYOUTS.c.attempts == row.attempts)
    if connection.execute(update(PAYOUTS).where(*mine).values(**values)).rowcount != 1:
        raise PayoutBusy(intent.payment_id, until / 1000)
    return SendLease(to_payout(row), token, row.doubtful)


def release(connection: Connection, key: str, token: str, *, state: str, reason: str, now: int) -> Payout:
    """End an attempt that did not settle the payout. Without the lease nothing is written: others know more."""
    values = {"state": state, "reason": reason, "lease_token": None, "lease_until": None, "changed_at": now}
    mine = (PAYOUTS.c.intent_key == key, PAYOUTS.c.lease_token == token, PAYOUTS.c.state == "sent")
    connection.execute(update(PAYOUTS).where(*mine).values(**values))
    return to_payout(_by_key(connection, key))


# --- what the gateway says ------------------------------------------------------------------------------------------


def settle(connection: Connection, key: str, facts: Facts, *, now: int) -> Payout | None:
    """Store the gateway's facts of a payment. They are true whoever received them, so no lease is needed.

    Returns:
        The payout, or None where there is no such intent.
    """
    row = connection.execute(select(PAYOUTS).where(PAYOUTS.c.intent_key == key).with_for_update()).one_or_none()
    if row is None or (row.state == "refused" and row.reason == DUPLICATE):
        return None if row is None else to_payout(row)
    values = _contradicted(row) if is_another(row, facts) else _settled(row, facts)
    if any(getattr(row, name) != value for name, value in values.items()):
        connection.execute(update(PAYOUTS).where(PAYOUTS.c.id == row.id).values(**values, changed_at=now))
        row = _by_key(connection, key)
    return to_payout(row)


def _settled(row: Row[Any], facts: Facts) -> dict[str, Any]:
    values: dict[str, Any] = {"state": "settled", "lease_token": None, "lease_until": None}
    values["reason"] = row.reason if row.state == "settled" else None
    told = state_name(facts.status, facts.sub_status)
    known = None if row.status is None else state_name(row.status, row.sub_status)
    if row.status not in FINAL_STATUSES and may_follow(known, told, _FLOW):
        values |= {"status": facts.status, "sub_status": facts.sub_status}
    elif row.status in FINAL_STATUSES and facts.status in FINAL_STATUSES and facts.status != row.status:
        values["reason"] = f"{row.status}, later {facts.status}"
    if row.request_id is None:
        values["request_id"] = facts.request_id
    elif facts.request_id not in (None, row.request_id):
        values["reason"] = CHANGED_ID  # that it names the payment and not the call is no documented fact
    return values


def _contradicted(row: Row[Any]) -> dict[str, Any]:
    # what was settled stays so; what was not must never be sent again before a person has looked
    state = row.state if row.state in ("settled", "refused") else "unknown"
    return {"state": state, "reason": ANOTHER, "lease_token": None, "lease_until": None}


def is_another(payout: Row[Any] | Payout, facts: Facts) -> bool:
    """Tell whether facts are of another payment than the payout: another sum, currency or direction."""
    return (
        facts.amount not in (None, payout.amount)
        or (facts.currency is not None and facts.currency.casefold() != payout.currency.casefold())
        or facts.payment_type in OTHER_FLOWS
    )


def mark_not_found(connection: Connection, seen: UnsettledIntent, *, now: int) -> Payout:
    """Let an intent be sent again, as the gateway holds nothing of it.

    Only if nothing has changed since it was seen: no other sender has begun, no callback has come.
    """
    values = {"state": "prepared", "reason": None, "doubtful": True} | _no_lease(now)
    return _compare_and_set(connection, seen, values)


def mark_unknown(connection: Connection, seen: UnsettledIntent, *, reason: str, now: int) -> Payout:
    """Store that the gateway's answer left the outcome open."""
    return _compare_and_set(connection, seen, {"state": "unknown", "reason": reason} | _no_lease(now))


def _no_lease(now: int) -> dict[str, Any]:
    return {"lease_token": None, "lease_until": None, "changed_at": now}


def _compare_and_set(connection: Connection, seen: UnsettledIntent, values: dict[str, Any]) -> Payout:
    key = intent_key(seen.payout.project_id, seen.payout.payment_id)
    same = (
        PAYOUTS.c.intent_key == key,
        PAYOUTS.c.state == seen.payout.state,
        PAYOUTS.c.attempts == seen.attempts,
        PAYOUTS.c.lease_token.is_(None) if seen.token is None else PAYOUTS.c.lease_token == seen.token,
    )
    connection.execute(update(PAYOUTS).where(*same).values(**values))
    return to_payout(_by_key(connection, key))


# --- looking -------------------------------------------------------------------------------------------------------


def unsettled(
    connection: Connection, project_id: str, *, now: int, payment_id: str | None = None
) -> list[UnsettledIntent]:
    """List the intents that the gateway has to be asked about: their senders are gone."""
    dead = or_(PAYOUTS.c.lease_until.is_(None), PAYOUTS.c.lease_until <= now)
    wanted = select(PAYOUTS).where(PAYOUTS.c.project_id == project_id, PAYOUTS.c.state.in_(UNSETTLED), dead)
    if payment_id is not None:
        wanted = wanted.where(PAYOUTS.c.payment_id == payment_id)
    rows = connection.execute(wanted.order_by(PAYOUTS.c.id))
    return [UnsettledIntent(to_payout(row), row.lease_token, row.attempts) for row in rows]


def get(connection: Connection, project_id: str, payment_id: str) -> Payout:
    """Return one intent. Raises NoSuchPayout."""
    return to_payout(_row(connection, project_id, payment_id))


def get_many(connection: Connection, project_id: str, payment_ids: Sequence[str]) -> dict[str, Payout]:
    """Return the existing ones of some intents, by payment_id."""
    found: dict[str, Payout] = {}
    for start in range(0, len(payment_ids), _AT_ONCE):
        keys = [intent_key(project_id, one) for one in payment_ids[start : start + _AT_ONCE]]
        rows = connection.execute(select(PAYOUTS).where(PAYOUTS.c.intent_key.in_(keys)))
        found |= {row.payment_id: to_payout(row) for row in rows}
    return found


def fingerprints(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Return the fingerprints of the existing ones of some intents, by key."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _AT_ONCE):
        wanted = select(PAYOUTS.c.intent_key, PAYOUTS.c.fingerprint)
        rows = connection.execute(wanted.where(PAYOUTS.c.intent_key.in_(keys[start : start + _AT_ONCE])))
        found |= {row.intent_key: row.fingerprint for row in rows}
    return found


def sealed(connection: Connection, project_id: str, payment_id: str) -> tuple[str, bytes | None]:
    """Return operation and sealed body of an intent. Raises NoSuchPayout."""
    row = _row(connection, project_id, payment_id)
    return row.operation, row.sealed


def list_payouts(
    connection: Connection,
    *,
    limit: int | None = 50,
    state: str | None = None,
    payment_id: str | None = None,
    since: int | None = None,
    until: int | None = None,
    project_id: str | None = None,
) -> list[Payout]:
    """List intents, the newest first. Times in Unix milliseconds of their creation."""
    wanted = select(PAYOUTS).order_by(PAYOUTS.c.id.desc()).limit(limit)
    equal = {"state": state, "payment_id": payment_id, "project_id": project_id}
    for name, value in equal.items():
        if value is not None:
            wanted = wanted.where(PAYOUTS.c[name] == value)
    if since is not None:
        wanted = wanted.where(PAYOUTS.c.created_at >= since)
    if until is not None:
        wanted = wanted.where(PAYOUTS.c.created_at < until)
    return [to_payout(row) for row in connection.execute(wanted)]


def get_payout(connection: Connection, payment_id: str, project_id: str | None = None) -> dict[str, Any]:
    """Return one intent with its masked body. Raises NoSuchPayout."""
    wanted = select(PAYOUTS).where(PAYOUTS.c.payment_id == payment_id)
    if project_id is not None:
        wanted = wanted.where(PAYOUTS.c.project_id == project_id)
    row = connection.execute(wanted.order_by(PAYOUTS.c.id.desc())).first()
    if row is None:
        raise NoSuchPayout(payment_id, "there is no intent of it")
    return as_dict(to_payout(row)) | {"body": json.loads(row.body), "sealed": row.sealed is not None}


def as_dict(payout: Payout) -> dict[str, Any]:
    """Convert to plain data for JSON."""
    return {name: getattr(payout, name) for name in Payout.__slots__}


def _row(connection: Connection, project_id: str, payment_id: str) -> Row[Any]:
    key = intent_key(project_id, payment_id)
    row = connection.execute(select(PAYOUTS).where(PAYOUTS.c.intent_key == key)).one_or_none()
    if row is None:
        raise NoSuchPayout(payment_id, "there is no intent of it")
    return row


def _by_key(connection: Connection, key: str) -> Row[Any]:
    return connection.execute(select(PAYOUTS).where(PAYOUTS.c.intent_key == key)).one()


def to_payout(row: Row[Any]) -> Payout:
    """Convert a row."""
    return Payout(
        project_id=row.project_id,
        payment_id=row.payment_id,
        operation=row.operation,
        amount=row.amount,
        currency=row.currency,
        state=row.state,
        reason=row.reason,
        status=row.status,
        sub_status=row.sub_status,
        request_id=row.request_id,
        attempts=row.attempts,
        busy_until=None if row.lease_until is None else row.lease_until / 1000,
        created_at=row.created_at / 1000,
        changed_at=row.changed_at / 1000,
    )
