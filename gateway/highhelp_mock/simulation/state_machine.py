"""Walk the contract's state machines. The states are defined only in the contract."""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from highhelp_api import contract

__all__ = [
    "AWAITING_3DS", "AWAITING_CONFIRM", "AWAITING_REDIRECT", "DECLINE", "NEW", "PAID", "SUCCESS", "WRONG_CODE",
    "is_final", "next_states", "shortest_path", "split_state",
]  # fmt: skip

NEW = "processing:new"
AWAITING_CONFIRM = "processing:awaiting_confirm"
AWAITING_3DS = "processing:awaiting_3ds_result"
AWAITING_REDIRECT = "processing:awaiting_redirect_result"
WRONG_CODE = "processing:invalid_verification"
PAID = "processing:paid"
SUCCESS = "success"
DECLINE = "decline"


@lru_cache(maxsize=1024)
def split_state(state: str) -> tuple[str, str | None]:
    """Split a state's name into status and sub-status."""
    status, _, sub_status = state.partition(":")
    return status, sub_status or None


@lru_cache(maxsize=1024)
def is_final(state: str) -> bool:
    """Whether the state never changes again."""
    return split_state(state)[0] in contract.FINAL_STATUSES


@lru_cache(maxsize=1024)
def next_states(machines: tuple[str, ...], state: str) -> tuple[str, ...]:
    """List the states that may follow, over several machines combined. No state follows a final one."""
    tables = (contract.TRANSITIONS.get(name, {}) for name in machines)
    return tuple(dict.fromkeys(after for table in tables for after in table.get(state, ())))


@lru_cache(maxsize=4096)
def shortest_path(machines: tuple[str, ...], start: str, end: str) -> tuple[str, ...] | None:
    """Find the shortest path between two states, without the start; None if there is none.

    A path through a dispute or an error counts as longer than any other path.
    """
    return _search(machines, start, end, troubled=False) or _search(machines, start, end, troubled=True)


def _search(machines: tuple[str, ...], start: str, end: str, *, troubled: bool) -> tuple[str, ...] | None:
    seen = {start}
    queue: deque[tuple[str, ...]] = deque([()])
    while queue:
        path = queue.popleft()
        for after in next_states(machines, path[-1] if path else start):
            if after in seen:
                continue
            if after == end:
                return (*path, end)
            if troubled or split_state(after)[0] == "processing":
                seen.add(after)
                queue.append((*path, after))
    return None
