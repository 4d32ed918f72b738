"""One table: a refused create, info's answer and the result, for clients and guards of both kinds.

The expectations follow from the tables below and not from the code. A held payout never ends as `refused`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import (
    AsyncHighHelp,
    AsyncPayoutGuard,
    DuplicatePayment,
    HighHelp,
    HighHelpError,
    HmacSigner,
    OutcomeUnknown,
    PayoutGuard,
    Rejected,
    Unavailable,
)
from highhelp_api.client.models import PaymentState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODES = (400, 401, 403, 404, 409, 422, 429)
ERROR = {"status": "error", "status_description": "no"}
PAYMENT = {"general": {"payment_id": "p-1"}, "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"}}
PAYOUT = PAYMENT | {"receiver": {"pan": "2200000000000004"}}

LOOKS = ("held", "final", "not_reported", "other_facts", "not_found", "same_code", "other_code", "unanswered")
"""Info's answers after a refused create."""


def info(look: str, code: int, direction: str) -> tuple[int, Any]:
    """The answer of the info operation."""
    facts = {"amount": 10000, "currency": "RUB", "type": direction}
    held = {"status": "processing", "sub_status": "new", "payment_id": "p-1", "payment_info": facts}
    other = next(one for one in (403, 422) if one != code)
    answers: dict[str, tuple[int, Any]] = {
        "held": (200, held),
        "final": (200, held | {"status": "success", "sub_status": None}),
        "not_reported": (200, held | {"payment_info": facts | {"type": None}}),
        "other_facts": (200, held | {"payment_info": facts | {"amount": 9999}}),
        "not_found": (404, ERROR),
        "same_code": (code, ERROR),
        "other_code": (other, ERROR),
        "unanswered": (502, "<html>"),
    }
    return answers[look]


HELD = ("held", "final", "not_reported", "other_facts")

Outcome = type[HighHelpError] | str
RETURNED, BY_CODE = "returned", "Rejected, by its code"
"""The payment is returned; or the error is Rejected: DuplicatePayment for 409, Unavailable for 429."""

FIRST: dict[str, tuple[Outcome, Outcome]] = {
    # info's answer: a pay-in, a payout
    "held": (RETURNED, DuplicatePayment),
    "final": (DuplicatePayment, DuplicatePayment),
    "not_reported": (DuplicatePayment, DuplicatePayment),
    "other_facts": (DuplicatePayment, DuplicatePayment),
    "not_found": (BY_CODE, BY_CODE),
    "caller_refused": (BY_CODE, BY_CODE),
    "no_usable_answer": (BY_CODE, OutcomeUnknown),
}
LATER: dict[str, tuple[Outcome, bool | None]] = {
    # info's answer: the result after an attempt whose outcome is unknown, and its `found`
    "held": (RETURNED, None),
    "final": (RETURNED, None),
    "not_reported": (RETURNED, None),
    "other_facts": (OutcomeUnknown, True),
    "not_found": (OutcomeUnknown, False),
    "caller_refused": (OutcomeUnknown, None),
    "no_usable_answer": (OutcomeUnknown, None),
}
GUARD_FIRST = {
    # info's answer: the state of a payout that the guard has not sent before
    "held": "needs_review",
    "final": "needs_review",
    "not_reported": "needs_review",
    "other_facts": "needs_review",
    "not_found": {401: "unknown", 403: "unknown", 429: "unknown"} | dict.fromkeys((400, 404, 409, 422), "refused"),
    "caller_refused": "unknown",
    "no_usable_answer": "unknown",
}
GUARD_LATER = {
    "held": "settled",
    "final": "settled",
    "not_reported": "settled",
    "other_facts": "needs_review",
    "not_found": "unknown",
    "caller_refused": "unknown",
    "no_usable_answer": "unknown",
}


def row_of(look: str, code: int) -> str:
    """The row of the tables for info's answer: a code means different things for different queries."""
    if look in ("same_code", "other_code"):
        answered = info(look, code, "payout")[0]
        if answered == 404:
            return "not_found"
        return "caller_refused" if answered in (401, 403) and answered == code else "no_usable_answer"
    return look if look in FIRST else "no_usable_answer"


def error_of(outcome: Outcome, code: int) -> Outcome:
    if outcome is not BY_CODE:
        return outcome
    return {409: DuplicatePayment, 429: Unavailable}.get(code, Rejected)


@dataclass
class Case:
    code: int
    later: bool
    look: str
    way: str
    asynchronous: bool

    def __str__(self) -> str:
        attempt = "later" if self.later else "first"
        return f"{self.code}-{attempt}-{self.look}-{self.way}-{'async' if self.asynchronous else 'sync'}"

    @property
    def direction(self) -> str:
        return "payin" if self.way == "payin" else "payout"

    @property
    def row(self) -> str:
        return row_of(self.look, self.code)


CASES = [Case(*about) for about in product(CODES, (False, True), LOOKS, ("payin", "payout", "guard"), (False, True))]


