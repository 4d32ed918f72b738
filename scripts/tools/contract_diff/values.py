"""Reading the document: comparing values as JSON does, following references."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tools.generate.document import DocumentError, Json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ANNOTATIONS = frozenset({
    "$comment", "deprecated", "description", "example", "examples", "externalDocs", "summary", "title", "x-provenance",
    "x-source",
})  # fmt: skip
"""Keys that say something about a schema and nothing about its values: beside a `$ref` they do not bind."""


def text(value: Any) -> str:
    """A value as JSON: the same text, the same value; in Python 1, 1.0 and True are equal."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON."""
    return text(one) == text(other)


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
    """Follow one `$ref`: the pointer that it names, and what stands there.

    Annotations beside it are left out; what binds beside it (3.1 allows it) binds as well, so it becomes an `allOf`.

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
    beside = {key: item for key, item in value.items() if key != "$ref"}
    if set(beside) <= ANNOTATIONS:
        return reference, target
    return None, {"allOf": [{"$ref": reference}], **{k: v for k, v in beside.items() if k != "allOf"},
                  **({"allOf": [{"$ref": reference}, *beside["allOf"]]} if "allOf" in beside else {})}  # fmt: skip


def expanded(document: Json, value: Any, where: str, inside: tuple[str, ...] = ()) -> Any:
    """A value with every `$ref` replaced by what it names and without annotations; a circle stays a `$ref`."""
    if isinstance(value, list):
        return [expanded(document, item, where, inside) for item in value]
    if not isinstance(value, dict):
        return value
    reference, full = followed(document, value, where)
    if reference is not None:
        if reference in inside:
            return {"$ref": reference}
        inside = (*inside, reference)
    if not isinstance(full, dict):
        return full
    kept = {key: item for key, item in full.items() if key not in ANNOTATIONS or _is_name(key, full)}
    return {key: expanded(document, item, where, inside) for key, item in kept.items()}


def _is_name(key: str, holder: Mapping[str, Any]) -> bool:
    # among properties, `description` is the name of a field, whose value is a schema
    return isinstance(holder[key], dict) and key not in ("example", "examples", "externalDocs")


def listed(values: Iterable[Any]) -> str:
    """Values for a sentence."""
    return ", ".join(str(value) if isinstance(value, str) else text(value) for value in values)
