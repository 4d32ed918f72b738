"""Read headers, body and keys as far as possible. Nothing here raises."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp_api import contract
from highhelp_signing.diagnosis.encodings import read_signature
from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.errors import BodyNotSignable, SigningError
from highhelp_signing.headers import find_headers
from highhelp_signing.keys import HmacVerificationKey, KeyRing, RsaVerificationKey
from highhelp_signing.normalize import collect_entries, join_entries, parse_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from highhelp_signing.scheme import SignatureScheme

__all__ = ["KnownKey", "SentBody", "SentHeaders", "is_private", "known_keys", "token_key"]

_LOADERS: tuple[Callable[[bytes], object], ...] = (
    serialization.load_der_public_key,
    serialization.load_pem_public_key,
    partial(serialization.load_der_private_key, password=None),
    partial(serialization.load_pem_private_key, password=None),
)


class SentHeaders:
    """The signature's headers, and their formal mistakes."""

    def __init__(self, headers: object) -> None:
        self.findings: list[Finding] = []
        names = contract.HEADERS
        of_request = (names.token, names.merchant_id, names.algorithm)
        self._found = find_headers(headers, (names.signature, names.timestamp, *of_request))
        self.signature = self._only(names.signature)
        self.timestamp = self._only(names.timestamp)
        # a callback has only the first two
        self.of_request = any(self._found[name] for name in of_request)
        self.token = self._only(names.token, needed=self.of_request)
        self.merchant_id = self._only(names.merchant_id, needed=self.of_request)
        self.algorithm = self._only(names.algorithm, needed=False)

    def _only(self, wanted: str, *, needed: bool = True) -> str | None:
        values = self._found[wanted]
        if len(values) > 1:
            self.findings.append(Finding(Cause.HEADER_TWICE, f"{wanted} appears {len(values)} times"))
        value = values[0] if values else None
        if value is None and (values or needed):
            self.findings.append(Finding(Cause.HEADER_MISSING, f"{wanted} is missing, or not text"))
        # a lone surrogate has no bytes, so it was never sent
        return None if value is None else value.encode("utf-8", "replace").decode()


class SentBody:
    """The body, read as far as possible."""

    def __init__(self, raw: object, scheme: SignatureScheme) -> None:
        self.findings: list[Finding] = []
        self.raw = _bytes(raw)
        self.body: dict[str, object] = {}
        self.entries: list[str] = []
        self.normalized: str | None = None
        try:
            body = parse_body(self.raw)
            entries = collect_entries(body, scheme, bad_keys=[])
            self.normalized = join_entries(body, entries, scheme)
        except BodyNotSignable as error:
            self.findings.append(Finding(Cause.BODY, str(error)))
        else:
            self.body, self.entries = body, entries


def _bytes(raw: object) -> bytes:
    if isinstance(raw, bytes | bytearray | memoryview):
        return bytes(raw)
    return str(raw).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that may have signed.

    Attributes:
        key: the key.
        name: its display name if it should not have signed, else "".
        of_token: whether it came in the request's token.
    """

    key: RsaVerificationKey | HmacVerificationKey
    name: str = ""
    of_token: bool = False


def known_keys(keys: KeyRing, others: Mapping[str, KeyRing], token: str | None) -> list[KnownKey]:
    """List every key that may have signed, once each; those that should have come first, without a name.

    Args:
        keys: the ring that should have signed.
        others: further rings by name.
        token: the token of the request, which may carry another key.
    """
    known: dict[str, KnownKey] = {}
    for name, ring in [("", keys), *others.items()]:
        for key in ring:
            if isinstance(key, RsaVerificationKey | HmacVerificationKey):
                known.setdefault(key.key_id, KnownKey(key, name))
    public = token_key(token)
    if public is not None:
        name = "the key in the token, which is not one of the known keys"
        known.setdefault(public.key_id, KnownKey(public, name, of_token=True))
    return list(known.values())


def token_key(token: str | None) -> RsaVerificationKey | None:
    """Return the RSA public key in a token, in any form; None if there is none."""
    key = _read_key(token)
    if isinstance(key, rsa.RSAPublicKey):
        with suppress(SigningError):
            return RsaVerificationKey(key)
    return None


def is_private(token: str | None) -> bool:
    """Whether a token contains a private key."""
    return hasattr(_read_key(token), "private_bytes")


def _read_key(token: str | None) -> object:
    text = token or ""
    for data in (text.encode("utf-8", "replace"), *(reading.value for reading in read_signature(text))):
        for load in _LOADERS:
            with suppress(ValueError, TypeError, UnsupportedAlgorithm):
                return load(data)
    return None
