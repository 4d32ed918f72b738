"""The recorder of the whole run notices what breaks the contract, in-process and served."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp_api import contract
from highhelp_mock import MockGateway
from highhelp_mock.api import fault_responses, operations
from highhelp_mock.simulation import representations
from highhelp_mock.simulation.scenarios import amount_of
from highhelp_signing import SignatureAuth
from tests.gateway.merchant import Merchant

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Keys
    from tests.recorder import Recorder


@pytest.fixture
def wrong_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "create_answer", lambda payment, _: {"status": payment.status, "payment_id": 7})


@pytest.mark.usefixtures("wrong_answers")
def test_a_wrong_answer_is_noticed(merchant: Merchant, recorder: Recorder) -> None:
    merchant.send("create_p2p_payin", merchant.p2p_payin())
    found = recorder.take()
    assert "POST /api/v1/payment/p2p/payin 200: payment_id: type" in found  # by the schema
    assert any("payment_id: string_type" in one for one in found)  # and by the strict model


@pytest.mark.usefixtures("wrong_answers")
def test_a_wrong_answer_over_a_connection_is_noticed(keys: Keys, recorder: Recorder) -> None:
    with MockGateway(keys=keys).serve() as gateway:
        auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url)
        body = Merchant(gateway, gateway.project).p2p_payin()
        httpx.post(gateway.base_url + contract.OPERATIONS["create_p2p_payin"].path, json=body, auth=auth)
    assert recorder.take()


def test_a_wrong_callback_is_noticed(merchant: Merchant, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(representations, "payment_info", lambda *_: {"amount": "100.00", "currency": "RUB"})
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(2)))
    merchant.gateway.deliver(lambda _: 200)
    assert any("payment_decline decline: payment_info/amount" in one for one in recorder.take())


def test_an_answer_that_is_no_json_is_noticed(
    merchant: Merchant, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = fault_responses._failure
    monkeypatch.setattr(fault_responses, "_failure", lambda *it: dataclasses.replace(honest(*it), headers=()))
    merchant.gateway.fault("get_balance", "http_500")
    merchant.send("get_balance", {"general": {"project_id": merchant.gateway.project_id}})
    assert recorder.take() == ["POST /api/v1/balance/info 500: None"]


def test_what_a_fault_breaks_is_not_counted(merchant: Merchant, recorder: Recorder) -> None:
    body: dict[str, Any] = {"general": {"project_id": merchant.gateway.project_id}}
    for fault in ("bad_json", "html_502", "unknown_status"):
        merchant.gateway.fault("get_balance", fault)
        answer = merchant.send("get_balance", body)
        assert fault != "bad_json" or not _is_json(answer.body)
    assert recorder.take() == []


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return False
    return True
