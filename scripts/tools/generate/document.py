"""The OpenAPI document as a value: read it, walk it, and derive the views for the generators."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from tools.generate.static import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Json = dict[str, Any]

At = tuple[str | int, ...]
"""A place in the document: the keys and indices that lead to it."""

PROVENANCE = ("documented", "integrator", "family", "inferred", "observed")
CODES = "x-extensible-enum"
"""The key of the known values of a code. New ones may come without notice, so the list is open."""
CONDITIONS = ("if", "then", "else", "not")
"""Validation keywords that the validators support and the generators do not."""


class DocumentError(Exception):
    """The document cannot be read, or breaks a rule without which nothing can be generated."""


class Violation(NamedTuple):
    """A rule that the document breaks: where, and what to do about it."""

    at: At
    text: str


@dataclass(frozen=True)
class Endpoint:
    """One operation of the document with the path it stands under."""

    path: str
    data: Json

    @property
    def id(self) -> str:
        """The operationId."""
        return str(self.data["operationId"])

    @property
    def tag(self) -> str:
        """The tag whose resource carries the operation."""
        return str(self.data["tags"][0])

    @property
    def request_schema(self) -> str:
        """Name of the schema of the request's body."""
        return ref_name(json_content(self.data["requestBody"])["schema"])

    @property
    def response_schema(self) -> str:
        """Name of the schema of the answer with HTTP 200."""
        return ref_name(json_content(self.data["responses"]["200"])["schema"])


def load(path: Path) -> Json:
    """Read the document. Raises DocumentError unless it is a YAML mapping with paths and schemas."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read: {error}") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Json:
    """A document from its text; `name` is for errors. Raises DocumentError as :func:`load` does."""
    try:
        document = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise DocumentError(f"{name}: cannot be read: {error}") from error
    if not isinstance(document, dict) or "paths" not in document or "schemas" not in document.get("components", {}):
        raise DocumentError(f"{name}: is not an OpenAPI document with paths and components/schemas")
    _check_circles(document["components"]["schemas"], name)
    try:
        return dict(_with_examples(document, document["components"].get("examples", {})))
    except KeyError as error:
        raise DocumentError(f"{name}: components/examples has no {error}") from error


def _check_circles(schemas: Json, name: str) -> None:
    """Refuse schemas that contain each other in a circle: their fields would have no end."""
    try:
        TopologicalSorter({schema: set(_references(content)) for schema, content in schemas.items()}).prepare()
    except CycleError as error:
        raise DocumentError(f"{name}: schemas contain each other in a circle: {' in '.join(error.args[1])}") from None


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict) and "$ref" in node:
        yield ref_name(node)
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _references(value)


def _with_examples(node: Any, shared: Json) -> Any:
    """Insert the shared examples at their references."""
    if isinstance(node, list):
        return [_with_examples(item, shared) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: shared[ref_name(one)] if "$ref" in one else one for name, one in value.items()}
        if key == "examples" and "schema" in node
        else _with_examples(value, shared)
        for key, value in node.items()
    }


def located(path: Path, violations: Iterable[Violation]) -> list[str]:
    """The violations with file and line, in the order of the file."""
    document: Any = YAML().load(path.read_text(encoding="utf-8"))
    return [f"{path}:{line}: {text}" for line, text in sorted((_line(document, at), text) for at, text in violations)]


def _line(node: Any, at: At) -> int:
    """Return the line of a place, or of its nearest existing parent."""
    line = 1
    for key in at:
        if isinstance(node, CommentedMap) and key in node:
            line = node.lc.key(key)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(key, int):
            line = node.lc.item(key)[0] + 1
        else:
            break
        node = node[key]
    return line


def endpoints(document: Json) -> Iterator[Endpoint]:
    """All operations, in the order of the document. Raises DocumentError for one that is not a POST."""
    for path, item in document["paths"].items():
        for method, data in item.items():
            if method != "post":
                raise DocumentError(f"{path}: {method} - every operation of the API is a POST")
            yield Endpoint(path, data)


def webhooks(document: Json) -> Iterator[Endpoint]:
    """All callbacks, by the name that they have under `webhooks`."""
    for name, item in document.get("webhooks", {}).items():
        yield Endpoint(name, item["post"])


def ref_name(schema: Mapping[str, Any]) -> str:
    """The name of the component that a `$ref` points to."""
    try:
        return references.ref_name(schema)
    except KeyError as error:
        raise DocumentError(f"expected a $ref to a component, found {sorted(schema)}") from error


def json_content(holder: Mapping[str, Any]) -> Json:
    """The application/json part of a request body or response."""
    return dict(holder["content"]["application/json"])


def resolve(document: Json, schema: Mapping[str, Any]) -> Json:
    """Follow `$ref`s; siblings of a `$ref` override its target."""
    try:
        return dict(references.resolve(schema, document["components"]["schemas"]))
    except KeyError as error:
        raise DocumentError(f"a $ref points nowhere: {error.args[0]}") from error


def resolve_response(document: Json, response: Mapping[str, Any]) -> Json:
    """Return a response, following a `$ref`."""
    return dict(document["components"]["responses"][ref_name(response)]) if "$ref" in response else dict(response)


def not_null(document: Json, schema: Mapping[str, Any]) -> tuple[Json, bool]:
    """The schema without its null, and whether it had one."""
    resolved = resolve(document, schema)
    branches = resolved.get("anyOf", [])
    if {"type": "null"} in branches:
        rest = [branch for branch in branches if branch != {"type": "null"}]
        beside = {key: value for key, value in resolved.items() if key != "anyOf"}
        inner = resolve(document, rest[0]) if len(rest) == 1 else {"anyOf": rest}
        return {**inner, **beside}, True
    if isinstance(resolved.get("type"), list):
        types = [name for name in resolved["type"] if name != "null"]
        return {**resolved, "type": types[0]}, "null" in resolved["type"]
    return resolved, False


def kind(document: Json, schema: Mapping[str, Any]) -> str:
    """A value's kind: string, integer, boolean, array, object, or map (an object of any keys with string values)."""
    plain, _ = not_null(document, schema)
    if "anyOf" in plain and "type" not in plain:
        kinds = {kind(document, branch) for branch in plain["anyOf"]}
        if len(kinds) != 1:
            raise DocumentError(f"branches of different types: {sorted(kinds)}")
        return kinds.pop()
    if plain.get("type") == "object" and isinstance(plain.get("additionalProperties"), dict):
        return "map"
    name = plain.get("type")
    if name not in ("string", "integer", "boolean", "array", "object"):
        raise DocumentError(f"unsupported type {name!r}")
    return str(name)


