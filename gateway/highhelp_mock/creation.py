"""From a valid create request to a payment: which machines, which scenario, and what a schema cannot say."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock import cards
from highhelp_mock.answers import example_rows
from highhelp_mock.machine import DECLINE, NEW, route
from highhelp_mock.payments import LIFETIME, Card, Payment, course_of
from highhelp_mock.scenarios import Scenario, default_scenario, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_api.contract import Operation
    from highhelp_mock.projects import Project

__all__ = ["fingerprint", "methods", "new_payment"]

_URLS = MappingProxyType(
    {
        "payment_update": "merchant_callback_url",
        "payment_success": "merchant_success_callback_url",
        "payment_decline": "merchant_decline_callback_url",
    }
)
"""Which field of `general` names the address of each kind of callback (documented)."""

_SORTED = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def new_payment(operation: Operation, project: Project, body: Mapping[str, Any], now: float) -> Payment:
    """The payment that a valid request asks for; already declined where the request cannot be met."""
    project_id = project.project_id
    general, asked = _block(body, "general"), _block(body, "payment")
    payer = _block(body, "receiver") or _block(body, "card") or _block(body, "sender")
    code = asked.get("method", asked.get("widget_method"))
    flow = operation.direction or "payin"
    amount, currency = _integer(asked.get("amount")), str(asked.get("currency", ""))
    machines = _machines(operation, code)
    hosted = len(operation.machines) > 1
    phone = payer.get("phone") or (_block(body, "customer").get("phone") if flow == "payin" else None)
    payment = Payment(
        project_id=project_id,
        payment_id=str(general.get("payment_id", "")),
        request_id=str(uuid.uuid4()),
        operation=operation.id,
        info=operation.info,
        flow=flow,
        product=operation.tag,
        machines=machines,
        method=code,
        amount=amount,
        currency=currency,
        state=NEW,
        status_description=None,
        created_at=now,
        expires_at=None if flow == "payout" else now + _integer(asked.get("lifetime"), LIFETIME),
        scenario=default_scenario(flow, hosted=hosted),
        token=secrets.token_hex(20),
        urls=MappingProxyType({kind: general[name] for kind, name in _URLS.items() if general.get(name)}),
        redirect_url=general.get("redirect_url"),
        language=_block(body, "customer").get("language"),
        description=asked.get("description"),
        card=_card(_block(body, "card") or (payer if flow == "payout" else {})),
        fingerprint=fingerprint(project, operation.id, body),
    )
    chosen = find(flow, amount=amount, pan=payer.get("pan"), phone=phone)
    if chosen is not None and _fits(payment, chosen):
        payment = payment.but(scenario=chosen)
    problem = _problem(operation, body, now)
    return payment if problem is None else payment.but(state=DECLINE, status_description=problem)


def fingerprint(project: Project, operation: str, body: Mapping[str, Any]) -> bytes:
    """Tells whether two bodies are the same, and nothing else: keyed, as a body may hold card data.

    The key is made from the project's, so that it is the same after a restart without being in the state file.
    """
    text = _SORTED.encode([operation, body])
    return hmac.digest(project.fingerprint_key, text.encode(), hashlib.sha256)


def methods() -> tuple[Mapping[str, Any], ...]:
    """The payment methods that are open: the rows of the contract's example."""
    return example_rows("list_payment_methods", "methods")


def _fits(payment: Payment, scenario: Scenario) -> bool:
    if not scenario.stages or scenario.stages[0].after == 0:
        return True
    first = scenario.stages[0]
    reachable = any(route(payment.machines, payment.state, state) for state in first.to)
    return reachable and bool(course_of(payment.but(scenario=scenario), 0))


def _machines(operation: Operation, code: str | None) -> tuple[str, ...]:
    if len(operation.machines) <= 1:
        return operation.machines or _machines_of_flow(operation.direction)
    return machines_of_choice(operation.machines, code)


def machines_of_choice(machines: tuple[str, ...], code: str | None) -> tuple[str, ...]:
    """Of the machines of a hosted page, those that a method leaves; all while nothing is chosen."""
    if code is None:
        return machines
    paths = [name for name in machines if name != "hosted_page"]
    wanted = "p2p_payin"
    if "ecom" in code:
        wanted = "mobile_commerce" if "mobile" in code else "card_payin"
    kept = [wanted] if wanted in paths else paths
    return tuple(name for name in machines if name == "hosted_page" or name in kept)


def _machines_of_flow(flow: str | None) -> tuple[str, ...]:
    same = (other.machines for other in contract.OPERATIONS.values() if other.machines and other.direction == flow)
    return next(same, next(iter(contract.TRANSITIONS.items()))[:1])


def _problem(operation: Operation, body: Mapping[str, Any], now: float) -> str | None:
    asked = _block(body, "payment")
    code, currency = asked.get("method", asked.get("widget_method")), asked.get("currency")
    if currency not in contract.EXPONENTS:
        return "The currency is not known"
    open_codes = _open_codes(operation.tag, operation.direction)
    if open_codes and currency not in _open_currencies():
        return "The currency is not open to the project"
    if open_codes and code is not None and code not in open_codes.get(currency, ()):
        return "The method is not available for this currency"
    for name in ("card", "receiver", "sender"):
        pan = _block(body, name).get("pan")
        if pan is not None and not cards.luhn(pan):
            return "The card number is not valid"
    card = _block(body, "card")
    return card_expired(card.get("expiry_month"), card.get("expiry_year"), now)


@cache
def _open_codes(product: str, flow: str | None) -> Mapping[str | None, frozenset[str]]:
    """The codes of the methods that are open to a product, by currency."""
    rows = [row for row in methods() if row.get("product") == product and row.get("flow") == flow]
    return {
        currency: frozenset(row["code"] for row in rows if row.get("currency") == currency)
        for currency in {row.get("currency") for row in rows}
    }


@cache
def _open_currencies() -> frozenset[str | None]:
    return frozenset(row.get("currency") for row in methods())


def card_expired(month: str | None, year: str | None, now: float) -> str | None:
    """Says so when a card's month has passed; a card is good to the end of its month, anywhere on Earth."""
    if month is None or year is None:
        return None
    today = datetime.fromtimestamp(now, UTC)
    # the last hours of a month last half a day longer in the west
    passed = (int(year), int(month)) < (today.year, today.month) and not (
        today.day == 1 and today.hour < 12 and (int(year), int(month)) == _month_before(today)
    )
    return "The card has expired" if passed else None


def _month_before(today: datetime) -> tuple[int, int]:
    return (today.year - 1, 12) if today.month == 1 else (today.year, today.month - 1)


def _card(block: Mapping[str, Any]) -> Card | None:
    pan = block.get("pan")
    if not isinstance(pan, str):
        return None
    return Card(cards.mask(pan), cards.brand(pan), block.get("card_holder"))


def _block(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = body.get(name)
    return block if isinstance(block, dict) else {}


def _integer(value: object, otherwise: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
