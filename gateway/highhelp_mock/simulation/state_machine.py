"""Walk the contract's state machines. The states themselves are only in the contract."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """List the states that may follow, with several machines combined. No state follows a final one."""
    tables = (contract.TRANSITIONS.get(name, {}) for name in machines)
    return tuple(dict.fromkeys(after for table in tables for after in table.get(state, ())))


@lru_cache(maxsize=4096)
def shortest_path(machines: tuple[str, ...], start: str, end: str) -> tuple[str, ...] | None:
    """Find the shortest path between two states, without the start; None where there is none.

    A path through a dispute or an error counts as longer than any path without.
    """
    return _search(machines, start, end, troubled=False) or _search(machines, start, end, troubled=True)


def _search(machines: tuple[str, ...], start: str, end: str, *, troubled: bool) -> tuple[str, ...] | None:
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for after in next_states(machines, state):
            if after in came_from or after == start:
                continue
            if after == end:
                return (*_trace(came_from, start, state), end)
            if troubled or split_state(after)[0] == "processing":
                came_from[after] = state
                queue.append(after)
    return None


def _trace(came_from: dict[str, str], start: str, state: str) -> Iterable[str]:
    path: list[str] = []
    while state != start:
        path.append(state)
        state = came_from[state]
    return reversed(path)
