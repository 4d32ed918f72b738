"""Render payments as JSON: answers, callbacks, and the view of control API and dashboard."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock.simulation.cards import complete, mask
from highhelp_mock.simulation.state_machine import (
    AWAITING_3DS,
    AWAITING_CONFIRM,
    AWAITING_REDIRECT,
    NEW,
    PAID,
    is_final,
    split_state,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.http import Json
    from highhelp_mock.simulation.payments import Challenge, Payment

__all__ = [
    "UNKNOWN",
    "bank_of",
    "callback_body",
    "callback_kind",
    "create_answer",
    "info_answer",
    "mask_sensitive",
    "page_url",
    "payment_info",
    "requisites",
    "state_json",
    "view",
]

UNKNOWN = ("on_hold", "manual_review")
"""A status and a sub-status unknown to the contract, for the fault of that name."""


def create_answer(payment: Payment, base_url: str) -> Json:
    """Render the answer to the call that creates the payment."""
    answer: Json = {
        "status": payment.status,
        "sub_status": payment.sub_status,
        "status_description": payment.status_description,
        "request_id": payment.request_id,
        "payment_id": payment.payment_id,
    }
    integration = _integration(payment, base_url)
    if integration:
        answer["integration"] = integration
    return answer


def info_answer(payment: Payment, base_url: str) -> Json:
    """Render the complete state of a payment."""
    info = payment_info(payment.amount, payment.currency, payment.flow)
    if payment.method is not None:
        info["method"] = payment.method
    return {
        **create_answer(payment, base_url),
        "project_id": payment.project_id,
        "payment_info": info,
        **_blocks(payment, base_url),
    }


def callback_kind(state: str) -> str:
    """Return the contract's webhook that reports a state."""
    status = split_state(state)[0]
    webhook = f"payment_{status}"
    return webhook if is_final(state) and webhook in contract.WEBHOOKS else "payment_update"


def callback_body(payment: Payment, base_url: str, *, unknown: bool = False) -> Json:
    """Render the callback for the state of a payment."""
    status, sub_status = UNKNOWN if unknown else (payment.status, payment.sub_status)
    return {
        "project_id": payment.project_id,
        "general": {"request_id": payment.request_id, "payment_id": payment.payment_id},
        "status": {
            "status": status,
            "sub_status": sub_status,
            "status_description": payment.status_description,
        },
        "payment_info": payment_info(payment.amount, payment.currency, payment.flow),
        **_blocks(payment, base_url),
    }


def view(payment: Payment) -> Json:
    """Render a payment for control API and dashboard; nothing in it is sensitive."""
    return {
        "payment_id": payment.payment_id,
        "project_id": payment.project_id,
        "request_id": payment.request_id,
        "operation": payment.operation,
        "flow": payment.flow,
        "product": payment.product,
        "method": payment.method,
        "amount": payment.amount,
        "currency": payment.currency,
        "status": payment.status,
        "sub_status": payment.sub_status,
        "status_description": payment.status_description,
        "final": payment.final,
        "created_at": int(payment.created_at),
        "expires_at": None if payment.expires_at is None else int(payment.expires_at),
        "automatic": bool(payment.schedule),
        "scenario": payment.scenario.name or None,
        "masked_pan": payment.card.masked_pan if payment.card else None,
        "allowed": [state_json(state) for state in payment.allowed],
        "history": [
            {"at": int(change.at), **state_json(change.state), "status_description": change.text}
            for change in payment.history
        ],
    }


def state_json(state: str) -> Json:
    """Render a state as status and sub-status."""
    status, sub_status = split_state(state)
    return {"status": status, "sub_status": sub_status}


def mask_sensitive(schema: str, body: Mapping[str, Any]) -> Json:
    """Copy a body, masking the values that the contract marks as sensitive."""
    copy: Json = json.loads(json.dumps(body))
    for path, kind in contract.SENSITIVE_PATHS.get(schema, {}).items():
        *parents, name = path.split(":")
        place: Any = copy
        for parent in parents:
            place = place.get(parent) if isinstance(place, dict) else None
        if isinstance(place, dict) and place.get(name) is not None:
            place[name] = mask(place[name]) if kind == "pan" and isinstance(place[name], str) else "***"
    return copy


def payment_info(amount: int, currency: str, flow: str | None) -> Json:
    """Render the payment_info of an answer or a callback."""
    info: Json = {"amount": amount, "currency": currency}
    return info | ({"type": flow} if flow else {})


