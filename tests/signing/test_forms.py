"""A verifier without a scheme accepts each form of a signature, and suggests pinning the proved form."""

from __future__ import annotations

import itertools
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_signing import (
    CallbackRejected,
    CallbackVerifier,
    KeyRing,
    RejectionReason,
    SignatureScheme,
    normalize,
)
from highhelp_signing.forms import DIGESTS, FORMS, NULL_TEXTS, PADDINGS
from highhelp_signing.keys import RsaVerificationKey
from tests.signing.conftest import HMAC_TEXT, NOW, PROJECT, Sign, callback, compact

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from highhelp_signing import HmacSigner, RsaSigner, Signer

HMAC_FORMS = [form for form in FORMS if form.digest == "double"]


def final(length: int = 0, **changes: Any) -> dict[str, Any]:
    """A final callback as the documentation shows it; `length` changes its remainder by three."""
    return callback(status={"status": "success", "sub_status": None, "status_description": "x" * length}, **changes)


def shows(length: int, form: SignatureScheme) -> bool:
    """Whether the padding of this form shows at this length."""
    return bool(len(normalize(final(length), form).encode()) % 3)


def padded_length(form: SignatureScheme) -> int:
    return next(length for length in range(1, 4) if shows(length, form))


@pytest.fixture
def fresh(ring: KeyRing) -> CallbackVerifier:
    both = ring + KeyRing.from_hmac(HMAC_TEXT)
    return CallbackVerifier({PROJECT: both}, clock=lambda: NOW)


def test_there_are_twelve_forms_and_the_first_is_the_default() -> None:
    assert len(FORMS) == len(set(FORMS)) == 12
    assert FORMS[0] == SignatureScheme()
    assert {(form.null_text, form.padding, form.digest) for form in FORMS} == set(
        itertools.product(NULL_TEXTS, PADDINGS, DIGESTS)
    )


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_each_rsa_form_is_accepted_and_named(fresh: CallbackVerifier, sign: Sign, form: SignatureScheme) -> None:
    raw = compact(final(padded_length(form)))
    event = fresh.verify(raw, sign(raw, scheme=form))
    assert (event.scheme, event.sub_status, event.amount) == (form, None, 10000)


@pytest.mark.parametrize("form", HMAC_FORMS, ids=str)
def test_each_hmac_form_is_accepted_and_named(
    fresh: CallbackVerifier, sign: Sign, hmac_signer: HmacSigner, form: SignatureScheme
) -> None:
    raw = compact(final(padded_length(form)))
    event = fresh.verify(raw, sign(raw, by=hmac_signer, scheme=form))
    assert (event.scheme, event.key_id[:5]) == (form, "hmac:")


def test_a_point_that_does_not_show_has_its_default(fresh: CallbackVerifier, sign: Sign) -> None:
    form = SignatureScheme(null_text="", padding=True)
    schemes = []
    for length in range(3):
        raw = compact(callback(status={"status": "success"}, n="x" * length))
        schemes.append(fresh.verify(raw, sign(raw, scheme=form)).scheme)
    assert {scheme.null_text for scheme in schemes} == {"None"}, "the body holds no null"
    assert sorted(scheme.padding for scheme in schemes) == [False, True, True], "one length needs no padding"


def test_the_form_found_before_excludes_no_other(fresh: CallbackVerifier, sign: Sign, hmac_signer: HmacSigner) -> None:
    signers: list[Signer | None] = [None, hmac_signer]
    for one, other, by in itertools.product(FORMS[::2], FORMS[::2], signers):
        for form in (one, other):
            raw = compact(final(padded_length(form)))
            headers = sign(raw, scheme=form) if by is None else sign(raw, scheme=form, by=by)
            assert fresh.verify(raw, headers).scheme == form


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_another_s_signature_is_refused_in_each_form(
    fresh: CallbackVerifier, sign: Sign, form: SignatureScheme
) -> None:
    raw, other = compact(final()), compact(final(payment_info={"amount": 1}))
    for headers in (sign(other, scheme=form), sign(raw, scheme=replace(form, joiner="&"))):
        with pytest.raises(CallbackRejected) as caught:
            fresh.verify(raw, headers)
        assert caught.value.reason is RejectionReason.SIGNATURE


