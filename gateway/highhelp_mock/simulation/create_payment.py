"""Turn a valid create request into a payment: its state machines, its scenario, and the rules beyond the schema."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock.http import block
from highhelp_mock.simulation import cards
from highhelp_mock.simulation.payments import LIFETIME, Card, Payment, plan_schedule
from highhelp_mock.simulation.representations import example_rows
from highhelp_mock.simulation.scenarios import Scenario, default_scenario, find_scenario
from highhelp_mock.simulation.state_machine import DECLINE, NEW, shortest_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_api.contract import Operation
    from highhelp_mock.simulation.projects import Project

__all__ = ["card_expired", "create_payment", "fingerprint", "machines_of_choice", "payment_methods"]

_URLS = MappingProxyType(
    {
        "payment_update": "merchant_callback_url",
        "payment_success": "merchant_success_callback_url",
        "payment_decline": "merchant_decline_callback_url",
    }
)
"""Field of `general` with the URL of each kind of callback (documented)."""

_SORTED = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def create_payment(operation: Operation, project: Project, body: Mapping[str, Any], now: float) -> Payment:
    """Create the payment of a valid request; already declined if the request cannot be met."""
    general, asked = block(body, "general"), block(body, "payment")
    payer = block(body, "receiver") or block(body, "card") or block(body, "sender")
    code = asked.get("method", asked.get("widget_method"))
    flow = operation.direction or "payin"
    phone = payer.get("phone") or (block(body, "customer").get("phone") if flow == "payin" else None)
    payment = Payment(
        project_id=project.project_id,
        payment_id=str(general.get("payment_id", "")),
        request_id=str(uuid.uuid4()),
        operation=operation.id,
        info=operation.info,
        flow=flow,
        product=operation.tag,
        machines=machines_of_choice(operation.machines or _machines_of_flow(flow), code),
        method=code,
        amount=asked.get("amount", 0),
        currency=str(asked.get("currency", "")),
        state=NEW,
        status_description=None,
        created_at=now,
        expires_at=None if flow == "payout" else now + asked.get("lifetime", LIFETIME),
        scenario=default_scenario(flow, hosted=len(operation.machines) > 1),
        token=secrets.token_hex(20),
        urls=MappingProxyType({kind: general[name] for kind, name in _URLS.items() if general.get(name)}),
        redirect_url=general.get("redirect_url"),
        language=block(body, "customer").get("language"),
        description=asked.get("description"),
        card=_card(block(body, "card") or (payer if flow == "payout" else {})),
        fingerprint=fingerprint(project, operation.id, body),
    )
    scenario = find_scenario(flow, amount=payment.amount, pan=payer.get("pan"), phone=phone)
    if scenario is not None and _fits(payment, scenario):
        payment = replace(payment, scenario=scenario)
    problem = _problem(operation, body, now)
    return payment if problem is None else replace(payment, state=DECLINE, status_description=problem)


def fingerprint(project: Project, operation: str, body: Mapping[str, Any]) -> bytes:
    """Hash a body, to recognise a repeated one; keyed, as a body may hold card data.

    The key is derived from the project's, so it is the same after a restart without being in the state file.
    """
    text = _SORTED.encode([operation, body])
    return hmac.digest(project.fingerprint_key, text.encode(), hashlib.sha256)


def payment_methods() -> tuple[Mapping[str, Any], ...]:
    """List the available payment methods: the rows of the contract's example."""
    return example_rows("list_payment_methods", "methods")


def machines_of_choice(machines: tuple[str, ...], code: str | None) -> tuple[str, ...]:
    """Select the machines of a hosted page that a method allows; all of them until one is chosen."""
    if code is None:
        return machines
    paths = [name for name in machines if name != "hosted_page"]
    machine = "p2p_payin"
    if "ecom" in code:
        machine = "mobile_commerce" if "mobile" in code else "card_payin"
    kept = [machine] if machine in paths else paths
    return tuple(name for name in machines if name == "hosted_page" or name in kept)


def card_expired(month: int | None, year: int | None, now: float) -> bool:
    """Whether a card's month has passed.

    A card is valid through the last day of its month in the latest time zone (UTC-12).
    """
    if month is None or year is None:
        return False
    today = datetime.fromtimestamp(now - 12 * 3600, UTC)
    return (year, month) < (today.year, today.month)


def _fits(payment: Payment, scenario: Scenario) -> bool:
    if not scenario.stages or scenario.stages[0].after == 0:
        return True
    first = scenario.stages[0]
    reachable = any(shortest_path(payment.machines, payment.state, state) for state in first.to)
    return reachable and bool(plan_schedule(replace(payment, scenario=scenario), 0))


def _machines_of_flow(flow: str) -> tuple[str, ...]:
    same = (other.machines for other in contract.OPERATIONS.values() if other.machines and other.direction == flow)
    return next(same, next(iter(contract.TRANSITIONS.items()))[:1])


def _problem(operation: Operation, body: Mapping[str, Any], now: float) -> str | None:
    asked = block(body, "payment")
    code, currency = asked.get("method", asked.get("widget_method")), asked.get("currency")
    if currency not in contract.EXPONENTS:
        return "The currency is not known"
    open_codes = _open_codes(operation.tag, operation.direction)
    if open_codes and currency not in {row.get("currency") for row in payment_methods()}:
        return "The currency is not open to the project"
    if open_codes and code is not None and code not in open_codes.get(currency, ()):
        return "The method is not available for this currency"
    for name in ("card", "receiver", "sender"):
        pan = block(body, name).get("pan")
        if pan is not None and not cards.luhn(pan):
            return "The card number is not valid"
    card = block(body, "card")
    return "The card has expired" if card_expired(card.get("month"), card.get("year"), now) else None


@cache
def _open_codes(product: str, flow: str | None) -> Mapping[str | None, frozenset[str]]:
    """Group the codes of a product's available methods by currency."""
    rows = [row for row in payment_methods() if row.get("product") == product and row.get("flow") == flow]
    return {
        currency: frozenset(row["code"] for row in rows if row.get("currency") == currency)
        for currency in {row.get("currency") for row in rows}
    }


def _card(details: Mapping[str, Any]) -> Card | None:
    pan = details.get("pan")
    if not isinstance(pan, str):
        return None
    return Card(cards.mask(pan), cards.brand(pan), details.get("card_holder"))
