"""Check requests against the contract before they are sent.

The rules come from the contract's schemas (`contract.SCHEMAS`); this module has none. It supports the keywords that the
contract uses, and `scripts/generate` refuses a document that uses another one. A schema is compiled once, on first use,
to a tree of checks. The path of a problem is built from the inside out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from highhelp.errors import FieldProblem
from highhelp_api.contract import SCHEMAS, ref_name, resolve

Schema: TypeAlias = Mapping[str, Any]
Problems: TypeAlias = Sequence[FieldProblem]
Check: TypeAlias = Callable[[Any], Problems]
"""Return the problems of a JSON value, with paths relative to it."""

_FINE: Problems = ()


def find_problems(schema: str, value: object) -> list[FieldProblem]:
    """Find the problems of a JSON value, field by field, in the order of the schema. Empty if it is valid.

    Args:
        schema: Name of the schema in the contract.
        value: The body, made of dict, list, str, int, bool and None.
    """
    return list(_named(schema)(value))


def suggest(text: str, known: Collection[str]) -> str:
    """Return the known name that a misspelt one is close to, else all known names.

    Args:
        text: The name; it is not quoted.
        known: The names that are right.
    """
    import difflib  # lazy: needed for misspelt names only

    close = difflib.get_close_matches(text, known, 1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"


def known_codes(schema: Schema) -> tuple[str, ...]:
    """The codes that the contract knows for a field; empty where it lists none.

    Args:
        schema: That of the field.
    """
    codes = [code for code in schema.get("x-extensible-enum", ()) if isinstance(code, str)]
    return (*codes, *(code for branch in schema.get("anyOf", ()) for code in known_codes(resolve(branch))))


@cache
def _named(name: str) -> Check:
    return _check_of(SCHEMAS[name])


_TYPES: Mapping[str, tuple[type, str]] = {
    "string": (str, "text"), "integer": (int, "an integer"), "boolean": (bool, "true or false"),
    "object": (dict, "an object"), "array": (list, "a list"), "null": (type(None), "null"),
}  # fmt: skip


def _check_of(schema: Schema) -> Check:
    """Compile a schema, with one check for each JSON type that it allows."""
    allowed = schema.get("type", [*_TYPES])
    names = [allowed] if isinstance(allowed, str) else allowed
    by_type = {kind: [*_keywords(schema, kind)] for kind in (_TYPES[name][0] for name in names)}
    before, after = [*_reference(schema), *_choices(schema)], [*_combinations(schema)]
    wrong = _one(f"must be {' or '.join(_TYPES[name][1] for name in names)}")
    other: Check = (lambda _: wrong) if "type" in schema else _all([*before, *after])
    if "type" not in schema and not any(by_type.values()):
        return other
    checks: dict[type | None, Check] = {kind: _all([*before, *rules, *after]) for kind, rules in by_type.items()}

    def check(value: Any) -> Problems:
        return (checks.get(type(value)) or checks.get(_json_type(value), other))(value)

    return check


def _keywords(schema: Schema, kind: type) -> Iterator[Check]:
    readers = {str: _text, int: _integer, dict: _object, list: _array}
    return readers[kind](schema) if kind in readers else iter(())


def _json_type(value: object) -> type | None:
    """Return the JSON type of a value, which may be of a subclass such as `IntEnum`. A boolean counts as no integer."""
    return next((kind for kind in (bool, str, int, dict, list) if isinstance(value, kind)), None)


def _all(rules: Sequence[Check]) -> Check:
    def check(value: Any) -> Problems:
        return [problem for rule in rules for problem in rule(value)]

    return check if len(rules) > 1 else rules[0] if rules else _anything


def _one(message: str) -> list[FieldProblem]:
    return [FieldProblem("", message)]


def _under(key: object, found: Problems) -> list[FieldProblem]:
    return [FieldProblem(f"{key}:{each.path}" if each.path else f"{key}", each.message) for each in found]


# Each of these reads some keywords of a schema and yields their checks.


def _reference(schema: Schema) -> Iterator[Check]:
    if "$ref" in schema:
        yield _named(ref_name(schema))  # the contract has no circles


def _choices(schema: Schema) -> Iterator[Check]:
    if "const" in schema:
        yield _one_of([schema["const"]], f"must be {schema['const']}")
    if "enum" in schema:
        yield _one_of(schema["enum"], f"must be one of {', '.join(map(str, schema['enum']))}")


def _one_of(choices: list[Any], message: str) -> Check:
    # in JSON true and 1 differ
    known = frozenset((choice, isinstance(choice, bool)) for choice in choices)

    def check(value: Any) -> Problems:
        if isinstance(value, dict | list) or (value, isinstance(value, bool)) not in known:
            return _one(message)
        return _FINE

    return check


def _text(schema: Schema) -> Iterator[Check]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    # JSON Schema's $ is the very end; Python's also matches before a last line break
    pattern = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", schema["pattern"])) if "pattern" in schema else None
    if not least and most == math.inf and pattern is None:
        return

    def check(value: str) -> Problems:
        found: Problems = _FINE
        if not least <= len(value) <= most:
            few = len(value) < least
            found = _one(f"must have at {'least' if few else 'most'} {least if few else most} characters")
        if pattern is not None and not pattern.search(value):
            found = [*found, *_one(f"must match {schema['pattern']}")]
        return found

    yield check


def _integer(schema: Schema) -> Iterator[Check]:
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if least == -math.inf and most == math.inf:
        return

    def check(value: int) -> Problems:
        if least <= value <= most:
            return _FINE
        return _one(f"must be at least {least}" if value < least else f"must be at most {most}")

    yield check


class _Fields(dict[str, Check]):
    """The checks of an object's fields, each compiled when a body first has the field: most have few.

    Args:
        properties: The schemas of the known fields.
        other: The check of all others.
    """

    def __init__(self, properties: Mapping[str, Schema], other: Check) -> None:
        self._properties = properties
        self._other = other

    def __missing__(self, name: str) -> Check:
        if name not in self._properties:
            return self._other
        return self.setdefault(name, _check_of(self._properties[name]))


def _object(schema: Schema) -> Iterator[Check]:
    required = dict.fromkeys(schema.get("required", ())).keys()
    known = schema.get("properties", {})
    extra = schema.get("additionalProperties", True)
    other = _not_a_field if extra is False else _anything if extra is True else _check_of(extra)
    fields = _Fields(known, other)

    def check(value: dict[str, Any]) -> Problems:
        wrong = {name: found for name, item in value.items() if (found := fields[name](item))}
        if not wrong and required <= value.keys():
            return _FINE
        missing = [FieldProblem(name, "is missing") for name in required if name not in value]
        order = [*(name for name in known if name in wrong), *(name for name in wrong if name not in known)]
        return [*missing, *(problem for name in order for problem in _under(name, wrong[name]))]

    if required or known or extra is not True:
        yield check


def _anything(_: Any) -> Problems:
    """Accept fields that the contract does not name."""
    return _FINE


def _not_a_field(_: Any) -> Problems:
    return _one("is not a field of the contract")


def _array(schema: Schema) -> Iterator[Check]:
    if "items" not in schema:
        return
    item_check = _check_of(schema["items"])

    def check(value: list[Any]) -> Problems:
        return [problem for index, item in enumerate(value) for problem in _under(index, item_check(item))]

    yield check


def _combinations(schema: Schema) -> Iterator[Check]:
    yield from map(_check_of, schema.get("allOf", ()))
    if "anyOf" in schema:
        yield _any_of([_check_of(branch) for branch in schema["anyOf"]])
    if "not" in schema:
        forbidden = _check_of(schema["not"])
        yield lambda value: _FINE if forbidden(value) else _one("has fields that exclude each other")
    if "if" in schema:
        condition, then, otherwise = (_check_of(schema.get(key, {})) for key in ("if", "then", "else"))
        yield lambda value: otherwise(value) if condition(value) else then(value)


def _any_of(branches: list[Check]) -> Check:
    def check(value: Any) -> Problems:
        found: Problems = _FINE
        for branch in branches:
            found = branch(value)
            if not found:
                break
        return found  # of the last, general branch; the others are known values

    return check
