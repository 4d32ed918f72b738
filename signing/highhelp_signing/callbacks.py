"""Verify callbacks: authentic, fresh and unambiguous."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import TYPE_CHECKING, NamedTuple

from highhelp_api import contract
from highhelp_signing.ambiguity import FieldRules
from highhelp_signing.encoding import decode_signature
from highhelp_signing.errors import BodyFault, BodyNotSignable, KeyFormatError, SigningError
from highhelp_signing.forms import FORMS, FormFinder, FormLog
from highhelp_signing.headers import find_headers
from highhelp_signing.keys import KeyRing
from highhelp_signing.normalize import (
    DEFAULT_LIMITS,
    DEFAULT_SCHEME,
    TOLERANCE,
    Limits,
    is_timestamp,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp_api.client.models import PaymentCallback
    from highhelp_signing.forms import SignedForm
    from highhelp_signing.headers import ReceivedHeaders
    from highhelp_signing.scheme import SignatureScheme

__all__ = ["REFUSAL", "CallbackRejected", "CallbackVerifier", "Refusal", "RejectionReason", "VerifiedCallback"]

_SIGNATURE, _TIMESTAMP = contract.HEADERS.signature, contract.HEADERS.timestamp


class Refusal(NamedTuple):
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        content_type: value of ``content-type``.
        body: the bytes of the answer.
    """

    status: int
    content_type: str
    body: bytes


REFUSAL = Refusal(401, "application/json", b'{"status":"error","status_description":"callback refused"}')
"""The same answer for every callback that is not genuine: it does not reveal which check failed."""


@unique
class RejectionReason(StrEnum):
    """Why a callback is not accepted. The last three are found only after the signature was verified."""

    HEADERS = "headers"
    """A signature header is missing, repeated or malformed."""
    TOO_LARGE = "too_large"
    """The body or its normalised form is larger than the limits."""
    MALFORMED = "malformed"
    """Not bytes, not UTF-8, not a JSON object, nested too deep, or without a normalised form."""
    UNKNOWN_PROJECT = "unknown_project"
    """No ``project_id`` that this verifier has keys for."""
    SIGNATURE = "signature"
    """No key of the project's ring made this signature."""
    FIELDS = "fields"
    """Genuine, but a field of the contract is missing or of a wrong type."""
    AMBIGUOUS = "ambiguous"
    """Genuine, but another body with the same normalised string would say something else."""
    STALE = "stale"
    """Genuine and otherwise valid, but signed outside the tolerance, in the past or in the future."""


_GENUINE = frozenset({RejectionReason.FIELDS, RejectionReason.AMBIGUOUS, RejectionReason.STALE})


@dataclass(frozen=True, slots=True)
class VerifiedCallback:
    """A callback with a valid signature. Its ``repr`` shows neither the body nor any card data.

    Attributes:
        raw: the bytes as received.
        body: the parsed JSON object; numbers with a fraction are kept as their literal text, and in an optional known
            field the texts ``None`` and "" are null, as they cannot be distinguished from it. Do not modify.
        project_id: the merchant project (documented).
        payment_id: the merchant's id of the payment (name by an integrator).
        request_id: the gateway's id, where sent (integrator).
        status: open enum (documented).
        sub_status: open enum, where sent (documented).
        amount: minor units, where sent (integrator).
        currency: ISO 4217 code, where sent (integrator).
        key_id: the key of the ring that verified it.
        signed_at: Unix seconds of signing.
        normalized_sha256: hex SHA-256 of the normalised string, the same for each delivery of one body.
        scheme: the form in which it was signed; points that this body does not reveal have their defaults.
    """

    raw: bytes = field(repr=False)
    body: Mapping[str, object] = field(repr=False)
    project_id: str
    payment_id: str
    request_id: str | None
    status: str
    sub_status: str | None
    amount: int | None
    currency: str | None
    key_id: str
    signed_at: int
    normalized_sha256: str = field(repr=False)
    scheme: SignatureScheme = field(default=DEFAULT_SCHEME, repr=False)

    @property
    def callback(self) -> PaymentCallback:
        """The body as a model of the contract, with the statuses as enums and absent fields as ``None``."""
        from highhelp_api.client.models import PaymentCallback  # lazy: nothing else here needs the client

        return PaymentCallback.from_dict(self.body)


