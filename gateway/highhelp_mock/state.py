"""The gateway's memory on disk: an SQLite file, written before an answer leaves or an acknowledgement counts.

Keys and card numbers are not in it. Keys are in the home directory, and a project's payments come back when the project
is opened with them. Armed faults are not kept.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from highhelp_mock.books import Account
from highhelp_mock.records import delivery_from, delivery_record, payment_from, payment_record

if TYPE_CHECKING:
    from highhelp_mock.engine import Engine
    from highhelp_mock.outbox import Delivery
    from highhelp_mock.payments import Payment
    from highhelp_mock.projects import Project

__all__ = ["FORMAT", "StateError", "StateFile"]

FORMAT: Final = 1
"""Counts up when a file of an older version cannot be read any more."""

_MARK: Final = 0x48484D4B
"""SQLite's application id, which tells that a file is ours."""

_TABLES: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value REAL NOT NULL);
CREATE TABLE projects (number INTEGER PRIMARY KEY, project_id TEXT NOT NULL UNIQUE);
CREATE TABLE accounts (
    project_id TEXT, currency TEXT, available INTEGER NOT NULL, locked INTEGER NOT NULL,
    PRIMARY KEY (project_id, currency));
CREATE TABLE payments (
    number INTEGER PRIMARY KEY, project_id TEXT NOT NULL, payment_id TEXT NOT NULL, content TEXT NOT NULL,
    UNIQUE (project_id, payment_id));
CREATE TABLE callbacks (
    id INTEGER PRIMARY KEY, project_id TEXT NOT NULL, payment_id TEXT NOT NULL, content TEXT NOT NULL);
