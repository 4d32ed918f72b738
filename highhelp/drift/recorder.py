"""Record the gateway's answers and callbacks, scrubbed, to compare them with the contract (`highhelp drift`).

Opt-in: `HighHelp(on_response=Recorder("traffic.jsonl"))`, or `highhelp record` for one command. Requests are not
recorded. Fields that the contract marks as sensitive keep their type and lose their value; so do free text and fields
that the contract does not know, since they may hold anything. Of a link only the host is kept, because the link alone
opens the page.
"""

from __future__ import annotations

import json
import os
import re
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from highhelp.redact import IDENTIFIERS, MASK, masked_text
from highhelp_api.contract import CALLBACK_SCHEMA, OPERATIONS, SENSITIVE_NAMES, SENSITIVE_PATHS, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp.calls.outcome import RawResponse

FORM = 1
"""Format version of a recording's lines."""

ERROR_SCHEMA = "ErrorResponse"
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_LINK = re.compile(r"(https?://[^/\s?#@]*)[^\s]+")
_FREE_NAMES = ("description", "message", "name", "title", "comment", "text")
_MOST_ITEMS = 20
_DEPTH = 64


class Recorder:
    """Write each answer as a line of JSON. Thread-safe.

    Args:
        path: The file; lines are appended. Readable by its owner only; not a symbolic link.

    Raises:
        OSError: The file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.count = 0
        self._lock = threading.Lock()
        # opened here, so that an unwritable file is noticed before anything is sent
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self.path, flags, 0o600)
        if os.name == "posix" and stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # the file may be an old one
        self._file = os.fdopen(descriptor, "a", encoding="utf-8")

    def __call__(self, operation: str, answer: RawResponse) -> None:
        """Record an answer; has the signature of `on_response`."""
        line: dict[str, Any] = {"kind": "answer", "operation": operation, "status": answer.status}
        line |= {"content_type": answer.headers.get("content-type", ""), "seen": int(answer.received)}
        self._write(line, answer.content, schema_of(operation, answer.status))

    def callback(self, body: bytes) -> None:
        """Record a callback.

        Args:
            body: Its bytes as they came.
        """
        self._write({"kind": "callback", "operation": "callback"}, body, CALLBACK_SCHEMA)

    def _write(self, line: dict[str, Any], content: bytes, schema: str | None) -> None:
        try:
            body = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            line["not_json"] = len(content)
        else:
            line["body"] = scrubbed(body, schema)
        text = json.dumps({"highhelp": FORM, **line}, ensure_ascii=True)
        with self._lock:
            self._file.write(text + "\n")
            self._file.flush()
            self.count += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recorder {self.path}, {self.count} lines>"


def schema_of(operation: str, status: int) -> str | None:
    """Return the name of the schema that an answer should follow; None for an operation unknown to the contract."""
    known = OPERATIONS.get(operation)
    if known is None:
        return None
    return known.response if 200 <= status < 300 else ERROR_SCHEMA


def scrubbed(value: object, schema: str | None) -> object:
    """Copy a body without values that may be sensitive; fields, types, statuses and amounts stay.

    Args:
        value: A JSON value.
        schema: Name of its schema in the contract, if any.
    """
    known = None if schema is None else {"$ref": schema}
    return _scrubbed(value, known, SENSITIVE_PATHS.get(schema or "", {}), "", _DEPTH)


def _scrubbed(
    value: object, schema: Mapping[str, Any] | None, paths: Mapping[str, str], path: str, depth: int
) -> object:
    """Scrub a value. Without a schema (unknown or sensitive) only its type is kept."""
    if depth == 0:
        return None
    if isinstance(value, dict):
        known = {} if schema is None else fields(schema)
        kept: dict[str, object] = {}
        for name, item in value.items():
            shown = name in known and name not in SENSITIVE_NAMES and f"{path}{name}" not in paths
            is_id = shown and name in IDENTIFIERS and isinstance(item, str)
            child = known[name] if shown else None
            kept[_name(name)] = item if is_id else _scrubbed(item, child, paths, f"{path}{name}:", depth - 1)
        return kept
    if isinstance(value, list):
        parts = [] if schema is None else branches(schema)
        items: Mapping[str, Any] | None = next((part["items"] for part in parts if "items" in part), None)
        return [_scrubbed(item, items, paths, f"{path}*:", depth - 1) for item in value[:_MOST_ITEMS]]
    if schema is None:
        return _TYPES[type(value)]
    if not isinstance(value, str):
        return value
    # a sentence may say anything about a person
    name = path.removesuffix(":").rpartition(":")[2]
    free = name.endswith(_FREE_NAMES) or any(map(str.isspace, value))
    return MASK if free else masked_text(_LINK.sub(rf"\g<1>/{MASK}", value))


_TYPES: Mapping[type, object] = {type(None): None, bool: False, int: 0, float: 0.5, str: MASK}


def branches(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alternatives of a schema, references followed."""
    schema = resolve(schema)
    if "anyOf" in schema:
        return [part for branch in schema["anyOf"] for part in branches(branch)]
    return [schema]


def fields(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The fields that an object of this schema may have."""
    return {name: child for part in branches(schema) for name, child in part.get("properties", {}).items()}


def _name(name: str) -> str:
    # a name that is not an identifier may itself be a value, such as a phone number
    return name if _PLAIN_NAME.fullmatch(name) else MASK
