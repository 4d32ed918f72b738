"""Commit the transactions of several threads together: one durable commit costs the same for eight as for one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

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
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []
        self._busy = False

    def write(self, function: Callable[..., T]) -> T:
        """Call a function with a connection and, as `now`, the time in Unix milliseconds; return after its commit."""
        job = _Job(function)
        with self._lock:
            self._waiting.append(job)
            first, self._busy = not self._busy, True
        if not first:
            self._wait(job)
        if not job.done:
            self._lead()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def _wait(self, job: _Job) -> None:
        """Wait until the job is done or becomes the leader."""
        try:
            job.ready.wait()
        except BaseException:  # Ctrl-C: the others must not wait for a dead leader
            with self._lock:
                if job in self._waiting:
                    self._waiting.remove(job)
                if job.ready.is_set() and not job.done:
                    self._pass_on()
            raise

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting[0].ready.set()
        else:
            self._busy = False

    def _lead(self) -> None:
        """Commit the waiting jobs, and pass the lead to a job that has arrived meanwhile."""
        with self._lock:
            jobs, self._waiting = self._waiting, []
        try:
            self._commit(jobs)
        except BaseException as error:
            for job in jobs:
                if not job.done:
                    job.end(None, error)
            raise
        finally:
            with self._lock:
                self._pass_on()

    def _commit(self, jobs: Sequence[_Job]) -> None:
        failed = False

        def run(connection: Connection) -> list[Any]:
            nonlocal failed
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
