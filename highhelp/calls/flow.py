"""Run a call: decide what to send, when to repeat it, and when to ask the gateway about the payment.

Sans-I/O: a flow is a generator that yields the next step (`Send`, `Sleep`) and is sent its result, like
`httpx.Auth.auth_flow`. `highhelp.transport.driver` runs the same flow synchronously and asynchronously.

A response describes one exchange, not the history of the payment: an intermediary may deliver a request twice, and
the gateway may refuse a repetition. These rules keep the money safe:

1. All attempts of a call use one payment_id and the same bytes.
2. A create that is refused or put off is looked up before its error is raised.
3. "Not found" counts only `absence_delay` seconds after the attempt ended, as info may lag behind the create. Then a
   pay-in whose outcome is unknown is sent once more; a payout is never sent again.
4. After an attempt whose outcome is unknown, the call ends only with the payment or with `OutcomeUnknown`.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, cast

from highhelp.calls.facts import Match, PaymentFacts
from highhelp.calls.outcome import Outcome, RawResponse, TransportFailure, classify, rejection, retry_after
from highhelp.calls.policy import MIN_SECONDS_TO_RESEND, Budget, Policy
from highhelp.errors import DuplicatePayment, HighHelpError, NotSent, OutcomeUnknown, Unavailable
from highhelp.redact import masked
from highhelp_api.client.api import ApiResponse
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import FINAL_STATUSES, Operation

T = TypeVar("T")

ASK_FIRST = "it may have been carried out, ask the info operation before you repeat it"
"""The advice at the end of every `OutcomeUnknown`."""


@dataclass(frozen=True, repr=False)
class ClientCall(Generic[T]):
    """A prepared call.

    Attributes:
        operation: The operation of the contract.
        body: The bytes, the same for every attempt.
        facts: The facts that an answer must match: of a create, those of the payment; of a query, its ids.
        parse: Converts the answer to the result.
        info: With an operation that creates: builds the call that asks for the payment. Few calls need it.
        normalized: The normalised string of the bytes, if already computed.
        doubtful: Whether an attempt of an earlier call, whose outcome is unknown, may have been carried out.
    """

    operation: Operation
    body: bytes
    facts: PaymentFacts
    parse: Callable[[Mapping[str, Any]], T]
    info: "Callable[[], ClientCall[T]] | None" = None
    normalized: str | None = None
    doubtful: bool = False

    @property
    def payment_id(self) -> str | None:
        """The payment concerned, if any."""
        return self.facts.payment_id

    def __repr__(self) -> str:
        return f"<ClientCall {self.operation.id}>"


class Send(NamedTuple):
    """Send one signed request, once.

    Attributes:
        call: The call.
        seconds: From the first byte sent to the last one received.
        attempt: Which attempt of its call this is, from 1.
    """

    call: ClientCall[Any]
    seconds: float
    attempt: int


class Sleep(NamedTuple):
    """Wait before the next step."""

    seconds: float
    reason: str


Step = Send | Sleep
Result = RawResponse | TransportFailure | None
CallFlow = Generator[Step, Result, T]

Info: TypeAlias = Callable[[], ClientCall[T]]


def execute(call: ClientCall[T], policy: Policy) -> CallFlow[T]:
    """Run a call by its operation's `x-retry` rule in the contract.

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


def with_response(steps: CallFlow[T]) -> CallFlow[ApiResponse[T]]:
    """Run a flow, and return its result with the last response, from which it was read."""
    response: RawResponse | None = None
    try:
        step = next(steps)
        while True:
            try:
                result = yield step
            except Exception as error:  # noqa: BLE001 - it goes on to the flow
                step = steps.throw(error)
            else:
                response = result if isinstance(result, RawResponse) else response
                step = steps.send(result)
    except StopIteration as end:
        last = cast("RawResponse", response)  # a result is read from a response
        return ApiResponse(last.status, last.headers, last.content, end.value)


def query(call: ClientCall[T], policy: Policy) -> CallFlow[T | None]:
    """Ask the info operation what became of a create, and send nothing else.

    Returns:
        The payment, whatever its amount, or None if the gateway says that it does not hold it.

    Raises:
        OutcomeUnknown: No usable answer.
    """
    if call.info is None:
        raise ValueError("only a create can be looked up")
    holding = yield from _look_up(call, call.info, Budget(policy))
    if holding.kind == "held":
        return _value(holding.outcome)
    if holding.kind == "not_found":
        return None
    raise _unknown(call, f"asked about an earlier attempt: {holding.outcome.reason}", 0)


def _send(call: ClientCall[T], budget: Budget, attempt: int) -> CallFlow[Outcome[T]]:
    result = yield Send(call, budget.attempt(), attempt)
    if result is None:
        raise RuntimeError("a flow must be sent the result of its `Send` step")
    outcome = classify(call.operation, result, call.parse)
    if outcome.body is not None and call.facts.names_another(outcome.body):
        return replace(outcome, kind="unknown", value=None, reason="the answer names another payment", retryable=False)
    return outcome


