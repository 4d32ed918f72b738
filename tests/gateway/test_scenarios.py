"""The table of scenarios: unique, reachable, and used for nothing but its own values."""

from __future__ import annotations

from collections import Counter

import pytest

from highhelp_api import contract
from highhelp_mock.simulation import cards
from highhelp_mock.simulation.scenarios import (
    AMOUNTS,
    SCENARIOS,
    Scenario,
    amount_of,
    find_scenario,
    pan_of,
    phone_of,
)
from tests.gateway.merchant import CARD, Merchant

PAYINS = [scenario for scenario in SCENARIOS if scenario.flow == "payin"]
P2P = {
    0: "success", 1: "decline", 2: "decline", 3: "decline", 4: "error", 5: "dispute:no_payment", 6: "success",
    7: "decline", 10: "dispute:no_payment", 11: "dispute:different_amount", 12: "dispute:confirm_timeout",
    13: "dispute:incorrect_requisites", 14: "success", 15: "decline", 26: "decline",
}  # fmt: skip
CARDS = {
    0: "success", 1: "decline", 2: "decline", 3: "decline", 4: "error", 5: "decline", 6: "success", 7: "decline",
    20: "success", 21: "decline", 22: "decline", 23: "decline", 24: "success", 25: "decline", 26: "decline",
}  # fmt: skip


def test_each_row_has_values_of_its_own() -> None:
    for values in ([s.code for s in SCENARIOS], [s.pan for s in SCENARIOS], [s.phone for s in SCENARIOS]):
        assert max(Counter(values).values()) == 1
    assert all(cards.luhn(s.pan) and s.amount in AMOUNTS and s.text for s in SCENARIOS)
    shown = str([example.value for example in contract.EXAMPLES])
    assert not any(s.pan in shown or s.phone in shown for s in SCENARIOS)


def test_every_dispute_of_the_contract_has_a_row() -> None:
    named = {state for s in SCENARIOS for stage in s.stages for state in stage.to}
    expected = {state for state in contract.STATES if state.startswith("dispute:")}
    assert expected - named == {"dispute:payout_timeout"}  # the lifetime's work


@pytest.mark.parametrize("scenario", PAYINS, ids=lambda s: s.name)
def test_an_amount_chooses_what_a_p2p_payin_does(merchant: Merchant, scenario: Scenario) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=scenario.amount))
    merchant.gateway.travel(600)
    assert merchant.state() == P2P.get(scenario.code, "success")


@pytest.mark.parametrize("scenario", PAYINS, ids=lambda s: s.name)
def test_a_card_chooses_what_a_card_payin_does(merchant: Merchant, scenario: Scenario) -> None:
    merchant.call("create_ecom_payin", merchant.ecom_payin(card=CARD | {"pan": scenario.pan}))
    merchant.gateway.travel(600)
    assert merchant.state() == CARDS.get(scenario.code, "success")


@pytest.mark.parametrize("block", ["sender", "customer"])
def test_a_phone_chooses_what_a_p2p_payin_does(merchant: Merchant, block: str) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin() | {block: {"phone": phone_of(11)}})
    merchant.gateway.travel(600)
    assert merchant.state() == "dispute:different_amount"


def test_a_card_counts_before_an_amount(merchant: Merchant) -> None:
    body = merchant.ecom_payin(card=CARD | {"pan": pan_of(1)}, amount=amount_of(20))
    merchant.call("create_ecom_payin", body)
    merchant.gateway.travel(1)
    assert merchant.state() == "decline"


@pytest.mark.parametrize("amount", [899_999, 900_001 - 2, 910_000, 900_050, 909_999, 900_100])
def test_an_amount_that_is_no_row_changes_nothing(merchant: Merchant, amount: int) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount))
    merchant.gateway.travel(4)
    assert merchant.state() == "success"


def test_slow_is_slow(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(6)))
    for state in ("requisites", "awaiting_confirm", "paid"):
        merchant.gateway.travel(59.9)
        assert merchant.gateway.payment("p-1").sub_status != state
        merchant.gateway.travel(0.1)
        assert merchant.gateway.payment("p-1").sub_status == state


def test_phone_chooses_a_scenario_with_or_without_a_plus() -> None:
    for phone in (phone_of(11), f"+{phone_of(11)}"):
        found = find_scenario("payin", amount=100, pan=None, phone=phone)
        assert found is not None
        assert found.code == 11


@pytest.mark.parametrize(
    ("pan", "shown"),
    [
        ("4000000000000002", "400000******0002"),
        ("40000000000002", "400000****0002"),
        ("4000000000002", "*********0002"),
    ],
)
def test_short_card_number_shows_only_its_end(pan: str, shown: str) -> None:
    assert cards.mask(pan) == shown


@pytest.mark.parametrize(
    ("start", "brand"),
    [
        ("4", "visa"),
        ("51", "mastercard"),
        ("55", "mastercard"),
        ("22", "mir"),
        ("8600", "uzcard"),
        ("9860", "humo"),
        ("56", None),
    ],
)
def test_brand_follows_from_the_first_digits(start: str, brand: str | None) -> None:
    assert cards.brand(start.ljust(16, "0")) == brand
