"""Compare recorded traffic with the contract, and find where the gateway deviates from the document.

Each deviation comes with the edit of `spec/openapi.yaml` that would remove it, marked `observed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum, unique
from typing import Any

from highhelp.drift.recorder import ERROR_SCHEMA, FORM, schema_of
from highhelp.drift.suggest import JSON_TYPES, SEEN, Edit, Pointer, suggest_field, to_text, widen
from highhelp.errors import HighHelpError
from highhelp.redact import MASK
from highhelp.states import state_name
from highhelp_api.contract import CALLBACK_SCHEMA, OPERATIONS, SCHEMAS, SENSITIVE_NAMES, STATES, ref_name, resolve

CODES = "x-extensible-enum"
_DEPTH = 64


class RecordingError(HighHelpError):
    """The file is not a recording."""


@unique
class DeviationKind(StrEnum):
    """The kind of a deviation."""

    OPERATION = "operation"
    """A path that the contract does not know."""
    HTTP_STATUS = "http_status"
    """An HTTP status that the operation does not list."""
    NOT_JSON = "not_json"
    """An answer that is not a JSON object."""
    UNKNOWN_FIELD = "unknown_field"
    ENUM_VALUE = "enum_value"
    STATE = "state"
    """A pair of status and sub_status that no state machine has."""
    TYPE = "type"
    MISSING = "missing_required"
    BOUND = "bound"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way in which the gateway deviates, however often it was seen.

    Attributes:
        kind: Its kind.
        place: Where in the contract: `Schema.property`, a schema, or an operation.
        detail: What was seen, for people.
        edits: The edits that would remove it; empty if a person has to decide.
        advice: What to do without an edit.
        operations: The operations that answered so (or "callback").
        count: How often it was seen.
    """

    kind: DeviationKind
    place: str
    detail: str
    edits: tuple[Edit, ...] = field(default=(), repr=False)
    advice: str = ""
    operations: tuple[str, ...] = ()
    count: int = 0

    @property
    def suggestion(self) -> str:
        """The edits as text for people, or the advice."""
        return "\n".join(map(to_text, self.edits)) if self.edits else self.advice


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of a recording.

    Attributes:
        operation: The operation that answered; "callback" for a callback.
        status: HTTP status, None for a callback.
        body: The JSON value, or None if it is not JSON.
        is_json: Whether it was JSON.
    """

    operation: str
    status: int | None
    body: Any
    is_json: bool


def read(lines: Iterable[str], name: str = "the recording") -> Iterator[Seen]:
    """Read the lines of a recording.

    Args:
        lines: Its text, line by line.
        name: Its name in errors.

    Raises:
        RecordingError: A line is not part of a recording; names it.
    """
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or line.get("highhelp") != FORM or not isinstance(line.get("operation"), str):
            raise RecordingError(f"{name}: line {number} is not part of a recording; make one with `highhelp record`")
        status = line.get("status")
        yield Seen(line["operation"], status if isinstance(status, int) else None, line.get("body"), "body" in line)


def compare(seen: Iterable[Seen]) -> list[Deviation]:
    """List the deviations from the contract, each once, in order of first appearance.

    Args:
        seen: The lines of one recording or of several.
    """
    found: dict[tuple[object, ...], Deviation] = {}
    for line in seen:
        for deviation in _deviations(line):
            key = (deviation.kind, deviation.place, deviation.detail)
            known = found.get(key, deviation)
            operations = tuple(dict.fromkeys((*known.operations, line.operation)))
            found[key] = replace(known, operations=operations, count=known.count + 1)
    return list(found.values())


def _deviations(seen: Seen) -> Iterator[Deviation]:
    schema = CALLBACK_SCHEMA if seen.status is None else schema_of(seen.operation, seen.status)
    if schema is None:
        advice = "add the path with its request and response schemas, x-provenance: observed"
        yield Deviation(DeviationKind.OPERATION, seen.operation, "the contract has no such path", advice=advice)
        return
    place = seen.operation
    if seen.status is not None:
        place = f"{seen.operation} (HTTP {seen.status})"
        if str(seen.status) not in OPERATIONS[seen.operation].outcomes and not 200 <= seen.status < 300:
            problem = "the contract does not list this status: outcome unknown"
            advice = f"if its meaning is known, add a shared response for {seen.status} with x-outcome"
            yield Deviation(DeviationKind.HTTP_STATUS, f"HTTP {seen.status}", problem, advice=advice)
    if not seen.is_json or not isinstance(seen.body, dict):
        advice = "no edit needed: to the client such an answer proves nothing"
        yield Deviation(DeviationKind.NOT_JSON, place, "the body is not a JSON object", advice=advice)
        return
    yield from _state(seen.body, schema)
    yield from _value(seen.body, {"$ref": schema}, (), schema)


def _state(body: Mapping[str, Any], schema: str) -> Iterator[Deviation]:
    holder = body.get("status") if schema == CALLBACK_SCHEMA else body
    if schema == ERROR_SCHEMA or not isinstance(holder, Mapping) or not isinstance(holder.get("status"), str):
        return
    sub_status = holder.get("sub_status")
    name = state_name(holder["status"], sub_status if isinstance(sub_status, str) else None)
    if name not in STATES:
        advice = f"add {name} to its state machine under x-transitions, with the states that may follow it"
        yield Deviation(DeviationKind.STATE, name, "no state machine has this state", advice=advice)


def _value(
    value: object, schema: Mapping[str, Any], at: Pointer, place: str, depth: int = _DEPTH
) -> Iterator[Deviation]:
    """Compare a value and its contents with the schema at `at` in the document."""
    if depth == 0:
        return
    chosen, where = _chosen(value, schema, at)
    if chosen is None:
        yield _wrong_type(value, schema, at, place)
        return
    if isinstance(value, str) and value != MASK and value not in chosen.get(CODES, (value,)):
        yield _new_choice(value, where)
    if isinstance(value, dict):
        yield from _object(value, chosen, where, depth)
    elif isinstance(value, list) and "items" in chosen:
        for item in value:
            yield from _value(item, chosen["items"], (*where, "items"), f"{place}[]", depth - 1)
    elif isinstance(value, int) and not isinstance(value, bool) and place.rpartition(".")[2] not in SENSITIVE_NAMES:
        yield from _bounds(value, chosen, where, place)


def _object(value: dict[str, Any], schema: Mapping[str, Any], at: Pointer, depth: int) -> Iterator[Deviation]:
    owner = at[2]
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name in schema.get("required", ()):
        if name not in value:
            edit = Edit("remove", (*at, "required"), name)
            yield Deviation(DeviationKind.MISSING, f"{owner}.{name}", "is required and was absent", (edit,))
    for name, item in value.items():
        if name in known:
            yield from _value(item, known[name], (*at, "properties", name), f"{owner}.{name}", depth - 1)
        elif isinstance(others, dict):
            yield from _value(item, others, (*at, "additionalProperties"), f"{owner}.*", depth - 1)
        else:
            yield _unknown_field(name, item, at, owner)


def _unknown_field(name: str, value: object, at: Pointer, owner: str) -> Deviation:
    kind, place = _a(JSON_TYPES[type(value)]), f"{owner}.{name}"
    if name == MASK:
        detail = f"a member whose name is not an identifier, {kind}"
        advice = "look at the traffic itself: the recording does not keep such names"
        return Deviation(DeviationKind.UNKNOWN_FIELD, place, detail, advice=advice)
    edits = tuple(suggest_field(name, value, at, owner))
    advice = "the document has no floating point numbers: find out what it means before you add it"
    return Deviation(
        DeviationKind.UNKNOWN_FIELD, place, f"is not in the contract; {kind} was seen", edits, "" if edits else advice
    )


def _wrong_type(value: object, schema: Mapping[str, Any], at: Pointer, place: str) -> Deviation:
    kind = JSON_TYPES[type(value)]
    simple = kind in ("string", "integer", "boolean", "null")
    edits = (Edit("set", at, widen(schema, kind)),) if simple else ()
    detail = f"{_a(kind)} where the contract has {_a(_wanted(schema))}"
    advice = "find out what it means before you change the document"
    return Deviation(DeviationKind.TYPE, place, detail, edits, advice)


def _new_choice(value: str, at: Pointer) -> Deviation:
    edits = (
        Edit("append", (*at, CODES), value),
        Edit("set", (*at, "x-enumDescriptions", value), SEEN),
        Edit("set", (*at, "x-enum-provenance", value), "observed"),
    )
    return Deviation(DeviationKind.ENUM_VALUE, at[2], f"the value {value[:64]!r} is not in the contract", edits)


def _bounds(value: int, schema: Mapping[str, Any], at: Pointer, place: str) -> Iterator[Deviation]:
    for name, broken in (
        ("minimum", value < schema.get("minimum", value)),
        ("maximum", value > schema.get("maximum", value)),
    ):
        if broken:
            # a bound of a shared schema binds requests too
            edits = (Edit("set", (*at, name), value),) if "properties" in at else ()
            detail = f"{value} is beyond the {name} {schema[name]}"
            advice = f"widen the {name} in the answer's schema"
            yield Deviation(DeviationKind.BOUND, place, detail, edits, advice)


def _chosen(value: object, schema: Mapping[str, Any], at: Pointer) -> tuple[Mapping[str, Any] | None, Pointer]:
    """The alternative of a schema that has the value's type, and its location."""
    if "$ref" in schema:
        name = ref_name(schema)
        return _chosen(value, SCHEMAS[name], ("components", "schemas", name))
    if "anyOf" in schema:
        for number, branch in enumerate(schema["anyOf"]):
            chosen, where = _chosen(value, branch, (*at, "anyOf", str(number)))
            if chosen is not None:
                return chosen, where
        return None, at
    types = schema.get("type", ())
    kind = JSON_TYPES[type(value)]
    return (schema if not types or kind in ([types] if isinstance(types, str) else types) else None), at


def _wanted(schema: Mapping[str, Any]) -> str:
    schema = resolve(schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_wanted, schema["anyOf"])))
    types = schema.get("type", "anything")
    return types if isinstance(types, str) else " or ".join(types)


def _a(kind: str) -> str:
    return kind if kind.startswith(("null", "anything")) else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