class Gateway:
    """Refuse creates; answer info as a case says. With `later`, the first create is lost, and not found at first."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.creates: list[bytes] = []
        self.lagging = case.later
        self.lost = case.later

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/info"):
            self.creates.append(request.content)
            if self.lost:
                self.lost = False
                raise httpx.ReadTimeout("lost")
            self.lagging = False
            return self.answer(self.case.code, ERROR)
        return self.answer(
            *((404, ERROR) if self.lagging else info(self.case.look, self.case.code, self.case.direction))
        )

    @staticmethod
    def answer(status: int, body: Any) -> httpx.Response:
        return httpx.Response(status, content=body if isinstance(body, str) else json.dumps(body))


class Time:
    """One clock for everything, which only advances by sleeping."""

    def __init__(self) -> None:
        self.now = 1_795_521_600.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()

    async def sleep(seconds: float) -> None:
        made.sleep(seconds)

    class Sleeping:
        monotonic = made
        sleep = made.sleep

    monkeypatch.setattr("highhelp.transport.driver.time", Sleeping)
    monkeypatch.setattr("highhelp.transport.driver._sleep", sleep)
    return made


SIGNER = HmacSigner("k" * 32)


def client_of(case: Case, gateway: Gateway, clock: Time) -> Any:
    make = AsyncHighHelp if case.asynchronous else HighHelp
    client: Any = make(
        base_url="https://gateway.example",
        project_id="p",
        signer=SIGNER,
        transport=httpx.MockTransport(gateway),
        clock=clock,
        environ={},
    )
    # the same clock bounds the call
    executor = client._executor
    client._executor = replace(executor, policy=replace(executor.policy, now=clock, jitter=lambda: 1.0))
    return client


async def done(value: Any) -> Any:
    """The value of a call of either kind."""
    return await value if asyncio.iscoroutine(value) else value


async def outcome_of(call: Callable[[], Any]) -> Any:
    try:
        return await done(call())
    except HighHelpError as error:
        return error


async def close(*opened: Any) -> None:
    for one in opened:
        await done(one.close() if hasattr(one, "close") else one.aclose())


async def pay(case: Case, gateway: Gateway, client: Any) -> Any:
    """The result of a call of the client."""
    if case.way == "payin":
        return await outcome_of(lambda: client.p2p.create_payin(PAYMENT))
    if not case.later:
        return await outcome_of(lambda: client.p2p.create_payout(PAYOUT))
    # a client never sends a payout again on its own: the guard sends it like this
    lost = await outcome_of(lambda: client.p2p.create_payout(PAYOUT))
    assert (type(lost), lost.found) == (OutcomeUnknown, False)
    call = client._executor.builder.build("create_p2p_payout", PAYOUT, PaymentState.from_dict)
    return await outcome_of(lambda: client._executor.execute(replace(call, doubtful=True)))


def check(case: Case, result: Any) -> None:
    """Compare the outcome of a client's call with the tables."""
    if case.later:
        expected, found = LATER[case.row]
    else:
        expected, found = FIRST[case.row][case.direction == "payout"], None
    expected = error_of(expected, case.code)
    if expected == RETURNED:
        assert isinstance(result, PaymentState), result
        assert result.payment_id == "p-1"
        return
    assert type(result) is expected, result
    if isinstance(result, OutcomeUnknown):
        assert (result.found, result.status) == (found, case.code)
        assert (result.existing is not None) == (case.look == "other_facts" and case.later)
    if isinstance(result, Rejected):
        assert (result.confirmed, result.status) == (False, case.code)
    if isinstance(result, DuplicatePayment):
        assert (result.existing is not None) == (case.look in HELD)


def creates_of(case: Case) -> int:
    """The number of creates: a deferred pay-in that is not found is sent again, four attempts in all."""
    if case.way == "payin" and case.code == 429 and case.row == "not_found":
        return 5 if case.later else 4
    return 2 if case.later else 1


async def guarded(case: Case, gateway: Gateway, client: Any, clock: Time, url: str) -> None:
    """Send with a guard, then look again after the age."""
    make: Any = AsyncPayoutGuard if case.asynchronous else PayoutGuard
    guard = make(client, url, clock=clock, environ={})

    async def send() -> Any:
        return await outcome_of(lambda: guard.send(PAYOUT, operation="create_p2p_payout"))

    if case.later:
        assert type(await send()) is OutcomeUnknown
        for seconds, state in ((119, "unknown"), (1, "prepared")):
            clock.sleep(seconds)
            assert [one.state for one in await done(guard.recover())] == [state]
    result = await send()
    (payout,) = await done(guard.list())
    states = GUARD_LATER if case.later else GUARD_FIRST
    expected = states[case.row]
    expected = expected[case.code] if isinstance(expected, dict) else expected
    assert (payout.state, payout.confirmed) == (expected, False)
    if expected == "settled":
        assert result == payout
    else:
        check(case, result)
    assert len(gateway.creates) == creates_of(case)
    if case.look in HELD:
        assert payout.state != "refused"
    # nothing is sent again before info was queried long enough afterwards
    if payout.state != "settled":
        await send()
        assert len(gateway.creates) == creates_of(case)
    for seconds in (0, 119, 1):
        clock.sleep(seconds)
        await done(guard.recover())
        (later,) = await done(guard.list())
        assert (later.state, later.confirmed) == (expected, False) or seconds == 1
    if case.row == "not_found":
        assert (later.state, later.confirmed) == (("refused", True) if expected == "refused" else ("prepared", False))
    else:
        assert (later.state, later.confirmed) == (expected, False)
    assert len(gateway.creates) == creates_of(case)
    await close(guard)


@pytest.mark.parametrize("way", ["payin", "payout", "guard"])
@pytest.mark.parametrize("kind", ["sync", pytest.param("async", marks=pytest.mark.slow)])
@pytest.mark.parametrize("attempt", ["first", "later"])
@pytest.mark.parametrize("code", CODES)
def test_a_refusal(code: int, attempt: str, kind: str, way: str, clock: Time, tmp_path: Path) -> None:
    async def run() -> None:
        for look in LOOKS:
            case = Case(code, attempt == "later", look, way, kind == "async")
            gateway = Gateway(case)
            client = client_of(case, gateway, clock)
            if way == "guard":
                await guarded(case, gateway, client, clock, str(tmp_path / f"{look}.db"))
            else:
                check(case, await pay(case, gateway, client))
                assert len(gateway.creates) == creates_of(case), case
            assert len(set(gateway.creates)) == 1, "each attempt has the same bytes"
            await close(client)

    asyncio.run(run())
