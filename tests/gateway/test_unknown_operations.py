"""An operation that is added to the document is validated and answered without an edit of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_api.contract import Example
from highhelp_mock import MockGateway
from highhelp_mock.api.validation import schema_validator
from tests.gateway.conftest import NOW
from tests.gateway.merchant import Merchant

if TYPE_CHECKING:
    import pytest

    from highhelp_mock.simulation.projects import Keys


def with_operation(monkeypatch: pytest.MonkeyPatch, keys: Keys, like: str, **changes: Any) -> Merchant:
    operation = contract.OPERATIONS[like]._replace(id="new_one", path="/api/v1/new", **changes)
    monkeypatch.setattr(contract, "OPERATIONS", {**contract.OPERATIONS, "new_one": operation})
    gateway = MockGateway(keys=keys, clock=lambda: NOW)
    return Merchant(gateway, gateway.project)


def test_a_new_create_is_a_create(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    merchant = with_operation(monkeypatch, keys, "create_p2p_payin", tag="wallet", info="get_p2p_payin")
    assert merchant.send("new_one", merchant.p2p_payin(amount=0)).status == 422
    assert merchant.call("new_one", merchant.p2p_payin())["sub_status"] == "new"
    assert merchant.send("new_one", merchant.p2p_payin(amount=5)).status == 409
    merchant.gateway.travel(60)
    assert merchant.info()["status"] == "success"


def test_a_new_create_without_machines_takes_those_of_its_flow(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    merchant = with_operation(monkeypatch, keys, "create_p2p_payout", machines=())
    merchant.call("new_one", merchant.p2p_payout())
    assert "processing:payout_process" in merchant.gateway.payment("p-1").allowed


def test_a_new_step_of_a_payment_answers_its_state(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    merchant = with_operation(monkeypatch, keys, "confirm_ecom_3ds", request="PaymentInfoRequest")
    merchant.call("create_ecom_payin", merchant.ecom_payin())
    assert merchant.call("new_one", merchant.info_general("p-1"))["payment_id"] == "p-1"
    assert merchant.send("new_one", merchant.info_general("p-2")).status == 404


def test_a_new_read_answers_its_example(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    example = Example(of="new_one", status="200", name="one", schema="Bank", value={"code": "of the example"})
    monkeypatch.setattr(contract, "EXAMPLES", (*contract.EXAMPLES, example))
    merchant = with_operation(monkeypatch, keys, "list_banks", response="Bank")
    general = {"general": {"project_id": merchant.project.project_id}}
    assert merchant.call("new_one", general) == {"code": "of the example"}
    assert merchant.send("new_one", general | {"surprise": 1}).status == 422
    assert merchant.send("new_one", general | {"country": "ru"}).status == 422


def test_a_new_request_without_a_strict_model_is_validated(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    schema = {"type": "object", "required": ["general"], "properties": {"wish": {"type": "string"}}}
    monkeypatch.setattr(contract, "SCHEMAS", {**contract.SCHEMAS, "WishRequest": schema})
    schema_validator.cache_clear()
    merchant = with_operation(monkeypatch, keys, "list_banks", request="WishRequest")
    general = {"general": {"project_id": merchant.project.project_id}}
    assert merchant.send("new_one", general | {"wish": "well"}).status == 200
    response = merchant.send("new_one", general | {"wish": 1})
    assert (response.status, response.json()["errors"][0]["field"]) == (422, "wish")
    schema_validator.cache_clear()
