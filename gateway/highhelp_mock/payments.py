"""A payment, as a frozen value, and the moves that it can make."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from highhelp_mock import machine
from highhelp_mock.machine import DECLINE, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.scenarios import Scenario, Stage

__all__ = ["Card", "Challenge", "Event", "Hop", "Payment", "begin", "course_of", "expired_state", "moved"]

LIFETIME = 600
"""Seconds until a payment expires, where the request names none (documented for the widget)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One state that a payment was in.

    Attributes:
        at: Unix seconds.
        state: `status` or `status:sub_status`.
        text: `status_description`.
    """

    at: float
    state: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the automatic course, due at `at`."""

    at: float
    state: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept of a card: nothing that could be used."""

    masked_pan: str
    brand: str | None
    card_holder: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a 3-D Secure challenge was opened with."""

    version: int
    creq: str = field(repr=False)
    md: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment of a project.

    Attributes:
        project_id: the merchant project.
        payment_id: the merchant's id.
        request_id: the gateway's id.
        operation: id of the operation that created it.
        info: id of the operation that tells its state.
        flow: "payin" or "payout".
        product: the contract's tag of the operation.
        machines: names of the state machines that apply.
        method: code of the method, where named.
        amount: minor units.
        currency: ISO 4217.
        state: `status` or `status:sub_status`.
        status_description: the reason in words.
        created_at: Unix seconds.
        expires_at: Unix seconds; None for what has no lifetime.
        scenario: what it does over time.
        course: the steps still to come by themselves.
        token: 40 hex digits, the address of its hosted page.
        urls: kind of callback -> where it goes.
        redirect_url: where the payer goes after the page.
        language: of the page.
        description: what the payer is told about the order.
        card: what is kept of the card.
        challenge: of 3-D Secure, while or after it was asked for.
        confirmed: fingerprint of the 3-D Secure result that was handed over.
        wrong_codes: how many one-time codes were wrong.
        fingerprint: of the request that created it.
        history: all states so far.
    """

    project_id: str
    payment_id: str
    request_id: str
    operation: str
    info: str | None
    flow: str | None
    product: str
    machines: tuple[str, ...]
    method: str | None
    amount: int
    currency: str
    state: str
    status_description: str | None
    created_at: float
    expires_at: float | None
    scenario: Scenario
    course: tuple[Hop, ...] = ()
    token: str = field(repr=False)
    urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    redirect_url: str | None = field(default=None, repr=False)
    language: str | None = None
    description: str | None = field(default=None, repr=False)
    card: Card | None = None
    challenge: Challenge | None = field(default=None, repr=False)
    confirmed: bytes | None = field(default=None, repr=False)
    wrong_codes: int = 0
    fingerprint: bytes = field(default=b"", repr=False)
    history: tuple[Event, ...] = ()

    def but(self, **changes: Any) -> Payment:
        """The payment with other values.

        As `dataclasses.replace` makes it, but not by the constructor, which takes most of the time of a move: a payment
        has many fields, and a frozen class sets each by a detour.

        Args:
            changes: the new values by the names of their fields.

        Raises:
            AttributeError: there is no such field.
        """
        other = object.__new__(Payment)
        for put, value in zip(_PUT, _values(self), strict=True):
            put(other, value)
        for name, value in changes.items():
            object.__setattr__(other, name, value)
        return other

    @property
    def key(self) -> tuple[str, str]:
        """Project and payment id."""
        return self.project_id, self.payment_id

    @property
    def status(self) -> str:
        """Its status."""
        return split(self.state)[0]

    @property
    def sub_status(self) -> str | None:
        """Its sub-status, where it has one."""
        return split(self.state)[1]

    @property
    def final(self) -> bool:
        """Whether it never changes again."""
        return machine.is_final(self.state)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The states that may follow."""
        return machine.following(self.machines, self.state)

    @property
    def due_at(self) -> float | None:
        """When it next moves by itself."""
        times = [hop.at for hop in self.course[:1]]
        if self.expires_at is not None and expired_state(self) is not None:
            times.append(self.expires_at)
        return min(times, default=None)


_NAMES = tuple(one.name for one in fields(Payment))
_PUT = tuple(getattr(Payment, name).__set__ for name in _NAMES)
_values = attrgetter(*_NAMES)


def begin(payment: Payment) -> Payment:
    """A payment at its creation: its course laid out, its first state noted."""
    first = payment.scenario.stages[:1]
    if first and first[0].after == 0 and not payment.final:
        payment = payment.but(state=first[0].to[0], status_description=first[0].says)
    course = () if payment.final else course_of(payment, payment.created_at)
    event = Event(payment.created_at, payment.state, payment.status_description)
    return payment.but(course=course, history=(event,))


def course_of(payment: Payment, start: float) -> tuple[Hop, ...]:
    """The steps by which a payment goes through its scenario's stages, from where it stands."""
    hops: list[Hop] = []
    state, when = payment.state, start
    for stage in payment.scenario.stages:
        way = _way(payment, state, stage)
        for index, following in enumerate(way):
            when += payment.scenario.pace if index else stage.after
            last = index == len(way) - 1
            hops.append(Hop(when, following, stage.says if last else None))
            state = following
    return tuple(hops)


def _way(payment: Payment, state: str, stage: Stage) -> tuple[str, ...]:
    for target in stage.to:
        if target == state:
            return ()
        way = machine.route(payment.machines, state, target)
        if way:
            return way
    return ()


def moved(payment: Payment, state: str, text: str | None, at: float, **more: Any) -> Payment:
    """The payment in its next state, which its machines must allow.

    Args:
        payment: as it stands.
        state: the next state.
        text: `status_description` of it.
        at: Unix seconds.
        more: what else changes; put in here, since each new value of a payment costs as much as the rest of a move.

    Raises:
        ValueError: the machines do not allow it.
    """
    if state not in payment.allowed:
        raise ValueError(f"{state} does not follow {payment.state}")
    if machine.is_final(state):
        more["course"] = ()
    history = (*payment.history, Event(at, state, text))
    return payment.but(state=state, status_description=text, history=history, **more)


_EXPIRED = ("dispute:confirm_timeout", "dispute:no_payment", "dispute:payout_timeout", DECLINE)
_EXPIRY_TEXTS = {
    "dispute:confirm_timeout": "The confirmation ran out",
    "dispute:no_payment": "Nothing was paid within the lifetime",
    "dispute:payout_timeout": "The payout was not made within its lifetime",
    DECLINE: "The lifetime has run out",
}


def expired_state(payment: Payment) -> tuple[str, str] | None:
    """What the end of its lifetime makes of a payment, with the description; None where it makes nothing.

    Only what is being processed expires: a dispute or an error waits for people.
    """
    # until the payer has chosen how to pay, a page that expires is no dispute
    undecided = payment.product == "widget" and payment.method is None
    return _after_expiry(payment.machines, payment.state, undecided=undecided)


@lru_cache(maxsize=1024)
def _after_expiry(machines: tuple[str, ...], state: str, *, undecided: bool) -> tuple[str, str] | None:
    if split(state)[0] != "processing":
        return None
    allowed = machine.following(machines, state)
    wanted = (DECLINE,) if undecided else _EXPIRED
    found = next((after for after in wanted if after in allowed), None)
    return None if found is None else (found, _EXPIRY_TEXTS[found])
