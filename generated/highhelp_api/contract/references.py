# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Follow a `$ref` between the schemas of the contract."""

from collections.abc import Mapping
from typing import Any


def ref_name(schema: Mapping[str, Any]) -> str:
    """Return the name of the schema that a `$ref` points to.

    Args:
        schema: A schema with a `$ref`.

    Raises:
        KeyError: It has no `$ref`.
    """
    return str(schema["$ref"]).rpartition("/")[2]


def resolve(schema: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]] | None = None) -> Mapping[str, Any]:
    """Follow `$ref`s and return the final schema; one without a `$ref` is returned unchanged.

    Siblings of a `$ref` override its target.

    Args:
        schema: A schema, or a part of one.
        schemas: The schemas by name; default: the contract's.

    Raises:
        KeyError: The target of a `$ref` does not exist.
    """
    while "$ref" in schema:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        target = (_own() if schemas is None else schemas)[ref_name(schema)]
        schema = {**target, **beside} if beside else target
    return schema


def _own() -> Mapping[str, Mapping[str, Any]]:
    from highhelp_api.contract import (
        SCHEMAS,  # lazy: large, and not needed if others are given
    )

    return SCHEMAS
