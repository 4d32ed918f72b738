"""Test candidate messages against a signature; report which signing mistake matches."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.keys import HmacVerificationKey, RsaVerificationKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from highhelp_signing.diagnosis.encodings import SignatureReading
    from highhelp_signing.diagnosis.inputs import KnownKey
    from highhelp_signing.scheme import Digest

__all__ = ["SHORT", "Match", "Matcher", "Recovered", "check_hash"]

_DIGEST_INFO: Mapping[str, bytes] = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
}
_NAMES = {"sha256": "SHA-256", "sha512": "SHA-512", "sha1": "SHA-1"}
SHORT = 16384
"""Bytes of a message up to which rarer mistakes are tried too, so that no input costs much."""


@dataclass(frozen=True, slots=True)
class Match:
    """How a message explains a signature.

    Attributes:
        key: the key that made it.
        signature: how the signature was read.
        digest: the digest mode of RSA; None with HMAC, which has none.
        findings: the mistakes between message and signature.
    """

    key: KnownKey
    signature: SignatureReading
    digest: Digest | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovered:
    """The hash that an RSA signature holds.

    Attributes:
        key: the key that made it.
        signature: how the signature was read.
        name: of the hash, "" where it is none of those that are known.
        digest: its bytes.
    """

    key: KnownKey
    signature: SignatureReading
    name: str
    digest: bytes


class Matcher:
    """One signature and the keys that may have made it."""

    def __init__(self, keys: list[KnownKey], signatures: list[SignatureReading]) -> None:
        self.recovered: list[Recovered] = []
        self._signatures = signatures
        self._macs: list[tuple[KnownKey, list[tuple[str, Callable[[bytes, str], bytes]]]]] = []
        for known in keys:
            if isinstance(known.key, HmacVerificationKey):
                self._macs.append((known, known.key.misread_variants()))
            else:
                self._recover(known, known.key)

    def _recover(self, known: KnownKey, key: RsaVerificationKey) -> None:
        for signature in self._signatures:
            signed = key.signed_with_pkcs1(signature.value)
            if signed is not None:
                name = next((name for name, head in _DIGEST_INFO.items() if signed.startswith(head)), "")
                self.recovered.append(Recovered(known, signature, name, signed[len(_DIGEST_INFO.get(name, b"")) :]))

    def match(self, message: bytes, *, thorough: bool = False) -> Match | None:
        """Whether this message was signed; `thorough` tries misread keys and other hashes of an HMAC too."""
        for one in self.recovered:
            if one.name:
                for mode, signed, findings in _rsa_inputs(message):
                    if one.digest == hashlib.new(one.name, signed, usedforsecurity=False).digest():
                        return Match(one.key, one.signature, mode, (*check_hash(one.name), *findings))
        return self._match_hmac(message, thorough=thorough and len(message) <= SHORT)

    def _match_hmac(self, message: bytes, *, thorough: bool) -> Match | None:
        signatures = {signature.value: signature for signature in reversed(self._signatures)}
        for key, variants in self._macs:
            for misreading, mac in variants if thorough else variants[:1]:
                for signed, name, findings in _hmac_inputs(message) if thorough else _hmac_inputs(message)[:1]:
                    signature = signatures.get(mac(signed, name))
                    if signature is not None:
                        misread = Finding(Cause.HMAC_KEY_TEXT, f"the HMAC key was used {misreading}")
                        return Match(key, signature, None, (*findings, misread) if misreading else findings)
        return None


def _rsa_inputs(message: bytes) -> list[tuple[Digest, bytes, tuple[Finding, ...]]]:
    digest = hashlib.sha256(message)
    as_text = Finding(Cause.DIGEST, "the SHA-256 of the message was signed as text, not as its 32 bytes")
    return [
        ("double", digest.digest(), ()),
        ("single", message, ()),
        ("double", digest.hexdigest().encode(), (as_text,)),
    ]


def _hmac_inputs(message: bytes) -> list[tuple[bytes, str, tuple[Finding, ...]]]:
    digest = hashlib.sha256(message)
    hashed = Finding(Cause.DIGEST, "the HMAC was made of the message's SHA-256, it must be made of the message")
    other = Finding(Cause.DIGEST, "HMAC with SHA-256, not with SHA-512")
    return [
        (message, "sha512", ()),
        (message, "sha256", (other,)),
        (digest.digest(), "sha512", (hashed,)),
        (digest.hexdigest().encode(), "sha512", (hashed,)),
    ]


def check_hash(name: str) -> tuple[Finding, ...]:
    """The finding about an RSA signature that names this hash; none where it is SHA-256."""
    if name == "sha256":
        return ()
    return (Finding(Cause.DIGEST, f"RSA with {_NAMES.get(name, 'an unknown hash')}, not with SHA-256"),)
