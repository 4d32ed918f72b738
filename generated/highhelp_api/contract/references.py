# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Following a `$ref` between the schemas of the contract."""

from collections.abc import Mapping
from typing import Any


def ref_name(schema: Mapping[str, Any]) -> str:
    """The name of the schema that a `$ref` leads to.

    Args:
        schema: A schema with a `$ref`.

    Raises:
        KeyError: It has none.
    """
    return str(schema["$ref"]).rpartition("/")[2]


def resolve(schema: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]] | None = None) -> Mapping[str, Any]:
    """The schema that a `$ref` leads to in the end; one without a `$ref` is returned as it is.

    What stands beside a `$ref` wins over what it leads to.

    Args:
        schema: A schema, or a part of one.
        schemas: The schemas by name; the contract's own by default.

    Raises:
        KeyError: A `$ref` leads nowhere.
    """
    while "$ref" in schema:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        target = (_own() if schemas is None else schemas)[ref_name(schema)]
        schema = {**target, **beside} if beside else target
    return schema


def _own() -> Mapping[str, Mapping[str, Any]]:
    from highhelp_api.contract import (
        SCHEMAS,  # large, and not needed where others are given
    )

    return SCHEMAS
