"""The queue of callbacks: due times, order and retries."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from highhelp_mock.simulation.callbacks import Attempt, Delivery
    from highhelp_mock.simulation.changes import Changes

__all__ = ["BACK_OFF", "Outbox"]

BACK_OFF = (1, 2, 4, 8, 16, 32, 60)
"""Seconds before the next attempt; the last one repeats until HTTP 200."""

_LEASE_SECONDS = 120
_KEPT_ATTEMPTS = 100


class Outbox:
    """All callbacks. Those of one payment go out in order, unless an earlier one has failed or is held back."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._all: dict[int, Delivery] = {}
        self._by_payment: dict[tuple[str, str], list[int]] = {}
        self._heap: list[tuple[float, int]] = []
        self._waiting: dict[tuple[str, str], list[tuple[float, int]]] = {}
        self.next_number = 1
        """The number of the next callback; never reused, not even after a reset."""

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._all.values())

    def latest(self, limit: int) -> list[Delivery]:
        """List the newest callbacks, newest first."""
        return list(islice(reversed(self._all.values()), limit))

    def restore(self, deliveries: Iterable[Delivery], next_number: int) -> None:
        """Restore callbacks from the state file."""
        self.next_number = max(self.next_number, next_number)
        for delivery in deliveries:
            self._by_payment.setdefault(delivery.key, []).append(delivery.id)
            self._enqueue(delivery)

    def get(self, number: int) -> Delivery | None:
        """Return a callback by its number."""
        return self._all.get(number)

    def add(self, delivery: Delivery) -> None:
        """Add a new callback, numbered `next_number`."""
        self.next_number = delivery.id + 1
        self._by_payment.setdefault(delivery.key, []).append(delivery.id)
        self._put(delivery)

    def take_due(self, now: float, limit: int) -> list[Delivery]:
        """Take callbacks that are due; each is leased until its attempt is reported."""
        taken: list[Delivery] = []
        while self._heap and self._heap[0][0] <= now and len(taken) < limit:
            due_at, number = heapq.heappop(self._heap)
            delivery = self._all.get(number)
            if delivery is None or delivery.due_at != due_at:
                continue
            if self._must_wait(delivery):
                # skipped until an attempt of the earlier one is reported: there may be thousands
                self._waiting.setdefault(delivery.key, []).append((due_at, number))
                continue
            leased = replace(delivery, due_at=now + _LEASE_SECONDS, held=False)
            # not recorded as a change: if the process ends now, the callback is still due as before
            self._enqueue(leased)
            taken.append(leased)
        return taken

    def report(self, number: int, attempt: Attempt) -> None:
        """Record an attempt; ignored if the callback has been dropped."""
        delivery = self._all.get(number)
        if delivery is None or delivery.due_at is None:
            return
        failures = sum(1 for earlier in delivery.attempts if earlier.status != 200)
        attempts = (*delivery.attempts, attempt)[-_KEPT_ATTEMPTS:]
        if attempt.status == 200:
            to_go = delivery.to_go - 1
            due_at = attempt.at if to_go else None
        else:
            to_go, due_at = delivery.to_go, attempt.at + BACK_OFF[min(failures, len(BACK_OFF) - 1)]
        self._put(replace(delivery, attempts=attempts, to_go=to_go, due_at=due_at))
        self._release_held(delivery, attempt.at)
        for entry in self._waiting.pop(delivery.key, ()):
            heapq.heappush(self._heap, entry)

    def forget(self, key: tuple[str, str]) -> None:
        """Drop the callbacks of a payment."""
        self._waiting.pop(key, None)
        for number in self._by_payment.pop(key, ()):
            self._all.pop(number, None)

    def is_done(self, key: tuple[str, str]) -> bool:
        """Whether no callback of a payment is pending."""
        return all(self._all[number].outcome != "pending" for number in self._by_payment.get(key, ()))

    def clear(self) -> None:
        """Drop all."""
        self._all.clear()
        self._by_payment.clear()
        self._heap.clear()
        self._waiting.clear()

    def _put(self, delivery: Delivery) -> None:
        self._changes.callbacks[delivery.id] = None
        self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        self._all[delivery.id] = delivery
        if delivery.due_at is not None:
            heapq.heappush(self._heap, (delivery.due_at, delivery.id))

    def _must_wait(self, delivery: Delivery) -> bool:
        for number in self._by_payment.get(delivery.key, ()):
            if number >= delivery.id:
                return False
            earlier = self._all[number]
            if earlier.outcome == "pending" and not earlier.held and not earlier.attempts:
                return True
        return False

    def _release_held(self, sent: Delivery, now: float) -> None:
        for number in self._by_payment.get(sent.key, ()):
            earlier = self._all[number]
            if number < sent.id and earlier.held:
                self._put(replace(earlier, held=False, due_at=now))
