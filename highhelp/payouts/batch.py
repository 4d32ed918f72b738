"""Send batches of payouts: each once, a bounded number at a time; resume after a crash from the guard's table."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
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
from highhelp.payouts import intents, lifecycle
from highhelp.payouts.csv_file import Row, RowProblem, RowsRefused, duplicates
from highhelp.payouts.flow import CALLER_IS_REFUSED, Asking, Read, Write
from highhelp.payouts.intents import Intent, Payout, PayoutBusy, PayoutConflict, PayoutUnsettled
from highhelp.payouts.operations import operation_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from highhelp.calls.flow import ClientCall
    from highhelp.payouts.flow import PayoutFlow, PayoutFlows
    from highhelp_api.client.api import Body
    from highhelp_api.client.models import PaymentState

MOST_AT_ONCE = 12
GIVE_UP_AFTER = 5
"""Consecutive payouts that could not be sent after which a batch ends: the gateway is unreachable."""
_PER_TRANSACTION = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a batch.

    Attributes:
        done: Rows processed.
        total: All rows.
        payout: The last one processed.
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
    """Outcome of every row, read from the guard's table.

    Attributes:
        payouts: In the order of the rows.
        stopped: Why the batch ended early, or None.
    """

    payouts: tuple[Payout, ...]
    stopped: str | None = None

    @property
    def totals(self) -> tuple[Total, ...]:
        """Totals by outcome and currency. The outcome is the gateway's status, else the state."""
        return _totals((one.outcome, one.currency, one.amount) for one in self.payouts)

    @property
    def complete(self) -> bool:
        """Whether the gateway's answer to every row is known: nothing is left to send, query or review."""
        return all(one.state == "settled" or (one.state == "refused" and one.confirmed) for one in self.payouts)

    def as_dict(self) -> dict[str, Any]:
        """Convert to plain data for JSON."""
        return {
            "rows": len(self.payouts),
            "complete": self.complete,
            "stopped": self.stopped,
            "totals": [{n: getattr(t, n) for n in Total.__slots__} for t in self.totals],
            "payouts": [intents.as_dict(one) | {"outcome": one.outcome} for one in self.payouts],
        }


@dataclass(frozen=True, slots=True)
class Ready:
    """A checked row with the bytes to send, and the payout as it was at the start of the batch."""

    row: Row
    intent: Intent
    call: ClientCall[PaymentState] = field(repr=False)
    payout: Payout | None = None


class RateLimiter:
    """Limit how many payouts are started per second. Thread-safe."""

    def __init__(self, per_second: float | None, now: Callable[[], float] = time.monotonic) -> None:
        if per_second is not None and not 0 < per_second <= 1000:
            raise SettingsError("per_second", "must be above 0 and at most 1000")
        self._gap = 0.0 if per_second is None else 1 / per_second
        self._now = now
        self._next = now()
        self._lock = threading.Lock()

    def delay(self) -> float:
        """Return the seconds to wait before the next payout."""
        with self._lock:
            now = self._now()
            at = max(self._next, now)
            self._next = at + self._gap
            return at - now


class _Run:
    """State of one batch, shared by its workers. Thread-safe; sans-I/O."""

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
        """Return until when to wait (Unix seconds) for rows that another sender has; they are then taken again."""
        with self._lock:
            waited, self.busy = self.busy, []
            self._left = iter([replace(one, payout=None) for one, _ in waited])
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
            if isinstance(error, Rejected) and error.status in CALLER_IS_REFUSED:
                self.stopped = self.stopped or str(error)
            elif self._away >= GIVE_UP_AFTER:
                self.stopped = self.stopped or f"{self._away} in a row could not be sent: {error}"
            progress = Progress(self._done, self._total, payout)
            if self._progress is not None:
                self._progress(progress)


def rows_of(items: Iterable[Row | Body | Mapping[str, Any]], operation: str | None) -> list[Row]:
    """Convert requests to rows."""
    rows = []
    for number, item in enumerate(items, 1):
        if isinstance(item, Row):
            rows.append(item)
            continue
        chosen = operation_of(item, operation)
        request = dict(item) if isinstance(item, Mapping) else item.to_dict()
        rows.append(Row(f"row {number}", chosen, request))
    return rows


def checked(flows: PayoutFlows, rows: Sequence[Row]) -> list[Ready]:
    """Check every row against the contract. Stores and sends nothing. Raises RowsRefused."""
    ready: list[Ready] = []
    problems = duplicates(rows)
    for row in rows:
        try:
            intent, call = flows.build(row.request, row.operation)
        except InvalidRequest as error:
            problems += [RowProblem(row.where, _column(row, p.path), p.message) for p in error.problems]
        else:
            ready.append(Ready(row, intent, call))
    if problems:
        raise RowsRefused(problems)
    return ready


def _column(row: Row, path: str) -> str | None:
    return row.columns.get(path) or row.columns.get(path.rpartition(":")[2]) or path or None


def _conflict(ready: Ready, text: str) -> RowProblem:
    return RowProblem(ready.row.where, ready.row.columns.get("general:payment_id", "payment_id"), text)


def conflicts(connection: Connection, ready: Sequence[Ready]) -> list[RowProblem]:
    """Report the rows whose payment_id was used before with another body or at another gateway. Changes nothing."""
    rows = intents.rows_of_keys(connection, [one.intent.key for one in ready])
    problems = []
    for one in ready:
        row = rows.get(one.intent.key)
        if row is None:
            continue
        is_same = intents.is_same_body(one.intent, row)
        problem = intents.gateway_problem(one.intent, row.gateway) if is_same else "was used with another body"
        if problem:
            problems.append(_conflict(one, problem))
    return problems


