"""What can be wrong with a signature, by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

__all__ = ["Cause", "Finding"]


@unique
class Cause(StrEnum):
    """What is wrong with a signature, or with what comes with it."""

    HEADER_MISSING = "header_missing"
    HEADER_TWICE = "header_twice"
    HEADER_MISSPELT = "header_misspelt"
    HEADER_NOT_TEXT = "header_not_text"
    SCHEME = "scheme"
    """Another reading of the signature scheme; `Explanation.scheme` is the one that matches."""
    WRONG_KEY = "wrong_key"
    """Another key at hand made the signature; it is named."""
    UNKNOWN_KEY = "unknown_key"
    """No key at hand made the signature."""
    KEY_PAIR = "key_pair"
    """The public key in the token does not belong to the private key that signed."""
    HMAC_KEY_TEXT = "hmac_key_text"
    """The HMAC key was read wrongly from its file."""
    PUBLIC_KEY_AS_SECRET = "public_key_as_secret"  # noqa: S105 - a name, holds no secret
    """A public key was used as the key of an HMAC."""
    PRIVATE_KEY_SENT = "private_key_sent"
    """The token carries a private key."""
    TOKEN = "token"  # noqa: S105 - as above
    """The token is not the one that belongs to the key."""
    PROJECT = "project"
    """The header, the body and the settings do not name one project."""
    ALGORITHM = "algorithm"
    """The algorithm of the header is not that of the signature, or there is no key for it."""
    DIGEST = "digest"
    """Another hash than SHA-256 (RSA) or SHA-512 (HMAC), or the hash as text."""
    PSS = "pss"
    """RSA-PSS, not PKCS#1 v1.5."""
    PADDING = "padding"
    HEX = "hex"
    STANDARD_BASE64 = "standard_base64"
    URL_ENCODED = "url_encoded"
    DOUBLE_ENCODED = "double_encoded"
    QUOTED = "quoted"
    WHITE_SPACE = "white_space"
    NOT_BASE64URL = "not_base64url"
    TRUNCATED = "truncated"
    DER = "der"
    """The signature stands in a DER structure."""
    MILLISECONDS = "milliseconds"
    TIMESTAMP_FORM = "timestamp_form"
    TIMESTAMP_DIFFERS = "timestamp_differs"
    """Another second was signed than the header names."""
    STALE = "stale"
    FUTURE = "future"
    BOM = "bom"
    TRAILING_NEWLINE = "trailing_newline"
    JSON_TEXT = "json_text"
    """The JSON text was signed, not the normalised string."""
    NOT_ENCODED = "not_encoded"
    MESSAGE_BASE64 = "message_base64"
    MESSAGE_HEX = "message_hex"
    NO_TIMESTAMP = "no_timestamp"
    ORDER = "order"
    SEPARATOR = "separator"
    SORTING = "sorting"
    JOINER_AT_END = "joiner_at_end"
    RE_SERIALISED = "re_serialised"
    ESCAPED = "escaped"
    UNICODE_FORM = "unicode_form"
    EMPTY = "empty"
    INDEX = "index"
    CHANGED = "changed"
    """The right key signed another text: body or timestamp were changed afterwards."""
    BODY = "body"
    """The body has no normalised string."""
    DUPLICATE_KEY = "duplicate_key"
    UNKNOWN = "unknown"
    """The signature is not explained."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        cause: its name.
        detail: what it is, for people. Shows no key, token or signature.
    """

    cause: Cause
    detail: str

    def __str__(self) -> str:
        """Name and detail."""
        return f"{self.cause}: {self.detail}"
