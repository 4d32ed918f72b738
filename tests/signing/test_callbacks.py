from __future__ import annotations

import hashlib
import importlib
import pickle
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from highhelp_signing import (
    REFUSAL,
    BodyFault,
    BodyNotSignable,
    CallbackRejected,
    CallbackVerifier,
    HmacSigner,
    KeyFormatError,
    KeyRing,
    Limits,
    RejectionReason,
    RsaSigner,
    SignatureScheme,
    VerifiedCallback,
    normalize,
)
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.normalize import collect_entries, join_entries, message_of, parse
from tests.signing.conftest import HMAC_TEXT, NOW, PROJECT, Sign, callback, compact
from tests.signing.test_normalize import AMPLIFIERS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

SIGNATURE, TIMESTAMP = "x-access-signature", "x-access-timestamp"


def rejected(verifier: CallbackVerifier, raw: Any, headers: Any) -> CallbackRejected:
    with pytest.raises(CallbackRejected) as caught:
        verifier.verify(raw, headers)
    return caught.value


def reason_of(verifier: CallbackVerifier, sign: Sign, body: Any) -> RejectionReason | None:
    raw = body if isinstance(body, bytes) else compact(body)
    try:
        verifier.verify(raw, sign(raw))
    except CallbackRejected as error:
        return error.reason
    return None


# Genuine callbacks.


def test_a_genuine_callback(verifier: CallbackVerifier, sign: Sign, ring: KeyRing) -> None:
    body = callback(requisites={"pan": "4111111111111111"}, more=[1.50, "x"])
    raw = compact(body)
    event = verifier.verify(raw, sign(raw, at=NOW - 300))
    assert event.raw == raw
    assert event.body == body | {"more": ["1.5", "x"]}, "a fraction is kept as it was written"
    assert (event.project_id, event.payment_id, event.request_id) == (PROJECT, "order-1", "r-1")
    assert (event.status, event.sub_status) == ("success", None)
    assert (event.amount, event.currency) == (10000, "RUB")
    assert (event.key_id, event.signed_at) == (ring.key_ids[0], NOW - 300)
    again = verifier.verify(compact(dict(reversed(body.items()))), sign(raw))
    assert again.normalized_sha256 == event.normalized_sha256
    assert event.normalized_sha256 == hashlib.sha256(normalize(body | {"more": ["1.5", "x"]}).encode()).hexdigest()
    process = compact(callback(status={"status": "processing", "sub_status": "payin_process"}))
    assert verifier.verify(process, sign(process)).sub_status == "payin_process"


def test_only_the_required_fields(verifier: CallbackVerifier, sign: Sign) -> None:
    body = {"project_id": PROJECT, "general": {"payment_id": "o"}, "status": {"status": "new kind"}}
    event = verifier.verify(compact(body), sign(compact(body)))
    assert (event.request_id, event.sub_status, event.amount, event.currency) == (None, None, None, None)


def test_it_is_frozen_pickles_and_hides_the_body(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback(requisites={"pan": "4111111111111111", "card_holder": "IVAN IVANOV"}))
    event = verifier.verify(raw, sign(raw))
    with pytest.raises(AttributeError):
        event.amount = 1  # type: ignore[misc]  # that is the point
    assert pickle.loads(pickle.dumps(event)) == event
    shown = repr(event)
    for secret in ("4111", "IVAN", "requisites", sign(raw)[SIGNATURE][:20]):
        assert secret not in shown
    for value in ("order-1", "r-1", "success", "10000", "RUB", event.key_id):
        assert value in shown


def test_it_is_what_its_constructor_makes(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback())
    event = verifier.verify(raw, sign(raw))
    made = VerifiedCallback(**{field.name: getattr(event, field.name) for field in fields(VerifiedCallback)})
    assert type(event) is VerifiedCallback
    assert (event, repr(event)) == (made, repr(made))
    assert pickle.dumps(event) == pickle.dumps(made)
    assert replace(event, amount=1) == replace(made, amount=1) != event
    for field in fields(event):
        with pytest.raises(FrozenInstanceError):
            setattr(event, field.name, "x")
        with pytest.raises(FrozenInstanceError):
            delattr(event, field.name)
    with pytest.raises((AttributeError, TypeError)):
        event.more = 1  # type: ignore[attr-defined]  # it has slots
    assert not hasattr(event, "__dict__")


