"""Many payouts: each sent once, a bounded number at a time, to be continued after a crash from the guard's table."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from highhelp.errors import (
    HighHelpError,
    InvalidRequest,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SettingsError,
    Unavailable,
)
from highhelp.ledger import intents
from highhelp.ledger.guarding import PAYOUT_OPERATIONS, SETTINGS_ARE_WRONG, Read, Write
from highhelp.ledger.intents import UNSETTLED, Intent, Payout, PayoutBusy, PayoutConflict, PayoutUnsettled
from highhelp.ledger.rows import Row, RowProblem, RowsRefused, duplicates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from highhelp.calls.flow import ClientCall
    from highhelp.ledger.guarding import AsyncGuard, Flow, Guard, Guarding
    from highhelp_api.client.api import Body
    from highhelp_api.client.models import PaymentState

MOST_AT_ONCE = 12
GIVE_UP_AFTER = 5
"""So many payouts in a row that could not be sent end a batch: the gateway is away."""
_PER_TRANSACTION = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is.

    Attributes:
        done: Rows that were looked at.
        total: All rows.
        payout: The one that was done last.
    """

    done: int
    total: int
    payout: Payout


@dataclass(frozen=True, slots=True)
class Total:
    """Count and exact sum, in minor units, of the payouts of one outcome and currency."""

    outcome: str
    currency: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of every row, read from the guard's table.

    Attributes:
        payouts: In the order of the rows.
        stopped: Why the batch ended early, or None.
    """

    payouts: tuple[Payout, ...]
    stopped: str | None = None

    @property
    def totals(self) -> tuple[Total, ...]:
        """By outcome and currency. The outcome is the gateway's status of a payout that it holds, else the state."""
        sums: dict[tuple[str, str], tuple[int, int]] = {}
        for one in self.payouts:
            count, amount = sums.get((one.outcome, one.currency), (0, 0))
            sums[one.outcome, one.currency] = (count + 1, amount + one.amount)
        return tuple(Total(*key, *sums[key]) for key in sorted(sums))

    @property
    def complete(self) -> bool:
        """Whether the gateway's answer to every row is known: nothing is left to be sent or asked."""
        return all(one.state in ("settled", "refused") for one in self.payouts)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rows": len(self.payouts),
            "complete": self.complete,
            "stopped": self.stopped,
            "totals": [{n: getattr(t, n) for n in Total.__slots__} for t in self.totals],
            "payouts": [intents.as_dict(one) | {"outcome": one.outcome} for one in self.payouts],
        }


@dataclass(frozen=True, slots=True)
class Ready:
    """A row that was checked, with the bytes that will be sent."""

    row: Row
    intent: Intent
    call: ClientCall[PaymentState] = field(repr=False)


class Pace:
    """At most so many beginnings a second. Safe between threads."""

    def __init__(self, per_second: float | None, now: Callable[[], float] = time.monotonic) -> None:
        if per_second is not None and not 0 < per_second <= 1000:
            raise SettingsError("per_second", "must be above 0 and at most 1000")
        self._gap = 0.0 if per_second is None else 1 / per_second
        self._now = now
        self._next = now()
        self._lock = threading.Lock()

    def delay(self) -> float:
        """Seconds to wait before the next one."""
        with self._lock:
            now = self._now()
            at = max(self._next, now)
            self._next = at + self._gap
            return at - now


