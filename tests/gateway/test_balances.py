"""The books always balance, whatever the order of actions."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from highhelp_api import contract
from highhelp_mock import MockGateway
from highhelp_mock.http import ApiError
from highhelp_mock.simulation.balances import Account, InsufficientBalance
from highhelp_mock.simulation.projects import make_keys
from highhelp_mock.simulation.scenarios import SCENARIOS, amount_of, pan_of
from tests.gateway.conftest import NOW
from tests.gateway.merchant import CARD, Merchant

KEYS = make_keys()
OPENING = {"RUB": 2_000_000, "KZT": 500_000, "TJS": 0}
MONEY = st.one_of(st.integers(1, 1_000_000), st.sampled_from([amount_of(s.code) for s in SCENARIOS]))
NUMBERS = st.integers(0, 15)
CREATES = ["create_p2p_payin", "create_p2p_payout", "create_ecom_payin", "create_ecom_payout", "create_widget_payin"]
FAULTS = ["drop_response_after_commit", "drop_request", "delay", "http_500", "http_429", "html_502", "bad_json"]


class Sequences(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.gateway = MockGateway(keys=KEYS, balances=OPENING, clock=lambda: NOW)
        self.merchant = Merchant(self.gateway, self.gateway.project)

    def body(self, operation: str, number: int, amount: int, currency: str) -> dict[str, Any]:
        build = getattr(self.merchant, operation.removeprefix("create_"))
        body: dict[str, Any] = build(f"p-{number}", amount=amount, currency=currency)
        return body

    @rule(
        operation=st.sampled_from(CREATES),
        number=NUMBERS,
        amount=MONEY,
        currency=st.sampled_from(["RUB", "KZT", "TJS", "EUR"]),
        card=st.sampled_from([s.pan for s in SCENARIOS]),
    )
    def create(self, operation: str, number: int, amount: int, currency: str, card: str) -> None:
        body = self.body(operation, number, amount, currency)
        if operation == "create_ecom_payin":
            body["card"] = CARD | {"pan": card}
        assert self.merchant.send(operation, body).status in (200, 409, 429, 500, 502, 0)

    @rule(number=NUMBERS, state=st.sampled_from(sorted(contract.STATES)))
    def advance(self, number: int, state: str) -> None:
        with contextlib.suppress(LookupError, ValueError):
            self.gateway.advance(f"p-{number}", *state.split(":"))

    @rule(number=NUMBERS, index=st.integers(0, 6))
    def advance_somewhere(self, number: int, index: int) -> None:
        allowed = [p.allowed for p in self.gateway.payments if p.payment_id == f"p-{number}"]
        if allowed and allowed[0]:
            self.gateway.advance(f"p-{number}", *allowed[0][index % len(allowed[0])].split(":"))

    @rule(number=NUMBERS, act=st.sampled_from(["open", "pay", "decline", "card", "code", "finish_3ds"]))
    def payer(self, number: int, act: str) -> None:
        try:
            with self.gateway.payer(f"p-{number}") as payer:
                getattr(payer, act)(*([pan_of(20)] if act == "card" else []))
        except (LookupError, ApiError):
            pass

    @rule(number=NUMBERS)
    def confirm(self, number: int) -> None:
        self.merchant.send("confirm_ecom_3ds", self.merchant.info_general(f"p-{number}") | {"cres": "x"})

    @rule(seconds=st.one_of(st.floats(0, 20), st.sampled_from([60, 600, 86400])))
    def travel(self, seconds: float) -> None:
        self.gateway.travel(seconds)

    @rule(operation=st.sampled_from([*CREATES, "*"]), fault=st.sampled_from(FAULTS), times=st.integers(1, 2))
    def fault(self, operation: str, fault: str, times: int) -> None:
        self.gateway.fault(operation, fault, times)

    @rule(status=st.sampled_from([200, 500]))
    def deliver(self, status: int) -> None:
        self.gateway.deliver(lambda _: status)

    @invariant()
    def books_balance(self) -> None:
        available, locked = Counter(OPENING), Counter(dict.fromkeys(OPENING, 0))
        for payment in self.gateway.payments:
            if payment.flow == "payin":
                available[payment.currency] += payment.amount if payment.state == "success" else 0
            elif payment.state != "decline":
                available[payment.currency] -= payment.amount
                locked[payment.currency] += 0 if payment.state == "success" else payment.amount
        for currency in OPENING:
            account = self.gateway.balance(currency)
            assert account == Account(available[currency], locked[currency])
            assert account.available >= 0
            assert account.locked >= 0

    @invariant()
    def histories_follow_the_contract(self) -> None:
        for payment in self.gateway.payments:
            states = [event.state for event in payment.history]
            tables = [contract.TRANSITIONS[name] for name in contract.OPERATIONS[payment.operation].machines]
            for before, after in itertools.pairwise(states):
                assert any(after in table.get(before, ()) for table in tables)
            times = [event.at for event in payment.history]
            assert times == sorted(times)


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_what_is_locked_cannot_be_paid_out_again() -> None:
    account = Account(100).lock(60)
    assert account == Account(40, 60)
    with pytest.raises(InsufficientBalance):
        account.lock(41)
    assert account.debit(60) == Account(40, 0)
    assert account.release(60) == Account(100, 0)
