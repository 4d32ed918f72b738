"""The contract's additional rules, which make generation from a valid OpenAPI document possible.

A rule yields each violation with its place in the document and a remedy.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openapi_python_client.strings import PythonIdentifier

from tools.generate import schema_rules
from tools.generate.document import (
    PROVENANCE,
    Endpoint,
    Json,
    Violation,
    endpoints,
    json_content,
    load,
    located,
    resolve_response,
    webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGISTRY = Path(__file__).resolve().parents[3] / "spec" / "README.md"
RETRY = ("safe", "reconcile", "never")
OUTCOMES = ("refused", "duplicate", "not_accepted", "unknown")
RESPONSES = ("200", "400", "401", "403", "404", "409", "422", "429", "500", "default")
KEYS = ("operationId", "tags", "summary", "description", "x-method-name", "x-retry", "requestBody")
NAMED = ("examples", "x-enumDescriptions", "x-enum-provenance")
"""Keys whose own keys are the document's values, not keywords."""


def check(document: Json) -> list[Violation]:
    """All violations of the rules."""
    return [violation for rule in RULES for violation in rule(document)]


def registered_keys() -> set[str]:
    """The x- keys that spec/README.md has a row for."""
    return set(re.findall(r"^\| `(x-[\w-]+)`", REGISTRY.read_text(encoding="utf-8"), re.MULTILINE))


def _operations(document: Json) -> Iterator[Violation]:
    for endpoint in endpoints(document):
        name, data, at = (
            endpoint.data.get("operationId", endpoint.path),
            endpoint.data,
            ("paths", endpoint.path, "post"),
        )
        yield from (Violation(at, f"{name}: lacks {key}; add it") for key in KEYS if key not in data)
        if "operationId" in data and PythonIdentifier(name, "field_") != name:
            text = f"{name}: the operationId would become {PythonIdentifier(name, 'field_')}; write it in snake_case"
            yield Violation((*at, "operationId"), text)
        if "security" in data:
            yield Violation((*at, "security"), f"{name}: security stands at the root only; take it out here")
        if data.get("x-retry") not in RETRY:
            yield Violation((*at, "x-retry"), f"{name}: x-retry is one of {', '.join(RETRY)}")
        if "x-idempotency" in data and not data.get("x-transitions"):
            text = f"{name}: creates a payment and names no x-transitions; name the machines that its payments follow"
            yield Violation(at, text)
        for status in RESPONSES:
            if status not in data.get("responses", {}):
                yield Violation((*at, "responses"), f"{name}: has no response {status}; refer to the shared one")
        yield from _content(name, endpoint, at)


def _content(name: str, endpoint: Endpoint, at: tuple[str, ...]) -> Iterator[Violation]:
    holders = {
        "request": ("requestBody",),
        "200": ("responses", "200"),
    }
    for what, keys in holders.items():
        holder: Any = endpoint.data
        for key in keys:
            holder = holder.get(key, {})
        content = json_content(holder) if "content" in holder else {}
        if "$ref" not in content.get("schema", {}):
            yield Violation((*at, *keys), f"{name}: the {what} needs a $ref to a schema in components/schemas")
        if not content.get("examples"):
            yield Violation((*at, *keys), f"{name}: the {what} needs examples")


def _provenance(document: Json) -> Iterator[Violation]:
    found = {("paths", one.path, "post"): one.data for one in endpoints(document)}
    found |= {("webhooks", one.path, "post"): one.data for one in webhooks(document)}
    for part in ("securitySchemes", "responses", "schemas"):
        found |= {("components", part, name): data for name, data in document["components"][part].items()}
    for at, data in found.items():
        name = data.get("operationId") or f"{at[1].removesuffix('s')} {at[2]}"
        if data.get("x-provenance") not in PROVENANCE:
            yield Violation(at, f"{name}: x-provenance is one of {', '.join(PROVENANCE)}; say how it is known")


def _tags(document: Json) -> Iterator[Violation]:
    declared = [tag["name"] for tag in document.get("tags", ())]
    for part, found in (("paths", endpoints(document)), ("webhooks", webhooks(document))):
        for one in found:
            tags = one.data.get("tags", ())
            if len(tags) != 1 or tags[0] not in declared:
                text = (
                    f"{one.data.get('operationId', one.path)}: has one tag, declared at the root: {', '.join(declared)}"
                )
                yield Violation((part, one.path, "post", "tags"), text)


def _responses(document: Json) -> Iterator[Violation]:
    for endpoint in endpoints(document):
        for status, response in endpoint.data.get("responses", {}).items():
            full = resolve_response(document, response)
            if status != "200" and full.get("x-outcome") not in OUTCOMES:
                at = ("paths", endpoint.path, "post", "responses", status)
                yield Violation(at, f"response {status}: x-outcome is one of {', '.join(OUTCOMES)}")
    for name, response in document["components"]["responses"].items():
        for content in response["content"].values():
            if not content.get("examples"):
                yield Violation(("components", "responses", name), f"response {name}: needs an example")


def _webhooks(document: Json) -> Iterator[Violation]:
    schemas = {webhook.request_schema for webhook in webhooks(document)}
    if len(schemas) != 1:
        yield Violation(("webhooks",), f"webhooks: all carry one schema, found {sorted(schemas)}")
    for webhook in webhooks(document):
        if not json_content(webhook.data["requestBody"]).get("examples"):
            yield Violation(("webhooks", webhook.path), f"webhook {webhook.path}: needs examples")


def _keys(document: Json) -> Iterator[Violation]:
    registered = registered_keys()

    def walk(node: Any, at: tuple[str | int, ...]) -> Iterator[Violation]:
        if isinstance(node, dict):
            for key, value in node.items():
                if str(key).startswith("x-") and key not in registered:
                    yield Violation((*at, key), f"{key} has no row in spec/README.md; register it, or correct its name")
                if key not in NAMED:
                    yield from walk(value, (*at, key))
        elif isinstance(node, list):
            for index, value in enumerate(node):
                yield from walk(value, (*at, index))

    return walk(document, ())


RULES: tuple[Callable[[Json], Iterator[Violation]], ...] = (
    _operations,
    _provenance,
    _tags,
    _responses,
    _webhooks,
    _keys,
    *schema_rules.RULES,
)


if __name__ == "__main__":
    source = Path(sys.argv[1])
    broken = check(load(source))
    print("\n".join(located(source, broken)) or "the contract keeps its rules")
    sys.exit(bool(broken))
