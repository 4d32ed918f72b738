"""Schemas in one form: references followed, null apart, and which of them are the same in both documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.contract_diff.values import ANNOTATIONS, followed, mapping, same

if TYPE_CHECKING:
    from tools.generate.document import Json

COMPONENTS = "#/components/schemas/"
_NULL = {"type": "null"}


def plain(document: Json, schema: Any, where: str) -> tuple[str | None, Any, bool]:
    """The component that a schema leads to, what stands there without its null, and whether there was a null."""
    name, null = None, False
    while isinstance(schema, dict):
        reference, schema = followed(document, schema, where)
        if reference is not None:
            name = reference
            continue
        stripped, had = without_null(schema)
        if not had:
            break
        schema, null = stripped, True
    return name, schema, null


def untouched(old: Json, new: Json) -> set[str]:
    """References to the component schemas that are equal in both documents, with all that they lead to."""
    before, after = (mapping(mapping(one.get("components"), "#").get("schemas"), "#") for one in (old, new))
    found = {f"{COMPONENTS}{name}" for name in before if name in after and same(before[name], after[name])}
    while True:
        led_astray = {name for name in found if not references(after[name.removeprefix(COMPONENTS)]) <= found}
        if not led_astray:
            return found
        found -= led_astray


def references(schema: Any) -> set[str]:
    """All that a schema refers to, at any depth; also what only looks like a reference, as a field of that name."""
    if isinstance(schema, list):
        return {one for item in schema for one in references(item)}
    if not isinstance(schema, dict):
        return set()
    here = {str(schema["$ref"])} if "$ref" in schema else set()
    return here | {one for item in schema.values() for one in references(item)}


def without_null(schema: Json) -> tuple[Json, bool]:
    """The schema without its null, in both ways to write it, and whether it had one."""
    branches = schema.get("anyOf")
    if isinstance(branches, list) and _NULL in branches and set(schema) - {"anyOf"} <= ANNOTATIONS:
        rest = [branch for branch in branches if branch != _NULL]
        return (rest[0] if len(rest) == 1 and isinstance(rest[0], dict) else {"anyOf": rest}), True
    kinds = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds and len(kinds) > 1 and "enum" not in schema:
        return {**schema, "type": [kind for kind in kinds if kind != "null"]}, True
    return schema, False


def with_null(schema: Json, null: bool) -> Json:
    """The schema with null among its types, where it names any."""
    kinds = schema.get("type")
    if not null or kinds is None:
        return schema
    return {**schema, "type": [*(kinds if isinstance(kinds, list) else [kinds]), "null"]}


def binds_type(schema: Json) -> bool:
    """Whether the schema demands a type."""
    return bool({"type", "anyOf", "oneOf", "allOf", "enum", "const"} & set(schema))
