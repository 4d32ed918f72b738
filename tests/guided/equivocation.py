"""Another body with the same normalised string, as an attacker would send instead of a genuine callback."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.trees import placed

if TYPE_CHECKING:
    from random import Random

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,100}")


def another(text: str, random: Random, joiner: str = ";") -> bytes | None:
    """A body that may normalise to the text, made by cutting it at other places; None where the cuts make no body."""
    pieces = text.split(joiner)
    merged = [pieces[0]]
    for piece in pieces[1:]:
        if ":" not in piece or random.random() < 0.1:
            merged[-1] += joiner + piece
        else:
            merged.append(piece)
    body: dict[str, Any] = {}
    for entry in merged:
        parts = entry.split(":")
        # most keys as they are: of two levels, as the contract's are
        most = min(len(parts) - 1, 1 + (random.random() < 0.9) + (random.random() < 0.2))
        if most < 1 or not placed(body, parts[:most], leaf(":".join(parts[most:]), random)):
            return None
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def leaf(text: str, random: Random) -> Any:
    """One of the values with this text."""
    found: list[Any] = [text]
    found += [None] * (text == "None")
    found += [text == "1"] * (text in ("0", "1"))
    if INTEGER.fullmatch(text):
        found.append(int(text))
    return random.choice(found)
