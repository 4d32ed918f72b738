"""The pytest plugin, as used by users' tests."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from highhelp import AsyncCallbackInbox, CallbackInbox, DuplicatePayment, Money, PayoutGuard, SettingsError, models
from highhelp.testing import PROJECT_ID, callbacks, damaged_callbacks
from highhelp_signing import CallbackRejected, SignatureScheme

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from highhelp import CallbackEvent, HighHelp
    from highhelp.testing import SignedCallback
    from highhelp_mock import MockGateway

SINGLE = SignatureScheme(digest="single")
LOOK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def payin(amount: int = 10000) -> models.P2PPayinRequest:
    return models.P2PPayinRequest(
        general=models.General(payment_id="order-1", merchant_success_callback_url="http://127.0.0.1:1/callbacks"),
        payment=models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=amount, currency=models.Currency.RUB),
    )


def payout() -> models.P2PPayoutRequest:
    return models.P2PPayoutRequest(
        general=models.General(payment_id="payout-1", merchant_success_callback_url="http://127.0.0.1:1/callbacks"),
        payment=models.P2PPayoutPayment(method=models.Method.CARD_P2P, amount=5000, currency=models.Currency.RUB),
        receiver=models.Receiver(pan="4000009000001001"),
    )


def deliver(gateway: MockGateway, inbox: CallbackInbox) -> int:
    return gateway.deliver(lambda sent: inbox.receive(sent.body, sent.headers)[0])


def test_inbox_takes_the_gateways_callbacks(
    highhelp_gateway: MockGateway, highhelp_api: HighHelp, highhelp_inbox: CallbackInbox
) -> None:
    highhelp_api.p2p.create_payin(payin())
    highhelp_inbox.expect("order-1", Money("100.00", "RUB"))  # without a project in the environment
    highhelp_gateway.travel(10)
    assert deliver(highhelp_gateway, highhelp_inbox) > 0
    seen: list[str] = []
    highhelp_inbox.process(lambda event: seen.append(event.status))
    assert seen == ["success"]


def test_inbox_parks_another_amount(highhelp_inbox: CallbackInbox, signed_callback: SignedCallback) -> None:
    highhelp_inbox.expect("order-1", Money("100.00", "RUB"))
    sent = signed_callback("order-1", "success", amount=1)
    assert json.loads(sent.body)["payment_info"] == {"amount": 1, "currency": "RUB", "type": "payin"}
    assert highhelp_inbox.receive(sent.body, sent.headers)[0] == 200
    assert [row["reason"] for row in highhelp_inbox.list()] == ["amount"]


def test_guard_settles_from_the_same_database(
    highhelp_gateway: MockGateway, highhelp_guard: PayoutGuard, highhelp_inbox: CallbackInbox
) -> None:
    def settle(event: CallbackEvent, connection: Connection) -> None:
        highhelp_guard.settle(event, connection)
        seen.append(event.payment_id)

    seen: list[str] = []
    highhelp_guard.send(payout())
    highhelp_gateway.travel(10)
    deliver(highhelp_gateway, highhelp_inbox)
    highhelp_inbox.process(settle)
    assert seen == ["payout-1"]
    assert [one.state for one in highhelp_guard.list()] == ["settled"]


@pytest.mark.highhelp(scheme=SINGLE, duplicates="invalid")
class TestMarker:
    def test_scheme_is_the_gateways_and_the_clients(
        self, highhelp_gateway: MockGateway, highhelp_api: HighHelp
    ) -> None:
        assert highhelp_gateway.scheme == SINGLE
        highhelp_api.p2p.create_payin(payin())

    def test_duplicates_are_answered_as_marked(self, highhelp_gateway: MockGateway, highhelp_api: HighHelp) -> None:
        highhelp_api.p2p.create_payin(payin())
        with pytest.raises(DuplicatePayment):
            highhelp_api.p2p.create_payin(payin(20000))
        assert highhelp_gateway.calls[1].status == 422

    @pytest.mark.highhelp(duplicates="stored")
    def test_a_tests_own_marker_outweighs_its_class(
        self, highhelp_gateway: MockGateway, highhelp_api: HighHelp
    ) -> None:
        for _ in range(2):
            assert highhelp_api.p2p.create_payin(payin()).payment_id == "order-1"
        assert highhelp_gateway.scheme == SINGLE


@pytest.mark.slow
def test_a_wrong_marker_is_named(tmp_path: Path) -> None:
    markers = ("highhelp('stored')", "highhelp(duplicate='stored')", "highhelp(duplicates='never')")
    tests = [
        f"@pytest.mark.{marker}\ndef test_{number}(highhelp_gateway): pass\n" for number, marker in enumerate(markers)
    ]
    (tmp_path / "test_it.py").write_text("\n".join(["import pytest", *tests]))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", "test_it.py"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "3 errors" in shown
    for text in ("takes its options by name", "'duplicate'", "the marker highhelp: duplicates"):
        assert text in shown


def test_a_body_is_merged_not_replaced(signed_callback: SignedCallback) -> None:
    sent = signed_callback("order-1", "success", body={"payment_info": {"amount": 7}, "general": {"request_id": None}})
    body = json.loads(sent.body)
    assert body["payment_info"] == {"amount": 7, "currency": "RUB", "type": "payin"}
    assert body["general"] == {"request_id": None, "payment_id": "order-1"}


@LOOK
@given(raw=callbacks())
def test_allowed_callbacks_verify(highhelp_gateway: MockGateway, raw: bytes) -> None:
    try:
        seen = highhelp_gateway.verifier().verify(raw, highhelp_gateway.sign(raw))
    except CallbackRejected as rejected:
        if not rejected.genuine:  # a text in it may contain a joiner: genuine, but ambiguous
            raise
    else:
        assert seen.project_id == PROJECT_ID


@LOOK
@given(raw=damaged_callbacks(payment_id="order-1"))
def test_damaged_callbacks_never_break_the_inbox(
    highhelp_gateway: MockGateway, highhelp_inbox: CallbackInbox, raw: bytes
) -> None:
    status, _ = highhelp_inbox.receive(raw, highhelp_gateway.sign(raw))
    assert status in (200, 401)


async def expect_async(url: Path, gateway: MockGateway) -> Any:
    inbox = AsyncCallbackInbox(url, verifier=gateway.verifier(), environ={})
    await inbox.expect("order-1", Money("1.00", "RUB"))
    await inbox.close()


def test_async_inbox_expects_without_a_project(highhelp_gateway: MockGateway, tmp_path: Path) -> None:
    asyncio.run(expect_async(tmp_path / "a.db", highhelp_gateway))


def test_expect_with_several_projects_asks_for_one(highhelp_gateway: MockGateway, tmp_path: Path) -> None:
    highhelp_gateway.add_project("second")
    with CallbackInbox(tmp_path / "a.db", verifier=highhelp_gateway.verifier(), environ={}) as inbox:
        with pytest.raises(SettingsError, match="HIGHHELP_PROJECT_ID"):
            inbox.expect("order-1", Money("1.00", "RUB"))
        inbox.expect("order-1", Money("1.00", "RUB"), project_id="second")
