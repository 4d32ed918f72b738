from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import itertools
import os
import pickle
import secrets
import string
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from highhelp_signing import HmacSigner, KeyFormatError, KeyRing, RsaSigner, Signer, signature_headers
from highhelp_signing.encoding import base64url_decode, base64url_encode
from tests.signing.conftest import HMAC_TEXT, private_pem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MESSAGE = b"eDp51706182847"


def test_rsa_double_signs_the_raw_digest(signer: RsaSigner, rsa_key: rsa.RSAPrivateKey) -> None:
    digest = hashlib.sha256(MESSAGE).digest()
    rsa_key.public_key().verify(signer.sign(MESSAGE), digest, padding.PKCS1v15(), hashes.SHA256())
    assert signer.sign(MESSAGE) == signer.sign(MESSAGE, "double")


def test_rsa_single_signs_the_message(signer: RsaSigner, rsa_key: rsa.RSAPrivateKey) -> None:
    rsa_key.public_key().verify(signer.sign(MESSAGE, "single"), MESSAGE, padding.PKCS1v15(), hashes.SHA256())


def test_an_unknown_digest_mode_signs_nothing(signer: RsaSigner) -> None:
    with pytest.raises(ValueError):
        signer.sign(MESSAGE, "triple")  # type: ignore[arg-type]  # that is the point


def test_hmac_is_sha512_whatever_the_digest_mode(hmac_signer: HmacSigner) -> None:
    expected = hmac.digest(HMAC_TEXT.encode(), MESSAGE, hashlib.sha512)
    assert hmac_signer.sign(MESSAGE) == hmac_signer.sign(MESSAGE, "single") == expected


def test_both_satisfy_the_protocol(signer: RsaSigner, hmac_signer: HmacSigner) -> None:
    assert isinstance(signer, Signer)
    assert isinstance(hmac_signer, Signer)
    assert (signer.algorithm, hmac_signer.algorithm) == ("rsa", "hmac")
    assert hmac_signer.public_key_der is None


def test_threads_share_a_signer(signer: RsaSigner) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(signer.sign, [MESSAGE] * 64))) == 1


def sources(pem: bytes, folder: Path) -> list[Any]:
    file = folder / "private_key.pem"
    file.write_bytes(pem)
    text = pem.decode()
    indented = textwrap.indent(text, "    ")
    one_line = text.replace("\n", "\\n")
    return [pem, text, f"\n  {text}\n", indented, one_line, text.replace("\n", "\r\n"), file, str(file)]


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_pem_is_read_from_text_bytes_and_paths(
    rsa_key: rsa.RSAPrivateKey, signer: RsaSigner, tmp_path: Path, form: serialization.PrivateFormat
) -> None:
    pem = rsa_key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    for source in sources(pem, tmp_path):
        assert RsaSigner.from_pem(source).sign(MESSAGE) == signer.sign(MESSAGE)


def test_an_encrypted_key_needs_its_password(rsa_key: rsa.RSAPrivateKey, signer: RsaSigner) -> None:
    pem = private_pem(rsa_key, b"correct horse")
    assert RsaSigner.from_pem(pem, password="correct horse").sign(MESSAGE) == signer.sign(MESSAGE)
    with pytest.raises(KeyFormatError, match=r"^PEM text: the private key is encrypted and no password was given$"):
        RsaSigner.from_pem(pem)
    with pytest.raises(KeyFormatError, match="password is wrong"):
        RsaSigner.from_pem(pem, password="wrong horse")
    with pytest.raises(KeyFormatError, match=r"^PEM text: not encrypted$"):
        RsaSigner.from_pem(private_pem(rsa_key), password="needless")


def small_rsa() -> bytes:
    return private_pem(rsa.generate_private_key(65537, 1024))


def elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (small_rsa, "2048"),
        (elliptic, "another kind"),
        (lambda: b"-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n", "cannot be read"),
        (lambda: b"-----BEGIN PRIVATE KEY-----\nSECRET", "cannot be read"),
        (lambda: b"SECRET", "expected an RSA private key"),
        (lambda: b"\xffSECRET", "not a text file"),
        (lambda: b"", "expected an RSA private key"),
        (lambda: b"x" * (2 << 20), "too large"),
    ],
)
def test_an_unusable_private_key_is_named_by_its_file(make: Callable[[], bytes], said: str, tmp_path: Path) -> None:
    file = tmp_path / "private_key.pem"
    file.write_bytes(make())
    with pytest.raises(KeyFormatError, match=said) as caught:
        RsaSigner.from_pem(file)
    assert str(file) in str(caught.value)
    assert "SECRET" not in f"{caught.value}{caught.value!r}"


def test_a_public_key_in_place_of_a_private_one_is_told(public_key: bytes) -> None:
    with pytest.raises(KeyFormatError, match="a public key was given"):
        RsaSigner.from_pem(public_key)


def test_what_is_no_private_key_is_told_the_form_alone() -> None:
    form = "PEM text: expected an RSA private key in PEM form (PKCS#8 or PKCS#1)"
    for other in ("CERTIFICATE", "PUBLIC KEY"):
        with pytest.raises(KeyFormatError) as caught:
            RsaSigner.from_pem(f"-----BEGIN {other}-----\nAAAA\n-----END {other}-----")
        assert str(caught.value) == form + (", a public key was given" if other == "PUBLIC KEY" else "")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for source in (tmp_path / "absent", str(tmp_path / "absent.pem"), tmp_path):
        with pytest.raises(KeyFormatError) as caught:
            RsaSigner.from_pem(source)
        assert str(source) in str(caught.value)


@pytest.mark.parametrize("source", ["MIIEvQIBADSECRET/ab+c", b"SECRET", "SECRET\x00.pem", "SECRET" * 900, 5, None])
def test_text_that_is_neither_pem_nor_a_file_is_not_shown(source: Any) -> None:
    with pytest.raises(KeyFormatError) as caught:
        RsaSigner.from_pem(source)
    assert "SECRET" not in f"{caught.value}{caught.value!r}"


def test_a_damaged_key_is_found_when_it_is_loaded(rsa_key: rsa.RSAPrivateKey) -> None:
    der = bytearray(
        rsa_key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    der[-1] ^= 1  # in the last of its numbers
    pem = b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(bytes(der)) + b"-----END PRIVATE KEY-----\n"
    with pytest.raises(KeyFormatError):
        RsaSigner.from_pem(pem)


def test_white_space_around_an_hmac_key_is_not_part_of_it(tmp_path: Path, hmac_signer: HmacSigner) -> None:
    file = tmp_path / "hmac_private_key.txt"
    for content in (HMAC_TEXT, f"{HMAC_TEXT}\r\n", f"\ufeff \t{HMAC_TEXT}\n\n"):
        file.write_text(content, "utf-8", newline="")
        assert HmacSigner.from_file(file).sign(MESSAGE) == hmac_signer.sign(MESSAGE)
        assert HmacSigner.from_file(str(file)).sign(MESSAGE) == hmac_signer.sign(MESSAGE)
    assert HmacSigner(f" {HMAC_TEXT}\n").sign(MESSAGE) == hmac_signer.sign(MESSAGE)


@pytest.mark.parametrize("key", ["", " \n", "SECRET-OF-THE-TEST\ud800", None, b"SECRET"])
def test_an_unusable_hmac_key_is_refused_unseen(key: Any) -> None:
    for make in (HmacSigner, KeyRing.from_hmac):
        with pytest.raises(KeyFormatError) as caught:
            make(key)
        said = ("expected the HMAC key as text", "the HMAC key is empty", "the HMAC key has no UTF-8 form")
        assert caught.value.source == "HMAC key"
        assert caught.value.problem in said
        assert "SECRET" not in f"{caught.value}{caught.value!r}"
    assert caught.value.__context__ is None


def test_an_empty_hmac_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "hmac_private_key.txt"
    file.write_text(" \n", "utf-8")
    with pytest.raises(KeyFormatError) as caught:
        HmacSigner.from_file(file)
    assert caught.value.source == str(file)
    with pytest.raises(KeyFormatError, match="absent"):
        HmacSigner.from_file(tmp_path / "absent.txt")


def test_an_hmac_signer_may_know_the_public_key(signer: RsaSigner, public_key: bytes, tmp_path: Path) -> None:
    assert HmacSigner(HMAC_TEXT, public_key).public_key_der == signer.public_key_der
    (tmp_path / "key.txt").write_text(HMAC_TEXT, "utf-8")
    assert HmacSigner.from_file(tmp_path / "key.txt", public_key).public_key_der == signer.public_key_der
    assert HmacSigner.from_file(tmp_path / "key.txt").public_key_der is None


def test_nothing_shows_or_copies_a_key(signer: RsaSigner, hmac_signer: HmacSigner, rsa_key: rsa.RSAPrivateKey) -> None:
    secret = rsa_key.private_numbers().d
    for held in (signer, hmac_signer):
        shown = f"{held} {held!r}"
        assert held.algorithm in shown
        assert HMAC_TEXT not in shown
        assert str(secret) not in shown
        assert f"{secret:x}" not in shown
        assert not hasattr(held, "__dict__")
        for write in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match=f"^{type(held).__name__} holds a key"):
                write(held)
    fingerprint = hashlib.sha256(signer.public_key_der).hexdigest()[:16]
    assert repr(signer) == f"<RsaSigner rsa:{fingerprint}>"
    assert repr(hmac_signer) == "<HmacSigner hmac>"


