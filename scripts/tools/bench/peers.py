"""Other SDKs against a fixed server: what a call of each costs over an httpx call with the same bytes.

None of them signs a body. They are measured to compare the cost of a façade with ours; no budget depends on
them.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import httpx

from tools.bench import fixed_server
from tools.bench.measure import Bench, Row, timed

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER = {
    "id": "pi_1", "object": "payment_intent", "amount": 10000, "currency": "rub", "status": "processing",
    "payment": {"id": "p1", "status": "PENDING"}, "resultCode": "Received", "pspReference": "1",
    "timestamp": "2026-01-01T00:00:00Z", "eventType": "x", "payload": {},
}  # fmt: skip


def peers(bench: Bench) -> Row:
    """A create of each."""
    with fixed_server.running(json.dumps(ANSWER).encode()) as server:
        bare = httpx.Client()
        body = json.dumps({"amount": 10000, "currency": "rub"}).encode()
        sides: dict[str, Callable[[], object]] = {
            "httpx, unsigned": lambda: bare.post(f"{server}/v1/x", content=body),
        }
        for name, make in {"stripe": _stripe, "square": _square, "adyen": _adyen, "svix": _svix}.items():
            sides[name] = make(server)
        series = bench.interleave({name: timed(side, 3) for name, side in sides.items()}, 60)
        bare.close()
    return Row(series)


def _stripe(server: str) -> Callable[[], object]:
    stripe: Any = importlib.import_module("stripe")
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": server})
    return lambda: client.v1.payment_intents.create({"amount": 10000, "currency": "rub"})


def _square(server: str) -> Callable[[], object]:
    square: Any = importlib.import_module("square")
    client = square.Square(token="x", base_url=server)  # noqa: S106  # the server takes anything
    money = {"amount": 10000, "currency": "RUB"}
    return lambda: client.payments.create(source_id="x", idempotency_key="1", amount_money=money)


def _adyen(server: str) -> Callable[[], object]:
    adyen: Any = importlib.import_module("Adyen")
    client = adyen.Adyen(xapikey="x", platform="test")
    client.checkout.payments_api.baseUrl = server
    body = {
        "amount": {"currency": "RUB", "value": 10000}, "reference": "1", "merchantAccount": "x",
        "paymentMethod": {"type": "scheme"},
    }  # fmt: skip
    return lambda: client.checkout.payments_api.payments(body)


def _svix(server: str) -> Callable[[], object]:
    api: Any = importlib.import_module("svix.api")
    client = api.Svix("x", api.SvixOptions(server_url=server))
    message = api.MessageIn(event_type="x", payload={"amount": 10000})
    return lambda: client.message.create("app_1", message)
