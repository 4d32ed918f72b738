"""The rules, apart from any database."""

from __future__ import annotations

import pytest

from highhelp.ledger.rules import Decision, Known, Told, back_off, decide, may_follow
from highhelp_api.contract import FINAL_STATUSES, OPERATIONS, STATES, TRANSITIONS


def told(state: str, print_: str = "x", kind: str | None = "payin") -> Told:
    status, _, sub = state.partition(":")
    return Told(status, sub or None, 100, "RUB", kind, print_)


@pytest.mark.parametrize("machine", TRANSITIONS)
def test_every_walk_along_the_contract_is_accepted(machine: str) -> None:
    flow = next(op.flow for op in OPERATIONS.values() if machine in op.machines)
    for state, following in TRANSITIONS[machine].items():
        for after in following:
            assert decide(Known(state), told(after, kind=flow)) == Decision("accept")


def test_what_is_late_is_superseded() -> None:
    assert decide(Known("processing:paid"), told("processing:requisites")) == Decision("superseded", "late")
    assert decide(Known("dispute:no_payment"), told("processing:new")) == Decision("superseded", "late")


def test_nothing_leaves_a_final_status() -> None:
    for final in FINAL_STATUSES:
        for state in STATES:
            decision = decide(Known(final, "x"), told(state, "y", None))
            assert decision.verdict != "accept"
            assert decision.verdict == ("parked" if state in FINAL_STATUSES else "superseded")
        assert decide(Known(final, "x"), told(final, "x")) == Decision("duplicate")
        assert decide(Known(final, "x"), told("reversed")) == Decision("parked", "after_final")


def test_the_first_end_is_accepted_from_everywhere() -> None:
    for state in (None, "unknown:thing", *STATES):
        if state not in FINAL_STATUSES:
            for final in FINAL_STATUSES:
                assert decide(Known(state), told(final, kind=None)) == Decision("accept")


def test_only_the_expected_sum_is_a_success() -> None:
    assert decide(Known(expected=(100, "RUB")), told("success")) == Decision("accept")
    for expected in ((101, "RUB"), (100, "KZT")):
        assert decide(Known(expected=expected), told("success")) == Decision("parked", "amount")
        assert decide(Known(expected=expected), told("decline")) == Decision("accept")


def test_the_pause_is_bounded() -> None:
    assert [back_off(n) for n in (1, 2, 3)] == [1, 2, 4]
    assert back_off(10**9) == 600


def test_what_is_unknown_may_follow_and_be_followed() -> None:
    assert may_follow("unknown", "processing:new", "payin")
    assert may_follow("processing:paid", "unknown", "payin")
