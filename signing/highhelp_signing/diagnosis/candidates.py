"""Messages that may have been signed instead of the right one: for the search of a signature's mistake.

Each guess names its mistake. The likelier ones come first, and a guess deviates in one thing from the right message or
is another reading of the scheme; the search stops at the first that fits.
"""

from __future__ import annotations

import base64
import itertools
import json
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from highhelp_signing.encoding import base64url_encode
from highhelp_signing.errors import SigningError
from highhelp_signing.normalize import NumberText, collect_entries
from highhelp_signing.scheme import SignatureScheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Guess", "body_guesses", "form_guesses", "message_of_text", "readings", "scheme_differences"]

JOINERS = (";", ",", "&", "|", "\n", " ", ";\n")
NULLS = ("None", "null", "", "NULL", "nil", "undefined")
BOOLEANS = (("1", "0"), ("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("yes", "no"))
MOST_LEAVES = 300
"""Leaves up to which each is left out once."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A message and what would have been done wrongly to sign it.

    Attributes:
        message: the bytes before digest and signature.
        cause: the name of the mistake, "" for another reading of the scheme alone.
        detail: what it is, for people.
        scheme: the reading of the scheme that it takes.
    """

    message: bytes
    cause: str
    detail: str
    scheme: SignatureScheme


def message_of_text(text: str, timestamp: str, scheme: SignatureScheme) -> bytes:
    """The message of a normalised string and of whatever text stands for the timestamp."""
    return (base64url_encode(text.encode(), padding=scheme.padding) + timestamp).encode()


def scheme_differences(one: SignatureScheme, other: SignatureScheme) -> list[str]:
    """The names of the fields in which two readings differ."""
    return [name for name in SignatureScheme.__slots__ if getattr(one, name) != getattr(other, name)]


def readings(body: Mapping[str, object], scheme: SignatureScheme) -> list[SignatureScheme]:
    """Readings of the scheme that matter for this body, the nearest first; the first one is the given one."""
    leaves = [value for _, value in walk(body)]
    joiners = (scheme.joiner, *JOINERS) if len(leaves) > 1 else (scheme.joiner,)
    nulls = (scheme.null_text, *NULLS) if None in leaves else (scheme.null_text,)
    words = (scheme.true_text, scheme.false_text)
    booleans = (words, *BOOLEANS) if any(isinstance(value, bool) for value in leaves) else (words,)
    found: dict[SignatureScheme, None] = {}
    for padding, joiner, null, (true, false) in itertools.product((False, True), joiners, nulls, booleans):
        try:
            made = replace(scheme, padding=padding, joiner=joiner, null_text=null, true_text=true, false_text=false)
        except SigningError:
            continue  # two of the points exclude each other
        found.setdefault(made)
    return sorted(found, key=lambda made: len(scheme_differences(scheme, made)))


def form_guesses(
    raw: bytes, body: Mapping[str, object], entries: list[str], timestamp: str, scheme: SignatureScheme
) -> Iterator[Guess]:
    """Messages that were put together wrongly from the right body and timestamp."""
    text = scheme.joiner.join(entries)
    stamp = timestamp.encode()
    encoded = base64url_encode(text.encode(), padding=scheme.padding).encode()

    def guess(message: bytes, cause: str, detail: str) -> Guess:
        return Guess(message, cause, detail, scheme)

    yield guess(encoded, "no_timestamp", "the timestamp was left out of the signed message")
    yield guess(stamp + encoded, "order", "the timestamp was put before the encoded body, it belongs after it")
    for mark in (".", ":", "|", ";", "\n", " "):
        text_of_mark = repr(mark)
        yield guess(
            encoded + mark.encode() + stamp, "separator", f"{text_of_mark} was put between the body and the timestamp"
        )
    yield guess(text.encode() + stamp, "not_encoded", "the normalised string was signed as it is, without base64url")
    yield guess(
        text.encode(), "not_encoded", "the normalised string was signed as it is, without base64url and timestamp"
    )
    standard = base64.b64encode(text.encode())
    for data in (standard, standard.rstrip(b"=")):
        yield guess(
            data + stamp, "message_base64", "the normalised string was encoded in standard base64, not in base64url"
        )
    yield guess(text.encode().hex().encode() + stamp, "message_hex", "the normalised string was encoded in hex")
    for end, name in ((b"\n", "a line break"), (b"\r\n", "a Windows line break"), (b" ", "a space")):
        yield guess(encoded + stamp + end, "trailing_newline", f"{name} was signed after the message")
        with_end = base64url_encode(text.encode() + end, padding=scheme.padding).encode()
        yield guess(with_end + stamp, "trailing_newline", f"{name} was signed after the normalised string")
    for mark in ("\ufeff",):
        with_mark = base64url_encode((mark + text).encode(), padding=scheme.padding).encode()
        yield guess(with_mark + stamp, "bom", "a byte order mark was signed before the normalised string")
    yield from _json_guesses(raw, body, timestamp, scheme)
    in_order = scheme.joiner.join(f"{path}:{_text(value, scheme)}" for path, value in walk(body))
    folded = scheme.joiner.join(sorted(entries, key=str.casefold))
    backwards = scheme.joiner.join(reversed(entries))
    for other, detail in (
        (in_order, "the entries were not sorted"),
        (folded, "the entries were sorted without regard to upper and lower case"),
        (backwards, "the entries were sorted backwards"),
    ):
        yield guess(message_of_text(other, timestamp, scheme), "sorting", detail)
    yield guess(
        message_of_text(text + scheme.joiner, timestamp, scheme),
        "joiner_at_end",
        "a joiner was put after the last entry",
    )


def _json_guesses(raw: bytes, body: Mapping[str, object], timestamp: str, scheme: SignatureScheme) -> Iterator[Guess]:
    detail = "the JSON text was signed, not the normalised string"
    plain: Any = _with(body, lambda value: str(value) if isinstance(value, NumberText) else value)
    texts = [raw, raw.strip()]
    for ascii_only, separators in itertools.product((False, True), ((",", ":"), (", ", ": "))):
        for ordered in (False, True):
            made = json.dumps(plain, ensure_ascii=ascii_only, separators=separators, sort_keys=ordered)
            texts.append(made.encode("utf-8", "surrogatepass"))
    stamp = timestamp.encode()
    for text in dict.fromkeys(texts):
        encoded = base64url_encode(text).encode()
        padded = base64url_encode(text, padding=True).encode()
        for message in (encoded + stamp, padded + stamp, text + stamp, text, encoded, base64.b64encode(text) + stamp):
            yield Guess(message, "json_text", detail, scheme)


def body_guesses(body: Mapping[str, object], timestamp: str, scheme: SignatureScheme) -> Iterator[Guess]:
    """Messages of a body that is not quite the one that arrived."""
    for detail, cause, change in _CHANGES:
        yield from _of_body(change(body), timestamp, scheme, cause, detail)
    entries = [(path, f"{path}:{_text(value, scheme)}") for path, value in walk(body)]
    if len(entries) > MOST_LEAVES:
        return
    for left_out, _ in entries:
        kept = sorted(entry for path, entry in entries if path != left_out)
        detail = f"the body was changed after signing: {_shown(left_out)} was added, or was left out of the signature"
        yield Guess(message_of_text(scheme.joiner.join(kept), timestamp, scheme), "changed", detail, scheme)
    for block in dict.fromkeys(path.partition(":")[0] for path, _ in entries):
        kept = sorted(entry for path, entry in entries if path.partition(":")[0] != block)
        detail = f"the body was changed after signing: {_shown(block)} was added, or was left out of the signature"
        yield Guess(message_of_text(scheme.joiner.join(kept), timestamp, scheme), "changed", detail, scheme)


def _of_body(body: object, timestamp: str, scheme: SignatureScheme, cause: str, detail: str) -> Iterator[Guess]:
    if not isinstance(body, dict):
        return
    try:
        entries = collect_entries(body, scheme, bad_keys=[])
        message = message_of_text(scheme.joiner.join(entries), timestamp, scheme)
    except (SigningError, ValueError):
        return  # a body that cannot be signed at all was not signed
    yield Guess(message, cause, detail, scheme)


def _shown(path: str) -> str:
    return ascii(path)[1:-1][:200]


def _with(value: object, leaf: Callable[[Any], object]) -> object:
    """A copy with each leaf changed. The body's depth was bounded when it was read."""
    if isinstance(value, dict):
        return {name: _with(item, leaf) for name, item in value.items()}
    if isinstance(value, list):
        return [_with(item, leaf) for item in value]
    return leaf(value)


def _strings(change: Callable[[str], str]) -> Callable[[object], object]:
    def leaf(value: Any) -> object:
        return change(value) if isinstance(value, str) and not isinstance(value, NumberText) else value

    return lambda body: _with(body, leaf)


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value if item is not None] if isinstance(value, list) else value


def _empty_shown(value: object, words: Mapping[type, str]) -> object:
    if isinstance(value, dict | list) and not value:
        return words[type(value)]
    if isinstance(value, dict):
        return {name: _empty_shown(item, words) for name, item in value.items()}
    return [_empty_shown(item, words) for item in value] if isinstance(value, list) else value


def _indexed(value: object, start: int) -> object:
    if isinstance(value, dict):
        return {name: _indexed(item, start) for name, item in value.items()}
    if isinstance(value, list):
        return {str(index): _indexed(item, start) for index, item in enumerate(value, start)}
    return value


def _shortest(value: object) -> object:
    if not isinstance(value, NumberText):
        return value
    number = float(value)
    return NumberText(repr(number))


def _whole(value: object) -> object:
    if not isinstance(value, NumberText):
        return value
    number = float(value)
    return int(number) if number.is_integer() else value


def _as_float(value: object) -> object:
    return NumberText(f"{value}.0") if isinstance(value, int) and not isinstance(value, bool) else value


_NUMBERS = "the body was read and written again: a number changed its text"
_CHANGES: tuple[tuple[str, str, Callable[[Any], object]], ...] = (
    (f"{_NUMBERS} (100.10 and 100.1)", "re_serialised", lambda body: _with(body, _shortest)),
    (f"{_NUMBERS} (100.0 and 100)", "re_serialised", lambda body: _with(body, _whole)),
    (f"{_NUMBERS} (100 and 100.0)", "re_serialised", lambda body: _with(body, _as_float)),
    ("the body was read and written again: fields that are null were left out", "re_serialised", _without_nulls),
    (
        "text was signed with its JSON escapes (\\u0438), not as it is",
        "escaped",
        _strings(lambda text: json.dumps(text)[1:-1]),
    ),
    (
        "text was signed with JSON's escapes of quotes and line breaks, not as it is",
        "escaped",
        _strings(lambda text: json.dumps(text, ensure_ascii=False)[1:-1]),
    ),
    ("slashes were signed escaped (\\/), not as they are", "escaped", _strings(lambda text: text.replace("/", "\\/"))),
    ("text was trimmed", "re_serialised", _strings(str.strip)),
    (
        "text was changed to another Unicode form (NFC)",
        "unicode_form",
        _strings(lambda text: unicodedata.normalize("NFC", text)),
    ),
    (
        "text was changed to another Unicode form (NFD)",
        "unicode_form",
        _strings(lambda text: unicodedata.normalize("NFD", text)),
    ),
    ("empty objects and lists were signed too", "empty", lambda body: _empty_shown(body, {dict: "{}", list: "[]"})),
    ("empty objects and lists were signed too", "empty", lambda body: _empty_shown(body, {dict: "", list: ""})),
    ("list items were counted from 1, not from 0", "index", lambda body: _indexed(body, 1)),
)


def walk(body: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Each leaf with its colon path, in the order of the document."""
    stack: list[Iterator[tuple[str, object]]] = [iter(body.items())]
    while stack:
        for path, value in stack[-1]:
            if isinstance(value, dict | list):
                stack.append(_below(path, value))
                break
            yield path, value
        else:
            stack.pop()


def _below(path: str, value: dict[str, object] | list[object]) -> Iterator[tuple[str, object]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return ((f"{path}:{name}", item) for name, item in items)


def _text(value: object, scheme: SignatureScheme) -> str:
    words = {None: scheme.null_text, True: scheme.true_text, False: scheme.false_text}
    return words[value] if value is None or isinstance(value, bool) else str(value)
