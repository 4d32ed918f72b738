"""Explain why a signature does not match: offline, from the bytes and headers as they came, and the known keys.

An RSA signature holds the hash of the text that was signed: so "another key" and "another text" are distinguished with
certainty. An HMAC holds nothing, and there the likely mistakes can only be tried. Nothing here raises, whatever is
handed in, and no key, token or signature is ever part of a finding.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from highhelp_api import contract
from highhelp_signing.diagnosis.candidates import Candidate, candidates, scheme_differences
from highhelp_signing.diagnosis.encodings import TimestampReading, read_signature, read_timestamp
from highhelp_signing.diagnosis.findings import Cause, Finding
from highhelp_signing.diagnosis.inputs import KnownKey, SentBody, SentHeaders, is_private, known_keys, token_key
from highhelp_signing.diagnosis.matcher import Match, Matcher, check_hash
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.errors import SigningError
from highhelp_signing.forms import FORMS
from highhelp_signing.keyfiles import public_pem
from highhelp_signing.keys import HmacVerificationKey, KeyRing, RsaVerificationKey
from highhelp_signing.normalize import DEFAULT_SCHEME, TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from highhelp_signing.diagnosis.encodings import SignatureReading
    from highhelp_signing.scheme import SignatureScheme

__all__ = ["Cause", "Explanation", "Finding", "explain"]

_MOST_BYTES = 8 << 20
"""Bytes of all messages that are tried for one timestamp, so that a large body does not cost minutes."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a signature.

    Attributes:
        matches: whether it is right as it stands, by the given scheme and one of the given keys.
        findings: the mistakes, the reason of the mismatch first; empty where nothing is.
        scheme: the scheme by which it would match, all findings fixed; None where none was found.
        key_id: the key that made it; None where it is not known.
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


class _Explained(NamedTuple):
    candidate: Candidate
    match: Match
    timestamp: TimestampReading


def explain(
    body: bytes,
    headers: Mapping[str, str],
    keys: KeyRing,
    *,
    others: Mapping[str, KeyRing] | None = None,
    scheme: SignatureScheme | None = DEFAULT_SCHEME,
    project_id: str | None = None,
    tolerance: float = TOLERANCE,
    clock: Callable[[], float] = time.time,
) -> Explanation:
    """Say why the signature of a request or callback does not match. Never raises, never asks the network.

    Args:
        body: the bytes as they were sent or received.
        headers: its headers: any mapping, or pairs.
        keys: the keys that should have made the signature: for a callback those of the gateway, for a request the
            public half of the project's.
        others: further keys by a name for people, which should not have made it but might have.
        scheme: the scheme that is in use. None for a callback whose verifier has no scheme either: then each of
            :data:`~highhelp_signing.forms.FORMS` is right.
        project_id: the merchant project, where it is known.
        tolerance: seconds that the timestamp may lie in the past or the future.
        clock: answers Unix seconds.
    """
    used = DEFAULT_SCHEME if scheme is None else scheme
    sent, content = SentHeaders(headers), SentBody(body, used)
    known = known_keys(keys, others, sent.token)
    signatures, timestamps = read_signature(sent.signature or ""), read_timestamp((sent.timestamp or "")[:64])
    matcher = Matcher(known, signatures)
    around = [*sent.findings, *content.findings]
    timing = list(_check_time(timestamps[-1].text, tolerance, clock))
    projects = list(_check_projects(sent, content, project_id))
    explained = _search(matcher, content, timestamps, used) if sent.signature is not None else None
    if explained is None:
        findings = [*around, *_check_private_token(sent), *projects, *timing]
        if sent.signature is not None:
            findings = [*_describe_unexplained(matcher, known, signatures, sent, content), *findings]
        # what is broken on the way in comes before what follows from it
        findings.sort(key=lambda finding: finding.cause in (Cause.UNKNOWN, Cause.UNKNOWN_KEY, Cause.CHANGED))
        return Explanation(False, _unique(findings), None, None, content.normalized)
    key = explained.match.key
    matching = explained.candidate.scheme
    if explained.match.digest is not None:
        matching = replace(matching, digest=explained.match.digest)
    detected = scheme is None and not sent.of_request and matching in FORMS
    reasons = list(_describe_mistakes(explained, timestamps[-1]))
    reasons += [] if detected else _describe_scheme(used, matching)
    shown, matching = _check_headers(sent, explained.match, matching, project_id)
    findings = [*reasons, *around, *shown, *projects, *timing]
    return Explanation(
        all(finding.cause is Cause.PADDING for finding in [*shown, *projects, *timing]) and not reasons and not around,
        _unique(findings),
        matching,
        None if key.of_token else key.key.key_id,
        content.normalized,
    )


