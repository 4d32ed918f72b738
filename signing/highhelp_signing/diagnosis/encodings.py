"""Read a signature or timestamp header as its sender may have meant it, and name the mistake."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.encoding import base64url_decode

__all__ = ["SignatureReading", "TimestampReading", "read_signature", "read_timestamp"]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*|[A-Za-z0-9_-]+=*", re.ASCII)
_SMALL_UNIT = re.compile(r"[0-9]{12,19}", re.ASCII)


class SignatureReading(NamedTuple):
    """The bytes that a signature's text may stand for.

    Attributes:
        value: the bytes.
        findings: the mistakes that this reading supposes.
    """

    value: bytes
    findings: tuple[Finding, ...] = ()


class TimestampReading(NamedTuple):
    """The timestamp that a header's text may stand for.

    Attributes:
        text: the timestamp.
        findings: the mistakes that this reading supposes.
    """

    text: str
    findings: tuple[Finding, ...] = ()


def read_signature(text: str) -> list[SignatureReading]:
    """Every way to read the text of a signature, the right one first."""
    bare = "".join(text.split())
    spaces: tuple[Finding, ...] = ()
    if bare != text:
        spaces = (Finding(Cause.WHITE_SPACE, "white space or a line break stands in the signature"),)
    readings: list[SignatureReading] = []
    exact = base64url_decode(bare)
    if exact is not None:
        readings.append(SignatureReading(exact, spaces))
    if _HEX.fullmatch(bare):
        finding = Finding(Cause.ENCODING, "the signature is written in hex, not in base64url")
        readings.append(SignatureReading(bytes.fromhex(bare), (*spaces, finding)))
    loose = _decode_loosely(bare) if exact is None and _BASE64.fullmatch(bare) else None
    if loose is not None:
        finding = Finding(Cause.PADDING, "the signature's padding is incomplete, or its last character is wrong")
        if "+" in bare or "/" in bare:
            finding = Finding(Cause.ENCODING, "the signature is in standard base64 (+ and /), not in base64url")
        readings.append(SignatureReading(loose, (*spaces, finding)))
    return readings


def _decode_loosely(text: str) -> bytes | None:
    bare = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None


def read_timestamp(text: str) -> list[TimestampReading]:
    """Every timestamp that a text may stand for; the text itself first."""
    readings = [TimestampReading(text)]
    bare = text.strip()
    if bare != text:
        finding = Finding(Cause.WHITE_SPACE, "white space or a line break stands in the timestamp")
        readings.append(TimestampReading(bare, (finding,)))
    if _SMALL_UNIT.fullmatch(bare):
        places = 3 if len(bare) < 15 else len(bare) - 10
        unit = "milliseconds" if places == 3 else "a smaller unit than seconds"
        finding = Finding(Cause.MILLISECONDS, f"the timestamp is in {unit}, not in seconds")
        readings.append(TimestampReading(bare[:-places], (finding,)))
    return readings
