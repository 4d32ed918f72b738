"""Comparing two schemas for one side. Every key has a judge; a key without one is breaking, never overlooked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tools.contract_diff.changes import Change, Effect, Level, Place, Side, judged, told
from tools.contract_diff.forms import COMPONENTS, binds_type, plain, references, untouched, with_null
from tools.contract_diff.values import (
    ANNOTATIONS,
    differs,
    expanded,
    listed,
    listing,
    mapping,
    names,
    same,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from tools.generate.document import Json

    Changes: TypeAlias = Iterator[Change]
    Judge: TypeAlias = Callable[["Schemas", str, Json, Json, Place], Changes]

ALL_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class Schemas:
    """The schemas of two documents.

    Attributes:
        compared: The references of the old and of the new document that were compared with each other.
    """

    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self.compared: set[tuple[str, str]] = set()
        self._untouched = untouched(old, new)
        self._active: list[tuple[str | None, str | None, Side]] = []

    def compare(self, old: Any, new: Any, place: Place) -> Changes:
        """Every change between two schemas.

        Args:
            old: As it stands in the old document; True where nothing is demanded, False where nothing is allowed.
            new: As it stands in the new one.
            place: Where, and who writes the values.

        Raises:
            DocumentError: A reference leads nowhere, or something has not the form of OpenAPI.
        """
        if self.is_untouched(old, new):
            return
        yield from self._beside(old, new, place)
        old_name, old, old_null = plain(self.old, old, place.pointer)
        new_name, new, new_null = plain(self.new, new, place.pointer)
        if new_name is not None:
            place = replace(place, pointer=new_name)
        if old_name is not None and new_name is not None:
            self.compared.add((old_name, new_name))
        yield from _model(old_name, old, new_name, new, place)
        if isinstance(old, bool) or isinstance(new, bool):
            yield from _all_or_nothing(old, new, place)
            return
        step = (old_name, new_name, place.side)
        if step in self._active and old_name is not None:
            return  # a circle: it is being compared further up
        old, new = mapping(old, place.pointer), mapping(new, place.pointer)
        if old_null != new_null:
            if binds_type(old) and binds_type(new):
                effect = Effect.OPTIONAL if new_null else Effect.NARROWS
                yield judged(place, effect, "null is possible now" if new_null else "null is no longer possible")
            else:  # where no type is demanded, null is possible anyway
                old, new = with_null(old, old_null), with_null(new, new_null)
        self._active.append(step)
        try:
            for key in names(old, new):
                yield from self._key(key, old, new, place.at(key))
        finally:
            self._active.pop()

    def _beside(self, old: Any, new: Any, place: Place) -> Changes:
        """What is said beside a reference or a choice that may be null, and not of what it leads to."""
        before, after = (
            {key: value for key, value in one.items() if key in ANNOTATIONS}
            if isinstance(one, dict) and ("$ref" in one or "anyOf" in one) else {}
            for one in (old, new)
        )  # fmt: skip
        for key in names(before, after):
            yield from self._key(key, before, after, place.at(key))

    def is_untouched(self, old: Any, new: Any) -> bool:
        """Whether two schemas are equal, with all that they lead to."""
        return same(old, new) and references(old) <= self._untouched

    def _key(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        judge = JUDGES.get(key)
        if judge is not None:
            yield from judge(self, key, old, new, place)
        elif differs(key, old, new):
            yield judged(place, Effect.UNKNOWN, f"{key}: {shown(old, key)} becomes {shown(new, key)}")


def shown(schema: Mapping[str, Any], key: str) -> str:
    """A key's value for a sentence."""
    value = text(schema[key]) if key in schema else "nothing"
    return value if len(value) <= 80 else f"{value[:77]}..."


def becomes_class(schema: Any) -> bool:
    """Whether a component schema becomes a class of the client, whose name programs write."""
    return isinstance(schema, dict) and ("enum" in schema or schema.get("type") == "object" or "properties" in schema)


def _model(old_name: str | None, old: Any, new_name: str | None, new: Any, place: Place) -> Changes:
    was = (old_name or "").removeprefix(COMPONENTS) if becomes_class(old) else ""
    now = (new_name or "").removeprefix(COMPONENTS) if becomes_class(new) else ""
    if was and was != now:
        yield judged(place, Effect.GONE, f"the model {was} becomes {now or 'another type'}")


