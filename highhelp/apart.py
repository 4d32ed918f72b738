"""Work that would hold an event loop for long: done in two threads of the process, while the loop goes on.

An RSA signature takes hundreds of microseconds of pure computation, which leaves the interpreter's lock free; a signer
that asks a KMS may take much longer. More threads than this would only take processors from the rest of a program.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

THREADS = 2


def _new() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="highhelp-sign")  # its threads are made when they are needed


_pool = _new()


def _after_fork() -> None:
    global _pool  # noqa: PLW0603  # the threads of the parent are not in this process
    _pool = _new()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


async def apart(work: Callable[[], T]) -> T:
    """What `work` returns or raises, computed off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_pool, work)
