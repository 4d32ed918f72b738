"""Callbacks into a database: a durable receive and its handling, against the commits that they cannot do without."""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmark import material
from benchmark.measure import Bench, NotMeasured, Row, Turn, ratios
from benchmark.signing import PKCS1, SHA256
from highhelp import CallbackInbox
from highhelp_signing import signing_message
from sqlalchemy import insert
from sqlalchemy.engine import make_url

EACH = 10
POSTGRES = os.environ.get("HIGHHELP_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
"""As the tests': a server on which databases may be made."""

_TABLE = "CREATE TABLE bare (id {serial}, event_key TEXT UNIQUE NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL)"


def sqlite(bench: Bench) -> Row:
    """On SQLite."""
    path = bench.scratch / "bare.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(_TABLE.format(serial="INTEGER PRIMARY KEY"))
    row = _measure(bench, "SQLite", str(bench.scratch / "inbox.db"), lambda sql, *values: connection.execute(sql, values))
    connection.close()
    return row


def postgres(bench: Bench) -> Row:
    """On PostgreSQL."""
    with _new_database() as (url, connection):
        cursor = connection.cursor()
        cursor.execute(_TABLE.format(serial="BIGSERIAL PRIMARY KEY"))
        return _measure(
            bench, "PostgreSQL", url, lambda sql, *values: cursor.execute(sql.replace("?", "%s"), values)
        )


@contextmanager
def _new_database() -> Iterator[tuple[str, Any]]:
    driver: Any = importlib.import_module("pg8000.dbapi")
    url = make_url(POSTGRES)
    about = {"user": url.username or "postgres", "password": url.password, "host": url.host, "port": url.port or 5432}
    try:
        server = driver.connect(database=url.database, **about)
    except Exception as error:
        raise NotMeasured("PostgreSQL is not to be reached on 127.0.0.1:5432, so it was not measured") from error
    server.autocommit = True
    name = f"highhelp_bench_{os.getpid()}"
    server.cursor().execute(f"CREATE DATABASE {name}")
    connection = driver.connect(database=name, **about)
    connection.autocommit = True
    try:
        yield url.set(database=name).render_as_string(hide_password=False), connection
    finally:
        connection.close()
        server.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.close()


def _measure(bench: Bench, kind: str, url: str, execute: Callable[..., object]) -> Row:
    keys = material.Keys.new()
    body = material.callback()
    raw, _ = keys.signed(body)
    message = signing_message(body, 1)
    signature, public = keys.private.sign(message, PKCS1, SHA256), keys.private.public_key()
    numbers = iter(range(10**9))

    def commits(number: int, *, verify: bool) -> object:
        if verify:
            public.verify(signature, message, PKCS1, SHA256)
        for _ in range(number):
            execute("BEGIN")
            execute("INSERT INTO bare (event_key, body, state) VALUES (?, ?, ?)", f"{next(numbers)}", raw.decode(), "x")
            execute("COMMIT")
        return None

    with CallbackInbox(url, verifier=keys.verifier(), environ={}) as inbox:
        inbox.prepare()

        def callbacks() -> list[tuple[bytes, dict[str, str]]]:
            return [keys.signed(material.callback(f"order-{next(numbers)}")) for _ in range(EACH)]

        def receive(made: list[tuple[bytes, dict[str, str]]]) -> None:
            for one in made:
                if inbox.receive(*one)[0] != 200:
                    raise AssertionError("a callback was not taken in")

        def process() -> None:
            if inbox.process(lambda event, connection: None) != EACH:
                raise AssertionError("not every event was handled")

        def received() -> float:
            made = callbacks()
            spent = _microseconds(lambda: receive(made))
            process()
            return spent

        def handled() -> float:
            made = callbacks()
            return _microseconds(lambda: (receive(made), process()))

        turns: dict[str, Turn] = {
            "one commit + RSA verify": lambda: _microseconds(lambda: [commits(1, verify=True) for _ in range(EACH)]),
            # a handler runs in the transaction that marks its event as done; ten are claimed in one more
            "receive": received,
            "two commits and a tenth": lambda: _microseconds(lambda: (commits(2 * EACH + 1, verify=False))),
            "receive and process": handled,
        }
        for turn in turns.values():
            turn()
        series = bench.interleave(turns, 60)
        curve = [] if bench.quick or kind == "PostgreSQL" else _growth(inbox, received, handled)
    key = kind.lower()
    row = Row(
        series,
        claims={
            f"inbox-{key}-receive": ratios(series, "receive", "one commit + RSA verify"),
            f"inbox-{key}-process": ratios(series, "receive and process", "two commits and a tenth"),
        },
    )
    if curve:
        row.curves["A callback received and handled, µs, by callbacks stored before (SQLite)"] = {"highhelp": curve}
    return row


def _microseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / EACH * 1e6


def _growth(inbox: CallbackInbox, received: Turn, handled: Turn) -> list[tuple[float, float]]:
    """The cost of one more, with ever more stored."""
    from highhelp.ledger.schema import EVENTS, PAYMENTS

    with inbox.engine.begin() as connection:
        event = dict(connection.execute(EVENTS.select().limit(1)).mappings().one())
        payment = dict(connection.execute(PAYMENTS.select().limit(1)).mappings().one())
    for row in (event, payment):
        row.pop("id")
    stored, points = 0, []
    for number in (10**3, 10**4, 10**5, 10**6):
        while stored < number:
            batch = range(stored, min(stored + 20_000, number))
            with inbox.engine.begin() as connection:
                first = connection.execute(PAYMENTS.select().order_by(PAYMENTS.c.id.desc()).limit(1)).scalar_one() + 1
                connection.execute(
                    insert(PAYMENTS),
                    [payment | {"id": first + one - batch.start, "payment_key": f"old-{one}"} for one in batch],
                )
                connection.execute(
                    insert(EVENTS),
                    [event | {"event_key": f"old-{one}", "payment_ref": first + one - batch.start} for one in batch],
                )
            stored = batch.stop
        received()
        points.append((float(number), statistics.median(handled() for _ in range(15))))
    return points
