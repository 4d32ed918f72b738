"""Explain why a signature does not match: offline, from the received bytes and headers, and the known keys.

An RSA signature contains the hash of the signed text, so "another key" and "another text" are distinguished with
certainty. An HMAC reveals nothing, so the likely mistakes can only be tried. Nothing here raises, whatever the input,
and a finding never contains a key, token or signature.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from highhelp_api import contract
from highhelp_signing.diagnosis.candidates import Candidate, candidates, scheme_differences
from highhelp_signing.diagnosis.encodings import Reading, read_signature, read_timestamp
from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.diagnosis.inputs import KnownKey, SentBody, SentHeaders, is_private, known_keys, token_key
from highhelp_signing.diagnosis.matcher import Match, Matcher
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.forms import FORMS
from highhelp_signing.keyfiles import public_pem
from highhelp_signing.keys import KeyRing, RsaVerificationKey
from highhelp_signing.normalize import DEFAULT_SCHEME, TOLERANCE, is_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from highhelp_signing.headers import ReceivedHeaders
    from highhelp_signing.scheme import SignatureScheme

__all__ = ["Cause", "Explanation", "Finding", "explain"]

_MOST_BYTES = 8 << 20
"""Total bytes of messages to try for one timestamp, so that a large body does not take minutes."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a signature.

    Attributes:
        matches: whether it is valid as sent, with the given scheme and one of the given keys.
        findings: the mistakes, the cause of the mismatch first; empty if there are none.
        scheme: the scheme with which it would match once all findings are fixed; None if not found.
        key_id: the key that made it; None if unknown.
        normalized: the normalised string of the body in the given scheme, to compare with yours; None if the body
            has none. Not in `repr`.
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


class _Explained(NamedTuple):
    candidate: Candidate
    match: Match
    timestamp: Reading[str]


def explain(
    body: bytes,
    headers: ReceivedHeaders,
    keys: KeyRing,
    *,
    others: Mapping[str, KeyRing] | None = None,
    scheme: SignatureScheme | None = DEFAULT_SCHEME,
    project_id: str | None = None,
    tolerance: float = TOLERANCE,
    clock: Callable[[], float] = time.time,
) -> Explanation:
    """Explain why the signature of a request or callback does not match. Never raises, never uses the network.

    Args:
        body: the bytes as sent or received.
        headers: its headers: any mapping, or a list or tuple of pairs.
        keys: the keys that should have made the signature: for a callback those of the gateway, for a request the
            public half of the project's.
        others: further keys by a display name, which should not have made it but might have.
        scheme: the scheme in use. None for a callback whose verifier has no scheme either: then each of
            :data:`~highhelp_signing.forms.FORMS` is valid.
        project_id: the merchant project, if known.
        tolerance: seconds that the timestamp may be in the past or the future.
        clock: returns Unix seconds.
    """
    used = DEFAULT_SCHEME if scheme is None else scheme
    sent, content = SentHeaders(headers), SentBody(body, used)
    known = known_keys(keys, others or {}, sent.token)
    signatures, timestamps = read_signature(sent.signature or ""), read_timestamp((sent.timestamp or "")[:64])
    matcher = Matcher(known, signatures)
    around = [*sent.findings, *content.findings]
    timing = list(_check_time(timestamps[-1].value, tolerance, clock))
    projects = list(_check_projects(sent, content, project_id))
    explained = _search(matcher, content, timestamps, used) if signatures else None
    if explained is None:
        unexplained = _describe_unexplained(matcher, known, signatures, sent, content)
        findings = [*unexplained, *around, *_check_private_token(sent.token), *projects, *timing]
        # root causes come before their consequences
        findings.sort(key=lambda finding: finding.cause in (Cause.UNKNOWN, Cause.UNKNOWN_KEY, Cause.CHANGED))
        return Explanation(False, tuple(findings), None, None, content.normalized)
    key = explained.match.key
    matching = explained.candidate.scheme
    if explained.match.digest is not None:
        matching = replace(matching, digest=explained.match.digest)
    detected = scheme is None and not sent.of_request and matching in FORMS
    reasons = list(_describe_mistakes(explained, timestamps[-1]))
    reasons += [] if detected else _describe_scheme(used, matching)
    shown, matching = _check_headers(sent, explained.match, matching, project_id)
    findings = [*reasons, *around, *shown, *projects, *timing]
    key_id = None if key.of_token else key.key.key_id
    return Explanation(not findings, tuple(findings), matching, key_id, content.normalized)


def _search(
    matcher: Matcher, content: SentBody, timestamps: list[Reading[str]], scheme: SignatureScheme
) -> _Explained | None:
    for timestamp in timestamps:
        spent = 0
        for candidate in candidates(content, timestamp.value, scheme):
            match = matcher.match(candidate.message)
            if match is not None:
                return _Explained(candidate, match, timestamp)
            spent += len(candidate.message)
            if spent > _MOST_BYTES:
                break
    return None


def _describe_mistakes(explained: _Explained, meant: Reading[str]) -> Iterator[Finding]:
    candidate, match, timestamp = explained
    if match.key.name:
        yield Finding(Cause.WRONG_KEY, f"made by {match.key.name} ({match.key.key.key_id})")
    yield from match.findings
    if candidate.finding is not None:
        yield candidate.finding
    # a wrong timestamp may also have been signed as sent
    yield from timestamp.findings or meant.findings
    yield from match.signature.findings


