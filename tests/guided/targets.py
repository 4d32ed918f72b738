"""Fuzzing targets for arbitrary bytes: the normaliser, the verifier and the inbox, each with its own oracle.

A failing oracle raises AssertionError; any other escaping error is a finding as well. Each target
returns the result in a word, so that a test can check that a corpus reaches every result. Keys are fixed test keys
in this file, so kept inputs stay valid.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from highhelp.redact import MASK
from highhelp_api.contract import CALLBACK_FIELDS, CALLBACK_SCHEMA, HEADERS, SENSITIVE_PATHS
from highhelp_signing import (
    BodyNotSignable,
    CallbackRejected,
    CallbackVerifier,
    KeyRing,
    Limits,
    SignatureScheme,
    VerifiedCallback,
    parse_body,
    signing_message,
)
from highhelp_signing import normalize as normal
from tests.guided import reading
from tests.guided.equivocation import another

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp import CallbackInbox

NOW = 1_706_182_847
PROJECT = "shop"
KEY, OLD_KEY, WRONG_KEY = "key-of-the-fuzzer", "old-key-of-the-fuzzer", "key-of-somebody-else"
SECONDS = 2.0
"""Of processor time that one input may take; 64 KiB take a tenth of it."""

SCHEMES = (
    SignatureScheme(),
    SignatureScheme(joiner="&", null_text="", true_text="yes", false_text="no", padding=True),
    SignatureScheme(joiner="||"),
    SignatureScheme(null_text="1"),
)
LIMITS = (Limits(), Limits(raw=400, depth=4, text=100))
OF_CALLBACKS = Limits(raw=8192, text=4096)
"""Small enough to be reached."""


def timed(target: Callable[[bytes], str]) -> Callable[[bytes], str]:
    """The target, whose time is bounded."""

    def bounded(data: bytes) -> str:
        begun = time.thread_time()
        result = target(data)
        took = time.thread_time() - begun
        assert took < SECONDS, f"{took:.1f} s of processor time for {len(data)} bytes"
        return result

    return bounded


@timed
def normalize(data: bytes) -> str:
    """The first byte chooses scheme and limits, the rest is the body: signed or refused, as the plain reading says."""
    mode, raw = data[:1], data[1:]
    number = mode[0] if mode else 0
    scheme, limits = SCHEMES[number & 3], LIMITS[number >> 2 & 1]
    try:
        expected: str | None = signable(raw, scheme, limits)
    except reading.Unreadable:
        expected = None
    try:
        body = parse_body(raw, limits=limits)
        text = normal(body, scheme, limits=limits)
        message = signing_message(body, NOW, scheme, limits=limits)
    except BodyNotSignable as caught:
        refusal = caught
    else:
        assert text == expected, "not what the plain reading gives"
        assert message == reading.message(text, f"{NOW}", scheme)
        return "signed"
    assert expected is None, f"refused as {refusal.reason}, though it can be signed"
    return f"{refusal.reason}"


def signable(raw: bytes, scheme: SignatureScheme, limits: Limits) -> str:
    """Restrict a body to what a merchant may sign: nothing ambiguous, no fractions."""
    body = reading.read(raw, limits)
    text = reading.normalized(body, scheme, limits)
    if reading.is_doubtful(body, scheme) or any(isinstance(leaf, reading.Fraction) for leaf in reading.leaves(body)):
        raise reading.Unreadable
    return text


@dataclass(frozen=True)
class Delivery:
    """A callback on its way.

    Attributes:
        raw: Its body.
        headers: In one of the shapes that frameworks give.
        signature: The value of the header; None unless it appears exactly once.
        timestamp: The same.
    """

    raw: bytes
    headers: Any
    signature: str | None
    timestamp: str | None


TIMES = (NOW, NOW - 300, NOW + 300, NOW - 301, NOW + 301, 10**9, 10**9 - 1, 10**12)


def delivery(data: bytes) -> Delivery:
    """Three bytes choose signer, time and shape of the headers; then the body, or what was signed, NUL, the body."""
    how, when, shape = (*data[:3], 0, 0, 0)[:3]
    signed, separator, raw = data[3:].partition(b"\0")
    raw = raw if separator else signed
    timestamp = f"{TIMES[when & 7]}"
    timestamp = {8: "+" + timestamp, 16: timestamp + ".0", 24: "0" + timestamp}.get(when & 24, timestamp)
    try:
        text = reading.normalized(reading.read(signed, OF_CALLBACKS), SCHEMES[0], OF_CALLBACKS)
    except reading.Unreadable:
        text = signed.decode("latin-1")
    key = (KEY, KEY, OLD_KEY, WRONG_KEY)[how & 3]
    signature = base64.urlsafe_b64encode(reading.mac(key, reading.message(text, timestamp, SCHEMES[0]))).decode()
    bare = signature.rstrip("=")
    signature = {
        4: signature,  # padded
        8: bare[:-1],
        12: bare[:-1] + chr(ord(bare[-1]) ^ 1),
        16: bare + "\n",
        20: signed[:80].decode("latin-1"),
        24: "A" * 5000,
    }.get(how & 28, bare)
    pairs = [(HEADERS.signature, signature), (HEADERS.timestamp, timestamp), ("content-type", "application/json")]
    if shape & 8:
        pairs.append((HEADERS.signature.upper(), signature))
    if shape & 16:
        del pairs[1]
    if shape & 7 == 3:
        pairs = list({name.lower(): (name, value) for name, value in pairs}.values())
    lower = [name.lower() for name, _ in pairs]
    once = {name.lower(): value for name, value in pairs if lower.count(name.lower()) == 1}
    return Delivery(raw, shaped(pairs, shape & 7), once.get(HEADERS.signature), once.get(HEADERS.timestamp))


def shaped(pairs: list[tuple[str, str]], shape: int) -> Any:
    """Headers as one of the frameworks has them."""
    if shape == 1:
        return [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    if shape == 2:
        return pairs
    if shape == 3:
        return {name.upper(): [value] for name, value in pairs}
    return dict(pairs)


@cache
def verifier() -> CallbackVerifier:
    """Two keys, as while a key is changed."""
    ring = KeyRing.from_hmac(KEY, OLD_KEY)
    return CallbackVerifier({PROJECT: ring}, SCHEMES[0], clock=lambda: NOW, limits=OF_CALLBACKS)


def is_genuine(sent: Delivery) -> bool:
    """Whether the gateway signed this body, by the plain reading."""
    if sent.signature is None or sent.timestamp is None or not re.fullmatch("[1-9][0-9]{9}", sent.timestamp):
        return False
    try:
        body = reading.read(sent.raw, OF_CALLBACKS)
        text = reading.normalized(body, SCHEMES[0], OF_CALLBACKS)
    except reading.Unreadable:
        return False
    if dict(body.items).get("project_id") != PROJECT:
        return False
    signed = reading.message(text, sent.timestamp, SCHEMES[0])
    right = [base64.urlsafe_b64encode(reading.mac(key, signed)).decode() for key in (KEY, OLD_KEY)]
    return sent.signature in (*right, *(one.rstrip("=") for one in right))


@timed
def verify(data: bytes) -> str:
    """Only a genuine, fresh, consistent and unambiguous callback is accepted."""
    sent = delivery(data)
    genuine = is_genuine(sent)
    try:
        callback = verifier().verify(sent.raw, sent.headers)
    except CallbackRejected as caught:
        refusal = caught
    else:
        return said_once(callback, sent, genuine=genuine)
    assert refusal.genuine == genuine, f"{refusal.reason}, though genuine is {genuine}"
    assert refusal.callback is None or genuine
    return f"{refusal.reason}"


def said_once(callback: VerifiedCallback, sent: Delivery, *, genuine: bool) -> str:
    """Check the properties of an accepted callback."""
    assert genuine, "accepted, though no key of the project made the signature"
    assert sent.timestamp is not None
    assert abs(NOW - int(sent.timestamp)) <= 300, "accepted, though stale"
    body = reading.read(sent.raw, OF_CALLBACKS)
    assert not reading.is_doubtful(body, SCHEMES[0]), "accepted, though a key can be read in two ways"
    assert says_what_is_there(callback, reading.plain(body)), "a field does not say what the body says"
    says_one_thing(callback, sent)
    return "accepted"


def says_what_is_there(callback: VerifiedCallback, body: dict[str, Any]) -> bool:
    """Whether the fields are those of the body, each of the type that the contract wants."""
    info = body.get("payment_info") or {}
    expected = (
        (callback.project_id, body["project_id"], str),
        (callback.payment_id, body["general"]["payment_id"], str),
        (callback.request_id, _present(body["general"].get("request_id")), str),
        (callback.status, body["status"]["status"], str),
        (callback.sub_status, _present(body["status"].get("sub_status")), str),
        (callback.amount, info.get("amount"), int),
        (callback.currency, _present(info.get("currency")), str),
    )
    return all(told == there and type(told) in (kind, type(None)) for told, there, kind in expected)


def _present(value: object) -> object:
    return None if value in ("None", "") else value


def says_one_thing(callback: VerifiedCallback, sent: Delivery) -> None:
    """Cut the normalised string in other ways: no other body that is accepted may say anything else."""
    text = reading.normalized(reading.read(sent.raw, OF_CALLBACKS), SCHEMES[0], OF_CALLBACKS)
    random = Random(hashlib.sha256(sent.raw).digest())
    for _ in range(8):
        raw = another(text, random)
        if raw is None:
            continue
        try:
            other = verifier().verify(raw, sent.headers)
        except CallbackRejected:
            continue
        assert known(other) == known(callback), f"{raw!r} and {sent.raw!r} have one signature"


def known(callback: VerifiedCallback) -> dict[str, object]:
    """The leaves of the contract's fields; null is absent."""
    found: dict[str, object] = {}
    for path, field in CALLBACK_FIELDS.items():
        value: Any = callback.body
        for key in path.split(":"):
            value = value.get(key) if isinstance(value, dict) else None
        if field.type == "map":
            found |= {f"{path}:{key}": text for key, text in (value or {}).items() if text is not None}
        elif field.type != "object" and value is not None:
            found[path] = value
    return found


