from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from highhelp_signing import SchemeError, SignatureScheme


def test_defaults_are_the_recorded_reading() -> None:
    assert json.loads(SignatureScheme().to_json()) == {
        "digest": "double",
        "padding": False,
        "joiner": ";",
        "null_text": "None",
        "true_text": "1",
        "false_text": "0",
        "token": "public_key",
        "rsa_algorithm": None,
        "hmac_algorithm": "hmac-sha512",
    }


def test_json_form_reads_back() -> None:
    scheme = SignatureScheme(digest="single", padding=True, joiner="&", token="literal", hmac_algorithm=None)
    assert SignatureScheme.from_json(scheme.to_json()) == scheme
    assert SignatureScheme.from_json({"digest": "single"}) == SignatureScheme(digest="single")
    assert SignatureScheme.from_json(b"{}") == SignatureScheme()


def test_is_frozen_and_hashable() -> None:
    scheme = SignatureScheme()
    with pytest.raises(FrozenInstanceError):
        scheme.joiner = "&"  # type: ignore[misc]  # that is the point
    assert hash(scheme) == hash(SignatureScheme())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digest", "triple"),
        ("digest", None),
        ("digest", []),
        ("padding", 0),
        ("padding", "false"),
        ("joiner", ""),
        ("joiner", ":"),
        ("joiner", "a"),
        ("joiner", "1"),
        ("joiner", 5),
        ("joiner", "\ud800"),
        ("null_text", None),
        ("null_text", "a;b"),
        ("null_text", "a:b"),
        ("true_text", True),
        ("true_text", "0"),
        ("false_text", "x:y"),
        ("token", ""),
        ("token", "a\r\nb"),
        ("token", "ключ"),
        ("rsa_algorithm", ""),
        ("hmac_algorithm", 7),
        ("no_such_field", "x"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    with pytest.raises(SchemeError) as caught:
        SignatureScheme.from_json({field: value})
    assert caught.value.field == field
    assert field in str(caught.value)


@pytest.mark.parametrize("source", ["", "{", "[]", "null", b"\xff", [], 5, "[" * 100_000])
def test_what_is_no_json_object_is_refused(source: Any) -> None:
    with pytest.raises(SchemeError):
        SignatureScheme.from_json(source)