CREATE INDEX callbacks_of_a_payment ON callbacks (project_id, payment_id);
"""


class StateError(ValueError):
    """A state file cannot be used; the text names it and says why."""


class StateFile:
    """An open state file. Not safe between threads: its owner locks.

    Args:
        path: made where there is none.

    Raises:
        StateError: it cannot be read or written, is in use, is something else, or of another version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._offset = 0.0
        self._next_id = 1
        self._connection = self._opened()
        facts = dict(self._connection.execute("SELECT name, value FROM facts").fetchall())
        self._offset = float(facts.get("clock_offset", 0.0))
        self._next_id = int(facts.get("next_callback", 1))

    def close(self) -> None:
        """Close it; everything is on disk already."""
        self._connection.close()

    @property
    def clock_offset(self) -> float:
        """Seconds by which the gateway's clock was ahead."""
        return self._offset

    @property
    def next_callback(self) -> int:
        """The next number of a callback."""
        return self._next_id

    @property
    def first_project(self) -> str | None:
        """The id of the project that the file was made with."""
        row = self._connection.execute("SELECT project_id FROM projects ORDER BY number LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def open_project(self, project: Project) -> tuple[list[Payment], list[Delivery]]:
        """Bring back the books of a project; note it where it is new.

        Returns:
            Its payments and their callbacks, in the order in which they came up.

        Raises:
            StateError: what is there cannot be read.
        """
        name = (project.project_id,)
        try:
            known = self._connection.execute("SELECT 1 FROM projects WHERE project_id = ?", name).fetchone()
            if known is None:
                with self._connection:
                    self._connection.execute("INSERT INTO projects (project_id) VALUES (?)", name)
                    for currency in project.books.accounts:
                        self._write_account(project, currency)
                return [], []
            rows = self._connection.execute(
                "SELECT currency, available, locked FROM accounts WHERE project_id = ? ORDER BY rowid", name
            )
            project.books.accounts = {currency: Account(available, locked) for currency, available, locked in rows}
            texts = self._connection.execute(
                "SELECT content FROM payments WHERE project_id = ? ORDER BY number", name
            ).fetchall()
            payments = {payment.payment_id: payment for payment in (payment_from(text) for (text,) in texts)}
            told = self._connection.execute(
                "SELECT payment_id, content FROM callbacks WHERE project_id = ? ORDER BY id", name
            ).fetchall()
            return list(payments.values()), [delivery_from(text, payments[key]) for key, text in told]
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            raise StateError(f"{self.path}: its content cannot be read ({type(error).__name__})") from None

    def write(self, engine: Engine) -> None:
        """Put on disk what has changed since the last time, all or nothing.

        Raises:
            StateError: it cannot be written; the next write tries again.
        """
        changes = engine.changes
        offset, next_id = engine.clock.offset, engine.outbox.upcoming
        if changes.empty and (offset, next_id) == (self._offset, self._next_id):
            return
        try:
            with self._connection:
                self._write(engine, offset, next_id)
        except sqlite3.Error as error:
            raise StateError(f"{self.path}: cannot be written: {error}") from None
        changes.clear()
        self._offset, self._next_id = offset, next_id

    def _write(self, engine: Engine, offset: float, next_id: int) -> None:
        changes, run = engine.changes, self._connection
        if changes.cleared:
            # what belongs to projects that are not open stays: nobody has seen it here
            for project_id in engine.projects:
                run.execute("DELETE FROM payments WHERE project_id = ?", (project_id,))
                run.execute("DELETE FROM callbacks WHERE project_id = ?", (project_id,))
        for key in changes.forgotten:
            run.execute("DELETE FROM payments WHERE project_id = ? AND payment_id = ?", key)
            run.execute("DELETE FROM callbacks WHERE project_id = ? AND payment_id = ?", key)
        for key in changes.payments:
            payment = engine.find(*key)
            if payment is not None:
                run.execute(
                    "INSERT INTO payments (project_id, payment_id, content) VALUES (?, ?, ?) "
                    "ON CONFLICT (project_id, payment_id) DO UPDATE SET content = excluded.content",
                    (*key, payment_record(payment)),
                )
        for number in changes.callbacks:
            delivery = engine.outbox.get(number)
            if delivery is not None:
                run.execute(
                    "INSERT INTO callbacks (id, project_id, payment_id, content) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (id) DO UPDATE SET content = excluded.content",
                    (number, delivery.project_id, delivery.payment_id, delivery_record(delivery)),
                )
        for project_id, currency in changes.accounts:
            self._write_account(engine.projects[project_id], currency)
        facts = (("clock_offset", offset), ("next_callback", next_id))
        run.executemany(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", facts
        )

    def _write_account(self, project: Project, currency: str) -> None:
        account = project.books.account(currency)
        self._connection.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT (project_id, currency) "
            "DO UPDATE SET available = excluded.available, locked = excluded.locked",
            (project.project_id, currency, account.available, account.locked),
        )

    def _opened(self) -> sqlite3.Connection:
        try:
            # nobody else's business, also what SQLite puts beside it: that gets the file's own permissions
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            connection = sqlite3.connect(self.path, timeout=0.2, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{self.path}: cannot be opened ({error})") from None
        try:
            self._prepare(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise StateError(f"{self.path}: {_reason(error)}") from None
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # one gateway per file: the lock is held until the file is closed, or the process is no more
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        mark, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        fresh = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        connection.rollback()
        if not fresh and mark != _MARK:
            raise StateError(f"{self.path}: is a database, but no state file of the mock gateway")
        if not fresh and version != FORMAT:
            raise StateError(
                f"{self.path}: was written by another version of the mock gateway (format {version}, this one reads "
                f"{FORMAT}); move it away, or use that version"
            )
        # a commit survives the end of the process, however it comes; not the end of the machine's power
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if fresh:
            connection.executescript(
                f"BEGIN; PRAGMA application_id = {_MARK}; PRAGMA user_version = {FORMAT}; {_TABLES} COMMIT;"
            )


def _reason(error: sqlite3.Error) -> str:
    if "locked" in str(error):
        return "is in use by another gateway"
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
        return "is no state file of the mock gateway"
    return f"cannot be used: {error}"