@cache
def inbox() -> CallbackInbox:
    """One for all inputs, emptied before each."""
    from highhelp import CallbackInbox

    path = Path(tempfile.mkdtemp(prefix="highhelp-")) / "inbox.db"
    made = CallbackInbox(path, verifier=verifier(), clock=lambda: NOW, environ={})
    made.create_schema()
    return made


def close() -> None:
    """Close the inbox, if there is one, and take its files away."""
    if inbox.cache_info().currsize:
        inbox().close()
        shutil.rmtree(Path(inbox().engine.url.database or "").parent)
        inbox.cache_clear()


MOST = 6


@timed
def receive(data: bytes) -> str:
    """Deliveries, 0xFF between them: 200 exactly for what is genuine, and never without a stored row."""
    with inbox().engine.begin() as connection:
        for table in ("highhelp_events", "highhelp_payments", "highhelp_refused", "highhelp_refused_counts"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    before: list[Any] = []
    answers = []
    for part in data.split(b"\xff")[:MOST]:
        sent = delivery(part)
        status, _ = inbox().receive(sent.raw, sent.headers)
        rows = stored()
        answers.append(judged(sent, status, before, rows))
        before = rows
    return " ".join(sorted(set(answers)))


def stored() -> list[Any]:
    """All rows of events."""
    with inbox().engine.connect() as connection:
        return list(
            connection.exec_driver_sql(
                "SELECT id, normalized_sha256, payment_id, status, state, final, amount, body FROM highhelp_events"
                " ORDER BY id"
            )
        )


def judged(sent: Delivery, status: int, before: list[Any], rows: list[Any]) -> str:
    """Check the answer and the rows."""
    kept = {row.id for row in rows}
    assert all(row.id in kept for row in before), "a stored row is gone"
    new = [row for row in rows if row.id not in {one.id for one in before}]
    if not is_genuine(sent):
        assert status in (401, 413), f"answered {status}, though not genuine"
        assert not new, "stored as an event, though not genuine"
        return f"{status}"
    assert status == 200, f"answered {status}, though genuine"
    body = reading.plain(reading.read(sent.raw, OF_CALLBACKS))
    text = reading.normalized(reading.read(sent.raw, OF_CALLBACKS), SCHEMES[0], OF_CALLBACKS)
    digests = {hashlib.sha256(text.encode()).hexdigest(), hashlib.sha256(sent.raw).hexdigest()}
    # the same end of a payment may be reported again differently: then the row is that of the first report
    there = [row for row in rows if row.normalized_sha256 in digests or same_end(row, body)]
    assert there, "answered 200 without a stored row"
    assert len(new) <= 1
    ends = [row for row in rows if row.final and row.state == "received"]
    assert len({row.payment_id for row in ends}) == len(ends), "two ends of one payment to be handled"
    for row in new:
        fresh = sent.timestamp is not None and abs(NOW - int(sent.timestamp)) <= 300
        assert row.state == "parked" or fresh, "to be handled, though stale"
        assert row.state != "received" or row.payment_id == body["general"]["payment_id"]
        assert not shows_card(row.body, body), "card data in the clear"
    return new[0].state if new else "duplicate"


def same_end(row: Any, body: Any) -> bool:
    """Whether a row reports the same end of the same payment."""
    try:
        told = (body["general"]["payment_id"], body["status"]["status"])
    except (KeyError, TypeError):
        return False
    return bool(row.final) and (row.payment_id, row.status) == told


def shows_card(shown: str, body: Any) -> bool:
    """Whether a sensitive field of the contract is in the readable body unmasked."""
    return any(
        sent is not None and sent not in ({}, MASK) and sent == kept
        for path in SENSITIVE_PATHS[CALLBACK_SCHEMA]
        for sent, kept in [(at(body, path), at(json.loads(shown), path))]
    )


def at(body: Any, path: str) -> Any:
    """The value at a colon path, or None."""
    for key in path.split(":"):
        body = body.get(key) if isinstance(body, dict) else None
    return body


TARGETS: dict[str, Callable[[bytes], str]] = {"normalize": normalize, "verify": verify, "receive": receive}
