"""The flows step by step, without a client: what is sent, how long they wait, and the exact results."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pytest

from highhelp.calls.facts import PaymentFacts
from highhelp.calls.flow import ClientCall, Send, Sleep, execute, query, send_raw
from highhelp.calls.outcome import (
    Outcome,
    RawResponse,
    TransportFailure,
    classify,
    clock_skew,
    is_contract_error,
    rejection,
    retry_after,
)
from highhelp.calls.policy import Budget, Policy
from highhelp.calls.wait import wait_until_final
from highhelp.errors import (
    DuplicatePayment,
    FieldProblem,
    HighHelpError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SettingsError,
    Unavailable,
    WaitTimeout,
)
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

NOW = 1_795_521_600.0
NEW = {"status": "processing", "sub_status": "new", "payment_id": "order-1", "project_id": "p"}
NO = {"status": "error", "status_description": "no"}
UNKNOWN = "; it may have been carried out, ask the info operation before you repeat it"
NOT_HELD = "the gateway reports no such payment"
NOT_AN_ERROR = "HTTP 200, but an error that names no payment"


class Clock:
    """Time that passes only as a test says: at each send and each sleep."""

    def __init__(self, per_attempt: float = 0.0) -> None:
        self.now = 1000.0
        self.per_attempt = per_attempt

    def policy(self, **changes: Any) -> Policy:
        return Policy(now=lambda: self.now, jitter=lambda: 1.0, **changes)


def answer(status: int = 200, body: Any = NEW, **headers: str) -> RawResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content, NOW)


FOUND, ABSENT, LOST = answer(), answer(404, NO), TransportFailure(sent=True, reason="the answer was lost")
DOWN, BUSY = TransportFailure(sent=False, reason="no connection"), answer(429, NO)
PAGE = answer(502, b"<html>")
SAME = answer(200, {**NEW, "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"}})
NAMELESS = answer(200, {"status": "processing", "sub_status": "new"})
IDS = PaymentFacts("order-1", "p")
PAYMENT = PaymentFacts("order-1", "p", 10000, "RUB", "payin")


def call(operation: str = "create_p2p_payin", info: str | None = "get_p2p_payin", **changes: Any) -> ClientCall[Any]:
    asked = partial(ClientCall, OPERATIONS[info], b"info", IDS, PaymentState.from_dict) if info else None
    facts = PAYMENT._replace(direction=OPERATIONS[operation].direction) if info else IDS
    about: dict[str, Any] = {"facts": facts, "parse": PaymentState.from_dict, "info": asked}
    return ClientCall(OPERATIONS[operation], b"body", **{**about, **changes})


QUESTION = ("get_p2p_payin", None)


def play(
    flow: Generator[Any, Any, Any], *script: RawResponse | TransportFailure, clock: Clock | None = None
) -> tuple[list[str], Any]:
    """Run a flow; return its steps in short form, and its value or error."""
    clock = clock or Clock()
    left, steps, result = list(script), [], None
    try:
        while True:
            step = flow.send(result)
            if isinstance(step, Sleep):
                steps.append(f"sleep {step.seconds:g}: {step.reason}")
                clock.now += step.seconds
                result = None
            else:
                assert isinstance(step, Send)
                steps.append(f"{step.call.operation.id} {step.call.body.decode()} {step.attempt}")
                clock.now += clock.per_attempt
                result = left.pop(0)
    except StopIteration as end:
        assert not left, "not all of it was asked for"
        return steps, end.value
    except HighHelpError as error:
        assert not left, "not all of it was asked for"
        return steps, error


def facts(error: Any) -> dict[str, Any]:
    return {"confirmed": getattr(error, "confirmed", None), **vars(error), "said": str(error)}


# Whole flows.


def test_what_is_sent() -> None:
    clock = Clock()
    flow = execute(call(), clock.policy(attempt=30, total=90))
    step = next(flow)
    assert isinstance(step, Send)
    assert (step.call.operation.id, step.call.body, step.call.payment_id, step.attempt) == (
        "create_p2p_payin",
        b"body",
        "order-1",
        1,
    )
    assert (step.seconds, step.call.facts) == (30, PAYMENT)
    clock.now += 80
    step = flow.send(LOST)
    assert isinstance(step, Send)
    assert (step.call.operation.id, step.call.body, step.call.payment_id, step.attempt) == (
        "get_p2p_payin",
        b"info",
        "order-1",
        1,
    )
    assert (step.seconds, step.call.facts) == (10, IDS), "what is left of the whole"
    flow.close()


def test_the_least_that_an_attempt_is_given() -> None:
    clock = Clock()
    budget = Budget(clock.policy(attempt=30, total=90))
    assert (budget.left, budget.attempt()) == (90, 30)
    clock.now += 89.9995
    assert budget.attempt() == 0.001
    clock.now += 1
    assert budget.attempt() == 0.001


def test_a_timeout_bounds_the_call_and_its_attempts() -> None:
    policy = Clock().policy(attempt=30, total=90, attempts=7)
    assert policy.with_timeout(None) is policy
    assert policy.with_timeout(20) == replace(policy, attempt=20.0, total=20.0)
    assert policy.with_timeout(60) == replace(policy, attempt=30, total=60.0)
    for wrong in (0, -1, float("nan"), float("inf"), True, "5", 86_401):
        with pytest.raises(SettingsError, match="above 0 and at most 86400") as refused:
            policy.with_timeout(wrong)  # type: ignore[arg-type]  # that is the point
        assert refused.value.setting == "timeout"


@pytest.mark.parametrize("response", [FOUND, PAGE, answer(409, NO), answer(200, b"")])
def test_a_raw_response_is_returned_as_it_came(response: RawResponse) -> None:
    steps, result = play(send_raw(call(), 5), response)
    assert (steps, result) == (["create_p2p_payin body 1"], response)


@pytest.mark.parametrize(
    ("failure", "kind", "text"),
    [
        (DOWN, NotSent, "no connection; nothing was sent"),
        (LOST, OutcomeUnknown, "the answer was lost; it may have been carried out"),
        (None, OutcomeUnknown, "no answer; it may have been carried out"),
    ],
)
def test_a_raw_request_without_a_response(failure: TransportFailure | None, kind: type[Exception], text: str) -> None:
    sent = call()
    flow = send_raw(sent, 5)
    assert next(flow) == Send(sent, 5, 1)
    with pytest.raises(kind, match=text) as failed:
        flow.send(failure)
    error: Any = failed.value
    assert (error.operation, error.payment_id, error.attempts) == ("create_p2p_payin", "order-1", 1)


def test_a_flow_that_is_told_nothing_of_a_sending_says_so() -> None:
    flow = execute(call(), Clock().policy())
    next(flow)
    with pytest.raises(RuntimeError, match="must be sent the result of its `Send` step"):
        flow.send(None)


@pytest.mark.parametrize(
    ("script", "steps"),
    [
        ([FOUND], ["create_p2p_payin body 1"]),
        ([NAMELESS, FOUND], ["create_p2p_payin body 1", "get_p2p_payin info 1"]),
        (
            [DOWN, BUSY, ABSENT, FOUND],
            [
                "create_p2p_payin body 1",
                "sleep 0.5: no connection",
                "create_p2p_payin body 2",
                "get_p2p_payin info 1",
                "sleep 1: HTTP 429: no",
                "create_p2p_payin body 3",
            ],
        ),
        ([LOST, FOUND], ["create_p2p_payin body 1", "get_p2p_payin info 1"]),
        (
            [LOST, ABSENT, ABSENT, FOUND],
            [
                "create_p2p_payin body 1",
                "get_p2p_payin info 1",
                "sleep 15: not found yet",
                "get_p2p_payin info 1",
                "create_p2p_payin body 2",
            ],
        ),
        (
            [LOST, PAGE, ABSENT, PAGE, ABSENT, FOUND],
            [
                "create_p2p_payin body 1",
                "get_p2p_payin info 1",
                "sleep 0.5: HTTP 502 without the contract's JSON",
                "get_p2p_payin info 2",
                "sleep 14.5: not found yet",
                "get_p2p_payin info 1",
                "sleep 0.5: HTTP 502 without the contract's JSON",
                "get_p2p_payin info 2",
                "create_p2p_payin body 2",
            ],
        ),
        (
            [LOST, ABSENT, ABSENT, BUSY, ABSENT, ABSENT, FOUND],
            [
                "create_p2p_payin body 1",
                "get_p2p_payin info 1",
                "sleep 15: not found yet",
                "get_p2p_payin info 1",
                "create_p2p_payin body 2",
                "sleep 0.5: HTTP 429: no",
                "get_p2p_payin info 1",
                "sleep 14.5: not found yet",
                "get_p2p_payin info 1",
                "create_p2p_payin body 3",
            ],
        ),
        ([BUSY, SAME], ["create_p2p_payin body 1", "get_p2p_payin info 1"]),
        (
            [LOST, ABSENT, ABSENT, answer(409, NO), FOUND],
            [
                "create_p2p_payin body 1",
                "get_p2p_payin info 1",
                "sleep 15: not found yet",
                "get_p2p_payin info 1",
                "create_p2p_payin body 2",
                "get_p2p_payin info 1",
            ],
        ),
    ],
)
def test_ways_to_the_payment(script: list[Any], steps: list[str]) -> None:
    clock = Clock()
    taken, state = play(execute(call(), clock.policy(total=900)), *script, clock=clock)
    assert state.payment_id == "order-1"
    assert taken == steps


OTHER = answer(200, {**NEW, "payment_id": "order-2"})
OTHER_PROJECT = answer(200, {**NEW, "project_id": "q"})
ANOTHER_SUM = answer(200, {**NEW, "payment_info": {"amount": 9999, "currency": "RUB"}})
PAYOUT = ("create_p2p_payout", "get_p2p_payout")
CONFIRMATION = ("confirm_ecom_3ds", None)


@pytest.mark.parametrize(
    ("operation", "script", "kind", "expected"),
    [
        (
            (),
            [answer(422, {**NO, "request_id": "r-1", "errors": [{"field": "a:b", "message": "is wrong"}]}), ABSENT],
            Rejected,
            {
                "said": "create_p2p_payin order-1: HTTP 422: no; a:b: is wrong",
                "operation": "create_p2p_payin",
                "payment_id": "order-1",
                "attempts": 1,
                "status": 422,
                "confirmed": False,
                "cause": "invalid",
                "description": "no",
                "problems": (FieldProblem("a:b", "is wrong"),),
                "request_id": "r-1",
                "clock_skew": None,
            },
        ),
        (
            (),
            [BUSY, ABSENT, answer(400, NO), ABSENT],
            Rejected,
            {"attempts": 2, "status": 400, "cause": "malformed", "problems": ()},
        ),
        (
            (),
            [LOST, ABSENT, ABSENT, answer(422, NO), ABSENT],
            OutcomeUnknown,
            {
                "attempts": 2,
                "found": False,
                "status": 422,
                "said": f"create_p2p_payin order-1: HTTP 422: no; {NOT_HELD}{UNKNOWN}",
            },
        ),
        (
            (),
            [LOST, ABSENT, ABSENT, *[DOWN, ABSENT] * 4],
            OutcomeUnknown,
            {
                "attempts": 5,
                "found": False,
                "status": None,
                "said": f"create_p2p_payin order-1: no connection; {NOT_HELD}{UNKNOWN}",
            },
        ),
        (
            (),
            [LOST, ABSENT, ABSENT, answer(403, NO), *[PAGE] * 4],
            OutcomeUnknown,
            {
                "attempts": 2,
                "found": None,
                "status": 403,
                "said": (
                    "create_p2p_payin order-1: HTTP 403: no; info gave no usable answer: "
                    f"HTTP 502 without the contract's JSON{UNKNOWN}"
                ),
            },
        ),
        (
            (),
            [LOST, ABSENT, ABSENT, *[BUSY, ABSENT, ABSENT] * 3, BUSY, ABSENT],
            OutcomeUnknown,
            {
                "attempts": 5,
                "found": False,
                "status": 429,
                "said": f"create_p2p_payin order-1: HTTP 429: no; {NOT_HELD}{UNKNOWN}",
            },
        ),
        (
            (),
            [LOST, ABSENT, ABSENT, PAGE, ABSENT],
            OutcomeUnknown,
            {
                "attempts": 2,
                "found": False,
                "status": 502,
                "said": f"create_p2p_payin order-1: HTTP 502 without the contract's JSON; {NOT_HELD}{UNKNOWN}",
            },
        ),
        (
            (),
            [BUSY, ABSENT, answer(409, NO), ABSENT],
            DuplicatePayment,
            {"attempts": 2, "status": 409, "said": "create_p2p_payin order-1: HTTP 409: no"},
        ),
        (
            (),
            [ANOTHER_SUM],
            OutcomeUnknown,
            {
                "attempts": 1,
                "found": True,
                "status": 200,
                "said": (
                    "create_p2p_payin order-1: the answer; "
                    f"the gateway holds another payment under this payment_id{UNKNOWN}"
                ),
            },
        ),
        (
            (),
            [NAMELESS, ABSENT],
            OutcomeUnknown,
            {
                "attempts": 1,
                "found": False,
                "status": 200,
                "said": f"create_p2p_payin order-1: the answer names no payment; {NOT_HELD}{UNKNOWN}",
            },
        ),
        (
            PAYOUT,
            [PAGE, ABSENT, ABSENT],
            OutcomeUnknown,
            {
                "operation": "create_p2p_payout",
                "payment_id": "order-1",
                "attempts": 1,
                "found": False,
                "status": 502,
                "said": (f"create_p2p_payout order-1: HTTP 502 without the contract's JSON; {NOT_HELD}{UNKNOWN}"),
            },
        ),
        (
            PAYOUT,
            [LOST, *[PAGE] * 4],
            OutcomeUnknown,
            {
                "attempts": 1,
                "found": None,
                "status": None,
                "said": (
                    "create_p2p_payout order-1: the answer was lost; info gave no usable answer: "
                    f"HTTP 502 without the contract's JSON{UNKNOWN}"
                ),
            },
        ),
        (PAYOUT, [PAGE, answer(403, NO)], OutcomeUnknown, {"attempts": 1, "found": None, "status": 502}),
        (PAYOUT, [PAGE, answer(409, NO)], OutcomeUnknown, {"attempts": 1, "found": None, "status": 502}),
        (
            PAYOUT,
            [PAGE, ANOTHER_SUM],
            OutcomeUnknown,
            {
                "attempts": 1,
                "found": True,
                "status": 502,
                "said": (
                    "create_p2p_payout order-1: HTTP 502 without the contract's JSON; "
                    f"the gateway holds another payment under this payment_id{UNKNOWN}"
                ),
            },
        ),
        (
            PAYOUT,
            [LOST, *[answer(200, NO)] * 4],
            OutcomeUnknown,
            {
                "found": None,
                "said": (
                    "create_p2p_payout order-1: the answer was lost; "
                    f"info gave no usable answer: {NOT_AN_ERROR}{UNKNOWN}"
                ),
            },
        ),
        (
            PAYOUT,
            [OTHER, ABSENT, ABSENT],
            OutcomeUnknown,
            {
                "status": 200,
                "said": f"create_p2p_payout order-1: the answer names another payment; {NOT_HELD}{UNKNOWN}",
            },
        ),
        (PAYOUT, [OTHER_PROJECT, ABSENT, ABSENT], OutcomeUnknown, {"found": False}),
        (
            (),
            [DOWN] * 4,
            NotSent,
            {
                "said": "create_p2p_payin order-1: no connection; nothing was sent",
                "operation": "create_p2p_payin",
                "payment_id": "order-1",
                "attempts": 4,
            },
        ),
        ((), [TransportFailure(sent=False, reason="no such host", retryable=False)], NotSent, {"attempts": 1}),
        (
            (),
            [BUSY, ABSENT] * 4,
            Unavailable,
            {
                "said": "create_p2p_payin order-1: HTTP 429: no; safe to repeat",
                "operation": "create_p2p_payin",
                "payment_id": "order-1",
                "attempts": 4,
                "status": 429,
                "retry_after": None,
            },
        ),
        (
            (),
            [answer(429, NO, retry_after="31"), ABSENT],
            Unavailable,
            {"said": "create_p2p_payin order-1: HTTP 429: no; safe to repeat after 31 s", "retry_after": 31.0},
        ),
        (PAYOUT, [BUSY, ABSENT], Unavailable, {"attempts": 1, "status": 429}),
        ((), [BUSY, ABSENT, *[DOWN] * 3], Unavailable, {"attempts": 4, "status": 429}),
        (
            CONFIRMATION,
            [LOST],
            OutcomeUnknown,
            {
                "said": f"confirm_ecom_3ds order-1: the answer was lost{UNKNOWN}",
                "operation": "confirm_ecom_3ds",
                "payment_id": "order-1",
                "attempts": 1,
                "found": None,
                "status": None,
            },
        ),
        (CONFIRMATION, [PAGE], OutcomeUnknown, {"status": 502, "attempts": 1}),
        (CONFIRMATION, [answer(422, NO)], Rejected, {"status": 422, "attempts": 1, "payment_id": "order-1"}),
        (CONFIRMATION, [answer(409, NO)], DuplicatePayment, {"status": 409, "attempts": 1, "cause": "duplicate"}),
        (CONFIRMATION, [BUSY], Unavailable, {"status": 429, "attempts": 1, "payment_id": "order-1"}),
        (CONFIRMATION, [DOWN], NotSent, {"attempts": 1, "payment_id": "order-1"}),
        (
            QUESTION,
            [DOWN] * 4,
            Unavailable,
            {
                "said": "get_p2p_payin order-1: no connection; safe to repeat",
                "operation": "get_p2p_payin",
                "payment_id": "order-1",
                "attempts": 4,
                "status": None,
                "retry_after": None,
            },
        ),
        (
            QUESTION,
            [TransportFailure(sent=False, reason="wrong certificate", retryable=False)],
            NotSent,
            {"attempts": 1},
        ),
        (
            QUESTION,
            [PAGE, BUSY, ABSENT],
            Rejected,
            {
                "said": "get_p2p_payin order-1: HTTP 404: no",
                "operation": "get_p2p_payin",
                "payment_id": "order-1",
                "attempts": 3,
                "status": 404,
                "cause": "not_found",
            },
        ),
        (QUESTION, [answer(409, NO)], DuplicatePayment, {"attempts": 1, "operation": "get_p2p_payin"}),
        (QUESTION, [answer(301, NO)], Unavailable, {"attempts": 1, "status": 301}),
        (QUESTION, [OTHER], Unavailable, {"attempts": 1, "status": 200}),
    ],
)
def test_ways_to_an_error(
    operation: tuple[str, str | None], script: list[Any], kind: type[HighHelpError], expected: dict[str, Any]
) -> None:
    clock = Clock()
    _, error = play(execute(call(*operation), clock.policy(total=900)), *script, clock=clock)
    assert type(error) is kind
    assert {name: facts(error)[name] for name in expected} == expected


@pytest.mark.parametrize("status", [401, 409, 422, 429])
def test_a_refused_payout_and_an_answer_that_names_none(status: int) -> None:
    payout = call("create_p2p_payout", "get_p2p_payout")
    steps, error = play(execute(payout, Clock().policy(attempts=1)), answer(status, NO), NAMELESS)
    assert steps == ["create_p2p_payout body 1", "get_p2p_payout info 1"]
    assert (type(error), error.attempts, error.status, error.found) == (OutcomeUnknown, 1, status, None)
    assert f"HTTP {status}: no; asked about it: an answer that names no payment{UNKNOWN}" in str(error)


@pytest.mark.parametrize("doubtful", [True, False])
def test_a_refusal_after_a_doubtful_attempt(doubtful: bool) -> None:
    _, error = play(execute(call(doubtful=doubtful), Clock().policy(attempts=1)), answer(422, NO), NAMELESS)
    assert (type(error), error.attempts) == (OutcomeUnknown if doubtful else Rejected, 1)
    assert ("an earlier attempt may have been carried out" in str(error)) is doubtful


def test_a_byte_order_mark_is_no_part_of_an_answer() -> None:
    assert verdict(answer(200, b"\xef\xbb\xbf" + json.dumps(NEW).encode())).kind == "accepted"


def test_a_caller_may_read_answers_in_a_way_of_its_own() -> None:
    def parse(body: Any) -> object:
        return body["payment_id"]

    info: ClientCall[Any] = ClientCall(OPERATIONS["get_p2p_payin"], b"info", IDS, parse)
    made: ClientCall[Any] = ClientCall(OPERATIONS["create_p2p_payin"], b"body", PAYMENT, parse, lambda: info)
    assert play(execute(made, Clock().policy()), FOUND)[1] == "order-1"
    assert play(execute(made, Clock().policy()), LOST, FOUND)[1] == "order-1"


def test_a_confirmation_that_is_taken() -> None:
    steps, state = play(execute(call(*CONFIRMATION), Clock().policy()), FOUND)
    assert (steps, state.status) == (["confirm_ecom_3ds body 1"], "processing")


def test_a_question_that_is_answered_in_the_end() -> None:
    steps, state = play(execute(call(*QUESTION), Clock().policy()), PAGE, BUSY, FOUND)
    assert state.payment_id == "order-1"
    assert steps == [
        "get_p2p_payin body 1",
        "sleep 0.5: HTTP 502 without the contract's JSON",
        "get_p2p_payin body 2",
        "sleep 1: HTTP 429: no",
        "get_p2p_payin body 3",
    ]


def test_duplicate_carries_the_payment_without_card_data() -> None:
    held = answer(200, {**NEW, "requisites": {"pan": "2200000000000004"}})
    steps, error = play(execute(call(), Clock().policy()), answer(409, NO), held)
    assert steps == ["create_p2p_payin body 1", "get_p2p_payin info 1"]
    assert type(error) is DuplicatePayment
    assert (error.status, error.cause, error.attempts, error.payment_id) == (409, "duplicate", 1, "order-1")
    assert isinstance(error.existing, PaymentState)
    shown = error.existing.to_dict()
    assert (shown["payment_id"], shown["requisites"]) == ("order-1", {"pan": "***"})
    _, error = play(execute(call(), Clock().policy()), answer(409, NO), *[PAGE] * 4)
    assert (type(error), error.existing) == (DuplicatePayment, None)


@pytest.mark.parametrize("left", [0.9, 1.0, 1.1])
def test_without_a_second_left_nothing_is_sent_again(left: float) -> None:
    clock = Clock()
    flow = execute(call(), clock.policy(total=90))
    for result in (None, LOST, ABSENT, None):
        step = flow.send(result)
    clock.now = 1090 - left
    if left >= 1:
        step = flow.send(ABSENT)
        assert isinstance(step, Send)
        assert step.call.body == b"body"
        return
    with pytest.raises(OutcomeUnknown) as caught:
        flow.send(ABSENT)
    expected = {"attempts": 1, "found": False, "status": None}
    assert {name: facts(caught.value)[name] for name in expected} == expected
    assert str(caught.value) == (f"create_p2p_payin order-1: the answer was lost; {NOT_HELD}{UNKNOWN}")


@pytest.mark.parametrize(("total", "goes_on"), [(15.0, False), (15.1, True)])
def test_the_second_look_needs_its_time(total: float, goes_on: bool) -> None:
    flow = execute(call(), Clock().policy(total=total))
    for result in (None, LOST):
        flow.send(result)
    if goes_on:
        assert flow.send(ABSENT) == Sleep(15.0, "not found yet")
        return
    with pytest.raises(OutcomeUnknown, match=NOT_HELD) as caught:
        flow.send(ABSENT)
    assert caught.value.found is False


def test_not_found_counts_from_the_end_of_the_attempt() -> None:
    clock = Clock()
    flow = execute(call(), clock.policy(total=900))
    next(flow)
    clock.now += 100
    flow.send(LOST)
    assert flow.send(ABSENT) == Sleep(15.0, "not found yet")


def test_a_slow_answer_to_an_early_question_does_not_count() -> None:
    clock = Clock()
    flow = execute(call(), clock.policy(total=900))
    next(flow)
    flow.send(LOST)
    clock.now += 20
    assert flow.send(ABSENT) == Sleep(0.0, "not found yet")
    results: list[tuple[Any, bytes]] = [(None, b"info"), (ABSENT, b"body")]
    for result, body in results:
        step = flow.send(result)
        assert isinstance(step, Send)
        assert step.call.body == body


def test_the_delay_may_be_set() -> None:
    steps, _ = play(execute(call(), Clock().policy(absence_delay=4)), LOST, ABSENT, ABSENT, FOUND)
    assert "sleep 4: not found yet" in steps
    clock = Clock(per_attempt=3)
    steps, _ = play(execute(call(), clock.policy(absence_delay=0)), LOST, ABSENT, FOUND, clock=clock)
    assert not any(step.startswith("sleep") for step in steps)


# Looking up.


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ([FOUND], True),
        ([PAGE, FOUND], True),
        ([ABSENT], False),
        ([PAGE, ABSENT], False),
        ([ANOTHER_SUM], True),
    ],
)
def test_what_became_of_a_create(script: list[Any], found: bool) -> None:
    steps, state = play(query(call(), Clock().policy()), *script)
    assert (state is not None) == found
    assert all(step.startswith(("get_p2p_payin info", "sleep")) for step in steps), "it never sends"


def test_a_look_up_waits_as_long_as_the_gateway_asks() -> None:
    nothing_yet = answer(200, NO, retry_after="7")
    steps, state = play(query(call(), Clock().policy()), nothing_yet, FOUND)
    assert steps == ["get_p2p_payin info 1", f"sleep 7: {NOT_AN_ERROR}", "get_p2p_payin info 2"]
    assert state.payment_id == "order-1"


def test_a_look_up_that_fails_says_so() -> None:
    _, error = play(query(call(), Clock().policy()), *[PAGE] * 4)
    expected = {"attempts": 0, "found": None, "status": None, "operation": "create_p2p_payin", "payment_id": "order-1"}
    assert {name: facts(error)[name] for name in expected} == expected
    about = "create_p2p_payin order-1: asked about an earlier attempt: "
    assert str(error) == f"{about}HTTP 502 without the contract's JSON{UNKNOWN}"
    with pytest.raises(ValueError, match="only a create"):
        next(query(call(*QUESTION), Clock().policy()))


@pytest.mark.parametrize(
    ("info", "another"),
    [
        ({"amount": 10000, "currency": "RUB"}, False),
        ({"amount": 10000, "currency": "rub"}, False),
        ({"amount": 10001, "currency": "RUB"}, True),
        ({"amount": 10000, "currency": "KZT"}, True),
        ({"amount": 10001}, True),
        ({"currency": "KZT"}, True),
        ({"amount": 10000}, False),
        ({"currency": "RUB"}, False),
        ({"amount": None, "currency": None, "type": None}, False),
        ({"type": "payin"}, False),
        ({"type": "payout"}, True),
        ({"amount": "10000"}, True),
        ({"amount": 10000.0}, True),
        ({"amount": True}, True),
        ({"currency": 643}, True),
        ([], True),
        ("", True),
        ({}, False),
        (None, False),
    ],
)
def test_another_sum_is_another_payment(info: Any, another: bool) -> None:
    held = answer(200, {**NEW, "payment_info": info})
    for script in ([held], [LOST, held]):
        _, result = play(execute(call(), Clock().policy()), *script)
        assert (isinstance(result, OutcomeUnknown) and result.found) == another
        assert (getattr(result, "existing", None) is not None) == another
    if isinstance(info, dict) and info.get("type") != "payout":
        _, result = play(execute(call(facts=IDS._replace(direction="payin")), Clock().policy()), held)
        assert not isinstance(result, OutcomeUnknown), "what was not sent contradicts nothing"


@pytest.mark.parametrize(
    ("body", "is_error"),
    [
        ({"status": "error"}, True),
        ({"status": "error", "request_id": "r-1", "payment_id": None, "payment_info": None}, True),
        ({"status": "error", "payment_id": "order-1"}, False),
        ({"status": "error", "payment_info": {}}, False),
        ({"status": "Error"}, False),
        ({"status": ""}, False),
        ({"status": "404", "message": "no route"}, False),
        ({"status": "NOT_FOUND"}, False),
        ({"status": "success", "payment_id": "order-1"}, False),
        ({"status": ["error"]}, False),
        ({}, False),
        (["error"], False),
        ("error", False),
        (None, False),
    ],
)
def test_the_contracts_error_names_no_payment(body: Any, is_error: bool) -> None:
    assert is_contract_error(body) is is_error
    kinds = {verdict(answer(status, body)).kind for status in (400, 401, 403, 404, 409, 422, 429)}
    assert kinds == ({"refused", "duplicate", "not_accepted"} if is_error else {"unknown"})


@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({}, True),
        ({"payment_id": "order-1"}, True),
        ({"payment_id": "order-2"}, False),
        ({"project_id": "q"}, False),
        ({"payment_id": "order-1", "project_id": "q"}, False),
    ],
)
def test_an_answer_about_something_else_is_none(body: dict[str, Any], about: bool) -> None:
    state = answer(200, {"status": "processing", **body})
    _, result = play(execute(call(*CONFIRMATION), Clock().policy()), state)
    assert isinstance(result, PaymentState) == about
    _, result = play(execute(call(*CONFIRMATION, facts=PaymentFacts()), Clock().policy()), state)
    assert isinstance(result, PaymentState), "where nothing was asked for by name, nothing contradicts"


# Pauses.


def test_pauses_grow_and_end() -> None:
    clock = Clock()
    budget = Budget(clock.policy(attempts=12, total=1e9, backoff=1, max_backoff=20))
    unknown: Outcome[None] = Outcome("unknown")
    assert [budget.pause(tries, unknown) for tries in range(1, 8)] == [1, 2, 4, 8, 16, 20, 20]
    assert budget.pause(11, unknown) == 20
    assert budget.pause(12, unknown) is None
    assert budget.pause(1, Outcome("unknown", retryable=False)) is None
    endless = Budget(clock.policy(attempts=99, total=1e12, backoff=1, max_backoff=1e9))
    assert [endless.pause(tries, unknown) for tries in (17, 18, 19)] == [2**16] * 3


def test_half_of_a_pause_is_chance() -> None:
    for chance, seconds in ((0.0, 0.25), (0.5, 0.375), (1.0, 0.5)):
        budget = Budget(Policy(now=lambda: 0.0, jitter=repeat(chance).__next__))
        assert budget.pause(1, Outcome("unknown")) == seconds


@pytest.mark.parametrize(
    ("asked", "seconds"), [("0", 0.5), ("7", 7.0), ("30", 30.0), ("31", None), ("x", 0.5), (None, 0.5)]
)
def test_the_gateway_may_ask_for_a_longer_pause(asked: str | None, seconds: float | None) -> None:
    busy = answer(429, NO) if asked is None else answer(429, NO, retry_after=asked)
    verdict: Outcome[None] = Outcome("not_accepted", response=busy)
    assert Budget(Clock().policy()).pause(1, verdict) == seconds


def test_there_is_no_pause_beyond_the_end() -> None:
    for total, seconds in ((0.5, None), (0.51, 0.5)):
        assert Budget(Clock().policy(total=total)).pause(1, Outcome("unknown")) == seconds


# Waiting.


def test_a_wait_asks_ever_more_seldom_and_anew_after_a_change() -> None:
    paid = answer(200, {**NEW, "sub_status": "paid"})
    done = answer(200, {**NEW, "status": "success", "sub_status": None})
    seen: list[str] = []
    clock = Clock()
    flow = wait_until_final(
        call(*QUESTION), clock.policy(), 600, lambda state: seen.append(f"{state.status}:{state.sub_status}")
    )
    steps, state = play(flow, *[FOUND] * 9, paid, paid, done, clock=clock)
    assert state.status == "success"
    assert [step.split(":")[0] for step in steps if step.startswith("sleep")] == [
        "sleep 1", "sleep 1.5", "sleep 2.25", "sleep 3.375", "sleep 5.0625", "sleep 7.59375", "sleep 11.3906",
        "sleep 15", "sleep 15", "sleep 1", "sleep 1.5",
    ]  # fmt: skip
    assert {step.partition(": ")[2] for step in steps if step.startswith("sleep")} == {"not final yet"}
    assert seen == ["processing:new", "processing:paid", "success:None"]


def test_a_wait_that_ends_by_time() -> None:
    clock = Clock()
    held = answer(200, {**NEW, "requisites": {"pan": "2200000000000004"}})
    steps, error = play(wait_until_final(call(*QUESTION), clock.policy(), 3, None), *[held] * 4, clock=clock)
    assert [step for step in steps if step.startswith("sleep")] == [
        "sleep 1: not final yet", "sleep 1.5: not final yet", "sleep 0.5: not final yet",
    ]  # fmt: skip
    assert type(error) is WaitTimeout
    assert str(error) == "get_p2p_payin order-1: not final after 3 s, last seen: processing:new"
    about = (error.operation, error.payment_id, error.attempts, error.cancelled)
    assert about == ("get_p2p_payin", "order-1", 4, False)
    assert error.last is not None
    assert error.last.to_dict()["requisites"] == {"pan": "***"}


def test_a_wait_without_any_answer() -> None:
    clock = Clock(per_attempt=1)
    flow = wait_until_final(call(*QUESTION), clock.policy(attempts=1), 2.5, None)
    steps, error = play(flow, *[DOWN] * 2, clock=clock)
    assert steps == ["get_p2p_payin body 1", "sleep 1: not final yet", "get_p2p_payin body 1"]
    assert str(error) == "get_p2p_payin order-1: not final after 2 s, last seen: no answer at all"
    assert (error.last, error.attempts) == (None, 2)


def test_a_question_of_a_wait_has_what_is_left_of_it() -> None:
    clock = Clock()
    flow = wait_until_final(call(*QUESTION), clock.policy(attempt=30, total=20), 25, None)
    step = next(flow)
    assert isinstance(step, Send)
    assert step.seconds == 20
    flow.send(FOUND)
    clock.now += 20
    step = flow.send(None)
    assert isinstance(step, Send)
    assert step.seconds == 5
    clock.now += 4.95
    flow.send(FOUND)
    step = flow.send(None)
    assert isinstance(step, Send)
    assert step.seconds == pytest.approx(0.1), "a last question is asked in any case"
    clock.now += 1
    with pytest.raises(WaitTimeout):
        flow.send(FOUND)


def test_a_state_of_the_callers_own_may_have_no_status() -> None:
    clock = Clock()
    seen: list[Any] = []
    flow = wait_until_final(call(*QUESTION, parse=lambda body: body["payment_id"]), clock.policy(), 1, seen.append)
    steps, error = play(flow, FOUND, FOUND, clock=clock)
    assert len(steps) == 3
    assert (type(error), error.last) == (WaitTimeout, None)
    assert seen == ["order-1"]


def test_a_fifth_of_a_pause_of_a_wait_is_chance() -> None:
    for chance, seconds in ((0.0, 0.8), (0.5, 0.9), (1.0, 1.0)):
        flow = wait_until_final(call(*QUESTION), Policy(now=lambda: 0.0, jitter=repeat(chance).__next__), 60, None)
        next(flow)
        step = flow.send(FOUND)
        assert isinstance(step, Sleep)
        assert step.seconds == pytest.approx(seconds)


def test_a_wait_that_is_called_off() -> None:
    ends = iter([False, True])
    flow = wait_until_final(call(*QUESTION), Clock().policy(), 60, None, lambda: next(ends))
    steps, error = play(flow, FOUND)
    assert steps == ["get_p2p_payin body 1", "sleep 1: not final yet"]
    assert str(error) == "get_p2p_payin order-1: the wait was cancelled, last seen: processing:new"
    assert (error.cancelled, error.attempts, error.last.payment_id) == (True, 1, "order-1")
    _, error = play(wait_until_final(call(*QUESTION), Clock().policy(), 60, None, lambda: True))
    assert str(error) == "get_p2p_payin order-1: the wait was cancelled, last seen: no answer at all"


def test_a_wait_for_what_the_gateway_refuses_to_tell() -> None:
    _, error = play(wait_until_final(call(*QUESTION), Clock().policy(), 60, None), answer(403, NO))
    assert (type(error), error.status) == (Rejected, 403)


# An answer and its verdict.

CREATE = OPERATIONS["create_p2p_payin"]


def verdict(result: Any, parse: Callable[[Mapping[str, Any]], Any] = PaymentState.from_dict) -> Outcome[Any]:
    return classify(CREATE, result, parse)


@pytest.mark.parametrize(
    ("result", "kind", "reason", "retryable"),
    [
        (TransportFailure(sent=True, reason="lost"), "unknown", "lost", True),
        (TransportFailure(sent=True, reason="lost", retryable=False), "unknown", "lost", False),
        (TransportFailure(sent=False, reason="down"), "not_sent", "down", True),
        (answer(199, NO), "unknown", "HTTP 199: no", True),
        (answer(200), "accepted", "", True),
        (answer(299), "accepted", "", True),
        (answer(300, NO), "unknown", "HTTP 300 (a redirect, not followed)", False),
        (answer(399, b""), "unknown", "HTTP 399 without the contract's JSON (a redirect, not followed)", False),
        (answer(200, NO), "unknown", NOT_AN_ERROR, True),
        (answer(200, {"status": ""}), "unknown", NOT_AN_ERROR, True),
        (answer(400, NO), "refused", "HTTP 400: no", False),
        (answer(404, {"status": "404"}), "unknown", "HTTP 404 without the contract's JSON", True),
        (answer(404, {**NO, "payment_id": "order-1"}), "unknown", "HTTP 404 without the contract's JSON", True),
        (answer(400, {"status": 1}), "unknown", "HTTP 400 without the contract's JSON", True),
        (answer(400, {"status": "error"}), "refused", "HTTP 400", False),
        (answer(400, {"status": "error", "status_description": ""}), "refused", "HTTP 400", False),
        (answer(409, NO), "duplicate", "HTTP 409: no", False),
        (answer(429, NO), "not_accepted", "HTTP 429: no", True),
        (answer(500, NO), "unknown", "HTTP 500: no", True),
        (answer(500, b"[]"), "unknown", "HTTP 500 without the contract's JSON", True),
        (answer(520, NO), "unknown", "HTTP 520: no", True),
        (answer(200, b""), "unknown", "HTTP 200, but an empty body", True),
        (answer(200, b"{"), "unknown", "HTTP 200, but no JSON in the body", True),
        (answer(200, b"\xff"), "unknown", "HTTP 200, but no JSON in the body", True),
        (answer(200, b'{"status": NaN}'), "unknown", "HTTP 200, but no JSON in the body", True),
        (answer(200, b"[" * 100_000), "unknown", "HTTP 200, but no JSON in the body", True),
        (answer(200, b"[]"), "unknown", "HTTP 200, but no JSON object in the body", True),
    ],
)
def test_a_verdict(result: Any, kind: str, reason: str, retryable: bool) -> None:
    found = verdict(result)
    assert (found.kind, found.reason, found.retryable) == (kind, reason, retryable)
    came = result if isinstance(result, RawResponse) else None
    assert found.response is came
    assert found.status == (None if came is None else came.status)
    assert (found.value is not None) == (kind == "accepted")
    words = b'"status": "error"'
    in_its_words = (
        came is not None and came.status >= 300 and words in came.content and b"payment_id" not in came.content
    )
    in_its_words |= came is not None and came.status < 200
    redirected = came is not None and 300 <= came.status < 400
    assert found.error == (json.loads(came.content) if came is not None and in_its_words and not redirected else None)


def test_failing_custom_parse_leaves_outcome_unknown() -> None:
    def fails(_: Mapping[str, Any]) -> Any:
        raise KeyError("words")

    found = verdict(FOUND, fails)
    assert (found.kind, found.reason) == ("unknown", "HTTP 200, but not the contract's JSON")
    assert found.response is FOUND


def test_constants_that_json_does_not_know_are_named() -> None:
    with pytest.raises(ValueError, match="Infinity is not JSON"):
        answer(200, b'{"a": Infinity}').json()
    with pytest.raises(ValueError, match="nested too deeply"):
        answer(200, b"[" * 100_000).json()


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (29.0, None),
        (30.0, "this machine's clock is 30 s ahead of the gateway's"),
        (-31.0, "this machine's clock is 31 s behind the gateway's"),
    ],
)
def test_a_wrong_clock_is_named(ahead: float, said: str | None) -> None:
    unauthorized = answer(401, NO, date=formatdate(NOW - ahead, usegmt=True))
    _, error = play(execute(call(), Clock().policy()), unauthorized, ABSENT)
    assert (error.clock_skew, error.cause) == (ahead, "unauthorized")
    assert str(error) == "; ".join(filter(None, ["create_p2p_payin order-1: HTTP 401: no", said]))
    forbidden = answer(403, NO, date=formatdate(NOW - ahead, usegmt=True))
    _, error = play(execute(call(), Clock().policy()), forbidden, forbidden)
    assert (error.clock_skew, error.cause) == (None, "forbidden")
    assert clock_skew(answer(401, NO)) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("000000005", 5.0),
        ("0000000005", 3600.0),
        ("9" * 5000, 3600.0),
        ("\u0665", None),
        ("-5", None),
        ("5.5", None),
        ("", None),
        ("soon", None),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW + 90, usegmt=False).replace("-0000", ""), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        (formatdate(NOW + 9000, usegmt=True), 3600.0),
        ("Tue, 24 Nov 2026 99:99:99 GMT", None),
        ("Tue, 24 Nov 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_how_long_the_gateway_asks_to_wait(text: str, seconds: float | None) -> None:
    assert retry_after(answer(429, NO, retry_after=text)) == seconds


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in another time zone than UTC."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_east")
@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", "+0300"])
def test_a_date_is_read_in_its_own_zone_wherever_the_machine_is(zone: str) -> None:
    moment = datetime(2026, 11, 24, 15, 0, tzinfo=timezone(timedelta(hours=3 if zone == "+0300" else 0)))
    told = RawResponse(401, {"date": f"Tue, 24 Nov 2026 15:00:00 {zone}"}, b"", moment.timestamp() + 5)
    assert clock_skew(told) == 5


def test_a_refusal_without_an_answer() -> None:
    error = rejection(Outcome("refused", reason="no"), CREATE, "order-1", 2)
    assert (error.status, error.cause, error.clock_skew, error.attempts) == (0, "refused", None, 2)


def test_what_the_gateway_names_is_kept_without_card_data() -> None:
    pan = "2200000000000004"
    body = {
        "status": "error",
        "status_description": f"card {pan}",
        "request_id": pan,
        "errors": [{"field": f"f {pan}", "message": f"m {pan}"}, {}, "x", {"field": 5, "message": None}],
    }
    _, error = play(execute(call(), Clock().policy()), answer(422, body), ABSENT)
    assert (error.description, error.request_id) == ("card ***", "***")
    expected = [("f ***", "m ***"), ("", ""), ("5", "None")]
    assert [(one.path, one.message) for one in error.problems] == expected
    assert pan not in str(error)
    for odd in ({**NO, "errors": "x", "request_id": 5}, {**NO, "errors": None}):
        _, error = play(execute(call(), Clock().policy()), answer(422, odd), ABSENT)
        assert (error.problems, error.request_id) == ((), None)
    _, error = play(
        execute(call(), Clock().policy()), answer(422, {"status": "error", "status_description": 5}), ABSENT
    )
    assert (error.description, str(error)) == (None, "create_p2p_payin order-1: HTTP 422")
