"""Callbacks made for tests of receivers: right for any status, and wrong in every way that is offered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from highhelp_api import contract
from highhelp_mock.api.forged_callbacks import DEFECTS
from highhelp_signing import CallbackRejected
from highhelp_signing.encoding import decode_signature
from tests.gateway.merchant import Merchant, fits

if TYPE_CHECKING:
    from highhelp_mock.api.forged_callbacks import Defect
    from highhelp_mock.simulation.projects import Algorithm

REASONS = {
    "signature": "signature", "key": "signature", "stale": "stale", "future": "stale", "body": "signature",
    "unsigned": "headers", "project": "unknown_project",
}  # fmt: skip


@pytest.mark.parametrize("state", sorted(contract.STATES))
def test_any_state_verifies_and_is_valid(merchant: Merchant, state: str) -> None:
    status, _, sub_status = state.partition(":")
    made = merchant.gateway.signed_callback("p-9", status, sub_status or None)
    verified = merchant.gateway.verifier().verify(made.body, made.headers)
    assert (verified.status, verified.sub_status) == (status, sub_status or None)
    assert fits(contract.CALLBACK_SCHEMA, json.loads(made.body)) == []


@pytest.mark.parametrize("algorithm", ["rsa", "hmac"])
@pytest.mark.parametrize("wrong", DEFECTS)
def test_a_wrong_one_is_refused_for_its_reason(merchant: Merchant, wrong: Defect, algorithm: Algorithm) -> None:
    made = merchant.gateway.signed_callback("p-9", "success", wrong=wrong, algorithm=algorithm)
    with pytest.raises(CallbackRejected) as refused:
        merchant.gateway.verifier().verify(made.body, made.headers)
    assert refused.value.reason == REASONS[wrong]
    right = merchant.gateway.signed_callback("p-9", "success", algorithm=algorithm)
    merchant.gateway.verifier().verify(right.body, right.headers)


@pytest.mark.parametrize(("algorithm", "size"), [("rsa", 256), ("hmac", 64)])
def test_algorithm_can_be_chosen(merchant: Merchant, algorithm: Algorithm, size: int) -> None:
    made = merchant.gateway.signed_callback("p-9", "success", algorithm=algorithm)
    signature = decode_signature(made.headers[contract.HEADERS.signature])
    assert signature is not None
    assert len(signature) == size


def test_a_known_payments_amount_is_told(merchant: Merchant) -> None:
    answer = merchant.call("create_p2p_payout", merchant.p2p_payout(amount=777, currency="UZS"))
    made = json.loads(merchant.gateway.signed_callback("p-1", "success").body)
    assert made["payment_info"] == {"amount": 777, "currency": "UZS", "type": "payout"}
    assert made["general"]["request_id"] == answer["request_id"]


def test_an_unknown_wrong_is_named(merchant: Merchant) -> None:
    with pytest.raises(ValueError, match="one of signature, key, stale"):
        merchant.gateway.signed_callback("p-9", "success", wrong="nothing")  # type: ignore[arg-type]  # that is the point


def test_sign_makes_what_the_gateway_makes(merchant: Merchant) -> None:
    sent = merchant.gateway.signed_callback("order-1", "success", timestamp=1_795_521_600)
    assert merchant.gateway.sign(sent.body, 1_795_521_600) == sent.headers


@pytest.mark.parametrize("raw", [b"", b"[1]", b'{"a": NaN}', b"\xff", b'{"project_id": "p", "a": 1.5, "a": 2}'])
def test_sign_takes_any_bytes(merchant: Merchant, raw: bytes) -> None:
    with pytest.raises(CallbackRejected):
        merchant.gateway.verifier().verify(raw, merchant.gateway.sign(raw))


def test_sign_keeps_a_fraction_as_written(merchant: Merchant) -> None:
    sent = merchant.gateway.signed_callback("order-1", "success")
    raw = sent.body[:-1] + b',"rate":1.10}'
    assert merchant.gateway.verifier().verify(raw, merchant.gateway.sign(raw)).payment_id == "order-1"
    with pytest.raises(CallbackRejected):
        merchant.gateway.verifier().verify(raw.replace(b"1.10", b"1.1"), merchant.gateway.sign(raw))
