"""Keep the simulation's state in an SQLite file, written before an answer leaves or an acknowledgement counts.

It holds neither keys nor card numbers. Keys are in the home directory; a project's payments are restored when the
project is opened with them. Armed faults are not kept.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from highhelp_mock.persistence.records import delivery_from, delivery_record, payment_from, payment_record
from highhelp_mock.simulation.balances import Account

if TYPE_CHECKING:
    from highhelp_mock.simulation.callbacks import Delivery
    from highhelp_mock.simulation.engine import Engine
    from highhelp_mock.simulation.payments import Payment
    from highhelp_mock.simulation.projects import Project

__all__ = ["FORMAT", "StateError", "StateFile"]

FORMAT: Final = 2
"""File format version; bump on incompatible changes."""

_MARK: Final = 0x48484D4B
"""SQLite's application id, which marks a file as ours."""

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
    """A state file cannot be used; the message names the file and the reason."""


class StateFile:
    """An open state file. Not thread-safe: its owner locks.

    Args:
        path: created if absent.

    Attributes:
        path: of the file.
        clock_offset: seconds by which the gateway's clock is ahead of real time.
        next_callback: the number of the next callback.

    Raises:
        StateError: it cannot be read or written, is in use, is not a state file, or has another version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._connection = self._open()
        facts = dict(self._connection.execute("SELECT name, value FROM facts").fetchall())
        self.clock_offset = float(facts.get("clock_offset", 0.0))
        self.next_callback = int(facts.get("next_callback", 1))

    def close(self) -> None:
        """Close it; everything is already on disk."""
        self._connection.close()

    def first_project(self, project_id: str | None) -> str | None:
        """Return the project that the file was created with, or the given one for a new file.

        Raises:
            StateError: it was created with another project than `project_id`.
        """
        row = self._connection.execute("SELECT project_id FROM projects ORDER BY number LIMIT 1").fetchone()
        if row is not None and project_id not in (None, row[0]):
            raise StateError(f"{self.path}: belongs to project {row[0]}, not to {project_id}")
        return project_id if row is None else str(row[0])

    def open_project(self, project: Project) -> tuple[list[Payment], list[Delivery]]:
        """Restore the balances of a project; add the project if it is new.

        Returns:
            Its payments and their callbacks, oldest first.

        Raises:
            StateError: the content cannot be read.
        """
        name = (project.project_id,)
        try:
            known = self._connection.execute("SELECT 1 FROM projects WHERE project_id = ?", name).fetchone()
            if known is None:
                with self._connection:
                    self._connection.execute("INSERT INTO projects (project_id) VALUES (?)", name)
                    for currency in project.balances.accounts:
                        self._write_account(project, currency)
                return [], []
            rows = self._connection.execute(
                "SELECT currency, available, locked FROM accounts WHERE project_id = ? ORDER BY rowid", name
            )
            project.balances.accounts = {currency: Account(available, locked) for currency, available, locked in rows}
            texts = self._connection.execute(
                "SELECT content FROM payments WHERE project_id = ? ORDER BY number", name
            ).fetchall()
            payments = {payment.payment_id: payment for payment in (payment_from(text) for (text,) in texts)}
            callbacks = self._connection.execute(
                "SELECT payment_id, content FROM callbacks WHERE project_id = ? ORDER BY id", name
            ).fetchall()
            return list(payments.values()), [delivery_from(text, payments[key]) for key, text in callbacks]
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            raise StateError(f"{self.path}: its content cannot be read ({type(error).__name__})") from None

    def write(self, engine: Engine) -> None:
        """Write the changes since the last write, all or nothing.

        Raises:
            StateError: it cannot be written; the next write tries again.
        """
        facts = (engine.clock.offset, engine.outbox.next_number)
        if not engine.changes and facts == (self.clock_offset, self.next_callback):
            return
        try:
            with self._connection:
                self._write(engine)
        except sqlite3.Error as error:
            raise StateError(f"{self.path}: cannot be written: {error}") from None
        engine.changes.clear()
        self.clock_offset, self.next_callback = facts

    def _write(self, engine: Engine) -> None:
        changes, run = engine.changes, self._connection
        if changes.cleared:
            # projects that are not open keep theirs: the reset does not concern them
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
                    "INSERT OR REPLACE INTO callbacks (id, project_id, payment_id, content) VALUES (?, ?, ?, ?)",
                    (number, delivery.project_id, delivery.payment_id, delivery_record(delivery)),
                )
        for project_id, currency in changes.accounts:
            self._write_account(engine.projects[project_id], currency)
        facts = (("clock_offset", engine.clock.offset), ("next_callback", engine.outbox.next_number))
        run.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)

    def _write_account(self, project: Project, currency: str) -> None:
        account = project.balances.account(currency)
        self._connection.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT (project_id, currency) "
            "DO UPDATE SET available = excluded.available, locked = excluded.locked",
            (project.project_id, currency, account.available, account.locked),
        )

    def _open(self) -> sqlite3.Connection:
        try:
            # SQLite gives its auxiliary files the same permissions
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
        # one gateway per file: the lock is held until the file is closed or the process ends
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        mark, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        fresh = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        connection.rollback()
        if not fresh and mark != _MARK:
            raise StateError(f"{self.path}: is a database, but not a state file of the mock gateway")
        if not fresh and version != FORMAT:
            raise StateError(
                f"{self.path}: was written by another version of the mock gateway (format {version}, this one reads "
                f"{FORMAT}); move it away, or use that version"
            )
        # a commit survives a crash of the process, but not a power failure
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
        return "is not a state file of the mock gateway"
    return f"cannot be used: {error}"
