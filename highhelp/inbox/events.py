"""The event passed to a handler, and the keys under which callbacks are stored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from highhelp.inbox.transitions import CallbackFacts
from highhelp.money import Money
from highhelp.states import state_name
from highhelp_api.contract import FINAL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp.storage.encryption import BodyCipher
    from highhelp_api.client.models import PaymentCallback, Requisites, Status, SubStatus
    from highhelp_signing import VerifiedCallback

_LARGEST = 2**63 - 1

FROM_INFO = "info"
"""Replaces the key id in events that come from the info operation."""


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def payment_key(project_id: str, payment_id: str) -> str:
    """Return the unique key of a payment."""
    return _digest("payment", project_id, payment_id)


def event_key(callback: VerifiedCallback) -> str:
    """Return the unique key of an event to be handled: one per payment if final; never of time or signature."""
    if callback.status in FINAL_STATUSES:
        return _digest("final", callback.project_id, callback.payment_id)
    return _digest(
        "update",
        callback.project_id,
        callback.payment_id,
        callback.status,
        callback.sub_status,
        callback.normalized_sha256,
    )


def final_key(project_id: str, payment_id: str) -> str:
    """Return the unique key of a payment's final event."""
    return _digest("final", project_id, payment_id)


def parked_key(reason: str, project_id: str, normalized_sha256: str) -> str:
    """Return the unique key of a callback that is parked on arrival: never that of a final event."""
    return _digest("parked", reason, project_id, normalized_sha256)


def facts_from(callback: VerifiedCallback) -> CallbackFacts:
    """Collect the facts that the rules decide on."""
    kind = payment_type(callback)
    facts = (callback.status, callback.sub_status, callback.amount, callback.currency, kind)
    return CallbackFacts(*facts, fingerprint(*facts, callback.request_id))


def fingerprint(*facts: object) -> str:
    """Digest status, sub_status, amount, currency, payment type and request_id of a final event.

    The gateway's request_id is included: a different one means another payment under the same payment_id.
    """
    return _digest("print", facts)


def payment_type(callback: VerifiedCallback) -> str | None:
    """Return `payin` or `payout`, where sent."""
    info = callback.body.get("payment_info")
    value = info.get("type") if isinstance(info, dict) else None
    return value if isinstance(value, str) else None


def columns(callback: VerifiedCallback) -> dict[str, Any]:
    """Map a callback to columns. NUL, which PostgreSQL cannot store, becomes U+FFFD."""
    texts = {
        "project_id": callback.project_id,
        "payment_id": callback.payment_id,
        "request_id": callback.request_id,
        "status": callback.status,
        "sub_status": callback.sub_status,
        "currency": callback.currency,
        "payment_type": payment_type(callback),
        "key_id": callback.key_id,
    }
    return {
        **{name: None if text is None else text.replace("\0", "\ufffd") for name, text in texts.items()},
        "amount": callback.amount if callback.amount is not None and 0 <= callback.amount <= _LARGEST else None,
        "final": callback.status in FINAL_STATUSES,
        "signed_at": callback.signed_at,
        "normalized_sha256": callback.normalized_sha256,
    }


def unusable(callback: VerifiedCallback) -> bool:
    """Whether a critical field is invalid: a negative or >64-bit amount, or a NUL in an id."""
    ids = (callback.project_id, callback.payment_id, callback.status, callback.sub_status, callback.currency)
    sum_is_none = callback.amount is not None and not 0 <= callback.amount <= _LARGEST
    return sum_is_none or any("\0" in text for text in (*ids, callback.request_id, payment_type(callback)) if text)


def associated_data(project_id: str, normalized_sha256: str) -> str:
    """Return the associated data of an encrypted body."""
    return f"{project_id}\n{normalized_sha256}"


@dataclass(frozen=True, slots=True)
class CallbackEvent:
    """An accepted callback, as passed to its handler. Its `repr` shows no card data.

    Attributes:
        id: Its number in the database.
        key: Its unique key, the same at every attempt: an idempotency key for a handler's side effects.
        project_id: The merchant project.
        payment_id: The merchant's id of the payment.
        request_id: The gateway's id, where sent.
        status: Open enum; an unknown value is kept, and `status.is_known` is False.
        sub_status: Open enum, where sent.
        is_final: Whether the status is final and never changes again.
        amount: Minor units, where sent.
        currency: ISO 4217 code, where sent.
        payment_type: `payin` or `payout`, where sent.
        attempt: 1 at the first handling.
        received_at: Unix seconds.
        source: `callback`, or `info` if it comes from the info operation (:meth:`~highhelp.CallbackInbox.ask`).
    """

    id: int
    key: str
    project_id: str
    payment_id: str
    request_id: str | None
    status: Status
    sub_status: SubStatus | None
    is_final: bool
    amount: int | None
    currency: str | None
    payment_type: str | None
    attempt: int
    received_at: float
    _body: str = field(repr=False, compare=False)
    _sealed: bytes | None = field(repr=False, compare=False)
    _sha256: str = field(repr=False)
    _cipher: BodyCipher | None = field(repr=False, compare=False)
    _lease: Lease = field(repr=False, compare=False)
    source: Literal["callback", "info"] = "callback"

    @property
    def money(self) -> Money | None:
        """Amount and currency, where both were sent.

        Raises:
            MoneyError: The currency is not in ISO 4217.
        """
        if self.amount is None or self.currency is None:
            return None
        return Money.from_minor(self.amount, self.currency)

    @property
    def state(self) -> str:
        """`status` or `status:sub_status`."""
        return state_name(self.status, self.sub_status)

    @property
    def body(self) -> Mapping[str, Any]:
        """The whole body. Sensitive fields are masked, unless it was encrypted and `HIGHHELP_DATABASE_KEY` is set.

        Raises:
            SettingsError: It was encrypted with another key.
        """
        if self._sealed is None or self._cipher is None:
            parsed: dict[str, Any] = json.loads(self._body)
            return parsed
        raw = self._cipher.decrypt(self._sealed, associated_data(self.project_id, self._sha256))
        opened: dict[str, Any] = json.loads(raw, parse_float=str)
        return opened

    @property
    def callback(self) -> PaymentCallback:
        """The body as a model of the contract; absent fields are None.

        Reading a sensitive field that was stored masked raises `SettingsError`: without `HIGHHELP_DATABASE_KEY` its
        value is not in the database.

        Raises:
            SettingsError: The body was encrypted with another key.
        """
        from highhelp.inbox.typed_body import typed_body  # lazy: most handlers need only status and sum

        return typed_body(self.body)

    @property
    def requisites(self) -> Requisites | None:
        """The payment details for the payer, where sent; see :attr:`callback`.

        Raises:
            SettingsError: The body was encrypted with another key.
        """
        return self.callback.requisites


def log_fields(callback: VerifiedCallback | CallbackEvent) -> dict[str, object]:
    """Collect identifiers, statuses and sums for a log line."""
    names = ("payment_id", "request_id", "status", "sub_status", "amount", "currency")
    return {name: getattr(callback, name) for name in names}


def lease_of(event: CallbackEvent) -> Lease:
    """Return the lease of an event; not for handlers."""
    return event._lease  # noqa: SLF001 - see above


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to handle one event, with the payment's expected sum at the time of the claim."""

    token: str
    payment_ref: int
    expected: tuple[int, str] | None
