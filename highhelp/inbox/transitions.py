"""Decide about a callback, given the record of its payment. Pure: no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from highhelp.states import SUCCESS, may_follow, reach, state_name
from highhelp_api.contract import FINAL_STATUSES, STATES

State = Literal["received", "claimed", "done", "retry", "superseded", "parked"]
STATES_OF_EVENTS: tuple[State, ...] = get_args(State)

NEVER_HANDLED = frozenset({"stale", "ambiguous", "fields"})
"""Why a validly signed callback is parked for good instead of handled: the info operation settles it."""

REPLAYABLE = frozenset({"attempts", "amount", "operator", "transition"})
"""Reasons of parked events that a person may send to the handler after all."""

LONGEST_BACK_OFF = 600
LONGEST_LEASE = 24 * 60 * 60
"""Limits in seconds; a time further ahead was stamped by a wrong clock."""


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """The stored facts of a payment that decide about its callbacks.

    Attributes:
        state: The newest accepted state, `status` or `status:sub_status`.
        final_fingerprint: The material facts of its final event, see :func:`highhelp.inbox.events.fingerprint`.
        expected: Amount in minor units and currency that a success must have.
    """

    state: str | None = None
    final_fingerprint: str | None = None
    expected: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class CallbackFacts:
    """The facts of a callback that decide about it."""

    status: str
    sub_status: str | None
    amount: int | None
    currency: str | None
    payment_type: str | None
    final_fingerprint: str

    @property
    def state(self) -> str:
        """`status` or `status:sub_status`."""
        return state_name(self.status, self.sub_status)

    @property
    def final(self) -> bool:
        """Whether nothing may follow. An unknown status is informative."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision: `accept`, `superseded`, `parked` or `duplicate`, and why."""

    verdict: Literal["accept", "superseded", "parked", "duplicate"]
    reason: str | None = None


ACCEPT = Decision("accept")


def decide(known: PaymentRecord, facts: CallbackFacts) -> Decision:
    """Decide about a genuine, fresh and unambiguous callback whose key is not stored yet."""
    if known.final_fingerprint is not None:
        return _after_the_end(known, facts)
    if facts.final:
        if wrong_amount(known.expected, facts):
            return Decision("parked", "amount")
        return ACCEPT if may_follow(known.state, facts.state, facts.payment_type) else Decision("parked", "transition")
    return ACCEPT if may_follow(known.state, facts.state, facts.payment_type) else Decision("superseded", "late")


def _after_the_end(known: PaymentRecord, facts: CallbackFacts) -> Decision:
    if facts.final:
        return (
            Decision("duplicate")
            if facts.final_fingerprint == known.final_fingerprint
            else Decision("parked", "conflict")
        )
    if facts.state in STATES and known.state is not None and known.state in reach(facts.payment_type)[facts.state]:
        return Decision("superseded", "late")
    # a state that does not lead to this end, such as an unknown one: a person has to look
    return Decision("parked", "after_final")


def wrong_amount(expected: tuple[int, str] | None, facts: CallbackFacts) -> bool:
    """Whether a success is not the expected pay-in: another sum or none, or a payout."""
    if facts.status != SUCCESS or expected is None:
        return False
    return facts.payment_type == "payout" or (facts.amount, facts.currency) != expected


def back_off(attempts: int) -> float:
    """Return the seconds until the next attempt: 1, 2, 4 ... up to ten minutes."""
    return float(min(LONGEST_BACK_OFF, 2 ** min(attempts - 1, 10)))
