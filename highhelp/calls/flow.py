"""Run a call: what is sent, when it is repeated, and when the gateway is asked about the payment.

Sans-I/O: a flow is a generator that yields the next step (`Send`, `Sleep`) and is sent its result, like
`httpx.Auth.auth_flow`. `highhelp.transport.driver` runs the same flow synchronously and asynchronously.

The safety of money rests on three rules:

1. One payment_id and one sequence of bytes over all attempts of a call.
2. After an attempt whose outcome is unknown, a create is not repeated before the info operation has said twice that
   the payment is absent. Then a pay-in is sent once more; a payout is never sent again.
3. After such an attempt only the payment, `OutcomeUnknown`, or a refusal of the same bytes (400, 422) may come out.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, cast

from highhelp.calls.outcome import Outcome, RawResponse, TransportFailure, classify, rejection, retry_after
from highhelp.calls.policy import MIN_SECONDS_TO_RESEND, Budget, Policy
from highhelp.errors import DuplicatePayment, HighHelpError, NotSent, OutcomeUnknown, Rejected, Unavailable
from highhelp.redact import masked
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import Operation

T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class ClientCall(Generic[T]):
    """A prepared call.

    Attributes:
        operation: Which one.
        body: The bytes, the same for every attempt.
        payment_id: The payment it is about, if it is about one.
        parse: How the answer is read.
        info: With an operation that creates: builds the call that asks for the payment. Few calls need it.
        expected: With an operation that creates: the amount in minor units and the currency.
        project_id: The project that asks.
        normalized: The normalised string of the bytes, where it was made before.
    """

    operation: Operation
    body: bytes
    payment_id: str | None
    parse: Callable[[Mapping[str, Any]], T]
    info: "Callable[[], ClientCall[T]] | None" = None
    expected: tuple[object, object] = (None, None)
    project_id: str | None = None
    normalized: str | None = None

    def __repr__(self) -> str:
        return f"<ClientCall {self.operation.id}>"


@dataclass(frozen=True)
class Send:
    """Send one signed request, once.

    Attributes:
        call: What is sent.
        seconds: From the first byte sent to the last one received.
        attempt: Which attempt of its call this is, from 1.
    """

    call: ClientCall[Any]
    seconds: float
    attempt: int


@dataclass(frozen=True)
class Sleep:
    """Wait, because of what the last attempt came to."""

    seconds: float
    reason: str


Step = Send | Sleep
Result = RawResponse | TransportFailure | None
CallFlow = Generator[Step, Result, T]

Info: TypeAlias = Callable[[], ClientCall[T]]


def execute(call: ClientCall[T], policy: Policy) -> CallFlow[T]:
    """Run a call by the rule that the contract gives its operation (`x-retry`).

    Raises:
        NotSent: Nothing left the machine.
        Rejected: Refused for good.
        Unavailable: Not done, safe to repeat.
        OutcomeUnknown: It may have been done.
    """
    budget = Budget(policy)
    if call.operation.retry == "safe":
        return (yield from read(call, budget))
    if call.operation.retry == "reconcile" and call.info is not None:
        return (yield from _create(call, call.info, policy, budget))
    return (yield from _once(call, budget))


def query(call: ClientCall[T], policy: Policy) -> CallFlow[T | None]:
    """Ask the info operation what became of a create, and send nothing else.

    Returns:
        The payment, or None where the gateway has said twice, a pause apart, that it holds none.

    Raises:
        OutcomeUnknown: It could not be asked, or it holds another payment.
    """
    if call.info is None:
        raise ValueError("only a create can be looked up")
    cause: Outcome[T] = Outcome("unknown", reason="asked about an earlier attempt")
    found = yield from _look_up(call, call.info, policy, Budget(policy), 0, cause)
    return None if found is None else _value(found)


def _send(call: ClientCall[T], budget: Budget, attempt: int) -> CallFlow[Outcome[T]]:
    result = yield Send(call, budget.attempt(), attempt)
    if result is None:
        raise RuntimeError("a flow that sends must be given what came of it")
    outcome = classify(call.operation, result, call.parse)
    if outcome.kind == "accepted" and not _is_about(outcome.value, call):
        return Outcome("unknown", reason="the answer names another payment", response=outcome.response, retryable=False)
    return outcome


def _value(outcome: Outcome[T]) -> T:
    """The value of an accepted outcome, which may be None where the caller's own `parse` makes that of it."""
    return cast("T", outcome.value)