def _describe_scheme(used: SignatureScheme, matching: SignatureScheme) -> Iterator[Finding]:
    for name in scheme_differences(used, matching):
        here, there = getattr(used, name), getattr(matching, name)
        yield Finding(Cause.SCHEME, f"it was signed with {name} {there!r}, and the scheme in use says {here!r}")


def _check_headers(
    sent: SentHeaders, match: Match, scheme: SignatureScheme, project_id: object
) -> tuple[list[Finding], SignatureScheme]:
    """Compare the sent algorithm and token with the scheme; return the scheme with that token."""
    findings: list[Finding] = []
    if not sent.of_request:
        return findings, scheme
    name = "rsa_algorithm" if match.digest else "hmac_algorithm"
    wanted = getattr(scheme, name)
    if sent.algorithm != wanted:
        problem = "is not sent" if sent.algorithm is None else "names another algorithm"
        detail = f"{contract.HEADERS.algorithm} {problem}; the scheme in use says {name} {wanted!r}"
        findings.append(Finding(Cause.ALGORITHM, detail))
    if sent.token is not None and isinstance(match.key.key, RsaVerificationKey):
        project = sent.merchant_id or (project_id if isinstance(project_id, str) else "")
        wrong, scheme = _check_token(sent.token, match.key.key, scheme, project)
        findings += wrong
    return findings, scheme


def _check_token(
    token: str, key: RsaVerificationKey, scheme: SignatureScheme, project_id: str
) -> tuple[list[Finding], SignatureScheme]:
    """Check the token, and return the scheme with its form."""
    forms = {
        "public_key": base64url_encode(key.public_der),
        "public_key_pem": base64url_encode(public_pem(key.public_der)),
        "project_id": project_id,
    }
    if token == forms.get(scheme.token, scheme.token):
        return [], scheme
    for form, text in forms.items():
        if token == text:
            wanted = repr(scheme.token) if scheme.token in forms else "another token"
            detail = f"the token has the form {form!r}, and the scheme in use says {wanted}"
            return [Finding(Cause.SCHEME, detail)], replace(scheme, token=form)
    problem, other = "is not a form of the key that signed", token_key(token)
    if other is not None and other.key_id != key.key_id:
        problem = f"carries {other.key_id}, the signature was made by {key.key_id}: not one pair"
    finding = Finding(Cause.TOKEN, f"{contract.HEADERS.token} {problem}")
    return _check_private_token(token) or [finding], scheme


def _check_private_token(token: str | None) -> list[Finding]:
    if not is_private(token):
        return []
    text = f"{contract.HEADERS.token} carries a PRIVATE key: it must be replaced, and the token made of the public one"
    return [Finding(Cause.PRIVATE_KEY_SENT, text)]


def _check_projects(sent: SentHeaders, content: SentBody, project_id: object) -> Iterator[Finding]:
    general = content.body.get("general")
    claims = (
        (contract.HEADERS.merchant_id, sent.merchant_id),
        ("the body's general:project_id", general.get("project_id") if isinstance(general, dict) else None),
        ("the body's project_id", content.body.get("project_id")),
        ("the settings", project_id),
    )
    first, *others = [(place, value) for place, value in claims if isinstance(value, str)] or [("", "")]
    for place, value in others:
        if value != first[1]:
            yield Finding(Cause.PROJECT, f"{first[0]} and {place} name different projects")


def _check_time(text: str, tolerance: float, clock: Callable[[], float]) -> Iterator[Finding]:
    if not is_timestamp(text):
        if text:
            yield Finding(Cause.TIMESTAMP_FORM, f"{contract.HEADERS.timestamp} is not decimal Unix seconds")
        return
    age = clock() - int(text)
    if abs(age) > tolerance:
        when = "ago" if age > 0 else "in the future"
        yield Finding(Cause.STALE, f"signed {abs(age):.0f} seconds {when}, {tolerance:.0f} are allowed")


def _describe_unexplained(
    matcher: Matcher, known: list[KnownKey], signatures: list[Reading[bytes]], sent: SentHeaders, content: SentBody
) -> Iterator[Finding]:
    """Yield findings about a signature that no candidate explains."""
    if sent.signature is None:
        return
    if not signatures:
        yield Finding(Cause.ENCODING, "the signature is not base64url")
    elif matcher.recovered:
        recovered = matcher.recovered[0]
        key_id = recovered.key.key.key_id
        yield from recovered.signature.findings
        if recovered.key.name:
            yield Finding(Cause.WRONG_KEY, f"made by {recovered.key.name} ({key_id})")
        if recovered.digest is None:
            yield Finding(Cause.DIGEST, "RSA with another hash, not with SHA-256")
        elif content.normalized is not None and sent.timestamp is not None:
            detail = "body or timestamp were changed after signing, or were put together in a way that is not known"
            yield Finding(Cause.CHANGED, f"{key_id} made it, but over another text: {detail}")
    else:
        yield from signatures[0].findings
        length = len(signatures[0].value)
        if length in [one.key.size for one in known if isinstance(one.key, RsaVerificationKey)]:
            yield Finding(Cause.UNKNOWN_KEY, "no known RSA key made it, or it is not a PKCS#1 v1.5 signature")
        else:
            yield Finding(Cause.UNKNOWN, f"no known key made this signature of {length} bytes over this body")
