"""Compare recorded traffic with the contract: find what the gateway does that the document does not say.

Each deviation comes with the edit of `spec/openapi.yaml` that would make the document say it, marked `observed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum, unique
from typing import Any

from highhelp.drift.recorder import ERROR_SCHEMA, FORM, schema_of
from highhelp.drift.suggest import JSON_TYPES, Edit, Pointer, suggest_field, to_text, widen
from highhelp.errors import HighHelpError
from highhelp.redact import MASK
from highhelp_api.contract import CALLBACK_SCHEMA, OPERATIONS, SCHEMAS, SENSITIVE_NAMES, STATES, ref_name, resolve

_DEPTH = 64


class RecordingError(HighHelpError):
    """A file is no recording."""


@unique
class DeviationKind(StrEnum):
    """How the gateway deviates."""

    OPERATION = "operation"
    """A path that the contract does not know."""
    HTTP_STATUS = "http_status"
    """An HTTP status without a row of its own."""
    NOT_JSON = "not_json"
    """An answer that is no JSON object."""
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
        kind: How.
        place: Where in the contract: `Schema.property`, a schema, or an operation.
        detail: What was seen, for people.
        operations: In whose answers (or "callback").
        count: How often.
        edits: What would make the document say it; empty where a person has to decide.
        advice: What to do where no edit can be told.
    """

    kind: DeviationKind
    place: str
    detail: str
    operations: tuple[str, ...]
    count: int = 1
    edits: tuple[Edit, ...] = field(default=(), repr=False)
    advice: str = ""

    @property
    def suggestion(self) -> str:
        """The edits as YAML with words, or the advice."""
        return "\n".join(map(to_text, self.edits)) if self.edits else self.advice


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of a recording.

    Attributes:
        operation: Whose answer it is; "callback" for a callback.
        status: HTTP status, None for a callback.
        body: The JSON value, None where it is none.
        is_json: Whether it was JSON.
    """

    operation: str
    status: int | None
    body: Any
    is_json: bool


def read(lines: Iterable[str], name: str = "the recording") -> Iterator[Seen]:
    """The lines of a recording.

    Args:
        lines: Its text, line by line.
        name: What it is called in an error.

    Raises:
        RecordingError: A line is none; names it.
    """
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or line.get("highhelp") != FORM or not isinstance(line.get("operation"), str):
            raise RecordingError(f"{name}: line {number} is no line of a recording; `highhelp record` makes them")
        status = line.get("status")
        yield Seen(line["operation"], status if isinstance(status, int) else None, line.get("body"), "body" in line)


def compare(seen: Iterable[Seen]) -> list[Deviation]:
    """Every way in which what was seen deviates from the contract, each once, in the order of its first appearance.

    Args:
        seen: The lines of one recording or of several.
    """
    found: dict[tuple[object, ...], Deviation] = {}
    for line in seen:
        for deviation in _deviations(line):
            key = (deviation.kind, deviation.place, deviation.detail)
            before = found.get(key)
            if before is None:
                found[key] = deviation
            else:
                operations = tuple(dict.fromkeys((*before.operations, *deviation.operations)))
                found[key] = replace(before, count=before.count + 1, operations=operations)
    return list(found.values())


def _deviations(seen: Seen) -> Iterator[Deviation]:
    of = (seen.operation,)
    schema: str | None
    if seen.status is None:
        schema = CALLBACK_SCHEMA
    else:
        schema = schema_of(seen.operation, seen.status)
        if schema is None:
            yield Deviation(
                DeviationKind.OPERATION, seen.operation, "the contract has no such path", of,
                advice="add the path with its request and response schemas, x-provenance: observed",
            )  # fmt: skip
            return
        outcomes = OPERATIONS[seen.operation].outcomes
        if str(seen.status) not in outcomes and not 200 <= seen.status < 300:
            yield Deviation(
                DeviationKind.HTTP_STATUS, f"HTTP {seen.status}", "the contract has no row for it: outcome unknown", of,
                advice=f"if its meaning is known: a shared response for {seen.status} with x-outcome",
            )  # fmt: skip
    if not seen.is_json or not isinstance(seen.body, dict):
        status = "" if seen.status is None else f" (HTTP {seen.status})"
        yield Deviation(
            DeviationKind.NOT_JSON, f"{seen.operation}{status}", "the body is no JSON object", of,
            advice="nothing in the document: the client takes such an answer for one that says nothing",
        )  # fmt: skip
        return
    yield from _state(seen, schema, of)
    pointer = ("components", "schemas", schema)
    yield from _Walk(of).value(seen.body, SCHEMAS[schema], pointer, schema, _DEPTH)


def _state(seen: Seen, schema: str, of: tuple[str, ...]) -> Iterator[Deviation]:
    holder = seen.body.get("status") if schema == CALLBACK_SCHEMA else seen.body
    if not isinstance(holder, Mapping) or schema == ERROR_SCHEMA or "status" not in holder:
        return
    status, sub_status = holder.get("status"), holder.get("sub_status")
    if not isinstance(status, str):
        return
    name = f"{status}:{sub_status}" if isinstance(sub_status, str) and sub_status else status
    if name not in STATES:
        yield Deviation(
            DeviationKind.STATE, name, "no state machine has this state", of,
            advice=f"add {name} to the machine under x-transitions to which it belongs, with what may follow it",
        )  # fmt: skip


class _Walk:
    """Compares values with schemas, and knows where in the document each schema stands."""

    def __init__(self, operations: tuple[str, ...]) -> None:
        self._of = operations

    def value(
        self, value: object, schema: Mapping[str, Any], at: Pointer, place: str, depth: int
    ) -> Iterator[Deviation]:
        """Every deviation of a value and of what is in it."""
        if depth == 0:
            return
        chosen, where = _chosen(value, schema, at)
        if chosen is None:
            yield self._type(value, schema, at, place)
            return
        if "enum" in chosen and isinstance(value, str) and value not in chosen["enum"] and value != MASK:
            yield self._enum(value, where)
        if isinstance(value, dict):
            yield from self._object(value, chosen, where, depth)
        elif isinstance(value, list) and "items" in chosen:
            for item in value:
                yield from self.value(item, chosen["items"], (*where, "items"), f"{place}[]", depth - 1)
        elif isinstance(value, int) and not isinstance(value, bool) and place.rpartition(".")[2] not in SENSITIVE_NAMES:
            yield from self._bounds(value, chosen, where, place)

    def _object(self, value: dict[str, Any], schema: Mapping[str, Any], at: Pointer, depth: int) -> Iterator[Deviation]:
        owner = at[2] if len(at) > 2 else ""
        known = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                edit = Edit("remove", (*at, "required"), name)
                yield Deviation(
                    DeviationKind.MISSING, f"{owner}.{name}", "is required and was absent", self._of, 1, (edit,)
                )
        for name, item in value.items():
            if name in known:
                yield from self.value(item, known[name], (*at, "properties", name), f"{owner}.{name}", depth - 1)
            elif isinstance(schema.get("additionalProperties"), dict):
                map_at = (*at, "additionalProperties")
                yield from self.value(item, schema["additionalProperties"], map_at, f"{owner}.*", depth - 1)
            else:
                yield self._unknown(name, item, at, owner)

    def _unknown(self, name: str, value: object, at: Pointer, owner: str) -> Deviation:
        kind = JSON_TYPES[type(value)]
        if name == MASK:
            return Deviation(
                DeviationKind.UNKNOWN_FIELD,
                f"{owner}.{MASK}",
                f"a member whose name is no identifier, {_a(kind)}",
                self._of,
                advice="look at the traffic itself: the recording keeps no such names",
            )
        edits = tuple(suggest_field(name, value, at, owner))
        advice = (
            "" if edits else "the document has no floating point numbers: find out what is meant before it is added"
        )
        return Deviation(
            DeviationKind.UNKNOWN_FIELD,
            f"{owner}.{name}",
            f"is not in the contract; {_a(kind)} was seen",
            self._of,
            1,
            edits,
            advice,
        )

    def _type(self, value: object, schema: Mapping[str, Any], at: Pointer, place: str) -> Deviation:
        kind = JSON_TYPES[type(value)]
        edits: tuple[Edit, ...] = ()
        if kind in ("string", "integer", "boolean", "null"):
            edits = (Edit("set", at, widen(schema, kind)),)
        return Deviation(
            DeviationKind.TYPE, place, f"{_a(kind)} where the contract has {_a(_wanted(schema))}", self._of, 1, edits,
            advice="find out what is meant before the document is changed",
        )  # fmt: skip

    def _enum(self, value: str, at: Pointer) -> Deviation:
        name = at[2]
        edits = (
            Edit("append", (*at, "enum"), value),
            Edit("set", (*at, "x-enumDescriptions", value), "Seen in recorded traffic; what it means is not known."),
        )
        return Deviation(
            DeviationKind.ENUM_VALUE, name, f"the value {value[:64]!r} is not in the contract", self._of, 1, edits
        )

    def _bounds(self, value: int, schema: Mapping[str, Any], at: Pointer, place: str) -> Iterator[Deviation]:
        for name, broken in (
            ("minimum", value < schema.get("minimum", value)),
            ("maximum", value > schema.get("maximum", value)),
        ):
            if broken:
                # a bound of a shared schema binds requests too
                edits = (Edit("set", (*at, name), value),) if "properties" in at else ()
                yield Deviation(
                    DeviationKind.BOUND, place, f"{value} is beyond the {name} {schema[name]}", self._of, 1, edits,
                    advice=f"widen the {name} where the answer's schema uses it",
                )  # fmt: skip


def _chosen(value: object, schema: Mapping[str, Any], at: Pointer) -> tuple[Mapping[str, Any] | None, Pointer]:
    """The alternative of a schema that has the value's type, and where it stands."""
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
