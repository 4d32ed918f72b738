"""Scenarios: a payment's behaviour over time, chosen by magic values. Code, docs and dashboard share this table.

A stage names a state to reach; the path to it follows the contract's state machines. A stage that the payment's
machines do not have is skipped, so that one row serves several products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from highhelp_mock.simulation.cards import complete
from highhelp_mock.simulation.state_machine import (
    AWAITING_3DS,
    AWAITING_CONFIRM,
    AWAITING_REDIRECT,
    DECLINE,
    PAID,
    SUCCESS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AMOUNTS", "OTP_CODES", "SCENARIOS", "Otp", "Scenario", "Stage", "amount_of", "default_scenario", "find_scenario",
    "pan_of", "phone_of", "scenario_named", "scenario_title",
]  # fmt: skip

AMOUNTS: Final = range(900_000, 910_000)
"""Only amounts in here, in minor units, choose a scenario: 900000 and the scenario's code."""

_PAYOUT = "processing:payout_process"
_ERROR = "error"


@dataclass(frozen=True, slots=True)
class Stage:
    """A state to reach.

    Attributes:
        to: names of states; the first one that the machines can reach is used.
        after: seconds before the first step towards it; 0 at the first stage: at once, in the answer.
        text: `status_description` of the state.
    """

    to: tuple[str, ...]
    after: int = 1
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row of the table.

    Attributes:
        code: selects it; amount, phone and card number are derived from it.
        name: short, for the dashboard.
        flow: "payin" or "payout".
        text: what happens, for people.
        stages: in order; after the last one, only control, the payer and the lifetime move the payment.
        pace: seconds between two steps of one stage.
        after_payer: the state to which the payer's or the merchant's answer leads (3-D Secure result, redirect).
        after_text: `status_description` of that state.
        threeds: version of 3-D Secure that is asked for.
    """

    code: int
    name: str
    flow: str
    text: str
    stages: tuple[Stage, ...] = ()
    pace: int = 1
    after_payer: str = SUCCESS
    after_text: str | None = None
    threeds: int = 2

    @property
    def amount(self) -> int:
        """The amount that chooses it, in minor units."""
        return amount_of(self.code)

    @property
    def phone(self) -> str:
        """The phone number that chooses it."""
        return phone_of(self.code)

    @property
    def pan(self) -> str:
        """The test card number that chooses it."""
        return pan_of(self.code)


@dataclass(frozen=True, slots=True)
class Otp:
    """A one-time code of mobile commerce.

    Attributes:
        code: the code that the payer enters.
        to: the next state.
        text: for people.
    """

    code: str
    to: str
    text: str


def amount_of(code: int) -> int:
    """The magic amount of a scenario."""
    return AMOUNTS.start + code


def phone_of(code: int) -> str:
    """The magic phone number of a scenario, in a range that no operator has."""
    return f"79990000{code:03d}"


def pan_of(code: int) -> str:
    """The magic card number of a scenario: VISA, 16 digits, in no issuer's range."""
    return complete(f"400000900000{code:03d}")


def _scenario(flow: str, code: int, name: str, text: str, *stages: Stage, **more: Any) -> Scenario:
    return Scenario(code=code, name=name, flow=flow, text=text, stages=stages, **more)


_payin, _payout = partial(_scenario, "payin"), partial(_scenario, "payout")

_SUCCEEDS = (Stage((PAID,)), Stage((SUCCESS,)))
_NO_MONEY = "The balance is insufficient"
_OTHER_SUM = "Another amount was received"

