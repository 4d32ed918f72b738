"""Handle events: the order of a worker's steps and the choice of a handler. Sans-I/O."""

from __future__ import annotations

import inspect
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from highhelp.errors import HighHelpError, SettingsError
from highhelp.inbox import leases
from highhelp.inbox.events import log_fields
from highhelp.inbox.leases import ExpectationChanged, LeaseLost
from highhelp.inbox.transitions import LONGEST_LEASE
from highhelp.storage.engine import cause
from highhelp.telemetry.log import log_event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from highhelp.inbox.events import CallbackEvent
    from highhelp.storage.database import AsyncDatabase, Database

Handler: TypeAlias = "Callable[[CallbackEvent], object] | Callable[[CallbackEvent, Connection], object]"
AsyncHandler: TypeAlias = (
    "Callable[[CallbackEvent], Awaitable[object]] | Callable[[CallbackEvent, AsyncConnection], Awaitable[object]]"
)

_SHARED_BATCH = 10


@dataclass(frozen=True)
class HandlingOptions:
    """Lease in milliseconds, number of attempts, and whether events are published."""

    lease: int
    max_attempts: int
    outbox: bool

    @classmethod
    def of(cls, lease: float, max_attempts: int, *, outbox: bool) -> Self:
        """Check and convert the options; the lease is in seconds. Raises SettingsError."""
        if not lease > 0 or max_attempts < 1:
            raise SettingsError("lease" if not lease > 0 else "max_attempts", "must be above zero")
        if lease > LONGEST_LEASE:
            raise SettingsError("lease", "must be at most a day")
        return cls(int(lease * 1000), max_attempts, outbox)


class Handlers:
    """The handlers of one run, inspected once.

    Raises:
        SettingsError: A handler cannot be called with an event.
    """

    def __init__(self, on_final: Callable[..., Any], on_update: Callable[..., Any] | None) -> None:
        self.final = (on_final, _shares(on_final))
        self.update = (on_update, _shares(on_update)) if on_update is not None else None

    def pick(self, event: CallbackEvent) -> Handle:
        """Return the step that handles an event."""
        picked = self.final if event.is_final else self.update
        if picked is None:
            raise LeaseLost  # informative events never reach the final handler
        return Handle(event, *picked)

    @property
    def batch(self) -> int:
        """The number of events that may be claimed at once."""
        # outside the shared transaction, an event's lease must not expire while it waits for earlier ones
        shared = self.final[1] and (self.update is None or self.update[1])
        return _SHARED_BATCH if shared else 1


def _shares(handler: Callable[..., Any]) -> bool:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        raise SettingsError("handler", "must be callable as handler(event) or handler(event, connection)") from None
    number = sum(1 for one in parameters if one.kind in kinds and one.default is one.empty)
    if number not in (1, 2):
        raise SettingsError("handler", "must be callable as handler(event) or handler(event, connection)")
    return number == 2


@dataclass(frozen=True, slots=True)
class Write:
    """Run a function in a transaction."""

    function: Callable[[Connection], Any]


@dataclass(frozen=True, slots=True)
class Handle:
    """Call the handler of an event, in the transaction that marks it as done if the handler shares it."""

    event: CallbackEvent
    handler: Callable[..., Any]
    shares: bool


Step: TypeAlias = Write | Handle


def work_steps(
    database: Database | AsyncDatabase,
    options: HandlingOptions,
    handlers: Handlers,
    limit: int | None,
    stopping: Callable[[], bool],
) -> Generator[Step, Any, int]:
    """Yield the steps of a worker: claim, handle each event, until nothing is due."""
    claim = partial(
        _now,
        database,
        leases.claim,
        lease=options.lease,
        max_attempts=options.max_attempts,
        updates=handlers.update is not None,
        cipher=database.cipher,
    )
    done = 0
    while not stopping() and (limit is None or done < limit):
        most = handlers.batch if limit is None else min(handlers.batch, limit - done)
        claimed: leases.Claimed = yield claim(most=most)
        done += claimed.settled
        if not claimed.events and not claimed.settled:
            break
        for place, event in enumerate(claimed.events):
            if stopping():
                yield _now(database, leases.give_back, events=claimed.events[place:])
                break
            done += yield from _handle(database, options, handlers, event)
    return done


def _handle(
    database: Database | AsyncDatabase, options: HandlingOptions, handlers: Handlers, event: CallbackEvent
) -> Generator[Step, Any, bool]:
    state, failure = "done", None
    try:
        try:
            yield handlers.pick(event)
        except LeaseLost:
            raise
        except ExpectationChanged:
            yield _now(database, leases.give_back, events=[event])
            return False
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the event is kept
            failure = type(error).__name__  # an exception's text may hold anything
            state = yield _now(database, leases.fail, event=event, reason=failure, max_attempts=options.max_attempts)
    except LeaseLost:
        log_event(logging.WARNING, "callback lease lost", payment_id=event.payment_id, event=event.id)
        return False
    level = logging.INFO if failure is None else logging.WARNING if state == "retry" else logging.ERROR
    log_event(level, "callback handled", **log_fields(event), attempt=event.attempt, inbox=state, error=failure)
    return failure is None


def _now(database: Database | AsyncDatabase, function: Callable[..., Any], **named: Any) -> Write:
    # the time inside the transaction, which may have waited for its lock
    return Write(lambda connection: function(connection, now=database.moment(connection), **named))


@contextmanager
def logged(message: str) -> Iterator[None]:
    """Log errors of a driver or broker, so that the work can go on afterwards."""
    try:
        yield
    except HighHelpError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        log_event(logging.ERROR, message, error=cause(error))
