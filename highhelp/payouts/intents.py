"""Payouts as the guard stores them: intents, rows, and reading them.

| state | what is known |
| --- | --- |
| prepared | no attempt is under way; it may be sent |
| sent | its bytes may be leaving now, or its sender died |
| settled | the gateway holds the payout; `status` is the newest reported |
| refused | the gateway refused it; `confirmed` says whether info said "not found" long enough afterwards |
| unknown | it may have arrived; only the gateway knows |
| needs_review | the gateway holds a payment under its payment_id that may not be this payout; a person decides |
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from highhelp.calls.facts import Match, PaymentFacts
from highhelp.errors import HighHelpError, SettingsError
from highhelp.money import Money
from highhelp.redact import masked
from highhelp.settings import DATABASE_KEY
from highhelp.storage.tables import PAYOUTS
from highhelp_api.contract import FINAL_STATUSES, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from highhelp.storage.encryption import BodyCipher

STATES_OF_INTENTS = ("prepared", "sent", "settled", "refused", "unknown", "needs_review")
UNSETTLED = ("sent", "unknown")
DUPLICATE = "duplicate"
"""Reason if the gateway reports the payment_id as taken, although info does not find it."""
ANOTHER = "another payment"
"""Reason if the gateway holds the payment_id with another amount, currency or direction."""
NOT_KNOWN_TO_BE_OURS = "held, but not known to be this payout"
"""Reason if the gateway holds the payment_id, although this guard had not sent it before."""
ADOPTED = "adopted: the gateway holds it with the same facts"
"""Reason of an intent that was settled although its create was refused."""
BY_A_PERSON = "refused by a person"
"""Reason if a person has decided that the payout was not made."""
CHANGED_ID = "another request_id"
"""Reason of a settled intent for which the gateway reported two ids."""

# a body may hold a card number, whose few unknown digits could be found by brute force from a fast hash
_ROUNDS = 10_000
_SLOW = "slow"
_SLOW_BODY = "body"
"""Method of the first fingerprints, which had no key: of the whole body."""
_BLOCKS = ("payment", "receiver", "sender", "customer", "card")
_AT_ONCE = 500
_ABSENT = "there is no intent of it"

# a body is read only where it is shown or sent
WITHOUT_BODY = tuple(column for column in PAYOUTS.c if column.name not in ("body", "sealed"))
"""The columns from which a :class:`Payout` is made."""


class PayoutRefusal(HighHelpError):
    """The guard refuses to send or change a payout. Nothing was sent.

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
        super().__init__(payment_id, "is being sent by another sender; this call sent nothing")
        self.until = until


class PayoutUnsettled(PayoutRefusal):
    """The outcome of an earlier attempt is unknown: call `recover` first."""


class NoSuchPayout(PayoutRefusal):
    """The guard has no intent with this payment_id."""


