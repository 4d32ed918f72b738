"""Delivery of callbacks over HTTP: pulls what is due, POSTs it, reports back. Never follows a redirect."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import httpx

from highhelp_mock.state import StateError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from highhelp_mock.core import Core, Outgoing

    _Due: TypeAlias = queue.SimpleQueue[Outgoing | None]

__all__ = ["Courier", "deliver_due"]

_TIMEOUT = httpx.Timeout(10, connect=3)
_AT_ONCE = 16
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
                except (httpx.HTTPError, httpx.InvalidURL) as error:
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


class Courier:
    """Sends what becomes due, from threads of its own, between :meth:`start` and :meth:`stop`.

    Threads, since a pool of blocking connections costs a quarter of what asynchronous ones cost here, and since the
    event loop that answers the API never waits for a receiver. Payments move here too while nobody asks: looking for
    due callbacks brings the gateway up to now.

    Args:
        core: the gateway.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._due: _Due = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._busy = 0
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        # all anew: an attempt that outlived an earlier stop must not be mixed up with these
        self._due, self._busy, self._stopping = queue.SimpleQueue(), 0, False
        due, context = self._due, httpx.create_ssl_context(trust_env=False)
        targets = [lambda: self._watch(due), *[lambda: self._work(due, context)] * _AT_ONCE]
        self._threads = [threading.Thread(target=one, name="highhelp-mock-callbacks", daemon=True) for one in targets]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; attempts under way have two seconds, then nobody waits for them any longer."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for _ in self._threads:
            self._due.put(None)
        until = time.monotonic() + _GRACE
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._threads.clear()

    def _watch(self, due: _Due) -> None:
        while not self._stopping and due is self._due:
            try:
                found = self._core.due_callbacks(_AT_ONCE - self._busy)
            except StateError:
                found = []  # what cannot be written down is not sent; the next look tries again
            with self._changed:
                self._busy += len(found)
                for outgoing in found:
                    due.put(outgoing)
                # woken by each one that is done, so that a long row does not wait for the clock's tick
                if not self._stopping and (not found or self._busy >= _AT_ONCE):
                    self._changed.wait(_TICK)

    def _work(self, due: _Due, context: ssl.SSLContext) -> None:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False, verify=context) as client:
            while (outgoing := due.get()) is not None:
                status, error = None, None
                try:
                    status = _status(client, outgoing)
                except Exception as failure:  # noqa: BLE001 - whatever an address does, the other callbacks go on
                    error = type(failure).__name__
                with suppress(StateError):  # the attempt is in memory, and is written with whatever comes next
                    self._core.report(outgoing.id, status, error)
                with self._changed:
                    self._busy -= due is self._due
                    self._changed.notify_all()
