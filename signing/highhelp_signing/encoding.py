"""Base64url (RFC 4648 §5) in the one form that each place allows."""

from __future__ import annotations

import binascii

__all__ = ["base64url_bytes", "base64url_decode", "base64url_encode", "decode_signature"]

_LONGEST_SIGNATURE = 4096
"""Characters; those of an RSA key of 16384 bits have 2731."""
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
"""The characters of the other alphabet, and a padding inside, become one that no base64 has."""
_LAST = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
"""By the number of characters beyond the last whole four: those that leave no bit set after the last byte."""


def base64url_encode(data: bytes, *, padding: bool = False) -> str:
    """Encode; ``=`` is appended only where ``padding`` says so."""
    return base64url_bytes(data, padding=padding).decode("ascii")


def base64url_bytes(data: bytes, *, padding: bool = False) -> bytes:
    """The same as ASCII bytes."""
    text = binascii.b2a_base64(data, newline=False).translate(_TO_URL)
    return text if padding else text.rstrip(b"=")


def base64url_decode(text: str) -> bytes | None:
    """Decode the unpadded or the fully padded form; None for anything else.

    Whether a signature is padded is not documented and says nothing, so both forms are read. Beyond these two no
    second spelling of the same bytes is accepted: no other alphabet, no white space, no partial padding, no set bits
    after the last byte.
    """
    try:
        given = text.encode("ascii")
    except UnicodeEncodeError:
        return None
    bare = given.rstrip(b"=")
    beyond, missing = len(bare) % 4, -len(bare) % 4
    if not bare or len(given) - len(bare) not in (0, missing):
        return None
    if beyond and bare[-1] not in _LAST.get(beyond, b""):
        return None
    try:
        return binascii.a2b_base64(bare.translate(_FROM_URL) + b"=" * missing, strict_mode=True)
    except binascii.Error:
        return None


def decode_signature(text: str) -> bytes | None:
    """The bytes of a received signature; None where it is not base64url, or longer than that of any key."""
    return base64url_decode(text) if len(text) <= _LONGEST_SIGNATURE else None
