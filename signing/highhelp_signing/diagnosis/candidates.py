"""Messages that may have been signed instead of the right one.

Each candidate names its mistake. The likelier ones come first, and a candidate deviates in one thing from the right
message or uses another scheme; the search stops at the first that fits.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.diagnosis.matcher import SHORT
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.errors import SigningError
from highhelp_signing.forms import NULL_TEXTS, PADDINGS
from highhelp_signing.normalize import NumberText, collect_entries
from highhelp_signing.scheme import SignatureScheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from highhelp_signing.diagnosis.inputs import SentBody

__all__ = ["Candidate", "candidates", "scheme_differences"]

JOINERS = (";", ",", "&", "|", "\n", " ", ";\n")
NULLS = (*NULL_TEXTS, "null", "NULL", "nil", "undefined")
BOOLEANS = (("1", "0"), ("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("yes", "no"))
_NEAR = 600
"""Seconds around the header's timestamp that are tried."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message, and the mistake by which it would have been signed.

    Attributes:
        message: the bytes before digest and signature.
        scheme: the scheme that it takes.
        finding: the mistake, None for another scheme alone.
    """

    message: bytes
    scheme: SignatureScheme
    finding: Finding | None = None


def candidates(sent: SentBody, timestamp: str, scheme: SignatureScheme) -> Iterator[Candidate]:
    """Every candidate for a body that has a normalised string, and for whatever text stands for the timestamp."""
    if sent.normalized is None:
        return
    for other in list_schemes(sent.body, scheme):
        yield from _of_body(sent.body, timestamp, other, None)
    bases = [scheme, replace(scheme, padding=not scheme.padding)]
    for base in bases:
        yield from _misassembled(sent, timestamp, base)
    for base in bases:
        for problem, change in _CHANGES:
            finding = Finding(Cause.RE_SERIALISED, f"the body was read and written again: {problem}")
            yield from _of_body(change(sent.body), timestamp, base, finding)
    if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12:
        yield from _other_times(sent.normalized, int(timestamp), scheme)


def scheme_differences(one: SignatureScheme, other: SignatureScheme) -> list[str]:
    """The names of the fields in which two schemes differ."""
    return [name for name in SignatureScheme.__slots__ if getattr(one, name) != getattr(other, name)]


def list_schemes(body: Mapping[str, object], scheme: SignatureScheme) -> list[SignatureScheme]:
    """The schemes that make a difference for this body, the nearest first; the first one is the given one."""
    leaves = [value for _, value in walk(body)]
    joiners = (scheme.joiner, *JOINERS) if len(leaves) > 1 else (scheme.joiner,)
    nulls = (scheme.null_text, *NULLS) if None in leaves else (scheme.null_text,)
    words = (scheme.true_text, scheme.false_text)
    booleans = (words, *BOOLEANS) if any(isinstance(value, bool) for value in leaves) else (words,)
    schemes: dict[SignatureScheme, None] = {}
    for padding, joiner, null, (true, false) in itertools.product(PADDINGS, joiners, nulls, booleans):
        try:
            other = replace(scheme, padding=padding, joiner=joiner, null_text=null, true_text=true, false_text=false)
        except SigningError:
            continue  # two of the fields exclude each other
        schemes.setdefault(other)
    return sorted(schemes, key=lambda other: len(scheme_differences(scheme, other)))


def _message(text: str, timestamp: str, scheme: SignatureScheme) -> bytes:
    return (base64url_encode(text.encode(), padding=scheme.padding) + timestamp).encode()


def _misassembled(sent: SentBody, timestamp: str, scheme: SignatureScheme) -> Iterator[Candidate]:
    """Messages that were put together wrongly from the right body and timestamp."""
    finding = Finding(Cause.NO_TIMESTAMP, "the timestamp was left out of the signed message")
    yield Candidate(_message(scheme.joiner.join(sent.entries), "", scheme), scheme, finding)
    finding = Finding(Cause.JSON_TEXT, "the JSON text was signed, not the normalised string")
    stamp = timestamp.encode()
    for text in _json_texts(sent):
        encoded = base64url_encode(text, padding=scheme.padding).encode()
        for message in (encoded + stamp, text + stamp, text):
            yield Candidate(message, scheme, finding)
    finding = Finding(Cause.SORTING, "the entries were not sorted")
    in_order = scheme.joiner.join(_in_order(sent.body, scheme))
    yield Candidate(_message(in_order, timestamp, scheme), scheme, finding)
    finding = Finding(Cause.SORTING, "the entries were sorted without regard to upper and lower case")
    folded = scheme.joiner.join(sorted(sent.entries, key=str.casefold))
    yield Candidate(_message(folded, timestamp, scheme), scheme, finding)


def _json_texts(sent: SentBody) -> list[bytes]:
    plain: Any = _with(sent.body, lambda value: str(value) if isinstance(value, NumberText) else value)
    texts = [sent.raw, sent.raw.strip()]
    for ascii_only, compact, ordered in itertools.product((False, True), repeat=3):
        separators = (",", ":") if compact else (", ", ": ")
        text = json.dumps(plain, ensure_ascii=ascii_only, separators=separators, sort_keys=ordered)
        texts.append(text.encode("utf-8", "surrogatepass"))
    return list(dict.fromkeys(texts))


def _of_body(body: Any, timestamp: str, scheme: SignatureScheme, finding: Finding | None) -> Iterator[Candidate]:
    try:
        entries = collect_entries(body, scheme, bad_keys=[])
        message = _message(scheme.joiner.join(entries), timestamp, scheme)
    except (SigningError, ValueError):
        return  # a body that cannot be signed at all was not signed
    yield Candidate(message, scheme, finding)


def _other_times(normalized: str, moment: int, scheme: SignatureScheme) -> Iterator[Candidate]:
    reach = _NEAR if len(normalized) <= 4 * SHORT else 10
    for distance in range(1, reach + 1):
        for other in (moment - distance, moment + distance):
            problem = f"second {other} was signed, and the header says {moment}: the clock was asked twice"
            message = _message(normalized, str(max(other, 0)), scheme)
            yield Candidate(message, scheme, Finding(Cause.TIMESTAMP_DIFFERS, problem))
    # signed in a finer unit than the header says; only the even ones can be guessed
    finding = Finding(Cause.MILLISECONDS, "the timestamp was signed in milliseconds")
    yield Candidate(_message(normalized, f"{moment}000", scheme), scheme, finding)


def _with(value: object, change: Callable[[Any], object]) -> object:
    """A copy with each leaf changed. The body's depth was bounded when it was read."""
    if isinstance(value, dict):
        return {name: _with(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_with(item, change) for item in value]
    return change(value)


def _shorten(value: object) -> object:
    return NumberText(repr(float(value))) if isinstance(value, NumberText) else value


def _to_whole(value: object) -> object:
    return int(float(value)) if isinstance(value, NumberText) and float(value).is_integer() else value


def _to_float(value: object) -> object:
    return NumberText(f"{value}.0") if isinstance(value, int) and not isinstance(value, bool) else value


_CHANGES: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("a number changed its text (100.10 and 100.1)", lambda body: _with(body, _shorten)),
    ("a number changed its text (100.0 and 100)", lambda body: _with(body, _to_whole)),
    ("a number changed its text (100 and 100.0)", lambda body: _with(body, _to_float)),
)


def walk(body: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield each leaf with its colon path, in the order of the document."""
    stack: list[Iterator[tuple[str, object]]] = [iter(body.items())]
    while stack:
        for path, value in stack[-1]:
            if isinstance(value, dict | list):
                items = value.items() if isinstance(value, dict) else enumerate(value)
                stack.append(iter([(f"{path}:{name}", item) for name, item in items]))
                break
            yield path, value
        else:
            stack.pop()


def _in_order(body: Mapping[str, object], scheme: SignatureScheme) -> Iterator[str]:
    for path, value in walk(body):
        if isinstance(value, bool):
            yield f"{path}:{scheme.true_text if value else scheme.false_text}"
        elif value is not None or scheme.null_text is not None:
            yield f"{path}:{scheme.null_text if value is None else value}"
