"""Many callbacks and many processes.

`scripts/test -s tests/inbox/test_many.py --callbacks 20000 --rows 1000000` is the long run, and prints rates.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from highhelp import CallbackInbox
from highhelp.inbox import leases
from highhelp.inbox.receive import store
from highhelp.storage.engine import make_engine
from highhelp.storage.tables import EVENTS, PAYMENTS
from tests.inbox.crasher import LEDGER

if TYPE_CHECKING:
    from highhelp_mock import MockGateway

pytestmark = pytest.mark.slow

NOW = 1_795_521_600_250


def fill(inbox: CallbackInbox, gateway: MockGateway, run: str, number: int) -> None:
    """Store callbacks, a hundred in a transaction: what is measured comes afterwards."""
    verifier = gateway.verifier()
    inbox.create_schema()
    sample = gateway.signed_callback("order", "success")
    template = verifier.verify(sample.body, sample.headers)
    for start in range(0, number, 100):
        with inbox.engine.begin() as connection:
            for index in range(start, min(start + 100, number)):
                one = _renamed(template, f"{run}-{index}")
                stored = store(connection, one, refusal=None, now=NOW, cipher=None, outbox=False)
                assert stored.state == "received"


def _renamed(template: Any, payment_id: str) -> Any:
    from dataclasses import replace

    digest = hashlib.sha256(payment_id.encode()).hexdigest()
    return replace(template, payment_id=payment_id, normalized_sha256=digest)


def drain(url: str, processes: int) -> tuple[int, float]:
    command = [sys.executable, "-m", "tests.inbox.drainer", url]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=Path(__file__).parents[2],
                )
            )
            for _ in range(processes)
        ]
        for one in running:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        began = time.monotonic()
        for one in running:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        done = sum(int(one.stdout.readline().split()[0]) for one in running if one.stdout is not None)
        seconds = time.monotonic() - began
    return done, done / seconds


def test_four_processes_drain_it_and_each_is_handled_once(
    gateway: MockGateway, postgres: str, request: pytest.FixtureRequest
) -> None:
    number: int = request.config.getoption("--callbacks")
    engine = make_engine(postgres)
    LEDGER.metadata.create_all(engine)
    rates = {}
    with CallbackInbox(postgres, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        for processes in (1, 2, 4):
            amount = number if processes == 4 else max(number // 4, 100)
            fill(inbox, gateway, f"p{processes}", amount)
            done, rates[processes] = drain(postgres, processes)
            assert done == amount
        with engine.connect() as connection:
            rows = connection.execute(sa.select(sa.func.count(), sa.func.count(LEDGER.c.payment_id.distinct()))).one()
        expected = number + 2 * max(number // 4, 100)
        assert tuple(rows) == (expected, expected)
        assert inbox.stats()["states"]["done"] == expected
    engine.dispose()
    print("\nevents a second:", {processes: round(rate) for processes, rate in rates.items()})


def finished(engine: sa.Engine, number: int) -> None:
    """Rows of payments that are done, made by the database itself."""
    series = {
        "postgresql": f"SELECT g AS n FROM generate_series(1, {number}) AS g",
        "sqlite": f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {number}) SELECT n FROM s",
    }[engine.dialect.name]
    with engine.begin() as connection:
        top = connection.execute(sa.select(sa.func.coalesce(sa.func.max(PAYMENTS.c.id), 0))).scalar_one()
        payments = "INSERT INTO highhelp_payments (id, payment_key, project_id, payment_id, state, handled)"
        events = (
            "INSERT INTO highhelp_events (id, event_key, payment_ref, project_id, payment_id, status, final, key_id,"
            " signed_at, normalized_sha256, body, state, due_at, received_at, changed_at)"
        )
        text = f"'old-' || ({top} + n)"
        connection.exec_driver_sql(
            f"{payments} SELECT {top} + n, {text}, 'p', {text}, 'success', 'success' FROM ({series}) AS x"
        )
        connection.exec_driver_sql(
            f"{events} SELECT {top} + n, {text}, {top} + n, 'p', {text}, 'success', true, 'k', 1, 'x', '{{}}', 'done',"
            f" NULL, {NOW}, {NOW} FROM ({series}) AS x"
        )
        if engine.dialect.name == "postgresql":
            for table in ("payments", "events"):
                name = f"highhelp_{table}_id_seq"
                connection.exec_driver_sql(f"SELECT setval('{name}', {top + number + 1})")


def claim_time(inbox: CallbackInbox, gateway: MockGateway, run: str) -> float:
    """The best of some claims of ten, each given back."""
    fill(inbox, gateway, run, 200)
    times = []
    for _ in range(15):
        began = time.perf_counter()
        with inbox.engine.begin() as connection:
            claimed = leases.claim(
                connection, now=NOW, lease=60_000, most=10, max_attempts=12, updates=True, cipher=None
            )
        times.append(time.perf_counter() - began)
        assert len(claimed.events) == 10
    return min(times)


def plan(inbox: CallbackInbox) -> str:
    query = leases.DUE.params(now=NOW, most=10).compile(inbox.engine, compile_kwargs={"literal_binds": True})
    prefix = {"postgresql": "EXPLAIN ", "sqlite": "EXPLAIN QUERY PLAN "}[inbox.engine.dialect.name]
    with inbox.engine.connect() as connection:
        return "\n".join(str(row) for row in connection.exec_driver_sql(prefix + str(query)))


def test_a_claim_costs_the_same_whatever_is_stored(
    gateway: MockGateway, url: str, request: pytest.FixtureRequest
) -> None:
    rows: int = request.config.getoption("--rows")
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        inbox.create_schema()
        finished(inbox.engine, 1000)
        few = claim_time(inbox, gateway, "few")
        finished(inbox.engine, rows - 1000)
        if inbox.engine.dialect.name == "postgresql":
            with inbox.engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE highhelp_events, highhelp_payments")
        many = claim_time(inbox, gateway, "many")
        told = plan(inbox)
        partial = {
            "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = 'highhelp_events_due'",
            "sqlite": "SELECT sql FROM sqlite_master WHERE name = 'highhelp_events_due'",
        }[inbox.engine.dialect.name]
        with inbox.engine.connect() as connection:
            assert "due_at IS NOT NULL" in connection.exec_driver_sql(partial).scalar_one()
            stored = connection.execute(sa.select(sa.func.count()).select_from(EVENTS)).scalar_one()
    print(f"\nclaim of ten: {few * 1000:.2f} ms at 1200 rows, {many * 1000:.2f} ms at {stored}: x {many / few:.2f}")
    assert "highhelp_events_due" in told
    assert "Seq Scan on highhelp_events" not in told
    assert "SCAN highhelp_payments" not in told
    assert "SCAN highhelp_events " not in told
