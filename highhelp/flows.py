"""How a call is carried out: what is sent, when it is repeated, and when the gateway is asked what became of it.

Sans-I/O: a flow is a generator that yields what is to be done (`Send`, `Sleep`) and is sent what came of it, as
`httpx.Auth` does it. The drivers in `highhelp.http` run the same flow synchronously and asynchronously.

The safety of money rests on three rules:

1. One payment_id and one sequence of bytes over all attempts of a call.
2. After an attempt whose outcome is unknown, a create is not repeated before the info operation has said twice that
   the payment is absent. Then a pay-in is sent once more; a payout is never sent again.
3. After such an attempt only the payment, `OutcomeUnknown`, or a refusal of the same bytes (400, 422) may come out.
"""

import random
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

from highhelp.errors import DuplicatePayment, HighHelpError, NotSent, OutcomeUnknown, Rejected, Unavailable, WaitTimeout
from highhelp.outcome import Answer, Failure, Verdict, judge, rejection, retry_after
from highhelp.redact import masked
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import FINAL_STATUSES, Operation

T = TypeVar("T")


LEAST_TO_RESEND = 1.0
"""Seconds without which a pay-in is not sent again: its answer could hardly arrive."""


class Send(NamedTuple):
    """Send one signed request, once.

    Attributes:
        operation: Which one.
        body: The bytes.
        seconds: From the first byte sent to the last one received.
        payment_id: The payment it is about, for logs.
        attempt: Which attempt of its call this is, from 1.
        sum: With an operation that creates: the amount in minor units and the currency, for logs.
        normalized: The normalised string of the bytes, where it was made before.
    """

    operation: Operation
    body: bytes
    seconds: float
    payment_id: str | None
    attempt: int
    sum: tuple[object, object] = (None, None)
    normalized: str | None = None

    def __repr__(self) -> str:
        return f"<Send {self.operation.id}, attempt {self.attempt}>"


class Sleep(NamedTuple):
    """Wait, because of what the last attempt came to."""

    seconds: float
    reason: str


Step = Send | Sleep
Result = Answer | Failure | None
Flow = Generator[Step, Result, T]


class Policy(NamedTuple):
    """How long and how often. All times in seconds.

    Attributes:
        attempt: One attempt, from the first byte sent to the last one received.
        total: The whole call with its look-ups.
        attempts: Attempts of a read, or of a create that the gateway did not take in.
        backoff: The first pause; it doubles.
        longest_pause: The longest pause between attempts, also where `Retry-After` asks for more.
        absent_pause: The pause between the two look-ups that have to say "absent".
        now: A clock that never goes back.
        jitter: Answers a number from 0 to 1.
    """

    attempt: float = 30.0
    total: float = 90.0
    attempts: int = 4
    backoff: float = 0.5
    longest_pause: float = 30.0
    absent_pause: float = 2.0
    now: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


