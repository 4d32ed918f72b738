"""Callbacks: where they go, what they say, and that they keep coming until somebody answers 200."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp_api import contract
from highhelp_mock import MockGateway, Outgoing
from highhelp_mock.simulation.callbacks import may_deliver
from highhelp_mock.simulation.outbox import BACK_OFF
from highhelp_mock.simulation.scenarios import amount_of
from highhelp_signing import CallbackRejected, RejectionReason
from tests.client.listener import say, server
from tests.gateway.conftest import NOW
from tests.gateway.merchant import URLS, Merchant

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Keys
    from tests.gateway.receiver import Receiver


def test_informative_and_final_ones_go_to_their_addresses(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.call("create_p2p_payin", merchant.p2p_payin("p-2", amount=amount_of(11)))
    merchant.gateway.travel(4)
    merchant.gateway.advance("p-2", "decline")
    merchant.gateway.deliver(merchant.receive)
    told = [(one.payment_id, one.kind, one.url.rpartition("/")[2]) for one in merchant.received]
    assert [row for row in told if row[0] == "p-1"] == [("p-1", "payment_update", "info")] * 3 + [
        ("p-1", "payment_success", "success")
    ]
    assert [row for row in told if row[0] == "p-2"] == [("p-2", "payment_update", "info")] * 3 + [
        ("p-2", "payment_decline", "decline")
    ]


def test_a_callback_says_what_the_payment_was_when_it_moved(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(60)
    merchant.gateway.deliver(merchant.receive)
    bodies = [json.loads(one.body) for one in merchant.received]
    assert [body["status"]["sub_status"] for body in bodies] == ["requisites", "awaiting_confirm", "paid", None]
    payment = merchant.gateway.payment("p-1")
    assert bodies[1]["requisites"]["pan"].startswith("2200")
    assert "requisites" not in bodies[3]
    for body in bodies:
        assert body["project_id"] == merchant.project.project_id
        assert body["general"] == {"request_id": payment.request_id, "payment_id": "p-1"}
        assert body["payment_info"] == {"amount": 10000, "currency": "RUB", "type": "payin"}


def test_an_address_that_was_not_given_gets_nothing(merchant: Merchant) -> None:
    body = merchant.p2p_payin()
    del body["general"]["merchant_success_callback_url"]
    merchant.call("create_p2p_payin", body)
    merchant.gateway.travel(60)
    merchant.gateway.deliver(merchant.receive)
    assert [one.kind for one in merchant.received] == ["payment_update"] * 3
    last = merchant.gateway.callbacks[-1]
    assert (last.kind, last.outcome, last.reason) == ("payment_success", "not_delivered", "no url given")


@pytest.mark.parametrize("status", [None, 201, 204, 302, 400, 500])
def test_anything_but_200_is_tried_again_with_growing_pauses(merchant: Merchant, status: int | None) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    gateway = merchant.gateway
    gateway.travel(1)
    times = []

    def refuse(outgoing: Outgoing) -> int:
        times.append(gateway.clock())
        if status is None:
            raise httpx.ConnectError("nobody there")
        return status

    for _ in range(400):
        gateway.deliver(refuse)
        gateway.travel(1)
    pauses = [round(after - before) for before, after in itertools.pairwise(times)]
    assert pauses[: len(BACK_OFF)] == list(BACK_OFF)
    assert set(pauses[len(BACK_OFF) :]) == {BACK_OFF[-1]}
    assert gateway.callbacks[0].outcome == "pending"
    attempts = gateway.callbacks[0].attempts
    assert {(one.status, one.error) for one in attempts} == {(status, None if status else "ConnectError")}
    gateway.travel(60)
    gateway.deliver(merchant.receive)
    assert gateway.callbacks[0].outcome == "delivered"
    assert gateway.deliver(merchant.receive) == 0


def test_each_attempt_is_stamped_anew_by_the_gateways_clock(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    merchant.gateway.travel(1)
    stamps = []

    def refuse(outgoing: Outgoing) -> int:
        stamps.append(int(outgoing.headers[contract.HEADERS.timestamp]))
        return 500

    for _ in range(2):
        merchant.gateway.deliver(refuse)
        merchant.gateway.travel(3600)
    merchant.gateway.deliver(merchant.receive)
    assert stamps == [int(NOW) + 1, int(NOW) + 3601]


def test_callbacks_of_one_payment_come_in_order(merchant: Merchant) -> None:
    for number in range(3):
        merchant.call("create_p2p_payin", merchant.p2p_payin(f"p-{number}"))
    merchant.gateway.travel(60)
    dispatcher = merchant.gateway.dispatcher
    first = dispatcher.due_callbacks()
    assert [json.loads(one.body)["status"]["sub_status"] for one in first] == ["requisites"] * 3
    assert dispatcher.due_callbacks() == []
    dispatcher.report(first[1].id, 200)
    assert [one.payment_id for one in dispatcher.due_callbacks()] == ["p-1"]
    dispatcher.report(first[0].id, 500)
    assert [one.payment_id for one in dispatcher.due_callbacks()] == ["p-0"]


def test_one_that_was_taken_and_never_reported_comes_again(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    merchant.gateway.travel(1)
    dispatcher = merchant.gateway.dispatcher
    (taken,) = dispatcher.due_callbacks()
    merchant.gateway.travel(119)
    assert dispatcher.due_callbacks() == []
    merchant.gateway.travel(2)
    assert [one.id for one in dispatcher.due_callbacks()] == [taken.id]


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        ("http://localhost:8000/x", (), True),
        ("http://127.0.0.1/x", (), True),
        ("http://[::1]:1/x", (), True),
        ("https://127.8.9.1/x", (), True),
        ("https://shop.example/x", (), False),
        ("https://shop.example/x", ("shop.example",), True),
        ("https://SHOP.example:444/x", ("shop.example:444",), True),
        ("https://shop.example/x", ("shop.example:444",), False),
        ("https://localhost.shop.example/", (), False),
        ("https://127.0.0.1@shop.example/", (), False),
        ("https://shop.example:99999/", ("shop.example",), False),
        ("https://[::1/", (), False),
        ("https://", (), False),
        ("https://169.254.1.1/", (), False),
        ("https://0.0.0.0/", (), False),
        ("https://10.0.0.1/", (), False),
    ],
)
def test_callbacks_leave_for_this_machine_only(url: str, hosts: tuple[str, ...], allowed: bool) -> None:
    assert may_deliver(url, hosts) is allowed


@pytest.mark.parametrize("deliver_to", ["shop.example", ["Shop.Example"]])
def test_a_host_may_be_named(keys: Keys, deliver_to: Any) -> None:
    urls = {name: url.replace("http://localhost:1", "https://shop.example") for name, url in URLS.items()}
    for hosts, delivered in (((), 0), (deliver_to, 4)):
        gateway = MockGateway(keys=keys, clock=lambda: NOW, deliver_to=hosts)
        merchant = Merchant(gateway, gateway.project)
        body = merchant.p2p_payin()
        body["general"] |= urls
        merchant.call("create_p2p_payin", body)
        gateway.travel(60)
        assert gateway.deliver(merchant.receive) == delivered
        reasons = {one.reason for one in gateway.callbacks}
        assert (reasons == {None}) == bool(delivered)


def test_a_receiver_gets_callbacks_by_itself_and_may_call_back(keys: Keys) -> None:
    seen: list[tuple[str, str]] = []

    def receive(outgoing: Outgoing) -> int:
        told = json.loads(outgoing.body)["status"]["status"]
        seen.append((told, merchant.info(outgoing.payment_id)["status"]))
        return 200

    gateway = MockGateway(keys=keys, clock=lambda: NOW, receiver=receive)
    merchant = Merchant(gateway, gateway.project)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    gateway.travel(2)
    gateway.advance("p-1", "decline")
    assert seen == [("processing", "processing")] * 2 + [("decline", "decline")]


def test_a_receiver_that_fails_is_not_silenced(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    merchant.gateway.travel(1)

    def broken(_: Outgoing) -> int:
        raise KeyError("a bug in a test's receiver")

    with pytest.raises(KeyError):
        merchant.gateway.deliver(broken)
    assert merchant.gateway.callbacks[0].attempts[0].error == "KeyError"


def test_a_wrong_signature_is_refused_and_the_next_one_is_right(merchant: Merchant) -> None:
    merchant.gateway.fault("payment_decline", "wrong_signature")
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    merchant.gateway.travel(1)
    reasons = []

    def receive(outgoing: Outgoing) -> int:
        try:
            return merchant.receive(outgoing)
        except CallbackRejected as rejected:
            reasons.append(rejected.reason)
            return 401

    for _ in range(3):
        merchant.gateway.deliver(receive)
        merchant.gateway.travel(1)
    assert reasons == [RejectionReason.SIGNATURE]
    assert [one.status for one in merchant.gateway.callbacks[0].attempts] == [401, 200]


def test_a_duplicate_says_the_same_again(merchant: Merchant) -> None:
    merchant.gateway.fault("callbacks", "duplicate_callback", 2)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(60)
    merchant.gateway.deliver(merchant.receive)
    told = [json.loads(one.body)["status"]["sub_status"] for one in merchant.received]
    assert sorted(map(str, told)) == [
        "None",
        "awaiting_confirm",
        "awaiting_confirm",
        "paid",
        "requisites",
        "requisites",
    ]
    assert {one.outcome for one in merchant.gateway.callbacks} == {"delivered"}


def test_a_reordered_one_comes_after_a_later_one(merchant: Merchant) -> None:
    merchant.gateway.fault("payment_update", "reorder_callbacks")
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(2)
    merchant.gateway.deliver(merchant.receive)
    told = [json.loads(one.body)["status"]["sub_status"] for one in merchant.received]
    assert told == ["awaiting_confirm", "requisites"]


def test_a_final_one_may_overtake(merchant: Merchant) -> None:
    merchant.gateway.fault("create_p2p_payin", "reorder_callbacks", 3)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(4)
    merchant.gateway.deliver(merchant.receive)
    told = [json.loads(one.body)["status"]["status"] for one in merchant.received]
    assert told == ["success", "processing", "processing", "processing"]


def test_one_held_back_for_nothing_is_sent_after_five_seconds(merchant: Merchant) -> None:
    merchant.gateway.fault("payment_decline", "reorder_callbacks")
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    merchant.gateway.travel(5)
    assert merchant.gateway.deliver(merchant.receive) == 0
    merchant.gateway.travel(1)
    assert merchant.gateway.deliver(merchant.receive) == 1


def test_an_unknown_status_is_signed_like_any_other(merchant: Merchant) -> None:
    merchant.gateway.fault("payment_success", "unknown_status")
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(60)
    merchant.gateway.deliver(merchant.receive)
    last = json.loads(merchant.received[-1].body)["status"]
    assert last["status"] not in contract.CATALOGUES["Status"]
    assert merchant.state() == "success"


def test_a_made_up_callback_verifies(merchant: Merchant) -> None:
    gateway = merchant.gateway
    made = gateway.signed_callback("p-9", "dispute", "no_payment", body={"payment_info": {"amount": 5}})
    verified = gateway.verifier().verify(made.body, made.headers)
    assert (verified.payment_id, verified.status, verified.sub_status, verified.amount) == (
        "p-9",
        "dispute",
        "no_payment",
        5,
    )
    assert made.kind == "payment_update"
    for wrong in (
        gateway.signed_callback("p-9", "success", wrong_signature=True),
        gateway.signed_callback("p-9", "success", timestamp=int(NOW) - 301),
    ):
        with pytest.raises(CallbackRejected):
            gateway.verifier().verify(wrong.body, wrong.headers)


def test_a_reset_forgets_what_is_on_its_way(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(60)
    (taken,) = merchant.gateway.dispatcher.due_callbacks()
    merchant.gateway.reset()
    merchant.gateway.dispatcher.report(taken.id, 200)
    assert merchant.gateway.callbacks == ()
    assert merchant.gateway.deliver(merchant.receive) == 0


def pay_to(merchant: Merchant, url: str) -> None:
    body = merchant.p2p_payin(amount=amount_of(2))
    body["general"]["merchant_decline_callback_url"] = url
    merchant.call("create_p2p_payin", body)


def test_redirect_of_a_receiver_is_not_followed(merchant: Merchant) -> None:
    moved = b"HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    with server(say(moved)) as url:
        pay_to(merchant, url)
        assert merchant.gateway.deliver() == 1
    (only,) = merchant.gateway.callbacks
    assert [one.status for one in only.attempts] == [302]


def test_callbacks_pass_no_proxy(merchant: Merchant, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    pay_to(merchant, receiver.url)
    merchant.gateway.deliver()
    assert [one.outcome for one in merchant.gateway.callbacks] == ["delivered"]
    assert len(receiver.bodies) == 1
