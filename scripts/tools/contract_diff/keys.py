"""Going through the keys of two objects of the document: each has a judge, or counts as breaking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from tools.contract_diff.changes import Change, Effect, Level, Place, judged, told
from tools.contract_diff.schemas import shown
from tools.contract_diff.values import differs, listing, mapping, names, text

if TYPE_CHECKING:
    from tools.generate.document import Json

Changes: TypeAlias = Iterator[Change]
Judge: TypeAlias = Callable[[str, "Json", "Json", Place], Iterable[Change]]


def by_keys(old: Json, new: Json, place: Place, judges: Mapping[str, Judge]) -> Changes:
    """Hand each key to its judge; one that has none is breaking, never overlooked."""
    for key in names(old, new):
        judge = judges.get(key)
        if judge is not None:
            yield from judge(key, old, new, place.at(key))
        elif differs(key, old, new):
            yield judged(place.at(key), Effect.UNKNOWN, f"{key}: {shown(old, key)} becomes {shown(new, key)}")


def documentation(key: str, old: Json, new: Json, place: Place) -> Changes:
    """What only people read."""
    if differs(key, old, new):
        yield told(place, Level.DOCUMENTATION, f"the {key} is another one", "nothing is made from it but text")


def always(level: Level, why: str) -> Judge:
    """A key whose every change has the same gravity."""

    def judge(key: str, old: Json, new: Json, place: Place) -> Changes:
        if differs(key, old, new):
            yield told(place, level, f"{key}: {shown(old, key)} becomes {shown(new, key)}", why)

    return judge


def required(key: str, old: Json, new: Json, place: Place) -> Changes:
    """Whether a body, parameter or header has to be there."""
    before, after = old.get(key, False), new.get(key, False)
    if text(before) != text(after):
        effect = Effect.NARROWS if after is True else Effect.OPTIONAL
        yield judged(place, effect, "it is required now" if after is True else "it is optional now")


def both(key: str, old: Json, new: Json, place: Place) -> tuple[Json, Json]:
    """The object under a key of either document."""
    return mapping(old.get(key), place.pointer), mapping(new.get(key), place.pointer)


def lists(key: str, old: Json, new: Json, place: Place) -> tuple[list[Any], list[Any]]:
    """The list under a key of either document."""
    return listing(old.get(key), place.pointer), listing(new.get(key), place.pointer)


TEXTS: dict[str, Judge] = dict.fromkeys(
    ["description", "externalDocs", "summary", "x-provenance", "x-source"], documentation
)
"""Keys that stand at many places and are read by people alone."""
