"""Convert a JSON body to the signed message: parse, normalise, append the timestamp.

Rules (documented unless marked): each scalar gives ``key:key:value``, array elements use their index as a key; true and
false are ``1`` and ``0``; null is ``None`` (integrator; :mod:`~highhelp_signing.forms` lists the alternatives);
integers in decimal; strings raw, nothing escaped; empty objects and arrays give nothing (integrator); the entries are
sorted by Unicode code point and joined with ``;`` (integrator). The message is the base64url of that text (unpadded:
integrator) followed by the decimal timestamp.

The input may be hostile: nothing here recurses, and limits are checked before the memory that they guard is used.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from highhelp_signing.encoding import base64url_bytes
from highhelp_signing.errors import BodyFault, BodyNotSignable
from highhelp_signing.scheme import SignatureScheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_SCHEME",
    "TOLERANCE",
    "Limits",
    "NotJsonValue",
    "NumberText",
    "Parsed",
    "add_nulls",
    "collect_entries",
    "is_timestamp",
    "join_entries",
    "message_of",
    "normalize",
    "parse",
    "parse_body",
    "signing_message",
    "split_entries",
    "timestamp_text",
]

DEFAULT_SCHEME = SignatureScheme()
TOLERANCE = 300
"""Seconds that a timestamp may be in the past or the future; the gateway documents no tolerance."""

_TIMESTAMP = re.compile(r"[1-9][0-9]{9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on the cost of an unauthenticated body.

    Attributes:
        raw: bytes of the body on the wire.
        depth: nesting of objects and arrays; the top level counts as one.
        text: bytes of the normalised string. The same bound, in characters, applies to the total of all members'
            paths, empty members included: a body of a few KB can have thousands of containers under one long key and
            still normalise to nothing.
        containers: objects and arrays in the body on the wire, counted by its opening brackets, including those inside
            strings. Each costs the parser and the garbage collector a hundred times as much as its byte.
    """

    raw: int = 1 << 20
    depth: int = 64
    text: int = 4 << 20
    containers: int = 4096


DEFAULT_LIMITS = Limits()

_BRACKET = re.compile(rb"[][{}]")


class NumberText(str):
    """A number with a fraction or an exponent, kept as its literal text, so that no float is ever used."""

    __slots__ = ()


class NotJsonValue(Exception):
    """A value that is not plain JSON (dict, list, str, int, bool, None), which an encoder may write differently."""


class Parsed(NamedTuple):
    """A JSON object as read from bytes.

    Attributes:
        body: the object; numbers with a fraction or an exponent are :class:`NumberText`.
        duplicate: colon path of a key that its object names twice (the last one is in ``body``), else None.
    """

    body: dict[str, object]
    duplicate: str | None


_Container: TypeAlias = dict[str, object] | list[object]


