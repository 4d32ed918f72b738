"""Rows over the loopback: a signed create through the façade against its dependencies."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from highhelp import AsyncHighHelp, HighHelp, models
from highhelp_signing import Signer, signature_headers, signing_message
from tools.bench import fixed_server, material
from tools.bench.measure import Bench, Row, Turn, ratios, timed
from tools.bench.signing import NOW, PKCS1, SHA256

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

IN_FLIGHT = (1, 32, 128)
PLAIN = {"content-type": "application/json"}


def _settings(url: str, signer: Signer) -> dict[str, Any]:
    return {"base_url": url, "project_id": material.PROJECT, "signer": signer, "environ": {}}


def sync(bench: Bench) -> Row:
    """One call after the other."""
    keys = material.Keys.new()
    body = models.P2PPayinRequest.from_dict(material.request())
    raw, message = material.compact(material.request()), signing_message(material.request(), NOW)
    by_rsa, by_hmac = (
        PLAIN | signature_headers(raw, signer=signer, project_id=material.PROJECT, timestamp=NOW)
        for signer in (keys.rsa, keys.hmac)
    )
    with fixed_server.running(material.compact(material.answer())) as server, ExitStack() as stack:
        url = server + material.PATH
        bare = stack.enter_context(httpx.Client())

        def with_sign() -> object:
            bare.post(url, content=raw, headers=by_rsa)
            return keys.private.sign(message, PKCS1, SHA256)

        sides: dict[str, Callable[[], object]] = {
            "httpx, unsigned": lambda: bare.post(url, content=raw, headers=PLAIN),
            "httpx, pre-signed": lambda: bare.post(url, content=raw, headers=by_hmac),
            "httpx, pre-signed + bare RSA sign": with_sign,
        }
        clients = {
            "create, RSA": HighHelp(**_settings(server, keys.rsa)),
            "create, HMAC": HighHelp(**_settings(server, keys.hmac)),
            "create, HMAC, fast": HighHelp(**_settings(server, keys.hmac), transport="fast"),
        }
        for name, client in clients.items():
            sides[name] = partial(stack.enter_context(client).p2p.create_payin, body)
        # few calls in a turn, so that both sides have caches as cold as in a program
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
    with fixed_server.running(material.compact(material.answer())) as server:
        loop = asyncio.new_event_loop()
        limits = httpx.Limits(max_connections=max(IN_FLIGHT), max_keepalive_connections=max(IN_FLIGHT))
        bare = httpx.AsyncClient(limits=limits)
        enough: dict[str, Any] = {"max_connections": max(IN_FLIGHT)}
        fast = AsyncHighHelp(**_settings(server, keys.hmac), transport="fast", **enough)
        usual = AsyncHighHelp(**_settings(server, keys.hmac), **enough)
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "httpx, unsigned": lambda: bare.post(server + material.PATH, content=raw, headers=PLAIN),
            "create, HMAC": lambda: usual.p2p.create_payin(body),
            "create, HMAC, fast": lambda: fast.p2p.create_payin(body),
        }
        turns = {
            f"{name}, {number} in flight": _at_once(loop, call, number)
            for number in IN_FLIGHT
            for name, call in calls.items()
        }
        series = bench.interleave(turns, 8)
        for client in (fast, usual, bare):
            loop.run_until_complete(client.aclose())
        loop.close()
    ours, theirs = "create, HMAC, fast", "httpx, unsigned"
    return Row(
        series,
        claims={
            f"async-{number}": ratios(series, f"{theirs}, {number} in flight", f"{ours}, {number} in flight")
            for number in (32, 128)
        }
        | {"async-growth": ratios(series, f"{ours}, 32 in flight", f"{ours}, 128 in flight")},
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
