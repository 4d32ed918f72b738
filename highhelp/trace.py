"""What is known of an attempt while it is made, told by the sockets that carry it.

Sockets of ours (`highhelp.sockets`) tell whether the first byte of a request was written. httpcore's own trace tells
that too, and much else, which costs a call as much as a signature: it is used where the sockets are not ours, or a
proxy is spoken to before the gateway.
"""

from __future__ import annotations

import time
from contextvars import ContextVar


class Trace:
    """What is known of one attempt while it is made: whether the first byte of its request was about to be written.

    Args:
        watched: Whether sockets of ours tell it; else httpcore may, which is then to call this.
        seconds: What the attempt may take on sockets of ours; None where something else ends it.

    Attributes:
        seen: Whether anything can be told at all; a transport that is neither ours nor httpcore's tells nothing.
        started: Whether the request began to be written.
        end: When its time is over, by the monotonic clock.
    """

    def __init__(self, *, watched: bool, seconds: float | None = None) -> None:
        self._watched = self.seen = watched
        self.started = False
        self.end = None if seconds is None else time.monotonic() + seconds

    def __call__(self, event: str, _: object) -> None:
        """Called by httpcore, where it is asked to tell."""
        self.seen = True
        self.started = self.started or event.endswith("send_request_headers.started")

    async def tell(self, event: str, info: object) -> None:
        """The same for its asynchronous half, which awaits."""
        self(event, info)

    def writing(self) -> None:
        """Called by a socket of ours."""
        self.started = self.started or self._watched

    def __enter__(self) -> None:
        """Have our sockets in this block, in this thread or task, keep to the attempt's time and tell what they do."""
        self._before = CURRENT.set(self)

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._before)


CURRENT: ContextVar[Trace | None] = ContextVar("highhelp_trace", default=None)
