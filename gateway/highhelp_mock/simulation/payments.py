"""Payments as frozen values, and their steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from highhelp_mock.simulation.state_machine import DECLINE, is_final, next_states, shortest_path, split_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.simulation.scenarios import Scenario, Stage

__all__ = [
    "LIFETIME",
    "Card",
    "Challenge",
    "Payment",
    "ScheduledStep",
    "StateChange",
    "enter_state",
    "expired_state",
    "plan_schedule",
    "start_payment",
]

LIFETIME = 600
"""Default seconds until a payment expires (documented for the widget)."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """An entry of a payment's history.

    Attributes:
        at: Unix seconds.
        state: `status` or `status:sub_status`.
        text: `status_description`.
    """

    at: float
    state: str
    text: str | None


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """A state that the payment will enter automatically, at Unix seconds `at`."""

    at: float
    state: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """The parts of a card that are kept; none of them can be used to pay."""

    masked_pan: str
    brand: str | None
    card_holder: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """The values that a 3-D Secure challenge was opened with."""

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
        info: id of the operation that reports its state.
        flow: "payin" or "payout".
        product: the contract's tag of the operation.
        machines: names of the state machines that apply.
        method: code of the method, if named.
        amount: minor units.
        currency: ISO 4217.
        state: `status` or `status:sub_status`.
        status_description: the reason, for people.
        created_at: Unix seconds.
        expires_at: Unix seconds; None for payments without a lifetime.
        scenario: its behaviour over time.
        schedule: the remaining automatic steps.
        token: 40 hex digits, the address of its hosted page.
        urls: callback URL by kind of callback.
        redirect_url: where the payer goes after the page.
        language: of the page.
        description: the order as described to the payer.
        card: the parts of the card that are kept.
        challenge: of 3-D Secure, once requested.
        confirmed: fingerprint of the submitted 3-D Secure result.
        wrong_codes: number of wrong one-time codes.
        fingerprint: of the request that created it.
        copy: with lagging uniqueness: the index of this payment among those with the same id, from 0.
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
    schedule: tuple[ScheduledStep, ...] = ()
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
    history: tuple[StateChange, ...] = ()
    copy: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Project and payment id; of a further payment under the same id, with its number."""
        return self.project_id, f"{self.payment_id}\0{self.copy}" if self.copy else self.payment_id

    @property
    def status(self) -> str:
        """The status part of the state."""
        return split_state(self.state)[0]

    @property
    def sub_status(self) -> str | None:
        """The sub-status part of the state, if any."""
        return split_state(self.state)[1]

    @property
    def final(self) -> bool:
        """Whether it never changes again."""
        return is_final(self.state)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The states that may follow."""
        return next_states(self.machines, self.state)

    @property
    def due_at(self) -> float | None:
        """When it next changes automatically, Unix seconds."""
        times = [step.at for step in self.schedule[:1]]
        if self.expires_at is not None and expired_state(self) is not None:
            times.append(self.expires_at)
        return min(times, default=None)


def start_payment(payment: Payment) -> Payment:
    """Plan the schedule of a new payment and record its first state."""
    first = payment.scenario.stages[:1]
    if first and first[0].after == 0 and not payment.final:
        payment = replace(payment, state=first[0].to[0], status_description=first[0].text)
    schedule = () if payment.final else plan_schedule(payment, payment.created_at)
    change = StateChange(payment.created_at, payment.state, payment.status_description)
    return replace(payment, schedule=schedule, history=(change,))


def plan_schedule(payment: Payment, start: float) -> tuple[ScheduledStep, ...]:
    """Plan the steps through the stages of a payment's scenario, starting from its current state."""
    steps: list[ScheduledStep] = []
    state, when = payment.state, start
    for stage in payment.scenario.stages:
        path = _path_to(payment, state, stage)
        for index, following in enumerate(path):
            when += payment.scenario.pace if index else stage.after
            last = index == len(path) - 1
            steps.append(ScheduledStep(when, following, stage.text if last else None))
            state = following
    return tuple(steps)


def _path_to(payment: Payment, state: str, stage: Stage) -> tuple[str, ...]:
    for target in stage.to:
        if target == state:
            return ()
        path = shortest_path(payment.machines, state, target)
        if path:
            return path
    return ()


def enter_state(payment: Payment, state: str, text: str | None, at: float, **changes: Any) -> Payment:
    """Move a payment to its next state.

    Args:
        payment: the payment before.
        state: the next state.
        text: its `status_description`.
        at: Unix seconds.
        changes: other fields of the payment to change.

    Raises:
        ValueError: the state machines do not allow it.
    """
    if state not in payment.allowed:
        raise ValueError(f"{state} does not follow {payment.state}")
    if is_final(state):
        changes["schedule"] = ()
    history = (*payment.history, StateChange(at, state, text))
    return replace(payment, state=state, status_description=text, history=history, **changes)


_EXPIRED = ("dispute:confirm_timeout", "dispute:no_payment", "dispute:payout_timeout", DECLINE)
_EXPIRY_TEXTS = {
    "dispute:confirm_timeout": "The confirmation ran out",
    "dispute:no_payment": "Nothing was paid within the lifetime",
    "dispute:payout_timeout": "The payout was not made within its lifetime",
    DECLINE: "The lifetime has run out",
}


def expired_state(payment: Payment) -> tuple[str, str] | None:
    """Return the state and description that a payment gets when its lifetime ends, if any.

    Only payments in processing expire: a dispute or an error waits for people.
    """
    if payment.status != "processing":
        return None
    # until the payer has chosen a method, an expired page means decline, not dispute
    undecided = payment.product == "widget" and payment.method is None
    candidates = (DECLINE,) if undecided else _EXPIRED
    expired = next((candidate for candidate in candidates if candidate in payment.allowed), None)
    return None if expired is None else (expired, _EXPIRY_TEXTS[expired])
