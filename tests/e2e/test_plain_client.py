"""The generated client without the façade: the signature injected as an httpx auth hook, sync and async."""

from __future__ import annotations

import asyncio

import pytest

from highhelp_api.client import Client, errors, models
from highhelp_api.client.api.p2p import create_p2p_payin, get_p2p_payin
from highhelp_api.client.api.service import get_balance
from highhelp_mock import MockGateway
from highhelp_signing import SignatureAuth


@pytest.fixture
def gateway() -> MockGateway:
    return MockGateway()


def plain(gateway: MockGateway) -> Client:
    auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)
    return Client(base_url=gateway.base_url, httpx_args={"auth": auth, "transport": gateway.transport})


def payin(gateway: MockGateway) -> models.P2PPayinRequest:
    return models.P2PPayinRequest(
        general=models.General(project_id=gateway.project_id, payment_id="заказ-1"),
        payment=models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=10000, currency="RUB"),
    )


def info(gateway: MockGateway) -> models.PaymentInfoRequest:
    return models.PaymentInfoRequest(general=models.InfoGeneral(project_id=gateway.project_id, payment_id="заказ-1"))


def test_sync(gateway: MockGateway) -> None:
    client = plain(gateway)
    created = create_p2p_payin.sync(client=client, body=payin(gateway))
    assert isinstance(created, models.PaymentState)
    gateway.travel(60)
    found = get_p2p_payin.sync(client=client, body=info(gateway))
    assert isinstance(found, models.PaymentState)
    assert found.status is models.Status.SUCCESS
    assert "заказ-1" in str(found.payment_id)


def test_async(gateway: MockGateway) -> None:
    async def run() -> object:
        client = plain(gateway)
        body = models.BalanceRequest(general=models.ProjectGeneral(project_id=gateway.project_id))
        return await get_balance.asyncio(client=client, body=body)

    answer = asyncio.run(run())
    assert isinstance(answer, models.BalanceResponse)


def test_a_refusal_is_typed(gateway: MockGateway) -> None:
    missing = get_p2p_payin.sync_detailed(client=plain(gateway), body=info(gateway))
    assert missing.status_code == 404
    assert isinstance(missing.parsed, models.Error)


def test_an_answer_that_cannot_be_read_is_one_error(gateway: MockGateway) -> None:
    gateway.fault("get_balance", "html_502")
    body = models.BalanceRequest(general=models.ProjectGeneral(project_id=gateway.project_id))
    with pytest.raises(errors.ResponseParseError) as caught:
        get_balance.sync_detailed(client=plain(gateway), body=body)
    assert caught.value.status_code == 502
    assert b"<" in caught.value.content
    assert "<" not in str(caught.value)
