"""What the payer does on the hosted page, by the page's token. The pages call this; tests may call it too.

Whoever opens the page takes the payment out of its automatic course: from then on the payer decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from highhelp_mock import cards
from highhelp_mock.creation import card_expired, machines_of_choice
from highhelp_mock.machine import DECLINE, SUCCESS, route
from highhelp_mock.messages import Refusal
from highhelp_mock.payments import Card, Payment, course_of
from highhelp_mock.scenarios import OTP_CODES, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.engine import Engine

__all__ = [
    "choose",
    "decline",
    "finish_3ds",
    "finish_redirect",
    "opened",
    "pay",
    "submit_card",
    "submit_code",
    "wrong_card",
]

MOST_CODES = 3
"""The third wrong one-time code declines the payment (documented)."""

_BEFORE = ("processing:new", "processing:requisites")
_CONFIRM = "processing:awaiting_confirm"
_CHALLENGE = "processing:awaiting_3ds_result"
_REDIRECT = "processing:awaiting_redirect_result"
_PAID = "processing:paid"
_CHECKING = "processing:sent_verification"
_WRONG = "processing:invalid_verification"
_PAYERS_TURN = (*_BEFORE, _CONFIRM, _CHALLENGE, _REDIRECT, _WRONG)
"""Where the payer decides how it goes on; what comes after goes on by itself, whoever looks."""


def opened(engine: Engine, token: str) -> Payment:
    """The page is opened: the payer is awaited.

    Raises:
        Refusal: 404, no such page.
    """
    payment = _of(engine, token)
    if payment.final:
        return payment
    automatic = bool(payment.course) and payment.state in _PAYERS_TURN
    if automatic:
        payment = engine.hold(payment)
    # a payment that control has touched, or that never starts, gets no details: it waits
    if payment.state in _BEFORE and (automatic or _CONFIRM in payment.allowed):
        for state in route(payment.machines, payment.state, _CONFIRM) or ():
            payment = engine.move(payment, state, None)
    return payment


def choose(engine: Engine, token: str, method: str) -> Payment:
    """The payer chooses a method, where the request named none.

    Raises:
        Refusal: 404 no such page, 409 a method is chosen already.
    """
    payment = opened(engine, token)
    if payment.final or payment.method is not None:
        raise Refusal(409, "The method cannot be chosen any more")
    return engine.change(payment.but(method=method, machines=machines_of_choice(payment.machines, method)))


def pay(engine: Engine, token: str) -> Payment:
    """The payer says that the money was sent; it arrives a second later, or as the scenario says.

    Raises:
        Refusal: 404 no such page, 409 nothing to be paid in this state.
    """
    payment = _move(engine, opened(engine, token), _PAID)
    course = course_of(payment, engine.clock())
    if course:
        return engine.change(payment.but(course=course))
    return engine.continue_to(payment, payment.scenario.after_payer, payment.scenario.says)


def decline(engine: Engine, token: str) -> Payment:
    """The payer gives up.

    Raises:
        Refusal: 404 no such page, 409 the payment is final.
    """
    return _move(engine, opened(engine, token), DECLINE, "The payer declined")


def submit_card(
    engine: Engine, token: str, *, pan: str, expiry_month: str, expiry_year: str, card_holder: str | None = None
) -> Payment:
    """The payer enters a card: it is charged, challenged, sent to the bank or declined, as its number says.

    Raises:
        Refusal: 404 no such page, 409 no card is asked for, 422 a field is wrong.
    """
    payment = opened(engine, token)
    if payment.state != _CONFIRM or "card_payin" not in payment.machines:
        raise Refusal(409, "The payment does not wait for a card")
    wrong = wrong_card(engine, pan=pan, expiry_month=expiry_month, expiry_year=expiry_year)
    if wrong:
        raise Refusal(422, "The card cannot be used", wrong.items())
    kept = Card(cards.mask(pan), cards.brand(pan), card_holder)
    chosen = find("payin", amount=payment.amount, pan=pan, phone=None) or payment.scenario
    machines = machines_of_choice(payment.machines, payment.method or "payin-ecom-card")
    payment = engine.change(payment.but(card=kept, scenario=chosen, machines=machines))
    for stage in chosen.stages:
        for state in stage.to:
            if state in payment.allowed and state != _PAID:
                return engine.move(payment, state, stage.says)
    return _move(engine, payment, SUCCESS)


def submit_code(engine: Engine, token: str, code: str | None = None) -> Payment:
    """The payer asks for a one-time code (None) or types one.

    Raises:
        Refusal: 404 no such page, 409 no code is asked for.
    """
    payment = opened(engine, token)
    if "mobile_commerce" not in payment.machines:
        raise Refusal(409, "The payment does not use one-time codes")
    if code is None:
        return payment if payment.state in (_CHALLENGE, _WRONG) else _move(engine, payment, _CHALLENGE)
    payment = _move(engine, payment, _CHECKING)
    right = next((known for known in OTP_CODES if known.code == code.strip()), None)
    if right is not None:
        payment = engine.move(payment, _PAID, None)
        return engine.continue_to(
            payment, right.to, None if right.to == SUCCESS else "The operator refused the payment"
        )
    failures = payment.wrong_codes + 1
    payment = engine.change(payment.but(wrong_codes=failures))
    if failures >= MOST_CODES:
        return engine.move(payment, DECLINE, "The one-time code was wrong three times")
    return engine.move(payment, _WRONG, f"The one-time code is wrong, {MOST_CODES - failures} tries are left")


def finish_3ds(engine: Engine, token: str, *, accepted: bool) -> Payment:
    """The payer has answered the issuer's page of a payment that was made on the hosted page.

    Raises:
        Refusal: 404 no such page, 409 no challenge is open.
    """
    return _answer(engine, token, _CHALLENGE, accepted=accepted)


def finish_redirect(engine: Engine, token: str, *, accepted: bool) -> Payment:
    """The payer is back from the bank.

    Raises:
        Refusal: 404 no such page, 409 the payer is not at the bank.
    """
    return _answer(engine, token, _REDIRECT, accepted=accepted)


def _answer(engine: Engine, token: str, state: str, *, accepted: bool) -> Payment:
    payment = opened(engine, token)
    if payment.state != state:
        raise Refusal(409, "The payment does not wait for this answer")
    if not accepted:
        return engine.move(payment, DECLINE, "The payer declined")
    return engine.move(payment, payment.scenario.after_payer, payment.scenario.says)


def _of(engine: Engine, token: str) -> Payment:
    payment = engine.by_token(token)
    if payment is None or payment.flow != "payin":
        raise Refusal(404, "No such payment page")
    return payment


def _move(engine: Engine, payment: Payment, state: str, text: str | None = None) -> Payment:
    if state not in payment.allowed:
        raise Refusal(409, "The payment is not in a state that allows this")
    return engine.move(payment, state, text)


def wrong_card(engine: Engine, *, pan: str, expiry_month: str, expiry_year: str) -> Mapping[str, str]:
    """What is wrong with a card that the payer entered, by colon path; never with what was entered."""
    month, year = expiry_month, expiry_year
    wrong: dict[str, str] = {}
    if not (pan.isascii() and pan.isdecimal() and 12 <= len(pan) <= 19 and cards.luhn(pan)):
        wrong["card:pan"] = "is not a card number"
    if month not in [f"{number:02d}" for number in range(1, 13)]:
        wrong["card:expiry_month"] = "is not a month"
    elif not (year.isascii() and year.isdecimal() and len(year) == 4) or card_expired(month, year, engine.clock()):
        wrong["card:expiry_year"] = "has passed"
    return wrong
