"""What becomes of a callback, given what is known of its payment. Pure: no database, no clock."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from highhelp_api.contract import FINAL_STATUSES, OPERATIONS, STATES, TRANSITIONS

SUCCESS = "success"
"""The status that lets goods go; the contract's tests hold it to be a final one."""

State = Literal["received", "claimed", "done", "retry", "superseded", "parked"]
STATES_OF_EVENTS: tuple[State, ...] = ("received", "claimed", "done", "retry", "superseded", "parked")

NEVER_HANDLED = frozenset({"stale", "ambiguous", "fields"})
"""Reasons of genuine callbacks whose word is not taken: the info operation settles them."""

REPLAYABLE = frozenset({"attempts", "amount", "operator", "transition"})
"""Reasons of parked events that a person may send to the handler after all."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a payment.

    Attributes:
        state: The newest accepted state, `status` or `status:sub_status`.
        final_print: The material facts of its final event, as :func:`highhelp.ledger.events.final_print` gives them.
        expected: Amount in minor units and currency that a success must have.
    """

    state: str | None = None
    final_print: str | None = None
    expected: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a callback says."""

    status: str
    sub_status: str | None
    amount: int | None
    currency: str | None
    payment_type: str | None
    final_print: str

    @property
    def state(self) -> str:
        """As the contract names it."""
        return state_name(self.status, self.sub_status)

    @property
    def final(self) -> bool:
        """Whether nothing may follow. An unknown status is informative."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do: `accept`, `superseded`, `parked` or `duplicate`, and why."""

    verdict: Literal["accept", "superseded", "parked", "duplicate"]
    reason: str | None = None


ACCEPT = Decision("accept")


def decide(known: Known, told: Told) -> Decision:
    """Judge a callback that is genuine, fresh and unambiguous, and whose key is not taken."""
    if known.final_print is not None:
        return _after_the_end(known, told)
    if told.final:
        if wrong_amount(known.expected, told):
            return Decision("parked", "amount")
        return ACCEPT if may_follow(known.state, told.state, told.payment_type) else Decision("parked", "transition")
    return ACCEPT if may_follow(known.state, told.state, told.payment_type) else Decision("superseded", "late")


def _after_the_end(known: Known, told: Told) -> Decision:
    if told.final:
        return Decision("duplicate") if told.final_print == known.final_print else Decision("parked", "conflict")
    if told.state in STATES and known.state is not None and known.state in reach(told.payment_type)[told.state]:
        return Decision("superseded", "late")
    # a state that does not lead to this end, such as one that nobody knows: a person has to look
    return Decision("parked", "after_final")


def wrong_amount(expected: tuple[int, str] | None, told: Told) -> bool:
    """Whether a success brings another sum than the expected one, or does not say which."""
    return told.status == SUCCESS and expected is not None and (told.amount, told.currency) != expected


def may_follow(before: str | None, after: str, payment_type: str | None) -> bool:
    """Whether a state is reachable. What the contract does not know may follow and be followed by anything."""
    if before is None or before == after or before not in STATES or after not in STATES:
        return True
    return after in reach(payment_type)[before]


def state_name(status: str, sub_status: str | None) -> str:
    """`status` or `status:sub_status`."""
    return f"{status}:{sub_status}" if sub_status else status


@functools.cache
def _reach(flow: str | None) -> dict[str, frozenset[str]]:
    # one graph per flow, as the payer's choice on a hosted page leads from one machine into another
    machines = {name for op in OPERATIONS.values() if flow in (None, op.direction) for name in op.machines}
    follows: dict[str, set[str]] = {name: set() for name in STATES}
    for machine in machines:
        for state, after in TRANSITIONS[machine].items():
            follows[state].update(after)
    closed: dict[str, frozenset[str]] = {}
    for state in follows:
        seen: set[str] = set()
        rest = [state]
        while rest:
            new = follows[rest.pop()] - seen
            seen |= new
            rest += new
        closed[state] = frozenset(seen)
    return closed


def reach(payment_type: str | None) -> dict[str, frozenset[str]]:
    """State -> every state that may come after it, for payments of a type."""
    flows = {op.direction for op in OPERATIONS.values()}
    return _reach(payment_type if payment_type in flows else None)


def back_off(attempts: int) -> float:
    """Seconds until the next attempt after so many: 1, 2, 4 ... up to ten minutes."""
    return float(min(600, 2 ** min(attempts - 1, 10)))
