"""Base64url (RFC 4648 §5) in the one form that each place allows."""

from __future__ import annotations

import base64
import binascii
import re

__all__ = ["base64url_decode", "base64url_encode", "decode_signature"]

_LONGEST_SIGNATURE = 4096
"""Characters; those of an RSA key of 16384 bits have 2731."""
_FORM = re.compile(r"[A-Za-z0-9_-]+={0,2}")


def base64url_encode(data: bytes, *, padding: bool = False) -> str:
    """Encode; ``=`` is appended only where ``padding`` says so."""
    text = base64.urlsafe_b64encode(data).decode("ascii")
    return text if padding else text.rstrip("=")


def base64url_decode(text: str) -> bytes | None:
    """Decode the unpadded or the fully padded form; None for anything else.

    Whether a signature is padded is not documented and says nothing, so both forms are read. Beyond these two no
    second spelling of the same bytes is accepted: no other alphabet, no white space, no partial padding, no set bits
    after the last byte.
    """
    if not _FORM.fullmatch(text):
        return None
    bare = text.rstrip("=")
    try:
        data = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None
    encoded = base64url_encode(data)
    return data if text in (encoded, encoded + "=" * (-len(encoded) % 4)) else None


def decode_signature(text: str) -> bytes | None:
    """The bytes of a received signature; None where it is not base64url, or longer than that of any key."""
    return base64url_decode(text) if len(text) <= _LONGEST_SIGNATURE else None
