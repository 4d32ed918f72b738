"""The payer's actions on the hosted page, addressed by the page's token. Used by the pages and by tests.

Opening the page stops the payment's automatic course: from then on the payer decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from highhelp_mock.http import ApiError
from highhelp_mock.simulation import cards
from highhelp_mock.simulation.create_payment import card_expired, machines_of_choice
from highhelp_mock.simulation.payments import Card, Payment, plan_schedule
from highhelp_mock.simulation.scenarios import OTP_CODES, find_scenario
from highhelp_mock.simulation.state_machine import (
    AWAITING_3DS,
    AWAITING_CONFIRM,
    AWAITING_REDIRECT,
    DECLINE,
    PAID,
    SUCCESS,
    WRONG_CODE,
    shortest_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.simulation.engine import Engine

__all__ = [
    "MOST_CODES",
    "check_card",
    "choose",
    "decline",
    "finish_3ds",
    "finish_redirect",
    "open_page",
    "pay",
    "submit_card",
    "submit_code",
]

MOST_CODES = 3
"""The third wrong one-time code declines the payment (documented)."""

_BEFORE = ("processing:new", "processing:requisites")
_CHECKING_CODE = "processing:sent_verification"
_PAYERS_TURN = (*_BEFORE, AWAITING_CONFIRM, AWAITING_3DS, AWAITING_REDIRECT, WRONG_CODE)
"""States in which the payer decides; later ones continue automatically, even while the page is open."""


def open_page(engine: Engine, token: str) -> Payment:
    """Open the page; the gateway now waits for the payer.

    Raises:
        ApiError: 404 no such page.
    """
    payment = engine.find_by_token(token)
    if payment is None or payment.flow != "payin":
        raise ApiError(404, "No such payment page")
    if payment.final:
        return payment
    automatic = bool(payment.schedule) and payment.state in _PAYERS_TURN
    if automatic:
        payment = engine.stop_schedule(payment)
    # a payment that was moved manually, or that never starts, gets no details: it waits
    if payment.state in _BEFORE and (automatic or AWAITING_CONFIRM in payment.allowed):
        for state in shortest_path(payment.machines, payment.state, AWAITING_CONFIRM) or ():
            payment = engine.move(payment, state, None)
    return payment


def choose(engine: Engine, token: str, method: str) -> Payment:
    """Choose a method, if the request named none.

    Raises:
        ApiError: 404 no such page, 409 there is nothing left to choose.
    """
    payment = open_page(engine, token)
    if payment.final or payment.method is not None:
        raise ApiError(409, "The method can no longer be chosen")
    return engine.update(replace(payment, method=method, machines=machines_of_choice(payment.machines, method)))


def pay(engine: Engine, token: str) -> Payment:
    """Report the money as sent; it arrives a second later, or as the scenario says.

    Raises:
        ApiError: 404 no such page, 409 nothing to pay in this state.
    """
    payment = _move(engine, open_page(engine, token), PAID)
    schedule = plan_schedule(payment, engine.clock())
    if schedule:
        return engine.update(replace(payment, schedule=schedule))
    return engine.continue_to(payment, payment.scenario.after_payer, payment.scenario.after_text)


def decline(engine: Engine, token: str) -> Payment:
    """Cancel the payment.

    Raises:
        ApiError: 404 no such page, 409 the payment is final.
    """
    return _move(engine, open_page(engine, token), DECLINE, "The payer declined")


def submit_card(
    engine: Engine, token: str, *, pan: str, month: int, year: int, card_holder: str | None = None
) -> Payment:
    """Enter a card: it is charged, challenged, sent to the bank or declined, depending on its number.

    Raises:
        ApiError: 404 no such page, 409 no card is expected, 422 a field is invalid.
    """
    payment = open_page(engine, token)
    if payment.state != AWAITING_CONFIRM or "card_payin" not in payment.machines:
        raise ApiError(409, "The payment is not waiting for a card")
    problems = check_card(engine, pan=pan, month=month, year=year)
    if problems:
        raise ApiError(422, "The card cannot be used", problems.items())
    card = Card(cards.mask(pan), cards.brand(pan), card_holder)
    scenario = find_scenario("payin", amount=payment.amount, pan=pan, phone=None) or payment.scenario
    machines = machines_of_choice(payment.machines, payment.method or "payin-ecom-card")
    payment = engine.update(replace(payment, card=card, scenario=scenario, machines=machines))
    for stage in scenario.stages:
        for state in stage.to:
            if state in payment.allowed and state != PAID:
                return engine.move(payment, state, stage.text)
    return _move(engine, payment, SUCCESS)


def submit_code(engine: Engine, token: str, code: str | None = None) -> Payment:
    """Request a one-time code (None) or enter one.

    Raises:
        ApiError: 404 no such page, 409 no code is expected.
    """
    payment = open_page(engine, token)
    if "mobile_commerce" not in payment.machines:
        raise ApiError(409, "The payment does not use one-time codes")
    if code is None:
        return payment if payment.state in (AWAITING_3DS, WRONG_CODE) else _move(engine, payment, AWAITING_3DS)
    payment = _move(engine, payment, _CHECKING_CODE)
    right = next((otp for otp in OTP_CODES if otp.code == code.strip()), None)
    if right is not None:
        payment = engine.move(payment, PAID, None)
        text = None if right.to == SUCCESS else "The operator refused the payment"
        return engine.continue_to(payment, right.to, text)
    failures = payment.wrong_codes + 1
    payment = engine.update(replace(payment, wrong_codes=failures))
    if failures >= MOST_CODES:
        return engine.move(payment, DECLINE, "The one-time code was wrong three times")
    return engine.move(payment, WRONG_CODE, f"The one-time code is wrong, {MOST_CODES - failures} tries are left")


def finish_3ds(engine: Engine, token: str, *, accepted: bool) -> Payment:
    """Answer the issuer's page of a payment made on the hosted page.

    Raises:
        ApiError: 404 no such page, 409 no challenge is open.
    """
    return _finish(engine, token, AWAITING_3DS, accepted=accepted)


def finish_redirect(engine: Engine, token: str, *, accepted: bool) -> Payment:
    """Return from the bank.

    Raises:
        ApiError: 404 no such page, 409 the payer is not at the bank.
    """
    return _finish(engine, token, AWAITING_REDIRECT, accepted=accepted)


def check_card(engine: Engine, *, pan: str, month: int, year: int) -> Mapping[str, str]:
    """Validate a card: problems by colon path, without the values."""
    problems: dict[str, str] = {}
    if not (pan.isascii() and pan.isdecimal() and 12 <= len(pan) <= 19 and cards.luhn(pan)):
        problems["card:pan"] = "is not a card number"
    if not 1 <= month <= 12:
        problems["card:month"] = "is not a month"
    elif not 1000 <= year <= 9999 or card_expired(month, year, engine.clock()):
        problems["card:year"] = "has passed"
    return problems


def _finish(engine: Engine, token: str, state: str, *, accepted: bool) -> Payment:
    payment = open_page(engine, token)
    if payment.state != state:
        raise ApiError(409, "The payment is not waiting for this answer")
    if not accepted:
        return engine.move(payment, DECLINE, "The payer declined")
    return engine.move(payment, payment.scenario.after_payer, payment.scenario.after_text)


def _move(engine: Engine, payment: Payment, state: str, text: str | None = None) -> Payment:
    if state not in payment.allowed:
        raise ApiError(409, "The payment is not in a state that allows this")
    return engine.move(payment, state, text)