def test_key_errors_survive_pickle() -> None:
    error = pickle.loads(pickle.dumps(KeyFormatError("a.pem", "expected a key")))
    assert (error.source, error.problem, str(error)) == ("a.pem", "expected a key", "a.pem: expected a key")


@pytest.mark.parametrize("length", range(6))
def test_base64url_has_two_spellings_and_no_third(length: int) -> None:
    data = os.urandom(length) or b"\xff\xfe"
    bare, padded = base64url_encode(data), base64url_encode(data, padding=True)
    assert base64.urlsafe_b64decode(padded) == data
    assert base64url_decode(bare) == base64url_decode(padded) == data
    for other in (bare + "=====", bare + "\n", " " + bare, bare + "!", "=" + bare, ""):
        assert base64url_decode(other) is None


def test_base64url_has_the_alphabet_of_its_standard() -> None:
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    for place, letter in enumerate(alphabet):
        assert base64url_encode(bytes([0, 0, place])) == f"AAA{letter}"
        assert base64url_decode(f"AAA{letter}") == bytes([0, 0, place])


@pytest.mark.parametrize("text", ["_-9=", "__8==", "_-8", "ab=c", "+/8=", "A", "AAAAA", "жж", "AA\u00b2A", "AB"])
def test_base64url_refuses_what_a_lax_decoder_takes(text: str) -> None:
    strict = base64url_decode(text)
    assert strict is None or base64url_encode(strict) == text.rstrip("=")
    if text in ("+/8=", "A", "AAAAA", "ab=c", "__8==", "AB"):
        assert strict is None


@pytest.mark.parametrize("length", range(6))
def test_base64url_decodes_only_canonical_text(length: int) -> None:
    inside = frozenset(string.ascii_letters + string.digits + "-_")
    for text in map("".join, itertools.product("AQg-_+/=\n", repeat=length)):
        bare = text.rstrip("=")
        expected: bytes | None = None
        if bare and inside.issuperset(bare) and len(bare) % 4 != 1:
            data = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
            if text in (base64url_encode(data), base64url_encode(data, padding=True)):
                expected = data
        assert base64url_decode(text) == expected


@pytest.mark.parametrize("round_", range(3))
def test_headers_hold_no_secret(round_: int, rsa_key: rsa.RSAPrivateKey) -> None:
    text = secrets.token_urlsafe(32)
    headers = signature_headers(b"{}", project_id="p", signer=HmacSigner(text), timestamp=1)
    assert text not in str(headers)
