"""Many connections at once, mixed traffic: no 5xx, no lost callback, nothing piles up. HIGHHELP_SOAK_SECONDS: how long."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx

from highhelp_mock import MockGateway, engine
from highhelp_mock.scenarios import amount_of
from highhelp_signing import SignatureAuth
from tests.gateway.merchant import Merchant

if TYPE_CHECKING:
    import pytest

    from highhelp_mock.projects import Keys

CONNECTIONS = 64
KEPT = 200
PAYOUTS = "/api/v1/payment/p2p/payout"
PAYINS = "/api/v1/payment/p2p/payin"


def test_mixed_traffic_over_many_connections(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    monkeypatch.setattr(engine, "KEPT", KEPT)
    seconds = float(os.environ.get("HIGHHELP_SOAK_SECONDS", "3"))
    codes: Counter[int] = Counter()
    told: Counter[str] = Counter()
    finals: Counter[str] = Counter()
    created: list[str] = []

    async def receive(scope: Any, receive: Any, send: Any) -> None:
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        told["all"] += 1
        if b'"status":"success"' in raw or b'"status":"decline"' in raw:
            finals[raw.partition(b'"payment_id":"')[2].partition(b'"')[0].decode()] += 1
        status = 500 if told["all"] % 50 == 0 else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"OK"})

    async def traffic(gateway: MockGateway, url: str, number: int) -> None:
        merchant = Merchant(gateway, gateway.project)
        auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)
        choose = random.Random(number)
        async with httpx.AsyncClient(base_url=gateway.base_url, auth=auth, timeout=60) as client:
            until = time.monotonic() + seconds
            for index in itertools.count():
                if time.monotonic() > until:
                    return
                name = f"{number}-{index}"
                code = choose.choice([0, 1, 2, 100, 101])
                build = merchant.p2p_payin if code < 100 else merchant.p2p_payout
                body = build(name, amount=amount_of(code))
                body["general"] |= {key: url for key in body["general"] if key.endswith("_url")}
                path = PAYINS if code < 100 else PAYOUTS
                created.append(name)
                codes[(await client.post(path, json=body)).status_code] += 1
                codes[(await client.post(f"{path}/info", json=merchant.info_general(name))).status_code] += 1

    async def all_traffic(gateway: MockGateway, url: str) -> None:
        await asyncio.gather(*(traffic(gateway, url, number) for number in range(CONNECTIONS)))

    gateway = MockGateway(keys=keys, balances={"RUB": 10**15})
    with served(receive) as url, gateway.serve():
        asyncio.run(all_traffic(gateway, f"{url}/callbacks"))
        until = time.monotonic() + 20 + 2 * seconds
        while any(one.outcome == "pending" for one in gateway.callbacks) or not all(p.final for p in gateway.payments):
            assert time.monotonic() < until, "callbacks are still on their way"
            gateway.travel(1)
            time.sleep(0.2)
        waiting = len(gateway.payments)
    assert set(codes) == {200}
    assert sum(codes.values()) > CONNECTIONS
    assert set(finals) == set(created)
    assert waiting <= len(created)
    # what is finished is forgotten with the next payments
    merchant = Merchant(gateway, gateway.project)
    for number in range(waiting):
        merchant.call("create_p2p_payin", merchant.p2p_payin(f"after-{number}"))
    assert len(gateway.payments) <= max(KEPT, waiting)
    assert len({one.payment_id for one in gateway.callbacks}) <= KEPT
