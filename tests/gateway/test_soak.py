"""Many connections at once, mixed signed traffic: no 5xx, no lost callback, memory flat.

The gateway runs in a separate process, so that its memory is measured apart from the test's. `--soak-seconds` sets its
duration.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp_api import contract
from highhelp_mock.simulation.scenarios import amount_of, pan_of
from highhelp_signing import CallbackVerifier, HmacSigner, KeyRing, RsaSigner, SignatureAuth, generate_home
from tests.gateway.merchant import CARD
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gateway.receiver import Receiver

pytestmark = pytest.mark.slow

CONNECTIONS = 64
KEPT = 100
WARM = 4 * KEPT
MOST_GROWTH = 8 * 1024 * 1024
"""Bytes between a warm gateway and the end: what an allocator may keep, and far less than what was said meanwhile."""

PROGRAM = f"""
import sys
from highhelp_mock import MockGateway
from highhelp_mock.simulation import engine
engine.KEPT = {KEPT}
MockGateway(sys.argv[1], balances={{"RUB": 10**15}}).run(0, started=lambda url: print(url, flush=True))
"""


class Served:
    """A gateway in a separate process."""

    def __init__(self, home: Path) -> None:
        self.home = generate_home(home, base_url="http://127.0.0.1")
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(home)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.ahead = 0.0

    def clock(self) -> float:
        return time.time() + self.ahead

    def travel(self, seconds: float) -> None:
        self.control("clock", {"advance_seconds": seconds})
        self.ahead += seconds

    def control(self, name: str, body: Any = None) -> Any:
        send = httpx.get if body is None else httpx.post
        return send(f"{self.url}/_mock/{name}", timeout=PATIENCE, **({} if body is None else {"json": body})).json()

    def memory(self) -> int:
        """Resident bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "home")
    yield made
    made.stop()


class Merchants:
    """The state shared by all connections."""

    def __init__(self, served: Served, callback_url: str) -> None:
        home = served.home
        self.served, self.project, self.callback_url = served, home.project_id, callback_url
        self.signers = (RsaSigner.from_pem(home.private_key), HmacSigner.from_file(home.hmac_private_key))
        self.created: list[str] = []
        self.codes: Counter[tuple[str, int]] = Counter()

    def body(self, operation: str, payment_id: str, code: int) -> dict[str, Any]:
        urls = {f"merchant_{kind}callback_url": self.callback_url for kind in ("", "success_", "decline_")}
        general = {"project_id": self.project, "payment_id": payment_id, **urls}
        payment = {"amount": amount_of(code), "currency": "RUB"}
        if operation == "create_widget_payin":
            return {"general": general, "payment": payment}
        method = "card-ecom" if "ecom" in operation else "card-p2p"
        body: dict[str, Any] = {"general": general, "payment": payment | {"method": method}}
        if operation == "create_ecom_payin":
            body["card"] = CARD | {"pan": pan_of(code)}
        if operation == "create_p2p_payout":
            body["receiver"] = {"pan": "2200000000000004"}
        return body

    def auth(self, number: int) -> SignatureAuth:
        """Every other connection signs with HMAC."""
        return SignatureAuth(self.project, self.signers[number % 2], origin=self.served.url, clock=self.served.clock)

    async def traffic(self, number: int, part: str, over: Callable[[], bool]) -> None:
        """One connection: creates, asks, lists, and now and then sends what has to be refused."""
        choose = random.Random(f"{part} {number}")
        auth = self.auth(number)
        general = {"general": {"project_id": self.project}}
        async with httpx.AsyncClient(base_url=self.served.url, auth=auth, timeout=PATIENCE) as client:
            for index in itertools.count():
                if over():
                    return
                payin = choose.random() < 0.7
                name = choose.choice(["create_p2p_payin", "create_ecom_payin", "create_widget_payin"])
                name, code = (name, choose.choice([1, 2, 20])) if payin else ("create_p2p_payout", 101)
                payment_id = f"{part}-{number}-{index}"
                self.created.append(payment_id)
                path = contract.OPERATIONS[name].path
                await self.send(client, name, path, self.body(name, payment_id, code))
                await self.send(client, "info", f"{path}/info", {
                    "general": {"project_id": self.project, "payment_id": payment_id}
                })  # fmt: skip
                await self.send(client, "list", contract.OPERATIONS["get_balance"].path, general)
                if index % 5 == 0:
                    await self.send(client, "wrong", path, general | {"surprise": 1})

    async def send(self, client: httpx.AsyncClient, kind: str, path: str, body: Any) -> None:
        self.codes[kind, (await client.post(path, json=body)).status_code] += 1