SCENARIOS: Final[tuple[Scenario, ...]] = (
    _payin(0, "success", "Runs to success, as every pay-in without a scenario.", *_SUCCEEDS),
    _payin(1, "decline", "Declined one second after its creation.",
           Stage((DECLINE,), text="The provider declined the payment")),
    _payin(2, "decline at once", "Declined in the answer to its creation.",
           Stage((DECLINE,), 0, "The payment is not permitted")),
    _payin(3, "decline after paid", "The payer says it is paid, the money never comes.",
           Stage((PAID, AWAITING_3DS)), Stage((DECLINE,), text="The transfer was not found")),
    _payin(4, "error", "A processing error; not final, nothing follows by itself.",
           Stage((_ERROR,), text="Processing error at the provider")),
    _payin(5, "expiry", "The payer never acts; the lifetime runs out.", Stage((AWAITING_CONFIRM, AWAITING_3DS))),
    _payin(6, "slow", "As success, but a minute passes before each step.",
           Stage((PAID,), 60), Stage((SUCCESS,), 60), pace=60),
    _payin(7, "never starts", "Stays new until its lifetime runs out."),
    _payin(10, "dispute no_payment", "In dispute: nothing was paid.",
           Stage(("dispute:no_payment",), text="Nothing was paid within the lifetime")),
    _payin(11, "dispute different_amount", "In dispute: another amount was received.",
           Stage(("dispute:different_amount",), text=_OTHER_SUM)),
    _payin(12, "dispute confirm_timeout", "In dispute: the confirmation ran out.",
           Stage(("dispute:confirm_timeout",), text="The confirmation ran out")),
    _payin(13, "dispute incorrect_requisites", "In dispute: the details were wrong.",
           Stage(("dispute:incorrect_requisites",), text="The transfer went to wrong details")),
    _payin(14, "dispute, then success", "In dispute for ten seconds, then success.",
           Stage(("dispute:different_amount",), text=_OTHER_SUM), Stage((SUCCESS,), 10)),
    _payin(15, "dispute, then decline", "In dispute for ten seconds, then declined.",
           Stage(("dispute:no_payment",), text="Nothing was paid within the lifetime"),
           Stage((DECLINE,), 10, "The dispute was decided against the payment")),
    _payin(20, "frictionless", "A card payment without a challenge.", Stage((SUCCESS,))),
    _payin(21, "3-D Secure 2", "Challenge (creq); a result handed over leads to success.", Stage((AWAITING_3DS,))),
    _payin(22, "3-D Secure 2 fails", "Challenge (creq); a result handed over leads to a decline.",
           Stage((AWAITING_3DS,)), after_payer=DECLINE, after_text="3-D Secure authentication failed"),
    _payin(23, "3-D Secure 1", "Challenge (pa_req, md); a result with the same md leads to success.",
           Stage((AWAITING_3DS,)), threeds=1),
    _payin(24, "redirect", "The payer goes to the bank and is back after ten seconds.",
           Stage((AWAITING_REDIRECT,)), Stage((SUCCESS,), 10)),
    _payin(25, "redirect fails", "The payer goes to the bank, which declines after ten seconds.",
           Stage((AWAITING_REDIRECT,)), Stage((DECLINE,), 10, "The bank declined the payment"),
           after_payer=DECLINE, after_text="The bank declined the payment"),
    _payin(26, "insufficient funds", "The card has too little money: declined after one second.",
           Stage((DECLINE,), text="Insufficient funds")),
    _payout(100, "payout success", "Processed after one second, done after two.",
            Stage((_PAYOUT,)), Stage((SUCCESS,))),
    _payout(101, "payout decline", "Processed, then declined; the money is available again.",
            Stage((_PAYOUT,)), Stage((DECLINE,), text="The bank refused the transfer")),
    _payout(102, "payout failed", "In dispute: the payout failed and is analysed.",
            Stage(("dispute:payout_failed",), text="The bank returned the transfer")),
    _payout(103, "payout timeout", "Stays in process until its lifetime (600 s) runs out, then in dispute.",
            Stage((_PAYOUT,))),
    _payout(104, "payout failed, then decline", "In dispute for ten seconds, then declined.",
            Stage(("dispute:payout_failed",), text="The bank returned the transfer"),
            Stage((DECLINE,), 10, "The payout was cancelled")),
    _payout(105, "payout failed, then success", "In dispute for ten seconds, then success.",
            Stage(("dispute:payout_failed",), text="The bank returned the transfer"), Stage((SUCCESS,), 10)),
    _payout(106, "payout error", "A processing error; not final, the money stays locked.",
            Stage((_ERROR,), text="Processing error at the provider")),
    _payout(107, "payout slow", "As success, but a minute passes before each step.",
            Stage((_PAYOUT,), 60), Stage((SUCCESS,), 60)),
    _payout(108, "insufficient balance", "Declined at once, as if the balance were insufficient.",
            Stage((DECLINE,), 0, _NO_MONEY)),
    _payout(109, "payout decline at once", "Declined in the answer to its creation.",
            Stage((DECLINE,), 0, "The receiver cannot be paid")),
)  # fmt: skip
"""All scenarios."""

OTP_CODES: Final[tuple[Otp, ...]] = (
    Otp("123456", SUCCESS, "Right; the payment succeeds."),
    Otp("222222", DECLINE, "Right, but the operator declines the payment."),
    Otp("333333", _ERROR, "Right, but the operator fails: error."),
)
"""The correct one-time codes. Any other is wrong, and the third wrong one declines the payment."""

_CODES: Mapping[int, Scenario] = {scenario.code: scenario for scenario in SCENARIOS}
_PHONES = {scenario.phone: scenario for scenario in SCENARIOS}
_PANS = {scenario.pan: scenario for scenario in SCENARIOS}

_BY_ITSELF = _payin(0, "", "", *_SUCCEEDS)
_PAGE = _payin(0, "", "", Stage((AWAITING_CONFIRM,)), Stage((PAID, SUCCESS), 15), Stage((SUCCESS,)))
_WAITS = _payout(0, "", "")
_TITLES = {"by itself": _BY_ITSELF, "page": _PAGE, "waits": _WAITS} | {f"code {one.code}": one for one in SCENARIOS}


def find_scenario(flow: str | None, *, amount: int, pan: str | None, phone: str | None) -> Scenario | None:
    """Find the scenario that a magic value selects; a card number precedes a phone, a phone precedes an amount."""
    candidates = (
        _PANS.get(pan or ""),
        _PHONES.get((phone or "").lstrip("+")),
        _CODES.get(amount - AMOUNTS.start) if amount in AMOUNTS else None,
    )
    return next((scenario for scenario in candidates if scenario and scenario.flow == flow), None)


def scenario_title(scenario: Scenario) -> str:
    """Name a scenario, or a default behaviour, for the state file."""
    return next((title for title, known in _TITLES.items() if known is scenario), f"code {scenario.code}")


def scenario_named(title: str) -> Scenario:
    """Return the scenario of a title; an unknown one becomes the default behaviour of a pay-in."""
    return _TITLES.get(title, _BY_ITSELF)


def default_scenario(flow: str | None, *, hosted: bool) -> Scenario:
    """Choose the behaviour of a payment without a magic value: a pay-in succeeds automatically, a payout waits.

    A hosted page waits fifteen seconds for the payer to open it before the payment continues automatically.
    """
    if flow == "payout":
        return _WAITS
    return _PAGE if hosted else _BY_ITSELF
