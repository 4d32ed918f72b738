"""One payment_id, one payment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_mock import MockGateway
from tests.gateway.conftest import NOW
from tests.gateway.merchant import Merchant

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Keys


def test_the_same_body_gets_the_stored_payment(merchant: Merchant) -> None:
    first = merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(1)
    second = merchant.call("create_p2p_payin", merchant.p2p_payin())
    assert second == first | {"sub_status": "requisites"}
    assert len(merchant.gateway.payments) == 1


def test_the_order_of_keys_makes_no_other_body(merchant: Merchant) -> None:
    body = merchant.p2p_payin()
    merchant.call("create_p2p_payin", body)
    turned = {name: dict(reversed(block.items())) for name, block in reversed(body.items())}
    assert merchant.send("create_p2p_payin", turned).status == 200


@pytest.mark.parametrize("change", [{"amount": 10001}, {"description": "other"}, {"method": "phone-p2p"}])
def test_another_body_is_a_conflict(merchant: Merchant, change: dict[str, Any]) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    response = merchant.send("create_p2p_payin", merchant.p2p_payin(**change))
    assert response.status == 409
    assert response.json()["errors"] == [{"field": "general:payment_id", "message": "is taken"}]
    assert merchant.gateway.payment("p-1").amount == 10000


def test_a_payment_id_is_unique_over_all_flows(merchant: Merchant) -> None:
    merchant.call("create_p2p_payout", merchant.p2p_payout())
    assert merchant.send("create_ecom_payout", merchant.ecom_payout()).status == 409
    assert merchant.gateway.balance("RUB").locked == 10000


@pytest.mark.parametrize(("duplicates", "status"), [("conflict", 409), ("invalid", 422), ("malformed", 400)])
def test_every_repetition_may_be_refused(duplicates: Any, status: int, keys: Keys) -> None:
    merchant = merchant_of(keys, duplicates=duplicates)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    assert merchant.send("create_p2p_payin", merchant.p2p_payin()).status == status
    assert merchant.info()["status"] == "processing"


def merchant_of(keys: Keys, **settings: Any) -> Merchant:
    gateway = MockGateway(keys=keys, clock=lambda: NOW, **settings)
    return Merchant(gateway, gateway.project)


def test_repetitions_are_refused_with_409_by_default(keys: Keys) -> None:
    merchant = merchant_of(keys)
    assert [merchant.send("create_p2p_payout", merchant.p2p_payout()).status for _ in range(2)] == [200, 409]


def test_info_finds_a_payment_after_its_lag(keys: Keys) -> None:
    merchant = merchant_of(keys, info_lag=30)
    merchant.call("create_p2p_payout", merchant.p2p_payout())
    question = {"general": {"project_id": merchant.gateway.project_id, "payment_id": "p-1"}}
    for seconds, status in ((0, 404), (29, 404), (1, 200)):
        merchant.gateway.travel(seconds)
        assert merchant.send("get_p2p_payout", question).status == status


def test_uniqueness_that_lags_makes_two_payments(keys: Keys) -> None:
    merchant = merchant_of(keys, uniqueness_lag=20)
    for seconds, status in ((0, 200), (19, 200), (20, 409)):
        merchant.gateway.travel(seconds)
        assert merchant.send("create_p2p_payout", merchant.p2p_payout()).status == status
    assert [one.payment_id for one in merchant.gateway.payments] == ["p-1", "p-1"]
    assert len({one.request_id for one in merchant.gateway.payments}) == 2
    assert merchant.gateway.balance("RUB").locked == 20000, "both are paid"


@pytest.mark.parametrize(("lag", "status", "held"), [(0, 409, 1), (10, 200, 2)])
def test_a_repeated_delivery_is_executed_twice(lag: int, status: int, held: int, keys: Keys) -> None:
    merchant = merchant_of(keys, uniqueness_lag=lag)
    merchant.gateway.fault("create_p2p_payout", "repeated_delivery")
    assert merchant.send("create_p2p_payout", merchant.p2p_payout()).status == status
    assert len(merchant.gateway.payments) == held


@pytest.mark.parametrize("setting", ["info_lag", "uniqueness_lag"])
def test_a_lag_below_zero_is_refused(setting: str, keys: Keys) -> None:
    with pytest.raises(ValueError, match="lag"):
        MockGateway(keys=keys, **{setting: -1})  # type: ignore[arg-type]  # mypy does not know which setting the name is


def test_a_refused_request_does_not_take_the_payment_id(merchant: Merchant) -> None:
    assert merchant.send("create_p2p_payin", merchant.p2p_payin(amount=0)).status == 422
    assert merchant.send("create_p2p_payin", merchant.p2p_payin()).status == 200


def test_a_declined_payment_keeps_its_payment_id(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(currency="XQQ"))
    assert merchant.send("create_p2p_payin", merchant.p2p_payin()).status == 409
    assert merchant.call("create_p2p_payin", merchant.p2p_payin(currency="XQQ"))["status"] == "decline"


def test_threads_that_repeat_a_payout_pay_once(merchant: Merchant) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: merchant.send("create_p2p_payout", merchant.p2p_payout()), range(40)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json()["request_id"] for answer in answers}) == 1
    assert merchant.gateway.balance("RUB").locked == 10000


def test_the_attempts_can_be_counted_and_compared(merchant: Merchant) -> None:
    merchant.gateway.fault("create_p2p_payin", "drop_response_after_commit")
    for _ in range(2):
        merchant.send("create_p2p_payin", merchant.p2p_payin())
    first, second = merchant.gateway.calls
    assert first.payment_id == second.payment_id == "p-1"
    assert first.body_sha256 == second.body_sha256
    assert (first.faults, second.faults) == (("drop_response_after_commit",), ())


def test_an_unknown_kind_of_duplicates_is_refused(keys: Keys) -> None:
    with pytest.raises(ValueError, match="stored"):
        MockGateway(keys=keys, duplicates="sometimes")  # type: ignore[arg-type]  # that is the point
