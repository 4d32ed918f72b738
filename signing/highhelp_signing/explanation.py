"""Why does a signature not match? Offline, from the bytes and headers as they came, and the keys at hand.

An RSA signature tells by itself which text was signed: so "another key" and "another text" are told apart with
certainty. An HMAC tells nothing, and there the likely mistakes can only be tried. Nothing here raises, whatever is
handed in, and no key, token or signature is ever part of what is told.
"""

from __future__ import annotations

import difflib
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp_api import contract
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.errors import BodyFault, BodyNotSignable, SigningError
from highhelp_signing.guesses import Guess, body_guesses, form_guesses, message_of_text, readings, scheme_differences
from highhelp_signing.keyfiles import public_pem
from highhelp_signing.keys import HmacVerificationKey, KeyRing, RsaVerificationKey
from highhelp_signing.normalize import (
    DEFAULT_LIMITS,
    DEFAULT_SCHEME,
    Parsed,
    collect_entries,
    join_entries,
    parse,
)
from highhelp_signing.spellings import Spelling, signature_spellings, timestamp_spellings

if TYPE_CHECKING:
    from highhelp_signing.scheme import SignatureScheme

__all__ = ["Cause", "Explanation", "Finding", "explain"]


@unique
class Cause(StrEnum):
    """What is wrong with a signature, or with what comes with it."""

    HEADER_MISSING = "header_missing"
    HEADER_TWICE = "header_twice"
    HEADER_MISSPELT = "header_misspelt"
    HEADER_NOT_TEXT = "header_not_text"
    SCHEME = "scheme"
    """Another reading of the signature scheme; `Explanation.scheme` is the one that matches."""
    WRONG_KEY = "wrong_key"
    """Another key at hand made the signature; it is named."""
    UNKNOWN_KEY = "unknown_key"
    """No key at hand made the signature."""
    KEY_PAIR = "key_pair"
    """The public key in the token does not belong to the private key that signed."""
    HMAC_KEY_TEXT = "hmac_key_text"
    """The HMAC key was read wrongly from its file."""
    PUBLIC_KEY_AS_SECRET = "public_key_as_secret"  # noqa: S105 - a name, holds no secret
    """A public key was used as the key of an HMAC."""
    PRIVATE_KEY_SENT = "private_key_sent"
    """The token carries a private key."""
    TOKEN = "token"  # noqa: S105 - as above
    """The token is not the one that belongs to the key."""
    PROJECT = "project"
    """The header, the body and the settings do not name one project."""
    ALGORITHM = "algorithm"
    """The algorithm of the header is not that of the signature, or there is no key for it."""
    DIGEST = "digest"
    """Another hash than SHA-256 (RSA) or SHA-512 (HMAC), or the hash as text."""
    PSS = "pss"
    """RSA-PSS, not PKCS#1 v1.5."""
    PADDING = "padding"
    HEX = "hex"
    STANDARD_BASE64 = "standard_base64"
    URL_ENCODED = "url_encoded"
    DOUBLE_ENCODED = "double_encoded"
    QUOTED = "quoted"
    WHITE_SPACE = "white_space"
    NOT_BASE64URL = "not_base64url"
    TRUNCATED = "truncated"
    DER = "der"
    """The signature stands in a DER structure."""
    MILLISECONDS = "milliseconds"
    TIMESTAMP_FORM = "timestamp_form"
    TIMESTAMP_DIFFERS = "timestamp_differs"
    """Another second was signed than the header names."""
    STALE = "stale"
    FUTURE = "future"
    BOM = "bom"
    TRAILING_NEWLINE = "trailing_newline"
    JSON_TEXT = "json_text"
    """The JSON text was signed, not the normalised string."""
    NOT_ENCODED = "not_encoded"
    MESSAGE_BASE64 = "message_base64"
    MESSAGE_HEX = "message_hex"
    NO_TIMESTAMP = "no_timestamp"
    ORDER = "order"
    SEPARATOR = "separator"
    SORTING = "sorting"
    JOINER_AT_END = "joiner_at_end"
    RE_SERIALISED = "re_serialised"
    ESCAPED = "escaped"
    UNICODE_FORM = "unicode_form"
    EMPTY = "empty"
    INDEX = "index"
    CHANGED = "changed"
    """The right key signed another text: body or timestamp were changed afterwards."""
    BODY = "body"
    """The body has no normalised string."""
    DUPLICATE_KEY = "duplicate_key"
    UNKNOWN = "unknown"
    """The signature is not explained."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        cause: its name.
        detail: what it is, for people. Shows no key, token or signature.
    """

    cause: Cause
    detail: str

    def __str__(self) -> str:
        """Name and detail."""
        return f"{self.cause}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a signature.

    Attributes:
        matches: whether it is right as it stands, by the given scheme and one of the given keys.
        findings: what is wrong, the reason of the mismatch first; empty where nothing is.
        scheme: the reading of the scheme by which it would match, all findings mended; None where none was found.
        key_id: the key that made it; None where it is none at hand.
        normalized: the normalised string of the body by the given scheme, to be compared with one's own; None where
            the body has none. Not in `repr`.
    """

    matches: bool
    findings: tuple[Finding, ...]
    scheme: SignatureScheme | None
    key_id: str | None
    normalized: str | None = field(default=None, repr=False)

    @property
    def cause(self) -> Cause | None:
        """The first finding's cause, or None."""
        return self.findings[0].cause if self.findings else None


