"""Changes of an input that leave its body JSON: turned bits alone seldom come past the parser."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from highhelp_api.contract import CALLBACK_FIELDS, CATALOGUES

if TYPE_CHECKING:
    from random import Random

BODY = re.compile(rb"\{[^\x00\xff]*\}")
PATHS = sorted(CALLBACK_FIELDS)
WORDS = sorted({word for table in CATALOGUES.values() for word in table})
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 10**18, 10**40, 1.5, "", "None", "1", "\ud800", "\0", {}, [], [[]], {"": ""}),
    *("shop", "order-1", "4000000000000002", "x; y: z", "x;https://a", "&||:;", "\u0416", "\U0001f600"),
]


def mutated(data: bytes, random: Random) -> bytes:
    """The input with one of its bodies changed in one place; as it is where none is JSON."""
    found = list(BODY.finditer(data))
    if not found:
        return data
    place = random.choice(found)
    try:
        body = json.loads(place.group())
        change(body, random)
        # sometimes in another form, as other senders write
        text = json.dumps(body, ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 1)))
    except (ValueError, RecursionError):
        return data
    return data[: place.start()] + text.encode("utf-8", "surrogatepass") + data[place.end() :]


def change(body: dict[str, Any], random: Random) -> None:
    """Put in, take out or replace one thing."""
    holders = list(walk(body))
    holder = random.choice(holders)
    key: Any = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder))) if holder else None
    kind = random.randrange(6)
    if kind == 0 and key is not None:
        del holder[key]
    elif kind == 1 and key is not None and isinstance(holder[key], str):
        holder[key] += f";{random.choice(PATHS)}:{random.choice(WORDS)}"
    elif kind == 2:
        *parents, name = random.choice(PATHS).split(":")
        for parent in parents:
            if not isinstance(body.get(parent), dict):
                body[parent] = {}
            body = body[parent]
        body[name] = value(random)
    elif kind == 3:
        body[random.choice(("note", "a:b", "a;b", "\0", "z", "0"))] = random.choice(holders[1:] or [value(random)])
    elif key is not None:
        holder[key] = value(random)


def walk(value: Any) -> Any:
    """Every object and array in a value."""
    if isinstance(value, dict | list):
        yield value
        for child in value.values() if isinstance(value, dict) else value:
            yield from walk(child)


def value(random: Random) -> Any:
    """Something that is likely to matter."""
    return random.choice(WORDS) if random.random() < 0.5 else random.choice(VALUES)
