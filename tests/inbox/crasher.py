"""Workers of the inbox that die at a chosen step: those of `tests.killing`, and before and after every handler."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from highhelp import CallbackEvent, CallbackInbox
from highhelp_signing import KeyRing
from tests.killing import Steps, serve

LEDGER = sa.Table(
    "ledger",
    sa.MetaData(),
    sa.Column("project_id", sa.Text),
    sa.Column("payment_id", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("amount", sa.BigInteger),
    sa.Column("currency", sa.Text),
)


def book(steps: Steps) -> Any:
    def handler(one: CallbackEvent, connection: sa.Connection) -> None:
        steps()
        row = {"project_id": one.project_id, "payment_id": one.payment_id, "status": one.status}
        connection.execute(LEDGER.insert().values(**row, amount=one.amount, currency=one.currency))
        steps()

    return handler


def nothing(one: CallbackEvent, connection: sa.Connection) -> None:
    """An informative event."""


class Info:
    """A client whose info operation answers as a job says."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.settings = SimpleNamespace(project_id=job["project_id"])
        self.body = job["answer"]

    def call(self, _: str, body: Any, parse: Any) -> Any:
        return parse(self.body)


def work(job: dict[str, Any], url: str, keys: Any) -> dict[str, Any]:
    steps = Steps(job["kill_at"])
    with CallbackInbox(url, keys=keys, clock=lambda: float(job["now"]), lease=30, max_attempts=1000) as inbox:
        inbox.create_schema()
        steps.watch(inbox.engine)
        if job["do"] == "receive":
            status, _ = inbox.receive(base64.b64decode(job["body"]), job["headers"])
            return {"status": status, "steps": steps.passed, "commits": steps.commits}
        if job["do"] == "ask":
            client: Any = Info(job)
            ended = str(inbox.ask(client, job["answer"]["payment_id"]).status)
            return {"status": ended, "steps": steps.passed, "commits": steps.commits}
        done = inbox.process(book(steps), nothing if job["updates"] else None, limit=job["limit"])
        return {"done": done, "steps": steps.passed, "commits": steps.commits}


def main() -> None:
    url, project_id, public_key = sys.argv[1:]
    keys = {project_id: KeyRing.from_pem(Path(public_key))}
    serve(lambda job: work(job, url, keys))


if __name__ == "__main__":
    main()
