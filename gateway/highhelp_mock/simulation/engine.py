"""The simulated gateway over time: payments change state, balances move, callbacks are created.

Nothing here waits: :meth:`Engine.catch_up` runs, in order, everything that has become due since its last call.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from highhelp_mock.simulation.balances import InsufficientBalance
from highhelp_mock.simulation.callbacks import create_delivery
from highhelp_mock.simulation.changes import Changes
from highhelp_mock.simulation.faults import Faults
from highhelp_mock.simulation.outbox import Outbox
from highhelp_mock.simulation.payments import (
    LIFETIME,
    Challenge,
    Payment,
    ScheduledStep,
    enter_state,
    expired_state,
    start_payment,
)
from highhelp_mock.simulation.representations import challenge_text
from highhelp_mock.simulation.state_machine import AWAITING_3DS, DECLINE, SUCCESS, split_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from highhelp_mock.simulation.balances import Account
    from highhelp_mock.simulation.clock import Clock
    from highhelp_mock.simulation.projects import Project

__all__ = ["Engine"]

KEPT = 20_000
"""Number of finished payments to keep; beyond that the oldest are dropped, with their callbacks."""

_FORGET_TRIES = 8
_NO_MONEY = "The balance is insufficient"
_NO_ROOM = "The project's balance cannot hold the sum"


class Engine:
    """Payments, balances, callbacks and faults of one gateway. Not thread-safe: its owner locks.

    Args:
        projects: by id; shared with the owner, who may add to it.
        clock: the gateway's clock.
        deliver_to: hosts beyond loopback to which callbacks may go.
    """

    def __init__(self, projects: Mapping[str, Project], clock: Clock, deliver_to: Collection[str]) -> None:
        self.projects = projects
        self.clock = clock
        self.base_url = ""
        self.faults = Faults()
        self.changes = Changes()
        self.outbox = Outbox(self.changes)
        self._allowed_hosts = frozenset(host.lower() for host in deliver_to)
        self._payments: dict[tuple[str, str], Payment] = {}
        self._tokens: dict[str, tuple[str, str]] = {}
        self._due: list[tuple[float, int, tuple[str, str]]] = []
        self._finished: deque[tuple[str, str]] = deque()
        self._order = 0

    def __iter__(self) -> Iterator[Payment]:
        return iter(self._payments.values())

    def __len__(self) -> int:
        return len(self._payments)

    def latest(self, limit: int) -> list[Payment]:
        """List the newest payments, newest first."""
        return list(islice(reversed(self._payments.values()), limit))

    def find(self, project_id: str, payment_id: str) -> Payment | None:
        """Return a payment by its merchant's id."""
        return self._payments.get((project_id, payment_id))

    def find_by_token(self, token: str) -> Payment | None:
        """Return a payment by the token of its hosted page."""
        key = self._tokens.get(token)
        return None if key is None else self._payments.get(key)

    def catch_up(self) -> float:
        """Run everything that has become due, in order of time.

        Returns:
            Unix seconds of the gateway's clock.
        """
        now = self.clock()
        while self._due and self._due[0][0] <= now:
            at, _, key = heapq.heappop(self._due)
            payment = self._payments.get(key)
            if payment is not None and payment.due_at == at:
                self._run_step(payment, at)
        return now

    def add(self, payment: Payment) -> Payment:
        """Add a new payment. A payout locks its amount, or is declined if the balance is insufficient."""
        while payment.key in self._payments:
            payment = replace(payment, copy=payment.copy + 1)
        payment = start_payment(payment)
        if payment.flow == "payout" and not payment.final:
            try:
                self._book(payment, self._account(payment).lock(payment.amount))
            except InsufficientBalance:
                payment = start_payment(replace(payment, state=DECLINE, status_description=_NO_MONEY))
        self._tokens[payment.token] = payment.key
        self.update(payment)
        if payment.final:
            self._finished.append(payment.key)
            self._announce(payment, payment.created_at)
        self._forget_oldest()
        return payment

    def move(
        self,
        payment: Payment,
        state: str,
        text: str | None,
        at: float | None = None,
        schedule: tuple[ScheduledStep, ...] | None = None,
    ) -> Payment:
        """Move a payment to its next state: book the money, create the callback.

        A success beyond the bound of the balance becomes a decline.

        Args:
            payment: the payment before.
            state: the next state.
            text: its `status_description`.
            at: Unix seconds; default: now.
            schedule: the remaining automatic steps; default: the payment's own.

        Raises:
            ValueError: the state machines do not allow it.
        """
        at = self.clock() if at is None else at
        account = self._account(payment)
        if state == SUCCESS and payment.flow == "payin" and not account.has_room(payment.amount):
            state, text = DECLINE, _NO_ROOM
        changes: dict[str, Any] = {} if schedule is None else {"schedule": schedule}
        if state == AWAITING_3DS and payment.card and payment.challenge is None:
            version = payment.scenario.threeds
            changes["challenge"] = Challenge(version, challenge_text(payment.token), payment.token[::-1])
        if payment.flow == "payout" and split_state(state)[0] == "processing":
            changes["expires_at"] = at + LIFETIME  # a payout's lifetime counts from the start of its processing
        after = enter_state(payment, state, text, at, **changes)
        if after.final:
            self._finished.append(payment.key)
            if payment.flow == "payin" and state == SUCCESS:
                self._book(payment, account.credit(payment.amount))
            elif payment.flow == "payout":
                settle = account.debit if state == SUCCESS else account.release
                self._book(payment, settle(payment.amount))
        self.update(after)
        self._announce(after, at)
        return after

    def continue_to(self, payment: Payment, state: str, text: str | None) -> Payment:
        """Schedule a payment's next state for one second from now."""
        return self.update(replace(payment, schedule=(ScheduledStep(self.clock() + 1, state, text),)))

    def stop_schedule(self, payment: Payment) -> Payment:
        """Stop a payment's automatic course; its lifetime continues."""
        return self.update(replace(payment, schedule=()))

    def update(self, payment: Payment) -> Payment:
        """Store a payment whose state has not changed."""
        self.changes.payments[payment.key] = None
        self._store(payment)
        return payment

    def reset(self) -> None:
        """Delete payments, callbacks and faults; restore opening balances and real time."""
        self.changes.clear(dropped=True)
        self._payments.clear()
        self._tokens.clear()
        self._due.clear()
        self._finished.clear()
        self.outbox.clear()
        self.faults.clear()
        self.clock.reset()
        for project in self.projects.values():
            project.balances.reset()
            for currency in project.balances.accounts:
                self.changes.accounts[project.project_id, currency] = None

    def restore(self, payments: Iterable[Payment]) -> None:
        """Restore payments from the state file, in the order of their creation."""
        for payment in payments:
            self._tokens[payment.token] = payment.key
            self._store(payment)
            if payment.final:
                self._finished.append(payment.key)

    def _account(self, payment: Payment) -> Account:
        return self.projects[payment.project_id].balances.account(payment.currency)

    def _book(self, payment: Payment, account: Account) -> None:
        self.projects[payment.project_id].balances.accounts[payment.currency] = account
        self.changes.accounts[payment.project_id, payment.currency] = None

    def _run_step(self, payment: Payment, at: float) -> None:
        step = payment.schedule[0] if payment.schedule and payment.schedule[0].at <= at else None
        if step is None:
            expired = expired_state(payment)
            if expired is not None:
                self.move(payment, *expired, at=at, schedule=())
        elif step.state in payment.allowed:
            self.move(payment, step.state, step.text, at, schedule=payment.schedule[1:])
        else:
            self.stop_schedule(payment)

    def _store(self, payment: Payment) -> None:
        self._payments[payment.key] = payment
        due_at = payment.due_at
        if due_at is not None:
            self._order += 1
            heapq.heappush(self._due, (due_at, self._order, payment.key))

    def _announce(self, payment: Payment, at: float) -> None:
        self.outbox.add(
            create_delivery(
                payment,
                self.outbox.next_number,
                at,
                base_url=self.base_url,
                faults=self.faults,
                allowed_hosts=self._allowed_hosts,
            )
        )

    def _forget_oldest(self) -> None:
        for _ in range(_FORGET_TRIES):
            if len(self._finished) <= KEPT:
                return
            key = self._finished.popleft()
            if not self.outbox.is_done(key):
                self._finished.append(key)  # some of its callbacks are still to be sent
                continue
            self._tokens.pop(self._payments.pop(key).token, None)
            self.outbox.forget(key)
            self.changes.payments.pop(key, None)
            self.changes.forgotten.append(key)
