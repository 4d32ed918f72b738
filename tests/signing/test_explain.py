"""explain() names the mistake: each is planted into an otherwise valid signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from hypothesis import given, settings
from hypothesis import strategies as st

from highhelp_signing import (
    Cause,
    Explanation,
    HmacSigner,
    KeyRing,
    RsaSigner,
    SignatureScheme,
    explain,
    normalize,
    signature_headers,
    signing_message,
)
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.forms import FORMS
from highhelp_signing.keyfiles import public_der, public_pem
from tests.signing.conftest import HMAC_TEXT, NOW, PROJECT, private_pem

SCHEME = SignatureScheme()
BODY: dict[str, Any] = {
    "general": {"project_id": PROJECT, "payment_id": "order-1"},
    "payment": {"amount": 10000, "currency": "RUB", "flag": True, "off": False, "note": None, "tags": ["a", "Б"]},
    "sender": {},
}
RAW = json.dumps(BODY, ensure_ascii=False).encode()
NAMES = ("x-access-merchant-id", "x-access-timestamp", "x-access-token", "x-access-signature")
MERCHANT, STAMP, TOKEN, SIGNATURE = NAMES


class Case:
    """A valid request, into which a mistake is planted."""

    def __init__(self, key: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey) -> None:
        self.key, self.other = key, other
        self.body = RAW
        self.headers: dict[str, Any] = self.signed()

    def signed(self, body: bytes = RAW, key: rsa.RSAPrivateKey | None = None, **points: Any) -> dict[str, Any]:
        signer = RsaSigner(key or self.key)
        return signature_headers(
            body, project_id=PROJECT, signer=signer, timestamp=NOW, scheme=replace(SCHEME, **points)
        )

    def sign_message(self, message: bytes, *, digest: str = "double") -> None:
        """Replace the signature by one of another message."""
        self.set(RsaSigner(self.key).sign(message, digest))  # type: ignore[arg-type]  # a parameter

    def set(self, signature: bytes) -> None:
        self.headers[SIGNATURE] = base64url_encode(signature)

    @property
    def raw_signature(self) -> bytes:
        text = self.headers[SIGNATURE]
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def explained(self, **more: Any) -> Explanation:
        ring = KeyRing.from_pem(public_pem(public_der(self.key.public_key())))
        return explain(self.body, self.headers, ring, project_id=PROJECT, clock=lambda: NOW, **more)


@pytest.fixture
def case(rsa_key: rsa.RSAPrivateKey, other_rsa_key: rsa.RSAPrivateKey) -> Case:
    return Case(rsa_key, other_rsa_key)


def test_a_right_request_is_right(case: Case) -> None:
    found = case.explained()
    assert (found.matches, found.findings, found.scheme) == (True, (), SCHEME)
    assert found.normalized == normalize(BODY)


Mistake: TypeAlias = Callable[[Case], object]
TEXT = normalize(BODY)
MESSAGE = signing_message(BODY, NOW)
ENCODED = base64url_encode(TEXT.encode()).encode()
IN_ORDER = (
    f"general:project_id:{PROJECT};general:payment_id:order-1;payment:amount:10000;payment:currency:RUB;"
    "payment:flag:1;payment:off:0;payment:note:None;payment:tags:0:a;payment:tags:1:Б"
)


def headers(**changes: str) -> Mistake:
    return lambda case: case.headers.update({f"x-access-{name}": value for name, value in changes.items()})


def message(made: bytes) -> Mistake:
    return lambda case: case.sign_message(made)


def respelt(change: Callable[[bytes], str]) -> Mistake:
    def plant(case: Case) -> None:
        case.headers[SIGNATURE] = change(case.raw_signature)

    return plant


def reading(**points: Any) -> Mistake:
    return lambda case: case.headers.update(case.signed(**points))


def body_signed_as(text: str) -> Mistake:
    return message(base64url_encode(text.encode()).encode() + str(NOW).encode())


def truncated(case: Case) -> None:
    case.set(case.raw_signature[:-6])


def other_hash(case: Case) -> None:
    case.set(case.key.sign(hashlib.sha256(MESSAGE).digest(), padding.PKCS1v15(), hashes.SHA512()))


def sha1(case: Case) -> None:
    digest = hashlib.sha1(MESSAGE).digest()
    case.set(case.key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA1())))


def changed(case: Case) -> None:
    case.body = case.body.replace(b"10000", b"90000")


def field_added(case: Case) -> None:
    case.body = json.dumps({**BODY, "customer": {"id": "7"}}).encode()


def another_key(case: Case) -> None:
    case.headers = {**case.signed(key=case.other), TOKEN: case.headers[TOKEN]}


def a_foreign_pair(case: Case) -> None:
    case.headers = case.signed(key=case.other)


def token_of_another_pair(case: Case) -> None:
    case.headers[TOKEN] = case.signed(key=case.other)[TOKEN]


def private_key_in_token(case: Case) -> None:
    case.headers[TOKEN] = base64url_encode(private_pem(case.key))


def token_in_standard_base64(case: Case) -> None:
    case.headers[TOKEN] = base64.b64encode(public_der(case.key.public_key())).decode()


def twice(case: Case) -> None:
    case.headers = [*case.headers.items(), (SIGNATURE, "AAAA")]  # type: ignore[assignment]  # pairs, as some frameworks give them


def with_bom(case: Case) -> None:
    case.body = b"\xef\xbb\xbf" + case.body


def signed_then_nulls_added(case: Case) -> None:
    case.headers.update(case.signed(json.dumps({**BODY, "payment": {**BODY["payment"], "note": 1}}).encode()))
    kept = {name: value for name, value in BODY["payment"].items() if value is not None}
    case.headers.update(case.signed(json.dumps({**BODY, "payment": kept}).encode()))


def another_project(case: Case) -> None:
    case.headers[MERCHANT] = "00000000-0000-4000-8000-000000000000"


def hmac_signed(case: Case) -> None:
    case.set(hmac.digest(HMAC_TEXT.encode(), MESSAGE, hashlib.sha512))


def timestamps(sent: str, *, signed: str | None = None) -> Mistake:
    def plant(case: Case) -> None:
        case.sign_message(ENCODED + (sent if signed is None else signed).encode())
        case.headers[STAMP] = sent

    return plant


def digest_as_text(case: Case) -> None:
    case.sign_message(hashlib.sha256(MESSAGE).hexdigest().encode(), digest="single")


MISTAKES: list[tuple[str, Mistake, Cause]] = [
    ("digest once", reading(digest="single"), Cause.SCHEME),
    ("padded", reading(padding=True), Cause.SCHEME),
    ("joiner", reading(joiner="&"), Cause.SCHEME),
    ("null text", reading(null_text="null"), Cause.SCHEME),
    ("true and false text", reading(true_text="true", false_text="false"), Cause.SCHEME),
    ("token as PEM", reading(token="public_key_pem"), Cause.SCHEME),
    ("token is the project", reading(token="project_id"), Cause.SCHEME),
    ("algorithm sent", reading(rsa_algorithm="rsa-sha256"), Cause.ALGORITHM),
    ("four readings at once", reading(digest="single", padding=True, joiner="|", null_text="null"), Cause.SCHEME),
    ("body changed", changed, Cause.CHANGED),
    ("field added after signing", field_added, Cause.CHANGED),
    ("null fields added after signing", signed_then_nulls_added, Cause.SCHEME),
    ("not sorted", body_signed_as(IN_ORDER), Cause.SORTING),
    ("JSON text signed", message(base64url_encode(RAW).encode() + str(NOW).encode()), Cause.JSON_TEXT),
    ("compact JSON signed", message(json.dumps(BODY, separators=(",", ":")).encode()), Cause.JSON_TEXT),
    ("no timestamp", message(ENCODED), Cause.NO_TIMESTAMP),
    ("BOM sent", with_bom, Cause.BODY),
    ("digest as hex text", digest_as_text, Cause.DIGEST),
    ("milliseconds sent and signed", timestamps(f"{NOW}123"), Cause.MILLISECONDS),
    ("milliseconds sent", timestamps(f"{NOW}123", signed=f"{NOW}"), Cause.MILLISECONDS),
    ("timestamp has a fraction", timestamps(f"{NOW}.25"), Cause.TIMESTAMP_FORM),
    ("timestamp with a line break", timestamps(f"{NOW}\n", signed=f"{NOW}"), Cause.WHITE_SPACE),
    ("another second signed", timestamps(f"{NOW}", signed=f"{NOW - 2}"), Cause.TIMESTAMP_DIFFERS),
    ("stale", timestamps(f"{NOW - 1000}"), Cause.STALE),
    ("from the future", timestamps(f"{NOW + 1000}"), Cause.STALE),
    ("half padded", respelt(lambda raw: base64url_encode(raw) + "="), Cause.PADDING),
    ("hex", respelt(bytes.hex), Cause.ENCODING),
    ("hex in capitals", respelt(lambda raw: raw.hex().upper()), Cause.ENCODING),
    ("line break", respelt(lambda raw: base64url_encode(raw) + "\n"), Cause.WHITE_SPACE),
    ("wrapped lines", respelt(lambda raw: base64.encodebytes(raw).decode()), Cause.WHITE_SPACE),
    ("empty", respelt(lambda _: ""), Cause.ENCODING),
    ("no base64", respelt(lambda _: "?!"), Cause.ENCODING),
    ("truncated", truncated, Cause.UNKNOWN),
    ("SHA-512", other_hash, Cause.DIGEST),
    ("SHA-1", sha1, Cause.DIGEST),
    ("another key", another_key, Cause.UNKNOWN_KEY),
    ("a foreign pair", a_foreign_pair, Cause.WRONG_KEY),
    ("private and public of two pairs", token_of_another_pair, Cause.TOKEN),
    ("private key in the token", private_key_in_token, Cause.PRIVATE_KEY_SENT),
    ("token in standard base64", token_in_standard_base64, Cause.TOKEN),
    ("another project", another_project, Cause.PROJECT),
    ("HMAC by an unknown key", hmac_signed, Cause.UNKNOWN),
    ("no signature", lambda case: case.headers.pop(SIGNATURE), Cause.HEADER_MISSING),
    ("no timestamp header", lambda case: case.headers.pop(STAMP), Cause.HEADER_MISSING),
    ("no token", lambda case: case.headers.pop(TOKEN), Cause.HEADER_MISSING),
    ("header twice", twice, Cause.HEADER_TWICE),
    ("not JSON", lambda case: setattr(case, "body", b"{"), Cause.BODY),
    ("windows-1251", lambda case: setattr(case, "body", '{"a": "Б"}'.encode("cp1251")), Cause.BODY),
]


@pytest.mark.parametrize(("plant", "cause"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_the_planted_mistake_is_named(case: Case, plant: Mistake, cause: Cause) -> None:
    plant(case)
    found = case.explained()
    assert not found.matches
    assert found.cause is cause, found.findings
    # an RSA signature of this body is never said to be one of another body
    assert cause is Cause.CHANGED or Cause.CHANGED not in {finding.cause for finding in found.findings}
    if plant is a_foreign_pair:
        assert found.key_id is None


def test_of_two_readings_that_fit_the_one_in_use_is_taken(case: Case) -> None:
    scheme = replace(SCHEME, padding=True, joiner="&")
    for note in ("", "x", "xx"):  # one of them is of a length that needs no padding
        case.body = json.dumps({"general": {"project_id": PROJECT}, "note": note}).encode()
        case.headers = case.signed(case.body, padding=True, joiner="&")
        found = case.explained(scheme=scheme)
        assert (found.matches, found.scheme) == (True, scheme)


@pytest.mark.parametrize("change", [{"digest": "single"}, {"joiner": "&", "null_text": "null"}, {"padding": True}])
def test_the_matching_scheme_is_named_and_matches(case: Case, change: dict[str, Any]) -> None:
    case.headers = case.signed(**change)
    found = case.explained()
    assert found.scheme == replace(SCHEME, **change)
    assert case.explained(scheme=found.scheme).matches


def test_a_callback_may_have_any_form_without_a_scheme(case: Case) -> None:
    sent = (SIGNATURE, STAMP)
    for form in FORMS:
        case.headers = {name: case.signed(**without_headers(form))[name] for name in sent}
        found = case.explained(scheme=None)
        assert (found.matches, found.scheme) == (True, form), found.findings
    case.headers = {name: case.signed(joiner="&")[name] for name in sent}
    assert case.explained(scheme=None).cause is Cause.SCHEME
    case.headers = case.signed(digest="single")
    assert case.explained(scheme=None).cause is Cause.SCHEME, "a request has one scheme"


def without_headers(form: SignatureScheme) -> dict[str, Any]:
    return {name: getattr(form, name) for name in ("null_text", "padding", "digest")}


def test_standard_base64_is_told_where_it_differs(case: Case) -> None:
    for number in range(100):  # until the signature has one of the two characters
        body = json.dumps({"general": {"project_id": PROJECT}, "n": number}).encode()
        case.body, case.headers = body, case.signed(body)
        text = base64.b64encode(case.raw_signature).decode()
        if set("+/") & set(text):
            break
    case.headers[SIGNATURE] = text
    assert case.explained().cause is Cause.ENCODING


def test_what_does_not_matter_is_no_finding(case: Case) -> None:
    for body in (
        json.dumps(BODY, indent=2, sort_keys=True).encode(),
        json.dumps(BODY, ensure_ascii=True).encode() + b"\n",
        json.dumps(dict(reversed(BODY.items()))).encode(),
    ):
        case.body = body
        assert case.explained().matches
    case.headers[SIGNATURE] = base64url_encode(case.raw_signature, padding=True)
    assert case.explained().matches


def test_a_key_that_should_not_have_signed_is_named(case: Case) -> None:
    case.headers = {name: case.signed(key=case.other)[name] for name in (SIGNATURE, STAMP)}
    others = {"the project's own key": KeyRing.from_pem(public_pem(public_der(case.other.public_key())))}
    found = case.explained(others=others)
    assert found.cause is Cause.WRONG_KEY
    assert "the project's own key" in found.findings[0].detail
    # and even with another key, a changed body is distinguished from the right one
    case.body = RAW.replace(b"10000", b"90000")
    assert [finding.cause for finding in case.explained(others=others).findings] == [Cause.WRONG_KEY, Cause.CHANGED]


@pytest.mark.parametrize(
    ("key", "hash_name", "made", "cause"),
    [
        (HMAC_TEXT, "sha512", MESSAGE, None),
        (HMAC_TEXT + "\n", "sha512", MESSAGE, Cause.HMAC_KEY_TEXT),
        (HMAC_TEXT, "sha256", MESSAGE, Cause.DIGEST),
        (HMAC_TEXT, "sha512", hashlib.sha256(MESSAGE).digest(), Cause.DIGEST),
        (HMAC_TEXT, "sha512", ENCODED, Cause.NO_TIMESTAMP),
        (HMAC_TEXT, "sha512", signing_message(BODY, NOW, replace(SCHEME, joiner=",")), Cause.SCHEME),
        ("another key", "sha512", MESSAGE, Cause.UNKNOWN),
    ],
)
def test_mistakes_of_an_hmac(key: str, hash_name: str, made: bytes, cause: Cause | None) -> None:
    value = hmac.digest(key.encode(), made, hash_name)
    sent = {SIGNATURE: base64url_encode(value), STAMP: str(NOW)}
    found = explain(RAW, sent, KeyRing.from_hmac(HMAC_TEXT), clock=lambda: NOW)
    assert found.cause is cause, found.findings
    assert found.matches is (cause is None)


@pytest.mark.parametrize("sent", [None, "HMAC", "rsa-sha256"])
def test_the_algorithm_header_of_an_hmac(sent: str | None) -> None:
    scheme = replace(SCHEME, hmac_algorithm=sent)
    made = signature_headers(RAW, project_id=PROJECT, signer=HmacSigner(HMAC_TEXT), timestamp=NOW, scheme=scheme)
    found = explain(RAW, made, KeyRing.from_hmac(HMAC_TEXT), project_id=PROJECT, clock=lambda: NOW)
    assert found.cause is Cause.ALGORITHM
    assert not found.matches


def test_several_mistakes_at_once_are_all_named(case: Case) -> None:
    scheme = replace(SCHEME, digest="single", joiner="&")
    stamp = f"{NOW}000"
    message = base64url_encode(normalize(BODY, scheme).encode()).encode() + stamp.encode()
    case.headers |= {SIGNATURE: RsaSigner(case.key).sign(message, "single").hex(), STAMP: stamp, MERCHANT: "other"}
    found = case.explained()
    causes = {finding.cause for finding in found.findings}
    assert causes == {Cause.MILLISECONDS, Cause.ENCODING, Cause.SCHEME, Cause.PROJECT}
    assert found.scheme == scheme


def test_right_hmac_request() -> None:
    sent = signature_headers(RAW, project_id=PROJECT, signer=HmacSigner(HMAC_TEXT), timestamp=NOW)
    assert explain(RAW, sent, KeyRing.from_hmac(HMAC_TEXT), project_id=PROJECT, clock=lambda: NOW).matches


def test_nothing_that_is_told_shows_a_key(case: Case, rsa_key: rsa.RSAPrivateKey) -> None:
    secret = rsa_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    forbidden = {base64url_encode(secret)[40:80], HMAC_TEXT, case.headers[SIGNATURE][:40], case.headers[TOKEN][60:100]}
    for _, plant, _ in MISTAKES:
        planted = Case(case.key, case.other)
        plant(planted)
        found = planted.explained(others={"an HMAC key": KeyRing.from_hmac(HMAC_TEXT)})
        told = repr(found) + "".join(map(str, found.findings))
        assert not [text for text in forbidden if text in told]


JUNK = st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.lists(st.text(), max_size=2))
NAME = st.one_of(st.sampled_from([*NAMES, "x-access-merchant-algorithm"]), st.text(), JUNK)


@settings(max_examples=60, deadline=None)
@given(
    body=st.one_of(st.binary(), st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps)),
    sent=st.one_of(st.lists(st.tuples(NAME, JUNK)), st.dictionaries(st.text(), JUNK), JUNK),
)
def test_no_input_raises(ring: KeyRing, body: Any, sent: Any) -> None:
    found = explain(body, sent, ring, others={"h": KeyRing.from_hmac(HMAC_TEXT)})
    assert not found.matches
    assert found.findings


@pytest.mark.parametrize("value", ["\ud800", "\x00", "9" * 5000, "-1", "٣" * 10, "1e9", " ", "%", "=", "A", "é"])
@pytest.mark.parametrize("name", [*NAMES, "x-access-merchant-algorithm"])
def test_strange_values_do_not_raise(case: Case, name: str, value: str) -> None:
    case.headers[name] = value
    assert not case.explained().matches


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"[" * 100000, b'{"a":' * 70 + b"1" + b"}" * 70, b'{"a:b":1}', b'{"a":1,"a":2}',
        b'{"a":1e400}', b'{"a":"\\ud800"}', b"\xff", "{}".encode("utf-16"), b'{"a":' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_strange_bodies_do_not_raise(case: Case, body: bytes) -> None:
    case.body = body
    assert not case.explained().matches


@pytest.mark.slow
def test_a_large_body_is_bounded(case: Case) -> None:
    case.body = json.dumps({f"k{number}": [None, True, "x" * 30] for number in range(3000)}).encode()
    began = time.process_time()
    assert case.explained().cause is Cause.CHANGED
    assert time.process_time() - began < 30
