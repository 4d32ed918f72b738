"""The options of a request, read from the contract.

An option stands for a plain field of a request's `general` or `payment` block and has its name, without the prefix that
only distinguishes the blocks. Other fields are set by path (`--set customer.phone=...`) or come from a file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from highhelp.cli.output import UsageProblem
from highhelp.validation import known_codes, suggest
from highhelp_api.contract import OPERATIONS, SCHEMAS, Operation, resolve
from highhelp_signing.json_text import read_json

BLOCKS = ("general", "payment")
SPECIAL = frozenset({"general:project_id", "general:payment_id", "payment:amount", "payment:currency"})
"""Fields that the client fills in or that have a dedicated option."""

_PREFIX = re.compile("^(?:merchant|widget)_")


@dataclass(frozen=True, slots=True)
class OptionField:
    """A field of a request that an option stands for.

    Attributes:
        option: Its name without the two dashes.
        path: Its colon path.
        integer: Whether it is an integer, else it is text.
        known: Values that the contract knows; empty where it lists none.
    """

    option: str
    path: str
    integer: bool
    known: tuple[str, ...]


def creates(direction: str) -> dict[str, Operation]:
    """The operations that create a payment of a direction, by product."""
    return {
        operation.tag: operation
        for operation in OPERATIONS.values()
        if operation.direction == direction and operation.idempotency is not None
    }


def info_operations(direction: str) -> dict[str, Operation]:
    """The operations that show the state of such a payment, by product."""
    return {tag: OPERATIONS[create.info] for tag, create in creates(direction).items() if create.info is not None}


def fields_of(operation: Operation) -> dict[str, OptionField]:
    """The fields of an operation's request that have an option, by option."""
    found: dict[str, OptionField] = {}
    for block in BLOCKS:
        for name in node_at(operation.request, block).get("properties", {}):
            path = f"{block}:{name}"
            schema = node_at(operation.request, path)
            if path in SPECIAL or not _types(schema) <= {"string", "integer"}:
                continue
            option = _PREFIX.sub("", name).replace("_", "-")
            found[option] = OptionField(option, path, "integer" in _types(schema), known_codes(schema))
    return found


def fields_of_direction(direction: str) -> dict[str, list[OptionField]]:
    """Every option of a direction, with its field in each product that has it."""
    found: dict[str, list[OptionField]] = {}
    for operation in creates(direction).values():
        for option, field in fields_of(operation).items():
            found.setdefault(option, []).append(field)
    return found


def node_at(root: str, path: str) -> Mapping[str, Any]:
    """The schema at a colon path of a root schema, `{}` where the contract has none."""
    node = SCHEMAS[root]
    for name in path.split(":"):
        node = resolve(node.get("properties", {}).get(name, {}))
    return node


def _types(schema: Mapping[str, Any]) -> set[str]:
    if "anyOf" in schema:
        return set().union(*(_types(resolve(branch)) for branch in schema["anyOf"]))
    types = schema.get("type", ())
    return {types} if isinstance(types, str) else set(types)


def check_known(field: OptionField, value: str) -> None:
    """Refuse a code that the contract does not know: most are typing errors, and a wrong one costs a payment."""
    if field.known and value not in field.known:
        newer = f"--set {field.path.replace(':', '.')}=... sends a newer code"
        text = f"--{field.option}: the contract does not know {value!r}; {suggest(value, field.known)} ({newer})"
        raise UsageProblem(text)


def set_at(body: dict[str, Any], path: str, value: object, what: str) -> None:
    """Set a value at a colon path, creating missing objects."""
    *parents, name = path.split(":")
    node = body
    for parent in parents:
        child = node.setdefault(parent, {})
        if not isinstance(child, dict):
            raise UsageProblem(f"{what}: {parent} is not an object in the body")
        node = child
    node[name] = value


def value_at(body: Mapping[str, Any], path: str) -> object:
    """The value at a colon path, or None."""
    node: object = body
    for name in path.split(":"):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def parse_assignment(root: str, text: str) -> tuple[str, str]:
    """Split `--set PATH=VALUE` into path and text; the path must be one of the contract's."""
    dotted, equals, value = text.partition("=")
    path = dotted.strip().replace(".", ":")
    if not equals or not path:
        # not shown: it may be a card number in the wrong place
        raise UsageProblem("--set: write it like --set customer.phone=+79990000000")
    if not node_at(root, path):
        close = difflib.get_close_matches(path, [*_paths_of(root)], 1)
        hint = f"; did you mean {close[0].replace(':', '.')}?" if close else ""
        raise UsageProblem(f"--set: {dotted.strip()} is not a field of {root}{hint}")
    return path, value


def parse_value(root: str, path: str, text: str) -> object:
    """Convert the text of a `--set` to the type that the contract wants there."""
    types = _types(node_at(root, path))
    if "string" in types:
        return text
    try:
        return read_json(text)  # whether it is of the right type is checked with the whole body
    except ValueError:
        # the text is not shown: it may be a secret
        kind = "an integer" if "integer" in types else "true or false" if "boolean" in types else "JSON, such as {}"
        raise UsageProblem(f"--set {path.replace(':', '.')}: must be {kind}") from None


def _paths_of(root: str, prefix: str = "") -> Iterator[str]:
    """Every colon path of a request."""
    for name in node_at(root, prefix[:-1]).get("properties", {}) if prefix else SCHEMAS[root].get("properties", {}):
        yield f"{prefix}{name}"
        yield from _paths_of(root, f"{prefix}{name}:")
