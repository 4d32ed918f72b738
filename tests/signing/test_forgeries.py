"""Forged signatures, in the manner of Wycheproof, with fresh keys.

Each is built by hand from the private key or from nothing, and refused by the key ring, by the verifier of callbacks
and by the gateway. If some verifiers are known to have accepted a kind, a faulty one here accepts it:
so the forgery is real, and not merely broken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, x25519

from highhelp_mock import MockGateway, Request
from highhelp_mock.simulation.projects import make_keys
from highhelp_signing import (
    CallbackRejected,
    CallbackVerifier,
    HmacSigner,
    KeyFormatError,
    KeyRing,
    RejectionReason,
    RsaSigner,
    normalize,
)
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.keyfiles import public_der, public_pem
from highhelp_signing.keys import RsaVerificationKey
from highhelp_signing.normalize import message_of
from tests.signing.conftest import HMAC_TEXT, NOW, PROJECT, callback, compact, private_pem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_mock.simulation.projects import Project

SIZE = 256
"""Bytes of the keys here."""
OIDS = {"md5": "2a864886f70d0205", "sha1": "2b0e03021a", "sha256": "608648016503040201", "sha384": "608648016503040202",
        "sha512": "608648016503040203"}  # fmt: skip


@dataclass(frozen=True)
class Forger:
    """Sign with the private key what no library would sign."""

    key: rsa.RSAPrivateKey
    data: bytes

    @property
    def n(self) -> int:
        return self.key.public_key().public_numbers().n

    def raw(self, block: bytes) -> bytes:
        assert len(block) == SIZE
        assert int.from_bytes(block) < self.n
        return pow(int.from_bytes(block), self.key.private_numbers().d, self.n).to_bytes(SIZE)

    def right(self) -> bytes:
        return self.raw(padded(info(self.data)))

    def number(self) -> int:
        return int.from_bytes(self.right())


def tlv(tag: int, *content: bytes, long: bool = False) -> bytes:
    """DER, or BER with a length that is longer than it need be."""
    inner = b"".join(content)
    if len(inner) >= 128 or long:
        return bytes([tag, 0x81, len(inner)]) + inner
    return bytes([tag, len(inner)]) + inner


NULL = b"\x05\x00"


def info(
    data: bytes, name: str = "sha256", *, digest: bytes | None = None, null: bytes = NULL, long: str = ""
) -> bytes:
    """The DigestInfo of PKCS#1: which hash, and its value."""
    oid = tlv(0x06, bytes.fromhex(OIDS[name]), long="oid" in long)
    value = tlv(0x04, hashlib.new(name, data).digest() if digest is None else digest, long="value" in long)
    return tlv(0x30, tlv(0x30, oid, null, long="algorithm" in long), value, long="all" in long)


def padded(
    content: bytes, *, start: bytes = b"\0\1", fill: bytes = b"\xff", end: bytes = b"\0", after: bytes = b""
) -> bytes:
    room = SIZE - len(start) - len(end) - len(content) - len(after)
    return start + fill * room + end + content + after


def pss(forger: Forger, salt: int, mask: hashes.HashAlgorithm | None = None) -> bytes:
    form = padding.PSS(padding.MGF1(mask or hashes.SHA256()), salt)
    return forger.key.sign(forger.data, form, hashes.SHA256())


