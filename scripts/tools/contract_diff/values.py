"""Read the document: compare values as JSON, ignore texts, follow references."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tools.generate.document import DocumentError, Json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CODES = "x-extensible-enum"
TEXTS = frozenset({
    "$comment", "description", "example", "examples", "externalDocs", "summary", "x-enum-provenance",
    "x-enumDescriptions", "x-provenance", "x-source",
})  # fmt: skip
"""Keys that only people read. They have no effect, even next to a `$ref`."""

NAMES = frozenset({
    "content", "headers", "paths", "properties", "responses", "schemas", "securitySchemes", "webhooks",
    "x-transitions",
})  # fmt: skip
"""Keys of objects whose own keys are names: a field may be called `description`."""


def text(value: Any) -> str:
    """A value as JSON: the same text, the same value; in Python 1, 1.0 and True are equal."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def meaning(value: Any, *, named: bool = False) -> Any:
    """A value without the texts in it.

    Args:
        value: A part of a document.
        named: Whether its keys are names.
    """
    if isinstance(value, list):
        return [meaning(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: meaning(item, named=key in NAMES and not named) for key, item in value.items() if named or key not in TEXTS
    }


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON, but for texts."""
    return text(meaning(one)) == text(meaning(other))


def differs(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a key is in only one of two objects, or has another value."""
    return (key in old) != (key in new) or not same(old.get(key), new.get(key))


def names(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The keys of both, those of the new one first."""
    return [*new, *(key for key in old if key not in new)]


def mapping(value: Any, where: str) -> Json:
    """An object of the document; an absent one is empty. Raises DocumentError for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DocumentError(f"{where}: must be an object")
    return {str(key): item for key, item in value.items()}


def listing(value: Any, where: str) -> list[Any]:
    """A list of the document; an absent one is empty. Raises DocumentError for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise DocumentError(f"{where}: must be a list")
    return value


def followed(document: Json, value: Any, where: str) -> tuple[str | None, Any]:
    """Follow one `$ref`: the pointer that it names, and the value there.

    Keywords next to it that bind (3.1 allows that) make an `allOf` of both.

    Raises:
        DocumentError: It leads out of the document or nowhere.
    """
    if not isinstance(value, dict) or "$ref" not in value:
        return None, value
    reference = value["$ref"]
    if not isinstance(reference, str) or not reference.startswith("#/"):
        raise DocumentError(f"{where}: {reference!r} leads out of the document and cannot be followed")
    target: Any = document
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, dict) or key not in target:
            raise DocumentError(f"{where}: {reference} points nowhere")
        target = target[key]
    more = {key: item for key, item in value.items() if key != "$ref" and key not in TEXTS}
    return (None, {"allOf": [{"$ref": reference}, more]}) if more else (reference, target)


def listed(values: Iterable[Any]) -> str:
    """Values for a sentence."""
    return ", ".join(str(value) if isinstance(value, str) else text(value) for value in values)


def shown(holder: Mapping[str, Any], key: str) -> str:
    """A key's value for a sentence."""
    value = text(holder[key]) if key in holder else "nothing"
    return value if len(value) <= 80 else f"{value[:77]}..."