def _value(outcome: Outcome[T]) -> T:
    """The value of an accepted outcome; None is possible with the caller's own `parse`."""
    return cast("T", outcome.value)


def read(call: ClientCall[T], budget: Budget) -> CallFlow[T]:
    """Run a read; repeat it while that may help.

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


@dataclass(frozen=True)
class Holding(Generic[T]):
    """The info operation's report on a payment.

    Attributes:
        kind: "held", "not_found", "denied" (the caller is refused), or "unanswered" (no usable answer).
        outcome: The outcome of the last query.
        match: With "held", the comparison of its facts with those that were sent.
    """

    kind: Literal["held", "not_found", "denied", "unanswered"]
    outcome: Outcome[T]
    match: Match

    @property
    def existing(self) -> PaymentState | None:
        """The payment without card data."""
        value = self.outcome.value
        return without_card_data(value) if isinstance(value, PaymentState) else None

    @property
    def found(self) -> bool | None:
        """As `OutcomeUnknown.found`."""
        return {"held": True, "not_found": False}.get(self.kind)

    @property
    def is_final(self) -> bool:
        """Whether the payment has a status that never changes."""
        return (self.outcome.body or {}).get("status") in FINAL_STATUSES


def _look_up(call: ClientCall[T], info: Info[T], budget: Budget) -> CallFlow[Holding[T]]:
    """Query the payment; repeat while there is no usable answer and time is left."""
    question = info()
    tries = 0
    while True:
        tries += 1
        outcome = yield from _send(question, budget, tries)
        match = call.facts.match(outcome.body)
        if outcome.kind == "accepted" and match.payment_id == "same":
            return Holding("held", outcome, match)
        if outcome.kind == "accepted":
            outcome = replace(outcome, kind="unknown", value=None, reason="an answer that names no payment")
        if outcome.is_not_found:
            return Holding("not_found", outcome, match)
        pause = budget.pause(tries, outcome)  # None after a refusal
        if pause is None:
            return Holding("denied" if outcome.status in (401, 403) else "unanswered", outcome, match)
        yield Sleep(pause, outcome.reason)


def _look_up_later(
    call: ClientCall[T], info: Info[T], policy: Policy, budget: Budget, ended: float
) -> CallFlow[tuple[Holding[T], bool]]:
    """Query the payment; if it is not found, query it again `absence_delay` seconds after the end of the attempt.

    Returns:
        The last answer, and whether a "not found" counts.
    """
    asked = policy.now()
    holding = yield from _look_up(call, info, budget)
    wait = ended + policy.absence_delay - asked
    if holding.kind != "not_found" or wait <= 0:
        return holding, holding.kind == "not_found"
    wait = ended + policy.absence_delay - policy.now()
    if wait >= budget.left:
        return holding, False
    yield Sleep(max(wait, 0.0), "not found yet")
    holding = yield from _look_up(call, info, budget)
    return holding, holding.kind == "not_found"


def _create(call: ClientCall[T], info: Info[T], policy: Policy, budget: Budget) -> CallFlow[T]:
    attempt = 0
    put_off: Outcome[T] | None = None
    while True:
        attempt += 1
        outcome = yield from _send(call, budget, attempt)
        if outcome.kind == "accepted":
            return (yield from _accepted(call, info, outcome, budget, attempt))
        if outcome.kind == "unknown":
            return (yield from _settle(call, info, outcome, policy, budget, attempt))
        if outcome.kind != "not_sent":
            state = yield from _refused(call, info, outcome, budget, attempt)
            if state is not None:
                return _value(state)
            put_off = outcome
        pause = budget.pause(attempt, outcome)
        if pause is None or (outcome.kind == "not_accepted" and call.operation.direction != "payin"):
            # a deferred attempt has left the machine, whatever happened to later ones
            raise _not_answered(call, put_off or outcome, attempt)
        yield Sleep(pause, outcome.reason)


def _accepted(call: ClientCall[T], info: Info[T], outcome: Outcome[T], budget: Budget, attempt: int) -> CallFlow[T]:
    """Return the payment of an accepted create once it is known to be the one that was sent."""
    match = call.facts.match(outcome.body)
    if match.payment_id == "same" or call.payment_id is None:
        return _same_payment(call, Holding("held", outcome, match), outcome, "the answer", attempt)
    holding = yield from _look_up(call, info, budget)
    return _same_payment(call, holding, outcome, "the answer names no payment", attempt)


def _same_payment(call: ClientCall[T], holding: Holding[T], outcome: Outcome[T], reason: str, attempt: int) -> T:
    """Return a payment that may be the one that was sent. After our own attempt, facts may be unreported.

    Raises:
        OutcomeUnknown: It is another payment, or no payment is known.
    """
    if holding.kind == "held" and not holding.match.differs:
        return _value(holding.outcome)
    text = {
        "held": "the gateway holds another payment under this payment_id",
        "not_found": "the gateway reports no such payment",
    }.get(holding.kind, f"info gave no usable answer: {holding.outcome.reason}")
    raise _unknown(call, f"{reason}; {text}", attempt, holding, status=outcome.status)


def _refused(
    call: ClientCall[T], info: Info[T], outcome: Outcome[T], budget: Budget, attempt: int
) -> CallFlow[Outcome[T] | None]:
    """Look up a create that was refused or deferred.

    Returns:
        The payment, or None if the create was deferred (429) and may be sent again.

    Raises:
        DuplicatePayment, Rejected, Unavailable, OutcomeUnknown: See the table in docs/errors.md.
    """
    holding = yield from _look_up(call, info, budget)
    if call.doubtful:
        if holding.kind == "held" and not holding.match.differs:
            return holding.outcome
        text = f"{outcome.reason}; an earlier attempt may have been carried out"
        raise _unknown(call, text, attempt, holding, status=outcome.status)
    if holding.kind == "held":
        if call.operation.direction == "payin" and holding.match.is_same and not holding.is_final:
            return holding.outcome
        raise _duplicate(call, outcome, holding, attempt)
    is_payout = call.operation.direction != "payin"
    denied = holding.kind == "denied" and holding.outcome.status == outcome.status
    if is_payout and holding.kind != "not_found" and not denied:
        text = f"{outcome.reason}; asked about it: {holding.outcome.reason}"
        raise _unknown(call, text, attempt, holding, status=outcome.status)
    if outcome.kind != "not_accepted":
        raise rejection(outcome, call.operation, call.payment_id, attempt)
    if holding.kind != "not_found":
        raise _not_answered(call, outcome, attempt)
    return None


def _duplicate(call: ClientCall[T], outcome: Outcome[T], holding: Holding[T], attempt: int) -> DuplicatePayment:
    error = rejection(replace(outcome, kind="duplicate"), call.operation, call.payment_id, attempt)
    duplicate = cast("DuplicatePayment", error)
    duplicate.existing = holding.existing
    return duplicate


def _settle(
    call: ClientCall[T], info: Info[T], first: Outcome[T], policy: Policy, budget: Budget, attempt: int
) -> CallFlow[T]:
    """Settle an attempt whose outcome is unknown: return the payment or raise OutcomeUnknown."""
    ended, outcome, tries = policy.now(), first, 0
    while True:
        holding, counts = yield from _look_up_later(call, info, policy, budget, ended)
        resend = counts and call.operation.direction == "payin" and budget.left >= MIN_SECONDS_TO_RESEND
        if not resend:
            return _same_payment(call, holding, outcome, outcome.reason, attempt)
        tries += 1
        attempt += 1
        outcome = yield from _send(call, budget, attempt)
        if outcome.kind == "accepted":
            return (yield from _accepted(call, info, outcome, budget, attempt))
        pause = budget.pause(tries, outcome) if outcome.kind in ("not_accepted", "not_sent") else None
        if pause is None:
            holding = yield from _look_up(call, info, budget)
            return _same_payment(call, holding, outcome, outcome.reason, attempt)
        ended = policy.now() if outcome.kind == "not_accepted" else ended
        yield Sleep(pause, outcome.reason)


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
    call: ClientCall[T],
    reason: str,
    attempts: int,
    holding: Holding[T] | None = None,
    *,
    status: int | None = None,
) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{reason}; {ASK_FIRST}",
        operation=call.operation.id,
        payment_id=call.payment_id,
        attempts=attempts,
        found=None if holding is None else holding.found,
        status=status,
        existing=None if holding is None else holding.existing,
    )


def without_card_data(state: PaymentState) -> PaymentState:
    """Copy a state with its sensitive fields masked, so that an error may keep it."""
    return PaymentState.from_dict(masked(state.to_dict(), "PaymentState"))


def send_raw(call: ClientCall[Any], seconds: float) -> CallFlow[RawResponse]:
    """Send a request once and return the response as it came, whatever it says.

    Raises:
        NotSent: Nothing left the machine.
        OutcomeUnknown: No complete response came.
    """
    result = yield Send(call, seconds, 1)
    if isinstance(result, RawResponse):
        return result
    reason = result.reason if isinstance(result, TransportFailure) else "no answer"
    about: dict[str, Any] = {"operation": call.operation.id, "payment_id": call.payment_id, "attempts": 1}
    if isinstance(result, TransportFailure) and not result.sent:
        raise NotSent(f"{reason}; nothing was sent", **about)
    raise OutcomeUnknown(f"{reason}; it may have been carried out", **about)
