"""The contract's state machines, joined and walked. No table of states is kept here."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DECLINE", "NEW", "SUCCESS", "following", "is_final", "known_states", "route", "split"]

NEW = "processing:new"
SUCCESS = "success"
DECLINE = "decline"


@lru_cache(maxsize=1024)
def split(state: str) -> tuple[str, str | None]:
    """Status and sub-status of a state's name."""
    status, _, sub_status = state.partition(":")
    return status, sub_status or None


@lru_cache(maxsize=1024)
def is_final(state: str) -> bool:
    """Whether the state never changes again."""
    return split(state)[0] in contract.FINAL_STATUSES


@lru_cache(maxsize=1024)
def following(machines: tuple[str, ...], state: str) -> tuple[str, ...]:
    """The states that may follow, of several machines taken as one. None follows a final one."""
    tables = (contract.TRANSITIONS.get(name, {}) for name in machines)
    return tuple(dict.fromkeys(after for table in tables for after in table.get(state, ())))


@lru_cache(maxsize=1024)
def known_states(machines: tuple[str, ...]) -> frozenset[str]:
    """Every state of the machines."""
    return frozenset(
        state
        for name in machines
        for before, after in contract.TRANSITIONS.get(name, {}).items()
        for state in (before, *after)
    )


@lru_cache(maxsize=4096)
def route(machines: tuple[str, ...], start: str, end: str) -> tuple[str, ...] | None:
    """The shortest way from one state to another, without the start; None where there is none.

    Ways through a dispute or an error count as longer than any way without.
    """
    return _shortest(machines, start, end, troubled=False) or _shortest(machines, start, end, troubled=True)


def _shortest(machines: tuple[str, ...], start: str, end: str, *, troubled: bool) -> tuple[str, ...] | None:
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for after in following(machines, state):
            if after in came_from or after == start:
                continue
            if after == end:
                return (*_trace(came_from, start, state), end)
            if troubled or split(after)[0] == "processing":
                came_from[after] = state
                queue.append(after)
    return None


def _trace(came_from: dict[str, str], start: str, state: str) -> Iterable[str]:
    way: list[str] = []
    while state != start:
        way.append(state)
        state = came_from[state]
    return reversed(way)
