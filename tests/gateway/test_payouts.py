"""Payouts: they wait unless a scenario moves them, and the money is held meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from highhelp_mock import MockGateway
from highhelp_mock.simulation.balances import Account
from highhelp_mock.simulation.scenarios import amount_of, pan_of, phone_of
from tests.gateway.conftest import NOW
from tests.gateway.merchant import Merchant

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Keys

OPENING = 100_000_000


def test_a_payout_waits_and_its_money_is_held(merchant: Merchant) -> None:
    answer = merchant.call("create_p2p_payout", merchant.p2p_payout())
    assert (answer["status"], answer["sub_status"]) == ("processing", "new")
    assert "integration" not in answer
    merchant.gateway.travel(10**6)
    assert merchant.state() == "processing:new"
    assert merchant.gateway.balance("RUB") == Account(OPENING - 10000, 10000)


@pytest.mark.parametrize(
    ("end", "balances"), [("success", Account(OPENING - 10000, 0)), ("decline", Account(OPENING, 0))]
)
def test_the_end_of_a_payout_debits_or_releases(merchant: Merchant, end: str, balances: Account) -> None:
    merchant.call("create_p2p_payout", merchant.p2p_payout())
    merchant.gateway.advance("p-1", "processing", "payout_process")
    merchant.gateway.advance("p-1", "dispute", "payout_failed")
    assert merchant.gateway.balance("RUB").locked == 10000
    merchant.gateway.advance("p-1", end)
    assert merchant.gateway.balance("RUB") == balances


def test_a_payout_above_the_balance_is_declined(merchant: Merchant) -> None:
    answer = merchant.call("create_p2p_payout", merchant.p2p_payout(amount=OPENING + 1))
    assert (answer["status"], answer["status_description"]) == ("decline", "The balance is insufficient")
    assert merchant.gateway.balance("RUB") == Account(OPENING, 0)
    assert merchant.call("create_p2p_payout", merchant.p2p_payout("p-2", amount=OPENING))["status"] == "processing"
    assert merchant.call("create_p2p_payout", merchant.p2p_payout("p-3", amount=1))["status"] == "decline"
    assert [one.kind for one in merchant.gateway.callbacks] == ["payment_decline"] * 2


def test_the_opening_balances_can_be_chosen(keys: Keys) -> None:
    gateway = MockGateway(keys=keys, balances={"RUB": 500}, clock=lambda: NOW)
    merchant = Merchant(gateway, gateway.project)
    general = {"general": {"project_id": gateway.project_id}}
    merchant.call("create_p2p_payout", merchant.p2p_payout(amount=200))
    row = {"currency": "RUB", "amount": 300, "locked_amount": 200}
    assert merchant.call("get_balance", general) == {"balance": [row]}


@pytest.mark.parametrize(
    ("code", "seconds", "state"),
    [
        (100, 2, "success"),
        (101, 2, "decline"),
        (102, 2, "dispute:payout_failed"),
        (103, 601, "dispute:payout_timeout"),
        (104, 12, "decline"),
        (105, 12, "success"),
        (106, 1, "error"),
        (107, 120, "success"),
        (108, 0, "decline"),
        (109, 0, "decline"),
    ],
)
@pytest.mark.parametrize("by", ["amount", "card", "phone"])
def test_a_scenario_moves_a_payout(merchant: Merchant, code: int, seconds: int, state: str, by: str) -> None:
    if by == "amount":
        body = merchant.p2p_payout(amount=amount_of(code))
    elif by == "card":
        body = merchant.p2p_payout(receiver={"pan": pan_of(code)})
    else:
        body = merchant.p2p_payout(method="mobile-p2p", receiver={"phone": f"+{phone_of(code)}"})
    merchant.call("create_p2p_payout", body)
    if seconds:
        merchant.gateway.travel(seconds - 0.1)
        assert merchant.state() != state
    merchant.gateway.travel(0.1)
    assert merchant.state() == state
    merchant.gateway.travel(10**6)
    assert merchant.state() == state


def test_a_payouts_time_begins_when_it_is_processed(merchant: Merchant) -> None:
    merchant.call("create_p2p_payout", merchant.p2p_payout())
    merchant.gateway.travel(3600)
    merchant.gateway.advance("p-1", "processing", "payout_process")
    merchant.gateway.travel(599)
    assert merchant.state() == "processing:payout_process"
    merchant.gateway.travel(1)
    assert merchant.state() == "dispute:payout_timeout"