def test_bytes_are_kept_and_other_buffers_are_copied(ring: KeyRing, sign: Sign) -> None:
    raw = compact(callback())
    verifier = CallbackVerifier({PROJECT: ring}, clock=lambda: NOW, limits=Limits(raw=len(raw)))
    assert verifier.verify(raw, sign(raw)).raw is raw
    for other in (bytearray(raw), memoryview(raw)):
        event = verifier.verify(other, sign(raw))  # type: ignore[arg-type]  # any buffer is taken
        assert type(event.raw) is bytes
        assert event.raw == raw


def test_any_key_of_the_ring_and_both_algorithms(
    ring: KeyRing, sign: Sign, other_rsa_key: rsa.RSAPrivateKey, hmac_signer: HmacSigner
) -> None:
    verifier = CallbackVerifier(
        {PROJECT: ring + KeyRing.from_hmac("the-key-before-this-one", HMAC_TEXT)}, clock=lambda: NOW
    )
    raw = compact(callback())
    assert verifier.verify(raw, sign(raw)).key_id == ring.key_ids[0]
    assert verifier.verify(raw, sign(raw, by=hmac_signer)).key_id == KeyRing.from_hmac(HMAC_TEXT).key_ids[0]
    stranger = RsaSigner(other_rsa_key)
    assert rejected(verifier, raw, sign(raw, by=stranger)).reason is RejectionReason.SIGNATURE


def test_each_project_has_keys_of_its_own(ring: KeyRing, sign: Sign, hmac_signer: HmacSigner) -> None:
    verifier = CallbackVerifier({PROJECT: ring, "other": KeyRing.from_hmac(HMAC_TEXT)}, clock=lambda: NOW)
    other = compact(callback(project_id="other"))
    assert verifier.verify(other, sign(other, by=hmac_signer)).project_id == "other"
    assert rejected(verifier, other, sign(other)).reason is RejectionReason.SIGNATURE
    strangers: list[Any] = ["unknown", "", None, 5, [], {"a": 1}]
    for stranger in strangers:
        raw = compact(callback(project_id=stranger))
        error = rejected(verifier, raw, sign(raw))
        assert (error.reason, error.genuine) == (RejectionReason.UNKNOWN_PROJECT, False)
        assert "project" in error.detail


