"""Validate bodies: first with the strict models, then with the document's schema and its if/then rules.

No message contains a value: a body may hold card data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs
from pydantic import BaseModel, ValidationError

from highhelp_api import contract
from highhelp_api.strict import models
from highhelp_mock.http import ApiError

__all__ = ["check_body", "field_errors", "schema_validator"]

_MOST_ERRORS = 50
_LONGEST_NAME = 64


def check_body(schema: str, body: Mapping[str, Any]) -> None:
    """Refuse a body that does not fit its schema.

    Raises:
        ApiError: 422 with the fields.
    """
    errors = field_errors(schema, body)
    if errors:
        raise ApiError(422, "The request has invalid fields", errors.items())


def field_errors(schema: str, body: Mapping[str, Any]) -> dict[str, str]:
    """List the problems of a body, by colon path; the first one of each field."""
    errors: dict[str, str] = {}
    for path, message in islice(_findings(schema, body), _MOST_ERRORS):
        errors.setdefault(path, message)
    return errors


@lru_cache(maxsize=256)
def schema_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of one schema of the document."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": contract.SCHEMAS}}
    )


def _findings(schema: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    model = getattr(models, schema, None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        yield from _model_findings(model, body)
    for error in schema_validator(schema).iter_errors(body):
        path = [str(part)[:_LONGEST_NAME] for part in error.instance_path]
        for name, message in _describe(error.kind):
            yield ":".join([*path, *name]), message


def _model_findings(model: type[BaseModel], body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        model.model_validate(body)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            yield _path(body, item["loc"]), _sentence(item["type"], item["msg"])


def _path(body: object, loc: tuple[int | str, ...]) -> str:
    # pydantic's location also contains names of union members; only parts that are keys of the body count
    parts: list[str] = []
    for index, part in enumerate(loc):
        if isinstance(body, list) and isinstance(part, int):
            body = body[part] if part < len(body) else None
        elif isinstance(body, Mapping) and part in body:
            body = body[part]
        elif not (isinstance(body, Mapping) and index == len(loc) - 1):
            break
        parts.append(str(part)[:_LONGEST_NAME])
    return ":".join(parts)


def _sentence(kind: str, message: str) -> str:
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        return "is not known"
    return message.replace("Input should", "should").replace("String should", "should")


def _describe(kind: Any) -> Iterator[tuple[list[str], str]]:
    keyword = kind.name
    if keyword == "required":
        yield [kind.property], "is required"
    elif keyword == "additionalProperties":
        for name in kind.unexpected:
            yield [str(name)[:_LONGEST_NAME]], "is not known"
    elif keyword in ("minimum", "maximum", "minLength", "maxLength"):
        yield [], f"violates {keyword} {kind.limit}"
    elif keyword == "type":
        yield [], "has a wrong type"
    elif keyword == "not":
        yield [], "has fields that exclude each other"
    else:
        yield [], f"does not fit the contract ({keyword})"
