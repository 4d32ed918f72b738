from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
import tracemalloc
from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from highhelp_signing import (
    HmacSigner,
    Home,
    HomeExistsError,
    KeyFormatError,
    KeyRing,
    RsaSigner,
    SchemeError,
    SignatureScheme,
    generate_home,
)
from highhelp_signing.keyfiles import check_rsa, public_der, public_pem
from highhelp_signing.keys import HmacVerificationKey, RsaVerificationKey
from tests.signing.conftest import HMAC_TEXT, private_pem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MESSAGE = b"eDp51706182847"


@pytest.fixture(scope="module")
def other_public_key(other_rsa_key: rsa.RSAPrivateKey) -> bytes:
    return public_pem(public_der(other_rsa_key.public_key()))


def test_the_matching_key_is_named(
    ring: KeyRing, other_public_key: bytes, signer: RsaSigner, hmac_signer: HmacSigner
) -> None:
    full = KeyRing.from_pem(other_public_key) + ring + KeyRing.from_hmac("another-hmac-key", HMAC_TEXT)
    assert full.verify(MESSAGE, signer.sign(MESSAGE)) == ring.key_ids[0]
    assert full.verify(MESSAGE, hmac_signer.sign(MESSAGE)) == KeyRing.from_hmac(HMAC_TEXT).key_ids[0]
    assert full.verify(MESSAGE, hmac_signer.sign(MESSAGE)) == full.key_ids[3]
    assert KeyRing.from_pem(other_public_key).verify(MESSAGE, signer.sign(MESSAGE)) is None


def test_the_digest_mode_belongs_to_the_signature(ring: KeyRing, signer: RsaSigner) -> None:
    (key,) = ring
    assert key.matches(MESSAGE, signer.sign(MESSAGE))
    assert ring.verify(MESSAGE, signer.sign(MESSAGE, "double"))
    assert ring.verify(MESSAGE, signer.sign(MESSAGE, "single"), "single")
    assert ring.verify(MESSAGE, signer.sign(MESSAGE, "single"), "double") is None
    assert ring.verify(MESSAGE, signer.sign(MESSAGE), "single") is None


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 255, 256, 257, 5000])
def test_a_signature_of_any_length_gets_a_verdict(ring: KeyRing, length: int) -> None:
    both = ring + KeyRing.from_hmac(HMAC_TEXT)
    assert both.verify(MESSAGE, b"\x00" * length) is None
    assert both.verify(MESSAGE, b"\xff" * length) is None


def test_key_ids_are_the_documented_hashes(ring: KeyRing, signer: RsaSigner) -> None:
    assert ring.key_ids == ("rsa:" + hashlib.sha256(signer.public_key_der).hexdigest()[:16],)
    tag = hmac.new(HMAC_TEXT.encode(), b"highhelp key id", "sha256").hexdigest()[:8]
    assert KeyRing.from_hmac(HMAC_TEXT).key_ids == (f"hmac:{tag}",)


def test_sources_of_a_ring(tmp_path: Path, public_key: bytes, other_public_key: bytes, ring: KeyRing) -> None:
    (tmp_path / "new.pem").write_bytes(public_key)
    (tmp_path / "key.txt").write_text(f"{HMAC_TEXT}\n", "utf-8")
    assert KeyRing.from_pem(tmp_path / "new.pem").key_ids == ring.key_ids
    assert KeyRing.from_hmac_file(tmp_path / "key.txt").key_ids == KeyRing.from_hmac(HMAC_TEXT).key_ids
    both = KeyRing.from_pem(public_key + other_public_key)
    assert both.key_ids == KeyRing.from_pem(public_key, other_public_key).key_ids
    assert len(both) == 2
    assert len(both + ring) == 2, "a key counts once"


def test_a_ring_is_never_empty() -> None:
    makers: list[Callable[[], KeyRing]] = [KeyRing.from_pem, KeyRing.from_hmac, KeyRing.from_hmac_file]
    for make in [lambda: KeyRing([]), *makers]:
        with pytest.raises(KeyFormatError, match=r"^key ring: at least one key is needed$"):
            make()
    with pytest.raises(TypeError, match=r"KeyRing\.from_pem"):
        KeyRing([HMAC_TEXT])  # type: ignore[list-item]  # that is the point
    with pytest.raises(TypeError):
        KeyRing.from_hmac(HMAC_TEXT) + "x"  # type: ignore[operator]  # that is the point


