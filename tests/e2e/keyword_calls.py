"""Calls in keyword form: twenty right ones, and twenty that both type checkers have to refuse. It is never run.

Lines that end with `# wrong` hold a wrong call.
"""

from __future__ import annotations

from typing import Any

from highhelp import AsyncHighHelp, HighHelp, Money, models

RUB = Money("100.00", "RUB")
CARD: models.CardFields = {"pan": "4000", "month": 12, "year": 2030, "cvv": "123"}
PHONE = models.Receiver(phone="+79990000000", bank_code="100000000111")


def right(client: HighHelp, form: dict[str, str], more: dict[str, Any]) -> models.PaymentState:
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p")
    client.p2p.create_payin(payment_id="o", amount=10000, currency="RUB", method="card-p2p")
    client.p2p.create_payin(payment_id="o", amount=10000, currency=models.Currency.RUB, method=models.Method.CARD_P2P)
    client.p2p.create_payin(payment_id="o", amount=RUB, method="a-new-method", lifetime=600, timeout=5)
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", customer={"id": "42", "country": "RU"})
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", customer=models.Customer(id="42"))
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", description=form.get("d"), customer=None)
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", redirect_url="https://shop.example")
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", merchant_callback_url="https://shop.example")
    client.p2p.create_payin({"general": {"payment_id": "o"}}, timeout=5)
    client.p2p.create_payin(body={"general": {"payment_id": "o"}})
    client.p2p.create_payin(**more)
    client.p2p.create_payout(payment_id="o", amount=RUB, method="sbp-p2p", receiver=PHONE)
    client.p2p.create_payout(payment_id="o", amount=RUB, method="card-p2p", receiver={"pan": "4000"})
    client.ecom.create_payin(payment_id="o", amount=RUB, method="card-ecom", card=CARD)
    client.ecom.create_payin(
        payment_id="o", amount=RUB, method="card-ecom", card=CARD, customer={"browser": {"java_enabled": False}}
    )
    client.ecom.create_payout(payment_id="o", amount=5, currency="KZT", method="card-ecom", receiver={"pan": "4000"})
    client.ecom.confirm_3ds(payment_id="o", cres="value")
    return client.widget.create_payin(payment_id="o", amount=RUB, widget_method="payin-p2p-card")


async def right_on_a_loop(client: AsyncHighHelp) -> models.PaymentState:
    return await client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p")


def wrong(client: HighHelp, maybe: str | None, either: Money | int, texts: dict[str, str]) -> None:
    client.p2p.create_payin(amount=RUB, method="card-p2p")  # wrong
    client.p2p.create_payin(payment_ld="o", amount=RUB, method="card-p2p")  # wrong
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", lifetme=5)  # wrong
    client.p2p.create_payin(payment_id="o", amount=100.0, currency="RUB", method="card-p2p")  # wrong
    client.p2p.create_payin(payment_id="o", amount="100.00", currency="RUB", method="card-p2p")  # wrong
    client.p2p.create_payin(payment_id="o", amount=10000, method="card-p2p")  # wrong
    client.p2p.create_payin(payment_id="o", amount=RUB, currency="RUB", method="card-p2p")  # wrong
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", customer={"idd": "42"})  # wrong
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", customer={"id": 42})  # wrong
    client.p2p.create_payin(payment_id="o", amount=RUB, method="m", customer={"browser": {"java": True}})  # wrong
    client.p2p.create_payin(payment_id="o", amount=RUB, method="card-p2p", customer=texts)  # wrong
    client.p2p.create_payin(payment_id=maybe, amount=RUB, method="card-p2p")  # wrong
    client.p2p.create_payin(payment_id="o", amount=either, method="card-p2p")  # wrong
    client.p2p.create_payin(payment_id="o", amount=RUB)  # wrong
    client.p2p.create_payout(payment_id="o", amount=RUB, method="card-p2p")  # wrong
    client.p2p.create_payin({}, payment_id="o", amount=RUB, method="card-p2p")  # wrong
    client.p2p.create_payin("o", amount=RUB, method="card-p2p")  # wrong
    client.p2p.create_payout(payment_id="o", amount=RUB, method="m", receiver=PHONE, lifetime=600)  # wrong
    client.ecom.create_payin(payment_id="o", amount=RUB, method="card-ecom", card={"pan": "4000"})  # wrong
    client.ecom.confirm_3ds(payment_id="o", threeds={"cres": "value"})  # wrong
