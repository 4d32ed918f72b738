"""Read JSON that people hand in: bodies, schemes, settings. What goes over the wire is read by ``normalize.parse``."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["JsonRefused", "read_json"]


class JsonRefused(ValueError):
    """Says what a parser would take, and we do not."""


def read_json(source: str | bytes) -> Any:
    """The value of a JSON text in UTF-8; a byte order mark and any line ends are accepted.

    Args:
        source: the text or its bytes.

    Raises:
        JsonRefused: an object names a key twice, of which a parser would take the last one in silence, or ``NaN``.
        ValueError: not JSON. Either error says what is wrong and shows no value.
    """
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source.removeprefix("\ufeff")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except UnicodeDecodeError:
        problem = "not text in UTF-8"
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at line {error.lineno}"  # its own text shows nothing of the content
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
        raise JsonRefused(f"the key {next(key for key in keys if keys.count(key) > 1)!a} is there twice")
    return made


def _refuse(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is not JSON")