def _search(
    matcher: Matcher, content: SentBody, timestamps: list[TimestampReading], scheme: SignatureScheme
) -> _Explained | None:
    for timestamp in timestamps:
        spent = 0
        for number, candidate in enumerate(candidates(content, timestamp.text, scheme)):
            match = matcher.match(candidate.message, thorough=number < 4)
            if match is not None:
                return _Explained(candidate, match, timestamp)
            spent += len(candidate.message)
            if spent > _MOST_BYTES:
                break
    return None


def _describe_mistakes(explained: _Explained, meant: TimestampReading) -> Iterator[Finding]:
    candidate, match, timestamp = explained
    if match.key.of_token:
        yield Finding(
            Cause.WRONG_KEY,
            f"made by the key in the token ({match.key.key.key_id}), which is not one of the known keys",
        )
    elif match.key.name:
        yield Finding(Cause.WRONG_KEY, f"made by {match.key.name} ({match.key.key.key_id})")
    yield from match.findings
    if candidate.finding is not None:
        yield candidate.finding
    # a wrong timestamp may also have been signed as it stands
    yield from timestamp.findings or meant.findings
    yield from match.signature.findings


def _describe_scheme(used: SignatureScheme, matching: SignatureScheme) -> Iterator[Finding]:
    for name in scheme_differences(used, matching):
        here, there = getattr(used, name), getattr(matching, name)
        yield Finding(Cause.SCHEME, f"it was signed with {name} {there!r}, and the scheme in use says {here!r}")


def _check_headers(
    sent: SentHeaders, match: Match, scheme: SignatureScheme, project_id: object
) -> tuple[list[Finding], SignatureScheme]:
    """Compare the padding, the algorithm and the token that were sent with the scheme; return it corrected."""
    findings: list[Finding] = []
    if not match.signature.findings and (sent.signature or "").strip().endswith("=") and not scheme.padding:
        findings.append(Finding(Cause.PADDING, "the signature ends in '=', and by the scheme it has no padding"))
    if not sent.of_request:
        return findings, scheme
    name, other = ("rsa_algorithm", "hmac") if match.digest else ("hmac_algorithm", "rsa")
    wanted, given = getattr(scheme, name), sent.algorithm
    if given != wanted:
        problem = "is not sent" if given is None else "names another algorithm"
        detail = f"{contract.HEADERS.algorithm} {problem}; the scheme in use says {name} {wanted!r}"
        findings.append(Finding(Cause.ALGORITHM, detail))
        if given is None or (given.isascii() and given.isprintable() and other not in given.lower()):
            scheme = _with_algorithm(scheme, name, given)
    if sent.token is None or isinstance(match.key.key, HmacVerificationKey):
        return findings, scheme
    project = sent.merchant_id or (project_id if isinstance(project_id, str) else "")
    finding, form = _check_token(sent.token, match.key.key, scheme, project)
    return [*findings, *finding], scheme if form is None else replace(scheme, token=form)


def _with_algorithm(scheme: SignatureScheme, name: str, value: str | None) -> SignatureScheme:
    try:
        return replace(scheme, **{name: value})  # type: ignore[arg-type]  # checked by the constructor
    except SigningError:
        return scheme


