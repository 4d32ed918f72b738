"""Requests checked against the contract before they are sent.

The schemas are the contract's (`contract.SCHEMAS`), this module only reads them: no rule of the API stands here. It
knows the keywords that the contract uses, and `scripts/generate` refuses a document that uses another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from highhelp.errors import FieldProblem
from highhelp_api.contract import SCHEMAS

Schema = Mapping[str, Any]


def problems(schema: str, value: object) -> list[FieldProblem]:
    """What is wrong with a JSON value, field by field, in the order of the schema. Empty if it is valid.

    Args:
        schema: Name of the schema in the contract.
        value: The body, made of dict, list, str, int, bool and None.
    """
    return list(_problems(SCHEMAS[schema], value, ""))


def _problems(schema: Schema, value: object, path: str) -> Iterator[FieldProblem]:
    if "$ref" in schema:
        yield from _problems(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]], value, path)
    if "type" in schema and not _has_type(schema["type"], value):
        yield FieldProblem(path, f"must be {_article(schema['type'])}")
        return
    yield from _choices(schema, value, path)
    if isinstance(value, str):
        yield from _string(schema, value, path)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _integer(schema, value, path)
    elif isinstance(value, dict):
        yield from _object(schema, value, path)
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _problems(schema["items"], item, _below(path, str(index)))
    yield from _combinations(schema, value, path)


def _has_type(types: str | list[str], value: object) -> bool:
    return any(
        isinstance(value, _PYTHON[name]) and (name == "boolean" or not isinstance(value, bool))
        for name in ([types] if isinstance(types, str) else types)
    )


_PYTHON: Mapping[str, type] = {
    "string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None),
}  # fmt: skip


def _article(types: str | list[str]) -> str:
    words = {"string": "text", "integer": "an integer", "boolean": "true or false", "object": "an object",
             "array": "a list", "null": "null"}  # fmt: skip
    return " or ".join(words[name] for name in ([types] if isinstance(types, str) else types))


def _choices(schema: Schema, value: object, path: str) -> Iterator[FieldProblem]:
    if "const" in schema and not _equal(value, schema["const"]):
        yield FieldProblem(path, f"must be {schema['const']}")
    if "enum" in schema and not any(_equal(value, choice) for choice in schema["enum"]):
        yield FieldProblem(path, f"must be one of {', '.join(map(str, schema['enum']))}")


def _equal(value: object, other: object) -> bool:
    # JSON knows no equality of true and 1
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _string(schema: Schema, value: str, path: str) -> Iterator[FieldProblem]:
    if len(value) < schema.get("minLength", 0):
        yield FieldProblem(path, f"must have at least {schema['minLength']} characters")
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield FieldProblem(path, f"must have at most {schema['maxLength']} characters")
    if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
        yield FieldProblem(path, f"must match {schema['pattern']}")


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    # JSON Schema's $ is the very end; Python's also matches before a last line break
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern))


def _integer(schema: Schema, value: int, path: str) -> Iterator[FieldProblem]:
    if "minimum" in schema and value < schema["minimum"]:
        yield FieldProblem(path, f"must be at least {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        yield FieldProblem(path, f"must be at most {schema['maximum']}")


def _object(schema: Schema, value: dict[Any, Any], path: str) -> Iterator[FieldProblem]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield FieldProblem(_below(path, name), "is missing")
    for name, child in known.items():
        if name in value:
            yield from _problems(child, value[name], _below(path, name))
    extra = schema.get("additionalProperties", True)
    if extra is True:
        return
    for name, item in value.items():
        if name in known:
            continue
        if extra is False:
            yield FieldProblem(_below(path, str(name)), "is not a field of the contract")
        else:
            yield from _problems(extra, item, _below(path, str(name)))


def _combinations(schema: Schema, value: object, path: str) -> Iterator[FieldProblem]:
    for part in schema.get("allOf", ()):
        yield from _problems(part, value, path)
    if "anyOf" in schema and all(any(_problems(branch, value, path)) for branch in schema["anyOf"]):
        # the last branch is the general one; the others are known values
        yield from _problems(schema["anyOf"][-1], value, path)
    if "not" in schema and not any(_problems(schema["not"], value, path)):
        yield FieldProblem(path, "has fields that exclude each other")
    if "if" in schema:
        branch = "else" if any(_problems(schema["if"], value, path)) else "then"
        yield from _problems(schema.get(branch, {}), value, path)


def _below(path: str, name: str) -> str:
    return f"{path}:{name}" if path else name
