"""Killed anywhere, any number of times: no callback is lost or handled twice, and the books agree to the minor unit.

`scripts/test tests/inbox/test_crashes.py --crashes 1000` runs longer.
"""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from highhelp.storage.engine import make_engine
from highhelp_api.contract import FINAL_STATUSES
from highhelp_mock import MockGateway, Outgoing
from highhelp_signing import generate_home
from tests.gateway.merchant import Merchant
from tests.inbox.crasher import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

NOW = 1_795_521_600.25
STEPS = 26
"""More than the steps of any job, so that some jobs are not killed."""


class Crasher:
    """Runs jobs in processes that die."""

    def __init__(self, process: subprocess.Popen[str], gateway: MockGateway) -> None:
        self.process = process
        self.gateway = gateway
        self.kills: Counter[tuple[str, int]] = Counter()

    def run(self, *jobs: dict[str, Any]) -> list[dict[str, Any]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        stamped = [{"now": self.gateway.clock(), "updates": True, "limit": None, **job} for job in jobs]
        self.process.stdin.write(json.dumps(stamped) + "\n")
        self.process.stdin.flush()
        results: list[dict[str, Any]] = json.loads(self.process.stdout.readline())
        for job, result in zip(jobs, results, strict=True):
            assert not result["crashed"], "a job failed by itself"
            if result["killed"]:
                self.kills[job["do"], job["kill_at"]] += 1
        return results


@contextmanager
def crashing(url: str, home: Path, gateway: MockGateway) -> Iterator[Crasher]:
    command = [sys.executable, "-m", "tests.inbox.crasher", url, gateway.project_id]
    with subprocess.Popen(
        [*command, str(home / "callback_public_key.pem")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        yield Crasher(process, gateway)
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0


def receiving(outgoing: Outgoing, kill_at: int) -> dict[str, Any]:
    body = base64.b64encode(outgoing.body).decode()
    return {"do": "receive", "body": body, "headers": outgoing.headers, "kill_at": kill_at}


def asking(gateway: MockGateway, payment_id: str, kill_at: int) -> dict[str, Any]:
    payment = {"amount": 10000, "currency": "RUB", "type": "payin"}
    answer = {"status": "success", "payment_id": payment_id, "payment_info": payment}
    return {"do": "ask", "project_id": gateway.project_id, "answer": answer, "kill_at": kill_at}


def processing(kill_at: int, limit: int | None = None) -> dict[str, Any]:
    return {"do": "process", "kill_at": kill_at, "limit": limit}


@pytest.fixture
def ledger(url: str) -> Iterator[sa.Engine]:
    engine = make_engine(url)
    LEDGER.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    generate_home(tmp_path / "home", base_url="https://highhelp.test")
    return tmp_path / "home"


def booked(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(LEDGER).order_by(LEDGER.c.payment_id)))


def test_every_step_of_receiving_and_of_processing(url: str, home: Path, ledger: sa.Engine) -> None:
    gateway = MockGateway(home, clock=lambda: NOW)
    with crashing(url, home, gateway) as crasher:
        crasher.run(processing(0))  # makes the tables
        payments = 0
        for do in ("receive", "process"):
            kill_at, killed = 0, True
            while killed:
                kill_at += 1
                payments += 1
                sent = gateway.signed_callback(f"{do}-{kill_at}", "success")
                if do == "receive":
                    (first,) = crasher.run(receiving(sent, kill_at))
                    killed = first["killed"]
                    (again,) = crasher.run(receiving(sent, 0))
                    assert again["status"] == 200
                else:
                    crasher.run(receiving(sent, 0))
                    (first,) = crasher.run(processing(kill_at))
                    killed = first["killed"]
                    gateway.travel(31)  # the dead worker's lease ends
                crasher.run(processing(0))
            # before and after each: on PostgreSQL one statement and the commit store a callback
            least = 4 if do == "receive" and url.startswith("postgresql") else 10
            assert kill_at > least, "hardly a step was found"
        rows = booked(ledger)
        assert len(rows) == len({row.payment_id for row in rows}) == payments


@pytest.mark.parametrize("first", ["ask", "receive"])
def test_a_question_that_dies_at_any_step_beside_a_callback(
    url: str, home: Path, ledger: sa.Engine, first: str
) -> None:
    gateway = MockGateway(home, clock=lambda: NOW)
    with crashing(url, home, gateway) as crasher:
        crasher.run(processing(0))  # makes the tables
        kill_at, killed = 0, True
        while killed:
            kill_at += 1
            payment_id = f"{first}-{kill_at}"
            ask = asking(gateway, payment_id, kill_at)
            receive = receiving(gateway.signed_callback(payment_id, "success"), kill_at)
            together = crasher.run(*([ask, receive] if first == "ask" else [receive, ask]))
            killed = any(result["killed"] for result in together)
            again = crasher.run({**receive, "kill_at": 0}, {**ask, "kill_at": 0}, processing(kill_at))
            assert [result["status"] for result in again[:2]] == [200, "success"]
            gateway.travel(31)  # the dead worker's lease ends
            crasher.run(processing(0))
        assert kill_at > 4, "hardly a step was found"
    rows = booked(ledger)
    assert len(rows) == len({row.payment_id for row in rows}) == kill_at
    assert {(row.status, row.amount) for row in rows} == {("success", 10000)}


def test_random_kills_with_duplicate_and_disordered_callbacks(
    url: str, home: Path, ledger: sa.Engine, request: pytest.FixtureRequest
) -> None:
    wanted: int = request.config.getoption("--crashes")
    chance = random.Random(wanted)
    gateway = MockGateway(home, clock=lambda: NOW)
    opening = {currency: gateway.balance(currency).available for currency in ("RUB", "KZT")}
    merchant = Merchant(gateway, gateway.project)
    number = 0
    with crashing(url, home, gateway) as crasher:
        crasher.run(processing(0))
        while crasher.kills.total() < wanted:
            for _ in range(2):
                number += 1
                amount = chance.choice([chance.randrange(1, 899_999), 900_001, 900_002])
                body = merchant.p2p_payin(f"pay-{number}", amount=amount, currency=chance.choice(["RUB", "KZT"]))
                merchant.send("create_p2p_payin", body)
            gateway.fault("callbacks", chance.choice(["duplicate_callback", "reorder_callbacks"]), times=2)
            gateway.travel(chance.randrange(1, 40))
            due = gateway.dispatcher.due_callbacks(chance.randrange(1, 5))
            jobs = [receiving(one, chance.randrange(0, STEPS)) for one in due]
            jobs += [processing(chance.randrange(0, 2 * STEPS), limit=5) for _ in range(chance.randrange(1, 3))]
            for outgoing, result in zip(due, crasher.run(*jobs), strict=False):
                gateway.dispatcher.report(outgoing.id, result.get("status"))
        for _ in range(200):
            gateway.travel(125)
            due = gateway.dispatcher.due_callbacks(10)
            results = crasher.run(*[receiving(one, 0) for one in due], processing(0))
            for outgoing, result in zip(due, results, strict=False):
                assert result["status"] == 200
                gateway.dispatcher.report(outgoing.id, 200)
            if not due and all(one.outcome == "delivered" for one in gateway.callbacks) and not results[-1]["done"]:
                break
        else:
            pytest.fail("the inbox was not drained")
    rows = booked(ledger)
    print(f"\n{crasher.kills.total()} kills at {len(crasher.kills)} points, {len(rows)} finals of {number} payments")
    finals = [payment for payment in gateway.payments if payment.final]
    assert len(finals) == number
    assert sorted((row.payment_id, row.status) for row in rows) == sorted((p.payment_id, p.state) for p in finals)
    for currency, before in opening.items():
        credited = sum(row.amount for row in rows if (row.status, row.currency) == ("success", currency))
        assert before + credited == gateway.balance(currency).available
    assert {row.status for row in rows} <= FINAL_STATUSES
    with ledger.connect() as connection:
        left = connection.execute(sa.text("SELECT count(*) FROM highhelp_events WHERE due_at IS NOT NULL")).scalar_one()
    assert left == 0
