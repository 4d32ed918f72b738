"""Faults in-process: counted, combined, with a known state of the money."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp_mock.simulation.faults import API_FAULTS, CALLBACK_FAULTS, DESCRIPTIONS
from highhelp_signing import SignatureAuth

if TYPE_CHECKING:
    from highhelp_mock import Response
    from tests.gateway.merchant import Merchant

OPERATION = "create_p2p_payin"
PATH = "/api/v1/payment/p2p/payin"


def client_of(merchant: Merchant, **options: Any) -> httpx.Client:
    gateway = merchant.gateway
    auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)
    return httpx.Client(transport=gateway.transport, base_url=gateway.base_url, auth=auth, **options)


@pytest.mark.parametrize(
    ("fault", "committed", "outcome"),
    [
        ("drop_request", False, httpx.ReadError),
        ("drop_response_after_commit", True, httpx.RemoteProtocolError),
        ("http_500", False, 500),
        ("http_429", False, 429),
        ("html_502", True, 502),
        ("bad_json", True, 200),
        ("unknown_status", True, 200),
        ("delay", True, 200),
        ("slow_body", True, 200),
    ],
)
def test_a_fault_happens_once_and_says_what_was_done(
    merchant: Merchant, fault: str, committed: bool, outcome: int | type[Exception]
) -> None:
    merchant.gateway.fault(OPERATION, fault, seconds=0.0001 if fault == "slow_body" else None)
    with client_of(merchant) as client:
        if isinstance(outcome, int):
            assert client.post(PATH, json=merchant.p2p_payin()).status_code == outcome
        else:
            with pytest.raises(outcome):
                client.post(PATH, json=merchant.p2p_payin())
        assert [one.payment_id for one in merchant.gateway.payments] == ["p-1"] * committed
        assert client.post(PATH, json=merchant.p2p_payin()).json()["status"] == "processing"


def test_the_asynchronous_transport_does_the_same(merchant: Merchant) -> None:
    gateway = merchant.gateway
    auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)

    async def run() -> None:
        async with httpx.AsyncClient(transport=gateway.transport, base_url=gateway.base_url, auth=auth) as client:
            gateway.fault(OPERATION, "drop_response_after_commit")
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(PATH, json=merchant.p2p_payin())
            gateway.fault(OPERATION, "slow_body", seconds=0.0001)
            response = await client.post(PATH, json=merchant.p2p_payin())
            assert response.json()["status"] == "processing"

    asyncio.run(run())


def test_the_answers_look_like_what_they_are(merchant: Merchant) -> None:
    def answer(fault: str) -> Response:
        merchant.gateway.fault(OPERATION, fault)
        return merchant.send(OPERATION, merchant.p2p_payin())

    limited, page, cut, unknown = map(answer, ("http_429", "html_502", "bad_json", "unknown_status"))
    assert limited.header("retry-after") == "1"
    assert page.header("content-type") == "text/html; charset=utf-8"
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    assert (unknown.json()["status"], unknown.json()["sub_status"]) == ("on_hold", "manual_review")


def test_a_delay_moves_the_clock_and_not_the_test(merchant: Merchant) -> None:
    merchant.gateway.fault(OPERATION, "delay", seconds=2)
    before = merchant.gateway.clock()
    with client_of(merchant) as client:
        assert client.post(PATH, json=merchant.p2p_payin()).status_code == 200
    assert merchant.gateway.clock() == before + 2


def test_a_delay_beyond_the_clients_patience_is_a_timeout(merchant: Merchant) -> None:
    merchant.gateway.fault(OPERATION, "delay", seconds=60)
    before = merchant.gateway.clock()
    with client_of(merchant, timeout=5) as client, pytest.raises(httpx.ReadTimeout):
        client.post(PATH, json=merchant.p2p_payin())
    assert merchant.gateway.clock() == before + 5
    assert merchant.state() != "nothing was done"


def test_faults_are_counted(merchant: Merchant) -> None:
    merchant.gateway.fault(OPERATION, "http_500", 3)
    codes = [merchant.send(OPERATION, merchant.p2p_payin()).status for _ in range(5)]
    assert codes == [500, 500, 500, 200, 200]


def test_faults_combine(merchant: Merchant) -> None:
    merchant.gateway.fault(OPERATION, "delay", seconds=7)
    merchant.gateway.fault(OPERATION, "unknown_status")
    merchant.gateway.fault(OPERATION, "bad_json")
    merchant.gateway.fault(OPERATION, "http_500")
    first = merchant.send(OPERATION, merchant.p2p_payin())
    assert (first.status, first.delay) == (200, 7)
    assert b"on_hold" in first.body
    with pytest.raises(ValueError):
        first.json()
    assert merchant.send(OPERATION, merchant.p2p_payin()).status == 500
    assert merchant.send(OPERATION, merchant.p2p_payin()).status == 200


def test_a_failure_may_come_before_or_after_the_commit(merchant: Merchant) -> None:
    merchant.gateway.fault(OPERATION, "http_500", after_commit=True)
    merchant.gateway.fault(OPERATION, "html_502", after_commit=False)
    assert merchant.send(OPERATION, merchant.p2p_payin()).status == 500
    assert len(merchant.gateway.payments) == 1
    assert merchant.send(OPERATION, merchant.p2p_payin("p-2")).status == 502
    assert len(merchant.gateway.payments) == 1


def test_a_fault_is_for_its_operation(merchant: Merchant) -> None:
    merchant.gateway.fault("get_p2p_payin", "http_500")
    assert merchant.send(OPERATION, merchant.p2p_payin()).status == 200
    assert merchant.send("get_p2p_payin", merchant.info_general("p-1")).status == 500


def test_a_fault_may_be_for_all(merchant: Merchant) -> None:
    merchant.gateway.fault("*", "http_429", 2)
    assert merchant.send(OPERATION, merchant.p2p_payin()).status == 429
    assert merchant.send("get_balance", merchant.info_general("x")).status == 429
    assert merchant.send(OPERATION, merchant.p2p_payin()).status == 200


def test_the_faults_are_those_of_the_design() -> None:
    names = (
        "drop_response_after_commit|drop_request|delay|http_500|http_429|html_502|bad_json|unknown_status|"
        "wrong_signature|duplicate_callback|reorder_callbacks|slow_body|repeated_delivery"
    )
    assert set(DESCRIPTIONS) == set(names.split("|")) == set(API_FAULTS) | set(CALLBACK_FAULTS)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("create_nothing", "delay"),
        (OPERATION, "earthquake"),
        ("get_balance", "wrong_signature"),
        ("callbacks", "delay"),
    ],
)
def test_what_does_not_exist_cannot_be_armed(merchant: Merchant, operation: str, fault: str) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        merchant.gateway.fault(operation, fault)
