"""The control API as the design fixes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from highhelp_mock import Request, Response
from highhelp_mock.simulation.scenarios import amount_of
from tests.gateway.conftest import NOW
from tests.gateway.merchant import CARD, Merchant

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Keys


def ask(merchant: Merchant, method: str, path: str, body: Any = None, **headers: str) -> Response:
    raw = b"" if body is None else json.dumps(body).encode()
    return merchant.gateway.handle(Request(method, f"/_mock/{path}", headers, raw))


def test_health_tells_the_gateways_clock(merchant: Merchant) -> None:
    assert ask(merchant, "GET", "health").json() == {"status": "ok", "now": int(NOW)}
    assert ask(merchant, "POST", "clock", {"advance_seconds": 600}).json() == {"now": int(NOW) + 600}
    assert ask(merchant, "GET", "health").json()["now"] == int(NOW) + 600


def test_a_ten_minute_lifetime_passes_at_once(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(5)))
    ask(merchant, "POST", "clock", {"advance_seconds": 600})
    (payment,) = ask(merchant, "GET", "payments").json()["payments"]
    assert (payment["status"], payment["sub_status"]) == ("dispute", "no_payment")


@pytest.mark.parametrize("seconds", [-1, "5", None, True, 10**10, [], 1e400])
def test_the_clock_only_moves_forward(merchant: Merchant, seconds: Any) -> None:
    assert ask(merchant, "POST", "clock", {"advance_seconds": seconds}).status == 422
    assert merchant.gateway.clock() == NOW


def test_payments_are_listed(merchant: Merchant) -> None:
    assert ask(merchant, "GET", "payments").json() == {"payments": []}
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(1)
    (payment,) = ask(merchant, "GET", "payments").json()["payments"]
    shown = {name: payment[name] for name in ("payment_id", "amount", "currency", "status", "sub_status", "flow")}
    assert shown == {
        "payment_id": "p-1", "amount": 10000, "currency": "RUB", "status": "processing", "sub_status": "requisites",
        "flow": "payin",
    }  # fmt: skip
    assert [event["sub_status"] for event in payment["history"]] == ["new", "requisites"]


@pytest.mark.parametrize("payment_id", ["p-1", "a/b", "заказ №1", "50%", "a b?c#d", "..", "x/advance", "%2F"])
def test_a_payment_is_advanced_whatever_its_id(merchant: Merchant, payment_id: str) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(payment_id))
    path = f"payments/{quote(payment_id, safe='')}/advance"
    response = ask(merchant, "POST", path, {"status": "processing", "sub_status": "requisites"})
    assert response.status == 200
    assert response.json()["payment_id"] == payment_id
    assert ask(merchant, "POST", path, {"status": "decline"}).json()["status"] == "decline"


def test_an_impossible_step_is_refused_with_the_possible_ones(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    response = ask(merchant, "POST", "payments/p-1/advance", {"status": "success"})
    assert response.status == 409
    assert response.json()["allowed"] == [
        {"status": "processing", "sub_status": "requisites"},
        {"status": "decline", "sub_status": None},
        {"status": "error", "sub_status": None},
    ]
    ask(merchant, "POST", "payments/p-1/advance", {"status": "decline"})
    final = ask(merchant, "POST", "payments/p-1/advance", {"status": "success"})
    assert (final.status, final.json()["allowed"]) == (409, [])
    merchant.gateway.travel(1000)
    assert merchant.state() == "decline"


def test_advanced_payment_stays_where_it_was_put(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    step = {"status": "processing", "sub_status": "requisites", "status_description": "by hand"}
    moved = ask(merchant, "POST", "payments/p-1/advance", step).json()
    assert (moved["status_description"], moved["automatic"]) == ("by hand", False)
    merchant.gateway.travel(60)
    assert merchant.state() == "processing:requisites"


def test_project_says_whose_payment_is_advanced(merchant: Merchant, other_keys: Keys) -> None:
    second = Merchant(merchant.gateway, merchant.gateway.add_project("second", keys=other_keys))
    for one in (merchant, second):
        one.call("create_p2p_payin", one.p2p_payin())
    ask(merchant, "POST", "payments/p-1/advance", {"status": "decline", "project_id": "second"})
    assert (merchant.state(), second.state()) == ("processing:new", "decline")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("payments/nobody/advance", {"status": "success"}, 404),
        ("payments/%FF/advance", {"status": "success"}, 404),
        ("payments/p-1/advance", {}, 422),
        ("payments/p-1/advance", {"status": 1}, 422),
        ("payments/p-1/advance", {"status": "processing", "sub_status": ["requisites"]}, 422),
        ("payments/p-1/advance", [], 400),
        ("payments/p-1/advance", {"status": "processing", "sub_status": "\n"}, 409),
        ("payments/p-1/advance", {"status": "decline", "project_id": "another"}, 404),
        ("payments//advance", {"status": "success"}, 404),
        ("nothing", {}, 404),
        ("faults", {"operation": "create_p2p_payin"}, 422),
        ("faults", {"operation": "create_p2p_payin", "fault": "nothing"}, 422),
        ("faults", {"operation": "nothing", "fault": "delay"}, 422),
        ("faults", {"operation": "create_p2p_payin", "fault": "delay", "times": 0}, 422),
        ("faults", {"operation": "create_p2p_payin", "fault": "delay", "times": 1.5}, 422),
        ("faults", {"operation": "create_p2p_payin", "fault": "delay", "seconds": -1}, 422),
        ("faults", {"operation": "create_p2p_payin", "fault": "http_500", "after_commit": 1}, 422),
    ],
)
def test_a_wrong_request_is_refused(merchant: Merchant, path: str, body: Any, status: int) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    assert ask(merchant, "POST", path, body).status == status
    assert merchant.state() == "processing:new"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "payments", "GET, HEAD"),
        ("GET", "reset", "POST"),
        ("GET", "payments/p-1/advance", "POST"),
        ("PUT", "clock", "GET, POST, HEAD"),
    ],
)
def test_a_wrong_method_is_refused_with_the_allowed_ones(
    merchant: Merchant, method: str, path: str, allow: str
) -> None:
    response = ask(merchant, method, path)
    assert (response.status, response.header("allow")) == (405, allow)


def test_a_fault_is_armed_and_listed(merchant: Merchant) -> None:
    armed = {"operation": "create_p2p_payin", "fault": "http_500", "times": 2}
    assert ask(merchant, "POST", "faults", armed).json() == armed
    assert ask(merchant, "GET", "faults").json()["faults"] == [armed]
    assert merchant.send("create_p2p_payin", merchant.p2p_payin()).status == 500


def test_times_is_one_unless_told(merchant: Merchant) -> None:
    assert ask(merchant, "POST", "faults", {"operation": "*", "fault": "delay"}).json()["times"] == 1


def test_callbacks_are_listed_with_their_attempts(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    merchant.gateway.travel(1)
    merchant.gateway.deliver(lambda _: 503)
    (callback,) = ask(merchant, "GET", "callbacks").json()["callbacks"]
    assert callback["state"] == "pending"
    assert callback["url"] == "http://localhost:1/decline"
    assert callback["attempts"] == [{"at": int(NOW) + 1, "status": 503, "error": None}]
    assert callback["next_attempt_at"] == int(NOW) + 2


def test_a_reset_starts_anew(merchant: Merchant) -> None:
    merchant.call("create_p2p_payout", merchant.p2p_payout())
    ask(merchant, "POST", "clock", {"advance_seconds": 60})
    merchant.gateway.fault("*", "http_500")
    assert ask(merchant, "POST", "reset").status == 200
    assert ask(merchant, "GET", "payments").json() == {"payments": []}
    assert ask(merchant, "GET", "callbacks").json() == {"callbacks": []}
    assert ask(merchant, "GET", "health").json()["now"] == int(NOW)
    assert merchant.gateway.balance("RUB").locked == 0
    assert merchant.gateway.calls == ()
    assert merchant.call("create_p2p_payout", merchant.p2p_payout())["status"] == "processing"


def test_another_sites_page_cannot_steer_the_gateway(merchant: Merchant) -> None:
    own = {"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}
    assert ask(merchant, "POST", "reset", **own).status == 200
    assert ask(merchant, "POST", "reset", **(own | {"origin": "https://evil.example"})).status == 403
    assert ask(merchant, "POST", "reset", **(own | {"origin": "null"})).status == 403
    fetched = {"host": own["host"], "sec-fetch-site": "cross-site"}  # without an origin, as an image or a link sends it
    assert ask(merchant, "POST", "reset", **fetched).status == 403
    assert ask(merchant, "GET", "payments", **fetched).status == 403


def test_no_card_number_and_no_code_is_shown(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", merchant.ecom_payin())
    body = merchant.p2p_payout("p-2", amount=amount_of(100), receiver={"pan": "2200000000000004", "card_holder": "C D"})
    merchant.call("create_p2p_payout", body)
    merchant.call("create_p2p_payin", merchant.p2p_payin("p-3"))
    merchant.gateway.travel(60)
    requisites = [json.loads(one.raw).get("requisites", {}).get("pan") for one in merchant.gateway.callbacks]
    shown = ask(merchant, "GET", "payments").body + ask(merchant, "GET", "callbacks").body
    for secret in (CARD["pan"], "2200000000000004", CARD["cvv"], "A B", "C D", *filter(None, requisites)):
        assert f'"{secret}"'.encode() not in shown
    assert b"400000******0002" in shown
