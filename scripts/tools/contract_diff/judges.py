"""Compare two objects of the document key by key: each key has a judge, or counts as breaking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from tools.contract_diff.changes import Change, Effect, Level, Place, change_of, judged
from tools.contract_diff.values import NAMES, TEXTS, differs, mapping, names, shown, text

if TYPE_CHECKING:
    from tools.generate.document import Json

Changes: TypeAlias = Iterator[Change]
Judge: TypeAlias = Callable[[str, "Json", "Json", Place], Iterable[Change]]


def by_keys(old: Json, new: Json, place: Place, judges: Mapping[str, Judge]) -> Changes:
    """Hand each key to its judge; one that has none is breaking, never overlooked. Texts are for :func:`texts`."""
    for key in names(old, new):
        judge = judges.get(key)
        if judge is not None:
            yield from judge(key, old, new, place.at(key))
        elif key not in TEXTS and differs(key, old, new):
            yield judged(place.at(key), Effect.UNKNOWN, f"{key}: {shown(old, key)} becomes {shown(new, key)}")


def always(level: Level, why: str) -> Judge:
    """A judge of a key whose every change has the same gravity."""

    def judge(key: str, old: Json, new: Json, place: Place) -> Changes:
        if differs(key, old, new):
            before, after = shown(old, key), shown(new, key)
            # long ones may begin alike
            what = f"{key}: {before} becomes {after}" if before != after else f"the {key} is another one"
            yield change_of(place, level, what, why)

    return judge


def texts(old: Any, new: Any, place: Place, *, named: bool = False) -> Changes:
    """The changes of what only people read, at any depth.

    Args:
        old: A part of the old document.
        new: The same part of the new one.
        place: Where it stands.
        named: Whether its keys are names.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in names(old, new):
            if key in TEXTS and not named:
                if text(old.get(key)) != text(new.get(key)):
                    why = "nothing is made from it but text"
                    yield change_of(place.at(key), Level.DOCUMENTATION, f"the {key} is another one", why)
            elif key in old and key in new:
                yield from texts(old[key], new[key], place.at(key), named=key in NAMES and not named)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from texts(before, after, place.at(number))


def both(key: str, old: Json, new: Json, place: Place) -> tuple[Json, Json]:
    """The object under a key of either document."""
    return mapping(old.get(key), place.pointer), mapping(new.get(key), place.pointer)