class OnlyMatches:
    """A custom key, such as an HSM or KMS."""

    key_id = "custom"

    def __init__(self, key: RsaVerificationKey) -> None:
        self._key = key

    def matches(self, message: bytes, signature: bytes, digest: Any = "double") -> bool:
        return self._key.matches(message, signature, digest)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_custom_key_is_asked_for_each_form(rsa_key: rsa.RSAPrivateKey, sign: Sign, form: SignatureScheme) -> None:
    key = OnlyMatches(RsaVerificationKey(rsa_key.public_key()))
    verifier = CallbackVerifier({PROJECT: KeyRing([key])}, clock=lambda: NOW)
    raw = compact(final(padded_length(form)))
    event = verifier.verify(raw, sign(raw, scheme=form))
    assert (event.scheme, event.key_id) == (form, "custom")


def test_a_forged_signature_is_refused_before_normalising(
    monkeypatch: pytest.MonkeyPatch, ring: KeyRing, sign: Sign
) -> None:
    verifier = CallbackVerifier({PROJECT: ring}, clock=lambda: NOW)
    raw = compact(final())
    headers = sign(raw)

    def refuse(*_: object, **__: object) -> None:
        raise LookupError("normalised")

    monkeypatch.setattr("highhelp_signing.forms.split_entries", refuse)
    name = next(name for name in headers if "signature" in name)
    with pytest.raises(CallbackRejected) as caught:
        verifier.verify(raw, headers | {name: "A" * 342})
    assert caught.value.reason is RejectionReason.SIGNATURE
    with pytest.raises(LookupError, match="normalised"):
        verifier.verify(raw, headers)


def test_a_large_body_is_read_with_null_as_none_alone(fresh: CallbackVerifier, ring: KeyRing, sign: Sign) -> None:
    raw = compact(final(unknown=["x" * 100] * 1500))
    for padding, digest in itertools.product(PADDINGS, DIGESTS):
        assert fresh.verify(raw, sign(raw, scheme=SignatureScheme(padding=padding, digest=digest))).amount == 10000
    with pytest.raises(CallbackRejected) as caught:
        fresh.verify(raw, sign(raw, scheme=SignatureScheme(null_text="")))
    assert caught.value.reason is RejectionReason.SIGNATURE
    pinned = CallbackVerifier({PROJECT: ring}, SignatureScheme(null_text=""), clock=lambda: NOW)
    assert pinned.verify(raw, sign(raw, scheme=SignatureScheme(null_text=""))).amount == 10000


# Logging.


def proposals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [found[1] for line in caplog.messages if (found := re.search(r"HIGHHELP_SIGNATURE_SCHEME=(\S+)", line))]


PROVABLE = [form for form in FORMS if form.null_text is not None]


@pytest.mark.parametrize("form", PROVABLE, ids=str)
@pytest.mark.parametrize("hmac", [False, True])
def test_the_log_proposes_what_is_proved_once(
    fresh: CallbackVerifier,
    sign: Sign,
    hmac_signer: HmacSigner,
    signer: RsaSigner,
    caplog: pytest.LogCaptureFixture,
    form: SignatureScheme,
    hmac: bool,
) -> None:
    caplog.set_level(logging.INFO, "highhelp.signing")
    by: Signer = hmac_signer if hmac else signer
    raw = compact(final(padded_length(form)))
    for _ in range(2):
        fresh.verify(raw, sign(raw, scheme=form, by=by))
    (proposal,) = proposals(caplog)
    pinned = SignatureScheme.from_json(proposal)
    assert pinned == (replace(form, digest="double") if hmac else form)
    assert ("digest" in proposal) is not hmac


