"""The named mistakes of a signature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

__all__ = ["Cause", "Finding"]


@unique
class Cause(StrEnum):
    """A mistake in a signature, or in the headers and body around it."""

    HEADER_MISSING = "header_missing"
    HEADER_TWICE = "header_twice"
    SCHEME = "scheme"
    """Another signature scheme was used; `Explanation.scheme` is the one that matches."""
    WRONG_KEY = "wrong_key"
    """Another known key made the signature; it is named."""
    UNKNOWN_KEY = "unknown_key"
    """No known key made the signature."""
    HMAC_KEY_TEXT = "hmac_key_text"
    """The HMAC key was misread from its file."""
    PRIVATE_KEY_SENT = "private_key_sent"
    """The token carries a private key."""
    TOKEN = "token"  # noqa: S105 - a name, holds no secret
    """The token does not belong to the key that signed."""
    PROJECT = "project"
    """Header, body and settings name different projects."""
    ALGORITHM = "algorithm"
    """The algorithm header does not fit the signature."""
    DIGEST = "digest"
    """Another hash than SHA-256 (RSA) or SHA-512 (HMAC), or the hash as text."""
    ENCODING = "encoding"
    """The signature is written in hex or standard base64, or is not base64url at all."""
    PADDING = "padding"
    WHITE_SPACE = "white_space"
    MILLISECONDS = "milliseconds"
    TIMESTAMP_FORM = "timestamp_form"
    TIMESTAMP_DIFFERS = "timestamp_differs"
    """Another second was signed than the header names."""
    STALE = "stale"
    """Signed outside the tolerance, in the past or in the future."""
    JSON_TEXT = "json_text"
    """The JSON text was signed, not the normalised string."""
    NO_TIMESTAMP = "no_timestamp"
    SORTING = "sorting"
    CHANGED = "changed"
    """The right key signed another text: body or timestamp were changed afterwards."""
    BODY = "body"
    """The body has no normalised string, or names a key twice."""
    UNKNOWN = "unknown"
    """The signature is not explained."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake.

    Attributes:
        cause: its name.
        detail: an explanation for people, without key, token or signature.
    """

    cause: Cause
    detail: str

    def __str__(self) -> str:
        """Name and detail."""
        return f"{self.cause}: {self.detail}"
