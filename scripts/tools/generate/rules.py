"""The contract's own rules: what a valid OpenAPI document must also keep so that everything can be made from it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openapi_python_client.strings import ClassName, PythonIdentifier

from tools.generate.document import Endpoint, Json, endpoints, json_content, load, resolve_response, webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGISTRY = Path(__file__).resolve().parents[3] / "spec" / "README.md"
PROVENANCE = ("documented", "integrator", "family", "inferred", "observed")
SENSITIVE = ("pan", "secret", "pii")
RETRY = ("safe", "reconcile", "never")
OUTCOMES = ("refused", "duplicate", "not_accepted", "unknown")
RESPONSES = ("200", "400", "401", "403", "404", "409", "422", "429", "500", "default")
# properties of these names break the code that the client's generator makes
RESERVED = {"additional_properties", "additional_keys", "to_dict", "from_dict", "d", "cls", "src_dict", "field_dict"}


def check(document: Json) -> list[str]:
    """All broken rules, each as a line that says where and what."""
    return [line for rule in RULES for line in rule(document)]


def registered_keys() -> set[str]:
    """The x- keys that spec/README.md has a row for."""
    return set(re.findall(r"^\| `(x-[\w-]+)`", REGISTRY.read_text(encoding="utf-8"), re.MULTILINE))


def _operations(document: Json) -> Iterator[str]:
    for endpoint in endpoints(document):
        name, data = endpoint.data.get("operationId", endpoint.path), endpoint.data
        yield from (f"{name}: lacks {key}" for key in _missing(data))
        if "operationId" in data and PythonIdentifier(name, "field_") != name:
            yield f"{name}: the operationId would become {PythonIdentifier(name, 'field_')}"
        if "security" in data:
            yield f"{name}: security stands at the root only"
        if data.get("x-retry") not in RETRY:
            yield f"{name}: x-retry is one of {', '.join(RETRY)}"
        yield from (
            f"{name}: has no response {status}" for status in RESPONSES if status not in data.get("responses", {})
        )
        yield from _content(name, endpoint)


def _missing(data: Json) -> list[str]:
    keys = ("operationId", "tags", "summary", "description", "x-provenance", "x-method-name", "x-retry", "requestBody")
    return [key for key in keys if key not in data]


def _content(name: str, endpoint: Endpoint) -> Iterator[str]:
    holders = {"request": endpoint.data.get("requestBody"), "200": endpoint.data.get("responses", {}).get("200")}
    for what, holder in holders.items():
        content = json_content(holder) if holder and "content" in holder else {}
        if "$ref" not in content.get("schema", {}):
            yield f"{name}: the {what} needs a $ref to a schema"
        if not content.get("examples"):
            yield f"{name}: the {what} needs examples"


def _responses(document: Json) -> Iterator[str]:
    used = [endpoint.data["responses"] for endpoint in endpoints(document)]
    for responses in used:
        for status, response in responses.items():
            full = resolve_response(document, response)
            if status != "200" and full.get("x-outcome") not in OUTCOMES:
                yield f"response {status}: x-outcome is one of {', '.join(OUTCOMES)}"
    for name, response in document["components"]["responses"].items():
        if response.get("x-provenance") not in PROVENANCE:
            yield f"response {name}: x-provenance is one of {', '.join(PROVENANCE)}"
        for content in response["content"].values():
            if not content.get("examples"):
                yield f"response {name}: needs an example"


def _webhooks(document: Json) -> Iterator[str]:
    schemas = {webhook.request_schema for webhook in webhooks(document)}
    if len(schemas) != 1:
        yield f"webhooks: all carry one schema, found {sorted(schemas)}"
    for webhook in webhooks(document):
        if webhook.data.get("x-provenance") not in PROVENANCE:
            yield f"webhook {webhook.path}: lacks x-provenance"
        if not json_content(webhook.data["requestBody"]).get("examples"):
            yield f"webhook {webhook.path}: needs examples"


def _schemas(document: Json) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        if ClassName(name, "field_") != name:
            yield f"{name}: the schema would become the class {ClassName(name, 'field_')}"
        if schema.get("x-provenance") not in PROVENANCE:
            yield f"{name}: x-provenance is one of {', '.join(PROVENANCE)}"
        if "description" not in schema:
            yield f"{name}: has no description"
        if "enum" in schema and set(schema["enum"]) != set(schema.get("x-enumDescriptions", {})):
            yield f"{name}: x-enumDescriptions describes every value and no other"
        for value, word in schema.get("x-enum-provenance", {}).items():
            if value not in schema.get("enum", ()) or word not in PROVENANCE:
                yield f"{name}: x-enum-provenance gives values of the enum one of {', '.join(PROVENANCE)}: {value}"
        for prop_name, prop in schema.get("properties", {}).items():
            yield from _property(f"{name}.{prop_name}", prop_name, prop)


def _property(where: str, name: str, prop: Json) -> Iterator[str]:
    if name in RESERVED or PythonIdentifier(name, "field_") not in (name, f"{name}_"):
        yield f"{where}: the name cannot be kept in Python"
    if prop.get("type") == "object" or "enum" in prop:
        yield f"{where}: objects and enums stand in components/schemas"
    if "integer" in _types(prop) and ("minimum" not in prop or "maximum" not in prop):
        yield f"{where}: an integer has a minimum and a maximum"
    if "number" in _types(prop):
        yield f"{where}: no number but integers; money is never a float"
    if "x-sensitive" in prop and (prop["x-sensitive"] not in SENSITIVE or "$ref" in prop):
        yield f"{where}: x-sensitive is one of {', '.join(SENSITIVE)} and does not stand beside a $ref"
    if prop.get("x-provenance", PROVENANCE[0]) not in PROVENANCE:
        yield f"{where}: x-provenance is one of {', '.join(PROVENANCE)}"


def _types(schema: Json) -> list[str]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _keys(document: Json) -> Iterator[str]:
    registered = registered_keys()

    def walk(node: Any, where: str) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if str(key).startswith("x-") and key not in registered:
                    yield f"{where}: {key} has no row in spec/README.md"
                if key not in ("examples", "x-enumDescriptions", "x-enum-provenance"):
                    yield from walk(value, f"{where}/{key}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                yield from walk(value, f"{where}/{index}")

    return walk(document, "#")


RULES: tuple[Callable[[Json], Iterator[str]], ...] = (_operations, _responses, _webhooks, _schemas, _keys)


if __name__ == "__main__":
    broken = check(load(Path(sys.argv[1])))
    print("\n".join(broken) or "the contract keeps its rules")
    sys.exit(bool(broken))
