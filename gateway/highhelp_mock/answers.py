"""What the gateway says about a payment: answers, callbacks, and the masked view of control and dashboard."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock.cards import complete, mask
from highhelp_mock.machine import is_final, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.messages import Json
    from highhelp_mock.payments import Challenge, Payment

__all__ = [
    "UNKNOWN",
    "bank_of",
    "callback_body",
    "callback_kind",
    "create_answer",
    "info_answer",
    "masked",
    "page_address",
    "requisites",
    "view",
]

UNKNOWN = ("on_hold", "manual_review")
"""A status and a sub-status that the contract does not know, for the fault of that name."""


def create_answer(payment: Payment, base_url: str) -> Json:
    """The answer to the call that created the payment."""
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
    """The state of a payment, whole."""
    info = _payment_info(payment)
    if payment.method is not None:
        info["method"] = payment.method
    return {
        **create_answer(payment, base_url),
        "project_id": payment.project_id,
        "payment_info": info,
        **_blocks(payment, base_url),
    }


def callback_kind(state: str) -> str:
    """Which of the contract's webhooks tells a state."""
    status = split(state)[0]
    named = f"payment_{status}"
    return named if is_final(state) and named in contract.WEBHOOKS else "payment_update"


def callback_body(payment: Payment, base_url: str, *, unknown: bool = False) -> Json:
    """What a callback says of a payment as it stands."""
    status, sub_status = UNKNOWN if unknown else (payment.status, payment.sub_status)
    return {
        "project_id": payment.project_id,
        "general": {"request_id": payment.request_id, "payment_id": payment.payment_id},
        "status": {
            "status": status,
            "sub_status": sub_status,
            "status_description": payment.status_description,
        },
        "payment_info": _payment_info(payment),
        **_blocks(payment, base_url),
    }


def view(payment: Payment) -> Json:
    """A payment for control and dashboard: nothing in it needs hiding."""
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
        "automatic": bool(payment.course),
        "scenario": payment.scenario.name or None,
        "masked_pan": payment.card.masked_pan if payment.card else None,
        "allowed": [state_json(state) for state in payment.allowed],
        "history": [
            {"at": int(event.at), **state_json(event.state), "status_description": event.text}
            for event in payment.history
        ],
    }


def state_json(state: str) -> Json:
    """A state as status and sub-status."""
    status, sub_status = split(state)
    return {"status": status, "sub_status": sub_status}


def masked(schema: str, body: Mapping[str, Any]) -> Json:
    """A copy of a body without what the contract calls sensitive."""
    copy: Json = json.loads(json.dumps(body))
    for path, kind in contract.SENSITIVE_PATHS.get(schema, {}).items():
        *parents, name = path.split(":")
        place: Any = copy
        for parent in parents:
            place = place.get(parent) if isinstance(place, dict) else None
        if isinstance(place, dict) and place.get(name) is not None:
            place[name] = mask(place[name]) if kind == "pan" and isinstance(place[name], str) else "***"
    return copy


def _payment_info(payment: Payment) -> Json:
    info: Json = {"amount": payment.amount, "currency": payment.currency}
    return info | ({"type": payment.flow} if payment.flow else {})


def page_address(payment: Payment, base_url: str) -> str | None:
    """Where the payer's page is, where the payment has one."""
    if payment.flow != "payin" or (payment.card and payment.product != "widget"):
        return None
    return _page(payment, base_url)


def _integration(payment: Payment, base_url: str) -> Json:
    if payment.flow != "payin" or payment.final:
        return {}
    if payment.state == "processing:awaiting_redirect_result":
        return {"redirect_url": _page(payment, base_url, "/redirect")}
    address = page_address(payment, base_url)
    return {} if address is None else {"form_url": address}


def _blocks(payment: Payment, base_url: str) -> Json:
    blocks: Json = {}
    if payment.state in ("processing:awaiting_confirm", "processing:paid") and _is_transfer(payment):
        blocks["requisites"] = requisites(payment)
    if payment.state == "processing:awaiting_redirect_result":
        params = {"session": payment.token[:16]}
        blocks["redirect"] = {"url": _page(payment, base_url, "/redirect"), "method": "GET", "params": params}
    if payment.state == "processing:awaiting_3ds_result" and payment.challenge:
        blocks["threeds"] = _threeds(payment, payment.challenge, base_url)
    if payment.card and payment.flow == "payin" and payment.state != "processing:new":
        blocks["account"] = {
            "masked_pan": payment.card.masked_pan,
            "card_holder": payment.card.card_holder,
            "brand": payment.card.brand,
        }
    return blocks


def _is_transfer(payment: Payment) -> bool:
    return "p2p_payin" in payment.machines and (payment.product != "widget" or payment.method is not None)


def _threeds(payment: Payment, challenge: Challenge, base_url: str) -> Json:
    address = _page(payment, base_url, "/acs")
    if challenge.version == 1:
        returns = _page(payment, base_url, "/3ds-return")
        return {"acs_url": address, "pa_req": challenge.creq, "md": challenge.md, "term_url": returns}
    return {"acs_url": address, "creq": challenge.creq}


def requisites(payment: Payment) -> Json:
    """Where the payer of a transfer sends the money; the same each time it is asked."""
    # a digit or two of the token make details that differ between payments and stay the same within one
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
    """The first bank of the contract's examples that takes part; empty where none does."""
    banks = [row for row in example_rows("list_banks", "banks") if row.get("currency") == currency]
    return next((row for row in banks if method in row.get("methods", ())), banks[0] if banks else {})


@cache
def example_rows(operation: str, name: str) -> tuple[Mapping[str, Any], ...]:
    """The rows of a list that the contract's examples of an operation's answer show."""
    found: dict[str, Mapping[str, Any]] = {}
    for example in contract.EXAMPLES:
        if example.of == operation and example.status == "200":
            for row in example.value.get(name, ()):
                found.setdefault(json.dumps(row, sort_keys=True), row)
    return tuple(found.values())


def _page(payment: Payment, base_url: str, part: str = "") -> str:
    return f"{base_url}/pay/{payment.token}{part}"


def challenge_text(payment_token: str) -> str:
    """A CReq or PaReq: base64url of what a real one would hold, unpadded."""
    data = json.dumps({"messageType": "CReq", "threeDSServerTransID": payment_token[:32]}).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
