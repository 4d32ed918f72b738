"""A full disk, a locked database, a lost connection: no 200 while they last, nothing lost when they end."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import sys
import threading
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from highhelp import AsyncCallbackInbox, CallbackInbox, Money, SettingsError
from highhelp.storage import engine as engines
from highhelp.storage import migrate
from highhelp.storage.database import Database
from highhelp.storage.tables import METADATA, REVISION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from highhelp import CallbackEvent
    from highhelp_mock import MockGateway, Outgoing


def take(inbox: CallbackInbox, outgoing: Outgoing) -> int:
    return inbox.receive(outgoing.body, outgoing.headers)[0]


def everything_is_handled(inbox: CallbackInbox, acknowledged: set[str]) -> None:
    handled: list[str] = []
    while inbox.process(lambda event: handled.append(event.payment_id)):
        pass
    assert len(handled) == len(set(handled))
    assert set(handled) == acknowledged


def test_a_handler_that_kills_its_worker_parks_one_event(gateway: MockGateway, sqlite: str) -> None:
    handled: list[str] = []

    def handler(event: CallbackEvent, _: sa.Connection) -> None:
        if event.payment_id == "order-0":
            raise SystemExit  # as if it were killed
        handled.append(event.payment_id)

    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        for number in range(4):
            assert take(inbox, gateway.signed_callback(f"order-{number}", "success")) == 200
        for _ in range(13):
            with suppress(SystemExit):
                inbox.process(handler)
            gateway.travel(61)
        states = {row["payment_id"]: (row["state"], row["attempts"]) for row in inbox.list()}
    assert handled == ["order-1", "order-2", "order-3"]
    assert states == {"order-0": ("parked", 12), **{f"order-{number}": ("done", 2) for number in (1, 2, 3)}}


def test_a_sum_that_is_wrong_twice_stops_no_other_event(gateway: MockGateway, url: str) -> None:
    handled: list[str] = []
    right = Money("100.00", "RUB")
    info = {"payment_info": {"amount": right.minor, "currency": "RUB"}}
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        again = gateway.signed_callback("order-1", "success", body=info)
        for expected in (Money("1.00", "RUB"), right):
            inbox.expect("order-1", expected, project_id=gateway.project_id)
            assert take(inbox, again) == 200
        inbox.expect("order-1", Money("1.00", "RUB"), project_id=gateway.project_id)
        assert take(inbox, gateway.signed_callback("order-2", "success", body=info)) == 200
        while inbox.process(lambda event: handled.append(event.payment_id)):
            pass
        states = sorted((row["payment_id"], row["state"]) for row in inbox.list())
    assert handled == ["order-2"]
    assert states == [("order-1", "parked"), ("order-1", "parked"), ("order-2", "done")]


def test_a_full_disk(gateway: MockGateway, sqlite: str) -> None:
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        inbox.create_schema()

        def limit(connection: sqlite3.Connection, pages: int) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        with inbox.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        sa.event.listen(inbox.engine, "checkout", lambda connection, *_: limit(connection, pages + 20))
        acknowledged, refused = set(), []
        for number in range(200):
            sent = gateway.signed_callback(f"order-{number}", "success")
            status = take(inbox, sent)
            assert status in (200, 503)
            if status == 200:
                acknowledged.add(sent.payment_id)
            else:
                refused.append(sent)
        assert refused, "the disk was not full"
        assert acknowledged
        sa.event.listen(inbox.engine, "checkout", lambda connection, *_: limit(connection, 100_000))
        for sent in refused:  # the gateway sends again what was not acknowledged
            assert take(inbox, sent) == 200
            acknowledged.add(sent.payment_id)
        everything_is_handled(inbox, acknowledged)


def test_a_locked_database(gateway: MockGateway, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_BUSY_SECONDS", 0.05)
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        inbox.create_schema()
        sent = gateway.signed_callback("order-1", "success")
        blocker = sqlite3.connect(sqlite, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        assert take(inbox, sent) == 503
        assert take(inbox, gateway.signed_callback("x", "success", wrong_signature=True)) == 401
        with pytest.raises(sa.exc.OperationalError):
            inbox.process(lambda event: None)
        blocker.execute("ROLLBACK")
        blocker.close()
        assert take(inbox, sent) == 200
        everything_is_handled(inbox, {"order-1"})


@pytest.fixture
def cut(postgres: str, postgres_server: sa.Engine) -> Iterator[Callable[[], None]]:
    """Ends every connection to the database."""
    name = postgres.rpartition("/")[2]

    def now() -> None:
        with postgres_server.connect() as connection:
            connection.exec_driver_sql(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )

    yield now
    # the driver leaves a connection that broke to the garbage collector, which finds a socket open and, since Python
    # 3.13, a buffer that cannot be sent: here, not in another test
    told = sys.unraisablehook
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore", ResourceWarning)
        patch.setattr(sys, "unraisablehook", lambda one: None if one.exc_type is BrokenPipeError else told(one))
        gc.collect()


def test_a_lost_connection(gateway: MockGateway, postgres: str, cut: Callable[[], None]) -> None:
    with CallbackInbox(postgres, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        inbox.create_schema()
        cuts = iter([True, True])
        acknowledged: set[str] = set()

        def before_insert(connection: object, cursor: object, statement: str, *_: object) -> None:
            if "INSERT INTO highhelp_events" in statement and next(cuts, False):
                cut()

        sa.event.listen(inbox.engine, "before_cursor_execute", before_insert)
        statuses = []
        for number in range(4):
            sent = gateway.signed_callback(f"order-{number}", "success")
            while (status := take(inbox, sent)) != 200:
                statuses.append(status)
            acknowledged.add(sent.payment_id)
        assert statuses == [], "what was lost before its commit is stored by another attempt"
        runs: list[str] = []

        def handler(event: object, connection: sa.Connection) -> None:
            runs.append("run")
            if len(runs) == 1:
                cut()

        assert inbox.process(handler) == 3
        gateway.travel(61)
        assert inbox.process(handler) == 1
        assert {row["state"] for row in inbox.list()} == {"done"}


def test_a_connection_that_died_unused_is_replaced(
    gateway: MockGateway, postgres: str, cut: Callable[[], None]
) -> None:
    with CallbackInbox(postgres, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        assert take(inbox, gateway.signed_callback("order-1", "success")) == 200
        cut()
        assert take(inbox, gateway.signed_callback("order-2", "success")) == 200
        cut()
        everything_is_handled(inbox, {"order-1", "order-2"})


def test_transaction_lost_in_its_commit_is_not_repeated(postgres: str, cut: Callable[[], None]) -> None:
    database = Database(postgres, environ={})
    database.create_schema()
    sa.event.listen(database.engine, "commit", lambda _: cut())
    calls: list[int] = []

    def function(connection: sa.Connection) -> None:
        calls.append(connection.exec_driver_sql("SELECT 1").scalar_one())

    with pytest.raises(sa.exc.OperationalError):
        database.write(function)
    assert calls == [1], "whether it was committed is not known"
    database.close()


def test_commit_turned_into_a_rollback_is_an_error(postgres: str) -> None:
    engine = engines.make_engine(postgres)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE numbers (number INTEGER)")
        with pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql("SELECT 1/0")
        with pytest.raises(sa.exc.DBAPIError):
            connection.commit()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT to_regclass('numbers')").scalar_one() is None
    engine.dispose()


@pytest.mark.parametrize("used", [False, True])
def test_only_first_of_two_transactions_is_kept(postgres: str, *, used: bool) -> None:
    engine = engines.make_engine(postgres)
    if used:  # a pooled connection begins differently from a new one
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE numbers (number INTEGER)")
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO numbers VALUES (1)")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM numbers").scalar_one() == 0
    engine.dispose()


def test_run_outlives_a_database_that_goes_away(gateway: MockGateway, sqlite: str) -> None:
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        inbox.create_schema()
        take(inbox, gateway.signed_callback("order-1", "success"))
        failing = iter([True, True])

        def away(*_: object) -> None:
            if next(failing, False):
                raise sqlite3.OperationalError("disk I/O error")

        sa.event.listen(inbox.engine, "begin", away)
        stop = threading.Event()
        inbox.run(lambda event: stop.set(), stop=stop, poll=0.01)
        assert [row["state"] for row in inbox.list()] == ["done"]


def test_a_server_that_is_not_there_is_no_200(gateway: MockGateway) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:9/nothing"
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        assert take(inbox, gateway.signed_callback("order-1", "success")) == 503
        assert "secret" not in repr(inbox) + repr(inbox.engine) + repr(vars(inbox))


@pytest.mark.parametrize(("version", "hint"), [("0000", "newer version"), ("9999", "newer version")])
def test_tables_of_another_version_are_refused(gateway: MockGateway, url: str, version: str, hint: str) -> None:
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        inbox.create_schema()
        with inbox.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE highhelp_schema_version SET version_num = '{version}'")
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        with pytest.raises(SettingsError, match=hint):
            inbox.process(lambda event: None)
        assert take(inbox, gateway.signed_callback("order-1", "success")) == 503
    with pytest.raises(SettingsError, match=hint):
        CallbackInbox.upgrade(url)


def test_older_tables_are_refused_with_the_command_that_helps(
    gateway: MockGateway, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        inbox.create_schema()
    monkeypatch.setattr(migrate, "REVISION", "9999")
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        with pytest.raises(SettingsError, match="highhelp db upgrade"):
            inbox.process(lambda event: None)
        assert take(inbox, gateway.signed_callback("order-1", "success")) == 503


def test_the_migrations_make_the_tables_of_the_code(gateway: MockGateway, url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    assert CallbackInbox.upgrade(url) == (None, REVISION)
    assert CallbackInbox.upgrade(url) == (REVISION, REVISION)
    assert migrate.revisions()[-1] == REVISION
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        assert take(inbox, gateway.signed_callback("order-1", "success")) == 200
        with inbox.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": "highhelp_schema_version"})
            told = [one for one in compare_metadata(context, METADATA) if "schema_version" not in str(one)]
    assert told == []


def test_several_processes_may_be_the_first(gateway: MockGateway, url: str) -> None:
    boxes = [CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) for _ in range(4)]
    start, failed = threading.Barrier(4), []

    def first(box: CallbackInbox) -> None:
        start.wait()
        try:
            box.create_schema()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failed.append(error)

    threads = [threading.Thread(target=first, args=(box,)) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for box in boxes:
        box.close()
    assert failed == []


def test_a_database_that_forgets_commits_is_told_not_to(postgres: str, postgres_server: sa.Engine) -> None:
    name = postgres.rpartition("/")[2]
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    engine = engines.make_engine(postgres)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
    engine.dispose()


def test_sqlite_keeps_its_promises(tmp_path: Path) -> None:
    engine = engines.make_engine(str(tmp_path / "x.db"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 5000
    engine.dispose()


def test_merchants_statements_in_autocommit_mode_are_kept(gateway: MockGateway, url: str) -> None:
    with CallbackInbox(url, verifier=gateway.verifier(), environ={}) as inbox:
        with inbox.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
        alone = inbox.engine.execution_options(isolation_level="AUTOCOMMIT")
        for _ in range(2):  # a new connection, and one that the pool had
            with alone.connect() as connection:
                connection.exec_driver_sql("INSERT INTO notes VALUES ('x')")
        with inbox.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar_one() == 2


def test_the_same_on_an_event_loop(gateway: MockGateway, url: str) -> None:
    async def kept() -> int:
        async with AsyncCallbackInbox(url, verifier=gateway.verifier(), environ={}) as inbox:
            async with inbox.engine.begin() as connection:
                await connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
            alone = inbox.engine.execution_options(isolation_level="AUTOCOMMIT")
            for _ in range(2):
                async with alone.connect() as connection:
                    await connection.exec_driver_sql("INSERT INTO notes VALUES ('x')")
            async with inbox.engine.connect() as connection:
                return int((await connection.exec_driver_sql("SELECT count(*) FROM notes")).scalar_one())

    assert asyncio.run(kept()) == 2