def explain(
    body: bytes,
    headers: Mapping[str, str],
    keys: KeyRing,
    *,
    others: Mapping[str, KeyRing] | None = None,
    scheme: SignatureScheme = DEFAULT_SCHEME,
    project_id: str | None = None,
    tolerance: float = 300,
    clock: Callable[[], float] = time.time,
) -> Explanation:
    """Say why the signature of a request or callback does not match. Never raises, never asks the network.

    Args:
        body: the bytes as they were sent or received.
        headers: its headers: any mapping, or pairs.
        keys: the keys that should have made the signature: for a callback those of the gateway, for a request the
            public half of the project's.
        others: further keys by a name for people, which should not have made it but might have.
        scheme: the reading of the scheme that is in use.
        project_id: the merchant project, where it is known.
        tolerance: seconds that the timestamp may lie in the past or the future.
        clock: answers Unix seconds.
    """
    return _Search(_Headers(headers), _Body(body, scheme), _Keys(keys, others or {}), scheme, project_id).run(
        tolerance, clock
    )


# --- what came -----------------------------------------------------------------------------------------------------


class _Headers:
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
        items: Any = headers if isinstance(headers, list | tuple) else headers.items()  # type: ignore[attr-defined]
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


class _Body:
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


# --- who may have signed -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Key:
    """A key at hand.

    Attributes:
        key: the key.
        name: what it is called where it is not one of those that should have signed, else "".
        of_token: whether it came with the request.
    """

    key: RsaVerificationKey | HmacVerificationKey
    name: str = ""
    of_token: bool = False


class _Keys:
    def __init__(self, keys: object, others: object) -> None:
        rings: list[tuple[str, object]] = [("", keys)]
        if isinstance(others, Mapping):
            rings += [(str(name), ring) for name, ring in others.items()]
        found: dict[str, _Key] = {}
        for name, ring in rings:
            for key in ring if isinstance(ring, KeyRing) else ():
                if isinstance(key, RsaVerificationKey | HmacVerificationKey):
                    found.setdefault(key.key_id, _Key(key, name))
        self.all = list(found.values())

    def with_token(self, token: str | None) -> list[_Key]:
        """All keys, and the one that the request brought, if it is another one."""
        public = _token_key(token)
        if public is None or any(known.key.key_id == public.key_id for known in self.all):
            return self.all
        return [*self.all, _Key(public, "the key in the token", of_token=True)]


def _token_bytes(token: str | None) -> list[bytes]:
    """The ways to read a token, which is public."""
    if not token:
        return []
    return [token.encode("utf-8", "replace"), *(spelling.value for spelling in signature_spellings(token))]


def _token_key(token: str | None) -> RsaVerificationKey | None:
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


