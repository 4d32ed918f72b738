"""Suggest edits of `spec/openapi.yaml` that match the recorded traffic."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from highhelp.redact import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Pointer = tuple[str, ...]

JSON_TYPES: Mapping[type, str] = {
    str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array",
    type(None): "null",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the document.

    Attributes:
        action: "set" a member (an existing one keeps its description), "append" to a list or "remove" from one.
        at: The path to it, member by member.
        value: The value to set, append or remove.
    """

    action: Literal["set", "append", "remove"]
    at: Pointer
    value: Any


def widen(schema: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the schema with this type allowed too. Descriptions and `x-` keys stay as they are."""
    added = dict(_INTEGER) if kind == "integer" else {"type": kind}
    if "$ref" in schema or "anyOf" in schema:
        choices = list(schema.get("anyOf", [dict(schema)]))
        return {"anyOf": [*choices, added]}
    types = schema.get("type", [])
    return {**added, **schema, "type": [*([types] if isinstance(types, str) else types), kind]}


# The document's rules require bounds; these only say that JSON carries the number exactly.
_INTEGER: Mapping[str, Any] = {
    "type": "integer", "format": "int64", "minimum": -(2**53 - 1), "maximum": 2**53 - 1
}  # fmt: skip
SEEN = "Seen in recorded traffic; what it means is not known."


def suggest_field(name: str, value: object, at: Pointer, owner: str) -> Iterator[Edit]:
    """Suggest a new property for a field that the document does not have."""
    schemas: dict[Pointer, dict[str, Any]] = {}
    schema = _build_schema(value, f"{owner}{_to_pascal_case(name)}", schemas)
    if schema is None:
        return
    for pointer, named in schemas.items():
        yield Edit("set", pointer, named)
    about = {"description": SEEN, "x-provenance": "observed"}
    # a reference must not have siblings
    yield Edit("set", (*at, "properties", name), schema if "$ref" in schema else schema | about)


def _build_schema(value: object, name: str, schemas: dict[Pointer, dict[str, Any]]) -> dict[str, Any] | None:
    """Build a schema for a recorded value; objects become named schemas, as the document's rules require."""
    kind = JSON_TYPES[type(value)]
    if kind == "number":
        return None
    if kind == "null":
        return {"type": ["string", "null"]}
    if isinstance(value, list):
        items = _build_schema(value[0], f"{name}Item", schemas) if value else {"type": "string"}
        return None if items is None else {"type": "array", "items": items}
    if not isinstance(value, dict):
        return dict(_INTEGER) if kind == "integer" else {"type": kind}
    properties: dict[str, Any] = {}
    for key, item in value.items():
        schema = _build_schema(item, f"{name}{_to_pascal_case(key)}", schemas) if key != MASK else None
        if schema is not None:
            properties[key] = schema if "$ref" in schema else {**schema, "description": SEEN}
    schemas["components", "schemas", name] = {
        "type": "object", "description": SEEN, "x-provenance": "observed", "properties": properties,
    }  # fmt: skip
    return {"$ref": f"#/components/schemas/{name}"}


def _to_pascal_case(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def to_text(edit: Edit) -> str:
    """Write an edit as JSON, which is valid YAML, with a comment that says where it belongs."""
    value = json.dumps(edit.value, ensure_ascii=False, indent=2)
    if edit.action == "set":
        return f"# in {'.'.join(edit.at[:-1])}\n{json.dumps(edit.at[-1], ensure_ascii=False)}: {value}"
    verb = "add" if edit.action == "append" else "take out"
    return f"# in {'.'.join(edit.at)}: {verb}\n- {value}"
