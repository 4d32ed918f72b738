"""Run flows: generators that yield steps and are sent the results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

R = TypeVar("R")
S = TypeVar("S")


def drive(flow: Generator[S, Any, R], perform: Callable[[S], Any]) -> R:
    """Run a flow to its end. An exception of `perform` is raised inside the flow, which decides what it means."""
    try:
        step = next(flow)
        while True:
            try:
                result = perform(step)
            except Exception as error:  # noqa: BLE001 - it goes on to the flow
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as end:
        value: R = end.value
        return value


async def drive_async(flow: Generator[S, Any, R], perform: Callable[[S], Awaitable[Any]]) -> R:
    """As :func:`drive`, on an event loop."""
    try:
        step = next(flow)
        while True:
            try:
                result = await perform(step)
            except Exception as error:  # noqa: BLE001 - it goes on to the flow
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as end:
        value: R = end.value
        return value