def _is_about(value: object, call: ClientCall[T]) -> bool:
    """Whether an answer does not contradict the payment and project that were asked for. Absent fields do not."""
    payment_id, project_id = getattr(value, "payment_id", None), getattr(value, "project_id", None)
    return _may_be(payment_id, call.payment_id) and _may_be(project_id, call.project_id)


def _may_be(theirs: object, mine: str | None) -> bool:
    return mine is None or not isinstance(theirs, str) or theirs == mine


def read(call: ClientCall[T], budget: Budget) -> CallFlow[T]:
    """Ask a question, again while that may help.

    Raises:
        Rejected: The gateway refuses it.
        NotSent, Unavailable: No answer came in time.
    """
    attempt = 0
    while True:
        attempt += 1
        outcome = yield from _send(call, budget, attempt)
        if outcome.kind == "accepted":
            return _value(outcome)
        if outcome.kind in ("refused", "duplicate"):
            raise rejection(outcome, call.operation, call.payment_id, attempt)
        pause = budget.pause(attempt, outcome)
        if pause is None:
            raise _not_answered(call, outcome, attempt)
        yield Sleep(pause, outcome.reason)


def _once(call: ClientCall[T], budget: Budget) -> CallFlow[T]:
    outcome = yield from _send(call, budget, 1)
    if outcome.kind == "accepted":
        return _value(outcome)
    if outcome.kind in ("refused", "duplicate"):
        raise rejection(outcome, call.operation, call.payment_id, 1)
    if outcome.kind == "unknown":
        raise _unknown(call, outcome.reason, 1, status=outcome.status)
    raise _not_answered(call, outcome, 1)


def _create(call: ClientCall[T], info: Info[T], policy: Policy, budget: Budget) -> CallFlow[T]:
    attempt = 0
    while True:  # until an attempt may have reached the gateway's books
        attempt += 1
        outcome = yield from _send(call, budget, attempt)
        if outcome.kind == "accepted":
            return _value(outcome)
        if outcome.kind == "duplicate" and attempt == 1:
            raise (yield from _duplicate(call, info, outcome, budget, attempt))
        if outcome.kind == "refused":
            raise rejection(outcome, call.operation, call.payment_id, attempt)
        if outcome.kind == "duplicate":
            # an earlier attempt, though called off, may be the one that holds the payment_id
            return (yield from _settle_last(call, info, outcome, policy, budget, attempt))
        if outcome.kind == "unknown":
            return (yield from _settle(call, info, outcome, policy, budget, attempt))
        pause = budget.pause(attempt, outcome)
        if pause is None:
            raise _not_answered(call, outcome, attempt)
        yield Sleep(pause, outcome.reason)


def _settle(
    call: ClientCall[T], info: Info[T], first: Outcome[T], policy: Policy, budget: Budget, attempt: int
) -> CallFlow[T]:
    """After an attempt whose outcome is unknown: only the payment, OutcomeUnknown or a 400/422 comes out."""
    found = yield from _look_up(call, info, policy, budget, attempt, first)
    if found is not None:
        return _value(found)
    absent = f"{first.reason}; the gateway says twice that it holds no such payment"
    if call.operation.direction != "payin":
        raise _unknown(call, absent, attempt, found=False, status=first.status)
    tries = 0
    while True:
        if budget.left < MIN_SECONDS_TO_RESEND:
            raise _unknown(call, f"{absent}; no time is left to send it again", attempt, found=False)
        tries += 1
        attempt += 1
        outcome = yield from _send(call, budget, attempt)
        pause = budget.pause(tries, outcome) if outcome.kind == "not_accepted" else None
        if pause is None:
            break
        yield Sleep(pause, outcome.reason)
    if outcome.kind == "accepted":
        return _value(outcome)
    if outcome.kind == "refused" and outcome.status in (400, 422):
        # the same bytes were refused for what they are, so no earlier attempt can have been taken in
        raise rejection(outcome, call.operation, call.payment_id, attempt)
    if outcome.kind in ("duplicate", "unknown"):
        return (yield from _settle_last(call, info, outcome, policy, budget, attempt))
    raise _unknown(call, outcome.reason, attempt, status=outcome.status)


