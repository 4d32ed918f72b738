"""States of payments, and their possible successors by the contract's state machines."""

from __future__ import annotations

import functools

from highhelp_api.contract import OPERATIONS, STATES, TRANSITIONS

SUCCESS = "success"
"""The status on which goods are delivered. Tests check that the contract marks it final."""


def may_follow(before: str | None, after: str, payment_type: str | None) -> bool:
    """Whether a state is reachable. A state unknown to the contract may follow and be followed by any."""
    if before is None or before == after or before not in STATES or after not in STATES:
        return True
    return after in reach(payment_type)[before]


def state_name(status: str, sub_status: str | None) -> str:
    """Return `status` or `status:sub_status`."""
    return f"{status}:{sub_status}" if sub_status else status


@functools.cache
def _reach(flow: str | None) -> dict[str, frozenset[str]]:
    # one graph per direction, as the payer's choice on a hosted page leads from one machine into another
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
    """Map each state to all states that may follow it, for payments of a type."""
    flows = {op.direction for op in OPERATIONS.values()}
    return _reach(payment_type if payment_type in flows else None)
