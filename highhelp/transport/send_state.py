"""State of one attempt below HTTP: when its time is up, and whether a byte of its request has left."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

EXTENSION = "highhelp.send_state"
"""Name of the request extension in which the driver passes a `SendState` to `HTTPTransport`."""


class SendState:
    """State of one attempt, recorded by the sockets.

    Args:
        seconds: Time for the attempt; None if something else ends it.

    Attributes:
        end: When its time is up, by the monotonic clock.
        carried: Whether our transport carries the attempt. Only then are the next two meaningful.
        started: Whether the first byte of the request was about to be written.
        answered: Whether bytes were read after the request was written.
        tls_layers: TLS handshakes of a new connection: one for an https gateway, one for an https proxy.
        socket: The stream of a connection that was opened for the attempt; to be closed if its handshakes fail.
    """

    __slots__ = ("answered", "carried", "end", "socket", "started", "tls_layers")

    def __init__(self, seconds: float | None = None) -> None:
        self.end = None if seconds is None else time.monotonic() + seconds
        self.carried = False
        self.started = False
        self.answered = False
        self.tls_layers = 0
        self.socket: Any = None

    def limit(self, timeout: float | None, expired: type[Exception]) -> float | None:
        """Return the seconds that one step may take: its own limit, or what is left of the attempt.

        Raises:
            Exception: Of the class `expired`, if the attempt's time is up.
        """
        if self.end is None:
            return timeout
        left = self.end - time.monotonic()
        if left <= 0:
            raise expired("the attempt's time is up")
        return left if timeout is None else min(timeout, left)


CURRENT: ContextVar[SendState | None] = ContextVar("highhelp_send_state", default=None)
"""The state of this thread's or task's request, while a pool connects, writes and waits for the head of the answer."""


def current() -> SendState:
    """Return the state of this thread's or task's request; outside of calls, one without a limit."""
    return CURRENT.get() or SendState()