class _Run:
    """The state of one batch, shared by its workers. Safe between threads; no input or output."""

    def __init__(self, ready: Sequence[Ready], progress: Callable[[Progress], object] | None) -> None:
        self._lock = threading.Lock()
        self._progress = progress
        self._left: Iterator[Ready] = iter(ready)
        self._total = len(ready)
        self._done = self._away = 0
        self.stopped: str | None = None
        self.busy: list[tuple[Ready, float]] = []

    def take(self) -> Ready | None:
        with self._lock:
            return None if self.stopped is not None else next(self._left, None)

    def again(self) -> float | None:
        """Until when to wait for those that somebody else is sending, Unix seconds; they are taken once more."""
        with self._lock:
            waited, self.busy = self.busy, []
            self._left = iter([one for one, _ in waited])
            self._done -= len(waited)
            return max(until for _, until in waited) if waited and self.stopped is None else None

    def stop(self, reason: str) -> None:
        with self._lock:
            self.stopped = self.stopped or reason

    def done(self, ready: Ready, payout: Payout, error: HighHelpError | None) -> None:
        with self._lock:
            self._done += 1
            if isinstance(error, PayoutBusy):
                self.busy.append((ready, error.until))
            self._away = self._away + 1 if isinstance(error, NotSent | Unavailable) else 0
            if isinstance(error, Rejected) and error.status in SETTINGS_ARE_WRONG:
                self.stopped = self.stopped or str(error)
            elif self._away >= GIVE_UP_AFTER:
                self.stopped = self.stopped or f"{self._away} in a row could not be sent: {error}"
            told = Progress(self._done, self._total, payout)
            if self._progress is not None:
                self._progress(told)


def rows_of(items: Iterable[Row | Body | Mapping[str, Any]], operation: str | None) -> list[Row]:
    """Rows of requests."""
    rows = []
    for number, item in enumerate(items, 1):
        if isinstance(item, Row):
            rows.append(item)
            continue
        chosen = operation or PAYOUT_OPERATIONS.get(type(item).__name__, "")
        if chosen not in PAYOUT_OPERATIONS.values():
            raise SettingsError("operation", f"must be one of {', '.join(sorted(PAYOUT_OPERATIONS.values()))}")
        request = dict(item) if isinstance(item, Mapping) else item.to_dict()
        rows.append(Row(f"row {number}", chosen, request))
    return rows


def checked(guarding: Guarding[Any], rows: Sequence[Row]) -> list[Ready]:
    """Check every row against the contract. Stores and sends nothing. Raises RowsRefused."""
    ready: list[Ready] = []
    problems = duplicates(rows)
    for row in rows:
        try:
            intent, call, _ = guarding.prepared(row.request, row.operation)
        except InvalidRequest as error:
            problems += [RowProblem(row.where, _column(row, p.path), p.message) for p in error.problems]
        else:
            ready.append(Ready(row, intent, call))
    if problems:
        raise RowsRefused(problems)
    return ready


def _column(row: Row, path: str) -> str | None:
    return row.columns.get(path) or row.columns.get(path.rpartition(":")[2]) or path or None


def prepare_all(connection: Connection, ready: Sequence[Ready], *, now: int) -> list[RowProblem]:
    """Store the intents of some rows; what was used with another body before is told."""
    problems = []
    for one in ready:
        try:
            intents.prepare(connection, one.intent, now=now)
        except PayoutConflict:
            column = one.row.columns.get("general:payment_id", "payment_id")
            problems.append(RowProblem(one.row.where, column, "was prepared with another body before"))
    return problems


def conflicts(connection: Connection, ready: Sequence[Ready]) -> list[RowProblem]:
    """Those of some rows whose payment_id was used with another body before. Changes nothing."""
    prints = intents.fingerprints(connection, [one.intent.key for one in ready])
    return [
        RowProblem(one.row.where, one.row.columns.get("general:payment_id", "payment_id"), "was used with another body")
        for one in ready
        if prints.get(one.intent.key, one.intent.fingerprint) != one.intent.fingerprint
    ]


def _all_on_disk(guarding: Guarding[Any], ready: Sequence[Ready]) -> Flow[None]:
    problems = yield Read(partial(conflicts, ready=ready))
    if problems:
        raise RowsRefused(problems)
    for start in range(0, len(ready), _PER_TRANSACTION):
        part = ready[start : start + _PER_TRANSACTION]
        problems += yield Write(partial(prepare_all, ready=part, now=guarding.now()))
    if problems:
        raise RowsRefused(problems)


