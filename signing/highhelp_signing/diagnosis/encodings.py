"""What a signature or a timestamp may have been before it was written wrongly: for the search of a mistake."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from highhelp_signing.encoding import base64url_decode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Spelling", "signature_spellings", "timestamp_spellings"]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)
_STANDARD = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)
_LOOSE = re.compile(r"[A-Za-z0-9_-]+=*", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_FRACTION = re.compile(r"([0-9]{1,19})\.[0-9]+", re.ASCII)


class Spelling(NamedTuple):
    """A way to read a text.

    Attributes:
        value: what it then stands for.
        cause: the name of the mistake, "" where there is none.
        detail: what it is, for people.
    """

    value: bytes
    cause: str
    detail: str


def signature_spellings(text: str) -> list[Spelling]:
    """Every way to read the text of a signature, the right one first."""
    found: list[Spelling] = []
    for bare, cause, detail in _unwrapped(text):
        for spelling in _decoded(bare):
            if cause and spelling.cause:
                found.append(Spelling(spelling.value, cause, f"{detail}; {spelling.detail}"))
            else:
                found.append(Spelling(spelling.value, cause or spelling.cause, detail or spelling.detail))
    again = [
        Spelling(inner.value, "double_encoded", "the signature is encoded twice")
        for outer in found
        if outer.value.isascii() and b"=" not in outer.value[:-2]
        for inner in _decoded(outer.value.decode("ascii"))
    ]
    unique: dict[bytes, Spelling] = {}
    for spelling in [*found, *again]:
        unique.setdefault(spelling.value, spelling)
    return list(unique.values())


def _unwrapped(text: str) -> Iterator[tuple[str, str, str]]:
    yield text, "", ""
    stripped = "".join(text.split())
    if stripped != text:
        yield stripped, "white_space", "white space or a line break stands in the signature"
    if len(stripped) > 2 and stripped[0] == stripped[-1] and stripped[0] in "\"'":
        yield stripped[1:-1], "quoted", "the signature stands in quotation marks"
    if "%" in stripped:
        yield unquote(stripped), "url_encoded", "the signature is percent-encoded, as for a URL"


def _decoded(text: str) -> Iterator[Spelling]:
    exact = base64url_decode(text)
    if exact is not None:
        yield Spelling(exact, "", "")
    if _HEX.fullmatch(text):
        yield Spelling(bytes.fromhex(text), "hex", "the signature is written in hex, not in base64url")
    if exact is None and _STANDARD.fullmatch(text):
        data = _lenient(text.replace("+", "-").replace("/", "_"))
        if data is not None:
            detail = "the signature is in the standard alphabet of base64 (+ and /), not in that of base64url (- and _)"
            if "+" in text or "/" in text:
                yield Spelling(data, "standard_base64", detail)
            else:
                yield Spelling(data, "padding", "the signature's padding is incomplete, or its last character is wrong")
    elif exact is None and _LOOSE.fullmatch(text):
        data = _lenient(text)
        if data is not None:
            yield Spelling(data, "padding", "the signature's padding is incomplete, or its last character is wrong")


def _lenient(text: str) -> bytes | None:
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None


def timestamp_spellings(text: str) -> list[tuple[str, str, str]]:
    """Every timestamp that a text may stand for, with cause and detail; the text itself first."""
    found = [(text, "", "")]
    bare = text.strip()
    if bare != text:
        found.append((bare, "white_space", "white space or a line break stands in the timestamp"))
    if _DIGITS.fullmatch(bare) and len(bare) > 11:
        places = 3 if len(bare) < 15 else len(bare) - 10
        unit = "milliseconds" if places == 3 else "a smaller unit than seconds"
        found.append((bare[:-places], "milliseconds", f"the timestamp is in {unit}, not in seconds"))
    fraction = _FRACTION.fullmatch(bare)
    if fraction:
        found.append((fraction[1], "timestamp_form", "the timestamp has a fraction; it must be whole seconds"))
    if bare.startswith("0") and _DIGITS.fullmatch(bare) and bare != "0":
        found.append((bare.lstrip("0") or "0", "timestamp_form", "the timestamp begins with a zero"))
    seconds = _date(bare)
    if seconds is not None:
        found.append((str(seconds), "timestamp_form", "the timestamp is a date; it must be decimal Unix seconds"))
    return found


def _date(text: str) -> int | None:
    if len(text) > 40 or not any(mark in text for mark in "-:T"):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