def _all_or_nothing(old: Any, new: Any, place: Place) -> Changes:
    if same(old, new) or (old in (True, {}) and new in (True, {})):
        return
    if new is False or (old is True and isinstance(new, dict)):
        yield judged(place, Effect.NARROWS, "nothing is allowed here now" if new is False else "values are bound now")
    else:
        yield judged(place, Effect.WIDENS, "values are allowed here now" if old is False else "any value is allowed")


def _annotation(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if differs(key, old, new):
        yield told(place, Level.DOCUMENTATION, f"the {key} is another one", "no value is judged by it")


def _title(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if differs(key, old, new):
        yield told(place, Level.RISKY, f"the title {shown(old, key)} becomes {shown(new, key)}",
                   "the client's generator may name a class by it")  # fmt: skip


def _type(_: Schemas, __: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = _types(old), _types(new)
    gone, added = sorted(before - after), sorted(after - before)
    if gone and added:
        yield judged(place, Effect.CHANGES, f"the type {listed(sorted(before))} becomes {listed(sorted(after))}")
    elif gone:
        yield judged(place, Effect.NARROWS, f"the type {listed(gone)} is no longer possible")
    elif added == ["null"]:
        yield judged(place, Effect.OPTIONAL, "null is possible now")
    elif added:
        effect = Effect.WIDENS if place.side.written else Effect.CHANGES
        yield judged(place, effect, f"the type {listed(added)} is possible now")


def _types(schema: Json) -> set[str]:
    kinds = schema.get("type", list(ALL_TYPES))
    found = {str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])}
    return found | {"integer"} if "number" in found else found


def _enum(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if key not in old or key not in new:
        effect = Effect.NARROWS if key in new else Effect.WIDENS
        yield judged(place, effect, "only listed values are possible now" if key in new else "any value is possible")
        return
    before, after = listing(old[key], place.pointer), listing(new[key], place.pointer)
    known_before, known_after = {text(value) for value in before}, {text(value) for value in after}
    if gone := [value for value in before if text(value) not in known_after]:
        yield judged(place, Effect.GONE, f"the value {listed(gone)} is gone")
    if added := [value for value in after if text(value) not in known_before]:
        yield judged(place, Effect.WIDENS, f"the value {listed(added)} is new")


def _only_value(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    """`const`, `pattern` and the like: where both have one, nobody can tell which of them is narrower."""
    if key in old and key in new:
        if not same(old[key], new[key]):
            yield judged(place, Effect.CHANGES, f"the {key} {shown(old, key)} becomes {shown(new, key)}")
    elif key in new:
        yield judged(place, Effect.NARROWS, f"the {key} {shown(new, key)} is demanded now")
    else:
        yield judged(place, Effect.WIDENS, f"the {key} {shown(old, key)} is no longer demanded")


def _bound(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = old.get(key), new.get(key)
    if same(before, after):
        return
    wide = float("-inf" if key in LOWER else "inf")
    numbers = [wide if value is None else value for value in (before, after)]
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers):
        yield judged(place, Effect.UNKNOWN, f"{key}: {shown(old, key)} becomes {shown(new, key)}")
        return
    narrower = numbers[1] > numbers[0] if key in LOWER else numbers[1] < numbers[0]
    effect = Effect.NARROWS if narrower else Effect.WIDENS
    yield judged(place, effect, f"the {key} {shown(old, key)} becomes {shown(new, key)}")


def _unique(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = old.get(key, False), new.get(key, False)
    if not same(before, after):
        yield judged(place, Effect.NARROWS if after is True else Effect.WIDENS, f"{key} becomes {text(after)}")


def _format(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if differs(key, old, new):
        # the generated type follows the format, so it is another one for both sides
        yield judged(place, Effect.CHANGES, f"the format {shown(old, key)} becomes {shown(new, key)}")


def _properties(schemas: Schemas, _: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = mapping(old.get("properties"), place.pointer), mapping(new.get("properties"), place.pointer)
    for name in names(before, after):
        inner = place.within(name).at(name)
        if name not in after:
            yield judged(inner, Effect.GONE, f"the field {name} is gone")
        elif name not in before:
            yield _new_field(name, old, new, inner)
        else:
            yield from schemas.compare(before[name], after[name], inner)


def _new_field(name: str, old: Json, new: Json, place: Place) -> Change:
    closed = old.get("additionalProperties") is False
    if place.side.written:
        if name in listing(new.get("required"), place.pointer):
            return judged(place, Effect.NARROWS, f"the field {name} is new and required")
        if closed:
            return judged(place, Effect.WIDENS, f"the field {name} is new, and optional")
        why = "programs that sent one of that name already, as an unknown field, are held to its type now"
        return told(place, Level.RISKY, f"the field {name} is new, and optional", why)
    if closed:
        return judged(place, Effect.WIDENS, f"the field {name} is new where unknown ones were ruled out")
    return told(place, Level.SAFE, f"the field {name} is new", "readers keep unknown fields")


def _required(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = listing(old.get(key), place.pointer), listing(new.get(key), place.pointer)
    old_fields, new_fields = (mapping(one.get("properties"), place.pointer) for one in (old, new))
    for name in after:
        brand_new = name in new_fields and name not in old_fields  # told with the field
        if name not in before and not brand_new:
            yield judged(place.within(str(name)), Effect.NARROWS, f"the field {name} is required now")
    for name in before:
        field_gone = name in old_fields and name not in new_fields
        if name not in after and not field_gone:
            yield judged(place.within(str(name)), Effect.OPTIONAL, f"the field {name} is optional now")


def _additional(schemas: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = old.get(key, True), new.get(key, True)
    if isinstance(before, bool) and isinstance(after, bool) and before is not after and not place.side.written:
        what = "unknown fields may come now" if after else "unknown fields are ruled out now"
        yield told(place, Level.RISKY, what, "models keep unknown fields only where they may come")
        return
    yield from schemas.compare(before, after, place.within("*"))


def _every_value(schemas: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    yield from schemas.compare(old.get(key, True), new.get(key, True), place.within("*"))


def _branches(schemas: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    """`allOf`, `anyOf`, `oneOf`: equal branches are left out, the others are told one by one or compared in pairs."""
    if key not in old or key not in new:
        # one branch more demands more of an allOf; the keyword itself demands something in every case
        effect = Effect.NARROWS if key in new else Effect.WIDENS
        yield judged(place, effect, f"{key} is demanded now" if key in new else f"{key} is no longer demanded")
        return
    before, after = listing(old[key], place.pointer), listing(new[key], place.pointer)
    pairs = _paired(before, after)
    for left, right in pairs:
        if left is not None and right is not None:
            inner = place.at(right)
            found = schemas.compare(before[left], after[right], inner)
            yield from (_at_least_risky(change) for change in found) if key == "oneOf" else found
    widens, narrows = (Effect.NARROWS, Effect.WIDENS) if key == "allOf" else (Effect.WIDENS, Effect.NARROWS)
    for left, right in pairs:
        if left is None and right is not None:
            effect = widens if place.side.written or key == "allOf" else Effect.CHANGES
            change = judged(place.at(right), effect, f"{key} has a branch more: {shown({key: after[right]}, key)}")
            yield _at_least_risky(change) if key == "oneOf" else change
        elif right is None and left is not None:
            change = judged(place.at(left), narrows, f"{key} has a branch less: {shown({key: before[left]}, key)}")
            yield _at_least_risky(change) if key == "oneOf" else change


def _at_least_risky(change: Change) -> Change:
    # what fits one branch more or less of a oneOf may fit two of them, or one, where it was the other way round
    if change.level is not Level.SAFE:
        return change
    why = "of a oneOf exactly one branch may fit, which this changes in a way that is not seen here"
    return Change(Level.RISKY, change.side, change.pointer, change.text, why, change.users)


def _paired(before: list[Any], after: list[Any]) -> list[tuple[int | None, int | None]]:
    """Places of branches that belong together: by their text, then by their order where as many are left."""
    pairs: list[tuple[int | None, int | None]] = []
    left, right = list(range(len(before))), list(range(len(after)))
    for one in list(left):
        for other in right:
            if same(before[one], after[other]):
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)
                break
    if len(left) == len(right):
        return [*pairs, *zip(left, right, strict=True)]
    return [*pairs, *((one, None) for one in left), *((None, other) for other in right)]


def _condition(schemas: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    """`if` with its `then` and `else`, judged as one."""
    if ("if" in old) != ("if" in new):
        added = "if" in new
        what = f"a condition is {'new' if added else 'gone'}: {shown(new if added else old, 'if')}"
        yield judged(place, Effect.NARROWS if added else Effect.WIDENS, what)
        return
    if not _equal(schemas, old["if"], new["if"], place):
        yield judged(place, Effect.CHANGES, f"the condition {shown(old, key)} becomes {shown(new, key)}")


def _consequence(schemas: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if ("if" in old) == ("if" in new):
        yield from schemas.compare(old.get(key, True), new.get(key, True), place)


def _not(schemas: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if key not in old or key not in new:
        what = f"what is ruled out is {'new' if key in new else 'gone'}: {shown(new if key in new else old, key)}"
        yield judged(place, Effect.NARROWS if key in new else Effect.WIDENS, what)
    elif not _equal(schemas, old[key], new[key], place):
        yield judged(place, Effect.CHANGES, f"what is ruled out is another: {shown(new, key)}")


def _equal(schemas: Schemas, old: Any, new: Any, place: Place) -> bool:
    return same(expanded(schemas.old, old, place.pointer), expanded(schemas.new, new, place.pointer))


def _default(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if differs(key, old, new):
        yield told(place, Level.RISKY, f"the default {shown(old, key)} becomes {shown(new, key)}",
                   "what is left out means something else now")  # fmt: skip


def _deprecated(_: Schemas, __: str, old: Json, new: Json, place: Place) -> Changes:
    yield from deprecated(old, new, place)


def deprecated(old: Json, new: Json, place: Place) -> Changes:
    """The announcement that something will go."""
    before, after = old.get("deprecated", False), new.get("deprecated", False)
    if not same(before, after):
        why = "it will be taken away" if after else "it stays after all"
        yield told(place, Level.RISKY if after else Level.SAFE, f"deprecated becomes {text(after)}", why)


def _sensitive(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    if same(old.get(key), new.get(key)):
        return
    if key not in old:
        yield told(place, Level.SAFE, f"it is {shown(new, key)} data now", "it is masked where it was shown")
    elif key not in new:
        yield told(place, Level.BREAKING, f"it is no longer {shown(old, key)} data", "it is shown where it was masked")
    else:
        yield told(place, Level.RISKY, f"{shown(old, key)} data becomes {shown(new, key)} data",
                   "it may be shown where it was masked")  # fmt: skip


def _final(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = ({text(value) for value in listing(one.get(key), place.pointer)} for one in (old, new))
    if before != after:
        what = f"the final statuses {listed(sorted(before))} become {listed(sorted(after))}"
        yield told(place, Level.BREAKING, what, "another status starts the business action of a final one")


def _member_names(_: Schemas, key: str, old: Json, new: Json, place: Place) -> Changes:
    (before, spare_before), (after, spare_after) = (_names_of_members(key, one, place) for one in (old, new))
    for value in before:
        if value in after and before[value] != after[value]:
            yield judged(place, Effect.GONE, f"the member name of {value} is {after[value]}, it was {before[value]}")
    if spare_before != spare_after:
        yield judged(place, Effect.UNKNOWN, f"{key} names {len(spare_after)} values that are not in the enum")


def _names_of_members(key: str, schema: Json, place: Place) -> tuple[dict[str, str], list[str]]:
    values = [text(value) for value in listing(schema.get("enum"), place.pointer)]
    given = [str(name) for name in listing(schema.get(key), place.pointer)]
    made = "made from its value"
    return dict(zip(values, [*given, *[made] * len(values)], strict=False)), given[len(values) :]


JUDGES: dict[str, Judge] = {
    **dict.fromkeys(ANNOTATIONS | {"x-enumDescriptions"}, _annotation),
    **dict.fromkeys([*LOWER, *UPPER], _bound),
    **dict.fromkeys(["const", "pattern", "multipleOf"], _only_value),
    **dict.fromkeys(["items", "propertyNames"], _every_value),
    **dict.fromkeys(["allOf", "anyOf", "oneOf"], _branches),
    **dict.fromkeys(["then", "else"], _consequence),
    "additionalProperties": _additional,
    "default": _default,
    "deprecated": _deprecated,
    "enum": _enum,
    "format": _format,
    "if": _condition,
    "not": _not,
    "properties": _properties,
    "required": _required,
    "title": _title,
    "type": _type,
    "uniqueItems": _unique,
    "x-enum-varnames": _member_names,
    "x-final": _final,
    "x-sensitive": _sensitive,
}
"""Who judges a key of a schema."""