SCHEMES = [
    SignatureScheme(digest="single"),
    SignatureScheme(padding=True, joiner="&"),
    SignatureScheme(null_text="nil", true_text="yes", false_text="no"),
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_only_a_pinned_scheme_counts(ring: KeyRing, sign: Sign, scheme: SignatureScheme) -> None:
    pinned = CallbackVerifier({PROJECT: ring}, SignatureScheme(), clock=lambda: NOW)
    other = CallbackVerifier({PROJECT: ring}, scheme, clock=lambda: NOW)
    for length in range(3):  # of which two have to be padded
        raw = compact(callback(more=[True, False, None, "x" * length]))
        event = other.verify(raw, sign(raw, scheme=scheme))
        assert (event.amount, event.scheme) == (10000, scheme)
        assert rejected(pinned, raw, sign(raw, scheme=scheme)).reason is RejectionReason.SIGNATURE
        assert rejected(other, raw, sign(raw)).reason is RejectionReason.SIGNATURE


# Construction.


@pytest.mark.parametrize("keys", [{}, None, [], {PROJECT: None}, {PROJECT: "key"}, {5: "ring"}, {"": "ring"}])
def test_without_keys_there_is_no_verifier(ring: KeyRing, keys: Any) -> None:
    if isinstance(keys, dict):
        keys = {name: ring if value == "ring" else value for name, value in keys.items()}
    with pytest.raises(KeyFormatError, match=r"^keys: \w+") as caught:
        CallbackVerifier(keys)
    assert "None" not in str(caught.value)


@pytest.mark.parametrize("tolerance", [-1, float("nan"), float("inf")])
def test_the_tolerance_is_a_number_of_seconds(ring: KeyRing, tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        CallbackVerifier({PROJECT: ring}, tolerance=tolerance)


@pytest.mark.parametrize("tolerance", [0, 0.5])
def test_a_tolerance_may_be_as_small_as_none(ring: KeyRing, sign: Sign, tolerance: float) -> None:
    raw = compact(callback())
    verifier = CallbackVerifier({PROJECT: ring}, tolerance=tolerance, clock=lambda: NOW)
    assert verifier.verify(raw, sign(raw)).signed_at == NOW
    assert rejected(verifier, raw, sign(raw, at=NOW - 1)).detail == "signed 1 seconds in the past"


@pytest.mark.parametrize("age", [300.5, -300.5])
def test_default_tolerance_is_exactly_five_minutes(ring: KeyRing, sign: Sign, age: float) -> None:
    raw = compact(callback())
    verifier = CallbackVerifier({PROJECT: ring}, clock=lambda: NOW + age)
    assert rejected(verifier, raw, sign(raw)).reason is RejectionReason.STALE


def test_later_changes_of_the_mapping_do_not_count(ring: KeyRing, sign: Sign) -> None:
    keys = {PROJECT: ring}
    verifier = CallbackVerifier(keys, clock=lambda: NOW)
    keys.clear()
    raw = compact(callback())
    assert verifier.verify(raw, sign(raw)).status == "success"


# Refused before the signature is checked.


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[]", "malformed"),
        (b"\xff", "malformed"),
        (b"\xef\xbb\xbf{}", "malformed"),
        (b'{"a":NaN}', "malformed"),
        (b'{"a":"\\ud800"}', "unknown_project"),  # looked up before the body is normalised
        (b'{"a":' + b"1" * 5000 + b"}", "malformed"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "malformed"),
        (b"{}", "unknown_project"),
        (b'"' + b"x" * 10_000_000 + b'"', "too_large"),
        ("{}", "malformed"),
        (None, "malformed"),
        (5, "malformed"),
        ({"a": 1}, "malformed"),
    ],
)
def test_a_body_that_cannot_be_read(verifier: CallbackVerifier, sign: Sign, raw: Any, reason: str) -> None:
    error = rejected(verifier, raw, sign(b"{}"))
    assert (error.reason, error.genuine, error.callback) == (reason, False, None)
    known = {*BodyFault, "the body is not bytes", "the body is larger than the limit", "no keys for this project"}
    assert error.detail in known


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_buffers_are_bodies_too(verifier: CallbackVerifier, sign: Sign, kind: Any) -> None:
    raw = compact(callback())
    assert verifier.verify(kind(raw), sign(raw)).raw == raw
    released = memoryview(raw)
    released.release()
    assert rejected(verifier, released, sign(raw)).reason is RejectionReason.MALFORMED


@pytest.mark.parametrize("raw", AMPLIFIERS.values(), ids=AMPLIFIERS.keys())
def test_unauthenticated_bytes_cost_little(verifier: CallbackVerifier, sign: Sign, raw: bytes) -> None:
    tracemalloc.start()
    started = time.process_time()
    error = rejected(verifier, raw, sign(b"{}"))
    spent = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not error.genuine
    assert peak < 80 << 20
    assert spent < 8


def test_the_limits_can_be_set(ring: KeyRing, sign: Sign) -> None:
    raw = compact(callback())
    for limits, detail in (
        (Limits(raw=len(raw) - 1), "the body is larger than the limit"),
        (Limits(text=100), "size"),
    ):
        verifier = CallbackVerifier({PROJECT: ring}, clock=lambda: NOW, limits=limits)
        error = rejected(verifier, raw, sign(raw))
        assert (error.reason, error.detail) == (RejectionReason.TOO_LARGE, detail)
    exact = CallbackVerifier({PROJECT: ring}, clock=lambda: NOW, limits=Limits(raw=len(raw)))
    assert exact.verify(raw, sign(raw)).raw == raw


def test_the_limits_can_be_raised(verifier: CallbackVerifier, ring: KeyRing, signer: RsaSigner, sign: Sign) -> None:
    deep: Any = "x"
    for _ in range(80):
        deep = [deep]
    for large in ({"more": "x" * (1 << 20)}, {"k" * 1000: [1] * 4300}, {"deep": deep}):
        raw = compact(callback(**large))
        limits = Limits(raw=2 << 20, text=8 << 20, depth=100)
        body = parse(raw, limits=limits).body
        text = join_entries(body, collect_entries(body, limits=limits, bad_keys=[]), SignatureScheme(), limits=limits)
        headers = sign(b"{}") | {
            SIGNATURE: base64url_encode(signer.sign(message_of(text, str(NOW)))),
        }
        assert rejected(verifier, raw, headers).reason in (RejectionReason.TOO_LARGE, RejectionReason.MALFORMED)
        raised = CallbackVerifier({PROJECT: ring}, clock=lambda: NOW, limits=limits)
        assert raised.verify(raw, headers).payment_id == "order-1"


