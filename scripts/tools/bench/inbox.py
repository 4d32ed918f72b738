"""Callbacks into a database: a durable receive and its handling, against the necessary commits."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from highhelp import CallbackInbox
from highhelp.storage.encryption import readable
from highhelp.storage.engine import make_engine
from highhelp_signing import signing_message
from tools.bench import material
from tools.bench.measure import Bench, NotMeasured, Row, Series, Turn, ratios
from tools.bench.signing import PKCS1, SHA256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

EACH = 10
POSTGRES = os.environ.get("HIGHHELP_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
"""As in the tests: a server on which databases may be created."""

Callbacks: TypeAlias = list[tuple[bytes, dict[str, str]]]

_TABLE = "CREATE TABLE bare (id {serial}, event_key TEXT UNIQUE NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL)"


def sqlite(bench: Bench) -> Row:
    """On SQLite."""
    return _measure(bench, "sqlite", lambda name: sqlite_database(bench, name), "INTEGER PRIMARY KEY", "?")


def postgres(bench: Bench) -> Row:
    """On PostgreSQL."""
    return _measure(bench, "postgresql", postgres_database, "BIGSERIAL PRIMARY KEY", "%s")


@contextmanager
def sqlite_database(bench: Bench, name: str) -> Iterator[tuple[str, Any]]:
    """A new file, with a bare connection of the same durability as ours."""
    path = bench.scratch / f"{name}.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        yield str(path), connection


@contextmanager
def postgres_database(name: str) -> Iterator[tuple[str, Any]]:
    """A new database, with a bare connection."""
    server = make_engine(POSTGRES).execution_options(isolation_level="AUTOCOMMIT")
    name = f"highhelp_bench_{os.getpid()}_{name}"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except DBAPIError as error:
        raise NotMeasured("PostgreSQL is not reachable on 127.0.0.1:5432, so it was not measured") from error
    url = make_url(POSTGRES).set(database=name)
    text = url.render_as_string(hide_password=False)
    try:
        with psycopg.connect(text, autocommit=True) as bare:
            yield text, bare
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


def bare_commit(connection: Any, serial: str, mark: str) -> Callable[[], None]:
    """A durable transaction with one row, through the bare driver."""
    cursor, numbers = connection.cursor(), iter(range(10**9))
    insert = f"INSERT INTO bare (event_key, body, state) VALUES ({mark}, {mark}, {mark})"  # noqa: S608  # marks of parameters
    cursor.execute(_TABLE.format(serial=serial))
    body = material.compact(material.callback()).decode()

    def commit() -> None:
        cursor.execute("BEGIN")
        cursor.execute(insert, (f"{next(numbers)}", body, "x"))
        cursor.execute("COMMIT")

    return commit


class _Inbox:
    """An inbox that receives and handles callbacks, ten at a time."""

    def __init__(self, inbox: CallbackInbox, keys: material.Keys) -> None:
        self.inbox = inbox
        self.keys = keys
        self.numbers = iter(range(10**9))

    def callbacks(self) -> Callbacks:
        """Signed, each of another payment."""
        return [self.keys.signed(material.callback(f"order-{next(self.numbers)}")) for _ in range(EACH)]

    def receive(self, callbacks: Callbacks) -> None:
        """Take them in."""
        for one in callbacks:
            if self.inbox.receive(*one)[0] != 200:
                raise AssertionError("a callback was not taken in")

    def process(self) -> None:
        """Handle them."""
        if self.inbox.process(lambda _event, _connection: None) != EACH:
            raise AssertionError("not every event was handled")

    def received(self) -> float:
        """A turn of receiving alone."""
        callbacks = self.callbacks()
        spent = _microseconds(lambda: self.receive(callbacks))
        self.process()
        return spent

    def handled(self) -> float:
        """A turn of both."""
        callbacks = self.callbacks()

        def both() -> None:
            self.receive(callbacks)
            self.process()

        return _microseconds(both)


Statements: TypeAlias = list[tuple[str, Any]]


class _Floor:
    """The statements of an inbox for callbacks, without the inbox: with the same verification and masking.

    One inbox works, unmeasured, and its statements are recorded; they are replayed on a database of the same state.

    Args:
        noted: The inbox.
        engine: Of the other database.
    """

    def __init__(self, noted: _Inbox, engine: Engine) -> None:
        self.noted = noted
        self.engine = engine
        self.verifier = noted.keys.verifier()
        self.transactions: list[Statements] = [[]]
        event.listen(noted.inbox.engine, "before_cursor_execute", self.note)
        event.listen(noted.inbox.engine, "commit", lambda _: self.transactions.append([]))

    def note(self, _: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        """Called by SQLAlchemy."""
        if not statement.startswith("BEGIN"):
            self.transactions[-1].append((statement, parameters))

    def received(self) -> float:
        """A turn of receiving alone."""
        callbacks = self.noted.callbacks()
        spent = self._again(callbacks, lambda: self.noted.receive(callbacks))
        self._again([], self.noted.process)
        return spent

    def handled(self) -> float:
        """A turn of both."""
        callbacks = self.noted.callbacks()

        def both() -> None:
            self.noted.receive(callbacks)
            self.noted.process()

        return self._again(callbacks, both)

    def _again(self, callbacks: Callbacks, work: Callable[[], None]) -> float:
        self.transactions = [[]]
        work()
        transactions = [statements for statements in self.transactions if statements]

        def again() -> None:
            # each callback is stored in a separate transaction
            for callback, statements in zip_longest(callbacks, transactions):
                if callback is not None:
                    readable(self.verifier.verify(*callback).body)
                self._execute(statements)

        return _microseconds(again)

    def _execute(self, statements: Statements) -> None:
        with self.engine.begin() as connection:
            for statement, parameters in statements:
                result = connection.exec_driver_sql(statement, parameters)
                if result.returns_rows:
                    result.all()


def _measure(
    bench: Bench,
    kind: str,
    new: Callable[[str], AbstractContextManager[tuple[str, Any]]],
    serial: str,
    mark: str,
) -> Row:
    keys = material.Keys.new()
    body = material.callback()
    message = signing_message(body, 1)
    signature, public = keys.private.sign(message, PKCS1, SHA256), keys.private.public_key()

    def verify_and_commit() -> None:
        for _ in range(EACH):
            public.verify(signature, message, PKCS1, SHA256)
            commit()

    def commits() -> None:
        # a handler runs in the transaction that marks its event as done; ten are claimed in one more
        for _ in range(2 * EACH + 1):
            commit()

    with ExitStack() as stack:
        (_, bare), *databases = [stack.enter_context(new(name)) for name in ("bare", "ours", "noted", "again")]
        commit = bare_commit(bare, serial, mark)
        inboxes = [
            stack.enter_context(CallbackInbox(url, verifier=keys.verifier(), environ={})) for url, _ in databases
        ]
        for inbox in inboxes:
            inbox.create_schema()
        ours = _Inbox(inboxes[0], keys)
        floor = _Floor(_Inbox(inboxes[1], keys), inboxes[2].engine)
        turns: dict[str, Turn] = {
            "one bare commit + RSA verify": lambda: _microseconds(verify_and_commit),
            "receive": ours.received,
            "floor: its statements through SQLAlchemy": floor.received,
            "2.1 bare commits": lambda: _microseconds(commits),
            "receive and process": ours.handled,
            "floor: these statements through SQLAlchemy": floor.handled,
        }
        for turn in turns.values():
            turn()
        series = bench.interleave(turns, 60)
    return _row(kind, series)


def _row(key: str, series: Series) -> Row:
    row = Row(
        series,
        claims={
            f"inbox-{key}-receive": ratios(series, "receive", "one bare commit + RSA verify"),
            f"inbox-{key}-process": ratios(series, "receive and process", "2.1 bare commits"),
        },
    )
    if key == "postgresql":
        row.claims["inbox-postgresql-floor"] = ratios(series, "receive", "floor: its statements through SQLAlchemy")
    return row


def _microseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / EACH * 1e6
