"""Deliver due callbacks over HTTP and report the results. Redirects are not followed."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import httpx

from highhelp_mock.persistence.state_file import StateError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from highhelp_mock.api.dispatch import Dispatcher
    from highhelp_mock.api.signed_callbacks import Outgoing

__all__ = ["CallbackSender", "deliver_due"]

_TIMEOUT = httpx.Timeout(10, connect=3)
_PARALLEL = 16
_TICK_SECONDS = 0.05
_GRACE_SECONDS = 2.0


def deliver_due(dispatcher: Dispatcher, send: Callable[[Outgoing], int] | None = None) -> int:
    """Send every callback that is due.

    Args:
        dispatcher: the gateway.
        send: takes a callback and returns the receiver's HTTP status; without it they are POSTed over HTTP.

    Returns:
        The number of attempts.
    """
    if send is None:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
            return deliver_due(dispatcher, partial(_post, client))
    attempts = 0
    while due := dispatcher.due_callbacks(_PARALLEL):
        for outgoing in due:
            attempts += 1
            status, error = None, None
            try:
                status = send(outgoing)
            except BaseException as failure:
                error = type(failure).__name__
                if not isinstance(failure, httpx.HTTPError | httpx.InvalidURL):
                    raise
            finally:
                dispatcher.report(outgoing.id, status, error)
    return attempts


def _post(client: httpx.Client, outgoing: Outgoing) -> int:
    return client.post(outgoing.url, content=outgoing.body, headers=outgoing.headers).status_code


class CallbackSender:
    """Send callbacks as they become due, from threads, between :meth:`start` and :meth:`stop`.

    Threads keep the API's event loop free, and a blocking connection costs a quarter of an async one. Looking for
    due callbacks also moves payments while no requests come in.

    Args:
        dispatcher: the gateway.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._looking = threading.Lock()
        self._changed = threading.Event()
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        context = httpx.create_ssl_context(trust_env=False)
        for _ in range(_PARALLEL):
            thread = threading.Thread(target=self._work, args=(context,), name="highhelp-mock-callbacks", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stop the threads; attempts under way have two seconds, then they are abandoned."""
        self._stopping = True
        self._changed.set()
        until = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self, context: ssl.SSLContext) -> None:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False, verify=context) as client:
            while (outgoing := self._wait_for_due()) is not None:
                status, error = None, None
                try:
                    status = _post(client, outgoing)
                except Exception as failure:  # noqa: BLE001 - one bad address must not stop the other callbacks
                    error = type(failure).__name__
                with suppress(StateError):  # the attempt is in memory and is written with the next change
                    self._dispatcher.report(outgoing.id, status, error)
                self._changed.set()  # a later callback of this payment may have waited for it

    def _wait_for_due(self) -> Outgoing | None:
        """Wait for the next callback; None at the end. One idle thread polls, the others wait for their turn."""
        with self._looking:
            while not self._stopping:
                self._changed.clear()
                # callbacks that cannot be stored are not sent; the next poll tries again
                with suppress(StateError):
                    for outgoing in self._dispatcher.due_callbacks(1):
                        return outgoing
                self._changed.wait(_TICK_SECONDS)
        return None
