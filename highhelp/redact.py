"""Mask sensitive values: by the contract's sensitive paths and names, by form, and by the values of a request."""

from __future__ import annotations

import json
import re
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any

from highhelp_api.contract import SENSITIVE_NAMES, SENSITIVE_PATHS

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "***"

# a possible card or account number in free text: 12 to 34 digits, with or without separators
_GAP = r"[\W_]{1,2}"
_CARD_NUMBER = (
    r"(?<!\d)(?:\d(?:[ -]?\d){11,33}"
    rf"|\d{{4}}(?:{_GAP}\d{{4}}){{2}}{_GAP}\d{{1,7}}"
    rf"|\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}})(?!\d)"
)
_SHORTEST = 9
# ids and link tokens contain long runs of digits by chance, and a masked one would be useless
_UNBROKEN = r"(?P<token>(?<!\w)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{32,128})(?!\w))"
_PHONE = r"\+\d(?:[ ().-]{0,2}\d){7,14}(?!\d)|(?<![\w.-])[78](?:[ ().-]{0,2}\d){10}(?!\w)"
_UNBROKEN_OR_NUMBER = re.compile(rf"{_UNBROKEN}|{_CARD_NUMBER}|{_PHONE}")
IDENTIFIERS = frozenset({"payment_id", "project_id", "request_id"})
"""Fields that identify a payment, a project or a call: never masked, whatever they look like."""
_CODE = re.compile(r"(?P<name>\b(?:cvv|cvc)2?\b\W{0,3})\d{3,4}(?!\d)", re.IGNORECASE)
# an echoed sensitive field: its name with its value, which ends at the next comma or semicolon
_NAMED = re.compile(
    rf"""(?P<name>["']?\b(?:{"|".join(SENSITIVE_NAMES)})\b["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;}}\]][^,;}}\]\r\n]*)""",
    re.IGNORECASE,
)
_SENT: ContextVar[masking | None] = ContextVar("highhelp_sent", default=None)


class masking:  # noqa: N801 - used like a function
    """Mask the sensitive values of a request's body in every text that is masked inside a `with` block.

    A gateway may repeat any of them in a description or in the problem of a field.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __enter__(self) -> None:
        self._token = _SENT.set(self)

    def __exit__(self, *_: object) -> None:
        _SENT.reset(self._token)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return _pattern_of(self._body)  # few calls mask anything

    def mask(self, text: str) -> str:
        """Mask the values in a text."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


def _pattern_of(body: bytes) -> re.Pattern[str] | None:
    try:
        values = set(_sensitive_values(json.loads(body), ""))
    except (ValueError, RecursionError):
        return None
    forms = [form for value in values for form in _forms(*value)]
    return re.compile("|".join(sorted(forms, key=len, reverse=True)), re.IGNORECASE) if forms else None


def _sensitive_values(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each sensitive value; values in a sensitive object have the object's name."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _sensitive_values(item, name or (key if key in SENSITIVE_NAMES else ""))
    elif isinstance(value, list):
        for item in value:
            yield from _sensitive_values(item, name)
    elif name and isinstance(value, str | int):
        yield name, str(value)


_SHORTEST_SENT = 3
_MANY_DIGITS = 7
_TAIL = 10


def _forms(name: str, value: str) -> Iterator[str]:
    """Yield the patterns of a value: digits with any separators and country code, words with any space in between."""
    digits = re.sub(r"[\W_]", "", value)
    if digits.isascii() and digits.isdigit() and len(digits) >= _MANY_DIGITS:
        yield r"\+?(?<!\d)(?:\d[\W_]{0,2}){0,10}" + r"[\W_]{0,2}".join(digits[-_TAIL:]) + r"(?!\d)"
        return
    words = value.split()
    parts = words if name.endswith(("name", "holder")) else []
    for each in {" ".join(words), *parts}:
        if len(each) >= _SHORTEST_SENT:
            yield rf"(?<!\w){re.escape(each)}(?!\w)".replace(r"\ ", r"[\W_]+")


def masked(value: Any, schema: str | None = None) -> Any:
    """Copy a JSON value with its sensitive parts masked.

    Args:
        value: The value.
        schema: Name of its schema in the contract; without it, field names decide.
    """
    return _masked(value, SENSITIVE_PATHS.get(schema or "", {}), "")


def _masked(value: Any, paths: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {
            name: MASK
            if item is not None and (f"{path}{name}" in paths or name in SENSITIVE_NAMES)
            else item
            if name in IDENTIFIERS and isinstance(item, str)
            else _masked(item, paths, f"{path}{name}:")
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, paths, f"{path}*:") for item in value]
    return masked_text(value) if isinstance(value, str) else value


def masked_text(text: str) -> str:
    """Mask anything in free text that looks like a card, an account, a phone, a code or a named sensitive field.

    Inside :func:`masking` the sensitive values of the request are masked too.
    """
    sent = _SENT.get()
    if sent is not None:
        text = sent.mask(text)
    # fast path: most texts are too short for a number and have no name before a value
    if len(text) >= _SHORTEST:
        text = _UNBROKEN_OR_NUMBER.sub(_unless_token, text)
    text = _NAMED.sub(rf"\g<name>{MASK}", text) if ":" in text or "=" in text else text
    return _CODE.sub(rf"\g<name>{MASK}", text)


def _unless_token(match: re.Match[str]) -> str:
    return match[0] if match["token"] is not None else MASK


_PLAIN = re.compile(r"[\w.:/@+-]+", re.ASCII)


def quoted(text: str) -> str:
    """Quote and escape a value for a log line unless it is plain, so that it cannot forge a line of the log."""
    return text if _PLAIN.fullmatch(text) else ascii(text)
