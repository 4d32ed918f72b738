"""What must not be shown is masked: by the contract's sensitive paths, and by name where no schema is known."""

from __future__ import annotations

import re
from typing import Any

from highhelp_api.contract import SENSITIVE_NAMES, SENSITIVE_PATHS

MASK = "***"

# what looks like a card number in free text: 12 to 19 digits in one, or in the groups that cards print
_GAP = r"[\W_]{1,2}"
_CARD_NUMBER = re.compile(
    r"(?<!\d)(?:\d(?:[ -]?\d){11,18}"
    rf"|\d{{4}}(?:{_GAP}\d{{4}}){{2}}{_GAP}\d{{1,7}}"
    rf"|\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}})(?!\d)"
)
_SHORTEST = 12
# ids and tokens of links hold long runs of digits by chance, and a broken one finds no payment and opens no page
_UNBROKEN = r"(?P<token>(?<!\w)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{32,128})(?!\w))"
_UNBROKEN_OR_CARD_NUMBER = re.compile(rf"{_UNBROKEN}|{_CARD_NUMBER.pattern}")
IDENTIFIERS = frozenset({"payment_id", "project_id", "request_id"})
"""Fields whose value names a payment, a project or a call: shown as they are, whatever they look like."""
# what a gateway echoes: a sensitive field's name with its value
_NAMED = re.compile(
    rf"""(?P<name>["']?\b(?:{"|".join(SENSITIVE_NAMES)})\b["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;}}\]]+)"""
)


def masked(value: Any, schema: str | None = None) -> Any:
    """A copy of a JSON value without what is sensitive.

    Args:
        value: The value.
        schema: Name of its schema in the contract; without it only the names of fields decide.
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
    """Free text without anything that looks like a card number or a sensitive field of the contract with its value."""
    # most texts are too short for a number and have no name before a value, which is seen at once
    if len(text) >= _SHORTEST:
        text = _UNBROKEN_OR_CARD_NUMBER.sub(_unless_token, text)
    return _NAMED.sub(rf"\g<name>{MASK}", text) if ":" in text or "=" in text else text


def _unless_token(match: re.Match[str]) -> str:
    return match[0] if match["token"] is not None else MASK


_PLAIN = re.compile(r"[\w.:/@+-]+", re.ASCII)


def quoted(text: str) -> str:
    """A value for a log line: what is not plain is quoted and escaped, so that it cannot forge a line of the log."""
    return text if _PLAIN.fullmatch(text) else ascii(text)
