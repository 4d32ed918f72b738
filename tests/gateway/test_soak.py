"""Many connections at once, mixed traffic: no 5xx, no lost callback, nothing piles up.

HIGHHELP_SOAK_SECONDS says how long it goes on.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import httpx

from highhelp_api import contract
from highhelp_mock import MockGateway, engine
from highhelp_mock.scenarios import amount_of
from highhelp_signing import SignatureAuth
from tests.gateway.merchant import Merchant

if TYPE_CHECKING:
    import pytest

    from highhelp_mock.projects import Keys
    from tests.gateway.receiver import Receiver

SECONDS = float(os.environ.get("HIGHHELP_SOAK_SECONDS", "3"))
CONNECTIONS = 64
KEPT = 200


async def traffic(gateway: MockGateway, url: str, number: int, created: list[str], codes: Counter[int]) -> None:
    merchant = Merchant(gateway, gateway.project)
    auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)
    choose = random.Random(number)
    until = time.monotonic() + SECONDS
    async with httpx.AsyncClient(base_url=gateway.base_url, auth=auth, timeout=60) as client:
        for index in itertools.count():
            if time.monotonic() > until:
                return
            code = choose.choice([0, 1, 2, 100, 101])
            operation = "create_p2p_payin" if code < 100 else "create_p2p_payout"
            build = merchant.p2p_payin if code < 100 else merchant.p2p_payout
            body = build(f"{number}-{index}", amount=amount_of(code))
            body["general"] |= {key: url for key in body["general"] if key.endswith("_url")}
            path = contract.OPERATIONS[operation].path
            created.append(f"{number}-{index}")
            codes[(await client.post(path, json=body)).status_code] += 1
            codes[(await client.post(f"{path}/info", json=merchant.info_general(f"{number}-{index}"))).status_code] += 1


def test_mixed_traffic_over_many_connections(monkeypatch: pytest.MonkeyPatch, keys: Keys, receiver: Receiver) -> None:
    monkeypatch.setattr(engine, "KEPT", KEPT)
    codes: Counter[int] = Counter()
    created: list[str] = []
    gateway = MockGateway(keys=keys, balances={"RUB": 10**15})
    receiver.failures = 20

    async def all_traffic() -> None:
        await asyncio.gather(*(traffic(gateway, receiver.url, number, created, codes) for number in range(CONNECTIONS)))

    with gateway.serve():
        asyncio.run(all_traffic())
        until = time.monotonic() + 20 + 2 * SECONDS
        while any(one.outcome == "pending" for one in gateway.callbacks) or not all(p.final for p in gateway.payments):
            assert time.monotonic() < until, "callbacks are still on their way"
            gateway.travel(1)
            time.sleep(0.1)
    assert set(codes) == {200}
    finals = Counter(
        body["general"]["payment_id"] for body in receiver.bodies if body["status"]["status"] in contract.FINAL_STATUSES
    )
    assert set(finals) == set(created)
    assert len(created) > CONNECTIONS
    # what is finished makes room for what comes
    merchant = Merchant(gateway, gateway.project)
    for number in range(len(created)):
        merchant.call("create_p2p_payin", merchant.p2p_payin(f"after-{number}", amount=amount_of(7)))
    assert sum(payment.final for payment in gateway.payments) == KEPT
    assert len({one.payment_id for one in gateway.callbacks}) == KEPT
