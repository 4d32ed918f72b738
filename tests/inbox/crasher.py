"""A process that forks workers and lets them die at a chosen step: the inbox itself knows nothing of it.

A step is every SQL statement (before and after it), every commit (before and after it), and every handler (before and
after it). Reads jobs as JSON lines on standard input, runs those of one line at the same time, answers in one line.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from highhelp.ledger import CallbackEvent, CallbackInbox
from highhelp_signing import KeyRing

LEDGER = sa.Table(
    "ledger",
    sa.MetaData(),
    sa.Column("project_id", sa.Text),
    sa.Column("payment_id", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("amount", sa.BigInteger),
    sa.Column("currency", sa.Text),
)


class Steps:
    """Counts steps; at the chosen one the process is gone, with no chance to tidy up."""

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

        engine.dialect.do_commit = counted  # type: ignore[method-assign, assignment]


def book(steps: Steps) -> Any:
    def handler(one: CallbackEvent, connection: sa.Connection) -> None:
        steps()
        row = {"project_id": one.project_id, "payment_id": one.payment_id, "status": one.status}
        connection.execute(LEDGER.insert().values(**row, amount=one.amount, currency=one.currency))
        steps()

    return handler


def nothing(one: CallbackEvent, connection: sa.Connection) -> None:
    """An informative event."""


def work(job: dict[str, Any], url: str, keys: Any) -> dict[str, Any]:
    steps = Steps(job["kill_at"])
    with CallbackInbox(url, keys=keys, clock=lambda: float(job["now"]), lease=30, max_attempts=1000) as inbox:
        inbox.prepare()
        steps.watch(inbox.engine)
        if job["do"] == "receive":
            status, _ = inbox.receive(base64.b64decode(job["body"]), job["headers"])
            return {"status": status, "steps": steps.passed, "commits": steps.commits}
        done = inbox.process(book(steps), nothing if job["updates"] else None, limit=job["limit"])
        return {"done": done, "steps": steps.passed, "commits": steps.commits}


def fork(job: dict[str, Any], url: str, keys: Any) -> tuple[int, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    code = 1
    with contextlib.suppress(BaseException):
        result = work(job, url, keys)
        os.write(write, json.dumps(result).encode())
        code = 0
    os._exit(code)


def main() -> None:
    url, project_id, public_key = sys.argv[1:]
    keys = {project_id: KeyRing.from_pem(Path(public_key))}
    for line in sys.stdin:
        running = [fork(job, url, keys) for job in json.loads(line)]
        results = []
        for pid, read in running:
            with os.fdopen(read, "rb") as pipe:
                text = pipe.read()
            _, status = os.waitpid(pid, 0)
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            crashed = not killed and status != 0
            results.append({"killed": killed, "crashed": crashed, **(json.loads(text) if text else {})})
        print(json.dumps(results), flush=True)


if __name__ == "__main__":
    main()
