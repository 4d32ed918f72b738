"""The stored form of a callback, and the event passed to a handler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from highhelp import CallbackEvent, Money, MoneyError, models
from highhelp.inbox.events import Lease, columns, event_key, facts_from, final_key, fingerprint, payment_type, unusable
from highhelp_signing import VerifiedCallback

CALLBACK = VerifiedCallback(
    raw=b"raw",
    body={"payment_info": {"type": "payin"}},
    project_id="project",
    payment_id="order-1",
    request_id="r-1",
    status="processing",
    sub_status="new",
    amount=100,
    currency="RUB",
    key_id="rsa:1",
    signed_at=17,
    normalized_sha256="abc",
)


def test_the_columns() -> None:
    expected = {
        "project_id": "project",
        "payment_id": "order-1",
        "request_id": "r-1",
        "status": "processing",
        "sub_status": "new",
        "currency": "RUB",
        "payment_type": "payin",
        "key_id": "rsa:1",
        "amount": 100,
        "final": False,
        "signed_at": 17,
        "normalized_sha256": "abc",
    }
    assert columns(CALLBACK) == expected
    final = replace(CALLBACK, status="success", sub_status=None, request_id=None, currency=None, amount=None, body={})
    empty = dict.fromkeys(("sub_status", "request_id", "currency", "amount", "payment_type"))
    assert columns(final) == {**expected, **empty, "status": "success", "final": True}
    nul = replace(CALLBACK, payment_id="a\0b", currency="\0", body={"payment_info": {"type": "x\0"}})
    stored = columns(nul)
    assert (stored["payment_id"], stored["currency"], stored["payment_type"]) == ("a\ufffdb", "\ufffd", "x\ufffd")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, False),
        ({"amount": None}, False),
        ({"amount": 0}, False),
        ({"amount": -1}, True),
        ({"amount": 2**63 - 1}, False),
        ({"amount": 2**63}, True),
        ({"project_id": "a\0"}, True),
        ({"payment_id": "a\0"}, True),
        ({"status": "a\0"}, True),
        ({"sub_status": "a\0"}, True),
        ({"currency": "a\0"}, True),
        ({"request_id": "a\0"}, True),
        ({"body": {"payment_info": {"type": "a\0"}}}, True),
        ({"body": {"other": "a\0"}}, False),
        ({"sub_status": None, "currency": None, "request_id": None, "body": {}}, False),
    ],
)
def test_a_field_that_money_hangs_on_is_what_it_says(change: dict[str, Any], wrong: bool) -> None:
    callback = replace(CALLBACK, **change)
    assert unusable(callback) is wrong
    amount = change.get("amount", 100)
    assert columns(callback)["amount"] == (None if wrong and "amount" in change else amount)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"payment_info": {"type": "payout"}}, "payout"),
        ({"payment_info": {"type": 5}}, None),
        ({"payment_info": {}}, None),
        ({"payment_info": "payin"}, None),
        ({}, None),
    ],
)
def test_the_kind_of_a_payment(body: dict[str, Any], kind: str | None) -> None:
    assert payment_type(replace(CALLBACK, body=body)) == kind


def test_what_the_rules_are_told() -> None:
    facts = facts_from(CALLBACK)
    values = (facts.status, facts.sub_status, facts.amount, facts.currency, facts.payment_type)
    assert values == ("processing", "new", 100, "RUB", "payin")
    assert facts.final_fingerprint == fingerprint("processing", "new", 100, "RUB", "payin", "r-1")
    prints = {facts.final_fingerprint}
    changes: list[dict[str, Any]] = [
        *({name: "x"} for name in ("status", "sub_status", "currency", "request_id")),
        {"amount": 1},
        {"body": {}},
    ]
    for change in changes:
        prints.add(facts_from(replace(CALLBACK, **change)).final_fingerprint)
    assert len(prints) == 7, "each of them counts"


def test_which_events_are_the_same() -> None:
    for name in ("project_id", "payment_id", "status", "sub_status", "normalized_sha256"):
        change: dict[str, Any] = {name: "x"}
        assert event_key(replace(CALLBACK, **change)) != event_key(CALLBACK)
    assert event_key(replace(CALLBACK, key_id="x", raw=b"x", signed_at=1)) == event_key(CALLBACK)
    end = replace(CALLBACK, status="success")
    assert event_key(end) == event_key(replace(end, normalized_sha256="x")) == final_key("project", "order-1")


EVENT = CallbackEvent(
    id=1,
    key="key",
    project_id="project",
    payment_id="order-1",
    request_id=None,
    status=models.Status.PROCESSING,
    sub_status=models.SubStatus.NEW,
    is_final=False,
    amount=100,
    currency="RUB",
    payment_type=None,
    attempt=1,
    received_at=1.5,
    _body='{"a": 1.50}',
    _sealed=None,
    _sha256="abc",
    _cipher=None,
    _lease=Lease("token", 1, None),
)


def test_the_money_of_an_event() -> None:
    assert EVENT.money == Money("1.00", "RUB")
    assert replace(EVENT, amount=None).money is None
    assert replace(EVENT, currency=None).money is None
    assert replace(EVENT, amount=0).money == Money("0.00", "RUB")
    with pytest.raises(MoneyError):
        _ = replace(EVENT, currency="XXX").money


def test_the_state_and_the_body_of_an_event() -> None:
    assert EVENT.state == "processing:new"
    assert EVENT.body == {"a": 1.5}
    assert replace(EVENT, _sealed=b"without a key").body == {"a": 1.5}
