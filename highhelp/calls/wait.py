"""Wait until a payment is final or has payment details. Sans-I/O, like `highhelp.calls.flow`."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from highhelp.calls.flow import CallFlow, ClientCall, Sleep, read, without_card_data
from highhelp.calls.policy import Budget, Policy
from highhelp.errors import PaymentEnded, Unavailable, WaitTimeout
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import FINAL_STATUSES

T = TypeVar("T")

MIN_INTERVAL_SECONDS = 1.0
MAX_INTERVAL_SECONDS = 15.0


def has_requisites(state: object) -> bool:
    """Whether a state holds payment details; an expiry time alone does not count."""
    requisites = getattr(state, "requisites", None)
    return requisites is not None and any(name != "expires_at" for name in requisites.to_dict())


def is_final(state: object) -> bool:
    """Whether a state never changes again."""
    return getattr(state, "status", None) in FINAL_STATUSES


def wait_until_final(
    call: ClientCall[T],
    policy: Policy,
    timeout: float,
    on_change: Callable[[T], object] | None,
    cancelled: Callable[[], bool] = lambda: False,
    is_awaited: Callable[[T], bool] = is_final,
) -> CallFlow[T]:
    """Poll a payment's state until it is final or as awaited.

    The pause between queries grows from one second to fifteen, and is reset when the state changes. An unanswered
    query is repeated; an unknown status is not final.

    Raises:
        WaitTimeout: Time is up, or the wait was cancelled. Carries the last state.
        PaymentEnded: The payment is final, and not in the awaited state.
        Rejected: The gateway refuses the query.
    """
    awaited = "final" if is_awaited is is_final else "payable"
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
            if is_awaited(state):
                return state
            if is_final(state):
                raise _ended(call, state, tries)
        left = end - policy.now()
        if left <= 0:
            raise _not_final(call, last, seen, tries, f"not {awaited} after {timeout:.0f} s")
        yield Sleep(min(interval * (0.8 + 0.2 * policy.jitter()), left), f"not {awaited} yet")
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


def _ended(call: ClientCall[T], state: T, tries: int) -> PaymentEnded:
    last = without_card_data(state) if isinstance(state, PaymentState) else None
    why = "" if last is None or not last.status_description else f" ({last.status_description})"
    return PaymentEnded(
        f"ended with {getattr(state, 'status', None)}: there are no payment details to wait for{why}",
        operation=call.operation.id,
        payment_id=call.payment_id,
        attempts=tries,
        last=last,
    )
