"""The scenarios reach every status and sub-status of the contract, in an answer and in a callback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from highhelp_api import contract
from highhelp_mock.simulation.scenarios import OTP_CODES, SCENARIOS
from tests.gateway.merchant import CARD, Merchant

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp_mock import MockGateway, Outgoing

pytestmark = pytest.mark.slow


class Watcher:
    """Query every payment's state after every second, and receive every callback."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.answered: set[str] = set()
        self.told: set[str] = set()

    def look(self) -> None:
        for payment in self.merchant.gateway.payments:
            answer = self.merchant.info(payment.payment_id)
            self.answered.add(_state(answer["status"], answer["sub_status"]))
        self.merchant.gateway.deliver(self.take)

    def take(self, outgoing: Outgoing) -> int:
        self.merchant.gateway.verifier().verify(outgoing.body, outgoing.headers)
        said = json.loads(outgoing.body)["status"]
        self.told.add(_state(said["status"], said["sub_status"]))
        return 200

    def pass_time(self, *seconds: int) -> None:
        for step in seconds:
            self.merchant.gateway.travel(step)
            self.look()


def _state(status: str, sub_status: str | None) -> str:
    return f"{status}:{sub_status}" if sub_status else status


@pytest.fixture(scope="module")
def watched() -> Watcher:
    from highhelp_mock import MockGateway

    made = Watcher(Merchant(gateway := MockGateway(clock=lambda: 1_795_521_600.0), gateway.project))
    run_the_table(made)
    run_mobile_commerce(made, gateway)
    return made


def run_the_table(watcher: Watcher) -> None:
    """Every scenario by every operation that creates a payment of its flow."""
    merchant = watcher.merchant
    creates: dict[str, Callable[..., dict[str, object]]] = {
        "create_p2p_payin": merchant.p2p_payin, "create_ecom_payin": merchant.ecom_payin,
        "create_widget_payin": merchant.widget_payin, "create_p2p_payout": merchant.p2p_payout,
        "create_ecom_payout": merchant.ecom_payout,
    }  # fmt: skip
    assert set(creates) == {one.id for one in contract.OPERATIONS.values() if one.idempotency}
    for scenario in SCENARIOS:
        for name, build in creates.items():
            if contract.OPERATIONS[name].direction != scenario.flow:
                continue
            more = {"card": CARD | {"pan": scenario.pan}} if name == "create_ecom_payin" else {}
            payment_id = f"{name}-{scenario.code}"
            answer = merchant.call(name, build(payment_id, amount=scenario.amount, **more))
            watcher.answered.add(_state(answer["status"], answer["sub_status"]))
    watcher.pass_time(0, *[1] * 16, 60, 60, 60, 60, 600, 600)


def run_mobile_commerce(watcher: Watcher, gateway: MockGateway) -> None:
    """The payer types codes, right and wrong; looked at after each step."""
    merchant = watcher.merchant
    for code in [one.code for one in OTP_CODES] + ["000000"]:
        body = merchant.widget_payin(f"phone-{code}", widget_method="payin-ecom-mobile", currency="KZT")
        merchant.call("create_widget_payin", body)
        with gateway.payer(f"phone-{code}") as payer:
            payer.open()
            payer.code()
            for _ in range(3 if code == "000000" else 1):
                # the check of a code ends at once, so only the callback reports its state
                payer.code(code)
                watcher.look()
        watcher.pass_time(1, 1)


# between the code and its result there is no time to query
ONLY_TOLD = {"processing:sent_verification"}


def test_every_state_is_reached(watched: Watcher) -> None:
    reached = {event.state for payment in watched.merchant.gateway.payments for event in payment.history}
    assert reached == set(contract.STATES)


def test_every_state_is_told_by_a_callback(watched: Watcher) -> None:
    # the answer reports `new`; a payment that ends in its answer is reported by both
    assert watched.told == set(contract.STATES) - {"processing:new"}


def test_every_state_is_told_by_an_answer(watched: Watcher) -> None:
    assert watched.answered == set(contract.STATES) - ONLY_TOLD


def test_every_value_of_the_catalogues_is_among_them(watched: Watcher) -> None:
    reached = {event.state.partition(":") for payment in watched.merchant.gateway.payments for event in payment.history}
    assert {status for status, _, _ in reached} == set(contract.CATALOGUES["Status"])
    assert {sub_status for _, _, sub_status in reached if sub_status} == set(contract.CATALOGUES["SubStatus"])
