"""The rules, apart from any database."""

from __future__ import annotations

import pytest

from highhelp.inbox.transitions import CallbackFacts, Decision, PaymentRecord, back_off, decide, wrong_amount
from highhelp.states import may_follow, reach, state_name
from highhelp_api.contract import FINAL_STATUSES, OPERATIONS, STATES, TRANSITIONS


def told(state: str, print_: str = "x", kind: str | None = "payin") -> CallbackFacts:
    status, _, sub = state.partition(":")
    return CallbackFacts(status, sub or None, 100, "RUB", kind, print_)


@pytest.mark.parametrize("machine", TRANSITIONS)
def test_every_walk_along_the_contract_is_accepted(machine: str) -> None:
    flow = next(op.direction for op in OPERATIONS.values() if machine in op.machines)
    for state, following in TRANSITIONS[machine].items():
        for after in following:
            assert decide(PaymentRecord(state), told(after, kind=flow)) == Decision("accept")


def test_what_is_late_is_superseded() -> None:
    assert decide(PaymentRecord("processing:paid"), told("processing:requisites")) == Decision("superseded", "late")
    assert decide(PaymentRecord("dispute:no_payment"), told("processing:new")) == Decision("superseded", "late")


def test_nothing_leaves_a_final_status() -> None:
    for final in FINAL_STATUSES:
        for state in STATES:
            decision = decide(PaymentRecord(final, "x"), told(state, "y", None))
            assert decision.verdict != "accept"
            assert decision.verdict == ("parked" if state in FINAL_STATUSES else "superseded")
        assert decide(PaymentRecord(final, "x"), told(final, "x")) == Decision("duplicate")
        assert decide(PaymentRecord(final, "x"), told("reversed")) == Decision("parked", "after_final")


def test_the_first_end_is_accepted_from_everywhere() -> None:
    for state in (None, "unknown:thing", *STATES):
        if state not in FINAL_STATUSES:
            for final in FINAL_STATUSES:
                assert decide(PaymentRecord(state), told(final, kind=None)) == Decision("accept")


def test_only_the_expected_sum_is_a_success() -> None:
    assert decide(PaymentRecord(expected=(100, "RUB")), told("success")) == Decision("accept")
    for expected in ((101, "RUB"), (100, "KZT")):
        assert decide(PaymentRecord(expected=expected), told("success")) == Decision("parked", "amount")
        assert decide(PaymentRecord(expected=expected), told("decline")) == Decision("accept")


def test_the_pause_is_bounded() -> None:
    assert [back_off(n) for n in (1, 2, 3)] == [1, 2, 4]
    assert back_off(10**9) == 600


def test_what_is_unknown_may_follow_and_be_followed() -> None:
    assert may_follow("unknown", "processing:new", "payin")
    assert may_follow("processing:paid", "unknown", "payin")


def test_a_state_is_named_as_the_contract_does() -> None:
    assert state_name("processing", "new") == "processing:new"
    assert state_name("success", None) == state_name("success", "") == "success"
    one = told("processing:new")
    assert (one.state, one.final) == ("processing:new", False)
    assert (told("success").state, told("success").final) == ("success", True)


def test_what_may_follow_depends_on_the_kind_of_payment() -> None:
    for kind in (None, "payin", "payout", "nobody knows"):
        assert may_follow(None, "processing:new", kind)
        assert may_follow("processing:new", "processing:new", kind)
        assert not may_follow("success", "processing:new", kind)
        assert may_follow("processing:new", "success", kind)
    assert not may_follow("processing:new", "processing:payout_process", "payin")
    assert may_follow("processing:new", "processing:payout_process", "payout")
    assert may_follow("processing:new", "processing:payout_process", None)
    assert reach("nobody knows") is reach(None)
    assert reach("payin") is not reach("payout")


def test_an_end_without_a_state_is_for_a_person() -> None:
    assert decide(PaymentRecord(None, "x"), told("processing:new")) == Decision("parked", "after_final")


def test_without_a_sum_no_success_is_the_expected_one() -> None:
    silent = CallbackFacts("success", None, None, None, "payin", "x")
    assert wrong_amount((100, "RUB"), silent)
    assert not wrong_amount(None, silent)
    assert not wrong_amount((100, "RUB"), told("success"))
    assert not wrong_amount((1, "RUB"), told("processing:new"))


def test_final_status_without_a_known_path_is_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highhelp.inbox.transitions.may_follow", lambda before, after, kind: False)
    assert decide(PaymentRecord("processing:new"), told("success")) == Decision("parked", "transition")
    assert decide(PaymentRecord("processing:new"), told("processing:paid")) == Decision("superseded", "late")


def test_pauses_double_up_to_ten_minutes() -> None:
    assert [back_off(n) for n in (9, 10, 11, 12)] == [256, 512, 600, 600]
