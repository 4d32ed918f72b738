"""Callbacks on their way: what is due, what became of each attempt. Sending is left to an adapter."""

from __future__ import annotations

import heapq
import ipaddress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from highhelp_mock.answers import masked
from highhelp_mock.messages import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from highhelp_mock.changes import Changes
    from highhelp_mock.messages import Json

__all__ = ["BACK_OFF", "Attempt", "Delivery", "Outbox", "may_deliver"]

BACK_OFF = (1, 2, 4, 8, 16, 32, 60)
"""Seconds before the next attempt; the last one repeats until HTTP 200."""

_HELD = 5
_LEASE = 120
_KEPT_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery over the network.

    Attributes:
        at: Unix seconds of the gateway's clock.
        status: HTTP status, or None where no answer came.
        error: what went wrong instead.
    """

    at: float
    status: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One callback.

    Attributes:
        id: its number.
        project_id: the merchant project.
        payment_id: the merchant's id of the payment.
        operation: id of the operation that created the payment.
        kind: name of the contract's webhook.
        state: what it tells.
        url: where it goes; None where the request named none.
        said: gives what its body says, the same each time. Most callbacks of a busy gateway are never sent or looked
            at, and the payment as it stood is smaller than what is said of it.
        created_at: when the payment came into the state.
        due_at: when it is to be sent next; None once it is done, or when it is never sent.
        to_go: how many more deliveries have to succeed.
        held: kept back for a later one of the same payment.
        attempts: the last hundred.
        reason: why it is not sent.
    """

    id: int
    project_id: str
    payment_id: str
    operation: str
    kind: str
    state: str
    url: str | None
    said: Callable[[], Json] = field(repr=False, compare=False)
    created_at: float
    due_at: float | None
    to_go: int = 1
    held: bool = False
    attempts: tuple[Attempt, ...] = ()
    reason: str | None = None

    @property
    def body(self) -> Json:
        """What it says."""
        return self.said()

    @property
    def raw(self) -> bytes:
        """The bytes of its body."""
        return encode(self.body)

    @property
    def outcome(self) -> str:
        """`delivered`, `pending` or `not_delivered`."""
        if self.reason is not None:
            return "not_delivered"
        return "pending" if self.to_go else "delivered"

    def view(self) -> Json:
        """The callback for control and dashboard: its body masked, its signature left out."""
        body = self.body
        return {
            "id": self.id,
            "payment_id": self.payment_id,
            "project_id": self.project_id,
            "kind": self.kind,
            "status": body["status"]["status"],
            "sub_status": body["status"]["sub_status"],
            "url": self.url,
            "state": self.outcome,
            "reason": self.reason,
            "created_at": int(self.created_at),
            "next_attempt_at": None if self.due_at is None else int(self.due_at),
            "attempts": [{"at": int(one.at), "status": one.status, "error": one.error} for one in self.attempts],
            "body": masked("PaymentCallback", body),
        }


