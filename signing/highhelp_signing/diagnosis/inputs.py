"""Read headers, body and keys as far as they can be read. Nothing here raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp_api import contract
from highhelp_signing.diagnosis.encodings import read_signature
from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.errors import BodyFault, BodyNotSignable, SigningError
from highhelp_signing.headers import find_headers
from highhelp_signing.keys import HmacVerificationKey, KeyRing, RsaVerificationKey
from highhelp_signing.normalize import DEFAULT_LIMITS, Parsed, collect_entries, join_entries, parse

if TYPE_CHECKING:
    from highhelp_signing.scheme import SignatureScheme

__all__ = ["KnownKey", "SentBody", "SentHeaders", "is_private", "known_keys", "token_key"]


class SentHeaders:
    """The signature's headers, and what is wrong with them as headers."""

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
            self.findings.append(Finding(Cause.HEADER_TWICE, f"{wanted} is there {len(values)} times"))
        if values and values[0] is None:
            self.findings.append(Finding(Cause.HEADER_MISSING, f"{wanted} is not text"))
        elif not values and needed:
            self.findings.append(Finding(Cause.HEADER_MISSING, f"{wanted} is missing"))
        # a lone surrogate has no bytes, and so was never sent
        return values[0].encode("utf-8", "replace").decode() if values and values[0] is not None else None


class SentBody:
    """The body, read as far as it can be."""

    def __init__(self, raw: object, scheme: SignatureScheme) -> None:
        self.findings: list[Finding] = []
        self.raw = _bytes(raw)
        self.body: dict[str, object] = {}
        self.entries: list[str] = []
        self.normalized: str | None = None
        data = self.raw
        if len(data) > DEFAULT_LIMITS.raw:
            self._note(f"the body is larger than {DEFAULT_LIMITS.raw} bytes")
            self.raw = b""
            return
        if data.startswith(b"\xef\xbb\xbf"):
            self._note("the body begins with a byte order mark")
            data = data[3:]
        parsed = self._parse(data)
        if parsed is None:
            return
        if parsed.duplicate is not None:
            self._note(f"an object of the body names a key twice (at {ascii(parsed.duplicate)[1:-1][:200]})")
        try:
            entries = collect_entries(parsed.body, scheme, bad_keys=[])
            self.normalized = join_entries(parsed.body, entries, scheme)
        except BodyNotSignable as error:
            self._note(str(error))
            return
        self.body, self.entries = parsed.body, entries

    def _parse(self, data: bytes) -> Parsed | None:
        try:
            return parse(data)
        except BodyNotSignable as error:
            self._note(_encoding_problem(data) if error.reason is BodyFault.ENCODING else str(error))
            return None

    def _note(self, problem: str) -> None:
        self.findings.append(Finding(Cause.BODY, problem))


def _bytes(raw: object) -> bytes:
    if isinstance(raw, str):
        return raw.encode("utf-8", "surrogatepass")
    try:
        return memoryview(raw).tobytes()  # type: ignore[arg-type] # what is no buffer raises
    except Exception:  # noqa: BLE001 - whatever a foreign object raises: there are no bytes
        return b""


def _encoding_problem(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4]:
        return "the body is in UTF-16 or UTF-32, it must be in UTF-8"
    return "the body is not in UTF-8; it may be in windows-1251 or another 8-bit encoding"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that may have signed.

    Attributes:
        key: the key.
        name: what it is called where it is not one of those that should have signed, else "".
        of_token: whether it came with the request.
    """

    key: RsaVerificationKey | HmacVerificationKey
    name: str = ""
    of_token: bool = False


def known_keys(keys: object, others: object, token: str | None) -> list[KnownKey]:
    """List every key that may have signed, once each; those that should have are first and have no name.

    Args:
        keys: the ring that should have signed.
        others: further rings by name.
        token: the token of the request, which may carry another key.
    """
    rings: list[tuple[str, object]] = [("", keys)]
    if isinstance(others, Mapping):
        rings += [(str(name), ring) for name, ring in others.items()]
    known: dict[str, KnownKey] = {}
    for name, ring in rings:
        for key in ring if isinstance(ring, KeyRing) else ():
            if isinstance(key, RsaVerificationKey | HmacVerificationKey):
                known.setdefault(key.key_id, KnownKey(key, name))
    public = token_key(token)
    if public is not None:
        known.setdefault(public.key_id, KnownKey(public, "the key in the token", of_token=True))
    return list(known.values())


def _token_bytes(token: str | None) -> list[bytes]:
    """The ways to read a token, which is public."""
    if not token:
        return []
    return [token.encode("utf-8", "replace"), *(reading.value for reading in read_signature(token))]


def token_key(token: str | None) -> RsaVerificationKey | None:
    """The RSA public key that a token carries, in whatever form; None where it carries none."""
    for data in _token_bytes(token):
        for load in (serialization.load_der_public_key, serialization.load_pem_public_key):
            try:
                key = load(data)
            except (ValueError, UnsupportedAlgorithm):
                continue
            if isinstance(key, rsa.RSAPublicKey):
                try:
                    return RsaVerificationKey(key)
                except SigningError:
                    continue
    return None


def is_private(token: str | None) -> bool:
    """Whether a token carries a private key."""
    for data in _token_bytes(token):
        if b"PRIVATE KEY-----" in data:
            return True
        try:
            serialization.load_der_private_key(data, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        return True
    return False