def _is_private(token: str | None) -> bool:
    for data in _token_bytes(token):
        if b"PRIVATE KEY-----" in data:
            return True
        try:
            serialization.load_der_private_key(data, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        return True
    return False


# --- which text was signed -----------------------------------------------------------------------------------------

_DIGEST_INFO: Mapping[str, bytes] = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "md5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
}
_NAMES = {"sha256": "SHA-256", "sha512": "SHA-512", "sha384": "SHA-384", "sha1": "SHA-1", "md5": "MD5"}
_SHORT = 16384
"""Bytes of a message up to which rarer mistakes are tried too, so that no input costs much."""


@dataclass(frozen=True, slots=True)
class _Match:
    """How a message explains a signature."""

    key: _Key
    spelling: Spelling
    digest: str  # "double", "single", or "" where that says nothing
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Recovered:
    """What an RSA signature says: the hash of what its key signed."""

    key: _Key
    spelling: Spelling
    name: str
    digest: bytes


class _Oracle:
    """Tells whether a message is the one that was signed."""

    def __init__(self, keys: list[_Key], spellings: list[Spelling]) -> None:
        self.recovered = list(_recover(keys, spellings))
        self._spellings = spellings
        self._rsa = [key for key in keys if isinstance(key.key, RsaVerificationKey)]
        self._macs = [(key, key.key.misspelt()) for key in keys if isinstance(key.key, HmacVerificationKey)]

    def matches(self, message: bytes, *, thorough: bool = False) -> _Match | None:
        """Whether this message was signed; `thorough` tries also misread keys and other hashes of an HMAC."""
        for known in self.recovered:
            for digest, signed, finding in _rsa_forms(message):
                if known.digest == _hash(known.name, signed) or (not known.name and known.digest in _bare(signed)):
                    return _Match(known.key, known.spelling, digest, (*_other_hash(known.name), *finding))
        return self._by_hmac(message, thorough=thorough)

    def _by_hmac(self, message: bytes, *, thorough: bool) -> _Match | None:
        thorough = thorough and len(message) <= _SHORT
        for key, ways in self._macs:
            for name, mac in ways if thorough else ways[:1]:
                misread = (Finding(Cause.HMAC_KEY_TEXT, f"the HMAC key was used {name}"),) if name else ()
                for spelling, findings in self._hmac_forms(mac, message, thorough=thorough):
                    return _Match(key, spelling, "", (*findings, *misread))
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

    def by_pss(self, messages: Iterable[bytes]) -> _Match | None:
        """Whether one of the messages was signed with RSA-PSS."""
        for message in messages:
            for key in self._rsa:
                for spelling in self._spellings:
                    for digest, signed, _ in _rsa_forms(message)[:2]:
                        if isinstance(key.key, RsaVerificationKey) and key.key.signed_with_pss(signed, spelling.value):
                            finding = Finding(Cause.PSS, "the signature is RSA-PSS, it must be PKCS#1 v1.5")
                            return _Match(key, spelling, digest, (finding,))
        return None

    def by_public_key(self, message: bytes, token: str | None) -> _Match | None:
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
                        return _Match(key, spelling, "", (Finding(Cause.PUBLIC_KEY_AS_SECRET, detail), *findings))
        return None