class CallbackRejected(SigningError):
    """A callback is not accepted. Neither ``str`` nor ``repr`` shows anything that the sender wrote.

    Attributes:
        reason: one of :class:`RejectionReason`.
        detail: an explanation that quotes nothing from the sender.
        callback: for a genuine one whose ids and status can be read: store and park it, never handle it. With
            ``ambiguous`` and ``fields`` its content must not be trusted.
    """

    def __init__(self, reason: RejectionReason, detail: str, callback: VerifiedCallback | None = None) -> None:
        self.reason = RejectionReason(reason)
        self.detail = detail
        self.callback = callback
        super().__init__(reason, detail)

    @property
    def genuine(self) -> bool:
        """Whether a key of the project made the signature: the gateway did send this string at some point."""
        return self.reason in _GENUINE

    def __str__(self) -> str:
        """Reason and detail."""
        return f"{self.reason}: {self.detail}"


class CallbackVerifier:
    """Verify callbacks of one or more projects. Total: ``verify`` raises nothing but :class:`CallbackRejected`.

    Args:
        keys: the keys of each project, by project id; copied.
        scheme: the only accepted form. Without it every form of :data:`~highhelp_signing.forms.FORMS` is accepted:
            null as ``None``, as empty text or left out, padded or not, the digest double or single.
        tolerance: seconds that the timestamp may be in the past or the future.
        clock: returns Unix seconds.
        limits: bounds on the cost of an unauthenticated body.

    Raises:
        KeyFormatError: no project, a project id that is not text, or a value that is not a key ring.
        ValueError: a negative or infinite tolerance.
    """

    __slots__ = ("_clock", "_finder", "_keys", "_limits", "_log", "_rules", "_tolerance")

    def __init__(
        self,
        keys: Mapping[str, KeyRing],
        scheme: SignatureScheme | None = None,
        tolerance: float = TOLERANCE,
        clock: Callable[[], float] = time.time,
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._keys = _checked_keys(keys)
        if not (math.isfinite(tolerance) and tolerance >= 0):
            raise ValueError("the tolerance must be a non-negative number of seconds")
        self._tolerance = tolerance
        self._clock = clock
        self._limits = limits
        self._finder = FormFinder(FORMS if scheme is None else (scheme,), limits)
        self._rules = FieldRules(DEFAULT_SCHEME if scheme is None else scheme)
        self._log = FormLog() if scheme is None else None

    @property
    def project_ids(self) -> tuple[str, ...]:
        """The projects whose callbacks are accepted."""
        return tuple(self._keys)

    def verify(self, raw_body: bytes, headers: ReceivedHeaders) -> VerifiedCallback:
        """Check one callback.

        Args:
            raw_body: the body exactly as received.
            headers: any mapping, or a list or tuple of pairs; names in any case, names and values as text or bytes.

        Returns:
            The callback: genuine, fresh, unambiguous, with known fields of the contract's types.

        Raises:
            CallbackRejected: anything else; see its ``reason`` and ``genuine``.
        """
        raw = _bytes(raw_body, self._limits.raw)
        signature, timestamp = _signature_and_timestamp(headers)
        body, form, bad_keys = self._authenticate(raw, signature, timestamp)
        signed_at = int(timestamp)
        known = self._rules.read(body)
        callback = _callback(raw, body, known.values, form, signed_at)
        if known.wrong is not None or callback is None:
            problem = f"{known.wrong or 'an id'} is missing or of a wrong type"
            raise CallbackRejected(RejectionReason.FIELDS, problem, callback)
        if bad_keys:
            detail = "a key appears twice, or contains ':' or the joiner"
            raise CallbackRejected(RejectionReason.AMBIGUOUS, detail, callback)
        place = self._rules.ambiguity(lambda: known, form.entries, form.normalized)
        if place is not None:
            raise CallbackRejected(RejectionReason.AMBIGUOUS, f"{place} can be read in two ways", callback)
        # last, so that only an otherwise valid callback is "stale"
        age = self._clock() - signed_at
        if not abs(age) <= self._tolerance:
            when = f"{abs(age):.0f} seconds in the {'past' if age > 0 else 'future'}"
            raise CallbackRejected(RejectionReason.STALE, f"signed {when}", callback)
        if self._log is not None:
            self._log.add(form)
        return callback

    def _authenticate(
        self, raw: bytes, signature: bytes, timestamp: str
    ) -> tuple[dict[str, object], SignedForm, list[str]]:
        """Return the body, its signed form, and the places of keys that are repeated or contain a joiner."""
        try:
            body, duplicate = parse(raw, limits=self._limits)
            bad_keys = [] if duplicate is None else [duplicate]
            form = self._finder.find(raw, body, self._ring_of(body), signature, timestamp, bad_keys)
        except BodyNotSignable as error:
            fault = error.reason
        else:
            if form is None:
                raise CallbackRejected(RejectionReason.SIGNATURE, "no key of the project made this signature")
            return body, form, bad_keys
        # Raised outside and without the path: nothing that an unknown sender wrote is quoted, not even as context.
        reason = RejectionReason.TOO_LARGE if fault is BodyFault.SIZE else RejectionReason.MALFORMED
        raise CallbackRejected(reason, fault.value)

    def _ring_of(self, body: Mapping[str, object]) -> KeyRing:
        project_id = body.get("project_id")
        ring = self._keys.get(project_id) if isinstance(project_id, str) else None
        if ring is None:
            raise CallbackRejected(RejectionReason.UNKNOWN_PROJECT, "no keys for this project")
        return ring

    def __repr__(self) -> str:
        return f"<CallbackVerifier of {len(self._keys)} project(s)>"


def _checked_keys(keys: object) -> dict[str, KeyRing]:
    if not isinstance(keys, Mapping) or not keys:
        raise KeyFormatError("keys", "expected a mapping of at least one project id to its key ring")
    checked = dict(keys)
    for project_id, ring in checked.items():
        if not isinstance(project_id, str) or not project_id:
            raise KeyFormatError("keys", "each project id must be text")
        if not isinstance(ring, KeyRing):
            raise KeyFormatError("keys", "each value must be a KeyRing")
    return checked


def _bytes(raw_body: object, limit: int) -> bytes:
    if type(raw_body) is bytes and len(raw_body) <= limit:
        return raw_body  # the usual case needs no copy
    try:
        view = memoryview(raw_body)  # type: ignore[arg-type]  # a non-buffer raises
        raw = view.tobytes() if view.nbytes <= limit else None
    except Exception:  # noqa: BLE001 - whatever a foreign object raises, the verdict is the same
        raise CallbackRejected(RejectionReason.MALFORMED, "the body is not bytes") from None
    if raw is None:
        raise CallbackRejected(RejectionReason.TOO_LARGE, "the body is larger than the limit")
    return raw


def _signature_and_timestamp(headers: object) -> tuple[bytes, str]:
    found = find_headers(headers, (_SIGNATURE, _TIMESTAMP))
    signature, timestamp = decode_signature(_only(found, _SIGNATURE)), _only(found, _TIMESTAMP)
    if signature is None:
        raise CallbackRejected(RejectionReason.HEADERS, f"{_SIGNATURE} is not base64url")
    if not is_timestamp(timestamp):
        raise CallbackRejected(RejectionReason.HEADERS, f"{_TIMESTAMP} is not Unix seconds in ten digits")
    return signature, timestamp


def _only(found: Mapping[str, list[str | None]], wanted: str) -> str:
    values = found[wanted]
    if not values:
        raise CallbackRejected(RejectionReason.HEADERS, f"{wanted} is missing")
    if len(values) > 1:
        raise CallbackRejected(RejectionReason.HEADERS, f"{wanted} is repeated")
    if values[0] is None:
        raise CallbackRejected(RejectionReason.HEADERS, f"{wanted} is not text")
    return values[0]


def _callback(
    raw: bytes, body: dict[str, object], values: Mapping[str, object], form: SignedForm, signed_at: int
) -> VerifiedCallback | None:
    # fields of a wrong type are not among the values; without ids and status there is no callback
    project_id, payment_id = _text(values, "project_id"), _text(values, "general:payment_id")
    status, amount = _text(values, "status:status"), values.get("payment_info:amount")
    if project_id is None or payment_id is None or status is None:
        return None
    return VerifiedCallback(
        raw=raw,
        body=body,
        project_id=project_id,
        payment_id=payment_id,
        request_id=_text(values, "general:request_id"),
        status=status,
        sub_status=_text(values, "status:sub_status"),
        amount=amount if isinstance(amount, int) else None,
        currency=_text(values, "payment_info:currency"),
        key_id=form.key_id,
        signed_at=signed_at,
        normalized_sha256=hashlib.sha256(form.normalized.encode()).hexdigest(),
        scheme=form.scheme,
    )


def _text(values: Mapping[str, object], path: str) -> str | None:
    value = values.get(path)
    return value if isinstance(value, str) else None
