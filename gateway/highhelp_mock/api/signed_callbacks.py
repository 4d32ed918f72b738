"""Sign callbacks as the gateway does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from highhelp_api import contract
from highhelp_mock.api.authentication import LIMITS
from highhelp_signing import SignatureScheme, parse_body, signing_message
from highhelp_signing.encoding import base64url_encode

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Project

__all__ = ["Outgoing", "sign_callback"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed callback, to be POSTed.

    Attributes:
        id: its number, for reporting the attempt.
        payment_id: the merchant's id of the payment.
        kind: name of the contract's webhook.
        url: where it goes.
        headers: to send along.
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
        scheme: the open points of the signature.
        wrong: make a signature of the right form that does not match.
    """
    message = signing_message(parse_body(raw, limits=LIMITS), timestamp, scheme, limits=LIMITS)
    signature = project.callback_signer.sign(message + b"0" if wrong else message, scheme.digest)
    return {
        "content-type": "application/json",
        contract.HEADERS.timestamp: str(timestamp),
        contract.HEADERS.signature: base64url_encode(signature, padding=scheme.padding),
    }
