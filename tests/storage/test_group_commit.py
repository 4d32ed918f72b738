"""Transactions of several threads are committed together, and none depends on the success of another."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from sqlalchemy.exc import InternalError

from highhelp.storage.database import Database
from highhelp.storage.group_commit import GroupCommit, _Job
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Counting(Database):
    """Count transactions, and hold the first one until it is released."""

    def __init__(self, url: str) -> None:
        super().__init__(url, environ={})
        self.transactions = 0
        self.go_on = threading.Event()

    def write(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.transactions += 1
        if self.transactions == 1:
            self.go_on.wait()
        return super().write(function, *args, **kwargs)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Counting]:
    made = Counting(str(tmp_path / "x.db"))
    made.create_schema()
    with made.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
    yield made
    made.close()


def note(text: str) -> Callable[..., str]:
    def function(connection: Any, now: int) -> str:
        assert now > 0
        if text == "bad":
            raise ValueError(text)
        connection.exec_driver_sql("INSERT INTO notes VALUES (?)", (text,))
        return text

    return function


def notes(database: Database) -> list[str]:
    return database.read(lambda it: sorted(it.exec_driver_sql("SELECT text FROM notes").scalars()))


def run_behind_a_slow_one(database: Counting, texts: list[str]) -> list[Any]:
    """One transaction is under way while the others come."""
    group = GroupCommit(database)
    with ThreadPoolExecutor(len(texts) + 1) as pool:
        first = pool.submit(group.write, note("first"))
        eventually(lambda: database.transactions == 1)
        others = [pool.submit(group.write, note(text)) for text in texts]
        eventually(lambda: len(group._waiting) == len(texts))
        database.go_on.set()
        assert first.result() == "first"
        return [one.exception() or one.result() for one in others]


def test_those_that_wait_share_one_transaction(database: Counting) -> None:
    assert run_behind_a_slow_one(database, ["a", "b", "c"]) == ["a", "b", "c"]
    assert database.transactions == 2
    assert notes(database) == ["a", "b", "c", "first"]


def test_one_that_fails_does_not_harm_the_others(database: Counting) -> None:
    a, bad, c = run_behind_a_slow_one(database, ["a", "bad", "c"])
    assert (a, c) == ("a", "c")
    assert isinstance(bad, ValueError)
    assert notes(database) == ["a", "c", "first"]


def test_a_commit_that_fails_is_not_tried_again(database: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Counting.write

    def broken(self: Counting, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = plain(self, function, *args, **kwargs)
        if self.transactions > 1:
            raise OSError("the answer to COMMIT was lost")
        return result

    monkeypatch.setattr(Counting, "write", broken)
    outcomes = run_behind_a_slow_one(database, ["a", "b"])
    assert [type(one) for one in outcomes] == [OSError, OSError]
    assert database.transactions == 2, "the outcome is unknown, so nothing is repeated"


def test_an_interrupted_leader_passes_the_lead_on(database: Counting) -> None:
    group = GroupCommit(database)

    def interrupted(_: Any, now: int) -> None:
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(group.write, interrupted)
        eventually(lambda: database.transactions == 1)
        second = pool.submit(group.write, note("second"))
        eventually(lambda: len(group._waiting) == 1)
        database.go_on.set()
        assert isinstance(first.exception(), KeyboardInterrupt)
        assert second.result() == "second"
    assert group.write(note("third")) == "third"


def test_ctrl_c_belongs_to_one_thread(database: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Counting.write

    def interrupt(self: Counting, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = plain(self, function, *args, **kwargs)
        if self.transactions == 2:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(Counting, "write", interrupt)
    group = GroupCommit(database)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(group.write, note("first"))
        eventually(lambda: database.transactions == 1)
        others = [pool.submit(group.write, note(text)) for text in ("a", "b")]
        eventually(lambda: len(group._waiting) == 2)
        database.go_on.set()
        assert first.result() == "first"
        kinds = {type(one.exception()) for one in others}
    assert kinds == {KeyboardInterrupt, InternalError}, "the other one's outcome is unknown, and it is told so"
    assert group.write(note("later")) == "later"


def test_an_interrupted_leader_without_a_transaction(database: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    group = GroupCommit(database)
    database.go_on.set()
    with monkeypatch.context() as patched:
        patched.setattr(GroupCommit, "_lead", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            group.write(note("never"))
    assert group.write(note("later")) == "later"
    assert notes(database) == ["later"]


def test_what_a_rolled_back_attempt_raised_is_forgotten(database: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def write(_: object, run: Callable[..., Any]) -> Any:
        with database.engine.begin() as connection:
            with suppress(ValueError):
                run(connection)  # the server rolls it back, and it is repeated
            run(connection)
        raise OSError("the answer to COMMIT was lost")

    def once_bad(connection: Any, now: int) -> None:
        calls.append("call")
        if len(calls) == 1:
            raise ValueError("deadlock")

    monkeypatch.setattr(Counting, "write", write)
    group = GroupCommit(database)
    waiting = [_Job(once_bad), _Job(note("b"))]
    group._commit(waiting)
    assert [type(job.error) for job in waiting] == [OSError, OSError]
    assert len(calls) == 2, "the outcome of the commit is unknown, so nothing is repeated"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_during_a_commit_leaves_the_child_free(database: Counting) -> None:
    group = GroupCommit(database)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(group.write, note("first"))
        eventually(lambda: database.transactions == 1)
        child = os.fork()
        if child == 0:
            database.go_on.set()
            done = threading.Thread(target=group.write, args=(note("child"),), daemon=True)
            done.start()
            done.join(20)
            os._exit(1 if done.is_alive() else 0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        database.go_on.set()
        assert first.result() == "first"
    assert notes(database) == ["child", "first"]


def test_an_interrupted_waiter_passes_the_lead_on(database: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    group = GroupCommit(database)

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            super().wait(timeout)
            raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(group.write, note("first"))
        eventually(lambda: database.transactions == 1)
        with monkeypatch.context() as patched:
            patched.setattr("highhelp.storage.group_commit.threading", SimpleNamespace(Event=Interrupted))
            second = pool.submit(group.write, note("second"))
            eventually(lambda: len(group._waiting) == 1)
        database.go_on.set()
        assert first.result() == "first"
        assert isinstance(second.exception(), KeyboardInterrupt)
    assert group.write(note("third")) == "third"
