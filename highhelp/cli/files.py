"""Read the files that are given to commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from highhelp.cli.output import UsageProblem, show
from highhelp_signing.json_text import read_json


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
        value = read_json(read_bytes(path, what))
    except ValueError as error:
        raise UsageProblem(f"{what}: {path} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageProblem(f"{what}: {path} must hold a JSON object")
    return value
