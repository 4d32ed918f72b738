"""Read the files that commands are given."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from highhelp.cli.output import UsageProblem, show


def read_bytes(path: str, what: str) -> bytes:
    """The content of a file, or of standard input for `-`."""
    if path == "-":
        if sys.stdin.isatty():
            show(f"{what}: reading from the terminal; Ctrl-D ends it", err=True)
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageProblem(f"{what}: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageProblem(f"{what}: not the name of a file") from None


def read_object(path: str, what: str) -> dict[str, Any]:
    """A JSON object from a file."""
    try:
        value = json.loads(read_bytes(path, what).decode("utf-8"))
    except json.JSONDecodeError as error:
        # its own text names the place and shows nothing of the content
        text = "it begins with a byte order mark" if "BOM" in error.msg else f"{error.msg} at line {error.lineno}"
        raise UsageProblem(f"{what}: {path} is not JSON: {text}") from None
    except (ValueError, RecursionError):
        raise UsageProblem(f"{what}: {path} is not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise UsageProblem(f"{what}: {path} must hold a JSON object")
    return value
