"""List messages that may have been signed instead of the right one.

Each candidate names its mistake. Likelier ones come first; a candidate has one deviation from the right message or uses
another scheme; the search stops at the first match.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.encoding import base64url_bytes
from highhelp_signing.errors import SigningError
from highhelp_signing.forms import NULL_TEXTS, PADDINGS
from highhelp_signing.normalize import collect_entries, is_timestamp, message_of
from highhelp_signing.scheme import SignatureScheme

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from highhelp_signing.diagnosis.inputs import SentBody

__all__ = ["Candidate", "candidates", "scheme_differences"]

JOINERS = (";", ",", "&", "|", "\n", " ", ";\n")
NULLS = (*NULL_TEXTS, "null", "NULL", "nil", "undefined")
BOOLEANS = (("1", "0"), ("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("yes", "no"))
_NEAR = 10
"""Seconds tried before and after the header's timestamp."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message, and the mistake that would have produced it.

    Attributes:
        message: the bytes before digest and signature.
        scheme: the scheme that it uses.
        finding: the mistake; None if only the scheme differs.
    """

    message: bytes
    scheme: SignatureScheme
    finding: Finding | None = None


def candidates(sent: SentBody, timestamp: str, scheme: SignatureScheme) -> Iterator[Candidate]:
    """Yield the candidates for a body with a normalised string, and for any text as the timestamp."""
    if sent.normalized is None or not timestamp.isascii():
        return
    for other in list_schemes(sent.body, scheme):
        try:
            text = other.joiner.join(collect_entries(sent.body, other, bad_keys=[]))
        except SigningError:
            continue  # larger than the limit in this scheme, so it was not signed with it
        yield Candidate(message_of(text, timestamp, other), other)
    for base in (scheme, replace(scheme, padding=not scheme.padding)):
        yield from _misassembled(sent, timestamp, base)
    if is_timestamp(timestamp):
        moment = int(timestamp)
        for other_time in range(moment - _NEAR, moment + _NEAR + 1):
            problem = f"second {other_time} was signed, and the header says {moment}: the clock was asked twice"
            message = message_of(sent.normalized, str(other_time), scheme)
            yield Candidate(message, scheme, Finding(Cause.TIMESTAMP_DIFFERS, problem))


def scheme_differences(one: SignatureScheme, other: SignatureScheme) -> list[str]:
    """List the fields in which two schemes differ."""
    return [name for name in SignatureScheme.__slots__ if getattr(one, name) != getattr(other, name)]


def list_schemes(body: Mapping[str, object], scheme: SignatureScheme) -> list[SignatureScheme]:
    """List the schemes that make a difference for this body, nearest first, starting with the given one."""
    leaves = [value for _, value in _walk(body)]
    joiners = (scheme.joiner, *JOINERS) if len(leaves) > 1 else (scheme.joiner,)
    nulls = (scheme.null_text, *NULLS) if None in leaves else (scheme.null_text,)
    words = (scheme.true_text, scheme.false_text)
    booleans = (words, *BOOLEANS) if any(isinstance(value, bool) for value in leaves) else (words,)
    schemes: dict[SignatureScheme, None] = {}
    for padding, joiner, null, (true, false) in itertools.product(PADDINGS, joiners, nulls, booleans):
        try:
            other = replace(scheme, padding=padding, joiner=joiner, null_text=null, true_text=true, false_text=false)
        except SigningError:
            continue  # mutually exclusive fields
        schemes.setdefault(other)
    return sorted(schemes, key=lambda other: len(scheme_differences(scheme, other)))


def _misassembled(sent: SentBody, timestamp: str, scheme: SignatureScheme) -> Iterator[Candidate]:
    """Yield messages that combine the right body and timestamp wrongly."""
    finding = Finding(Cause.NO_TIMESTAMP, "the timestamp was left out of the signed message")
    yield Candidate(message_of(scheme.joiner.join(sent.entries), "", scheme), scheme, finding)
    finding = Finding(Cause.JSON_TEXT, "the JSON text was signed, not the normalised string")
    stamp = timestamp.encode()
    for text in _json_texts(sent):
        for message in (base64url_bytes(text, padding=scheme.padding) + stamp, text + stamp, text):
            yield Candidate(message, scheme, finding)
    finding = Finding(Cause.SORTING, "the entries were not sorted")
    in_order = scheme.joiner.join(_in_order(sent.body, scheme))
    yield Candidate(message_of(in_order, timestamp, scheme), scheme, finding)


def _json_texts(sent: SentBody) -> Iterator[bytes]:
    yield sent.raw
    for ascii_only, separators, ordered in itertools.product((False, True), ((",", ":"), (", ", ": ")), (False, True)):
        text = json.dumps(sent.body, ensure_ascii=ascii_only, separators=separators, sort_keys=ordered)
        yield text.encode("utf-8", "surrogatepass")


def _walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each leaf with its colon path, in the order of the document, whose depth is bounded."""
    if not isinstance(value, dict | list):
        yield path, value
        return
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _walk(item, f"{path}:{name}" if path else f"{name}")


def _in_order(body: Mapping[str, object], scheme: SignatureScheme) -> Iterator[str]:
    for path, value in _walk(body):
        if isinstance(value, bool):
            yield f"{path}:{scheme.true_text if value else scheme.false_text}"
        elif value is not None or scheme.null_text is not None:
            yield f"{path}:{scheme.null_text if value is None else value}"
