"""A process that forks workers and lets them die at a chosen step, without changes to the tested code.

A step is every SQL statement (before and after it), every commit (before and after it), and what a worker adds. Reads
jobs as JSON lines on standard input, runs those of one line at the same time, answers in one line.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa


class Steps:
    """Count steps; at the chosen one the process dies without cleaning up."""

    def __init__(self, kill_at: int) -> None:
        self.passed = 0
        self.kill_at = kill_at
        self.commits = 0

    def __call__(self, *_: object) -> None:
        self.passed += 1
        if self.passed == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, engine: sa.Engine) -> None:
        event.listen(engine, "before_cursor_execute", self)
        event.listen(engine, "after_cursor_execute", self)
        commit = engine.dialect.do_commit

        def counted(connection: Any) -> None:
            self()
            commit(connection)
            self.commits += 1
            self()

        engine.dialect.do_commit = counted  # type: ignore[method-assign, assignment]  # a plant


def fork(work: Callable[[dict[str, Any]], dict[str, Any]], job: dict[str, Any]) -> tuple[int, int]:
    """Start a job in a child; answers its process and where its result can be read."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    code = 1
    try:
        os.write(write, json.dumps(work(job)).encode())
        code = 0
    except BaseException as error:  # noqa: BLE001 - the parent reports it
        with contextlib.suppress(OSError):
            os.write(write, json.dumps({"error": repr(error)}).encode())
    os._exit(code)


def serve(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Work on jobs until standard input ends."""
    for line in sys.stdin:
        running = [fork(work, job) for job in json.loads(line)]
        results = []
        for pid, read in running:
            with os.fdopen(read, "rb") as pipe:
                text = pipe.read()
            _, status = os.waitpid(pid, 0)
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            crashed = not killed and status != 0
            results.append({"killed": killed, "crashed": crashed, **(json.loads(text) if text else {})})
        print(json.dumps(results), flush=True)
