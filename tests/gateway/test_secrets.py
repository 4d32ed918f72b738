"""Neither keys nor signatures nor card data are shown by anything that a program may print."""

from __future__ import annotations

from dataclasses import fields

import pytest

from highhelp_api import contract
from highhelp_mock import Request
from highhelp_mock.http import ApiError
from tests.gateway.merchant import CARD, Merchant


def test_no_repr_shows_a_secret(merchant: Merchant) -> None:
    body = merchant.ecom_payin() | {"customer": {"email": "payer@shop.example"}}
    response = merchant.send("create_ecom_payin", body)
    merchant.call("create_p2p_payin", merchant.p2p_payin("p-2"))
    merchant.gateway.travel(60)
    keys = merchant.project.keys
    outgoing = merchant.gateway.dispatcher.due_callbacks()
    request = Request("POST", "/x", {"authorization": "Bearer of-a-token"}, b"the body")
    things = [
        merchant.gateway, merchant.project, keys, request, response, outgoing, merchant.gateway.payments,
        merchant.gateway.callbacks, merchant.gateway.calls, merchant.gateway.signed_callback("p", "success"),
    ]  # fmt: skip
    shown = repr(things)
    secrets = [CARD["pan"], f"'{CARD['cvv']}'", "A B", "payer@shop.example", "of-a-token", "the body", "PRIVATE KEY"]
    secrets += [keys.hmac_key, keys.callback_hmac_key, merchant.gateway.payments[0].token]
    secrets += [one.headers[contract.HEADERS.signature] for one in outgoing]
    assert not [secret for secret in secrets if secret in shown]
    assert "******" in shown


def test_a_payment_keeps_neither_card_number_nor_security_code(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", merchant.ecom_payin(card=CARD | {"cvv": "9173"}))
    merchant.call("create_p2p_payout", merchant.p2p_payout("p-2"))
    random = {"token", "request_id", "fingerprint", "project_id", "challenge"}
    for payment in merchant.gateway.payments:
        kept = repr([getattr(payment, field.name) for field in fields(payment) if field.name not in random])
        holder = payment.card.card_holder if payment.card else None
        assert holder in ("A B", None)
        for secret in (CARD["pan"], "9173", "2200000000000004"):
            assert secret not in kept


def test_a_refusal_carries_no_request() -> None:
    with pytest.raises(ApiError) as refused:
        raise ApiError(422, "wrong", [("card:pan", "is wrong")])
    assert str(refused.value) == "(422, 'wrong')"
