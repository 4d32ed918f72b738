"""Read JSON supplied by people: bodies, schemes, settings. Data from the wire is read by ``normalize.parse``."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["JsonRefused", "read_json"]


class JsonRefused(ValueError):
    """JSON that a parser would accept, and we do not."""


def read_json(source: str | bytes) -> Any:
    """Parse a JSON text in UTF-8; a byte order mark and any line ends are accepted.

    Args:
        source: the text or its bytes.

    Raises:
        JsonRefused: ``NaN``, or an object names a key twice (a parser would silently take the last one).
        ValueError: not JSON. Either error describes the problem and shows no value.
    """
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source.removeprefix("\ufeff")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except UnicodeDecodeError:
        problem = "not text in UTF-8"
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at line {error.lineno}"  # its text does not show the content
    except RecursionError:
        problem = "nested too deep"
    except JsonRefused:
        raise
    except ValueError:
        problem = "a number has too many digits"
    raise ValueError(problem)  # outside of the handlers: the decoder's errors hold the whole text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        raise JsonRefused(f"the key {next(key for key in keys if keys.count(key) > 1)!a} appears twice")
    return made


def _refuse(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is not JSON")