def _one(guarding: Guarding[Any], ready: Ready) -> Flow[tuple[Payout, HighHelpError | None]]:
    """One row: asked about where an earlier attempt may have arrived, sent where nothing of it is with the gateway."""
    project_id, payment_id = ready.intent.project_id, ready.intent.payment_id
    get = partial(intents.get, project_id=project_id, payment_id=payment_id)
    payout: Payout = yield Read(get)
    if payout.state in UNSETTLED:
        yield from guarding.recovering(payment_id)
        payout = yield Read(get)
    if payout.state in ("settled", "refused"):
        return payout, None
    error: HighHelpError | None = None
    try:
        payout = yield from guarding.sending_prepared(ready.intent, ready.call)
    except (Rejected, NotSent, Unavailable, OutcomeUnknown, PayoutBusy, PayoutUnsettled) as raised:
        error = raised
        payout = yield Read(get)
    return payout, error


def _report(guarding: Guarding[Any], ready: Sequence[Ready], stopped: str | None) -> Flow[BatchReport]:
    ids = [one.intent.payment_id for one in ready]
    found = yield Read(partial(intents.several, project_id=guarding.project_id, payment_ids=ids))
    return BatchReport(tuple(found[one] for one in ids), stopped)


def _check_concurrency(concurrency: int) -> None:
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise SettingsError("concurrency", f"must be from 1 to {MOST_AT_ONCE}")


def send_batch(
    guard: Guard,
    items: Iterable[Row | Body | Mapping[str, Any]],
    *,
    operation: str | None = None,
    concurrency: int = 4,
    per_second: float | None = None,
    progress: Callable[[Progress], object] | None = None,
    stop: threading.Event | None = None,
    wait_for_others: bool = True,
) -> BatchReport:
    """See :meth:`highhelp.PayoutGuard.send_batch`."""
    _check_concurrency(concurrency)
    guarding, pace, stop = guard.guarding, Pace(per_second), stop or threading.Event()
    ready = checked(guarding, rows_of(items, operation))
    guard.run(_all_on_disk(guarding, ready))
    run = _Run(ready, progress)

    def worker() -> None:
        try:
            while not stop.is_set() and (one := run.take()) is not None:
                if stop.wait(pace.delay()):
                    return
                payout, error = guard.run(_one(guarding, one))
                run.done(one, payout, error)
        except BaseException as error:
            run.stop(type(error).__name__)
            raise

    while True:
        with ThreadPoolExecutor(concurrency, "highhelp-payouts") as pool:
            workers = [pool.submit(worker) for _ in range(concurrency)]
            try:
                wait(workers)
            except BaseException:
                run.stop("interrupted")  # those that are under way are brought to their end
                raise
        for one in workers:
            one.result()
        until = run.again()
        if until is None or not wait_for_others or stop.wait(max(until - guarding.clock(), 0)):
            break
    if stop.is_set():
        run.stop("it was told to stop")
    return guard.run(_report(guarding, ready, run.stopped))


async def send_batch_async(
    guard: AsyncGuard,
    items: Iterable[Row | Body | Mapping[str, Any]],
    *,
    operation: str | None = None,
    concurrency: int = 4,
    per_second: float | None = None,
    progress: Callable[[Progress], object] | None = None,
    wait_for_others: bool = True,
) -> BatchReport:
    """See :meth:`highhelp.PayoutGuard.send_batch`. Cancelled, it stops; what was under way is for recover."""
    _check_concurrency(concurrency)
    guarding, pace = guard.guarding, Pace(per_second)
    ready = checked(guarding, rows_of(items, operation))
    await guard.run(_all_on_disk(guarding, ready))
    run = _Run(ready, progress)

    async def worker() -> None:
        while (one := run.take()) is not None:
            await asyncio.sleep(pace.delay())
            payout, error = await guard.run(_one(guarding, one))
            run.done(one, payout, error)

    while True:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(worker())
        until = run.again()
        if until is None or not wait_for_others:
            break
        await asyncio.sleep(max(until - guarding.clock(), 0))
    return await guard.run(_report(guarding, ready, run.stopped))