def test_mixed_traffic_over_many_connections(
    served: Served, receiver: Receiver, request: pytest.FixtureRequest
) -> None:
    seconds: int = request.config.getoption("--soak-seconds")
    home = served.home
    ring = KeyRing.from_pem(home.callback_public_key)
    receiver.verify = CallbackVerifier({home.project_id: ring}, clock=served.clock).verify
    receiver.failures = 20
    merchants = Merchants(served, receiver.url)
    samples: list[int] = []
    done = threading.Event()

    async def all_traffic(part: str, over: Callable[[], bool]) -> None:
        await asyncio.gather(*(merchants.traffic(number, part, over) for number in range(CONNECTIONS)))

    def measure() -> None:
        while not done.wait(seconds / 20):
            samples.append(served.memory())

    # however slow the machine: what is kept is full, and everything has been used, before memory is compared
    asyncio.run(all_traffic("warm", lambda: len(merchants.created) > WARM))
    measuring = threading.Thread(target=measure)
    measuring.start()
    until = time.monotonic() + seconds
    try:
        asyncio.run(all_traffic("measured", lambda: time.monotonic() > until))
    finally:
        done.set()
        measuring.join()

    wanted = {("wrong", 422): True, ("info", 200): True, ("list", 200): True}
    assert all(status == 200 or (kind, status) in wanted for kind, status in merchants.codes), merchants.codes
    assert {kind for kind, _ in merchants.codes} >= {"create_p2p_payin", "create_p2p_payout", "info", "list", "wrong"}
    finals: dict[str, str] = {}
    until = time.monotonic() + PATIENCE
    while set(finals) != set(merchants.created):
        missing = len(set(merchants.created) - set(finals))
        assert time.monotonic() < until, f"{missing} final callbacks of {len(merchants.created)} have not arrived"
        served.travel(1)
        time.sleep(0.1)
        for body in list(receiver.bodies):
            if body["status"]["status"] in contract.FINAL_STATUSES:
                finals[body["general"]["payment_id"]] = body["status"]["status"]
    assert len(merchants.created) > CONNECTIONS
    assert set(finals.values()) == {"success", "decline"}
    # finished payments are dropped for new ones, so a longer run keeps no more than a short one
    with httpx.Client(base_url=served.url, auth=merchants.auth(0), timeout=PATIENCE) as client:
        for number in range(len(merchants.created) // 8 + 1):
            body = merchants.body("create_p2p_payin", f"after-{number}", code=7)  # stays new, so it needs no callback
            assert client.post(contract.OPERATIONS["create_p2p_payin"].path, json=body).status_code == 200
    assert sum(one["final"] for one in served.control("payments")["payments"]) == KEPT
    warm, end = max(samples[: len(samples) // 3]), max(samples[-3:])
    print(
        json.dumps({
            "seconds": seconds, "requests": merchants.codes.total(), "payments": len(merchants.created),
            "callbacks": len(receiver.bodies), "MiB warm": warm >> 20, "MiB end": end >> 20,
        })
    )  # fmt: skip
    assert end - warm < MOST_GROWTH, f"{warm >> 20} MiB became {end >> 20} MiB"
