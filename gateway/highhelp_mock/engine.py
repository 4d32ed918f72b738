"""The gateway's memory and its course over time: payments move, money is booked, callbacks are put out.

Nothing here waits: what became due since the last call is done, in order, when :meth:`Engine.catch_up` is called.
"""

from __future__ import annotations

import heapq
from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from highhelp_mock.answers import callback_body, callback_kind, challenge_text
from highhelp_mock.books import InsufficientError
from highhelp_mock.changes import Changes
from highhelp_mock.faults import Faults
from highhelp_mock.machine import DECLINE, SUCCESS, split
from highhelp_mock.outbox import Delivery, Outbox, may_deliver
from highhelp_mock.payments import LIFETIME, Challenge, Hop, Payment, begin, expired_state, moved

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from highhelp_mock.books import Account
    from highhelp_mock.clock import Clock
    from highhelp_mock.projects import Project

__all__ = ["Engine"]

KEPT = 20_000
"""How many finished payments are remembered; beyond that the oldest are forgotten, with their callbacks."""

_TRIES = 8

_CHALLENGE = "processing:awaiting_3ds_result"
_NO_MONEY = "The balance does not suffice"
_NO_ROOM = "The project's balance cannot hold the sum"


class Engine:
    """Payments, books, callbacks and faults of one gateway. Not safe between threads: its owner locks.

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
        self._deliver_to = frozenset(host.lower() for host in deliver_to)
        self._payments: dict[tuple[str, str], Payment] = {}
        self._tokens: dict[str, tuple[str, str]] = {}
        self._due: list[tuple[float, int, tuple[str, str]]] = []
        self._finished: deque[tuple[str, str]] = deque()
        self._order = 0

    def __iter__(self) -> Iterator[Payment]:
        return iter(self._payments.values())

    def latest(self, most: int) -> list[Payment]:
        """The payments that were created last, newest first, at most so many."""
        return list(islice(reversed(self._payments.values()), most))

    def count(self) -> int:
        """How many payments are remembered."""
        return len(self._payments)

    def find(self, project_id: str, payment_id: str) -> Payment | None:
        """A payment by its merchant's id."""
        return self._payments.get((project_id, payment_id))

    def by_token(self, token: str) -> Payment | None:
        """A payment by the address of its hosted page."""
        key = self._tokens.get(token)
        return None if key is None else self._payments.get(key)

    def catch_up(self) -> float:
        """Do all that became due, in order of time.

        Returns:
            Unix seconds of the gateway's clock.
        """
        now = self.clock()
        while self._due and self._due[0][0] <= now:
            at, _, key = heapq.heappop(self._due)
            payment = self._payments.get(key)
            if payment is not None and payment.due_at == at:
                self._step(payment, at)
        return now

    def add(self, payment: Payment) -> Payment:
        """Take in a new payment: a payout locks its sum, or is declined where the balance does not suffice."""
        payment = begin(payment)
        if payment.flow == "payout" and not payment.final:
            try:
                self._book(payment, self._account(payment).lock(payment.amount))
            except InsufficientError:
                payment = begin(payment.but(state=DECLINE, status_description=_NO_MONEY))
        self._tokens[payment.token] = payment.key
        self._keep(payment)
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
        course: tuple[Hop, ...] | None = None,
    ) -> Payment:
        """Bring a payment into its next state: book the money, put out the callback.

        A success that the books cannot hold becomes a decline.

        Args:
            payment: as it stands.
            state: the next state.
            text: `status_description` of it.
            at: Unix seconds; now when absent.
            course: the steps still to come by themselves; those of the payment when absent.

        Raises:
            ValueError: the machines do not allow it.
        """
        at = self.clock() if at is None else at
        account = self._account(payment)
        if state == SUCCESS and payment.flow == "payin" and not account.has_room(payment.amount):
            state, text = DECLINE, _NO_ROOM
        more: dict[str, Any] = {} if course is None else {"course": course}
        if state == _CHALLENGE and payment.card and payment.challenge is None:
            version = payment.scenario.threeds
            more["challenge"] = Challenge(version, challenge_text(payment.token), payment.token[::-1])
        if payment.flow == "payout" and split(state)[0] == "processing":
            more["expires_at"] = at + LIFETIME  # a payout's time begins when somebody begins with it
        after = moved(payment, state, text, at, **more)
        if after.final:
            self._finished.append(payment.key)
            if payment.flow == "payin" and state == SUCCESS:
                self._book(payment, account.credit(payment.amount))
            elif payment.flow == "payout":
                settle = account.debit if state == SUCCESS else account.release
                self._book(payment, settle(payment.amount))
        self._keep(after)
        self._announce(after, at)
        return after

    def continue_to(self, payment: Payment, state: str, text: str | None) -> Payment:
        """Let a payment go to a state by itself, a second from now."""
        return self.change(payment.but(course=(Hop(self.clock() + 1, state, text),)))

    def hold(self, payment: Payment) -> Payment:
        """Take a payment out of its automatic course; its lifetime goes on."""
        return self.change(payment.but(course=()))

    def change(self, payment: Payment) -> Payment:
        """Replace a payment by what became of it without a new state."""
        self._keep(payment)
        return payment

    def reset(self) -> None:
        """Forget payments, callbacks and faults; opening balances and real time again."""
        self.changes.clear_all()
        self._payments.clear()
        self._tokens.clear()
        self._due.clear()
        self._finished.clear()
        self.outbox.clear()
        self.faults.clear()
        self.clock.reset()
        for project in self.projects.values():
            project.books.reset()
            for currency in project.books.accounts:
                self.changes.account(project.project_id, currency)

    def restore(self, payments: Iterable[Payment]) -> None:
        """Take in payments as they were written down, in the order of their creation."""
        for payment in payments:
            self._tokens[payment.token] = payment.key
            self._schedule(payment)
            if payment.final:
                self._finished.append(payment.key)

    def _account(self, payment: Payment) -> Account:
        return self.projects[payment.project_id].books.account(payment.currency)

    def _book(self, payment: Payment, account: Account) -> None:
        self.projects[payment.project_id].books.book(payment.currency, account)
        self.changes.account(payment.project_id, payment.currency)

    def _step(self, payment: Payment, at: float) -> None:
        hop = payment.course[0] if payment.course and payment.course[0].at <= at else None
        if hop is None:
            ended = expired_state(payment)
            if ended is not None:
                self.move(payment, *ended, at=at, course=())
            return
        if hop.state in payment.allowed:
            self.move(payment, hop.state, hop.text, at, course=payment.course[1:])
        else:
            self.hold(payment)

    def _keep(self, payment: Payment) -> None:
        self.changes.payment(payment.key)
        self._schedule(payment)

    def _schedule(self, payment: Payment) -> None:
        key, due_at = payment.key, payment.due_at
        self._payments[key] = payment
        if due_at is not None:
            self._order += 1
            heapq.heappush(self._due, (due_at, self._order, key))

    def _announce(self, payment: Payment, at: float) -> None:
        kind = callback_kind(payment.state)

        def hit(name: str) -> bool:
            return self.faults.take_for_callback(name, kind, payment.operation)

        url = payment.urls.get(kind)
        reason = None
        if url is None:
            reason = "no url given"
        elif not may_deliver(url, self._deliver_to):
            reason = "host not allowed: callbacks leave for loopback and for the hosts of deliver_to only"
        sent = reason is None
        delivery = Delivery(
            id=self.outbox.next_id(),
            project_id=payment.project_id,
            payment_id=payment.payment_id,
            operation=payment.operation,
            kind=kind,
            state=payment.state,
            url=url,
            said=partial(callback_body, payment, self.base_url, unknown=sent and hit("unknown_status")),
            created_at=at,
            due_at=at if sent else None,
            to_go=2 if sent and hit("duplicate_callback") else 1,
            reason=reason,
        )
        self.outbox.add(self.outbox.hold(delivery) if sent and hit("reorder_callbacks") else delivery)

    def _forget_oldest(self) -> None:
        for _ in range(_TRIES):
            if len(self._finished) <= KEPT:
                return
            key = self._finished.popleft()
            if not self.outbox.finished(key):
                self._finished.append(key)  # something of it is still to be sent
                continue
            self._tokens.pop(self._payments.pop(key).token, None)
            self.outbox.forget(key)
            self.changes.forget(key)
