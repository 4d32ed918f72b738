"""Wait until a payment is final. Sans-I/O, like `highhelp.calls.flow`."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from highhelp.calls.flow import CallFlow, ClientCall, Sleep, read, without_card_data
from highhelp.calls.policy import Budget, Policy
from highhelp.errors import Unavailable, WaitTimeout
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import FINAL_STATUSES

T = TypeVar("T")

MIN_INTERVAL_SECONDS = 1.0
MAX_INTERVAL_SECONDS = 15.0


def wait_until_final(
    call: ClientCall[T],
    policy: Policy,
    timeout: float,
    on_change: Callable[[T], object] | None,
    cancelled: Callable[[], bool] = lambda: False,
) -> CallFlow[T]:
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
    interval, tries = MIN_INTERVAL_SECONDS, 0
    while True:
        if cancelled():
            raise _not_final(call, last, seen, tries, "the wait was cancelled", cancelled=True)
        tries += 1
        try:
            left = max(end - policy.now(), 0.1)
            state = yield from read(call, Budget(replace(policy, total=min(policy.total, left))))
        except Unavailable:
            state = None
        if state is not None:
            name = (getattr(state, "status", None), getattr(state, "sub_status", None))
            if name != seen:
                last, seen, interval = state, name, MIN_INTERVAL_SECONDS
                if on_change is not None:
                    on_change(state)
            if name[0] in FINAL_STATUSES:
                return state
        left = end - policy.now()
        if left <= 0:
            raise _not_final(call, last, seen, tries, f"not final after {timeout:.0f} s")
        yield Sleep(min(interval * (0.8 + 0.2 * policy.jitter()), left), "not final yet")
        interval = min(interval * 1.5, MAX_INTERVAL_SECONDS)


def _not_final(
    call: ClientCall[T],
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
