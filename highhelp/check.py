"""Requests checked against the contract before they are sent.

The schemas are the contract's (`contract.SCHEMAS`), this module only reads them: no rule of the API stands here. It
knows the keywords that the contract uses, and `scripts/generate` refuses a document that uses another one. A schema is
read once, when it is first needed: what comes of it is a list of checks, which cost little for each request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from highhelp.errors import FieldProblem
from highhelp_api.contract import SCHEMAS

Schema: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Any, str, list[FieldProblem]], None]
"""Given a JSON value and its colon path, adds what is wrong with it to a list."""


def problems(schema: str, value: object) -> list[FieldProblem]:
    """What is wrong with a JSON value, field by field, in the order of the schema. Empty if it is valid.

    Args:
        schema: Name of the schema in the contract.
        value: The body, made of dict, list, str, int, bool and None.
    """
    found: list[FieldProblem] = []
    _named(schema)(value, "", found)
    return found


@cache
def _named(name: str) -> Check:
    return _check_of(SCHEMAS[name])


def _check_of(schema: Schema) -> Check:
    rules = [rule for read in (_reference, _choices, _text, _integer, _object, _array, _combinations)
             for rule in read(schema)]  # fmt: skip
    types = schema.get("type")
    if types is None and len(rules) == 1:
        return rules[0]
    if types is None:

        def check(value: Any, path: str, found: list[FieldProblem]) -> None:
            for rule in rules:
                rule(value, path, found)

        return check
    names = [types] if isinstance(types, str) else types
    wanted, no_boolean = tuple(_PYTHON[name] for name in names), "boolean" not in names
    message = f"must be {' or '.join(_WORDS[name] for name in names)}"

    def check_typed(value: Any, path: str, found: list[FieldProblem]) -> None:
        if not isinstance(value, wanted) or (no_boolean and isinstance(value, bool)):
            found.append(FieldProblem(path, message))
            return
        for rule in rules:
            rule(value, path, found)

    return check_typed


_PYTHON: Mapping[str, type] = {
    "string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None),
}  # fmt: skip
_WORDS: Mapping[str, str] = {
    "string": "text", "integer": "an integer", "boolean": "true or false", "object": "an object", "array": "a list",
    "null": "null",
}  # fmt: skip


# Each of these reads some keywords of a schema, and yields the checks that they ask for.


def _reference(schema: Schema) -> Iterator[Check]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]

        def check(value: Any, path: str, found: list[FieldProblem]) -> None:
            _named(name)(value, path, found)  # looked up only here, since schemas may name each other

        yield check


def _choices(schema: Schema) -> Iterator[Check]:
    if "const" in schema:
        yield _one_of([schema["const"]], f"must be {schema['const']}")
    if "enum" in schema:
        yield _one_of(schema["enum"], f"must be one of {', '.join(map(str, schema['enum']))}")


def _one_of(choices: list[Any], message: str) -> Check:
    # JSON knows no equality of true and 1
    known = frozenset((choice, isinstance(choice, bool)) for choice in choices)

    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        if isinstance(value, dict | list) or (value, isinstance(value, bool)) not in known:
            found.append(FieldProblem(path, message))

    return check


def _text(schema: Schema) -> Iterator[Check]:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    # JSON Schema's $ is the very end; Python's also matches before a last line break
    pattern = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", schema["pattern"])) if "pattern" in schema else None
    if not least and most is None and pattern is None:
        return

    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        if not isinstance(value, str):
            return
        if len(value) < least:
            found.append(FieldProblem(path, f"must have at least {least} characters"))
        if most is not None and len(value) > most:
            found.append(FieldProblem(path, f"must have at most {most} characters"))
        if pattern is not None and not pattern.search(value):
            found.append(FieldProblem(path, f"must match {schema['pattern']}"))

    yield check


def _integer(schema: Schema) -> Iterator[Check]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return

    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            return
        if least is not None and value < least:
            found.append(FieldProblem(path, f"must be at least {least}"))
        if most is not None and value > most:
            found.append(FieldProblem(path, f"must be at most {most}"))

    yield check


def _object(schema: Schema) -> Iterator[Check]:
    required = dict.fromkeys(schema.get("required", ())).keys()
    known = {name: _check_of(child) for name, child in schema.get("properties", {}).items()}
    extra = schema.get("additionalProperties", True)
    other = _not_a_field if extra is False else _anything if extra is True else _check_of(extra)

    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        if not isinstance(value, dict):
            return
        head = f"{path}:" if path else ""
        if not required <= value.keys():
            found.extend(FieldProblem(f"{head}{name}", "is missing") for name in required if name not in value)
        for name, child in known.items():
            if name in value:
                child(value[name], f"{head}{name}", found)
        if not value.keys() <= known.keys():
            for name, item in value.items():
                if name not in known:
                    other(item, f"{head}{name}", found)

    if required or known or extra is not True:
        yield check


def _anything(_: Any, __: str, ___: list[FieldProblem]) -> None:
    """Fields that the contract does not name are taken."""


def _not_a_field(_: Any, path: str, found: list[FieldProblem]) -> None:
    found.append(FieldProblem(path, "is not a field of the contract"))


def _array(schema: Schema) -> Iterator[Check]:
    if "items" not in schema:
        return
    item_check = _check_of(schema["items"])

    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                item_check(item, f"{path}:{index}" if path else f"{index}", found)

    yield check


def _combinations(schema: Schema) -> Iterator[Check]:
    yield from map(_check_of, schema.get("allOf", ()))
    if "anyOf" in schema:
        yield _any_of([_check_of(branch) for branch in schema["anyOf"]])
    if "not" in schema:
        yield _not(_check_of(schema["not"]))
    if "if" in schema:
        yield _if(*(_check_of(schema.get(key, {})) for key in ("if", "then", "else")))


def _any_of(branches: list[Check]) -> Check:
    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        if not any(_passes(branch, value) for branch in branches):
            # the last branch is the general one; the others are known values
            branches[-1](value, path, found)

    return check


def _not(forbidden: Check) -> Check:
    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        if _passes(forbidden, value):
            found.append(FieldProblem(path, "has fields that exclude each other"))

    return check


def _if(condition: Check, then: Check, otherwise: Check) -> Check:
    def check(value: Any, path: str, found: list[FieldProblem]) -> None:
        (then if _passes(condition, value) else otherwise)(value, path, found)

    return check


def _passes(check: Check, value: Any) -> bool:
    found: list[FieldProblem] = []
    check(value, "", found)
    return not found
