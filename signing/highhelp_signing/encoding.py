"""Base64url (RFC 4648 §5) in the one form that each place allows."""

from __future__ import annotations

import base64
import binascii
import re

__all__ = ["base64url_decode", "base64url_encode"]

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
    whole = text == bare or len(text) % 4 == 0
    return data if whole and base64url_encode(data) == bare else None
