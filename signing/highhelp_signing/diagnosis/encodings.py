"""Read a signature or timestamp header as its sender may have intended, and name the mistake."""

from __future__ import annotations

import re
from typing import Generic, NamedTuple, TypeVar

from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.encoding import base64url_decode

__all__ = ["Reading", "read_signature", "read_timestamp"]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)
_MILLISECONDS = re.compile(r"[0-9]{13}", re.ASCII)
_Value = TypeVar("_Value", bytes, str)


class Reading(NamedTuple, Generic[_Value]):
    """A possible value of a header's text.

    Attributes:
        value: the bytes of a signature, or the text of a timestamp.
        findings: the mistakes that this reading implies.
    """

    value: _Value
    findings: tuple[Finding, ...] = ()


def read_signature(text: str) -> list[Reading[bytes]]:
    """List the possible readings of a signature's text, the right one first."""
    bare = "".join(text.split())
    spaces: tuple[Finding, ...] = ()
    if bare != text:
        spaces = (Finding(Cause.WHITE_SPACE, "the signature contains white space or a line break"),)
    readings: list[Reading[bytes]] = []
    exact = base64url_decode(bare)
    if exact is not None:
        readings.append(Reading(exact, spaces))
    if _HEX.fullmatch(bare):
        finding = Finding(Cause.ENCODING, "the signature is written in hex, not in base64url")
        readings.append(Reading(bytes.fromhex(bare), (*spaces, finding)))
    loose = base64url_decode(bare.rstrip("=").replace("+", "-").replace("/", "_"))
    if exact is None and loose is not None:
        finding = Finding(Cause.PADDING, "the signature's padding is incomplete")
        if "+" in bare or "/" in bare:
            finding = Finding(Cause.ENCODING, "the signature is in standard base64 (+ and /), not in base64url")
        readings.append(Reading(loose, (*spaces, finding)))
    return readings


def read_timestamp(text: str) -> list[Reading[str]]:
    """List the possible readings of a timestamp's text, the text itself first."""
    readings = [Reading(text)]
    bare = text.strip()
    if bare != text:
        finding = Finding(Cause.WHITE_SPACE, "the timestamp contains white space or a line break")
        readings.append(Reading(bare, (finding,)))
    if _MILLISECONDS.fullmatch(bare):
        finding = Finding(Cause.MILLISECONDS, "the timestamp is in milliseconds, not in seconds")
        readings.append(Reading(bare[:-3], (finding,)))
    return readings