# Headers.


class Hostile(Mapping[str, str]):
    """Every access fails."""

    def __getitem__(self, key: str) -> str:
        raise RuntimeError("hostile")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("hostile")

    def __len__(self) -> int:
        raise RuntimeError("hostile")


class Liar:
    """An object that claims to be of any class, without its methods."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, "kind") if name == "__class__" else object.__getattribute__(self, name)


def test_every_usual_form_of_headers(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback())
    plain = sign(raw)
    pairs = [(name.upper().encode(), value.encode()) for name, value in plain.items()]
    forms: list[Any] = [
        {name.title(): value for name, value in plain.items()},
        {name: [value] for name, value in plain.items()},
        dict(pairs),
        pairs,
        tuple(pairs),
        httpx.Headers(plain),
        MappingProxyType(plain),
        plain | {"x-other": 5, "": None, 7: b"\xff", b"\xff": ["a", "b"], None: None},
    ]
    for form in forms:
        assert verifier.verify(raw, form).payment_id == "order-1"


@pytest.mark.parametrize(
    "change",
    [
        {SIGNATURE: None},
        {TIMESTAMP: None},
        {SIGNATURE: ""},
        {SIGNATURE: "подпись"},
        {SIGNATURE: b"\xff\xfe"},
        {SIGNATURE: 5},
        {SIGNATURE: ["a", "b"]},
        {SIGNATURE: []},
        {SIGNATURE: "A" * 1_000_000},
        {SIGNATURE.upper(): "AAAA"},
        {SIGNATURE.encode(): b"AAAA"},
        {TIMESTAMP.title(): "1706182847"},
        {SIGNATURE: Liar(str)},
        {SIGNATURE: Liar(list)},
        {Liar(bytes): "x"},
        {f"x-{number}": "" for number in range(2000)},
    ],
)
def test_headers_that_cannot_be_read(verifier: CallbackVerifier, sign: Sign, change: dict[Any, Any]) -> None:
    raw = compact(callback())
    headers = {name: value for name, value in (sign(raw) | change).items() if value is not None}
    for form in (headers, list(headers.items())):
        error = rejected(verifier, raw, form)
        assert error.reason is RejectionReason.HEADERS
        assert error.detail.startswith(("x-access-signature is ", "x-access-timestamp is "))


def test_a_thousand_headers_are_looked_at_and_no_more(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback())
    taken = 0

    class Endless:
        def items(self) -> Iterator[tuple[str, str]]:
            nonlocal taken
            yield from sign(raw).items()
            while True:
                taken += 1
                yield "x-other", "x"

    many = [(f"x-{number}", "") for number in range(998)]
    assert verifier.verify(raw, [*many, *sign(raw).items()]).raw == raw
    assert rejected(verifier, raw, [*many, ("x", ""), *sign(raw).items()]).reason is RejectionReason.HEADERS
    assert rejected(verifier, raw, Endless()).reason is RejectionReason.HEADERS
    assert taken == 999


@pytest.mark.parametrize(
    "headers", [None, {}, [], 5, "x", b"x", [None], [("a",)], [5], Hostile(), Liar(dict), Liar(list)]
)
def test_what_is_no_header_mapping(verifier: CallbackVerifier, headers: Any) -> None:
    assert rejected(verifier, compact(callback()), headers).reason is RejectionReason.HEADERS


@pytest.mark.parametrize(
    "timestamp",
    [
        "", "abc", " 1706182847", "1706182847 ", "1706182847\n", "+1706182847", "-1", "1706182847.0", "1706182847.9",
        "01706182847", "170618284", "0", "17061828470",
        "1_706_182_847", "1e9", "0x1", "١٧٠٦١٨٢٨٤٧", "1706182847000", "9" * 5000, "NaN",
    ],
)  # fmt: skip
def test_a_timestamp_has_one_spelling(verifier: CallbackVerifier, sign: Sign, timestamp: str) -> None:
    raw = compact(callback())
    error = rejected(verifier, raw, sign(raw) | {TIMESTAMP: timestamp})
    assert (error.reason, error.detail) == (
        RejectionReason.HEADERS,
        "x-access-timestamp is not Unix seconds in ten digits",
    )


def test_a_signature_has_its_two_spellings_and_no_other(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback())
    headers = sign(raw)
    bare = headers[SIGNATURE]
    assert verifier.verify(raw, headers | {SIGNATURE: bare + "=" * (-len(bare) % 4)}).raw == raw
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(bare[-1])
    twin = bare[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last ^ 1]
    others = [bare + "=", bare + "\n", " " + bare, twin, bare.replace("-", "+").replace("_", "/") + "=="]
    for other in others:
        assert rejected(verifier, raw, headers | {SIGNATURE: other}).reason is RejectionReason.HEADERS


def test_the_length_of_a_signature_is_bounded(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback())
    for length, reason in ((4096, RejectionReason.SIGNATURE), (4100, RejectionReason.HEADERS)):
        assert rejected(verifier, raw, sign(raw) | {SIGNATURE: "A" * length}).reason is reason


# Forgeries.


def test_any_change_of_body_timestamp_or_signature_is_noticed(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback())
    headers = sign(raw)
    changed = raw.replace(b"10000", b"10001")
    assert rejected(verifier, changed, headers).reason is RejectionReason.SIGNATURE
    assert rejected(verifier, raw, headers | {TIMESTAMP: str(NOW + 1)}).reason is RejectionReason.SIGNATURE
    flipped = ("B" if headers[SIGNATURE][0] == "A" else "A") + headers[SIGNATURE][1:]
    error = rejected(verifier, raw, headers | {SIGNATURE: flipped})
    assert (error.reason, error.genuine, error.callback) == (RejectionReason.SIGNATURE, False, None)
    assert "signature" in error.detail


# Genuine, and not to be handled.


@pytest.mark.parametrize("offset", [-300, -1, 0, 299, 300])
def test_fresh_enough_in_both_directions(verifier: CallbackVerifier, sign: Sign, offset: int) -> None:
    raw = compact(callback())
    assert verifier.verify(raw, sign(raw, at=NOW + offset)).signed_at == NOW + offset


@pytest.mark.parametrize(
    ("offset", "told"),
    [
        (1_000_000_000 - NOW, f"signed {NOW - 1_000_000_000} seconds in the past"),
        (-301, "signed 301 seconds in the past"),
        (301, "signed 301 seconds in the future"),
        (11 * 86400, "signed 950400 seconds in the future"),
    ],
)
def test_stale_in_both_directions_is_still_genuine(
    verifier: CallbackVerifier, sign: Sign, offset: int, told: str
) -> None:
    raw = compact(callback())
    error = rejected(verifier, raw, sign(raw, at=NOW + offset))
    assert (error.reason, error.genuine, error.detail) == (RejectionReason.STALE, True, told)
    assert error.callback is not None
    assert (error.callback.payment_id, error.callback.amount) == ("order-1", 10000)


@pytest.mark.parametrize(
    "body",
    [
        callback(project_id=PROJECT, status="success"),
        callback(status=None),
        callback(status={}),
        callback(status=[]),
        callback(status={"status": 1}),
        callback(status={"status": None}),
        callback(status={"status": True}),
        callback(status={"status": "success", "sub_status": 5}),
        callback(status={"status": "success", "sub_status": ["x"]}),
        callback(status={"status": "success", "sub_status": {}}),
        callback(general={"payment_id": {"a": "b"}}),
        callback(general=[]),
        callback(payment_info={"amount": "10000"}),
        callback(payment_info={"amount": True}),
        callback(payment_info={"amount": 10000.0}),
        callback(payment_info=["x"]),
        callback(payment_info="x"),
        callback(redirect_data={"body": ["x"]}),
        callback(redirect_data={"body": {"a": None}}),
        callback(redirect_data={"body": {"a": 1}}),
        callback(redirect_data={"body": {"a": 1.5}}),
        callback(redirect_data={"body": {"a": {"b": "c"}}}),
        callback(requisites={"pan": 4111111111111111}),
    ],
    ids=lambda body: str({name: value for name, value in body.items() if callback().get(name) != value}),
)
def test_known_fields_have_their_types(verifier: CallbackVerifier, sign: Sign, body: dict[str, Any]) -> None:
    error = rejected(verifier, compact(body), sign(compact(body)))
    assert (error.reason, error.genuine) == (RejectionReason.FIELDS, True)


def test_a_wrongly_typed_callback_is_kept_where_it_can_be_read(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback(payment_info={"amount": "10000", "currency": "RUB"}))
    error = rejected(verifier, raw, sign(raw))
    assert error.detail == "payment_info:amount is missing or of a wrong type"
    event = error.callback
    assert event is not None
    assert (event.payment_id, event.amount, event.currency) == ("order-1", None, "RUB")
    for unreadable in (callback(status={}), callback(general={"request_id": "r-1"})):
        raw = compact(unreadable)
        assert rejected(verifier, raw, sign(raw)).callback is None


def test_null_is_absent_where_a_field_is_optional(verifier: CallbackVerifier, sign: Sign) -> None:
    body = callback(
        general={"payment_id": "o", "request_id": None},
        payment_info={"amount": None, "currency": None},
        requisites=None,
        redirect_data={"body": {"a": "", "b": "c"}},
        account={},
    )
    event = verifier.verify(compact(body), sign(compact(body)))
    assert (event.request_id, event.amount) == (None, None)


@pytest.mark.parametrize("text", ["None", ""])
@pytest.mark.parametrize("scheme", [None, SignatureScheme(), SignatureScheme(null_text="nil")])
def test_a_text_that_may_be_null_is_absent(
    ring: KeyRing, sign: Sign, text: str, scheme: SignatureScheme | None
) -> None:
    """The typed fields and the body agree; the bytes are kept, as are the texts of maps and of required fields."""
    verifier = CallbackVerifier({PROJECT: ring}, scheme, clock=lambda: NOW)
    body = callback(
        general={"payment_id": text, "request_id": text},
        status={"status": text, "sub_status": text, "status_description": text},
        payment_info={"amount": 5, "currency": text},
        redirect_data={"body": {"MD": text}},
        unknown=text,
    )
    raw = compact(body)
    event = verifier.verify(raw, sign(raw, scheme=scheme or SignatureScheme()))
    assert (event.payment_id, event.request_id, event.status) == (text, None, text)
    assert (event.sub_status, event.currency, event.raw) == (None, None, raw)
    assert event.body == body | {
        "general": {"payment_id": text, "request_id": None},
        "status": {"status": text, "sub_status": None, "status_description": None},
        "payment_info": {"amount": 5, "currency": None},
    }


def test_an_empty_list_in_place_of_an_object_is_empty(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback(payment_info=[], redirect_data={"body": []}, requisites=[], unknown=[]))
    event = verifier.verify(raw, sign(raw))
    assert event.amount is None
    assert event.body == callback(payment_info={}, redirect_data={"body": {}}, requisites={}, unknown=[])


def test_stale_is_told_only_of_what_is_otherwise_in_order(verifier: CallbackVerifier, sign: Sign) -> None:
    for body, reason in (
        (callback(status={"status": "success", "status_description": "x;zone:y"}), RejectionReason.AMBIGUOUS),
        (callback(payment_info={"amount": "1"}), RejectionReason.FIELDS),
    ):
        raw = compact(body)
        assert rejected(verifier, raw, sign(raw, at=1_000_000_000)).reason is reason


# The verdict itself.


def test_a_rejection_survives_pickle(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(callback())
    for error in (rejected(verifier, raw, sign(raw, at=1_000_000_000)), rejected(verifier, raw, {})):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is CallbackRejected
        assert again.args == error.args == (error.reason, error.detail), "the callback is not among what others log"
        assert (again.reason, again.detail, again.callback, again.genuine, str(again), repr(again)) == (
            error.reason,
            error.detail,
            error.callback,
            error.genuine,
            str(error),
            repr(error),
        )


def test_a_rejection_repeats_nothing_of_the_sender(verifier: CallbackVerifier, sign: Sign) -> None:
    marked = callback(**{"SECRET:x": "SECRET"}, requisites={"pan": "SECRET;status:x:y"})
    cases: list[tuple[bytes, dict[str, str]]] = [
        (compact(marked), sign(compact(marked))),
        (compact(marked), sign(b"{}")),
        (compact(callback(requisites={"pan": "SECRET;status:x"}, SECRET="SECRET")), {}),
        (b'{"SECRET":"SECRET\xff', sign(b"{}")),
        (b'{"SECRET":"SECRET', sign(b"{}")),
        (b'{"SECRET":"SECRET\\ud800"}', sign(b"{}")),
        (compact(callback(project_id="SECRET")), sign(b"{}")),
        (compact(callback()), {SIGNATURE: "SECRET!", TIMESTAMP: "SECRET"}),
        (compact(callback()), {SIGNATURE: "SECRET", TIMESTAMP: "SECRET"}),
    ]
    for raw, headers in cases:
        error: BaseException | None = rejected(verifier, raw, headers)
        while error is not None:
            assert "SECRET" not in f"{error} {error!r} {error.args}"
            error = error.__cause__ or error.__context__


def test_each_reason_is_documented_and_the_answer_is_one() -> None:
    assert {reason.value for reason in RejectionReason} == {
        "headers", "too_large", "malformed", "unknown_project", "signature", "fields", "ambiguous", "stale",
    }  # fmt: skip
    assert REFUSAL.status == 401
    assert REFUSAL.content_type == "application/json"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
HEADER_NAMES = st.sampled_from([SIGNATURE, TIMESTAMP, SIGNATURE.upper(), TIMESTAMP.encode()]) | st.text() | st.binary()
HEADER_VALUES = st.sampled_from(["AAAA", str(NOW), b"AAAA", [str(NOW)]]) | ANYTHING
HEADER_MAPS = (
    st.dictionaries(HEADER_NAMES, HEADER_VALUES)
    | st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES))
    | ANYTHING
    | st.just({SIGNATURE: "AAAA", TIMESTAMP: str(NOW)})
)
BODIES = st.binary() | ANYTHING.map(lambda value: repr(value).encode()) | ANYTHING


@pytest.mark.slow
@settings(max_examples=400)
@given(BODIES, HEADER_MAPS)
def test_the_verifier_is_total(verifier: CallbackVerifier, raw: Any, headers: Any) -> None:
    with pytest.raises(CallbackRejected):
        verifier.verify(raw, headers)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab;:"), inner, max_size=3),
    max_leaves=5,
)
SHAPES = st.fixed_dictionaries(
    {"project_id": st.just(PROJECT)},
    optional={
        name: JSON | st.dictionaries(st.sampled_from(["payment_id", "status", "amount", "params", "pan"]), JSON)
        for name in ("general", "status", "payment_info", "requisites", "redirect_data", "other")
    },
)


@pytest.mark.slow
@settings(max_examples=300)
@given(SHAPES)
def test_the_verifier_is_total_for_genuine_bodies(verifier: CallbackVerifier, sign: Sign, body: dict[str, Any]) -> None:
    raw = compact(body)
    try:
        headers = sign(raw)
    except ValueError:  # NaN and the like: no gateway can sign that
        return
    verdict: VerifiedCallback | CallbackRejected
    try:
        verdict = verifier.verify(raw, headers)
    except CallbackRejected as error:
        verdict = error
    assert isinstance(verdict, VerifiedCallback) or verdict.genuine


def test_a_normal_day(verifier: CallbackVerifier, sign: Sign) -> None:
    for text in ("x; y: z", "a; b; c", "Оплата: заказ №5; спасибо", "x;https://a.example", "None of these", "x;y"):
        body = callback(status={"status": "decline", "status_description": text})
        assert normalize(body)
        assert reason_of(verifier, sign, body) is None, text


@pytest.mark.parametrize("opening", [b"[", b"{"])
def test_a_body_of_very_many_containers_is_not_parsed(monkeypatch: pytest.MonkeyPatch, opening: bytes) -> None:
    most = Limits().containers
    # the package's own name for it is that of the function
    monkeypatch.setattr(importlib.import_module("highhelp_signing.normalize"), "_loads", lambda *_: {"parsed": True})
    assert parse(b'{"a":' + opening * (most - 1)).body == {"parsed": True}
    with pytest.raises(BodyNotSignable, match="deep"):
        parse(b'{"a":' + opening * most)