@pytest.mark.parametrize("form", PROVABLE, ids=str)
def test_a_custom_key_proves_no_double_digest(
    rsa_key: rsa.RSAPrivateKey, sign: Sign, caplog: pytest.LogCaptureFixture, form: SignatureScheme
) -> None:
    """It may be an HMAC; then the setting leaves the digest at its default, as found."""
    caplog.set_level(logging.INFO, "highhelp.signing")
    key = OnlyMatches(RsaVerificationKey(rsa_key.public_key()))
    raw = compact(final(padded_length(form)))
    CallbackVerifier({PROJECT: KeyRing([key])}, clock=lambda: NOW).verify(raw, sign(raw, scheme=form))
    (proposal,) = proposals(caplog)
    assert ("digest" in proposal) == (form.digest == "single")
    assert SignatureScheme.from_json(proposal) == form


@pytest.mark.parametrize(
    "body",
    [
        callback(status={"status": "success", "status_description": None}),
        callback(status={"status": "success", "sub_status": "x"}, unknown=None),
        callback(status={"status": "success", "sub_status": ""}),
        callback(status={"status": "success", "sub_status": "None"}),
        callback(status={"status": "success"}),
    ],
)
def test_the_log_proposes_nothing_that_is_not_proved(
    fresh: CallbackVerifier, sign: Sign, caplog: pytest.LogCaptureFixture, body: dict[str, Any]
) -> None:
    """Only a null in `sub_status` counts: elsewhere an echoed text may have become null."""
    caplog.set_level(logging.INFO, "highhelp.signing")
    for form, length in itertools.product(FORMS[:4], range(3)):
        raw = compact(body | {"n": "x" * length})
        fresh.verify(raw, sign(raw, scheme=form))
    assert proposals(caplog) == []


def test_a_null_that_leaves_no_trace_proves_nothing(
    fresh: CallbackVerifier, sign: Sign, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "highhelp.signing")
    genuine = callback(status={"status": "success"})
    for length in range(3):
        body = genuine | {"n": "x" * length}
        changed = body | {"status": {"status": "success", "sub_status": None}}
        event = fresh.verify(compact(changed), sign(compact(body)))
        assert event.scheme.null_text is None
    assert proposals(caplog) == []


def test_padding_is_proved_only_where_it_shows(
    fresh: CallbackVerifier, sign: Sign, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "highhelp.signing")
    hidden = next(n for n in range(1, 4) if not shows(n, SignatureScheme()))
    raw = compact(final(hidden))
    fresh.verify(raw, sign(raw))
    assert proposals(caplog) == []
    raw = compact(final(padded_length(SignatureScheme())))
    fresh.verify(raw, sign(raw))
    assert proposals(caplog) == ['{"digest":"double","null_text":"None","padding":false}']


def test_two_forms_at_once_end_the_proposals(
    fresh: CallbackVerifier, sign: Sign, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "highhelp.signing")
    hidden = next(n for n in range(1, 4) if not shows(n, SignatureScheme()))
    for form in (SignatureScheme(), SignatureScheme(digest="single")):
        raw = compact(final(hidden))
        fresh.verify(raw, sign(raw, scheme=form))
    raw = compact(final(padded_length(SignatureScheme())))
    fresh.verify(raw, sign(raw))
    assert proposals(caplog) == []
    assert [line for line in caplog.messages if "more than one signature form" in line]


def test_a_pinned_or_refused_callback_logs_nothing(ring: KeyRing, sign: Sign, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "highhelp.signing")
    raw = compact(final(padded_length(SignatureScheme())))
    CallbackVerifier({PROJECT: ring}, SignatureScheme(), clock=lambda: NOW).verify(raw, sign(raw))
    with pytest.raises(CallbackRejected):
        CallbackVerifier({PROJECT: ring}, clock=lambda: NOW + 1000).verify(raw, sign(raw))
    assert caplog.messages == []
