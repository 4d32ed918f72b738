"""A straightforward implementation of the signature's rules: recursive, without limits while building.

It shares no code with `highhelp_signing`; deliberately slow and obvious.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from highhelp_signing import Limits, SignatureScheme


class Unreadable(Exception):
    """The body has no normalised form."""


class Fraction(str):
    """A number with a fraction or an exponent, as it is spelt."""

    __slots__ = ()


class Object(NamedTuple):
    """A JSON object as pairs, so that duplicate keys are kept."""

    pairs: list[tuple[str, Any]]

    @property
    def doubled(self) -> bool:
        """Whether a key is duplicate."""
        return len({key for key, _ in self.pairs}) < len(self.pairs)

    @property
    def items(self) -> list[tuple[str, Any]]:
        """The pairs of which the last one of each key counts."""
        return list(dict(self.pairs).items())


def read(raw: bytes, limits: Limits) -> Object:
    """The JSON object of a body.

    Raises:
        Unreadable: Too large, not UTF-8, not JSON, or no object.
    """
    if len(raw) > limits.raw or raw.startswith(b"\xef\xbb\xbf"):
        raise Unreadable

    def refuse(_: str) -> None:
        raise ValueError

    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=Object, parse_float=Fraction, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(value, Object):
        raise Unreadable
    return value


def children(value: Any) -> list[tuple[str, Any]]:
    """The direct members of an object or array that count, by key or index."""
    items = value.items if isinstance(value, Object) else list(enumerate(value)) if isinstance(value, list) else []
    return [(f"{key}", child) for key, child in items]


def objects(value: Any) -> list[Object]:
    """Every object in a value, those included that a later key of the same name hides."""
    below = [child for _, child in value.pairs] if isinstance(value, Object) else value
    here = [value] if isinstance(value, Object) else []
    return here + [one for child in below for one in objects(child)] if isinstance(value, Object | list) else here


def depth(value: Any) -> int:
    """How deep objects and arrays that hold something are nested; 0 for a leaf and for an empty one."""
    below = [depth(child) for _, child in children(value)]
    return 1 + max(below) if below else 0


def entries(value: Any, scheme: SignatureScheme, path: str = "") -> list[str]:
    """`path:value` of every leaf, unsorted."""
    if isinstance(value, Object | list):
        return [one for key, child in children(value) for one in entries(child, scheme, f"{path}{key}:")]
    if value is None:
        return [] if scheme.null_text is None else [path + scheme.null_text]
    if isinstance(value, bool):
        return [path + (scheme.true_text if value else scheme.false_text)]
    return [f"{path}{value}"]


def containers(value: Any, path: str = "") -> list[str]:
    """The paths of all nested objects and arrays that hold something."""
    inner = [(f"{path}{key}:", child) for key, child in children(value) if children(child)]
    return [here for here, _ in inner] + [one for here, child in inner for one in containers(child, here)]


def leaves(value: Any) -> list[Any]:
    """Every leaf that counts."""
    below = children(value)
    if isinstance(value, Object | list):
        return [leaf for _, child in below for leaf in leaves(child)]
    return [value]


def names(value: Any) -> list[str]:
    """Every key of an object that counts."""
    own = [key for key, _ in value.items] if isinstance(value, Object) else []
    return own + [name for _, child in children(value) for name in names(child)]


def normalized(body: Object, scheme: SignatureScheme, limits: Limits) -> str:
    """The normalised string, as a verifier computes it: odd keys and fractions are read, and judged later.

    Raises:
        Unreadable: Too deep, too large, or text without a UTF-8 form.
    """
    if depth(body) > limits.depth:
        raise Unreadable
    found = sorted(entries(body, scheme))
    if max(sum(map(len, found)), sum(map(len, containers(body)))) > limits.text:
        raise Unreadable
    text = scheme.joiner.join(found)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Unreadable from None
    if size > limits.text:
        raise Unreadable
    return text


def is_doubtful(body: Object, scheme: SignatureScheme) -> bool:
    """Whether a key is duplicate, or could be confused with a value."""
    if any(one.doubled for one in objects(body)):
        return True
    return any(":" in name or scheme.joiner in name for name in names(body))


def message(text: str, timestamp: str, scheme: SignatureScheme) -> bytes:
    """The signed message."""
    encoded = base64.urlsafe_b64encode(text.encode()).decode()
    return ((encoded if scheme.padding else encoded.rstrip("=")) + timestamp).encode()


def mac(key: str, signed: bytes) -> bytes:
    """HMAC-SHA512."""
    return hmac.new(key.encode(), signed, hashlib.sha512).digest()


def plain(value: Any) -> Any:
    """As `json.loads` would give it; fractions stay text."""
    if isinstance(value, Object):
        return {key: plain(child) for key, child in value.items}
    return [plain(child) for child in value] if isinstance(value, list) else value
