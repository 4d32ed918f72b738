"""Tells whether a message is the one that was signed, and what was done wrongly between message and signature."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from highhelp_signing.diagnosis.encodings import Spelling
from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.keyfiles import public_pem
from highhelp_signing.keys import HmacVerificationKey, RsaVerificationKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from highhelp_signing.diagnosis.inputs import KnownKey


__all__ = ["SHORT", "Match", "Oracle", "other_hash"]

_DIGEST_INFO: Mapping[str, bytes] = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "md5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
}
_NAMES = {"sha256": "SHA-256", "sha512": "SHA-512", "sha384": "SHA-384", "sha1": "SHA-1", "md5": "MD5"}
SHORT = 16384
"""Bytes of a message up to which rarer mistakes are tried too, so that no input costs much."""


@dataclass(frozen=True, slots=True)
class Match:
    """How a message explains a signature."""

    key: KnownKey
    spelling: Spelling
    digest: str  # "double", "single", or "" where that says nothing
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovered:
    """What an RSA signature says: the hash of what its key signed."""

    key: KnownKey
    spelling: Spelling
    name: str
    digest: bytes


class Oracle:
    """Tells whether a message is the one that was signed."""

    def __init__(self, keys: list[KnownKey], spellings: list[Spelling]) -> None:
        self.recovered = list(_recover(keys, spellings))
        self._spellings = spellings
        self._rsa = [key for key in keys if isinstance(key.key, RsaVerificationKey)]
        self._macs = [(key, key.key.misspelt()) for key in keys if isinstance(key.key, HmacVerificationKey)]

    def matches(self, message: bytes, *, thorough: bool = False) -> Match | None:
        """Whether this message was signed; `thorough` tries also misread keys and other hashes of an HMAC."""
        for known in self.recovered:
            for digest, signed, finding in _rsa_forms(message):
                if known.digest == _hash(known.name, signed) or (not known.name and known.digest in _bare(signed)):
                    return Match(known.key, known.spelling, digest, (*other_hash(known.name), *finding))
        return self._by_hmac(message, thorough=thorough)

    def _by_hmac(self, message: bytes, *, thorough: bool) -> Match | None:
        thorough = thorough and len(message) <= SHORT
        for key, ways in self._macs:
            for name, mac in ways if thorough else ways[:1]:
                misread = (Finding(Cause.HMAC_KEY_TEXT, f"the HMAC key was used {name}"),) if name else ()
                for spelling, findings in self._hmac_forms(mac, message, thorough=thorough):
                    return Match(key, spelling, "", (*findings, *misread))
        return None

    def _hmac_forms(
        self, mac: Callable[[bytes, str], bytes], message: bytes, *, thorough: bool
    ) -> Iterator[tuple[Spelling, tuple[Finding, ...]]]:
        sizes = {len(spelling.value) for spelling in self._spellings}
        for name in ("sha512", "sha256", "sha1", "sha384", "md5") if thorough else ("sha512", "sha256"):
            if hashlib.new(name, usedforsecurity=False).digest_size not in sizes:
                continue
            other = () if name == "sha512" else (Finding(Cause.DIGEST, f"HMAC with {_NAMES[name]}, not with SHA-512"),)
            forms = _hmac_messages(message) if thorough else [(message, "")]
            for signed, detail in forms:
                value = mac(signed, name)
                spelling = next((spelling for spelling in self._spellings if spelling.value == value), None)
                if spelling is not None:
                    yield spelling, (*other, *((Finding(Cause.DIGEST, detail),) if detail else ()))

    def by_pss(self, messages: Iterable[bytes]) -> Match | None:
        """Whether one of the messages was signed with RSA-PSS."""
        for message in messages:
            for key in self._rsa:
                for spelling in self._spellings:
                    for digest, signed, _ in _rsa_forms(message)[:2]:
                        if isinstance(key.key, RsaVerificationKey) and key.key.signed_with_pss(signed, spelling.value):
                            finding = Finding(Cause.PSS, "the signature is RSA-PSS, it must be PKCS#1 v1.5")
                            return Match(key, spelling, digest, (finding,))
        return None

    def by_public_key(self, message: bytes, token: str | None) -> Match | None:
        """Whether a public key was taken as the key of an HMAC."""
        for key in self._rsa:
            if not isinstance(key.key, RsaVerificationKey):
                continue
            der = key.key.public_der
            texts = [public_pem(der).decode(), base64url_encode(der), token or ""]
            for secret in filter(str.strip, texts):
                for _, mac in HmacVerificationKey(secret).misspelt():
                    for spelling, findings in self._hmac_forms(mac, message, thorough=False):
                        detail = "the HMAC's key is a public key; it must be the project's HMAC key"
                        return Match(key, spelling, "", (Finding(Cause.PUBLIC_KEY_AS_SECRET, detail), *findings))
        return None


def _recover(keys: list[KnownKey], spellings: list[Spelling]) -> Iterator[Recovered]:
    for known in keys:
        if not isinstance(known.key, RsaVerificationKey):
            continue
        for spelling in spellings:
            for value, cause, detail in _sized(spelling, known.key.size):
                signed = known.key.signed_with_pkcs1(value)
                if signed is None:
                    continue
                name = next((name for name, head in _DIGEST_INFO.items() if signed.startswith(head)), "")
                digest = signed[len(_DIGEST_INFO[name]) :] if name else signed
                yield Recovered(
                    known, Spelling(value, spelling.cause or cause, spelling.detail or detail), name, digest
                )


def _sized(spelling: Spelling, size: int) -> Iterator[Spelling]:
    if len(spelling.value) == size:
        yield spelling
    elif size < len(spelling.value) <= size + 32 and spelling.value[0] in (0x02, 0x03, 0x04, 0x30):
        yield Spelling(
            spelling.value[-size:], "der", "the signature stands in a DER structure; only its bytes belong there"
        )


def _rsa_forms(message: bytes) -> list[tuple[str, bytes, tuple[Finding, ...]]]:
    digest = hashlib.sha256(message)
    as_text = Finding(Cause.DIGEST, "the SHA-256 of the message was signed as text, not as its 32 bytes")
    return [
        ("double", digest.digest(), ()),
        ("single", message, ()),
        ("double", digest.hexdigest().encode(), (as_text,)),
        ("double", base64url_encode(digest.digest()).encode(), (as_text,)),
        ("double", base64url_encode(digest.digest(), padding=True).encode(), (as_text,)),
    ]


def _hmac_messages(message: bytes) -> list[tuple[bytes, str]]:
    digest = hashlib.sha256(message)
    hashed = "the HMAC was made of the message's SHA-256, it must be made of the message"
    return [(message, ""), (digest.digest(), hashed), (digest.hexdigest().encode(), hashed)]


def _hash(name: str, data: bytes) -> bytes | None:
    return hashlib.new(name, data, usedforsecurity=False).digest() if name else None


def _bare(data: bytes) -> tuple[bytes, bytes]:
    return data, hashlib.sha256(data).digest()


def other_hash(name: str) -> tuple[Finding, ...]:
    """What is wrong with a signature that names this hash; nothing where it is SHA-256."""
    if name == "sha256":
        return ()
    detail = f"RSA with {_NAMES[name]}, not with SHA-256" if name else "RSA without naming the hash (no DigestInfo)"
    return (Finding(Cause.DIGEST, detail),)