class Budget:
    """What is left of a call's time."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._end = policy.now() + policy.total

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - self._policy.now()

    def attempt(self) -> float:
        """Seconds for the next attempt."""
        return max(min(self._policy.attempt, self.left), 0.001)

    def pause(self, tries: int, verdict: Verdict[Any]) -> float | None:
        """Seconds to wait before another try, or None where that makes no sense any more."""
        if tries >= self._policy.attempts or not verdict.retryable:
            return None
        # half of it is random, so that clients that failed together do not come back together
        ceiling = min(self._policy.backoff * 2 ** min(tries - 1, 16), self._policy.longest_pause)
        seconds = ceiling * (0.5 + 0.5 * self._policy.jitter())
        asked = retry_after(verdict.answer) if verdict.answer is not None else None
        if asked is not None:
            if asked > self._policy.longest_pause:
                return None
            seconds = max(seconds, asked)
        return seconds if seconds < self.left else None


class Call(NamedTuple, Generic[T]):
    """A call to carry out.

    Attributes:
        operation: Which one.
        body: The bytes, the same for every attempt.
        payment_id: The payment it is about, if it is about one.
        parse: How the answer is read.
        info: With an operation that creates: makes the call that tells what became of the payment, which few need.
        expected: With an operation that creates: the amount in minor units and the currency.
        project_id: The project that asks.
        normalized: The normalised string of the bytes, where it was made before.
    """

    operation: Operation
    body: bytes
    payment_id: str | None
    parse: Callable[[Mapping[str, Any]], T]
    info: "Callable[[], Call[T]] | None" = None
    expected: tuple[object, object] = (None, None)
    project_id: str | None = None
    normalized: str | None = None

    def __repr__(self) -> str:
        return f"<Call {self.operation.id}>"


Info: TypeAlias = Callable[[], Call[T]]


def carry_out(call: Call[T], policy: Policy) -> Flow[T]:
    """Carry out a call by the rule that the contract gives its operation (`x-retry`).

    Raises:
        NotSent: Nothing left the machine.
        Rejected: Refused for good.
        Unavailable: Not done, safe to repeat.
        OutcomeUnknown: It may have been done.
    """
    budget = Budget(policy)
    if call.operation.retry == "safe":
        return (yield from _read(call, budget))
    if call.operation.retry == "reconcile" and call.info is not None:
        return (yield from _create(call, call.info, policy, budget))
    return (yield from _once(call, budget))


def look_up(call: Call[T], policy: Policy) -> Flow[T | None]:
    """What became of a create, asked of its info operation alone.

    Returns:
        The payment, or None where the gateway has said twice, a pause apart, that it holds none.

    Raises:
        OutcomeUnknown: It could not be asked, or it holds another payment.
    """
    if call.info is None:
        raise ValueError("only a create can be looked up")
    cause: Verdict[T] = Verdict("unknown", reason="asked about an earlier attempt")
    found = yield from _look_up(call, call.info, policy, Budget(policy), 0, cause)
    return None if found is None else _value(found)


def _send(call: Call[T], budget: Budget, attempt: int) -> Flow[Verdict[T]]:
    seconds = budget.attempt()
    result = yield Send(call.operation, call.body, seconds, call.payment_id, attempt, call.expected, call.normalized)
    if result is None:
        raise RuntimeError("a flow that sends must be given what came of it")
    verdict = judge(call.operation, result, call.parse)
    if verdict.kind == "accepted" and not _is_about(verdict.value, call):
        return Verdict("unknown", reason="the answer names another payment", answer=verdict.answer, retryable=False)
    return verdict


def _value(verdict: Verdict[T]) -> T:
    """The value of an accepted verdict, which may be None where the caller's own `parse` makes that of it."""
    return cast("T", verdict.value)


def _is_about(value: object, call: Call[T]) -> bool:
    """Whether an answer does not contradict the payment and project that were asked for. Absent fields do not."""
    payment_id, project_id = getattr(value, "payment_id", None), getattr(value, "project_id", None)
    return _may_be(payment_id, call.payment_id) and _may_be(project_id, call.project_id)


def _may_be(theirs: object, mine: str | None) -> bool:
    return mine is None or not isinstance(theirs, str) or theirs == mine


def _read(call: Call[T], budget: Budget) -> Flow[T]:
    attempt = 0
    while True:
        attempt += 1
        verdict = yield from _send(call, budget, attempt)
        if verdict.kind == "accepted":
            return _value(verdict)
        if verdict.kind in ("refused", "duplicate"):
            raise rejection(verdict, call.operation, call.payment_id, attempt)
        pause = budget.pause(attempt, verdict)
        if pause is None:
            raise _not_answered(call, verdict, attempt)
        yield Sleep(pause, verdict.reason)


def _once(call: Call[T], budget: Budget) -> Flow[T]:
    verdict = yield from _send(call, budget, 1)
    if verdict.kind == "accepted":
        return _value(verdict)
    if verdict.kind in ("refused", "duplicate"):
        raise rejection(verdict, call.operation, call.payment_id, 1)
    if verdict.kind == "unknown":
        raise _unknown(call, verdict.reason, 1, status=verdict.status)
    raise _not_answered(call, verdict, 1)


