"""Test candidate messages against a signature; report which signing mistake matches."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.keys import HmacVerificationKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_signing.diagnosis.encodings import Reading
    from highhelp_signing.diagnosis.inputs import KnownKey
    from highhelp_signing.scheme import Digest

__all__ = ["Match", "Matcher", "Recovered"]


@dataclass(frozen=True, slots=True)
class Match:
    """A message that explains a signature.

    Attributes:
        key: the key that made it.
        signature: the signature, as it was read.
        digest: the digest mode of RSA; None with HMAC.
        findings: the mistakes between message and signature.
    """

    key: KnownKey
    signature: Reading[bytes]
    digest: Digest | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Recovered:
    """An RSA signature of a known key.

    Attributes:
        key: the key that made it.
        signature: the signature, as it was read.
        digest: the SHA-256 digest in the signature; None if it contains another hash.
    """

    key: KnownKey
    signature: Reading[bytes]
    digest: bytes | None


class Matcher:
    """One signature and the keys that may have made it."""

    def __init__(self, keys: list[KnownKey], signatures: list[Reading[bytes]]) -> None:
        self.recovered: list[Recovered] = []
        self._signatures = {signature.value: signature for signature in reversed(signatures)}
        self._hmac_keys: list[tuple[KnownKey, HmacVerificationKey]] = []
        for known in keys:
            if isinstance(known.key, HmacVerificationKey):
                self._hmac_keys.append((known, known.key))
                continue
            for signature in signatures:
                if known.key.made(signature.value):
                    self.recovered.append(Recovered(known, signature, known.key.recover_digest(signature.value)))

    def match(self, message: bytes) -> Match | None:
        """Find the key that signed this message, and the mistakes made; None if none did."""
        for one in self.recovered:
            for mode, signed, findings in _rsa_inputs(message):
                if one.digest == hashlib.sha256(signed).digest():
                    return Match(one.key, one.signature, mode, findings)
        for known, key in self._hmac_keys:
            for value, findings in _hmac_values(key, message):
                if value in self._signatures:
                    return Match(known, self._signatures[value], None, findings)
        return None


def _rsa_inputs(message: bytes) -> list[tuple[Digest, bytes, tuple[Finding, ...]]]:
    digest = hashlib.sha256(message)
    as_text = Finding(Cause.DIGEST, "the SHA-256 of the message was signed as text, not as its 32 bytes")
    return [
        ("double", digest.digest(), ()),
        ("single", message, ()),
        ("double", digest.hexdigest().encode(), (as_text,)),
    ]


def _hmac_values(key: HmacVerificationKey, message: bytes) -> Iterator[tuple[bytes, tuple[Finding, ...]]]:
    yield key.mac(message), ()
    misread = Finding(Cause.HMAC_KEY_TEXT, "the HMAC key was used with the line break at the end of its file")
    yield key.mac(message, line_break=True), (misread,)
    yield key.mac(message, "sha256"), (Finding(Cause.DIGEST, "HMAC with SHA-256, not with SHA-512"),)
    hashed = Finding(Cause.DIGEST, "the HMAC was computed over the message's SHA-256, not over the message")
    yield key.mac(hashlib.sha256(message).digest()), (hashed,)
