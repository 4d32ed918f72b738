"""Delivery of callbacks over HTTP: pulls what is due, POSTs it, reports back. Never follows a redirect."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp_mock.core import Core, Outgoing

__all__ = ["deliver_due", "keep_delivering"]

_TIMEOUT = httpx.Timeout(10, connect=3)
_AT_ONCE = 32
_TICK = 0.05
_GRACE = 2.0


def deliver_due(core: Core, send: Callable[[Outgoing], int] | None = None) -> int:
    """Send everything that is due, now.

    Args:
        core: the gateway.
        send: takes the callback and returns the receiver's HTTP status; without it, HTTP is spoken.

    Returns:
        How many attempts were made.
    """
    made = 0
    with httpx.Client(timeout=_TIMEOUT, trust_env=False) if send is None else _Sender() as client:
        while due := core.due_callbacks(_AT_ONCE):
            for outgoing in due:
                try:
                    status = send(outgoing) if send else _status(client, outgoing)
                except httpx.HTTPError as error:
                    core.report(outgoing.id, None, type(error).__name__)
                except BaseException as error:
                    core.report(outgoing.id, None, type(error).__name__)
                    raise
                else:
                    core.report(outgoing.id, status)
                made += 1
    return made


class _Sender(httpx.Client):
    """Stands in where no HTTP is spoken."""

    def __init__(self) -> None:
        super().__init__(transport=httpx.MockTransport(lambda _: httpx.Response(500)))


def _status(client: httpx.Client, outgoing: Outgoing) -> int:
    return client.post(outgoing.url, content=outgoing.body, headers=outgoing.headers).status_code


async def keep_delivering(core: Core) -> None:
    """Send what becomes due, until cancelled; attempts under way then have two seconds to end.

    Payments move here too while nobody asks: looking for due callbacks brings the gateway up to now.
    """
    limits = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
    running: set[asyncio.Task[None]] = set()
    async with httpx.AsyncClient(timeout=_TIMEOUT, limits=limits, trust_env=False) as client:
        try:
            while True:
                for outgoing in core.due_callbacks(_AT_ONCE - len(running)):
                    task = asyncio.create_task(_send(core, client, outgoing))
                    running.add(task)
                    task.add_done_callback(running.discard)
                # a batch that filled all places is followed at once by the next, as soon as one is free
                if len(running) >= _AT_ONCE:
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(_TICK)
        finally:
            if running:
                await asyncio.wait(running, timeout=_GRACE)
            for task in tuple(running):
                task.cancel()


async def _send(core: Core, client: httpx.AsyncClient, outgoing: Outgoing) -> None:
    status: int | None = None
    error = None
    try:
        response = await client.post(outgoing.url, content=outgoing.body, headers=outgoing.headers)
        status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        error = type(failure).__name__
    finally:
        with suppress(KeyError):
            core.report(outgoing.id, status, error)