def _settle_last(
    call: ClientCall[T], info: Info[T], outcome: Outcome[T], policy: Policy, budget: Budget, attempt: int
) -> CallFlow[T]:
    """Where nothing is sent any more, info alone decides."""
    found = yield from _look_up(call, info, policy, budget, attempt, outcome)
    if found is not None:
        return _value(found)
    raise _unknown(call, outcome.reason, attempt, found=False, status=outcome.status)


def _look_up(
    call: ClientCall[T], info: Info[T], policy: Policy, budget: Budget, attempt: int, cause: Outcome[T]
) -> CallFlow[Outcome[T] | None]:
    """The payment, or None where the gateway has said twice, a pause apart, that it holds none."""
    question = info()
    tries = absent = 0
    while True:
        tries += 1
        outcome = yield from _send(question, budget, tries)
        if outcome.kind == "accepted" and is_inconclusive(outcome.value):
            outcome = Outcome("unknown", reason="an error in place of a payment", response=outcome.response)
        if outcome.kind == "accepted":
            if _is_another(outcome.value, call.expected):
                text = f"{cause.reason}; the gateway holds another payment under this payment_id"
                raise _unknown(call, text, attempt, found=True, status=cause.status)
            return outcome
        if outcome.is_not_found:
            absent += 1
            if absent == 2:
                return None
            pause: float | None = (
                policy.not_found_recheck_delay if policy.not_found_recheck_delay < budget.left else None
            )
        else:
            absent = 0  # "twice" is twice in a row
            pause = budget.pause(tries, outcome)  # none after a refusal
        if pause is None:
            text = f"{cause.reason}; asked what became of it: {outcome.reason}"
            raise _unknown(call, text, attempt, status=cause.status)
        yield Sleep(pause, outcome.reason)


def is_inconclusive(value: object) -> bool:
    """Whether a state says nothing of a payment: no status, or an error that names no payment."""
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


def _duplicate(
    call: ClientCall[T], info: Info[T], outcome: Outcome[T], budget: Budget, attempt: int
) -> CallFlow[Rejected]:
    error = rejection(outcome, call.operation, call.payment_id, attempt)
    state = yield from _send(info(), budget, 1)
    if isinstance(error, DuplicatePayment) and isinstance(state.value, PaymentState):
        error.existing = without_card_data(state.value)
    return error


def _not_answered(call: ClientCall[T], outcome: Outcome[T], attempts: int) -> HighHelpError:
    if outcome.kind == "not_sent" and (call.operation.moves_money or not outcome.retryable):
        return NotSent(
            f"{outcome.reason}; nothing was sent",
            operation=call.operation.id,
            payment_id=call.payment_id,
            attempts=attempts,
        )
    asked = retry_after(outcome.response) if outcome.response is not None else None
    again = "safe to repeat" if asked is None else f"safe to repeat after {asked:.0f} s"
    return Unavailable(
        f"{outcome.reason}; {again}",
        operation=call.operation.id,
        payment_id=call.payment_id,
        attempts=attempts,
        status=outcome.status,
        retry_after=asked,
    )


def _unknown(
    call: ClientCall[T], reason: str, attempts: int, *, found: bool | None = None, status: int | None = None
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


def send_raw(call: ClientCall[Any], seconds: float) -> CallFlow[RawResponse]:
    """Send a request once and return the response as it came, whatever it says.

    Raises:
        NotSent: Nothing left the machine.
        OutcomeUnknown: No whole response came.
    """
    result = yield Send(call, seconds, 1)
    if isinstance(result, RawResponse):
        return result
    reason = result.reason if isinstance(result, TransportFailure) else "no answer"
    about: dict[str, Any] = {"operation": call.operation.id, "payment_id": call.payment_id, "attempts": 1}
    if isinstance(result, TransportFailure) and not result.sent:
        raise NotSent(f"{reason}; nothing was sent", **about)
    raise OutcomeUnknown(f"{reason}; it may have been carried out", **about)
