"""The contract closed, to check the mock gateway: only the fields and codes that it names.

Merchants must accept what the contract does not name. The mock has no reason to send it: if it does, one of the two was
changed without the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES = "x-extensible-enum"
SCHEMAS = "#/components/schemas/"


def closed_schemas(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Copy each schema as `Closed...`."""
    return {f"Closed{name}": _close(schema) for name, schema in schemas.items()}


def with_closed_answers(document: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a document so that its answers are closed; requests stay as they are."""
    components = document["components"]
    made = {
        **document,
        "components": {
            **components,
            "schemas": {**components["schemas"], **closed_schemas(components["schemas"])},
            "responses": _close(components["responses"]),
        },
    }
    made["paths"] = {
        path: {"post": {**item["post"], "responses": _close(item["post"]["responses"])}}
        for path, item in document["paths"].items()
    }
    return made


def _close(node: Any) -> Any:
    if isinstance(node, list):
        return [_close(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _close(value) for key, value in node.items()}
    if str(copy.get("$ref", "")).startswith(SCHEMAS):
        copy["$ref"] = f"{SCHEMAS}Closed{copy['$ref'].removeprefix(SCHEMAS)}"
    if CODES in copy:
        copy["enum"] = copy.pop(CODES)
    if "properties" in copy:
        copy.setdefault("additionalProperties", False)
    return copy