def check_flow(
    flows: PayoutFlows, items: Iterable[Row | Body | Mapping[str, Any]], operation: str | None
) -> PayoutFlow[tuple[Total, ...]]:
    """See :meth:`highhelp.PayoutGuard.check_batch`."""
    ready = checked(flows, rows_of(items, operation))
    problems = yield Read(partial(conflicts, ready=ready))
    if problems:
        raise RowsRefused(problems)
    return _totals(("checked", one.intent.currency, one.intent.amount) for one in ready)


def _totals(payouts: Iterable[tuple[str, str, int]]) -> tuple[Total, ...]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for outcome, currency, amount in payouts:
        count, total = sums.get((outcome, currency), (0, 0))
        sums[outcome, currency] = (count + 1, total + amount)
    return tuple(Total(*key, *sums[key]) for key in sorted(sums))


def _all_on_disk(ready: Sequence[Ready]) -> PayoutFlow[list[Ready]]:
    """Store all intents; return the rows with the known state of each."""
    problems: list[RowProblem] = yield Read(partial(conflicts, ready=ready))
    if problems:
        raise RowsRefused(problems)
    stored: list[Ready] = []
    for start in range(0, len(ready), _PER_TRANSACTION):
        part = ready[start : start + _PER_TRANSACTION]
        prepare = partial(lifecycle.prepare, intents=[one.intent for one in part])
        for one, payout in zip(part, (yield Write(prepare)), strict=True):
            if isinstance(payout, PayoutConflict):
                problems.append(_conflict(one, "was used with another body before"))
            else:
                stored.append(replace(one, payout=payout))
    if problems:
        raise RowsRefused(problems)
    return stored


def _one(flows: PayoutFlows, ready: Ready) -> PayoutFlow[tuple[Payout, HighHelpError | None]]:
    """Settle one row: query it if an earlier attempt may have arrived, send it if the gateway does not hold it."""
    payment_id = ready.intent.payment_id
    get = partial(intents.get, project_id=ready.intent.project_id, payment_id=payment_id)
    payout: Payout = ready.payout or (yield Read(get))
    if payout.is_unsettled:
        yield from flows.recover(payment_id)
        payout = yield Read(get)
    if payout.state in ("settled", "refused", "needs_review"):
        return payout, None
    error: HighHelpError | None = None
    try:
        payout = yield from flows.send_prepared(ready.intent, ready.call)
    except (Rejected, NotSent, Unavailable, OutcomeUnknown, PayoutBusy, PayoutUnsettled) as raised:
        error = raised
        payout = yield Read(get)
    return payout, error


def _report(flows: PayoutFlows, ready: Sequence[Ready], stopped: str | None) -> PayoutFlow[BatchReport]:
    ids = [one.intent.payment_id for one in ready]
    found = yield Read(partial(intents.get_many, project_id=flows.project_id, payment_ids=ids))
    return BatchReport(tuple(found[one] for one in ids), stopped)


def _pause(seconds: float, flows: PayoutFlows) -> float:
    """Bound the wait for another sender: this machine's clock may differ from the database's, which set the lease."""
    return min(max(seconds, 1.0), flows.lease / 1000)


def _check_concurrency(concurrency: int) -> None:
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise SettingsError("concurrency", f"must be from 1 to {MOST_AT_ONCE}")


def asking_of(concurrency: int, per_second: float | None) -> Asking:
    """Return the limits for queries. Raises SettingsError."""
    _check_concurrency(concurrency)
    return Asking(concurrency, RateLimiter(per_second).delay)


def send_batch(
    flows: PayoutFlows,
    run_flow: Callable[[PayoutFlow[Any]], Any],
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
    pace, stop = RateLimiter(per_second), stop or threading.Event()
    ready = run_flow(_all_on_disk(checked(flows, rows_of(items, operation))))
    run = _Run(ready, progress)

    def worker() -> None:
        try:
            while not stop.is_set() and (one := run.take()) is not None:
                if stop.wait(pace.delay()):
                    return
                payout, error = run_flow(_one(flows, one))
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
                run.stop("interrupted")  # payouts under way are finished
                raise
        for one in workers:
            one.result()
        until = run.again()
        if until is None or not wait_for_others or stop.wait(_pause(until - flows.clock(), flows)):
            break
    if stop.is_set():
        run.stop("stop was requested")
    report: BatchReport = run_flow(_report(flows, ready, run.stopped))
    return report


async def send_batch_async(
    flows: PayoutFlows,
    run_flow: Callable[[PayoutFlow[Any]], Awaitable[Any]],
    items: Iterable[Row | Body | Mapping[str, Any]],
    *,
    operation: str | None = None,
    concurrency: int = 4,
    per_second: float | None = None,
    progress: Callable[[Progress], object] | None = None,
    wait_for_others: bool = True,
) -> BatchReport:
    """See :meth:`highhelp.PayoutGuard.send_batch`. When cancelled, it stops and leaves payouts under way to recover."""
    _check_concurrency(concurrency)
    pace = RateLimiter(per_second)
    ready = await run_flow(_all_on_disk(checked(flows, rows_of(items, operation))))
    run = _Run(ready, progress)

    failures: list[Exception] = []

    async def worker() -> None:
        try:
            while (one := run.take()) is not None:
                await asyncio.sleep(pace.delay())
                payout, error = await run_flow(_one(flows, one))
                run.done(one, payout, error)
        except Exception as error:  # noqa: BLE001 - raised once the payouts under way are finished
            run.stop(type(error).__name__)
            failures.append(error)

    while True:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(worker())
        if failures:
            raise failures[0]
        until = run.again()
        if until is None or not wait_for_others:
            break
        await asyncio.sleep(_pause(until - flows.clock(), flows))
    report: BatchReport = await run_flow(_report(flows, ready, run.stopped))
    return report
