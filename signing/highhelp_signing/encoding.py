"""Strict base64url (RFC 4648 §5)."""

from __future__ import annotations

import base64

__all__ = ["base64url_bytes", "base64url_decode", "base64url_encode", "decode_signature"]

_LONGEST_SIGNATURE = 4096
"""Longest signature in characters; an RSA key of 16384 bits makes 2731."""


def base64url_encode(data: bytes, *, padding: bool = False) -> str:
    """Encode; ``=`` is appended only with ``padding``."""
    return base64url_bytes(data, padding=padding).decode("ascii")


def base64url_bytes(data: bytes, *, padding: bool = False) -> bytes:
    """Encode to ASCII bytes."""
    text = base64.urlsafe_b64encode(data)
    return text if padding else text.rstrip(b"=")


def base64url_decode(text: str) -> bytes | None:
    """Decode the unpadded or the fully padded form; None for anything else.

    Padding of a signature is not documented and carries no meaning, so both forms are read. No third spelling of the
    same bytes is accepted: no other alphabet, no white space, no partial padding, no set bits after the last byte. The
    library's decoder is lax, so its result counts only if encoding it gives the same text.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    padded = base64url_encode(data, padding=True)
    return data if data and text in (padded, padded.rstrip("=")) else None


def decode_signature(text: str) -> bytes | None:
    """Decode a received signature; None if it is not base64url, or longer than any key's."""
    return base64url_decode(text) if len(text) <= _LONGEST_SIGNATURE else None
