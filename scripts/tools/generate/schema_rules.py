"""The rules of schemas and examples."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from openapi_python_client.strings import ClassName, PythonIdentifier

from tools.generate.document import (
    CODES,
    CONDITIONS,
    PROVENANCE,
    Json,
    Place,
    Violation,
    endpoints,
    places,
    ref_name,
    resolve,
    webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SENSITIVE = ("pan", "secret", "pii")
# properties of these names break the code that the client's generator makes
RESERVED = {"additional_properties", "additional_keys", "to_dict", "from_dict", "d", "cls", "src_dict", "field_dict"}
_31_BITS = 2**31 - 1


def _at(name: str, *more: str | int) -> tuple[str | int, ...]:
    return ("components", "schemas", name, *more)


def _schemas(document: Json) -> Iterator[Violation]:
    for name, schema in document["components"]["schemas"].items():
        if ClassName(name, "field_") != name:
            yield Violation(_at(name), f"{name}: the schema would become the class {ClassName(name, 'field_')}")
        if "description" not in schema:
            yield Violation(_at(name), f"{name}: has no description; say what it is")
        if "enum" in schema:
            yield Violation(
                _at(name, "enum"), f"{name}: new values come without notice; list the known ones in {CODES}"
            )
        if "allOf" in schema and "properties" in schema:
            text = f"{name}: other generators lose the type by an allOf beside properties; chain if, then and else"
            yield Violation(_at(name, "allOf"), text)
        if set(schema.get(CODES, ())) != set(schema.get("x-enumDescriptions", {})):
            text = f"{name}: x-enumDescriptions describes every value and no other"
            yield Violation(_at(name, "x-enumDescriptions"), text)
        for value, word in schema.get("x-enum-provenance", {}).items():
            if value not in schema.get(CODES, ()) or word not in PROVENANCE:
                text = f"{name}: x-enum-provenance gives known values one of {', '.join(PROVENANCE)}: {value}"
                yield Violation(_at(name, "x-enum-provenance", value), text)
        yield from _number(name, schema, _at(name))
        for prop_name, prop in schema.get("properties", {}).items():
            place = _at(name, "properties", prop_name)
            yield from (Violation(place, text) for text in _property(document, f"{name}.{prop_name}", prop_name, prop))
            yield from _number(f"{name}.{prop_name}", prop, place)


def _property(document: Json, where: str, name: str, prop: Json) -> Iterator[str]:
    if name in RESERVED or PythonIdentifier(name, "field_") not in (name, f"{name}_"):
        yield f"{where}: the name cannot be kept in Python; choose another"
    if prop.get("type") == "object" or not {"enum", CODES}.isdisjoint(prop):
        yield f"{where}: objects and codes stand in components/schemas; refer to one"
    if "description" not in resolve(document, prop):
        yield f"{where}: has no description; say what it is, beside a $ref or anyOf too"
    if "x-sensitive" in prop and (prop["x-sensitive"] not in SENSITIVE or "$ref" in prop):
        yield f"{where}: x-sensitive is one of {', '.join(SENSITIVE)} and does not stand beside a $ref"
    if prop.get("x-provenance", PROVENANCE[0]) not in PROVENANCE:
        yield f"{where}: x-provenance is one of {', '.join(PROVENANCE)}"


def _number(where: str, schema: Json, at: tuple[str | int, ...]) -> Iterator[Violation]:
    types = schema.get("type", [])
    if "number" in types:
        yield Violation(at, f"{where}: no number but integers; money is never a float")
    if "integer" not in types:
        return
    if "minimum" not in schema or "maximum" not in schema:
        yield Violation(at, f"{where}: an integer has a minimum and a maximum")
    elif max(-schema["minimum"], schema["maximum"]) > _31_BITS and schema.get("format") != "int64":
        yield Violation(at, f"{where}: needs more than 31 bits, for which other generators want format: int64")


def _bounds(document: Json) -> Iterator[Violation]:
    """Strings of requests are bounded, objects of answers are open."""
    schemas = document["components"]["schemas"]
    for place in _places(document, {endpoint.request_schema for endpoint in endpoints(document)}):
        full = resolve(document, place.schema)
        if full.get("type") == "string" and {"maxLength", "pattern", "const"}.isdisjoint(full):
            text = f"{place.owner}.{place.name}: a request's string is bounded; give it a maxLength or a pattern"
            yield Violation(_at(place.owner, "properties", place.name), text)
    answers = {one.response_schema for one in endpoints(document)} | {one.request_schema for one in webhooks(document)}
    for owner in sorted(answers | {place.owner for place in _places(document, answers)}):
        if schemas[owner].get("additionalProperties") is False:
            text = f"{owner}: an answer may hold more than is known; take additionalProperties: false out"
            yield Violation(_at(owner, "additionalProperties"), text)


def _places(document: Json, roots: set[str]) -> Iterator[Place]:
    return chain.from_iterable(places(document, root) for root in sorted(roots))


def _required(document: Json) -> Iterator[Violation]:
    """Names that `required` has, in conditions too, are properties."""

    def walk(schema: Json, known: Json, at: tuple[str | int, ...]) -> Iterator[Violation]:
        for name in schema.get("required", ()):
            if name not in known:
                yield Violation((*at, "required"), f"{at[2]}: required names {name}, which is no property; correct it")
        for key in CONDITIONS:
            if key in schema:
                yield from walk(schema[key], known, (*at, key))
        for index, branch in enumerate(schema.get("anyOf", ())):
            yield from walk(branch, known, (*at, "anyOf", index))
        if at[3:]:
            for name, inner in schema.get("properties", {}).items():
                below = resolve(document, known.get(name, {})).get("properties", {})
                yield from walk(inner, below, (*at, "properties", name))

    for name, schema in document["components"]["schemas"].items():
        yield from walk(schema, schema.get("properties", {}), _at(name))


def _transitions(document: Json) -> Iterator[Violation]:
    sub_status = document["components"]["schemas"].get("SubStatus", {})
    machines = document.get("x-transitions", {}).values()
    placed = {state.partition(":")[2] for machine in machines for state in chain(machine, *machine.values())}
    for value in sub_status.get(CODES, ()):
        if (value in placed) is (value in sub_status.get("x-unplaced", ())):
            text = (
                f"SubStatus: {value} is in a machine of x-transitions or, while its place is not known, in x-unplaced"
            )
            yield Violation(_at("SubStatus", CODES), text)


def _examples(document: Json) -> Iterator[Violation]:
    """Every example is valid against its schema."""
    schemas = document["components"]["schemas"]

    def walk(node: Any, at: tuple[str | int, ...]) -> Iterator[Violation]:
        if not isinstance(node, dict):
            return
        if "examples" in node and "$ref" in node.get("schema", ()):
            name = ref_name(node["schema"])
            document = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
            validator = jsonschema_rs.Draft202012Validator(document)
            for key, example in node["examples"].items():
                for error in validator.iter_errors(example["value"]):
                    path = ":".join(map(str, error.instance_path)) or "the body"
                    text = f"the example {key} is no {name}: {path}: {error.kind.name}; correct it"
                    yield Violation((*at, "examples", key, "value", *error.instance_path), text)
            return
        for key, value in node.items():
            yield from walk(value, (*at, key))

    for part in ("paths", "webhooks", "components"):
        yield from walk(document.get(part, {}), (part,))


RULES: tuple[Callable[[Json], Iterator[Violation]], ...] = (
    _schemas,
    _bounds,
    _required,
    _transitions,
    _examples,
)