def _create(call: Call[T], info: Info[T], policy: Policy, budget: Budget) -> Flow[T]:
    attempt = 0
    while True:  # until an attempt may have reached the gateway's books
        attempt += 1
        verdict = yield from _send(call, budget, attempt)
        if verdict.kind == "accepted":
            return _value(verdict)
        if verdict.kind == "duplicate" and attempt == 1:
            raise (yield from _duplicate(call, info, verdict, budget, attempt))
        if verdict.kind == "refused":
            raise rejection(verdict, call.operation, call.payment_id, attempt)
        if verdict.kind == "duplicate":
            # an earlier attempt, though called off, may be the one that holds the payment_id
            return (yield from _settle_last(call, info, verdict, policy, budget, attempt))
        if verdict.kind == "unknown":
            return (yield from _settle(call, info, verdict, policy, budget, attempt))
        pause = budget.pause(attempt, verdict)
        if pause is None:
            raise _not_answered(call, verdict, attempt)
        yield Sleep(pause, verdict.reason)


def _settle(call: Call[T], info: Info[T], first: Verdict[T], policy: Policy, budget: Budget, attempt: int) -> Flow[T]:
    """After an attempt whose outcome is unknown: only the payment, OutcomeUnknown or a 400/422 comes out."""
    found = yield from _look_up(call, info, policy, budget, attempt, first)
    if found is not None:
        return _value(found)
    absent = f"{first.reason}; the gateway says twice that it holds no such payment"
    if call.operation.direction != "payin":
        raise _unknown(call, absent, attempt, found=False, status=first.status)
    tries = 0
    while True:
        if budget.left < LEAST_TO_RESEND:
            raise _unknown(call, f"{absent}; no time is left to send it again", attempt, found=False)
        tries += 1
        attempt += 1
        verdict = yield from _send(call, budget, attempt)
        pause = budget.pause(tries, verdict) if verdict.kind == "not_accepted" else None
        if pause is None:
            break
        yield Sleep(pause, verdict.reason)
    if verdict.kind == "accepted":
        return _value(verdict)
    if verdict.kind == "refused" and verdict.status in (400, 422):
        # the same bytes were refused for what they are, so no earlier attempt can have been taken in
        raise rejection(verdict, call.operation, call.payment_id, attempt)
    if verdict.kind in ("duplicate", "unknown"):
        return (yield from _settle_last(call, info, verdict, policy, budget, attempt))
    raise _unknown(call, verdict.reason, attempt, status=verdict.status)


def _settle_last(
    call: Call[T], info: Info[T], verdict: Verdict[T], policy: Policy, budget: Budget, attempt: int
) -> Flow[T]:
    """Where nothing is sent any more, info alone decides."""
    found = yield from _look_up(call, info, policy, budget, attempt, verdict)
    if found is not None:
        return _value(found)
    raise _unknown(call, verdict.reason, attempt, found=False, status=verdict.status)


def _look_up(
    call: Call[T], info: Info[T], policy: Policy, budget: Budget, attempt: int, cause: Verdict[T]
) -> Flow[Verdict[T] | None]:
    """The payment, or None where the gateway has said twice, a pause apart, that it holds none."""
    question = info()
    tries = absent = 0
    while True:
        tries += 1
        verdict = yield from _send(question, budget, tries)
        if verdict.kind == "accepted" and tells_nothing(verdict.value):
            verdict = Verdict("unknown", reason="an error in place of a payment", answer=verdict.answer)
        if verdict.kind == "accepted":
            if _is_another(verdict.value, call.expected):
                text = f"{cause.reason}; the gateway holds another payment under this payment_id"
                raise _unknown(call, text, attempt, found=True, status=cause.status)
            return verdict
        if verdict.absent:
            absent += 1
            if absent == 2:
                return None
            pause: float | None = policy.absent_pause if policy.absent_pause < budget.left else None
        else:
            absent = 0  # "twice" is twice in a row
            pause = budget.pause(tries, verdict)  # none after a refusal
        if pause is None:
            text = f"{cause.reason}; asked what became of it: {verdict.reason}"
            raise _unknown(call, text, attempt, status=cause.status)
        yield Sleep(pause, verdict.reason)


def tells_nothing(value: object) -> bool:
    """Whether a state is none: no status, or an error that names no payment."""
    status = getattr(value, "status", None)
    return status == "" or (status == "error" and not isinstance(getattr(value, "payment_id", None), str))


