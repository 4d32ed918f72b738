"""The reader of JSON supplied by people."""

from __future__ import annotations

import pytest

from highhelp_signing import SignatureScheme
from highhelp_signing.errors import SchemeError
from highhelp_signing.json_text import read_json

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("raw", [b'{"a": 1}', BOM + b'{"a": 1}', BOM + b'{\r\n"a": 1}\r\n'])
def test_a_mark_and_line_ends_of_windows_are_accepted(raw: bytes) -> None:
    assert read_json(raw) == read_json(raw.decode()) == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b'{"a": 100, "a": 900}', "the key 'a' appears twice"),
        (b'[{"b": {"a": 100, "\\u0061": 900}}]', "the key 'a' appears twice"),
        (b'{"a": 4000001234567899', "at line 1"),
        (b"\xff4000001234567899", "not text in UTF-8"),
        (b"NaN", "NaN is not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"1" * 5000, "too many digits"),
        (b"", "at line 1"),
    ],
)
def test_what_is_wrong_is_said_without_a_value(raw: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        read_json(raw)
    assert "4000001234567899" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_a_scheme_that_names_a_point_twice_is_refused() -> None:
    with pytest.raises(SchemeError, match="twice"):
        SignatureScheme.from_json('{"padding": true, "padding": false}')