def _check_token(
    token: str, key: RsaVerificationKey, scheme: SignatureScheme, project_id: str
) -> tuple[list[Finding], str | None]:
    """Check the token; also return its form where that is not the scheme's."""
    der = key.public_der
    forms = {
        "public_key": base64url_encode(der),
        "public_key_pem": base64url_encode(public_pem(der)),
        "project_id": project_id,
    }
    if token == forms.get(scheme.token, scheme.token):
        return [], None
    wanted = repr(scheme.token) if scheme.token in forms else "another token"
    for form, text in forms.items():
        if token == text:
            return [
                Finding(Cause.SCHEME, f"the token has the form {form!r}, and the scheme in use says {wanted}")
            ], form
    if is_private(token):
        return [_private_token()], None
    name, other = contract.HEADERS.token, token_key(token)
    if other is None:
        detail = f"{name} is not a form of the key that signed"
    elif other.key_id != key.key_id:
        detail = f"{name} carries {other.key_id}, the signature was made by {key.key_id}: not one pair"
    else:
        detail = f"{name} carries the right key in another encoding than base64url of {wanted}"
    return [Finding(Cause.TOKEN, detail)], None


def _check_private_token(sent: SentHeaders) -> list[Finding]:
    return [_private_token()] if is_private(sent.token) else []


def _private_token() -> Finding:
    text = f"{contract.HEADERS.token} carries a PRIVATE key: it must be replaced, and the token made of the public one"
    return Finding(Cause.PRIVATE_KEY_SENT, text)


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
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        if text:
            yield Finding(Cause.TIMESTAMP_FORM, f"{contract.HEADERS.timestamp} is not decimal Unix seconds")
        return
    age = clock() - int(text)
    if abs(age) > tolerance:
        when = "ago" if age > 0 else "in the future"
        yield Finding(Cause.STALE, f"signed {abs(age):.0f} seconds {when}, {tolerance:.0f} are allowed")


def _describe_unexplained(
    matcher: Matcher, known: list[KnownKey], signatures: list[SignatureReading], sent: SentHeaders, content: SentBody
) -> Iterator[Finding]:
    """Findings about a signature that no candidate explains."""
    if not signatures:
        yield Finding(Cause.ENCODING, "the signature is not base64url" if sent.signature else "the signature is empty")
    elif matcher.recovered:
        recovered = matcher.recovered[0]
        key_id = recovered.key.key.key_id
        who = f"{recovered.key.name} ({key_id})" if recovered.key.name else key_id
        yield from recovered.signature.findings
        if recovered.key.name:
            yield Finding(Cause.WRONG_KEY, f"made by {who}")
        yield from check_hash(recovered.name)
        if content.normalized is not None and sent.timestamp is not None:
            detail = "body or timestamp were changed after signing, or were put together in a way that is not known"
            yield Finding(Cause.CHANGED, f"{who} made it, but over another text: {detail}")
    else:
        yield from signatures[0].findings
        yield _judge_by_size(len(signatures[0].value), known)


def _judge_by_size(length: int, known: list[KnownKey]) -> Finding:
    sizes = {one.key.size for one in known if isinstance(one.key, RsaVerificationKey)}
    has_hmac = any(isinstance(one.key, HmacVerificationKey) for one in known)
    if length in (32, 64) and has_hmac:
        return Finding(Cause.UNKNOWN, "no known HMAC key made it over this body: either the key or the text differs")
    if length in (32, 64):
        return Finding(Cause.ALGORITHM, "the signature is as long as an HMAC, and there is no HMAC key")
    if length in sizes:
        return Finding(Cause.UNKNOWN_KEY, "no known RSA key made it, or it is not a PKCS#1 v1.5 signature")
    if not sizes and length >= 128:
        return Finding(Cause.ALGORITHM, "the signature is as long as one of RSA, and there is no RSA key")
    return Finding(Cause.UNKNOWN, f"the signature has {length} bytes, which fits no known key")


def _unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))
