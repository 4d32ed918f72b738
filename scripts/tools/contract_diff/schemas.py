"""Compare two schemas for one side.

Only the keywords that the generator takes have a judge (`VALIDATION` in `tools/generate/contract.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tools.contract_diff.changes import Change, Effect, Level, Place, Side, change_of, judged
from tools.contract_diff.judges import Changes, Judge, always, by_keys
from tools.contract_diff.values import (
    CODES,
    TEXTS,
    differs,
    followed,
    listed,
    listing,
    mapping,
    meaning,
    names,
    shown,
    text,
)

if TYPE_CHECKING:
    from tools.generate.document import Json

COMPONENTS = "#/components/schemas/"
LOWER = ("minimum", "minLength")
UPPER = ("maximum", "maxLength")
_ALL_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_NULL = {"type": "null"}


class Schemas:
    """The schemas of two documents.

    Attributes:
        compared: The references of the old and of the new document that were compared with each other.
        judges: By keyword, what judges its change.
    """

    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self.compared: set[tuple[str, str]] = set()
        self._active: list[tuple[str | None, str | None, Side]] = []
        self.judges: dict[str, Judge] = {
            **dict.fromkeys([*LOWER, *UPPER], _bound),
            **dict.fromkeys(["const", "pattern", "if", "not"], _demand),
            **dict.fromkeys(["allOf", "anyOf"], self._branches),
            **dict.fromkeys(["then", "else"], self._consequence),
            "items": lambda key, old, new, place: self._inner(key, old, new, place.within("*")),
            "additionalProperties": self._additional,
            "properties": self._properties,
            "required": _required,
            "type": _type,
            "enum": _enum,
            CODES: _codes,
            "default": always(Level.RISKY, "what is left out means something else now"),
            "deprecated": always(Level.RISKY, "it is announced whether it will be taken away"),
            "format": always(Level.BREAKING, "the generated type follows the format"),
            "title": always(Level.RISKY, "the client's generator may name a class by it"),
            "x-final": always(Level.BREAKING, "another status starts the business action of a final one"),
            "x-sensitive": _sensitive,
        }

    def compare(self, old: Any, new: Any, place: Place) -> Changes:
        """Every change between two schemas.

        Args:
            old: As it stands in the old document.
            new: As it stands in the new one.
            place: Where, and who writes the values.

        Raises:
            DocumentError: A reference leads nowhere, or something has not the form of OpenAPI.
        """
        old_name, old, old_null = _plain(self.old, old, place.pointer)
        new_name, new, new_null = _plain(self.new, new, place.pointer)
        if new_name is not None:
            place = replace(place, pointer=new_name)
        if old_name is not None and new_name is not None:
            self.compared.add((old_name, new_name))
        yield from _model(old_name, old, new_name, new, place)
        if isinstance(old, bool) or isinstance(new, bool):
            if old is not new:
                yield judged(place, Effect.CHANGES, f"the schema {text(old)} becomes {text(new)}")
            return
        step = (old_name, new_name, place.side)
        if step in self._active and old_name is not None:
            return  # a circle: it is being compared further up
        if old_null != new_null:
            effect = Effect.OPTIONAL if new_null else Effect.NARROWS
            yield judged(place, effect, "null is possible now" if new_null else "null is no longer possible")
        self._active.append(step)
        try:
            yield from by_keys(mapping(old, place.pointer), mapping(new, place.pointer), place, self.judges)
        finally:
            self._active.pop()

    def _consequence(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        if key in old and key in new:
            yield from self._inner(key, old, new, place)
        else:
            yield from _demand(key, old, new, place)

    def _inner(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        yield from self.compare(old.get(key, {}), new.get(key, {}), place)

    def _additional(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = old.get(key, True), new.get(key, True)
        if not (isinstance(before, bool) and isinstance(after, bool)):
            yield from self.compare(before, after, place.within("*"))
        elif before is not after and place.side.written:
            effect = Effect.WIDENS if after else Effect.NARROWS
            yield judged(place, effect, "unknown fields are allowed now" if after else "unknown fields are refused now")
        elif before is not after:
            what = "unknown fields may come now" if after else "unknown fields are ruled out now"
            yield change_of(place, Level.RISKY, what, "models keep unknown fields only where they may come")

    def _properties(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = mapping(old.get(key), place.pointer), mapping(new.get(key), place.pointer)
        renamed = _renamed(old, new, before, after)
        for name in names(before, after):
            inner = place.within(name).at(name)
            if name in renamed:
                yield judged(inner, Effect.GONE, f"the field {name} is called {renamed[name]} now")
            elif name in renamed.values():
                continue
            elif name not in after:
                yield judged(inner, Effect.GONE, f"the field {name} is gone")
            elif name not in before:
                yield _new_field(name, old, new, inner)
            else:
                yield from self.compare(before[name], after[name], inner)

    def _branches(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        """`allOf`, `anyOf`: equal branches belong together, then the others by their order where as many are left."""
        if (key in old) != (key in new):
            effect = Effect.NARROWS if key in new else Effect.WIDENS
            yield judged(place, effect, f"{key} is demanded now" if key in new else f"{key} is no longer demanded")
            return
        before, after = (
            {text(meaning(branch)): branch for branch in listing(one[key], place.pointer)} for one in (old, new)
        )
        gone = [branch for branch in before if branch not in after]
        added = [branch for branch in after if branch not in before]
        pairs = [(branch, branch) for branch in before if branch in after]
        if len(gone) == len(added):
            pairs += zip(gone, added, strict=True)
            gone, added = [], []
        for left, right in pairs:
            yield from self.compare(before[left], after[right], place.at(list(after).index(right)))
        # one branch more demands more in an allOf, and less in an anyOf
        more, less = (Effect.NARROWS, Effect.WIDENS) if key == "allOf" else (Effect.WIDENS, Effect.NARROWS)
        for branch in added:
            effect = more if place.side.written or key == "allOf" else Effect.CHANGES
            yield judged(place, effect, f"{key} has a branch more: {branch}")
        for branch in gone:
            yield judged(place, less, f"{key} has a branch less: {branch}")


def _renamed(old: Json, new: Json, before: Json, after: Json) -> dict[str, str]:
    """The renamed fields: old name -> new name. Descriptions distinguish those of one type."""
    added = [name for name in after if name not in before]
    found: dict[str, str] = {}
    for name in before:
        if name not in after:
            needed = name in old.get("required", ())
            alike = [one for one in added if text(after[one]) == text(before[name])]
            alike = [one for one in alike if (one in new.get("required", ())) is needed and one not in found.values()]
            if len(alike) == 1:
                found[name] = alike[0]
    return found


def becomes_class(schema: Any) -> bool:
    """Whether a component schema becomes a class of the client, whose name programs write."""
    return isinstance(schema, dict) and (
        not {"enum", CODES, "properties"}.isdisjoint(schema) or schema.get("type") == "object"
    )


def _plain(document: Json, schema: Any, where: str) -> tuple[str | None, Any, bool]:
    """The component that a schema leads to, the schema there without its null, and whether there was a null."""
    name, null = None, False
    while isinstance(schema, dict):
        reference, schema = followed(document, schema, where)
        if reference is not None:
            name = reference
            continue
        stripped = _without_null(schema)
        if stripped == schema:
            codes = _open_codes(document, schema, where)
            return (name, schema, null) if codes is None else (*codes, null)
        schema, null = stripped, True
    return name, schema, null


def _open_codes(document: Json, schema: Json, where: str) -> tuple[str | None, Json] | None:
    """Convert a choice of listed values and free text to an open set of codes."""
    branches = [followed(document, branch, where) for branch in listing(schema.get("anyOf"), where)]
    if [isinstance(branch, dict) and branch.get("type") for _, branch in branches] != ["string", "string"]:
        return None
    (name, values), (_, free) = sorted(branches, key=lambda branch: "enum" not in branch[1])
    if "enum" not in values or "enum" in free:
        return None
    return name, {**free, CODES: values["enum"]}


def _without_null(schema: Json) -> Json:
    """The schema without its null, which is written in one of two ways."""
    branches = schema.get("anyOf")
    if isinstance(branches, list) and _NULL in branches and set(schema) - {"anyOf"} <= TEXTS:
        rest = [branch for branch in branches if branch != _NULL]
        return rest[0] if len(rest) == 1 and isinstance(rest[0], dict) else {"anyOf": rest}
    kinds = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds and len(kinds) > 1 and "enum" not in schema:
        return {**schema, "type": [kind for kind in kinds if kind != "null"]}
    return schema


def _model(old_name: str | None, old: Any, new_name: str | None, new: Any, place: Place) -> Changes:
    was = (old_name or "").removeprefix(COMPONENTS) if becomes_class(old) else ""
    now = (new_name or "").removeprefix(COMPONENTS) if becomes_class(new) else ""
    if was and was != now:
        yield judged(place, Effect.GONE, f"the model {was} becomes {now or 'another type'}")


def _type(_: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = _types(old), _types(new)
    gone, added = sorted(before - after), sorted(after - before)
    if gone and added:
        yield judged(place, Effect.CHANGES, f"the type {listed(sorted(before))} becomes {listed(sorted(after))}")
    elif gone:
        yield judged(place, Effect.NARROWS, f"the type {listed(gone)} is no longer possible")
    elif added:
        effect = Effect.WIDENS if place.side.written else Effect.CHANGES
        yield judged(place, effect, f"the type {listed(added)} is possible now")


def _types(schema: Json) -> set[str]:
    kinds = schema.get("type", list(_ALL_TYPES))
    return {str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])}


def _enum(key: str, old: Json, new: Json, place: Place) -> Changes:
    if key in old and key in new:
        yield from _codes(key, old, new, place)
    else:
        effect = Effect.NARROWS if key in new else Effect.WIDENS
        yield judged(place, effect, "only listed values are possible now" if key in new else "any value is possible")


def _codes(key: str, old: Json, new: Json, place: Place) -> Changes:
    """`x-extensible-enum`: constants are made of its values; a list that was closed before had the same."""
    lists = [one.get(key, one.get("enum")) for one in (old, new)]
    if lists[0] is None:
        yield change_of(place, Level.SAFE, "known values are listed now", "what is possible is as before")
        return
    before, after = ({text(value): value for value in listing(values, place.pointer)} for values in lists)
    if gone := [value for known, value in before.items() if known not in after]:
        yield judged(place, Effect.GONE, f"the value {listed(gone)} is gone")
    if added := [value for known, value in after.items() if known not in before]:
        yield judged(place, Effect.WIDENS, f"the value {listed(added)} is new")


def _demand(key: str, old: Json, new: Json, place: Place) -> Changes:
    """`const`, `pattern`, `if`, `not` and the like: where both have one, nobody can say which of them is narrower."""
    if not differs(key, old, new):
        return
    if key in old and key in new:
        yield judged(place, Effect.CHANGES, f"the {key} {shown(old, key)} becomes {shown(new, key)}")
    elif key in new:
        yield judged(place, Effect.NARROWS, f"the {key} {shown(new, key)} is demanded now")
    else:
        yield judged(place, Effect.WIDENS, f"the {key} {shown(old, key)} is no longer demanded")


def _bound(key: str, old: Json, new: Json, place: Place) -> Changes:
    # a list that was opened is judged as that: no value of it is beyond the bounds of free text
    if not differs(key, old, new) or ("enum" in old) != ("enum" in new):
        return
    wide = float("-inf" if key in LOWER else "inf")
    before, after = (one.get(key, wide) for one in (old, new))
    effect = Effect.UNKNOWN
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in (before, after)):
        narrower = after > before if key in LOWER else after < before
        effect = Effect.NARROWS if narrower else Effect.WIDENS
    yield judged(place, effect, f"the {key} {shown(old, key)} becomes {shown(new, key)}")


def _new_field(name: str, old: Json, new: Json, place: Place) -> Change:
    closed = old.get("additionalProperties") is False
    if place.side.written:
        if name in listing(new.get("required"), place.pointer):
            return judged(place, Effect.NARROWS, f"the field {name} is new and required")
        if closed:
            return judged(place, Effect.WIDENS, f"the field {name} is new, and optional")
        why = "programs that sent one of that name already, as an unknown field, are held to its type now"
        return change_of(place, Level.RISKY, f"the field {name} is new, and optional", why)
    if closed:
        return judged(place, Effect.WIDENS, f"the field {name} is new where unknown ones were ruled out")
    return change_of(place, Level.SAFE, f"the field {name} is new", "readers keep unknown fields")


def _required(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = listing(old.get(key), place.pointer), listing(new.get(key), place.pointer)
    old_fields, new_fields = (mapping(one.get("properties"), place.pointer) for one in (old, new))
    for name in after:
        brand_new = name in new_fields and name not in old_fields  # judged with the field
        if name not in before and not brand_new:
            yield judged(place.within(str(name)), Effect.NARROWS, f"the field {name} is required now")
    for name in before:
        field_gone = name in old_fields and name not in new_fields
        if name not in after and not field_gone:
            yield judged(place.within(str(name)), Effect.OPTIONAL, f"the field {name} is optional now")


def _sensitive(key: str, old: Json, new: Json, place: Place) -> Changes:
    if key not in old:
        yield change_of(place, Level.SAFE, f"it is {shown(new, key)} data now", "it is masked where it was shown")
    elif differs(key, old, new):
        what = f"{key}: {shown(old, key)} becomes {shown(new, key)}"
        yield change_of(place, Level.BREAKING, what, "it may be shown where it was masked")
