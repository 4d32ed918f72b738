"""Why does a signature not match? Offline, from the bytes and headers as they came, and the keys at hand.

An RSA signature tells by itself which text was signed: so "another key" and "another text" are told apart with
certainty. An HMAC tells nothing, and there the likely mistakes can only be tried. Nothing here raises, whatever is
handed in, and no key, token or signature is ever part of what is told.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from highhelp_api import contract
from highhelp_signing.diagnosis.candidates import (
    Guess,
    body_guesses,
    form_guesses,
    message_of_text,
    readings,
    scheme_differences,
)
from highhelp_signing.diagnosis.encodings import signature_spellings, timestamp_spellings
from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.diagnosis.inputs import KeysAtHand, SentBody, SentHeaders, is_private, token_key
from highhelp_signing.diagnosis.matcher import SHORT, Match, Oracle, other_hash
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.errors import SigningError
from highhelp_signing.keyfiles import public_pem
from highhelp_signing.keys import HmacVerificationKey, KeyRing, RsaVerificationKey
from highhelp_signing.normalize import DEFAULT_SCHEME, collect_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from highhelp_signing.scheme import SignatureScheme

__all__ = ["Cause", "Explanation", "Finding", "explain"]


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
    return _Search(
        SentHeaders(headers), SentBody(body, scheme), KeysAtHand(keys, others or {}), scheme, project_id
    ).run(tolerance, clock)


_MOST_BYTES = 8 << 20
"""Bytes of all messages that are tried for one timestamp, so that a large body does not cost minutes."""
_NEAR = 600
"""Seconds around the header's timestamp that are tried."""


class _Search:
    def __init__(
        self, headers: SentHeaders, body: SentBody, keys: KeysAtHand, scheme: SignatureScheme, project_id: str | None
    ) -> None:
        self._headers = headers
        self._body = body
        self._scheme = scheme
        self._project_id = project_id if isinstance(project_id, str) else None
        self._keys = keys.with_token(headers.token)
        self._spellings = signature_spellings(headers.signature or "")
        self._oracle = Oracle(self._keys, self._spellings)

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

    def _found(self, stamps: list[tuple[str, str, str]]) -> tuple[Guess, Match, tuple[str, str, str]] | None:
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
        reach = _NEAR if len(self._body.normalized) <= 4 * SHORT else 10
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
        self, guess: Guess, match: Match, stamp: tuple[str, str, str], scheme: SignatureScheme
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

    def _about_scheme(self, match: Match, scheme: SignatureScheme) -> tuple[list[Finding], SignatureScheme]:
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
        if is_private(token):
            return [_private_sent()], None
        other = token_key(token)
        if other is None:
            return [Finding(Cause.TOKEN, f"{name} is none of the forms of the key that signed")], None
        if other.key_id != key.key_id:
            detail = f"{name} carries {other.key_id}, the signature was made by {key.key_id}: not one pair"
            return [Finding(Cause.KEY_PAIR, detail)], None
        return [
            Finding(Cause.TOKEN, f"{name} carries the right key in another encoding than base64url of {_form(scheme)}")
        ], None

    def _about_request(self, match: Match | None) -> Iterator[Finding]:
        if match is None and is_private(self._headers.token):
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
            yield from other_hash(known.name)
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