@dataclass(frozen=True)
class Place:
    """A property of a body: its colon path from the root, its schema, and whether its parent requires it."""

    path: str
    owner: str
    schema: Json
    required: bool

    @property
    def name(self) -> str:
        """The property's name."""
        return self.path.rpartition(":")[2]


def places(document: Json, root: str, prefix: str = "") -> Iterator[Place]:
    """All properties below a schema, parents before children; items of arrays have `*` in their path."""
    schema = document["components"]["schemas"][root]
    for name, prop in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield Place(path, root, prop, name in schema.get("required", []))
        child = _object_name(document, prop)
        if child is not None:
            yield from places(document, child, f"{path}:")
        elif "items" in prop and "$ref" in prop["items"]:
            yield from places(document, ref_name(prop["items"]), f"{path}:*:")


def _object_name(document: Json, schema: Mapping[str, Any]) -> str | None:
    for candidate in (schema, *schema.get("anyOf", [])):
        if "$ref" in candidate:
            name = ref_name(candidate)
            if document["components"]["schemas"][name].get("properties"):
                return name
    return None


# --- views ---------------------------------------------------------------------------------------------------------


def generator_view(document: Json) -> Json:
    """The document as both generators can read it: without conditions, which the validators evaluate instead."""
    view = deepcopy(document)
    for schema in view["components"]["schemas"].values():
        for keyword in CONDITIONS:
            schema.pop(keyword, None)
    return view


