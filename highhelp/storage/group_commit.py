"""Commit the transactions of several threads together: one durable commit costs the same for eight as for one."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import InternalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from highhelp.storage.database import Database

T = TypeVar("T")


class _Job:
    """A function waiting for its transaction."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.ready = threading.Event()
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def end(self, result: Any, error: BaseException | None) -> None:
        self.result, self.error, self.done = result, error, True
        self.ready.set()


class GroupCommit:
    """Run functions in transactions; those that arrive during a commit share the next one.

    If a function of a group fails, all are called again, each alone. Each call returns only after its commit.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []
        self._leader: _Job | None = None

    def write(self, function: Callable[..., T]) -> T:
        """Call a function with a connection and, as `now`, the time in Unix milliseconds; return after its commit."""
        if self._pid != os.getpid():
            self._start()  # after a fork: the threads that were committing are not in this process
        job = _Job(function)
        try:
            with self._lock:
                self._waiting.append(job)
                if self._leader is None:
                    self._leader = job
                    job.ready.set()
            job.ready.wait()
            if not job.done:
                self._lead()
        finally:
            self._leave(job)
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def _lead(self) -> None:
        """Commit the waiting jobs."""
        jobs: list[_Job] = []
        try:
            with self._lock:
                jobs, self._waiting = self._waiting, []
            self._commit(jobs)
        except BaseException:
            # Ctrl-C belongs to this thread alone: for the others the outcome of the commit is unknown
            for job in jobs:
                if not job.done:
                    job.end(None, InternalError("COMMIT", None, RuntimeError("interrupted")))
            raise

    def _leave(self, job: _Job) -> None:
        """Pass the lead on, if the job has it: the others must not wait for a leader that is gone."""
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
            if self._leader is job:
                self._leader = self._waiting[0] if self._waiting else None
                if self._leader is not None:
                    self._leader.ready.set()

    def _commit(self, jobs: Sequence[_Job]) -> None:
        failed = False

        def run(connection: Connection) -> list[Any]:
            nonlocal failed
            failed = False  # an earlier attempt at this transaction may have been rolled back
            now = self._database.moment(connection)
            try:
                return [job.function(connection, now=now) for job in jobs]
            except BaseException:
                failed = True
                raise

        try:
            results = self._database.write(run)
        except Exception as error:  # noqa: BLE001 - it belongs to the callers
            for job in jobs:
                if failed and len(jobs) > 1:
                    self._commit([job])
                else:
                    job.end(None, error)
        else:
            for job, result in zip(jobs, results, strict=True):
                job.end(result, None)
