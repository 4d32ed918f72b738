"""The package against every vector, and every RSA signature of the vectors against the ``openssl`` command."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from highhelp_signing import (
    BodyFault,
    BodyNotSignable,
    CallbackVerifier,
    HmacSigner,
    KeyRing,
    RsaSigner,
    SignatureScheme,
    Signer,
    normalize,
    parse_body,
    signature_headers,
    signing_message,
)
from highhelp_signing.encoding import base64url_decode, base64url_encode
from tests import openssl_verifier

SPEC = Path(__file__).parents[2] / "spec"
DOCUMENT: dict[str, Any] = json.loads((SPEC / "signing-vectors.json").read_text("utf-8"))
KEYS: dict[str, dict[str, str]] = DOCUMENT["keys"]
VECTORS: list[dict[str, Any]] = DOCUMENT["vectors"]
# whose signature is a signature, right or wrong
SIGNED = [row for row in VECTORS if "body" not in row["flags"] and row["reason"] != "spelling"]
needs_openssl = pytest.mark.usefixtures("openssl")


def chosen(result: str, flag: str = "") -> pytest.MarkDecorator:
    rows = [row for row in VECTORS if row["result"] == result and (not flag or flag in row["flags"])]
    return pytest.mark.parametrize("row", rows, ids=[row["id"] for row in rows])


def signer_of(name: str) -> Signer:
    key = KEYS[name]
    return HmacSigner(key["text"]) if "text" in key else RsaSigner.from_pem(key["private_pem"])


def ring_of(name: str) -> KeyRing:
    key = KEYS[name]
    return KeyRing.from_hmac(key["text"]) if "text" in key else KeyRing.from_pem(key["public_pem"])


def message_of(row: dict[str, Any]) -> bytes:
    body = parse_body(base64.b64decode(row["input"], validate=True))
    return signing_message(body, row["timestamp"], SignatureScheme.from_json(row["scheme"]))


def test_the_file_satisfies_its_schema() -> None:
    schema = json.loads((SPEC / "signing-vectors.schema.json").read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema)
    assert [error.message for error in validator.iter_errors(DOCUMENT)] == []
    damaged = DOCUMENT | {"vectors": [row | {"reason": "float"} for row in VECTORS]}
    assert not validator.is_valid(damaged)


def test_there_are_many_of_each_kind_with_names_of_their_own() -> None:
    assert [row["result"] for row in VECTORS].count("valid") >= 40
    assert [row["result"] for row in VECTORS].count("invalid") >= 60
    assert len({row["id"] for row in VECTORS}) == len(VECTORS)


def test_every_field_of_the_scheme_and_every_reason_has_a_vector() -> None:
    for field in dataclasses.fields(SignatureScheme):
        assert any(field.name in row["scheme"] for row in VECTORS if row["result"] == "valid"), field.name
    told = json.loads((SPEC / "signing-vectors.schema.json").read_text("utf-8"))["$defs"]["reason"]["oneOf"]
    assert {row["reason"] for row in VECTORS} == {reason.get("const") for reason in told}
    # a Python value without a JSON type cannot occur in JSON text
    assert {fault.value for fault in BodyFault} - {"type"} <= {row["reason"] for row in VECTORS}


@pytest.mark.slow
def test_the_file_is_what_the_independent_reading_writes() -> None:
    script = Path(__file__).with_name("make_vectors.py")
    assert "import highhelp" not in (text := script.read_text("utf-8"))
    assert "from highhelp" not in text
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_two_recorded_vectors_come_out_exactly() -> None:
    rows = {row["id"]: row for row in VECTORS}
    assert rows["info"]["timestamp"] == rows["payin"]["timestamp"] == 1706182847
    assert rows["info"]["stages"]["message"] == (
        "Z2VuZXJhbDpwcm9qZWN0X2lkOjU3YWZmNGRiLWI0NWQtNDJiZi1iYzVmLWI3YTQ5OWEwMTc4Mg1706182847"
    )
    assert rows["info"]["stages"]["digest"] == "a751bade591dac691440fd4ad355460c7a1ab72989a487310b3c1ec4105b6e0e"
    assert rows["payin"]["stages"]["normalized"] == (
        "general:payment_id:order-1;general:project_id:57aff4db-b45d-42bf-bc5f-b7a499a01782;payment:amount:10000;"
        "payment:currency:RUB;payment:flag:1;payment:note:None;payment:tags:0:a;payment:tags:1:b"
    )
    assert rows["payin"]["stages"]["digest"] == "46a308ba1e110ed75f0de2445c38a52cd97b1a653585ba398c04a02d90be616f"


@chosen("valid")
def test_each_stage_of_a_valid_vector(row: dict[str, Any]) -> None:
    scheme = SignatureScheme.from_json(row["scheme"])
    body = parse_body(base64.b64decode(row["input"], validate=True))
    stages = row["stages"]
    assert normalize(body, scheme) == stages["normalized"]
    message = message_of(row)
    assert message.decode() == stages["message"]
    if stages["digest"] is not None:
        assert hashlib.sha256(message).hexdigest() == stages["digest"]
    made = signer_of(row["key"]).sign(message, scheme.digest)
    assert base64url_encode(made, padding=scheme.padding) == stages["signature"]
    assert ring_of(row["key"]).verify(message, made, scheme.digest) is not None
    raw, at = base64.b64decode(row["input"]), row["timestamp"]
    sent = signature_headers(
        raw, project_id=DOCUMENT["project_id"], signer=signer_of(row["key"]), timestamp=at, scheme=scheme
    )
    assert sent == stages["headers"]


@chosen("invalid", "body")
def test_an_invalid_body_is_refused_for_the_stated_reason(row: dict[str, Any]) -> None:
    with pytest.raises(BodyNotSignable) as caught:
        message_of(row)
    assert caught.value.reason == row["reason"]


@chosen("invalid", "signature")
def test_an_invalid_signature_does_not_verify(row: dict[str, Any]) -> None:
    scheme = SignatureScheme.from_json(row["scheme"])
    message = message_of(row)
    assert message.decode() == row["stages"]["message"]
    signature = base64url_decode(row["stages"]["signature"])
    assert (signature is None) == (row["reason"] == "spelling")
    assert signature is None or ring_of(row["key"]).verify(message, signature, scheme.digest) is None


@needs_openssl
@pytest.mark.parametrize(
    "row", [row for row in SIGNED if row["key"] == "rsa" and row["scheme"]], ids=lambda row: row["id"]
)
def test_openssl_agrees_on_each_rsa_signature_of_another_scheme(row: dict[str, Any]) -> None:
    signature = base64url_decode(row["stages"]["signature"])
    assert signature is not None
    message = row["stages"]["message"].encode()
    data = message if row["scheme"].get("digest") == "single" else hashlib.sha256(message).digest()
    assert openssl_verifier.rsa_matches(KEYS["rsa"]["public_pem"], data, signature) == (row["result"] == "valid")


@needs_openssl
@pytest.mark.parametrize("row", [row for row in SIGNED if not row["scheme"]], ids=lambda row: row["id"])
def test_the_independent_verifier_agrees_on_the_default_scheme(row: dict[str, Any]) -> None:
    key = KEYS[row["key"]]
    headers = {"x-access-timestamp": str(row["timestamp"]), "x-access-signature": row["stages"]["signature"]}
    verdict = openssl_verifier.verify(
        base64.b64decode(row["input"]), headers, public_key_pem=key.get("public_pem"), hmac_key=key.get("text")
    )
    assert verdict == (row["result"] == "valid")


FORM_ROWS = [row for row in SIGNED if row["result"] == "valid" and row["id"].startswith("form-")]


@pytest.mark.parametrize("row", FORM_ROWS, ids=lambda row: row["id"])
def test_a_verifier_without_a_scheme_finds_the_form(row: dict[str, Any]) -> None:
    both = ring_of("rsa") + ring_of("hmac")
    verifier = CallbackVerifier({DOCUMENT["project_id"]: both}, clock=lambda: row["timestamp"])
    headers = {"x-access-timestamp": str(row["timestamp"]), "x-access-signature": row["stages"]["signature"]}
    event = verifier.verify(base64.b64decode(row["input"]), headers)
    assert (event.scheme, event.sub_status) == (SignatureScheme.from_json(row["scheme"]), None)


def test_the_digests_of_the_forms_are_those_computed_elsewhere() -> None:
    """The three ways to write null, as computed without this project's code."""
    elsewhere = {
        "form-none-rsa": "d535d367d4f664d0dfb3b336e56ba1de1fa614323abd9311a03cece508ff6071",
        "form-empty-rsa": "86b67339806cc772aa671f93799970ca2213cc07d3603599e3f9dc4877d28518",
        "form-left-out-rsa": "b1a5f28fa5d57a7c80f14258c55d14da7dde1124dbdacb0dc2285e65e740e419",
    }
    assert len(FORM_ROWS) == 18
    assert {row["id"]: row["stages"]["digest"] for row in FORM_ROWS if row["id"] in elsewhere} == elsewhere
