"""Work that would hold an event loop for long: done in two threads of the process, while the loop goes on.

An RSA signature takes hundreds of microseconds of pure computation, which leaves the interpreter's lock free; a signer
that asks a KMS may take much longer. More threads than this would only take processors from the rest of a program.

A thread that is at work takes the next piece by itself: `run_in_executor` hands each one over, and back, by futures of
two kinds, which in a burst of signatures costs a twentieth of the throughput. In a burst of one client's it also tells
of some results at once, since each waking of the loop takes time from both threads: another twentieth.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

THREADS = 2

TOGETHER = 4
"""Results of which the loop is told at once, where so many pieces still wait and the next one is like them."""

SHORT = 0.001
"""Seconds. The result of what took longer is told at once, as the next piece may take as long."""


class _Job:
    """One piece of work and who waits for it."""

    __slots__ = ("error", "future", "like", "loop", "value", "work")

    def __init__(self, work: Callable[[], object], like: object) -> None:
        self.work = work
        self.like = like
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.value: object = None
        self.error: BaseException | None = None

    def do(self) -> None:
        """In a thread."""
        if self.future.cancelled():
            return
        try:
            self.value = self.work()
        except StopIteration as error:  # which no future can hold
            self.error = RuntimeError("the work raised StopIteration")
            self.error.__cause__ = error
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is raised where it is waited for
            self.error = error

    def may_wait_for(self, next_one: _Job | None) -> bool:
        """Whether what came of it may be told when the next one is done: in as little time, to the same loop."""
        return (
            next_one is not None and self.like is not None and next_one.like is self.like and next_one.loop is self.loop
        )

    def tell(self) -> None:
        """In the loop."""
        if self.future.cancelled():
            return
        if self.error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.error)


class _Threads:
    """At most two threads, made when they are needed, each at work until nothing is left."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="highhelp-sign")
        self._waiting: deque[_Job] = deque()
        self._at_work = 0
        self._lock = threading.Lock()

    def take(self, job: _Job) -> None:
        with self._lock:
            if self._at_work < THREADS:
                self._pool.submit(self._work)
                self._at_work += 1
            self._waiting.append(job)

    def _work(self) -> None:
        done: list[_Job] = []
        while True:
            with self._lock:
                job = self._waiting.popleft() if self._waiting else None
                many = len(self._waiting) >= TOGETHER
                self._at_work -= job is None
            if done and not (many and len(done) < TOGETHER and done[0].may_wait_for(job)):
                _tell(done)
                done = []
            if job is None:
                return
            began = time.monotonic()
            job.do()
            done.append(job)
            if time.monotonic() - began > SHORT:
                _tell(done)
                done = []


def _tell(jobs: list[_Job]) -> None:
    """In a thread: have the loop that waits for them learn what came of them."""
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        jobs[0].loop.call_soon_threadsafe(_settle, jobs)


def _settle(jobs: list[_Job]) -> None:
    try:
        while jobs:
            jobs.pop(0).tell()
    finally:
        if jobs:  # Ctrl-C came: a loop that goes on after it learns of the others
            jobs[0].loop.call_soon(_settle, jobs)


_threads = _Threads()


def _after_fork() -> None:
    global _threads  # noqa: PLW0603  # the threads of the parent are not in this process
    _threads = _Threads()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


async def apart(work: Callable[[], T], *, like: object = None) -> T:
    """What `work` returns or raises, computed off the event loop.

    Args:
        work: The piece of work.
        like: The same object for pieces that take about as long as each other, such as signatures of one client. What
            came of one that took little may be told when the next one is done.
    """
    job = _Job(work, like)
    _threads.take(job)
    return cast("T", await job.future)
