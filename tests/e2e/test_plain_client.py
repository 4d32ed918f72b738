"""The generated client without `HighHelp`: signed by an httpx auth hook, sync and async."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from highhelp_api.client import Client, errors, models
from highhelp_api.client.api.p2p import create_p2p_payin, get_p2p_payin
from highhelp_api.client.api.service import get_balance
from highhelp_mock import MockGateway
from highhelp_signing import RequestNotSignable, SignatureAuth


@pytest.fixture
def gateway() -> MockGateway:
    return MockGateway()


def plain(gateway: MockGateway, base_url: str | None = None) -> Client:
    auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)
    return Client(base_url=base_url or gateway.base_url, httpx_args={"auth": auth, "transport": gateway.transport})


def payin(gateway: MockGateway) -> models.P2PPayinRequest:
    return models.P2PPayinRequest(
        general=models.General(project_id=gateway.project_id, payment_id="заказ-1"),
        payment=models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=10000, currency="RUB"),
    )


def info(gateway: MockGateway) -> models.PaymentInfoRequest:
    return models.PaymentInfoRequest(general=models.InfoGeneral(project_id=gateway.project_id, payment_id="заказ-1"))


def balance(gateway: MockGateway) -> models.BalanceRequest:
    return models.BalanceRequest(general=models.ProjectGeneral(project_id=gateway.project_id))


def test_plain_client_sync_creates_and_asks(gateway: MockGateway) -> None:
    client = plain(gateway)
    created = create_p2p_payin.sync(client=client, body=payin(gateway))
    assert isinstance(created, models.PaymentState)
    gateway.travel(60)
    found = get_p2p_payin.sync(client=client, body=info(gateway))
    assert isinstance(found, models.PaymentState)
    assert found.status is models.Status.SUCCESS
    assert "заказ-1" in str(found.payment_id)


def test_plain_client_async_creates_and_asks(gateway: MockGateway) -> None:
    async def run() -> tuple[object, object]:
        async with plain(gateway) as client:
            created = await create_p2p_payin.asyncio_detailed(client=client, body=payin(gateway))
            gateway.travel(60)
            return created.parsed, await get_p2p_payin.asyncio(client=client, body=info(gateway))

    created, found = asyncio.run(run())
    assert isinstance(created, models.PaymentState)
    assert isinstance(found, models.PaymentState)
    assert found.status is models.Status.SUCCESS


def test_plain_client_wrong_key_is_refused(gateway: MockGateway) -> None:
    auth = SignatureAuth(gateway.project_id, MockGateway().signer, origin=gateway.base_url, clock=gateway.clock)
    client = Client(base_url=gateway.base_url, httpx_args={"auth": auth, "transport": gateway.transport})
    refused = get_balance.sync_detailed(client=client, body=balance(gateway))
    assert refused.status_code == 401
    assert isinstance(refused.parsed, models.ErrorResponse)


def test_plain_client_unsigned_is_refused(gateway: MockGateway) -> None:
    client = Client(base_url=gateway.base_url, httpx_args={"transport": gateway.transport})
    assert get_balance.sync_detailed(client=client, body=balance(gateway)).status_code == 401


def test_plain_client_other_origin_gets_no_signature(gateway: MockGateway) -> None:
    client = plain(gateway, "https://elsewhere.example")
    with pytest.raises(RequestNotSignable):
        get_balance.sync(client=client, body=balance(gateway))


def test_plain_client_refusal_is_typed(gateway: MockGateway) -> None:
    missing = get_p2p_payin.sync_detailed(client=plain(gateway), body=info(gateway))
    assert missing.status_code == 404
    assert isinstance(missing.parsed, models.ErrorResponse)


def test_plain_client_unreadable_answer_is_one_error(gateway: MockGateway) -> None:
    gateway.fault("get_balance", "html_502")
    with pytest.raises(errors.ResponseParseError) as caught:
        get_balance.sync_detailed(client=plain(gateway), body=balance(gateway))
    assert caught.value.status_code == 502
    assert b"<" in caught.value.content
    assert "<" not in str(caught.value)


def test_plain_client_lost_answer_leaves_the_payment(gateway: MockGateway) -> None:
    client = plain(gateway)
    gateway.fault("create_p2p_payin", "drop_response_after_commit")
    with pytest.raises(httpx.TransportError):
        create_p2p_payin.sync(client=client, body=payin(gateway))
    assert isinstance(get_p2p_payin.sync(client=client, body=info(gateway)), models.PaymentState)


def test_plain_client_repr_hides_its_arguments(gateway: MockGateway) -> None:
    assert "auth" not in repr(plain(gateway))