Forgery: TypeAlias = Callable[[Forger], bytes]
BLOCKS: dict[str, Forgery] = {
    # the hash
    "sha-1": lambda f: f.raw(padded(info(f.data, "sha1"))),
    "sha-384": lambda f: f.raw(padded(info(f.data, "sha384"))),
    "sha-512": lambda f: f.raw(padded(info(f.data, "sha512"))),
    "md5": lambda f: f.raw(padded(info(f.data, "md5"))),
    "name of sha-512, value of sha-256": lambda f: f.raw(
        padded(info(f.data, "sha512", digest=hashlib.sha256(f.data).digest()))
    ),
    "name of sha-256, value of sha-512": lambda f: f.raw(padded(info(f.data, digest=hashlib.sha512(f.data).digest()))),
    "name of sha-256, value of sha-1": lambda f: f.raw(padded(info(f.data, digest=hashlib.sha1(f.data).digest()))),
    "value cut": lambda f: f.raw(padded(info(f.data, digest=hashlib.sha256(f.data).digest()[:31]))),
    "no value": lambda f: f.raw(padded(info(f.data, digest=b""))),
    "hash of nothing": lambda f: f.raw(padded(info(b""))),
    "hash of the hash": lambda f: f.raw(padded(info(hashlib.sha256(f.data).digest()))),
    # its name
    "no name": lambda f: f.raw(padded(hashlib.sha256(f.data).digest())),
    "no null": lambda f: f.raw(padded(info(f.data, null=b""))),
    "null as text": lambda f: f.raw(padded(info(f.data, null=b"\x04\x00"))),
    "null of one byte": lambda f: f.raw(padded(info(f.data, null=b"\x05\x01\x00"))),
    "null with garbage": lambda f: f.raw(padded(info(f.data, null=NULL + tlv(0x04, b"x" * 8)))),
    "two nulls": lambda f: f.raw(padded(info(f.data, null=NULL * 2))),
    "long length of all": lambda f: f.raw(padded(info(f.data, long="all"))),
    "long length of the algorithm": lambda f: f.raw(padded(info(f.data, long="algorithm"))),
    "long length of the name": lambda f: f.raw(padded(info(f.data, long="oid"))),
    "long length of the value": lambda f: f.raw(padded(info(f.data, long="value"))),
    "indefinite length": lambda f: f.raw(padded(b"\x30\x80" + info(f.data)[2:] + b"\0\0")),
    "length too long": lambda f: f.raw(padded(b"\x30\x32" + info(f.data)[2:])),
    "length too short": lambda f: f.raw(padded(b"\x30\x30" + info(f.data)[2:])),
    "a set": lambda f: f.raw(padded(b"\x31" + info(f.data)[1:])),
    # the padding
    "garbage after": lambda f: f.raw(padded(info(f.data), after=b"x" * 16)),
    "one zero after": lambda f: f.raw(padded(info(f.data), after=b"\0")),
    "garbage within": lambda f: f.raw(padded(tlv(0x30, info(f.data)[2:], tlv(0x04, b"x" * 8)))),
    "garbage before": lambda f: f.raw(padded(b"x" * 8 + info(f.data))),
    "second form after the first": lambda f: f.raw(padded(info(b"another") + info(f.data))),
    "no fill": lambda f: f.raw(b"\0\1\0" + info(f.data) + b"x" * (SIZE - 3 - len(info(f.data)))),
    "eight bytes of fill": lambda f: f.raw(
        b"\0\1" + b"\xff" * 8 + b"\0" + info(f.data) + bytes(SIZE - 11 - len(info(f.data)))
    ),
    "fill of zeros": lambda f: f.raw(padded(info(f.data), fill=b"\0")),
    "fill with a hole": lambda f: f.raw(padded(info(f.data), start=b"\0\1\xff\xff\0")),
    "fill with another byte": lambda f: f.raw(padded(info(f.data), start=b"\0\1\xff\xfe")),
    "no end of fill": lambda f: f.raw(padded(info(f.data), end=b"")),
    "end of fill is one": lambda f: f.raw(padded(info(f.data), end=b"\1")),
    "block of type 0": lambda f: f.raw(padded(info(f.data), start=b"\0\0")),
    "block of type 2": lambda f: f.raw(padded(info(f.data), start=b"\0\2")),
    "begins with one": lambda f: f.raw(padded(info(f.data), start=b"\1\1")),
    "no padding": lambda f: f.raw(info(f.data).rjust(SIZE, b"\0")),
    "hash alone": lambda f: f.raw(hashlib.sha256(f.data).digest().rjust(SIZE, b"\0")),
    "the text alone": lambda f: f.raw(f.data[:200].rjust(SIZE, b"\0")),
    # RSA-PSS
    "pss": lambda f: pss(f, 32),
    "pss without salt": lambda f: pss(f, 0),
    "pss with the longest salt": lambda f: pss(f, SIZE - 34),
    "pss with a mask of sha-1": lambda f: pss(f, 32, hashes.SHA1()),
}
NUMBERS: dict[str, Forgery] = {
    "empty": lambda f: b"",
    "one byte": lambda f: b"\0",
    "zero": lambda f: bytes(SIZE),
    "one": lambda f: (1).to_bytes(SIZE),
    "two": lambda f: (2).to_bytes(SIZE),
    "n - 1": lambda f: (f.n - 1).to_bytes(SIZE),
    "n": lambda f: f.n.to_bytes(SIZE),
    "n + 1": lambda f: (f.n + 1).to_bytes(SIZE),
    "all ones": lambda f: b"\xff" * SIZE,
    "n - s": lambda f: (f.n - f.number()).to_bytes(SIZE),
    "s + n": lambda f: (f.number() + f.n).to_bytes(SIZE + 1),
    "s + 256 n": lambda f: (f.number() + 256 * f.n).to_bytes(SIZE + 2),
    "s * s": lambda f: (f.number() ** 2 % f.n).to_bytes(SIZE),
    "1 / s": lambda f: pow(f.number(), -1, f.n).to_bytes(SIZE),
    "zero before": lambda f: b"\0" + f.right(),
    "many zeros before": lambda f: bytes(64) + f.right(),
    "zero after": lambda f: f.right() + b"\0",
    "first byte missing": lambda f: f.right()[1:],
    "last byte missing": lambda f: f.right()[:-1],
    "half": lambda f: f.right()[: SIZE // 2],
    "twice": lambda f: f.right() * 2,
    "backwards": lambda f: f.right()[::-1],
    "in hex": lambda f: f.right().hex().encode(),
    "in base64": lambda f: base64.b64encode(f.right()),
    "as a DER integer": lambda f: b"\x02\x82\x01\x01\0" + f.right(),
    "one bit": lambda f: bytes([f.right()[0]]) + bytes([f.right()[1] ^ 4]) + f.right()[2:],
    "the hash": lambda f: hashlib.sha256(f.data).digest(),
    "the text": lambda f: f.data,
    "mac with the public key": lambda f: hmac.digest(public_pem(public_der(f.key.public_key())), f.data, "sha512"),
    "mac with its DER": lambda f: hmac.digest(public_der(f.key.public_key()), f.data, "sha512"),
    "mac with its modulus": lambda f: hmac.digest(f.n.to_bytes(SIZE), f.data, "sha256"),
    "mac with no key": lambda f: hmac.digest(b"", f.data, "sha512"),
}
FORGERIES = BLOCKS | NUMBERS


@pytest.fixture(scope="module")
def gateway() -> MockGateway:
    return MockGateway(keys=make_keys(), project_id=PROJECT, clock=lambda: NOW)


def at_the_ring(key: rsa.RSAPrivateKey, made: Forgery) -> bool:
    message = b"eDp51706182847"
    ring = KeyRing([RsaVerificationKey(key.public_key())])
    forger = Forger(key, hashlib.sha256(message).digest())
    once = ring.verify(message, made(replace(forger, data=message)), "single")
    twice = ring.verify(message, made(forger))
    assert (once is None) == (twice is None)
    return twice is not None


def at_the_verifier(key: rsa.RSAPrivateKey, made: Forgery) -> bool:
    verifier = CallbackVerifier({PROJECT: KeyRing([RsaVerificationKey(key.public_key())])}, clock=lambda: NOW)
    message = message_of(normalize(callback()), str(NOW))
    signature = made(Forger(key, hashlib.sha256(message).digest()))
    headers = {"x-access-signature": base64url_encode(signature), "x-access-timestamp": str(NOW)}
    try:
        return verifier.verify(compact(callback()), headers).payment_id == "order-1"
    except CallbackRejected as error:
        expected = RejectionReason.SIGNATURE if signature else RejectionReason.HEADERS
        if error.reason is not expected or error.genuine:
            raise
        return False


def at_the_gateway(gateway: MockGateway, made: Forgery) -> bool:
    key = serialization.load_pem_private_key(gateway.project.keys.private_key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    body = {"general": {"project_id": PROJECT}}
    message = message_of(normalize(body), str(NOW))
    signature = base64url_encode(made(Forger(key, hashlib.sha256(message).digest())))
    answer = ask(gateway.project, gateway, signature)
    assert answer in (200, 401)
    return answer == 200


def ask(project: Project, gateway: MockGateway, signature: str, **more: str) -> int:
    headers = {
        "content-type": "application/json",
        "x-access-merchant-id": project.project_id,
        "x-access-token": base64url_encode(project.signer.public_key_der),
        "x-access-timestamp": str(NOW),
        "x-access-signature": signature,
    }
    raw = json.dumps({"general": {"project_id": project.project_id}}).encode()
    return gateway.handle(Request("POST", "/api/v1/balance/info", headers | more, raw)).status


def test_what_the_forger_signs_rightly_is_accepted(rsa_key: rsa.RSAPrivateKey, gateway: MockGateway) -> None:
    """A valid signature is accepted, so that the refusals below are meaningful."""
    assert Forger(rsa_key, b"x").right() == rsa_key.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
    assert at_the_ring(rsa_key, Forger.right)
    assert at_the_verifier(rsa_key, Forger.right)
    assert at_the_gateway(gateway, Forger.right)


@pytest.mark.slow
@pytest.mark.parametrize("made", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_rsa_signature_is_refused_everywhere(
    rsa_key: rsa.RSAPrivateKey, gateway: MockGateway, made: Forgery
) -> None:
    assert not at_the_ring(rsa_key, made)
    assert not at_the_verifier(rsa_key, made)
    assert not at_the_gateway(gateway, made)


# Without the private key: cube roots, where the public exponent is 3.


@pytest.fixture(scope="module")
def cubic_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(3, 2048)


def cube_root(number: int) -> int:
    """The largest integer whose cube is not larger."""
    low, high = 0, 1 << (number.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low


def bleichenbacher(forger: Forger) -> bytes:
    """A number whose cube begins with a block of eight bytes of fill and the right hash; the rest is what comes."""
    block = b"\0\1" + b"\xff" * 8 + b"\0" + info(forger.data)
    return cube_root(int.from_bytes(block + b"\xff" * (SIZE - len(block)))).to_bytes(SIZE)


def hidden_in_the_null(forger: Forger) -> bytes:
    """The same, with the garbage declared as the parameters of the hash's name; only the beginning can be chosen."""
    block = (
        b"\0\1"
        + b"\xff" * 8
        + b"\0"
        + b"\x30\x81\xf3\x30\x81\xce\x06\x09"
        + bytes.fromhex(OIDS["sha256"])
        + b"\x05\x81\xc0"
    )
    return cube_root(int.from_bytes(block + b"\xff" * (SIZE - len(block)))).to_bytes(SIZE)


def small_cube(forger: Forger) -> bytes:
    """A number whose cube is smaller than the modulus, so that its content is visible."""
    return cube_root(int.from_bytes(hashlib.sha256(forger.data).digest())).to_bytes(SIZE)


@pytest.mark.parametrize("made", [bleichenbacher, hidden_in_the_null, small_cube])
def test_no_cube_root_is_a_signature(cubic_key: rsa.RSAPrivateKey, made: Forgery) -> None:
    assert at_the_ring(cubic_key, Forger.right)
    assert not at_the_ring(cubic_key, made)
    assert not at_the_verifier(cubic_key, made)


# Historical faulty verifiers: each accepts what its name says.


def opened(signature: bytes, key: rsa.RSAPrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return pow(int.from_bytes(signature), numbers.e, numbers.n).to_bytes(SIZE)


def ignores_what_follows(signature: bytes, key: rsa.RSAPrivateKey, data: bytes) -> bool:
    block = opened(signature, key)
    content = block[2:].lstrip(b"\xff")
    return block[:2] == b"\0\1" and content[:1] == b"\0" and content[1:].startswith(info(data))


def looks_at_the_end(signature: bytes, key: rsa.RSAPrivateKey, data: bytes) -> bool:
    return opened(signature, key).endswith(hashlib.sha256(data).digest())


def takes_any_name(signature: bytes, key: rsa.RSAPrivateKey, data: bytes) -> bool:
    block = opened(signature, key)
    content = block[2:].lstrip(b"\xff")[1:]
    return any(content.endswith(hashlib.new(name, data).digest()) for name in OIDS)


def takes_any_number(signature: bytes, key: rsa.RSAPrivateKey, data: bytes) -> bool:
    return opened(signature, key) == padded(info(data))


def takes_pss_too(signature: bytes, key: rsa.RSAPrivateKey, data: bytes) -> bool:
    form = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    try:
        key.public_key().verify(signature, data, form, hashes.SHA256())
    except InvalidSignature:
        return False
    return True


CARELESS: dict[str, tuple[Callable[[bytes, rsa.RSAPrivateKey, bytes], bool], list[str]]] = {
    "ignores what follows": (
        ignores_what_follows, ["garbage after", "one zero after", "no fill", "eight bytes of fill"],
    ),
    "looks at the end": (
        looks_at_the_end,
        ["no null", "null as text", "two nulls", "no name", "garbage before", "second form after the first",
         "fill with a hole", "fill with another byte", "block of type 0", "block of type 2", "no padding", "hash alone",
         "long length of all", "long length of the value", "name of sha-512, value of sha-256", "begins with one"],
    ),
    "takes any name": (takes_any_name, ["sha-1", "md5", "sha-384", "sha-512", "name of sha-256, value of sha-1"]),
    "takes any number": (takes_any_number, ["s + n", "s + 256 n", "zero before", "many zeros before"]),
    "takes RSA-PSS too": (takes_pss_too, ["pss", "pss without salt", "pss with the longest salt"]),
}  # fmt: skip
VICTIMS = [(verifier, name) for verifier, names in CARELESS.values() for name in names]


@pytest.mark.parametrize(("careless", "name"), VICTIMS, ids=[name for _, name in VICTIMS])
def test_a_careless_verifier_accepts_it(
    rsa_key: rsa.RSAPrivateKey, careless: Callable[[bytes, rsa.RSAPrivateKey, bytes], bool], name: str
) -> None:
    forger = Forger(rsa_key, b"data")
    assert careless(FORGERIES[name](forger), rsa_key, b"data")
    assert not careless(FORGERIES[name](forger), rsa_key, b"other data")


def test_careless_verifiers_accept_cube_roots(cubic_key: rsa.RSAPrivateKey) -> None:
    made = bleichenbacher(Forger(cubic_key, b"data"))
    assert ignores_what_follows(made, cubic_key, b"data")
    assert not ignores_what_follows(made, cubic_key, b"other data")


def test_a_careless_ring_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch, rsa_key: rsa.RSAPrivateKey, cubic_key: rsa.RSAPrivateKey
) -> None:
    for key, made in ((rsa_key, BLOCKS["garbage after"]), (cubic_key, bleichenbacher)):
        with monkeypatch.context() as patch:
            patch.setattr(
                RsaVerificationKey,
                "matches",
                lambda self, message, signature, digest="double", key=key: ignores_what_follows(
                    signature, key, hashlib.sha256(message).digest() if digest == "double" else message
                ),
            )
            # the bytes after the name of the hash, and anything that follows
            name = info(b"")[:-32]
            patch.setattr(
                RsaVerificationKey,
                "recover_digest",
                lambda _, signature, key=key, name=name: opened(signature, key).partition(name)[2][:32],
            )
            assert at_the_ring(key, made)
            assert at_the_verifier(key, made)


# HMAC.


def macs(message: bytes) -> Iterator[tuple[str, bytes]]:
    key = HMAC_TEXT.encode()
    right = hmac.digest(key, message, "sha512")
    for length in (0, 1, 16, 20, 32, 48, 63):
        yield f"first {length} bytes", right[:length]
    yield "last 32 bytes", right[32:]
    yield "longer", right + b"\0"
    yield "zero before", b"\0" + right
    yield "zeros", bytes(64)
    yield "twice", right * 2
    yield "hex", right.hex().encode()
    yield "base64 of base64", base64url_encode(right).encode()
    for name in ("md5", "sha1", "sha256", "sha384", "sha3_512", "blake2b"):
        yield name, hmac.digest(key, message, name)
    yield "hash of key and text", hashlib.sha512(key + message).digest()
    yield "hash of text", hashlib.sha512(message).digest()
    for name, other in {"line break": key + b"\n", "capitals": key.upper(), "cut": key[:-1], "none": b"",
                        "hashed": hashlib.sha512(key).digest()}.items():  # fmt: skip
        yield f"key: {name}", hmac.digest(other, message, "sha512")
    yield "of the digest", hmac.digest(key, hashlib.sha256(message).digest(), "sha512")
    yield "flipped bit", bytes([right[0] ^ 1]) + right[1:]


def test_a_forged_mac_is_refused_by_ring_verifier_and_gateway() -> None:
    ring = KeyRing.from_hmac(HMAC_TEXT)
    gateway = MockGateway(keys=replace(make_keys(), hmac_key=HMAC_TEXT), project_id=PROJECT, clock=lambda: NOW)
    balance = message_of(normalize({"general": {"project_id": PROJECT}}), str(NOW))
    message = message_of(normalize(callback()), str(NOW))
    verifier = CallbackVerifier({PROJECT: ring}, clock=lambda: NOW)
    named = {"x-access-merchant-algorithm": "hmac-sha512"}
    right = HmacSigner(HMAC_TEXT).sign
    assert ask(gateway.project, gateway, base64url_encode(right(balance)), **named) == 200
    assert ask(gateway.project, gateway, base64url_encode(right(balance))) == 401, "RSA is expected where none is named"
    for (name, forged), (_, asked) in zip(macs(message), macs(balance), strict=True):
        assert ring.verify(message, forged) is None, name
        headers = {"x-access-signature": base64url_encode(forged), "x-access-timestamp": str(NOW)}
        with pytest.raises(CallbackRejected) as caught:
            verifier.verify(compact(callback()), headers)
        assert not caught.value.genuine, name
        assert ask(gateway.project, gateway, base64url_encode(asked), **named) == 401, name


def test_a_mac_has_two_spellings() -> None:
    message = message_of(normalize(callback()), str(NOW))
    # one whose text needs both letters of the alphabet that differ, so that each change is one
    keys = (f"key-of-the-test-{number}" for number in range(10_000))
    texts = ((key, base64url_encode(HmacSigner(key).sign(message))) for key in keys)
    key, text = next((key, text) for key, text in texts if "-" in text and "_" in text)
    verifier = CallbackVerifier({PROJECT: KeyRing.from_hmac(key)}, clock=lambda: NOW)

    def accepted(spelt: str) -> bool:
        try:
            verifier.verify(compact(callback()), {"x-access-signature": spelt, "x-access-timestamp": str(NOW)})
        except CallbackRejected:
            return False
        return True

    assert accepted(text)
    assert accepted(text + "==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    loose = [text[:-1] + letters[letters.index(text[-1]) ^ bits] for bits in range(1, 16)]
    others = [
        *loose, text + "=", text + "===", text + "A", text[:-1], text.upper(), text.lower(), text.swapcase(),
        text.replace("-", "+"), text.replace("_", "/"), text.replace("-", "+").replace("_", "/") + "==",
        f"{text} ", f" {text}", f"{text}\n", f"{text}\r\n", f"{text}\0", text[:40] + "\n" + text[40:], f'"{text}"',
        text.replace("-", "%2D"), text + "==" + text, "=" + text, HmacSigner(key).sign(message).hex(), f"hmac {text}",
        text.replace("-", "\u2010"), text + "\u200b",
    ]  # fmt: skip
    assert [spelt for spelt in others if accepted(spelt)] == []


# Keys.


def other_keys() -> dict[str, Any]:
    return {
        "elliptic": ec.generate_private_key(ec.SECP256R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
        "Ed448": ed448.Ed448PrivateKey.generate(),
        "X25519": x25519.X25519PrivateKey.generate(),
        "short": rsa.generate_private_key(65537, 1024),
        "a bit short": rsa.generate_private_key(65537, 2047),
    }


@pytest.mark.parametrize(("name", "key"), other_keys().items())
def test_keys_of_another_kind_are_refused_when_loaded(name: str, key: Any) -> None:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    expected = "2048" if "short" in name else "another kind"
    with pytest.raises(KeyFormatError, match=expected):
        RsaSigner.from_pem(private_pem(key))
    with pytest.raises(KeyFormatError, match=expected):
        KeyRing.from_pem(public)
    with pytest.raises(KeyFormatError, match=expected):
        HmacSigner(HMAC_TEXT, public)


def public_form(n: int, e: int) -> bytes:
    """A public key as PEM, of any numbers."""

    def integer(value: int) -> bytes:
        raw = value.to_bytes(value.bit_length() // 8 + 1)
        return b"\x02" + length(raw) + raw

    def length(raw: bytes) -> bytes:
        size = len(raw)
        return bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2)

    def sequence(tag: int, raw: bytes) -> bytes:
        return bytes([tag]) + length(raw) + raw

    name = tlv(0x30, tlv(0x06, bytes.fromhex("2a864886f70d010101")), NULL)
    numbers = sequence(0x30, integer(n) + integer(e))
    text = base64.encodebytes(sequence(0x30, name + sequence(0x03, b"\0" + numbers))).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n".encode()


def test_strange_exponents(rsa_key: rsa.RSAPrivateKey) -> None:
    n = rsa_key.public_key().public_numbers().n
    assert (
        KeyRing.from_pem(public_form(n, 65537)).key_ids == KeyRing([RsaVerificationKey(rsa_key.public_key())]).key_ids
    )
    for exponent in (0, 1, 2, 4, 65536):  # with 1, every block is its own signature
        with pytest.raises(KeyFormatError, match=r"cannot be read|exponent"):  # of the library, or ours
            KeyRing.from_pem(public_form(n, exponent))
    block = padded(info(hashlib.sha256(b"m").digest()))
    for exponent in (3, 17, 2**32 + 1, 2**64 + 1, n - 2):
        assert KeyRing.from_pem(public_form(n, exponent)).verify(b"m", block) is None
    with pytest.raises(KeyFormatError):
        KeyRing.from_pem(public_form(n >> 1024 | 1, 65537))