def _is_another(value: object, expected: tuple[object, object]) -> bool:
    """Whether a payment's amount or currency contradicts what was sent. What it does not tell contradicts nothing."""
    info = getattr(value, "payment_info", None)
    told = (getattr(info, "amount", None), getattr(info, "currency", None))
    amount = all(isinstance(side[0], int) for side in (expected, told)) and expected[0] != told[0]
    currency = all(isinstance(side[1], str) for side in (expected, told)) and (
        str(expected[1]).casefold() != str(told[1]).casefold()
    )
    return amount or currency


def _duplicate(call: Call[T], info: Info[T], verdict: Verdict[T], budget: Budget, attempt: int) -> Flow[Rejected]:
    error = rejection(verdict, call.operation, call.payment_id, attempt)
    state = yield from _send(info(), budget, 1)
    if isinstance(error, DuplicatePayment) and isinstance(state.value, PaymentState):
        error.existing = without_card_data(state.value)
    return error


def _not_answered(call: Call[T], verdict: Verdict[T], attempts: int) -> HighHelpError:
    if verdict.kind == "not_sent" and (call.operation.moves_money or not verdict.retryable):
        return NotSent(
            f"{verdict.reason}; nothing was sent",
            operation=call.operation.id,
            payment_id=call.payment_id,
            attempts=attempts,
        )
    asked = retry_after(verdict.answer) if verdict.answer is not None else None
    again = "safe to repeat" if asked is None else f"safe to repeat after {asked:.0f} s"
    return Unavailable(
        f"{verdict.reason}; {again}",
        operation=call.operation.id,
        payment_id=call.payment_id,
        attempts=attempts,
        status=verdict.status,
        retry_after=asked,
    )


def _unknown(
    call: Call[T], reason: str, attempts: int, *, found: bool | None = None, status: int | None = None
) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{reason}; it may have been carried out, ask the info operation before you repeat it",
        operation=call.operation.id,
        payment_id=call.payment_id,
        attempts=attempts,
        found=found,
        status=status,
    )


def without_card_data(state: PaymentState) -> PaymentState:
    """A copy of a state that may be kept in an error: what is sensitive in it is masked."""
    return PaymentState.from_dict(masked(state.to_dict(), "PaymentState"))


# --- waiting -------------------------------------------------------------------------------------------------------

FIRST_INTERVAL = 1.0
LONGEST_INTERVAL = 15.0


def wait(
    call: Call[T],
    policy: Policy,
    timeout: float,
    on_change: Callable[[T], object] | None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Flow[T]:
    """Ask for a payment's state until it is final.

    The pause between two questions grows from one second to fifteen, and starts anew when the state changes. A
    question that gets no answer is asked again; an unknown status is not final.

    Raises:
        WaitTimeout: The time is over, or the wait was cancelled. Carries the last state.
        Rejected: The gateway refuses the question.
    """
    end = policy.now() + timeout
    last: T | None = None
    seen: tuple[object, object] | None = None
    interval, tries = FIRST_INTERVAL, 0
    while True:
        if cancelled():
            raise _not_final(call, last, seen, tries, "the wait was cancelled", cancelled=True)
        tries += 1
        try:
            left = max(end - policy.now(), 0.1)
            state = yield from _read(call, Budget(policy._replace(total=min(policy.total, left))))
        except Unavailable:
            state = None
        if state is not None:
            name = (getattr(state, "status", None), getattr(state, "sub_status", None))
            if name != seen:
                last, seen, interval = state, name, FIRST_INTERVAL
                if on_change is not None:
                    on_change(state)
            if name[0] in FINAL_STATUSES:
                return state
        left = end - policy.now()
        if left <= 0:
            raise _not_final(call, last, seen, tries, f"not final after {timeout:.0f} s")
        yield Sleep(min(interval * (0.8 + 0.2 * policy.jitter()), left), "not final yet")
        interval = min(interval * 1.5, LONGEST_INTERVAL)


def _not_final(
    call: Call[T],
    last: T | None,
    seen: tuple[object, object] | None,
    tries: int,
    reason: str,
    *,
    cancelled: bool = False,
) -> WaitTimeout:
    state = without_card_data(last) if isinstance(last, PaymentState) else None
    where = ":".join(str(part) for part in seen if isinstance(part, str)) if seen else "no answer at all"
    return WaitTimeout(
        f"{reason}, last seen: {where}",
        operation=call.operation.id,
        payment_id=call.payment_id,
        attempts=tries,
        last=state,
        cancelled=cancelled,
    )
