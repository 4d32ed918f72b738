"""Rows without a network: signatures, the normalised string, callbacks, models, and the event loop while it signs."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib
import json
import time
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from highhelp.calls.outcome import RawResponse
from highhelp_api.client.models import Integration, PaymentState, Status, SubStatus
from highhelp_signing import normalize, signature_headers, signing_message
from highhelp_signing.auth import SignatureAuth
from highhelp_signing.encoding import base64url_encode
from tools.bench import material
from tools.bench.measure import Bench, Row, computed, ratios

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NOW = 1_706_182_847
AT_ONCE = 64
PKCS1, SHA256 = padding.PKCS1v15(), hashes.SHA256()


def signing(bench: Bench) -> Row:
    """A whole signature against the mathematics in it."""
    keys, body = material.Keys.new(), material.request()
    raw, message = material.compact(body), signing_message(body, NOW)
    secret = material.HMAC_KEY.encode()
    about: dict[str, Any] = {"project_id": material.PROJECT, "timestamp": NOW}

    series = bench.interleave(
        {
            "bare RSA sign": computed(lambda: keys.private.sign(message, PKCS1, SHA256)),
            "RSA, bytes to headers": computed(lambda: signature_headers(raw, signer=keys.rsa, **about)),
            "bare HMAC": computed(lambda: hmac.digest(secret, message, hashlib.sha512)),
            "HMAC, bytes to headers": computed(lambda: signature_headers(raw, signer=keys.hmac, **about)),
            "HMAC, object to signature": computed(lambda: base64url_encode(keys.hmac.sign(signing_message(body, NOW)))),
            "normalize": computed(lambda: normalize(body)),
            "json.loads": computed(lambda: json.loads(raw)),
        },
        400,
    )
    return Row(
        series,
        claims={
            "signing-rsa": ratios(series, "RSA, bytes to headers", "bare RSA sign"),
            "signing-hmac-bytes": ratios(series, "HMAC, bytes to headers", "bare HMAC"),
            "signing-hmac-object": ratios(series, "HMAC, object to signature", "bare HMAC"),
        },
    )


def sizes(bench: Bench) -> Row:
    """How the cost of the normalised string grows with the body."""
    bodies = {f"{kib} KiB": _of_size(kib << 10) for kib in (1, 32, 1024)}
    turns = {}
    for name, (size, body) in bodies.items():
        turn = computed(partial(normalize, body))
        turns[name] = lambda turn=turn, size=size: turn() * 1000 / size
    series = bench.interleave(turns, 30)
    return Row(
        series,
        units=dict.fromkeys(series, "ns per byte"),
        claims={"normalize-growth": ratios(series, "1024 KiB", "1 KiB")},
    )


def _of_size(size: int) -> tuple[int, dict[str, Any]]:
    # all bodies of one shape, so that only the size differs
    pieces: list[Any] = []
    length = 0
    while length < size - 500:
        piece = {**material.request(f"order-{len(pieces)}"), "sender": {}}
        pieces.append(piece)
        length += len(material.compact(piece)) + 1
    body = {"items": pieces}
    return len(material.compact(body)), body


def callback(bench: Bench) -> Row:
    """A callback, verified and typed."""
    keys = material.Keys.new()
    body = material.callback()
    raw, headers = keys.signed(body)
    verifier = keys.verifier()
    message = signing_message(body, NOW)
    signature = keys.private.sign(message, PKCS1, SHA256)
    public = keys.private.public_key()

    def bare() -> object:
        public.verify(signature, message, PKCS1, SHA256)
        return json.loads(raw)

    series = bench.interleave(
        {
            "RSA verify + json.loads": computed(bare),
            "callback, verified": computed(lambda: verifier.verify(raw, headers)),
        },
        400,
    )
    return Row(series, claims={"callback": ratios(series, "callback, verified", "RSA verify + json.loads")})


def model(bench: Bench) -> Row:
    """An answer's bytes to a model."""
    orjson: Any = importlib.import_module("orjson")
    raw = material.compact(material.answer())

    def by_hand() -> PaymentState:
        body = orjson.loads(raw)
        sub = body.get("sub_status")
        return PaymentState(
            status=Status(body["status"]),
            sub_status=None if sub is None else SubStatus(sub),
            status_description=body["status_description"],
            request_id=body["request_id"],
            payment_id=body["payment_id"],
            integration=Integration(form_url=body["integration"]["form_url"]),
        )

    got = RawResponse(200, {}, raw, 0.0)
    if by_hand() != PaymentState.from_dict(got.json()):
        raise AssertionError("the two sides do not make the same model")
    series = bench.interleave(
        {
            "orjson.loads + hand-written constructor": computed(by_hand),
            "answer to model": computed(lambda: PaymentState.from_dict(got.json())),
        },
        400,
    )
    return Row(series, claims={"model": ratios(series, "answer to model", "orjson.loads + hand-written constructor")})


def loop(bench: Bench) -> Row:
    """The time that an event loop is blocked by many RSA signatures at once."""
    keys, raw = material.Keys.new(), material.compact(material.request())
    auth = SignatureAuth(material.PROJECT, keys.rsa, origin="https://gateway.example")
    # as HighHelp sends them: the normalised string was made while the body was checked; only signing is measured
    known = {auth.NORMALIZED: (raw, normalize(json.loads(raw)))}
    url = "https://gateway.example/x"
    requests = cycle([httpx.Request("POST", url, content=raw, extensions=known) for _ in range(AT_ONCE)])

    async def inline() -> object:
        return auth(next(requests))

    async def hooked() -> object:
        flow = auth.async_auth_flow(next(requests))
        try:
            return await anext(flow)
        finally:
            await flow.aclose()

    lags: dict[str, list[float]] = {"inline, lag p99": [], "two threads, lag p99": []}

    def turn(name: str, one: Callable[[], Awaitable[object]]) -> Callable[[], float]:
        def measured() -> float:
            seconds, p99 = asyncio.run(_burst(one))
            lags[f"{name}, lag p99"].append(p99 * 1000)
            return AT_ONCE / seconds

        return measured

    series = bench.interleave({"inline": turn("inline", inline), "two threads": turn("two threads", hooked)}, 40)
    units = dict.fromkeys(series, "signatures/s") | dict.fromkeys(lags, "ms")
    return Row(
        series | lags,
        units=units,
        claims={"loop-lag": lags["two threads, lag p99"], "loop-throughput": ratios(series, "two threads", "inline")},
    )


async def _burst(one: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    lags: list[float] = []
    done = asyncio.Event()

    async def tick() -> None:
        while not done.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - began - 0.001)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.005)
    lags.clear()
    began = time.perf_counter()
    # several bursts, so that there are enough ticks for a hundredth part
    for _ in range(8):
        await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    seconds = (time.perf_counter() - began) / 8
    done.set()
    await ticking
    lags.sort()
    return seconds, lags[min(len(lags) - 1, int(len(lags) * 0.99))]
