"""Sign callbacks as the gateway does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from highhelp_api import contract
from highhelp_mock.api.authentication import LIMITS
from highhelp_signing import BodyNotSignable, SignatureScheme, parse_body, signing_message
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.normalize import collect_entries, join_entries, message_of, parse, timestamp_text

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Project

__all__ = ["Outgoing", "sign_bytes", "sign_callback"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed callback, ready to POST.

    Attributes:
        id: its number, to report the attempt.
        payment_id: the merchant's id of the payment.
        kind: name of the contract's webhook.
        url: the receiver's URL.
        headers: the headers to send.
        body: the raw bytes.
    """

    id: int
    payment_id: str
    kind: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def sign_callback(
    project: Project, raw: bytes, timestamp: int, scheme: SignatureScheme, *, wrong: bool = False
) -> dict[str, str]:
    """Make the headers of a callback.

    Args:
        project: the project whose key signs.
        raw: the body.
        timestamp: Unix seconds.
        scheme: the signature scheme.
        wrong: make a well-formed signature that does not match.
    """
    message = signing_message(parse_body(raw, limits=LIMITS), timestamp, scheme, limits=LIMITS)
    return _headers(project, message + b"0" if wrong else message, timestamp, scheme)


def sign_bytes(project: Project, raw: bytes, timestamp: int, scheme: SignatureScheme) -> dict[str, str]:
    """Make the headers of any bytes, to test receivers with genuine but damaged bodies.

    A duplicate key or a number with a fraction is signed literally. For a body without a normalised form, such as one
    that is not JSON, its bytes are signed instead of that form.

    Args:
        project: the project whose key signs.
        raw: the body.
        timestamp: Unix seconds.
        scheme: the signature scheme.
    """
    try:
        body, _ = parse(raw, limits=LIMITS)
        entries = collect_entries(body, scheme, limits=LIMITS, bad_keys=[])
        message = message_of(join_entries(body, entries, scheme, limits=LIMITS), timestamp_text(timestamp), scheme)
    except BodyNotSignable:
        message = base64url_encode(raw, padding=scheme.padding).encode() + timestamp_text(timestamp).encode()
    return _headers(project, message, timestamp, scheme)


def _headers(project: Project, message: bytes, timestamp: int, scheme: SignatureScheme) -> dict[str, str]:
    signature = project.callback_signer.sign(message, scheme.digest)
    return {
        "content-type": "application/json",
        contract.HEADERS.timestamp: str(timestamp),
        contract.HEADERS.signature: base64url_encode(signature, padding=scheme.padding),
    }
