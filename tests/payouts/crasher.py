"""A process that forks senders and lets them die at a chosen step, without changes to the guard.

A step is every SQL statement and commit (before and after it), and everything that happens on a connection to the
gateway: connecting, each part of a request that leaves, each part of an answer that comes. Reads jobs as JSON lines on
standard input, runs those of one line at the same time, answers in one line.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx

import highhelp.transport.driver
from highhelp import HighHelp, HTTPTransport, PayoutGuard, RsaSigner
from highhelp.payouts import intents, lifecycle
from highhelp.payouts.csv_file import read_csv
from highhelp.storage.database import Database
from tests.killing import Steps, serve

if TYPE_CHECKING:
    import sqlalchemy as sa

TLS = httpx.create_ssl_context()
"""Made once: it is what costs most, and nothing here is encrypted."""


class Counted(Steps):
    """Safe between the threads of a batch."""

    def __init__(self, kill_at: int) -> None:
        super().__init__(kill_at)
        self._lock = threading.Lock()

    def __call__(self, *_: object) -> None:
        with self._lock:
            super().__call__()


class Watched(HTTPTransport):
    """Every event of a connection is a step."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(verify=TLS)
        self.steps = steps

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "trace": self.steps}
        self.steps()
        response = super().handle_request(request)
        self.steps()
        return response


def body(payment_id: str, amount: int, currency: str) -> dict[str, Any]:
    return {
        "general": {"payment_id": payment_id},
        "payment": {"method": "card-p2p", "amount": amount, "currency": currency},
        "receiver": {"pan": "2200000000000004"},
    }


def warm(url: str) -> sa.Engine:
    """An engine without connections, which has compiled its statements: its children need not."""
    with closing(Database(url, environ={})) as database:
        database.create_schema()
        key = intents.intent_key("p", "warm")
        intent = intents.Intent("p", "warm", "create_p2p_payout", 1, "RUB", "", b"{}", None)
        with database.engine.connect() as connection:
            begun = lifecycle.acquire(connection, intent, now=1, lease=1)
            lifecycle.end_attempt(connection, intent, begun.token, state="unknown", reason="", sent=True, now=1)
            lifecycle.correct_impossible_times(connection, "p", now=1, lease=1)
            for seen in lifecycle.unsettled(connection, "p", now=9, payment_id="warm"):
                lifecycle.mark_unknown(connection, seen, reason="", now=1)
            for seen in lifecycle.unsettled(connection, "p", now=9):
                lifecycle.mark_not_found(connection, seen, now=1, asked_ago=0, absence_age=0)
            facts = intents.Facts("processing", "new", 1, "RUB", "r")
            lifecycle.settle(connection, key, facts, now=1, lease=begun)
            lifecycle.settle(connection, key, facts, now=1)
            connection.rollback()
        return database.engine


def work(job: dict[str, Any], url: str, settings: dict[str, Any], engine: sa.Engine) -> dict[str, Any]:
    steps = Counted(job["kill_at"])
    clock = lambda: float(job["now"])  # noqa: E731
    with (
        HighHelp(**settings, transport=Watched(steps), clock=clock, timeout=10, total_timeout=40, environ={}) as client,
        # the gateway of these tests holds a payout at once, so that "not found" counts at once
        PayoutGuard(client, url, absence_age=0, clock=clock, environ={}) as guard,
    ):
        guard._database._engine = engine
        guard._database.create_schema()
        steps.watch(guard._database.engine)
        try:
            result = DO[job["do"]](guard, job)
        except highhelp.HighHelpError as error:
            result = type(error).__name__
        return {"result": result, "steps": steps.passed}


def send(guard: PayoutGuard, job: dict[str, Any]) -> str:
    return guard.send(body(*job["payout"]), operation="create_p2p_payout").state


def recover(guard: PayoutGuard, job: dict[str, Any]) -> list[str]:
    return [one.state for one in guard.recover(job["payout"][0] if job["payout"] else None)]


def batch(guard: PayoutGuard, job: dict[str, Any]) -> dict[str, Any]:
    report = guard.send_batch(
        read_csv(Path(job["file"]).read_bytes()), concurrency=job["concurrency"], wait_for_others=False
    )
    return report.as_dict() | {"payouts": None}


def nothing(guard: PayoutGuard, job: dict[str, Any]) -> None:
    guard.list(limit=1)


DO = {"send": send, "recover": recover, "batch": batch, "nothing": nothing}


def main() -> None:
    url, home, base_url = sys.argv[1:]
    settings = {
        "base_url": base_url,
        "project_id": json.loads((Path(home) / "project.json").read_text())["project_id"],
        "signer": RsaSigner.from_pem(Path(home) / "private_key.pem"),
    }
    # the pauses of the client's look-ups are not tested here
    highhelp.transport.driver.time = SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic)  # type: ignore[assignment, attr-defined]  # a stand-in
    engine = warm(url)
    serve(lambda job: work(job, url, settings, engine))


if __name__ == "__main__":
    main()