def client_view(document: Json) -> Json:
    """The view for the client's generator: scalar `$ref`s inlined, facts in descriptions, codes as enums.

    An absent optional field of an answer becomes null, so that absence has only one form.

    Inlined because the generator drops siblings of a `$ref`. The project id is optional in the client's
    models because the client fills it in: it is the one of the signature's header.
    """
    view = generator_view(document)
    schemas = view["components"]["schemas"]
    for name, schema in schemas.items():
        for prop_name, prop in schema.get("properties", {}).items():
            written = schema.get("additionalProperties") is False
            schema["properties"][prop_name] = _described(view, schema, _inlined(view, prop, written=written))
        if name in client_filled(document):
            schema["required"] = [field for field in schema["required"] if field != "project_id"]
    for schema in schemas.values():
        if CODES in schema:
            schema["enum"] = schema.pop(CODES)  # an open one, by our template
    for name, needed in needed_in_answers(document).items():
        properties = schemas[name]["properties"]
        for prop_name, prop in properties.items():
            if prop_name not in needed:
                properties[prop_name] = _or_null(_timed(prop_name, prop))
        schemas[name]["required"] = list(properties)
    return view


def needed_in_answers(document: Json) -> dict[str, list[str]]:
    """Schema -> the properties that it requires, for the schemas of answers and callbacks: those that are open."""
    return {
        name: list(schema.get("required", ()))
        for name, schema in document["components"]["schemas"].items()
        if schema.get("properties") and schema.get("additionalProperties", True) is True
    }


def _timed(name: str, prop: Json) -> Json:
    """Mark a time: by the API's convention its name ends in `_at`."""
    is_text = "string" in prop.get("type", ())
    return {**prop, "format": "date-time"} if name.endswith("_at") and is_text else prop


def _or_null(prop: Json) -> Json:
    null = {"type": "null"}
    if null in prop.get("anyOf", ()) or "null" in prop.get("type", ()):
        return prop
    if "$ref" in prop or prop.get("type") == "array":
        outer = {key: value for key, value in prop.items() if key == "description"}
        return {"anyOf": [prop, null], **outer}
    if "anyOf" in prop:
        return {**prop, "anyOf": [*prop["anyOf"], null]}
    types = prop["type"]
    return {**prop, "type": [*([types] if isinstance(types, str) else types), "null"]}


def descriptions_beside_refs(view: Json) -> dict[str, dict[str, str]]:
    """Schema -> property -> description, for siblings of a `$ref`, which the generator drops."""
    return {
        name: {
            prop_name: str(prop["description"])
            for prop_name, prop in schema.get("properties", {}).items()
            if "$ref" in prop and "description" in prop
        }
        for name, schema in view["components"]["schemas"].items()
    }


def client_filled(document: Json) -> set[str]:
    """Names of the schemas whose project_id the client fills in: the `general` blocks of requests."""
    return {
        ref_name(schema["properties"]["general"])
        for endpoint in endpoints(document)
        for schema in [document["components"]["schemas"][endpoint.request_schema]]
        if "general" in schema.get("properties", {})
    }


def _inlined(document: Json, prop: Json, *, written: bool) -> Json:
    if "$ref" not in prop:
        return prop
    target = document["components"]["schemas"][ref_name(prop)]
    if target.get("type") == "object":
        return prop
    if CODES in target:
        # the writer of a code may know a newer one
        text = {"anyOf": [{"$ref": prop["$ref"]}, {"type": "string"}], "description": target["description"]}
        return {**text, **{key: value for key, value in prop.items() if key != "$ref"}} if written else prop
    return {**target, **{key: value for key, value in prop.items() if key != "$ref"}}


def _described(document: Json, owner: Json, prop: Json) -> Json:
    target = resolve(document, prop)
    if "anyOf" in prop and "description" not in prop:
        # null is an alternative; the schema itself has the description
        target = next((resolve(document, one) for one in prop["anyOf"] if "$ref" in one), prop)
    provenance = prop.get("x-provenance", owner.get("x-provenance"))
    facts = [text for text in (_bounds(target), provenance) if text]
    if "description" not in target or not facts:
        return prop
    return {**prop, "description": f"{str(target['description']).strip()} ({'; '.join(facts)})"}


def _bounds(schema: Json) -> str:
    low, high = schema.get("minLength"), schema.get("maxLength")
    if low is not None or high is not None:
        return f"{low or 0} to {high} characters" if high is not None else f"at least {low} characters"
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    return ""
