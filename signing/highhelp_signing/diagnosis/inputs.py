"""What came with a signature, and who may have made it, read as far as it can be. Nothing here raises."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp_api import contract
from highhelp_signing.diagnosis.encodings import signature_spellings
from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.errors import BodyFault, BodyNotSignable, SigningError
from highhelp_signing.keys import HmacVerificationKey, KeyRing, RsaVerificationKey
from highhelp_signing.normalize import DEFAULT_LIMITS, Parsed, collect_entries, join_entries, parse

if TYPE_CHECKING:
    from highhelp_signing.scheme import SignatureScheme

__all__ = ["KeysAtHand", "KnownKey", "SentBody", "SentHeaders", "is_private", "token_key"]


class SentHeaders:
    """The signature's headers, and what is wrong with them as headers."""

    def __init__(self, headers: object) -> None:
        self.findings: list[Finding] = []
        self._pairs = list(_pairs(headers))
        names = contract.HEADERS
        self.signature = self._one(names.signature, needed=True)
        self.timestamp = self._one(names.timestamp, needed=True)
        self.token = self._one(names.token)
        self.merchant_id = self._one(names.merchant_id)
        self.algorithm = self._one(names.algorithm)
        # a callback has only the first two
        self.of_request = not (self.token is self.merchant_id is self.algorithm is None)
        if self.of_request:
            for name, value in ((names.token, self.token), (names.merchant_id, self.merchant_id)):
                if value is None:
                    self.findings.append(Finding(Cause.HEADER_MISSING, f"{name} is missing"))

    def _one(self, wanted: str, *, needed: bool = False) -> str | None:
        values = [value for name, value in self._pairs if name == wanted]
        if len(values) > 1:
            self.findings.append(Finding(Cause.HEADER_TWICE, f"{wanted} is there {len(values)} times"))
        if not values:
            known = {wanted, *_ALL_HEADERS}
            alike = {name.replace("_", "-").replace(" ", ""): value for name, value in self._pairs if name not in known}
            close = difflib.get_close_matches(wanted, alike, 1, cutoff=0.8)
            if close:
                self.findings.append(Finding(Cause.HEADER_MISSPELT, f"{wanted} is misspelt"))
                values = [alike[close[0]]]
            elif needed:
                self.findings.append(Finding(Cause.HEADER_MISSING, f"{wanted} is missing"))
        if values and values[0] is None:
            self.findings.append(Finding(Cause.HEADER_NOT_TEXT, f"{wanted} is not text"))
        return values[0] if values else None


_ALL_HEADERS = frozenset(
    {
        contract.HEADERS.signature,
        contract.HEADERS.timestamp,
        contract.HEADERS.token,
        contract.HEADERS.merchant_id,
        contract.HEADERS.algorithm,
    }
)
_MOST_HEADERS = 1000
_LONGEST_VALUE = 1 << 16


def _pairs(headers: object) -> Iterator[tuple[str, str | None]]:
    listed: list[Any] = []
    try:
        items: Any = headers if isinstance(headers, list | tuple) else headers.items()  # type: ignore[attr-defined]  # what has none raises
        listed = [item for item, _ in zip(items, range(_MOST_HEADERS), strict=False)]
    except Exception:  # noqa: BLE001 - whatever a foreign mapping raises: it has no headers that could be read
        listed = []
    for item in listed:
        if isinstance(item, list | tuple) and len(item) == 2:
            name = _text(item[0])
            if name is not None:
                yield name.strip().lower(), _text(item[1])


def _text(value: object) -> str | None:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    # a lone surrogate has no bytes, and so was never sent
    return str.__str__(value)[:_LONGEST_VALUE].encode("utf-8", "replace").decode() if isinstance(value, str) else None


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
            self.findings.append(Finding(Cause.BODY, f"the body is larger than {DEFAULT_LIMITS.raw} bytes"))
            self.raw = b""
            return
        if data.startswith(b"\xef\xbb\xbf"):
            self.findings.append(Finding(Cause.BOM, "the body begins with a byte order mark"))
            data = data[3:]
        parsed = self._parsed(data)
        if parsed is None:
            return
        if parsed.duplicate is not None:
            where = ascii(parsed.duplicate)[1:-1][:200]
            self.findings.append(Finding(Cause.DUPLICATE_KEY, f"an object of the body names a key twice (at {where})"))
        try:
            entries = collect_entries(parsed.body, scheme, bad_keys=[])
            self.normalized = join_entries(parsed.body, entries, scheme)
        except BodyNotSignable as error:
            self.findings.append(Finding(Cause.BODY, str(error)))
            return
        self.body, self.entries = parsed.body, entries

    def _parsed(self, data: bytes) -> Parsed | None:
        try:
            return parse(data)
        except BodyNotSignable as error:
            text = str(error)
            if error.reason is BodyFault.ENCODING:
                text = _encoding(data)
            self.findings.append(Finding(Cause.BODY, text))
            return None


def _bytes(raw: object) -> bytes:
    if isinstance(raw, str):
        return raw.encode("utf-8", "surrogatepass")
    try:
        return memoryview(raw).tobytes()  # type: ignore[arg-type] # what is no buffer raises
    except Exception:  # noqa: BLE001 - whatever a foreign object raises: there are no bytes
        return b""


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4]:
        return "the body is in UTF-16 or UTF-32, it must be in UTF-8"
    return "the body is not in UTF-8; it may be in windows-1251 or another 8-bit encoding"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key at hand.

    Attributes:
        key: the key.
        name: what it is called where it is not one of those that should have signed, else "".
        of_token: whether it came with the request.
    """

    key: RsaVerificationKey | HmacVerificationKey
    name: str = ""
    of_token: bool = False


class KeysAtHand:
    """Every key that may have signed, once each; those that should have are first and have no name."""

    def __init__(self, keys: object, others: object) -> None:
        rings: list[tuple[str, object]] = [("", keys)]
        if isinstance(others, Mapping):
            rings += [(str(name), ring) for name, ring in others.items()]
        found: dict[str, KnownKey] = {}
        for name, ring in rings:
            for key in ring if isinstance(ring, KeyRing) else ():
                if isinstance(key, RsaVerificationKey | HmacVerificationKey):
                    found.setdefault(key.key_id, KnownKey(key, name))
        self.all = list(found.values())

    def with_token(self, token: str | None) -> list[KnownKey]:
        """All keys, and the one that the request brought, if it is another one."""
        public = token_key(token)
        if public is None or any(known.key.key_id == public.key_id for known in self.all):
            return self.all
        return [*self.all, KnownKey(public, "the key in the token", of_token=True)]


def _token_bytes(token: str | None) -> list[bytes]:
    """The ways to read a token, which is public."""
    if not token:
        return []
    return [token.encode("utf-8", "replace"), *(spelling.value for spelling in signature_spellings(token))]


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
