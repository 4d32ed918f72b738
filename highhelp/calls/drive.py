"""Run a generator of steps to its end: the one loop behind calls, payouts and the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

S = TypeVar("S")
R = TypeVar("R")
T = TypeVar("T")


def drive(flow: Generator[S, R | None, T], perform: Callable[[S], R]) -> T:
    """Perform each step that a flow yields, hand it the result, and return what the flow returns.

    Args:
        flow: Yields steps.
        perform: Does one step. What it raises ends the flow.
    """
    try:
        step = next(flow)
        while True:
            step = flow.send(perform(step))
    except StopIteration as stop:
        value: T = stop.value
        return value


async def drive_async(flow: Generator[S, R | None, T], perform: Callable[[S], Awaitable[R]]) -> T:
    """Run a flow as `drive` does, with steps that are awaited."""
    try:
        step = next(flow)
        while True:
            step = flow.send(await perform(step))
    except StopIteration as stop:
        value: T = stop.value
        return value