@dataclass(frozen=True)
class Intent:
    """The intent to make a payout. `repr` shows no card data.

    Attributes:
        project_id: The merchant project.
        payment_id: The merchant's id.
        operation: The operation that creates it.
        amount: Minor units.
        currency: ISO 4217 code.
        gateway: The gateway's origin, or its name in the settings.
        raw: The bytes to send.
        cipher: For bodies at rest, if there is a key.
    """

    project_id: str
    payment_id: str
    operation: str
    amount: int
    currency: str
    gateway: str
    raw: bytes = field(repr=False)
    cipher: BodyCipher | None = field(repr=False)

    @cached_property
    def key(self) -> str:
        """The unique key."""
        return intent_key(self.project_id, self.payment_id)

    @cached_property
    def columns(self) -> dict[str, Any]:
        """The columns of a new row, without state and times; made once, though written and compared several times.

        `body` is JSON text with its sensitive fields masked; `sealed` is the bytes, encrypted, if there is a key.
        """
        key_name = _SLOW if self.cipher is None else self.cipher.key_name
        return {
            "intent_key": self.key,
            "project_id": self.project_id,
            "payment_id": self.payment_id,
            "operation": self.operation,
            "amount": self.amount,
            "currency": self.currency,
            "fingerprint": self.fingerprint(key_name),
            "fingerprint_key": key_name,
            "gateway": self.gateway,
            "body": json.dumps(masked(json.loads(self.raw), OPERATIONS[self.operation].request)),
            "sealed": None if self.cipher is None else self.cipher.encrypt(self.raw, self.key),
        }

    def fingerprint(self, key_name: str) -> str:
        """Return a hash that identifies the payout: of its ids and blocks, not its URLs.

        Raises:
            SettingsError: The database key of this name is missing.
        """
        raw = self._old_bytes() if key_name == _SLOW_BODY else self._identity()
        if key_name in (_SLOW, _SLOW_BODY):
            return hashlib.pbkdf2_hmac("sha256", raw, self.key.encode(), _ROUNDS).hex()
        if self.cipher is None:
            text = f"is not set, and payout {self.payment_id} was stored with it; nothing was sent"
            raise SettingsError(DATABASE_KEY, text)
        return self.cipher.fingerprint(raw, key_name)

    def _old_bytes(self) -> bytes:
        """The whole body in the form of the first fingerprints: the project's id first."""
        content = json.loads(self.raw)
        if "general" in content:
            content["general"] = {"project_id": self.project_id, **content["general"]}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    def _identity(self) -> bytes:
        content = json.loads(self.raw)
        blocks = {name: content[name] for name in _BLOCKS if name in content}
        about = {"project_id": self.project_id, "payment_id": self.payment_id, **blocks}
        return json.dumps(about, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout as stored by the guard.

    Attributes:
        project_id: The merchant project.
        payment_id: The merchant's id.
        operation: The operation that creates it.
        amount: Minor units.
        currency: ISO 4217 code.
        state: prepared, sent, settled, refused, unknown or needs_review.
        reason: Why, if there is something to say.
        confirmed: With `refused`: whether info said "not found" long enough after the attempt.
        gateway: The gateway's origin, or its name in the settings; None in old rows.
        status: The newest reported by the gateway; an open enum. None if it has reported nothing.
        sub_status: Likewise.
        request_id: The gateway's id.
        attempts: Number of attempts started.
        busy_until: Unix seconds until which a sender may be sending it, or None.
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
    confirmed: bool
    gateway: str | None
    status: str | None
    sub_status: str | None
    request_id: str | None
    attempts: int
    busy_until: float | None
    created_at: float
    changed_at: float

    @property
    def money(self) -> Money:
        """Amount and currency. Raises MoneyError if ISO 4217 does not list the currency."""
        return Money.from_minor(self.amount, self.currency)

    @property
    def is_final(self) -> bool:
        """Whether the gateway has reported a status that never changes."""
        return self.status in FINAL_STATUSES

    @property
    def is_unsettled(self) -> bool:
        """Whether it has to be queried at the gateway."""
        return self.state in UNSETTLED or (self.state == "refused" and not self.confirmed)

    @property
    def outcome(self) -> str:
        """For reports: the gateway's status if it holds the payout, else the state."""
        return self.status or "settled" if self.state == "settled" else self.state


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of a payment as the gateway reports them, of any type; None if not reported."""

    status: str
    sub_status: str | None = None
    amount: object = None
    currency: object = None
    request_id: str | None = None
    payment_type: object = None

    def match(self, payout: Row[Any] | Payout) -> Match:
        """Compare with a payout."""
        sent = PaymentFacts(amount=payout.amount, currency=payout.currency, direction="payout")
        info = {"amount": self.amount, "currency": self.currency, "type": self.payment_type}
        return sent.match({"payment_info": info})

    @property
    def money(self) -> tuple[int, str] | None:
        """Minor units and currency, where both are reported and of the right type."""
        if type(self.amount) is int and isinstance(self.currency, str):
            return self.amount, self.currency
        return None


@dataclass(frozen=True, slots=True)
class UnsettledIntent:
    """An unsettled intent as it was before its query."""

    payout: Payout
    token: str | None
    attempts: int


def intent_key(project_id: str, payment_id: str) -> str:
    """Return the unique key of an intent."""
    return hashlib.sha256(json.dumps(["payout", project_id, payment_id]).encode()).hexdigest()


def get(connection: Connection, project_id: str, payment_id: str) -> Payout:
    """Return one intent. Raises NoSuchPayout."""
    return to_payout(row_by_key(connection, intent_key(project_id, payment_id), payment_id))


def get_many(connection: Connection, project_id: str, payment_ids: Sequence[str]) -> dict[str, Payout]:
    """Return the intents that exist, by payment_id."""
    rows = rows_of_keys(connection, [intent_key(project_id, one) for one in payment_ids])
    return {row.payment_id: to_payout(row) for row in rows.values()}


def rows_of_keys(connection: Connection, keys: Sequence[str]) -> dict[str, Row[Any]]:
    """Return the rows that exist, by key."""
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        wanted = select(*WITHOUT_BODY).where(PAYOUTS.c.intent_key.in_(keys[start : start + _AT_ONCE]))
        found |= {row.intent_key: row for row in connection.execute(wanted)}
    return found


def is_same_body(intent: Intent, row: Row[Any]) -> bool:
    """Whether a row was stored for the same payout. Raises SettingsError if its key is missing."""
    new = intent.columns
    is_made = row.fingerprint_key == new["fingerprint_key"]
    fingerprint = new["fingerprint"] if is_made else intent.fingerprint(row.fingerprint_key)
    return bool(row.operation == intent.operation and row.fingerprint == fingerprint)


def gateway_problem(intent: Intent, gateway: str | None) -> str | None:
    """Describe the problem if an intent was stored for another gateway. Old rows do not name one."""
    if gateway in (None, intent.gateway):
        return None
    return (
        f"was prepared for {gateway}, and this client sends to {intent.gateway}; nothing was sent. If that is the "
        f"same gateway under a new address: `highhelp payouts move-gateway {gateway} {intent.gateway}`"
    )


def sealed(connection: Connection, project_id: str, payment_id: str) -> tuple[str, bytes | None]:
    """Return operation and encrypted body of an intent. Raises NoSuchPayout."""
    wanted = select(PAYOUTS.c.operation, PAYOUTS.c.sealed)
    row = connection.execute(wanted.where(PAYOUTS.c.intent_key == intent_key(project_id, payment_id))).one_or_none()
    if row is None:
        raise NoSuchPayout(payment_id, _ABSENT)
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
    wanted = select(*WITHOUT_BODY).order_by(PAYOUTS.c.id.desc()).limit(limit)
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
        raise NoSuchPayout(payment_id, _ABSENT)
    return as_dict(to_payout(row)) | {"body": json.loads(row.body), "sealed": row.sealed is not None}


def as_dict(payout: Payout) -> dict[str, Any]:
    """Convert to plain data for JSON."""
    return {name: getattr(payout, name) for name in Payout.__slots__}


def row_by_key(connection: Connection, key: str, payment_id: str = "", *, locked: bool = False) -> Row[Any]:
    """Return the row of an intent; with `locked`, locked until the transaction ends. Raises NoSuchPayout."""
    wanted = select(*WITHOUT_BODY).where(PAYOUTS.c.intent_key == key)
    row = connection.execute(wanted.with_for_update() if locked else wanted).one_or_none()
    if row is None:
        raise NoSuchPayout(payment_id, _ABSENT)
    return row


def to_payout(row: Row[Any], changes: Mapping[str, Any] | None = None) -> Payout:
    """Convert a row with the given changes."""
    changes = changes or {}

    def column(name: str) -> Any:
        return changes[name] if name in changes else getattr(row, name)

    lease_until = column("lease_until")
    return Payout(
        **{name: column(name) for name in _SAME_IN_ROW},
        confirmed=bool(column("confirmed")),
        busy_until=None if lease_until is None else lease_until / 1000,
        created_at=column("created_at") / 1000,
        changed_at=column("changed_at") / 1000,
    )


_CONVERTED = ("confirmed", "busy_until", "created_at", "changed_at")
_SAME_IN_ROW = tuple(name for name in Payout.__slots__ if name not in _CONVERTED)