def test_unusable_keys_are_refused(rsa_key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    small = public_pem(public_der(rsa.generate_private_key(65537, 1024).public_key()))
    with pytest.raises(KeyFormatError, match="2048"):
        KeyRing.from_pem(small)
    with pytest.raises(KeyFormatError, match="a private key was given"):
        KeyRing.from_pem(private_pem(rsa_key))
    with pytest.raises(KeyFormatError, match="cannot be read"):
        KeyRing.from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
    with pytest.raises(KeyFormatError, match="expected an RSA public key"):
        KeyRing.from_pem("-----BEGIN PUBLIC KEY-----")
    (tmp_path / "key.txt").write_bytes(b"\n")
    with pytest.raises(KeyFormatError, match=r"key\.txt"):
        KeyRing.from_hmac_file(tmp_path / "key.txt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "cannot be read"),
        (b"-----BEGIN PUBLIC KEY-----", "expected an RSA public key"),
        (b"no key", "expected an RSA public key"),
        (b"-----BEGIN PRIVATE KEY-----", "a private key was given"),
    ],
)
def test_an_unusable_public_key_is_named_by_its_file(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "public_key.pem"
    file.write_bytes(content)
    with pytest.raises(KeyFormatError, match=said) as caught:
        KeyRing.from_pem(file)
    assert caught.value.source == str(file)


def test_a_public_key_of_another_kind_or_size_is_told(tmp_path: Path) -> None:
    file = tmp_path / "public_key.pem"
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    file.write_bytes(elliptic.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyFormatError, match="a key of another kind was given") as caught:
        KeyRing.from_pem(file)
    assert caught.value.source == str(file)
    small = rsa.generate_private_key(65537, 1024).public_key()
    with pytest.raises(
        KeyFormatError, match=r"^RSA public key: RSA keys below 2048 bits are refused, this one has 1024$"
    ):
        RsaVerificationKey(small)
    with pytest.raises(KeyFormatError, match=r"^RSA private key: RSA keys below 2048 bits are refused"):
        RsaSigner(rsa.generate_private_key(65537, 1024))
    file.write_bytes(public_pem(public_der(small)))
    with pytest.raises(KeyFormatError, match="below 2048 bits") as caught:
        KeyRing.from_pem(file)
    assert caught.value.source == str(file)


@pytest.mark.parametrize("source", [5, None, "neither", b"neither"])
def test_what_is_no_source_of_a_public_key_is_told_the_form(source: Any) -> None:
    with pytest.raises(KeyFormatError, match=r"^key: expected an RSA public key in PEM form .* as text or as"):
        KeyRing.from_pem(source)


def test_a_key_file_has_a_largest_size(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_bytes(b"k" * (1 << 20))
    assert len(KeyRing.from_hmac_file(file)) == 1
    with file.open("r+b") as growing:
        growing.truncate(64 << 20)
    tracemalloc.start()
    with pytest.raises(KeyFormatError, match="too large for a key file"):
        KeyRing.from_hmac_file(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20, "what is too large is not read"
    with file.open("r+b") as growing:
        growing.truncate((1 << 20) + 1)
    with pytest.raises(KeyFormatError, match="too large for a key file"):
        KeyRing.from_hmac_file(file)


def test_why_a_file_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyFormatError, match=r"absent\.txt: cannot be read \(.+\)$"):
        KeyRing.from_hmac_file(tmp_path / "absent.txt")
    with pytest.raises(KeyFormatError, match=r"^HMAC key file: there is no such file"):
        KeyRing.from_hmac_file("a\0b")


def test_a_ring_shows_only_ids(ring: KeyRing) -> None:
    full = ring + KeyRing.from_hmac(HMAC_TEXT)
    assert repr(full) == f"<KeyRing {' '.join(full.key_ids)}>"
    assert HMAC_TEXT not in repr(full) + repr(list(full))


# Distinguishing the mistakes of a signature.


def test_made_recognises_the_keys_own_signatures(
    signer: RsaSigner, rsa_key: rsa.RSAPrivateKey, other_public_key: bytes
) -> None:
    key = RsaVerificationKey(rsa_key.public_key())
    assert key.made(signer.sign(MESSAGE, "single"))
    sha512 = rsa_key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA512())
    assert (key.made(sha512), key.recover_digest(sha512)) == (True, None)
    for foreign in (b"", b"\x01" * 256, RsaSigner.sign(signer, MESSAGE)[:-1]):
        assert not key.made(foreign)
    (other,) = KeyRing.from_pem(other_public_key)
    assert isinstance(other, RsaVerificationKey)
    assert not other.made(signer.sign(MESSAGE))


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_mac_may_read_the_key_with_its_line_break(algorithm: str) -> None:
    key, raw = HmacVerificationKey(HMAC_TEXT), HMAC_TEXT.encode()
    assert key.mac(MESSAGE, algorithm) == hmac.digest(raw, MESSAGE, algorithm)
    assert key.mac(MESSAGE, algorithm, line_break=True) == hmac.digest(raw + b"\n", MESSAGE, algorithm)


# The home directory.

FILES = {
    "project.json",
    "private_key.pem",
    "public_key.pem",
    "hmac_private_key.txt",
    "callback_public_key.pem",
    "hmac_callback_key.txt",
    "gateway/callback_private_key.pem",
}


def files_of(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def works(made: Home) -> bool:
    merchant = RsaSigner.from_pem(made.private_key)
    gateway = RsaSigner.from_pem(made.gateway_callback_private_key)
    shared = KeyRing.from_hmac_file(made.hmac_callback_key)
    return (
        KeyRing.from_pem(made.public_key).verify(MESSAGE, merchant.sign(MESSAGE)) is not None
        and KeyRing.from_pem(made.callback_public_key).verify(MESSAGE, gateway.sign(MESSAGE)) is not None
        and KeyRing.from_pem(made.callback_public_key).verify(MESSAGE, merchant.sign(MESSAGE)) is None
        and shared.verify(MESSAGE, HmacSigner.from_file(made.hmac_callback_key).sign(MESSAGE)) is not None
        and shared.verify(MESSAGE, HmacSigner.from_file(made.hmac_private_key).sign(MESSAGE)) is None
    )


@pytest.mark.parametrize("before", ["absent", "empty", "other files"])
def test_a_home_is_complete(tmp_path: Path, before: str) -> None:
    directory = tmp_path / "a" / "home"
    if before != "absent":
        directory.mkdir(parents=True)
    if before == "other files":
        (directory / "notes.txt").write_text("mine", "utf-8")
    made = generate_home(directory, base_url="http://127.0.0.1:8080")
    assert files_of(directory) - {"notes.txt"} == FILES
    assert json.loads(made.project.read_text("utf-8")) == {
        "project_id": made.project_id,
        "base_url": "http://127.0.0.1:8080",
    }
    assert works(made)
    assert [path.name for path in directory.parent.iterdir()] == ["home"], "nothing of the work is left"


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_private_files_are_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made = generate_home(tmp_path / "home", base_url="http://localhost")
    finally:
        os.umask(old)
    modes = {name: stat.S_IMODE((made.directory / name).stat().st_mode) for name in FILES}
    public = {"project.json", "public_key.pem", "callback_public_key.pem"}
    assert {name for name, mode in modes.items() if mode == 0o600} == FILES - public
    assert {modes[name] for name in public} == {0o644}
    for directory in (made.directory, made.directory / "gateway"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_project_and_scheme_are_written(tmp_path: Path) -> None:
    scheme = SignatureScheme(digest="single")
    made = generate_home(tmp_path / "home", base_url="https://gateway.example", project_id="shop", scheme=scheme)
    assert made.project_id == "shop"
    project = json.loads(made.project.read_text("utf-8"))
    assert SignatureScheme.from_json(project["scheme"]) == scheme
    with pytest.raises(SchemeError):
        generate_home(tmp_path / "other", base_url="https://gateway.example", project_id="a b")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    file = tmp_path / "home" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine", "utf-8")
    with pytest.raises(HomeExistsError) as caught:
        generate_home(tmp_path / "home", base_url="http://localhost")
    assert caught.value.path == str(file)
    assert file.read_text("utf-8") == "mine"
    assert files_of(tmp_path / "home") == {name}


def test_a_file_in_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("mine", "utf-8")
    with pytest.raises(HomeExistsError):
        generate_home(tmp_path / "home", base_url="http://localhost")


def pair_of(key: rsa.RSAPrivateKey) -> tuple[str, str]:
    return private_pem(key).decode(), public_pem(public_der(key.public_key())).decode()


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("fail_at", range(1, 8))
def test_an_error_leaves_no_half_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rsa_key: rsa.RSAPrivateKey, fail_at: int, others: bool
) -> None:
    directory = tmp_path / "home"
    if others:
        directory.mkdir()
        (directory / "notes.txt").write_text("mine", "utf-8")
    monkeypatch.setattr("highhelp_signing.home.generate_rsa_pair", lambda: pair_of(rsa_key))
    calls = 0
    real = os.fsync

    def failing(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == fail_at:
            raise OSError("the disk is full")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="disk is full"):
        generate_home(directory, base_url="http://localhost")
    assert files_of(tmp_path) == ({"home/notes.txt"} if others else set())
    generate_home(directory, base_url="http://localhost")
    assert files_of(directory) - {"notes.txt"} == FILES


def test_two_at_once_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rsa_key: rsa.RSAPrivateKey) -> None:
    directory = tmp_path / "home"
    monkeypatch.setattr("highhelp_signing.home.generate_rsa_pair", lambda: pair_of(rsa_key))
    real = os.fsync

    def slower(descriptor: int) -> None:
        real(descriptor)
        if not (directory / "project.json").exists():
            (directory / "project.json").write_text("of the faster one", "utf-8")

    monkeypatch.setattr(os, "fsync", slower)
    with pytest.raises(HomeExistsError):
        generate_home(directory, base_url="http://localhost")
    assert files_of(tmp_path) == {"home/project.json"}


@pytest.mark.parametrize(
    ("exponent", "refused"), [(1, True), (2, True), (4, True), (65536, True), (3, False), (65537, False)]
)
def test_an_exponent_is_ours_to_check(exponent: int, refused: bool) -> None:
    """Newer versions of cryptography do not even load such a key; the oldest supported one does."""
    key: Any = SimpleNamespace(key_size=2048, public_numbers=lambda: SimpleNamespace(e=exponent))
    with pytest.raises(KeyFormatError, match="exponent") if refused else nullcontext():
        check_rsa(key, "a key")