@lru_cache(maxsize=256)
def may_deliver(url: str, hosts: frozenset[str]) -> bool:
    """Whether a callback may leave for this address: the machine itself, or a host that was named."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if host in hosts or f"{host}:{port}" in hosts or host == "localhost":
        return bool(host)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Outbox:
    """All callbacks. Those of one payment go out in order, unless an earlier one has failed or is held back."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._all: dict[int, Delivery] = {}
        self._of: dict[tuple[str, str], list[int]] = {}
        self._heap: list[tuple[float, int]] = []
        self._waiting: dict[tuple[str, str], list[tuple[float, int]]] = {}
        self._next_id = 1

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._all.values())

    def latest(self, most: int) -> list[Delivery]:
        """The callbacks that came up last, newest first, at most so many."""
        return list(islice(reversed(self._all.values()), most))

    def next_id(self) -> int:
        """A fresh number; never used twice, not even after a reset."""
        self._next_id += 1
        return self._next_id - 1

    @property
    def upcoming(self) -> int:
        """The number that the next one gets."""
        return self._next_id

    def restore(self, deliveries: Iterable[Delivery], upcoming: int) -> None:
        """Take in callbacks as they were written down."""
        self._next_id = max(self._next_id, upcoming)
        for delivery in deliveries:
            self._of.setdefault(_key(delivery), []).append(delivery.id)
            self._schedule(delivery)

    def get(self, number: int) -> Delivery | None:
        """A callback by its number."""
        return self._all.get(number)

    def add(self, delivery: Delivery) -> None:
        """Put in a new callback."""
        self._of.setdefault(_key(delivery), []).append(delivery.id)
        self._put(delivery)

    def due(self, now: float, most: int) -> list[Delivery]:
        """Take what is due, at most so many; each is leased until its attempt is reported."""
        taken: list[Delivery] = []
        while self._heap and self._heap[0][0] <= now and len(taken) < most:
            due_at, number = heapq.heappop(self._heap)
            delivery = self._all.get(number)
            if delivery is None or delivery.due_at != due_at:
                continue
            if self._must_wait(delivery):
                # looked at again when something becomes of the earlier one, not before: there may be thousands
                self._waiting.setdefault(_key(delivery), []).append((due_at, number))
                continue
            leased = replace(delivery, due_at=now + _LEASE, held=False)
            # not written down: if the process ends now, the callback is due as it was before
            self._schedule(leased)
            taken.append(leased)
        return taken

    def report(self, number: int, attempt: Attempt) -> None:
        """Note what became of an attempt; one of a callback that is gone is ignored."""
        delivery = self._all.get(number)
        if delivery is None or delivery.due_at is None:
            return
        failures = sum(1 for one in delivery.attempts if one.status != 200)
        attempts = (*delivery.attempts, attempt)[-_KEPT_ATTEMPTS:]
        if attempt.status == 200:
            to_go = delivery.to_go - 1
            due_at = attempt.at if to_go else None
        else:
            to_go, due_at = delivery.to_go, attempt.at + BACK_OFF[min(failures, len(BACK_OFF) - 1)]
        self._put(replace(delivery, attempts=attempts, to_go=to_go, due_at=due_at))
        self._release_held(delivery, attempt.at)
        for entry in self._waiting.pop(_key(delivery), ()):
            heapq.heappush(self._heap, entry)

    def forget(self, key: tuple[str, str]) -> None:
        """Drop the callbacks of a payment."""
        self._waiting.pop(key, None)
        for number in self._of.pop(key, ()):
            self._all.pop(number, None)

    def finished(self, key: tuple[str, str]) -> bool:
        """Whether nothing of a payment is still to be sent."""
        return all(self._all[number].outcome != "pending" for number in self._of.get(key, ()))

    def clear(self) -> None:
        """Drop all."""
        self._all.clear()
        self._of.clear()
        self._heap.clear()
        self._waiting.clear()

    def hold(self, delivery: Delivery) -> Delivery:
        """The callback, kept back until a later one was sent, or for five seconds."""
        return replace(delivery, held=True, due_at=delivery.created_at + _HELD)

    def _put(self, delivery: Delivery) -> None:
        self._changes.callback(delivery.id)
        self._schedule(delivery)

    def _schedule(self, delivery: Delivery) -> None:
        self._all[delivery.id] = delivery
        if delivery.due_at is not None:
            heapq.heappush(self._heap, (delivery.due_at, delivery.id))

    def _must_wait(self, delivery: Delivery) -> bool:
        for number in self._of.get(_key(delivery), ()):
            if number >= delivery.id:
                return False
            earlier = self._all[number]
            if earlier.outcome == "pending" and not earlier.held and not earlier.attempts:
                return True
        return False

    def _release_held(self, sent: Delivery, now: float) -> None:
        for number in self._of.get(_key(sent), ()):
            earlier = self._all[number]
            if number < sent.id and earlier.held:
                self._put(replace(earlier, held=False, due_at=now))


def _key(delivery: Delivery) -> tuple[str, str]:
    return delivery.project_id, delivery.payment_id