def _recover(keys: list[_Key], spellings: list[Spelling]) -> Iterator[_Recovered]:
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
                yield _Recovered(
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


def _other_hash(name: str) -> tuple[Finding, ...]:
    if name == "sha256":
        return ()
    detail = f"RSA with {_NAMES[name]}, not with SHA-256" if name else "RSA without naming the hash (no DigestInfo)"
    return (Finding(Cause.DIGEST, detail),)


# --- the search ----------------------------------------------------------------------------------------------------

_MOST_BYTES = 8 << 20
"""Bytes of all messages that are tried for one timestamp, so that a large body does not cost minutes."""
_NEAR = 600
"""Seconds around the header's timestamp that are tried."""


class _Search:
    def __init__(
        self, headers: _Headers, body: _Body, keys: _Keys, scheme: SignatureScheme, project_id: str | None
    ) -> None:
        self._headers = headers
        self._body = body
        self._scheme = scheme
        self._project_id = project_id if isinstance(project_id, str) else None
        self._keys = keys.with_token(headers.token)
        self._spellings = signature_spellings(headers.signature or "")
        self._oracle = _Oracle(self._keys, self._spellings)

    def run(self, tolerance: float, clock: Callable[[], float]) -> Explanation:
        around = [*self._headers.findings, *self._body.findings]
        stamps = timestamp_spellings((self._headers.timestamp or "")[:64])
        found = self._found(stamps) if self._headers.signature is not None else None
        if found is None:
            reason = [*self._unexplained()] if self._headers.signature is not None else []
            around += self._about_request(None)
            findings = [*reason, *around, *_time(stamps, tolerance, clock)]
            # what is broken on the way in comes before what follows from it
            findings.sort(key=lambda finding: finding.cause in (Cause.UNKNOWN, Cause.UNKNOWN_KEY, Cause.CHANGED))
            return Explanation(False, _unique(findings), None, None, self._body.normalized)
        guess, match, stamp = found
        scheme = guess.scheme
        if match.digest and match.digest != scheme.digest:
            scheme = replace(scheme, digest="double" if match.digest == "double" else "single")
        reason = [*self._reason(guess, match, stamp if stamp[1] else stamps[-1], scheme)]
        about, scheme = self._about_scheme(match, scheme)
        findings = [*reason, *around, *about, *self._about_request(match), *_time(stamps, tolerance, clock)]
        return Explanation(
            not reason and not around and not any(f.cause is not Cause.PADDING for f in findings),
            _unique(findings),
            scheme,
            None if match.key.of_token else match.key.key.key_id,
            self._body.normalized,
        )

    def _found(self, stamps: list[tuple[str, str, str]]) -> tuple[Guess, _Match, tuple[str, str, str]] | None:
        for stamp in stamps:
            spent = 0
            for number, guess in enumerate(self._guesses(stamp)):
                match = self._oracle.matches(guess.message, thorough=number < 4)
                if match is not None:
                    return guess, match, stamp
                spent += len(guess.message)
                if spent > _MOST_BYTES:
                    break
            straight = [guess.message for guess in self._readings(stamp)][:4]
            match = self._oracle.by_pss(straight) if not self._oracle.recovered else None
            if match is None and straight:
                match = self._oracle.by_public_key(straight[0], self._headers.token)
            if match is not None:
                return Guess(straight[0], "", "", self._scheme), match, stamp
        return None

    def _guesses(self, stamp: tuple[str, str, str]) -> Iterator[Guess]:
        text, cause, _ = stamp
        yield from self._readings(stamp)
        bases = [self._scheme, replace(self._scheme, padding=not self._scheme.padding)]
        entries = self._body.entries
        for scheme in bases:
            yield from form_guesses(self._body.raw, self._body.body, entries, text, scheme)
        for scheme in bases:
            yield from body_guesses(self._body.body, text, scheme)
        if not cause and text.isascii() and text.isdigit() and len(text) < 12:
            yield from self._near(int(text))

    def _readings(self, stamp: tuple[str, str, str]) -> Iterator[Guess]:
        if self._body.normalized is None:
            return
        for scheme in readings(self._body.body, self._scheme):
            try:
                entries = collect_entries(self._body.body, scheme, bad_keys=[])
            except SigningError:
                continue
            message = message_of_text(scheme.joiner.join(entries), stamp[0], scheme)
            yield Guess(message, "", "", scheme)

    def _near(self, moment: int) -> Iterator[Guess]:
        if self._body.normalized is None:
            return
        reach = _NEAR if len(self._body.normalized) <= 4 * _SHORT else 10
        for distance in range(1, reach + 1):
            for other in (moment - distance, moment + distance):
                detail = f"second {other} was signed, and the header says {moment}: the clock was asked twice"
                message = message_of_text(self._body.normalized, str(max(other, 0)), self._scheme)
                yield Guess(message, "timestamp_differs", detail, self._scheme)
        for digits, unit in ((3, "milliseconds"), (6, "microseconds")):
            # signed in a finer unit than the header tells; only the even ones can be guessed
            message = message_of_text(self._body.normalized, f"{moment}{'0' * digits}", self._scheme)
            yield Guess(message, "milliseconds", f"the timestamp was signed in {unit}", self._scheme)

    def _reason(
        self, guess: Guess, match: _Match, stamp: tuple[str, str, str], scheme: SignatureScheme
    ) -> Iterator[Finding]:
        if match.key.of_token:
            detail = f"made by the key in the token ({match.key.key.key_id}), which is none of the keys at hand"
            yield Finding(Cause.WRONG_KEY, detail)
        elif match.key.name:
            yield Finding(Cause.WRONG_KEY, f"made by {match.key.name} ({match.key.key.key_id})")
        yield from match.findings
        if guess.cause:
            yield Finding(Cause(guess.cause), guess.detail)
        if stamp[1]:  # also where the wrong text was signed as it stands
            yield Finding(Cause(stamp[1]), stamp[2])
        if match.spelling.cause:
            yield Finding(Cause(match.spelling.cause), match.spelling.detail)
        for name in scheme_differences(self._scheme, scheme):
            here, there = getattr(self._scheme, name), getattr(scheme, name)
            yield Finding(Cause.SCHEME, f"it was signed with {name} {there!r}, and the scheme in use says {here!r}")

    def _about_scheme(self, match: _Match, scheme: SignatureScheme) -> tuple[list[Finding], SignatureScheme]:
        """The points of the scheme that show in headers: padding, token, algorithm."""
        found: list[Finding] = []
        text = (self._headers.signature or "").strip()
        if not match.spelling.cause and text.endswith("=") and not scheme.padding:
            found.append(Finding(Cause.PADDING, "the signature ends in '=', and by the scheme it has no padding"))
        if not self._headers.of_request:
            return found, scheme
        hmac = isinstance(match.key.key, HmacVerificationKey)
        name = "hmac_algorithm" if hmac else "rsa_algorithm"
        wanted, given = getattr(scheme, name), self._headers.algorithm
        if given != wanted:
            shown = "is not sent" if given is None else "names another algorithm"
            detail = f"{contract.HEADERS.algorithm} {shown}; the scheme in use says {name} {wanted!r}"
            found.append(Finding(Cause.ALGORITHM, detail))
            other = "rsa" if hmac else "hmac"
            if given is None or (given.isascii() and given.isprintable() and other not in given.lower()):
                scheme = _replaced(scheme, name, given)
        token = self._headers.token
        if token is None or isinstance(match.key.key, HmacVerificationKey):
            return found, scheme
        finding, form = self._about_token(token, match.key.key, scheme)
        return [*found, *finding], scheme if form is None else replace(scheme, token=form)

    def _about_token(
        self, token: str, key: RsaVerificationKey, scheme: SignatureScheme
    ) -> tuple[list[Finding], str | None]:
        der = key.public_der
        forms = {
            "public_key": base64url_encode(der),
            "public_key_pem": base64url_encode(public_pem(der)),
            "project_id": self._headers.merchant_id or self._project_id or "",
        }
        if token == forms.get(scheme.token, scheme.token):
            return [], None
        for form, text in forms.items():
            if token == text:
                detail = f"the token has the form {form!r}, and the scheme in use says {_form(scheme)}"
                return [Finding(Cause.SCHEME, detail)], form
        name = contract.HEADERS.token
        if _is_private(token):
            return [_private_sent()], None
        other = _token_key(token)
        if other is None:
            return [Finding(Cause.TOKEN, f"{name} is none of the forms of the key that signed")], None
        if other.key_id != key.key_id:
            detail = f"{name} carries {other.key_id}, the signature was made by {key.key_id}: not one pair"
            return [Finding(Cause.KEY_PAIR, detail)], None
        return [
            Finding(Cause.TOKEN, f"{name} carries the right key in another encoding than base64url of {_form(scheme)}")
        ], None

    def _about_request(self, match: _Match | None) -> Iterator[Finding]:
        if match is None and _is_private(self._headers.token):
            yield _private_sent()
        named: dict[str, str] = {}
        if self._headers.merchant_id is not None:
            named[contract.HEADERS.merchant_id] = self._headers.merchant_id
        general = self._body.body.get("general")
        claims = (
            ("the body's general:project_id", general.get("project_id") if isinstance(general, dict) else None),
            ("the body's project_id", self._body.body.get("project_id")),
            ("the settings", self._project_id),
        )
        named |= {place: value for place, value in claims if isinstance(value, str)}
        places = list(named)
        for place in places[1:]:
            if named[place] != named[places[0]]:
                yield Finding(Cause.PROJECT, f"{places[0]} and {place} name different projects")

    def _unexplained(self) -> Iterator[Finding]:
        """What is known of a signature that no guess explains."""
        text = self._headers.signature or ""
        if not self._spellings:
            yield Finding(
                Cause.NOT_BASE64URL, "the signature is empty" if not text else "the signature is no base64url"
            )
            return
        if self._oracle.recovered:
            known = self._oracle.recovered[0]
            who = f"{known.key.name} ({known.key.key.key_id})" if known.key.name else known.key.key.key_id
            if known.spelling.cause:
                yield Finding(Cause(known.spelling.cause), known.spelling.detail)
            if known.key.name:
                yield Finding(Cause.WRONG_KEY, f"made by {who}")
            yield from _other_hash(known.name)
            if self._body.normalized is not None and self._headers.timestamp is not None:
                detail = "body or timestamp were changed after signing, or were put together in a way that is not known"
                yield Finding(Cause.CHANGED, f"{who} made it, but over another text: {detail}")
            return
        yield from self._by_size()

    def _by_size(self) -> Iterator[Finding]:
        sizes = sorted({key.key.size for key in self._keys if isinstance(key.key, RsaVerificationKey)})
        has_hmac = any(isinstance(key.key, HmacVerificationKey) for key in self._keys)
        best = self._spellings[0]
        length = len(best.value)
        if best.cause:
            yield Finding(Cause(best.cause), best.detail)
        if length in (32, 64) and not has_hmac:
            name = "SHA-512" if length == 64 else "SHA-256"
            yield Finding(
                Cause.ALGORITHM, f"the signature is as long as an HMAC-{name}, and there is no HMAC key at hand"
            )
        elif length in (32, 64):
            detail = "no HMAC key at hand made it over this body: either the key or the text is another one"
            yield Finding(Cause.UNKNOWN, detail)
        elif sizes and length in sizes:
            yield Finding(Cause.UNKNOWN_KEY, "no RSA key at hand made it, or it is no PKCS#1 v1.5 signature")
        elif not sizes and length >= 128:
            yield Finding(Cause.ALGORITHM, "the signature is as long as one of RSA, and there is no RSA key at hand")
        elif sizes and length < sizes[-1]:
            yield Finding(Cause.TRUNCATED, f"the signature has {length} bytes, one of this key has {sizes[-1]}")
        else:
            yield Finding(Cause.UNKNOWN, f"the signature has {length} bytes, which fits no key at hand")


def _replaced(scheme: SignatureScheme, name: str, value: str | None) -> SignatureScheme:
    try:
        return replace(scheme, **{name: value})  # type: ignore[arg-type]  # checked by the constructor
    except SigningError:
        return scheme


def _form(scheme: SignatureScheme) -> str:
    known = ("public_key", "public_key_pem", "project_id")
    return repr(scheme.token) if scheme.token in known else "another token"


def _private_sent() -> Finding:
    text = f"{contract.HEADERS.token} carries a PRIVATE key: it must be replaced, and the token made of the public one"
    return Finding(Cause.PRIVATE_KEY_SENT, text)


def _time(stamps: list[tuple[str, str, str]], tolerance: float, clock: Callable[[], float]) -> Iterator[Finding]:
    text = stamps[-1][0]
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        if text:
            yield Finding(Cause.TIMESTAMP_FORM, f"{contract.HEADERS.timestamp} is not decimal Unix seconds")
        return
    age = clock() - int(text)
    if age > tolerance:
        yield Finding(Cause.STALE, f"signed {age:.0f} seconds ago, {tolerance:.0f} are allowed")
    elif -age > tolerance:
        yield Finding(Cause.FUTURE, f"signed {-age:.0f} seconds in the future, {tolerance:.0f} are allowed")


def _unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))
