"""The inbox sets what it relies on: isolation, durability, encoding; and errors say why."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from highhelp import (
    AsyncCallbackInbox,
    CallbackInbox,
    HighHelp,
    PayoutBook,
    PayoutConflict,
    PayoutGuard,
    SettingsError,
    cli,
)
from highhelp.settings import Source
from highhelp.storage.database import AsyncDatabase, Database
from highhelp.storage.encryption import BodyCipher
from highhelp.storage.engine import cause
from highhelp.storage.inspection import inspect_database
from highhelp.storage.migrate import REVISION
from highhelp_mock import MockGateway
from highhelp_signing import generate_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_mock import Outgoing
    from highhelp_mock.simulation.projects import Keys

STORED = Path(__file__).parent / "stored"
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def take(inbox: CallbackInbox, sent: Outgoing) -> int:
    return inbox.receive(sent.body, sent.headers)[0]


def as_psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


# --- isolation ------------------------------------------------------------------------------------------------------


@pytest.fixture
def serializable(postgres: str, postgres_server: sa.Engine) -> str:
    name = postgres.rpartition("/")[2]
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    return postgres


def test_default_isolation_of_the_server_has_no_effect(serializable: str, gateway: MockGateway) -> None:
    with CallbackInbox(serializable, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        answers: list[int] = []
        failed: list[BaseException] = []

        def send(sender: int) -> None:
            sent = [gateway.signed_callback(f"order-{sender}-{number}", "success") for number in range(10)]
            answers.extend(take(inbox, one) for one in sent)

        def work() -> None:
            try:
                for _ in range(20):
                    inbox.process(lambda event, connection: None)
            except sa.exc.DBAPIError as error:
                failed.append(error)

        threads = [threading.Thread(target=send, args=(sender,)) for sender in range(6)]
        threads += [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert answers == [200] * 60
        with inbox.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "read committed"


def test_given_engine_is_used_with_read_committed(serializable: str, gateway: MockGateway) -> None:
    engine = sa.create_engine(as_psycopg(serializable), isolation_level="SERIALIZABLE")
    with CallbackInbox(engine=engine, verifier=gateway.verifier(), environ={}) as inbox:
        with inbox.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "read committed"
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "serializable"
    engine.dispose()


def deadlock(failures: int) -> Any:
    """A function that is rolled back as the victim of a deadlock so often."""
    left = iter(range(failures))

    def function(connection: sa.Connection) -> str:
        if next(left, None) is not None:
            connection.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
        connection.exec_driver_sql("INSERT INTO notes VALUES (1)")
        return "written"

    return function


@pytest.mark.parametrize("asynchronous", [False, True])
def test_victim_of_a_deadlock_is_repeated(postgres: str, *, asynchronous: bool) -> None:
    database = Database(postgres, environ={})
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (n INTEGER)")

    async def write(failures: int) -> str:
        other = AsyncDatabase(postgres, environ={})
        try:
            return str(await other.write(deadlock(failures)))
        finally:
            await other.close()

    def written(failures: int) -> str:
        return asyncio.run(write(failures)) if asynchronous else str(database.write(deadlock(failures)))

    assert written(4) == "written"
    with pytest.raises(sa.exc.OperationalError, match="x"):
        written(5)
    assert database.read(lambda connection: connection.exec_driver_sql("SELECT n FROM notes").all()) == [(1,)]
    database.close()


# --- a connection that is lost, a commit that is not durable ----------------------------------------------------------


@pytest.fixture
def database(sqlite: str) -> Iterator[Database]:
    with closing(Database(sqlite, environ={})) as made:
        yield made


@pytest.fixture
def on_postgres(postgres: str) -> Iterator[Database]:
    with closing(Database(postgres, environ={})) as made:
        yield made


def lost(sqlstate: str | None = None) -> sa.exc.DBAPIError:
    reason: Any = OSError("the server closed the connection")
    reason.sqlstate = sqlstate
    return sa.exc.OperationalError("", None, reason, connection_invalidated=True)


@pytest.mark.parametrize("sqlstate", [None, "57P01"])
def test_connection_lost_before_the_commit_is_replaced(database: Database, sqlstate: str | None) -> None:
    calls: list[None] = []

    def function(_: sa.Connection) -> str:
        calls.append(None)
        if len(calls) == 1:
            raise lost(sqlstate)
        return "written"

    assert database.write(function) == "written"
    assert len(calls) == 2


@pytest.mark.parametrize("sqlstate", [None, "57P01", "40001"])
def test_connection_lost_in_the_commit_repeats_nothing(database: Database, sqlstate: str | None) -> None:
    database.create_schema()
    calls: list[None] = []

    def fails(_: sa.Connection) -> None:
        raise lost(sqlstate)

    sa.event.listen(database.engine, "commit", fails)
    with pytest.raises(sa.exc.OperationalError, match="closed the connection"):
        database.write(lambda _: calls.append(None))
    assert len(calls) == 1, "it may have been committed"


WARN = """
CREATE TABLE notes (n INTEGER);
CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'x'; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER warns AFTER INSERT ON notes {when} FOR EACH ROW EXECUTE FUNCTION warn();
"""


@pytest.mark.parametrize(
    ("when", "refused"), [("NOT DEFERRABLE", False), ("DEFERRABLE INITIALLY DEFERRED", True)], ids=["before", "during"]
)
def test_only_a_warning_during_the_commit_is_an_error(on_postgres: Database, when: str, *, refused: bool) -> None:
    on_postgres.create_schema()
    on_postgres.write(lambda connection: connection.exec_driver_sql(WARN.format(when=when)))

    def write() -> None:
        on_postgres.write(lambda connection: connection.exec_driver_sql("INSERT INTO notes VALUES (1)"))

    if refused:
        with pytest.raises(sa.exc.InternalError, match="standby"):
            write()
    else:
        write()


def test_sqlite_flushes_the_disk_cache_at_each_commit(database: Database) -> None:
    asked = ("synchronous", "fullfsync", "journal_mode")
    found = database.read(lambda it: [it.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in asked])
    assert found == [2, 1, "wal"]


def test_sqlite_waits_five_seconds_for_another_writer(database: Database) -> None:
    assert database.read(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout").scalar()) == 5000


def test_reader_does_not_wait_for_a_writer(database: Database) -> None:
    database.create_schema()

    def read_meanwhile(_: sa.Connection) -> int:
        return int(database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar_one()))

    assert database.write(read_meanwhile) == 1


def test_argument_precedes_the_key_of_the_environment(sqlite: str) -> None:
    other = "YWJjZGVmZ2hpamtsbW5vcGFiY2RlZmdoaWprbG1ub3A="
    database = Database(sqlite, database_key=KEY, environ={"HIGHHELP_DATABASE_KEY": other})
    assert database.cipher is not None
    assert database.cipher.key_name == BodyCipher(KEY).key_name
    database.close()


# --- event loops ----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_async_inbox_serves_one_event_loop_after_another(url: str, gateway: MockGateway) -> None:
    inbox = AsyncCallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={})

    async def receive(payment_id: str) -> int:
        sent = gateway.signed_callback(payment_id, "success")
        return (await inbox.receive(sent.body, sent.headers))[0]

    assert [asyncio.run(receive(f"order-{number}")) for number in range(4)] == [200] * 4
    assert len(asyncio.run(inbox.list())) == 4
    asyncio.run(inbox.close())


def test_async_inbox_serves_event_loops_at_once(url: str, gateway: MockGateway) -> None:
    inbox = AsyncCallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={})
    answers: list[int] = []
    both = threading.Barrier(2)

    async def receive(sender: int) -> None:
        for number in range(5):
            sent = gateway.signed_callback(f"order-{sender}-{number}", "success")
            answers.append((await inbox.receive(sent.body, sent.headers))[0])
        both.wait(10)  # neither loop ends before the other one has written

    threads = [threading.Thread(target=lambda one=one: asyncio.run(receive(one))) for one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 10
    asyncio.run(inbox.close())


def test_given_async_engine_is_used_by_one_event_loop(postgres: str, gateway: MockGateway) -> None:
    async def stats(inbox: AsyncCallbackInbox) -> dict[str, Any]:
        return await inbox.stats()

    engine = create_async_engine(as_psycopg(postgres))
    inbox = AsyncCallbackInbox(engine=engine, verifier=gateway.verifier(), environ={})

    async def first() -> None:
        await inbox.stats()
        await inbox.close()
        async with engine.connect() as connection:  # close() has left it open
            await connection.exec_driver_sql("SELECT 1")
        await engine.dispose()

    asyncio.run(first())
    with pytest.raises(SettingsError, match="NullPool"):
        asyncio.run(stats(inbox))
    free = create_async_engine(as_psycopg(postgres), poolclass=sa.NullPool)
    other = AsyncCallbackInbox(engine=free, verifier=gateway.verifier(), environ={})
    assert asyncio.run(stats(other)) == asyncio.run(stats(other))


# --- an engine of the merchant's ------------------------------------------------------------------------------------


def engine_of(url: str) -> sa.Engine:
    return sa.create_engine(as_psycopg(url) if "://" in url else f"sqlite:///{url}")


def test_given_engine_is_made_durable(url: str, gateway: MockGateway) -> None:
    engine = engine_of(url)
    with engine.connect() as connection:  # the pool has a connection that knows nothing of an inbox
        connection.exec_driver_sql("SELECT 1")
    with CallbackInbox(engine=engine, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        sent = gateway.signed_callback("order-1", "success")
        assert take(inbox, sent) == take(inbox, sent) == 200
        assert inbox.process(lambda event, connection: None) == 1
        question = "PRAGMA synchronous" if engine.dialect.name == "sqlite" else "SHOW synchronous_commit"
        with inbox.engine.connect() as connection:
            assert connection.exec_driver_sql(question).scalar_one() in (2, "on")
    with engine.connect() as connection:  # close() has left it open
        assert connection.exec_driver_sql("SELECT count(*) FROM highhelp_events").scalar_one() == 1
    engine.dispose()


def test_given_engine_of_a_forgetful_server_is_made_durable(
    postgres: str, postgres_server: sa.Engine, gateway: MockGateway
) -> None:
    name = postgres.rpartition("/")[2]
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    engine = engine_of(postgres)
    with CallbackInbox(engine=engine, verifier=gateway.verifier(), environ={}) as inbox:
        for _ in range(2):
            with inbox.engine.connect() as connection:
                assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
    engine.dispose()


def test_given_engine_shows_no_values_in_errors(url: str, gateway: MockGateway) -> None:
    engine = engine_of(url)
    with CallbackInbox(engine=engine, verifier=gateway.verifier(), environ={}) as inbox:
        inbox.create_schema()
        wrong = sa.text("SELECT :value FROM nothing")
        with pytest.raises(sa.exc.DBAPIError) as caught, inbox.engine.connect() as connection:
            connection.execute(wrong, {"value": "4000001234567899"})
        assert "4000001234567899" not in str(caught.value)
    engine.dispose()


def test_given_engine_that_cannot_serve_is_refused(tmp_path: Path, gateway: MockGateway) -> None:
    other = SimpleNamespace(paramstyle="pyformat", Error=Exception)
    for engine in (sa.create_engine("sqlite://"), sa.create_engine("mysql+pymysql://h/x", module=other)):
        with pytest.raises(SettingsError, match="engine"):
            CallbackInbox(engine=engine, verifier=gateway.verifier(), environ={})
    file = tmp_path / "x.db"
    with pytest.raises(SettingsError, match="omit the url"):
        CallbackInbox(file, engine=engine_of(str(file)), verifier=gateway.verifier(), environ={})


def test_given_engine_that_begins_by_itself_accepts_nothing(sqlite: str, gateway: MockGateway) -> None:
    engine = engine_of(sqlite)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with CallbackInbox(engine=engine, verifier=gateway.verifier(), environ={}) as inbox:
        with pytest.raises(sa.exc.OperationalError, match="within a transaction"):
            inbox.create_schema()
        assert take(inbox, gateway.signed_callback("order-1", "success")) == 503
    engine.dispose()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def latin1(postgres: str, postgres_server: sa.Engine) -> Iterator[str]:
    name = postgres.rpartition("/")[2] + "_latin1"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    yield postgres + "_latin1"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def test_database_of_another_encoding_is_refused(
    latin1: str, gateway: MockGateway, caplog: pytest.LogCaptureFixture
) -> None:
    with CallbackInbox(latin1, verifier=gateway.verifier(), environ={}) as inbox:
        with pytest.raises(SettingsError, match=r"LATIN1.*UTF8"):
            inbox.create_schema()
        assert take(inbox, gateway.signed_callback("order-1", "success")) == 503
    assert "LATIN1" in caplog.text


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    generate_home(tmp_path / "home", base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "home"))
    return tmp_path


def test_command_names_the_cause(
    home: Path, postgres: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").touch()
    for url, words in (
        ("postgresql://nobody:s3cret@127.0.0.1:1/x", "refused"),
        (f"{postgres}_absent", "_absent"),
        (postgres.replace("//postgres@", "//nobody:s3cret@"), "user and password"),
        (str(home / "file" / "x.db"), "open"),
    ):
        monkeypatch.setenv("HIGHHELP_DATABASE_URL", url)
        assert cli.main(["inbox", "stats"]) == 2
        err = capsys.readouterr().err
        assert words in err
        assert "s3cret" not in err
        assert "Traceback" not in err


def test_cause_shows_sqlstate_and_no_value(postgres: str) -> None:
    database = Database(postgres, environ={})
    database.create_schema()
    statements = {
        "SELECT CAST('value 4000001234567899' AS INTEGER)": "SQLSTATE 22P02",
        "SELECT * FROM nothing": "SQLSTATE 42P01",
        "SET TRANSACTION READ ONLY; DELETE FROM highhelp_events": "read-only",
    }
    for statement, words in statements.items():
        with pytest.raises(sa.exc.DBAPIError) as caught, database.engine.connect() as connection:
            connection.exec_driver_sql(statement)
        assert words in cause(caught.value)
        assert "4000001234567899" not in cause(caught.value)
    sqlite = sa.exc.OperationalError("", None, sqlite3.OperationalError("near 4000001234567899 " + "x" * 400))
    assert cause(sqlite).startswith("OperationalError: near ***")
    assert len(cause(sqlite)) < 330
    assert cause(ValueError("4000001234567899")) == "ValueError"
    assert cause(SettingsError("x", "is wrong")) == "x: is wrong"
    database.close()


def test_missing_driver_is_named(gateway: MockGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"psycopg: pip install 'highhelp\[postgres\]'"):
        CallbackInbox("postgresql://127.0.0.1/shop", verifier=gateway.verifier(), environ={})


# --- a database that an earlier version has made --------------------------------------------------------------------


@pytest.fixture
def stored(url: str) -> str:
    """A database written by the code before psycopg: handled, waiting, open and parked callbacks, two payouts."""
    kind = "postgresql" if "://" in url else "sqlite"
    script = (STORED / f"0002.{kind}.sql").read_text(encoding="utf-8")
    engine = engine_of(url)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if kind == "sqlite":
            driver.executescript(script)
        else:
            driver.execute(script)
            driver.commit()
    engine.dispose()
    return url


def test_stored_database_opens(stored: str, keys: Keys) -> None:
    project = "11111111-2222-4333-8444-555555555555"
    gateway = MockGateway(keys=keys, project_id=project, clock=lambda: 1_795_521_700.25)
    options: dict[str, Any] = {"clock": gateway.clock, "environ": {}, "database_key": KEY}
    assert CallbackInbox.upgrade(stored) == ("0002", REVISION)
    with CallbackInbox(stored, verifier=gateway.verifier(), outbox=True, **options) as inbox:
        assert inbox.stats()["states"] | {"done": 1, "received": 2, "parked": 1} == inbox.stats()["states"]
        assert take(inbox, gateway.signed_callback("handled", "decline")) == 200  # another end than the stored one
        seen: list[Any] = []
        assert inbox.process(seen.append, seen.append) == 2
        assert sorted((event.payment_id, event.is_final) for event in seen) == [("open", False), ("waiting", True)]
        assert all(event.body["general"]["payment_id"] == event.payment_id for event in seen)
        assert take(inbox, gateway.signed_callback("open", "success")) == 200
        assert inbox.process(seen.append) == 1
        states = {(row["payment_id"], row["state"], row["reason"]) for row in inbox.list()}
        assert {("handled", "parked", "conflict"), ("open", "done", None), ("late", "parked", "stale")} <= states
    with PayoutBook(stored, **options) as book:
        payouts = {
            payout.payment_id: SimpleNamespace(state=payout.state, amount=payout.amount) for payout in book.list()
        }
        assert payouts == {
            "prepared": SimpleNamespace(state="prepared", amount=1000),
            "settled": SimpleNamespace(state="settled", amount=1000),
        }
        assert book.show("prepared")["sealed"]


def test_tables_of_a_newer_version_are_left_alone(url: str) -> None:
    database = Database(url, environ={})
    change = "UPDATE highhelp_schema_version SET version_num = '9999'"
    database.write(lambda connection: connection.exec_driver_sql(change))
    database.close()
    with pytest.raises(SettingsError, match=r"9999.*use a newer version of highhelp"):
        CallbackInbox.upgrade(url)
    with (
        closing(Database(url, environ={})) as database,
        pytest.raises(SettingsError, match=r"9999.*use a newer version"),
    ):
        database.create_schema()


def test_inspection_creates_no_file(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    source = Source.load({"HIGHHELP_DATABASE_URL": str(file)}, None)
    assert inspect_database(source).version == "sqlite; the first use creates the file"
    assert not file.exists()
    with closing(Database(file, environ={})) as database:
        database.create_schema()
    assert inspect_database(source).version == f"sqlite; tables of version {REVISION}"


def test_stored_payouts_are_continued(stored: str, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "highhelp.transport.driver.time", SimpleNamespace(sleep=lambda _: None, monotonic=time.monotonic)
    )
    project = "11111111-2222-4333-8444-555555555555"
    gateway = MockGateway(keys=keys, project_id=project, clock=lambda: 1_795_521_700.25)
    now = int(gateway.clock() * 1000)
    engine = engine_of(stored)
    with engine.begin() as connection:  # a sender of the old version died; its lease ends in ten seconds
        connection.exec_driver_sql(
            "UPDATE highhelp_payouts SET state = 'sent', attempts = 1, lease_token = 'x', "
            f"lease_until = {now + 10_000} WHERE payment_id = 'prepared'"
        )
    engine.dispose()
    CallbackInbox.upgrade(stored)
    about: dict[str, Any] = {"project_id": project, "signer": gateway.signer, "clock": gateway.clock, "environ": {}}
    with HighHelp(base_url=gateway.base_url, transport=gateway.transport, **about) as client:
        options: dict[str, Any] = {"clock": gateway.clock, "environ": {}}
        with PayoutGuard(client, stored, database_key=KEY, **options) as guard:
            assert {(one.payment_id, one.gateway, one.confirmed) for one in guard.list()} == {
                ("prepared", None, False),
                ("settled", None, False),
            }
            for seconds, states in ((9, []), (1, ["unknown"]), (119, ["unknown"]), (1, ["prepared"])):
                gateway.travel(seconds)
                assert [one.state for one in guard.recover()] == states
            # its fingerprint is the old one, of the whole body
            sent = guard.resume("prepared")
            assert (sent.state, sent.attempts) == ("settled", 2)
            assert sent.gateway == guard._flows.gateway, "it is known once it is settled"
            assert guard.resume("settled").attempts == 1
            with pytest.raises(PayoutConflict):
                guard.prepare({"general": {"payment_id": "prepared"}, **PAYOUT}, operation="create_p2p_payout")
    assert [one.payment_id for one in gateway.payments] == ["prepared"]


PAYOUT = {
    "payment": {"amount": 1000, "currency": "RUB", "method": "card-p2p"},
    "receiver": {"pan": "2200000000000012"},
}
