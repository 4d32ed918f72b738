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
    assert '"joiner": "§"' in SignatureScheme(joiner="§").to_json(), "as a person wrote it"


def test_what_a_scheme_shows_is_all_but_a_credential() -> None:
    shown = (
        "SignatureScheme(digest='double', padding=False, joiner=';', null_text='None', true_text='1', false_text='0', "
        "token='public_key', rsa_algorithm=None, hmac_algorithm='hmac-sha512')"
    )
    assert repr(SignatureScheme()) == shown
    for form in ("public_key_pem", "project_id"):
        assert repr(SignatureScheme(token=form)) == shown.replace("public_key", form)
    assert repr(SignatureScheme(token="a-literal")) == shown.replace("public_key", "***")


def test_is_frozen_and_hashable() -> None:
    scheme = SignatureScheme()
    with pytest.raises(FrozenInstanceError):
        scheme.joiner = "&"  # type: ignore[misc]  # that is the point
    assert hash(scheme) == hash(SignatureScheme())


HEADER = "must be printable ASCII without spaces"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("digest", "triple", 'must be "double" or "single"'),
        ("digest", None, 'must be "double" or "single"'),
        ("digest", [], 'must be "double" or "single"'),
        ("padding", 0, "must be true or false"),
        ("padding", "false", "must be true or false"),
        ("joiner", "", "must not be empty"),
        ("joiner", ":", "must hold no letter, no digit and none of : _ . + -"),
        ("joiner", "a", "must hold no letter, no digit and none of : _ . + -"),
        ("joiner", "1", "must hold no letter, no digit and none of : _ . + -"),
        ("joiner", 5, "must be text"),
        ("joiner", "\ud800", "must have a UTF-8 form"),
        ("null_text", 5, "must be text"),
        ("null_text", "a;b", "must contain neither ':' nor the joiner"),
        ("null_text", "a:b", "must contain neither ':' nor the joiner"),
        ("true_text", True, "must be text"),
        ("true_text", "0", "must differ from false_text"),
        ("false_text", "x:y", "must contain neither ':' nor the joiner"),
        ("token", None, "must be text"),
        ("token", "", HEADER),
        ("token", "a\r\nb", HEADER),
        ("token", "ключ", HEADER),
        ("rsa_algorithm", "", f"{HEADER} or null"),
        ("hmac_algorithm", 7, f"{HEADER} or null"),
        (
            "no_such_field",
            "x",
            f"unknown field, known are {', '.join(SignatureScheme.__dataclass_fields__)}",
        ),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object, said: str) -> None:
    with pytest.raises(SchemeError) as caught:
        SignatureScheme.from_json({field: value})
    assert (caught.value.field, caught.value.problem) == (field, said)
    assert str(caught.value) == f"signature scheme: {field}: {said}"


@pytest.mark.parametrize("source", ["", "{", "[]", "null", b"\xff", [], 5, "[" * 100_000])
def test_what_is_no_json_object_is_refused(source: Any) -> None:
    with pytest.raises(SchemeError, match=r"^signature scheme: (is not valid JSON|must be a JSON object)$") as caught:
        SignatureScheme.from_json(source)
    assert caught.value.field == ""