def parse(raw: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Parsed:
    """Parse a JSON object strictly: decodes UTF-8 first, as ``json.loads`` of bytes guesses encodings and drops a BOM.

    Duplicate keys and numbers with a fraction are kept and marked, so that a verifier can report them once it knows
    that the body is genuine.

    Raises:
        BodyNotSignable: too large, not UTF-8, not JSON, ``NaN``, an integer with too many digits, nested too deeply, or
            not an object.
    """
    if len(raw) > limits.raw:
        raise BodyNotSignable("", BodyFault.SIZE)
    if raw.count(b"{") + raw.count(b"[") > limits.containers:
        raise BodyNotSignable("", BodyFault.DEPTH if _is_nested_deeply(raw, limits) else BodyFault.SIZE)
    repeated: list[tuple[dict[str, object], str]] = []
    body = _loads(_decode(raw), repeated)
    if not isinstance(body, dict):
        raise BodyNotSignable("", BodyFault.NOT_OBJECT)
    return Parsed(body, _path_of_repeated(body, *repeated[0]) if repeated else None)


def _is_nested_deeply(raw: bytes, limits: Limits) -> bool:
    """Whether the first containers alone are nested beyond the limit."""
    depth = 0
    for bracket in itertools.islice(_BRACKET.finditer(raw), limits.containers):
        depth += 1 if bracket.group() in b"{[" else -1
        if depth > limits.depth:
            return True
    return False


def parse_body(raw: bytes, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, object]:
    """Parse a JSON object that is to be signed. Duplicate keys are refused.

    Args:
        raw: its bytes.
        limits: bounds of size and depth.

    Raises:
        BodyNotSignable: not UTF-8, not a JSON object, too large or too deep, or a duplicate key.
    """
    body, duplicate = parse(raw, limits=limits)
    if duplicate is not None:
        raise BodyNotSignable(duplicate, BodyFault.DUPLICATE_KEY)
    return body


def normalize(
    body: Mapping[str, object], scheme: SignatureScheme = DEFAULT_SCHEME, *, limits: Limits = DEFAULT_LIMITS
) -> str:
    """Normalise a parsed JSON object.

    Args:
        body: dicts, lists, strings, integers, booleans, None; subclasses (``StrEnum``, ``IntEnum``) count as their
            base, tuples as lists.
        scheme: the signature scheme.
        limits: bounds of the result, checked while it is built.

    Raises:
        BodyNotSignable: names the colon path and the reason, never the value.
    """
    return join_entries(body, collect_entries(body, scheme, limits=limits), scheme, limits=limits)


def signing_message(
    body: Mapping[str, object],
    timestamp: int,
    scheme: SignatureScheme = DEFAULT_SCHEME,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Return the message to sign: base64url of the normalised string, directly followed by the timestamp (documented).

    Args:
        body: see :func:`normalize`.
        timestamp: Unix seconds of signing.
        scheme: the signature scheme.
        limits: see :func:`normalize`.

    Raises:
        BodyNotSignable: see :func:`normalize`.
        TypeError: the timestamp is not an integer.
        ValueError: the timestamp is negative.
    """
    return message_of(normalize(body, scheme, limits=limits), timestamp_text(timestamp), scheme)


def timestamp_text(timestamp: object) -> str:
    """Format Unix seconds, identically for the message and the header.

    Raises:
        TypeError: not an integer.
        ValueError: negative.
    """
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        raise TypeError("the timestamp must be an integer of Unix seconds")
    if timestamp < 0:
        raise ValueError("the timestamp must not be negative")
    return int.__repr__(timestamp)


def is_timestamp(text: str) -> bool:
    """Whether a received timestamp is Unix seconds in ten decimal digits (2001 to 2286), in ASCII.

    Nothing in the message marks the end of the body, and base64url has digits too: with another length, digits could be
    moved between the two, and a body that nobody signed would seem to be signed in 1970.
    """
    return _TIMESTAMP.fullmatch(text) is not None


def message_of(normalized: str, timestamp: str, scheme: SignatureScheme = DEFAULT_SCHEME) -> bytes:
    """Return the message of a normalised string; ``timestamp`` is decimal Unix seconds."""
    return base64url_bytes(normalized.encode(), padding=scheme.padding) + timestamp.encode("ascii")


def collect_entries(
    body: Mapping[str, object],
    scheme: SignatureScheme = DEFAULT_SCHEME,
    *,
    limits: Limits = DEFAULT_LIMITS,
    bad_keys: list[str] | None = None,
    plain: bool = False,
) -> list[str]:
    """Return the sorted ``path:value`` entries, not joined; arguments and errors as for :func:`split_entries`."""
    return add_nulls(*split_entries(body, scheme, limits=limits, bad_keys=bad_keys, plain=plain), scheme.null_text)


def split_entries(
    body: Mapping[str, object],
    scheme: SignatureScheme = DEFAULT_SCHEME,
    *,
    limits: Limits = DEFAULT_LIMITS,
    bad_keys: list[str] | None = None,
    plain: bool = False,
) -> tuple[list[str], list[str]]:
    """Return the entries that do not depend on how null is written, and the ``path:`` of each null. Not sorted.

    Args:
        body: see :func:`normalize`.
        scheme: the signature scheme.
        limits: bounds of the result.
        bad_keys: for a verifier, which must compute the string before it may judge: collects the paths of objects with
            a key that contains ``:`` or the joiner, instead of refusing them; :class:`NumberText` counts as its text.
        plain: whether the body must consist of dict, list, str, int, bool and None only, without subclasses, which an
            encoder may write differently.

    Raises:
        BodyNotSignable: see :func:`normalize`.
        NotJsonValue: with `plain`, if the body is not plain.
    """
    if not isinstance(body, dict):
        raise BodyNotSignable("", BodyFault.NOT_OBJECT)
    if plain and type(body) is not dict:
        raise NotJsonValue
    try:
        return _collect(body, scheme, limits, bad_keys, plain=plain)
    except BodyNotSignable:
        raise
    except ValueError:
        # the interpreter does not format integers of more than sys.get_int_max_str_digits() digits
        raise BodyNotSignable(_locate(body, _is_unprintable), BodyFault.NUMBER) from None


def add_nulls(entries: list[str], nulls: list[str], null_text: str | None) -> list[str]:
    """Return all entries, sorted.

    Args:
        entries: see :func:`split_entries`.
        nulls: likewise.
        null_text: the text of null; None if null gives no entry.
    """
    return sorted(entries if null_text is None else entries + [path + null_text for path in nulls])


def join_entries(
    body: Mapping[str, object], entries: list[str], scheme: SignatureScheme, *, limits: Limits = DEFAULT_LIMITS
) -> str:
    """Join the sorted entries of a body to its normalised string.

    Raises:
        BodyNotSignable: text without a UTF-8 form, or more bytes than the limit.
    """
    text = scheme.joiner.join(entries)
    # The entries were counted in characters and without joiners; only here is the size exact.
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        size = -1  # this error contains the body: raise ours outside, so that it is not even its context
    if size < 0:
        raise BodyNotSignable(_locate(body, _has_surrogate), BodyFault.SURROGATE)
    if size > limits.text:
        raise BodyNotSignable("", BodyFault.SIZE)
    return text


def _collect(
    body: dict[str, object], scheme: SignatureScheme, limits: Limits, bad_keys: list[str] | None, *, plain: bool
) -> tuple[list[str], list[str]]:
    room = limits.text
    lenient = bad_keys is not None
    entries: list[str] = []
    nulls: list[str] = []
    # a list that grows during iteration, instead of recursion
    nodes: list[tuple[str, _Container, int]] = [("", body, 1)]
    for prefix, node, depth in nodes:
        if depth > limits.depth:
            raise BodyNotSignable(prefix[:-1], BodyFault.DEPTH)
        # Only paths can multiply: keys and values occur in the body as often as in the entries.
        room -= len(prefix) * len(node)
        if room < 0:
            raise BodyNotSignable(prefix[:-1], BodyFault.SIZE)
        for name, value in _members(prefix, node, scheme.joiner, bad_keys):
            # a subclass of str may print as something else: take its characters
            key = name if type(name) is str else _key_text(prefix, name, plain=plain)
            kind = type(value)
            if kind is str or kind is int:
                entries.append(f"{prefix}{key}:{value}")
                continue
            if value is None:
                nulls.append(f"{prefix}{key}:")
                continue
            usual = kind is dict or kind is list
            other = value if usual else _to_plain(prefix, key, value, scheme, lenient=lenient, plain=plain)
            if isinstance(other, str):
                entries.append(f"{prefix}{key}:{other}")
            elif other:
                nodes.append((f"{prefix}{key}:", other, depth + 1))
    return entries, nulls


def _members(prefix: str, node: _Container, joiner: str, bad_keys: list[str] | None) -> Iterable[tuple[str, Any]]:
    if isinstance(node, list):
        return zip(map(str, range(len(node))), node, strict=True)
    try:
        keys = "".join(node)  # one check for all keys; joining also checks that each is text
    except TypeError:
        raise BodyNotSignable(prefix[:-1], BodyFault.KEY) from None
    if ":" in keys or joiner in keys:
        _note_bad_keys(prefix, node, joiner, bad_keys)
    return node.items()


def _note_bad_keys(prefix: str, node: dict[str, object], joiner: str, bad_keys: list[str] | None) -> None:
    # the joiner may also have formed across two keys
    bad = [key for key in node if ":" in key or joiner in key]
    if bad and bad_keys is None:
        raise BodyNotSignable(prefix + bad[0], BodyFault.KEY)
    if bad and bad_keys is not None:
        bad_keys.append(prefix[:-1])


def _key_text(prefix: str, name: object, *, plain: bool) -> str:
    if plain:
        raise NotJsonValue
    if not isinstance(name, str):
        raise BodyNotSignable(prefix[:-1], BodyFault.KEY)  # a mapping whose items have different keys
    return str.__str__(name)


def _to_plain(
    prefix: str, key: str, value: object, scheme: SignatureScheme, *, lenient: bool, plain: bool
) -> str | _Container:
    if isinstance(value, bool):
        return scheme.true_text if value else scheme.false_text
    if plain:
        raise NotJsonValue
    if isinstance(value, dict | list):
        return value
    if isinstance(value, NumberText) and not lenient:
        raise BodyNotSignable(f"{prefix}{key}", BodyFault.FLOAT)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, tuple):
        return list(value)
    from decimal import Decimal

    reason = BodyFault.FLOAT if isinstance(value, float | Decimal) else BodyFault.TYPE
    raise BodyNotSignable(f"{prefix}{key}", reason)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = "\ufeff"
    if text.startswith("\ufeff"):
        raise BodyNotSignable("", BodyFault.ENCODING)
    return text


def _refuse_constant(_: str) -> NoReturn:
    raise BodyNotSignable("", BodyFault.SYNTAX)


def _loads(text: str, repeated: list[tuple[dict[str, object], str]]) -> object:
    """Parse JSON; add each object that names a key twice to `repeated`, with that key."""

    def build(pairs: list[tuple[str, object]]) -> dict[str, object]:
        built = dict(pairs)
        if len(built) != len(pairs):
            ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
            repeated.append((built, key))
        return built

    # Errors of the decoder contain the whole document: raise ours outside, so that they are not even its context.
    try:
        return json.loads(text, object_pairs_hook=build, parse_float=NumberText, parse_constant=_refuse_constant)
    except BodyNotSignable:
        raise
    except json.JSONDecodeError:
        fault = BodyFault.SYNTAX
    except RecursionError:
        fault = BodyFault.DEPTH
    except ValueError:
        # the interpreter does not parse integers of more than sys.get_int_max_str_digits() digits
        fault = BodyFault.NUMBER
    raise BodyNotSignable("", fault)


def _path_of_repeated(body: dict[str, object], holder: dict[str, object], repeated: str) -> str:
    # the holder may itself have been dropped as an earlier duplicate: then only the key is known
    return _locate(body, lambda node, key, _: node is holder and key == repeated) or repeated


# A slow walk, only to locate an error that is already certain.


def _locate(body: Mapping[str, object], is_fault: Callable[[object, str | int, object], bool]) -> str:
    # The path is built only at the end: building it at each step would multiply a long key by the number of leaves.
    keys: list[str | int] = []
    stack: list[tuple[object, Iterator[tuple[str | int, object]]]] = [(body, iter(body.items()))]
    while stack:
        node, items = stack[-1]
        for key, value in items:
            if is_fault(node, key, value):
                return ":".join(map(str, [*keys, key]))
            if isinstance(value, dict | list):
                keys.append(key)
                stack.append((value, iter(value.items()) if isinstance(value, dict) else enumerate(value)))
                break
        else:
            stack.pop()
            del keys[-1:]
    return ""


def _has_surrogate(_: object, key: object, value: object) -> bool:
    return any(isinstance(text, str) and any("\ud800" <= char <= "\udfff" for char in text) for text in (key, value))


def _is_unprintable(_: object, __: object, value: object) -> bool:
    try:
        return isinstance(value, int) and not int.__repr__(value)
    except ValueError:
        return True