def page_url(payment: Payment, base_url: str) -> str | None:
    """Return the URL of the payer's page, if the payment has one."""
    if payment.flow != "payin" or (payment.card and payment.product != "widget"):
        return None
    return _page(payment, base_url)


def _integration(payment: Payment, base_url: str) -> Json:
    if payment.flow != "payin" or payment.final:
        return {}
    if payment.state == AWAITING_REDIRECT:
        return {"redirect_url": _page(payment, base_url, "/redirect")}
    url = page_url(payment, base_url)
    return {} if url is None else {"form_url": url}


def _blocks(payment: Payment, base_url: str) -> Json:
    blocks: Json = {}
    if payment.state in (AWAITING_CONFIRM, PAID) and _is_transfer(payment):
        blocks["requisites"] = requisites(payment)
    if payment.state == AWAITING_REDIRECT:
        form = {"session": payment.token[:16]}
        blocks["redirect_data"] = {"url": _page(payment, base_url, "/redirect"), "method": "GET", "body": form}
    if payment.state == AWAITING_3DS and payment.challenge:
        blocks |= _challenge(payment, payment.challenge, base_url)
    if payment.card and payment.flow == "payin" and payment.state != NEW:
        blocks["account"] = {
            "number": payment.card.masked_pan,
            "type": payment.card.brand,
            "card_holder": payment.card.card_holder,
        }
    return blocks


def _is_transfer(payment: Payment) -> bool:
    return "p2p_payin" in payment.machines and (payment.product != "widget" or payment.method is not None)


def _challenge(payment: Payment, challenge: Challenge, base_url: str) -> Json:
    acs_url = _page(payment, base_url, "/acs")
    if challenge.version == 1:
        term_url = _page(payment, base_url, "/3ds-return")
        acs = {"acs_url": acs_url, "pa_req": challenge.creq, "md": challenge.md, "term_url": term_url}
        return {"acs": acs}
    return {"threeds2": {"redirect": {"url": acs_url, "params": {"creq": challenge.creq}}}}


def requisites(payment: Payment) -> Json:
    """Generate the account for a transfer; always the same for one payment."""
    number = int.from_bytes(hashlib.sha256(payment.token.encode()).digest())
    bank = bank_of(payment.currency, payment.method)
    details: Json = {"bank_name": bank.get("name", "Example Bank")}
    method = payment.method or ""
    if "account" in method:
        details |= {"account_number": f"{number % 10**20:020d}", "bank_code": bank.get("code", "100000000004")}
    elif "qr" in method or "link" in method or "1-click" in method:
        details |= {"qr_link": f"https://qr.example/{payment.token}"}
    elif "ussd" in method:
        details |= {"qr_link": f"*123*{number % 10**6:06d}#"}
    elif "phone" in method or "sbp" in method or "mobile" in method:
        details |= {"phone": f"7900{number % 10**7:07d}", "bank_code": bank.get("code", "100000000004")}
    else:
        details |= {"pan": complete(f"220000{number % 10**9:09d}")}
    if "qr_link" not in details:
        details["card_holder"] = "IVAN IVANOV"
    if payment.expires_at is not None:
        details["expires_at"] = datetime.fromtimestamp(int(payment.expires_at), UTC).isoformat().replace("+00:00", "Z")
    return details


@lru_cache(maxsize=256)
def bank_of(currency: str, method: str | None) -> Mapping[str, Any]:
    """Return the first bank of the contract's examples for a method and currency; empty if there is none."""
    banks = [row for row in example_rows("list_banks", "banks") if row.get("currency") == currency]
    return next((row for row in banks if method in row.get("methods", ())), banks[0] if banks else {})


@cache
def example_rows(operation: str, name: str) -> tuple[Mapping[str, Any], ...]:
    """Collect the distinct rows of a list in the contract's examples of an operation's answer."""
    rows: dict[str, Mapping[str, Any]] = {}
    for example in contract.EXAMPLES:
        if example.of == operation and example.status == "200":
            for row in example.value.get(name, ()):
                rows.setdefault(json.dumps(row, sort_keys=True), row)
    return tuple(rows.values())


def _page(payment: Payment, base_url: str, part: str = "") -> str:
    return f"{base_url}/pay/{payment.token}{part}"


def challenge_text(payment_token: str) -> str:
    """Make a CReq or PaReq: unpadded base64url of JSON, like a real one."""
    data = json.dumps({"messageType": "CReq", "threeDSServerTransID": payment_token[:32]}).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
