"""JSON objects built from their leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def placed(body: dict[str, Any], keys: Sequence[str], value: Any) -> bool:
    """Put a value at its place; return False if the place is taken."""
    node = body
    for key in keys[:-1]:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            return False
    if keys[-1] in node:
        return False
    node[keys[-1]] = value
    return True


def built(leaves: Iterable[tuple[Sequence[str], Any]]) -> dict[str, Any] | None:
    """Build the object with these leaves; None if two of them conflict."""
    body: dict[str, Any] = {}
    return body if all(placed(body, keys, value) for keys, value in leaves) else None
