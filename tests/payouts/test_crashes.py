"""Killed anywhere, any number of times: the gateway never holds two payouts for one intent, and none is forgotten.

`scripts/test tests/payouts/test_crashes.py --payout-kills 1000` runs longer.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Literal

import pytest

from highhelp import PayoutBook
from highhelp_mock import MockGateway
from tests.payouts.conftest import NOW
from tests.payouts.crashing import Crasher, crashing, repeated

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

LEASE = 71
"""Seconds after which a dead sender's lease has ended."""
STEPS = {"send": 70, "recover": 60}
"""More than the steps of any job, so that some jobs are not killed."""
LONG = 250
LOSSES = ("drop_request", "drop_response_after_commit", "http_500", "html_502", "bad_json", "http_429")

Duplicates = Literal["stored", "conflict"]


def settle_all(crasher: Crasher, payouts: list[tuple[str, int, str]], url: str) -> None:
    """Recover, then send what is prepared, as an operator does after crashes."""
    for _ in range(6):
        crasher.gateway.travel(LEASE)
        crasher.run({"do": "recover"})
        with PayoutBook(url, environ={}) as book:
            state = {one.payment_id: one.state for one in book.list(limit=None)}
        left = [payout for payout in payouts if state.get(payout[0]) != "settled"]
        if not left:
            return
        for payout in left:
            crasher.run({"do": "send", "payout": payout})
    pytest.fail(f"not settled: {left}")


def check(gateway: MockGateway, payouts: list[tuple[str, int, str]], url: str) -> None:
    held = sorted((one.payment_id, one.amount, one.currency) for one in gateway.payments)
    assert held == sorted(payouts), "forgotten, or more than there are intents"
    assert repeated(gateway) == [], "sent although the gateway held it: only its uniqueness has saved the money"
    for currency in {payout[2] for payout in payouts}:
        open_ones = [one.amount for one in gateway.payments if one.currency == currency and not one.final]
        assert gateway.balance(currency).locked == sum(open_ones)
    with PayoutBook(url, environ={}) as book:
        known = {one.payment_id: one for one in book.list(limit=None)}
    assert {one.payment_id: one.request_id for one in gateway.payments} == {k: v.request_id for k, v in known.items()}
    creates = [call for call in gateway.calls if call.operation == "create_p2p_payout" and call.status]
    bodies = {(call.payment_id, call.body_sha256) for call in creates if call.payment_id}
    assert len(bodies) == len(payouts), "an intent was sent with two bodies"


def test_every_step_of_send_and_of_recover(url: str, home: Path, request: pytest.FixtureRequest) -> None:
    # a short run takes every ninth step
    stride = 1 if request.config.getoption("--payout-kills") >= LONG else 9
    gateway = MockGateway(home, clock=lambda: NOW, duplicates="conflict")
    payouts: list[tuple[str, int, str]] = []
    with crashing(url, home, gateway) as crasher:
        crasher.run({"do": "nothing"})
        for do in ("send", "recover"):
            kill_at, killed = 1 - stride, True
            while killed:
                kill_at += stride
                payout = (f"{do}-{kill_at}", 100 + kill_at, "RUB")
                payouts.append(payout)
                if do == "recover":  # it finds a payout whose request or answer was lost
                    fault = "drop_response_after_commit" if kill_at % 2 else "drop_request"
                    gateway.fault("create_p2p_payout", fault)
                    gateway.fault("get_p2p_payout", "http_500", times=9)
                    crasher.run({"do": "send", "payout": payout})
                    clear(crasher)
                elif kill_at % 2:
                    gateway.fault("create_p2p_payout", "drop_response_after_commit")
                (first,) = crasher.run({"do": do, "payout": payout, "kill_at": kill_at})
                killed = first["killed"]
                clear(crasher)
                gateway.travel(LEASE)
                (found,) = crasher.run({"do": "recover", "payout": payout})
                assert set(found["result"]) <= {"settled", "prepared"}
                (again,) = crasher.run({"do": "send", "payout": payout})
                assert again["result"] == "settled"
            assert kill_at > 20, "hardly a step was found"
        check(gateway, payouts, url)


def clear(crasher: Crasher) -> None:
    with crasher.gateway.dispatcher.engine() as engine:
        engine.faults.clear()


@pytest.mark.parametrize("duplicates", ["stored", "conflict"])
def test_random_kills_with_lost_requests_and_lost_answers(
    url: str, home: Path, duplicates: Duplicates, request: pytest.FixtureRequest
) -> None:
    wanted: int = request.config.getoption("--payout-kills")
    chance = random.Random(f"{wanted} {duplicates}")
    gateway = MockGateway(home, clock=lambda: NOW, duplicates=duplicates)
    payouts: list[tuple[str, int, str]] = []
    with crashing(url, home, gateway) as crasher:
        crasher.run({"do": "nothing"})
        while crasher.kills.total() < wanted:
            payouts.append((f"pay-{len(payouts)}", chance.randrange(1, 9_000), chance.choice(["RUB", "KZT"])))
            for operation in ("create_p2p_payout", "get_p2p_payout"):
                if chance.random() < 0.5:
                    gateway.fault(operation, chance.choice(LOSSES), times=chance.randrange(1, 3))
            jobs: list[dict[str, Any]] = []
            for _ in range(chance.randrange(1, 4)):
                # several at once, also on the same payout
                do = chance.choice(["send", "send", "recover"])
                kill_at = chance.randrange(0, STEPS[do])
                payout = chance.choice(payouts[-3:]) if do == "send" or chance.random() < 0.5 else None
                jobs.append({"do": do, "payout": payout, "kill_at": kill_at})
            crasher.run(*jobs)
            if chance.random() < 0.5:
                gateway.travel(LEASE)
        clear(crasher)
        settle_all(crasher, payouts, url)
    print(f"\n{crasher.kills.total()} kills at {len(crasher.kills)} points, {len(payouts)} payouts, {duplicates}")
    check(gateway, payouts, url)
