"""`wait_requisites`: returns payment details as soon as they come, and raises when the payment has ended."""

from __future__ import annotations

import inspect
import pickle
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import HighHelp, InvalidRequest, Money, PaymentEnded, WaitTimeout, models
from highhelp_api.client.api import AsyncResources, Resources
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Both

NEW = {"status": "processing", "sub_status": "new", "payment_id": "o"}
DETAILS = {"pan": "4000001234567899", "bank_name": "Example Bank", "expires_at": "2026-11-24T12:10:00Z"}


def answers(*bodies: dict[str, Any]) -> Any:
    left = list(bodies)
    return lambda _: httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])


def wait(client: Any) -> Any:
    return client.p2p.wait_requisites("o", timeout=20)


def test_the_details_are_returned_once_they_are_there(both: Both, naps: list[float]) -> None:
    no_card = {"expires_at": DETAILS["expires_at"], "pan": None}
    bodies: list[dict[str, Any]] = [
        NEW,
        {**NEW, "requisites": {}},
        {**NEW, "requisites": no_card},
        {**NEW, "requisites": DETAILS},
    ]
    state = both(answers(*bodies), wait)
    assert isinstance(state, models.PayableState)
    assert state.requisites.pan == DETAILS["pan"]
    assert (len(both.seen), len(naps)) == (4, 3)


@pytest.mark.parametrize(
    ("reported", "text"),
    [
        ({"status": "success"}, "ended with success: there are no payment details to wait for"),
        (
            {"status": "decline", "status_description": "no receiver"},
            "ended with decline: there are no payment details to wait for (no receiver)",
        ),
    ],
)
def test_a_payment_that_ends_is_not_waited_for(
    both: Both, naps: list[float], reported: dict[str, Any], text: str
) -> None:
    end = {**reported, "payment_id": "o", "account": {"number": "4000000000000002"}}
    with pytest.raises(PaymentEnded) as caught:
        both(answers(NEW, end), wait)
    error = caught.value
    assert str(error).endswith(text)
    assert (error.operation, error.payment_id, error.attempts) == ("get_p2p_payin", "o", 2)
    assert error.last is not None
    assert error.last.status == reported["status"]
    assert "4000000000000002" not in str(error.last.to_dict())
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert len(naps) == 1


@pytest.mark.usefixtures("naps")
def test_no_details_in_time_is_a_timeout_with_the_last_state(both: Both) -> None:
    with pytest.raises(WaitTimeout, match="not payable after 0 s, last seen: processing:new") as caught:
        both(answers(NEW), lambda client: client.p2p.wait_requisites("o", timeout=0.01))
    assert caught.value.last is not None


def test_a_wait_for_details_can_be_cancelled(signer: Any) -> None:
    cancel = threading.Event()
    cancel.set()
    about = {"base_url": "https://gateway.example", "project_id": "p", "signer": signer, "environ": {}}
    with HighHelp(**about, transport=httpx.MockTransport(answers(NEW))) as client, pytest.raises(WaitTimeout) as caught:
        client.p2p.wait_requisites("o", cancel=cancel)
    assert caught.value.cancelled


def test_a_wrong_payment_id_is_refused_before_it_is_waited_for(both: Both) -> None:
    with pytest.raises(InvalidRequest):
        both(answers(NEW), lambda client: client.p2p.wait_requisites(""))


@pytest.mark.parametrize("resources", [Resources, AsyncResources])
def test_flows_that_have_requisites_can_wait_for_them(resources: Any) -> None:
    client = resources()
    client._calls = None
    tags = ("p2p", "ecom", "widget", "service")
    waiting = [tag for tag in tags if hasattr(getattr(client, tag), "wait_requisites")]
    assert waiting == ["p2p", "widget"]
    assert all(inspect.signature(getattr(client, tag).wait_requisites).return_annotation for tag in waiting)


def test_the_mock_gateway_hands_out_details(tmp_path: Path) -> None:
    gateway = MockGateway(tmp_path / "home")
    with HighHelp(home=tmp_path / "home", environ={}, transport=gateway.transport, clock=gateway.clock) as client:
        client.p2p.create_payin(payment_id="o", amount=Money("100.00", "RUB"), method="card-p2p")
        gateway.travel(3)
        assert client.p2p.wait_requisites("o").requisites.pan
