"""Rows over the loopback: a signed create through the façade against what it stands on."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import importlib
import json
import statistics
import time
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from highhelp import AsyncHighHelp, HighHelp, models
from highhelp_signing import Signer, normalize, signature_headers, signing_message
from tools.bench import fixed_server, material
from tools.bench.measure import Bench, Row, Turn, ratios, timed
from tools.bench.signing import NOW, PKCS1, SHA256

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

IN_FLIGHT = (1, 4, 16, 32, 128, 256)


def _settings(url: str, signer: Signer) -> dict[str, Any]:
    return {"base_url": url, "project_id": material.PROJECT, "signer": signer, "environ": {}}


def _without_us(server: str, keys: material.Keys, answered: bytes, stack: ExitStack) -> dict[str, Callable[[], object]]:
    """The sides of `sync` that do not use the client: what a call cannot do without."""
    raw, url = material.compact(material.request()), server + material.PATH
    plain = {"content-type": "application/json"}
    about: dict[str, Any] = {"project_id": material.PROJECT, "timestamp": NOW}
    by_rsa = plain | signature_headers(raw, signer=keys.rsa, **about)
    by_hmac = plain | signature_headers(raw, signer=keys.hmac, **about)
    message, secret = signing_message(material.request(), NOW), material.HMAC_KEY.encode()
    bare = stack.enter_context(httpx.Client())
    fast = stack.enter_context(closing(importlib.import_module("pyreqwest.client").SyncClientBuilder().build()))
    wire = stack.enter_context(closing(http.client.HTTPConnection(server.removeprefix("http://"))))

    def by_hand() -> object:
        wire.request("POST", material.PATH, raw, by_hmac)
        return wire.getresponse().read()

    def computed() -> str:
        # what any client of this API computes for a call: JSON out and in, the string that is signed, a model
        sent = json.dumps(material.request(), ensure_ascii=False, separators=(",", ":")).encode()
        text = normalize(json.loads(sent))
        base64.urlsafe_b64encode(text.encode())
        models.PaymentState.from_dict(json.loads(answered))
        return text

    def floor() -> object:
        digest = hmac.digest(secret, computed().encode(), hashlib.sha512)
        return bare.post(url, content=raw, headers=by_hmac), base64.urlsafe_b64encode(digest)

    def fast_floor() -> object:
        digest = hmac.digest(secret, computed().encode(), hashlib.sha512)
        return fast.post(url).headers(by_hmac).body_bytes(raw).build().send(), base64.urlsafe_b64encode(digest)

    def floor_with_sign() -> object:
        signature = keys.private.sign(hashlib.sha256(computed().encode()).digest(), PKCS1, SHA256)
        return bare.post(url, content=raw, headers=by_rsa), base64.urlsafe_b64encode(signature)

    def with_sign() -> object:
        bare.post(url, content=raw, headers=by_rsa)
        return keys.private.sign(message, PKCS1, SHA256)

    return {
        "http.client, pre-signed": by_hand,
        "httpx, unsigned": lambda: bare.post(url, content=raw, headers=plain),
        "httpx, pre-signed": lambda: bare.post(url, content=raw, headers=by_hmac),
        "httpx, pre-signed + bare RSA sign": with_sign,
        "floor: httpx + JSON, normalize, HMAC, model": floor,
        "floor: httpx + JSON, normalize, RSA sign, model": floor_with_sign,
        "floor: pyreqwest of [fast] + JSON, normalize, HMAC, model": fast_floor,
    }


def sync(bench: Bench) -> Row:
    """One call after the other."""
    keys = material.Keys.new()
    body = models.P2PPayinRequest.from_dict(material.request())
    answered = material.compact(material.answer())
    with fixed_server.running(answered) as server, ExitStack() as stack:
        sides = _without_us(server, keys, answered, stack)
        clients = {
            "create, RSA": HighHelp(**_settings(server, keys.rsa)),
            "create, HMAC": HighHelp(**_settings(server, keys.hmac)),
            "create, HMAC, fast": HighHelp(**_settings(server, keys.hmac), transport="fast"),
        }
        for name, client in clients.items():
            sides[name] = partial(stack.enter_context(client).p2p.create_payin, body)
        # few calls in a turn: both sides then find the processor's caches as cold as in a program
        series = bench.interleave({name: timed(side, 3) for name, side in sides.items()}, 500)
    return Row(
        series,
        claims={
            "sync-rsa": ratios(series, "create, RSA", "httpx, pre-signed + bare RSA sign"),
            "sync-hmac": ratios(series, "create, HMAC", "httpx, pre-signed"),
            "sync-fast": ratios(series, "create, HMAC, fast", "httpx, unsigned"),
        },
    )


def asynchronous(bench: Bench) -> Row:
    """Many calls at once on one event loop, and how the cost of one grows with their number."""
    keys = material.Keys.new()
    body = models.P2PPayinRequest.from_dict(material.request())
    raw = material.compact(material.request())
    plain = {"content-type": "application/json"}
    with fixed_server.running(material.compact(material.answer())) as server:
        loop = asyncio.new_event_loop()
        limits = httpx.Limits(max_connections=max(IN_FLIGHT), max_keepalive_connections=max(IN_FLIGHT))
        bare = httpx.AsyncClient(limits=limits)
        room: dict[str, Any] = {"max_connections": max(IN_FLIGHT)}
        fast = AsyncHighHelp(**_settings(server, keys.hmac), transport="fast", **room)
        usual = AsyncHighHelp(**_settings(server, keys.hmac), **room)
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "httpx, unsigned": lambda: bare.post(server + material.PATH, content=raw, headers=plain),
            "create, HMAC": lambda: usual.p2p.create_payin(body),
            "create, HMAC, fast": lambda: fast.p2p.create_payin(body),
        }
        numbers = [number for number in IN_FLIGHT if not bench.quick or number in (1, 32, 128)]
        turns = {
            f"{name}, {number} in flight": _at_once(loop, call, number)
            for number in numbers
            for name, call in calls.items()
        }
        series = bench.interleave(turns, 8)
        for client in (fast, usual, bare):
            loop.run_until_complete(client.aclose())
        loop.close()
    ours, theirs = "create, HMAC, fast", "httpx, unsigned"
    points = {
        name: [(float(number), statistics.median(series[f"{name}, {number} in flight"])) for number in numbers]
        for name in calls
    }
    return Row(
        series,
        claims={
            f"async-{number}": ratios(series, f"{theirs}, {number} in flight", f"{ours}, {number} in flight")
            for number in (32, 128)
        }
        | {"async-growth": ratios(series, f"{ours}, 32 in flight", f"{ours}, 128 in flight")},
        curves={"A call, µs, by calls in flight": points},
    )


def _at_once(loop: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[object]], number: int) -> Turn:
    each = max(1, 128 // number)

    async def worker() -> None:
        for _ in range(each):
            await call()

    async def all_workers() -> None:
        await asyncio.gather(*(worker() for _ in range(number)))

    loop.run_until_complete(all_workers())  # opens the connections

    def turn() -> float:
        began = time.perf_counter()
        loop.run_until_complete(all_workers())
        return (time.perf_counter() - began) / (each * number) * 1e6

    return turn
