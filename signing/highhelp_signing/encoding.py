"""Base64url (RFC 4648 §5) in the one form that each place allows."""

from __future__ import annotations

import base64

__all__ = ["base64url_bytes", "base64url_decode", "base64url_encode", "decode_signature"]

_LONGEST_SIGNATURE = 4096
"""Characters; those of an RSA key of 16384 bits have 2731."""


def base64url_encode(data: bytes, *, padding: bool = False) -> str:
    """Encode; ``=`` is appended only where ``padding`` says so."""
    return base64url_bytes(data, padding=padding).decode("ascii")


def base64url_bytes(data: bytes, *, padding: bool = False) -> bytes:
    """The same as ASCII bytes."""
    text = base64.urlsafe_b64encode(data)
    return text if padding else text.rstrip(b"=")


def base64url_decode(text: str) -> bytes | None:
    """Decode the unpadded or the fully padded form; None for anything else.

    Whether a signature is padded is not documented and says nothing, so both forms are read. Beyond these two no
    second spelling of the same bytes is accepted: no other alphabet, no white space, no partial padding, no set bits
    after the last byte. The library's decoder is lax: what it takes counts only where it is written like that again.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    padded = base64url_encode(data, padding=True)
    return data if data and text in (padded, padded.rstrip("=")) else None


def decode_signature(text: str) -> bytes | None:
    """The bytes of a received signature; None where it is not base64url, or longer than that of any key."""
    return base64url_decode(text) if len(text) <= _LONGEST_SIGNATURE else None
