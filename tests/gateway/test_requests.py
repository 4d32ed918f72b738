"""Requirements on requests: form, size, fields, paths, methods."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from highhelp_api import contract
from highhelp_mock import Request
from highhelp_mock.simulation.create_payment import card_expired
from highhelp_mock.simulation.scenarios import pan_of
from tests.gateway.merchant import CARD, Merchant

CREATES = [name for name, operation in contract.OPERATIONS.items() if operation.idempotency]


def of_project(merchant: Merchant, value: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(value))
    body["general"]["project_id"] = merchant.project.project_id
    return body


@pytest.mark.parametrize("operation", contract.OPERATIONS)
def test_every_example_of_the_contract_is_accepted(merchant: Merchant, operation: str) -> None:
    creates = {one.info: one.id for one in contract.OPERATIONS.values() if one.idempotency}
    for example in contract.EXAMPLES:
        if example.of != operation or example.status:
            continue
        merchant.gateway.reset()
        body = of_project(merchant, example.value)
        create = creates.get(operation)
        if create:
            for made in contract.EXAMPLES:
                if made.of == create and not made.status:
                    merchant.call(create, of_project(merchant, made.value))
        if operation == "confirm_ecom_3ds":
            card = {**CARD, "pan": pan_of(21)}
            merchant.call("create_ecom_payin", merchant.ecom_payin(body["general"]["payment_id"], card=card))
            merchant.gateway.travel(1)
        answer = merchant.call(operation, body)
        assert answer.get("status") != "decline" or operation == "confirm_ecom_3ds"


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    changed = deepcopy(body)
    *parents, name = path.split(":")
    place = changed
    for parent in parents:
        place = place[parent]
    del place[name]
    return changed


def having(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = deepcopy(body)
    *parents, name = path.split(":")
    place = changed
    for parent in parents:
        place = place.setdefault(parent, {})
    place[name] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *[
            ("customer:ip_address", text)
            for text in ("0.0.0.0", "203.0.113.9", "::", "::1", "2001:db8::9", "1:2:3:4:5:6:7:8")
        ],
        ("customer:ip_address", "::ffff:203.0.113.9"),
        *[
            ("general:redirect_url", f"https://{rest}")
            for rest in ("shop.example", "shop.example:8443/a?b#c", "пример.рф")
        ],
        *[("general:redirect_url", f"http://{host}") for host in ("localhost:8080", "127.0.0.1/x", "[::1]:1/")],
    ],
)
def test_an_address_is_taken(merchant: Merchant, path: str, value: str) -> None:
    assert merchant.send("create_p2p_payin", having(merchant.p2p_payin(), path, value)).status == 200


@pytest.mark.parametrize(
    "path",
    ["general:payment_id", "general:project_id", "payment", "payment:method", "payment:amount", "payment:currency"],
)
def test_a_missing_field_is_named(merchant: Merchant, path: str) -> None:
    response = merchant.send("create_p2p_payin", without(merchant.p2p_payin(), path))
    assert response.status == 422
    assert [error["field"] for error in response.json()["errors"]] == [path]
    assert merchant.gateway.payments == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("payment:amount", 0),
        ("payment:amount", -1),
        ("payment:amount", 10_000_000_000_001),
        ("payment:amount", "10000"),
        ("payment:amount", True),
        ("payment:amount", None),
        ("payment:currency", "rub"),
        ("payment:currency", "RUBL"),
        ("payment:currency", "RUB\n"),
        ("payment:currency", 643),
        ("payment:method", ""),
        ("payment:method", "x" * 33),
        ("payment:lifetime", 0),
        ("payment:lifetime", 86401),
        ("payment:description", "x" * 256),
        ("payment:surprise", 1),
        ("surprise", {}),
        ("general:payment_id", ""),
        ("general:payment_id", "x" * 256),
        ("general:payment_id", 17),
        ("general:merchant_callback_url", "http://shop.example/"),
        ("general:merchant_callback_url", "ftp://shop.example/"),
        ("general:merchant_callback_url", "http://localhost.shop.example/"),
        ("general:merchant_callback_url", "https://shop.example/" + "x" * 2048),
        *[("general:merchant_callback_url", url) for url in ("https://", "https://a b", "https://a\n", "https:///x")],
        *[("customer:ip_address", text) for text in ("not an address", "::::", "999.999.1.1", "1.2.3", "1::2::3")],
        ("customer:country", "RUS"),
        ("customer:browser:color_depth", 0),
        ("customer:browser:java_enabled", 1),
        ("sender:pan", "4000-0000"),
        ("sender", []),
        ("customer", None),
    ],
)
def test_a_wrong_field_is_named(merchant: Merchant, path: str, value: Any) -> None:
    response = merchant.send("create_p2p_payin", having(merchant.p2p_payin(), path, value))
    assert response.status == 422, response.body
    fields = {error["field"] for error in response.json()["errors"]}
    assert fields == {path}
    assert merchant.gateway.payments == ()


@pytest.mark.parametrize(
    ("method", "receiver", "missing"),
    [
        ("card-p2p", {}, {"receiver:pan"}),
        ("sbp-p2p", {}, {"receiver:phone", "receiver:bank_code"}),
        ("sbp-p2p", {"phone": "79001112233"}, {"receiver:bank_code"}),
        ("mobile-p2p", {"pan": "2200000000000004"}, {"receiver:phone"}),
        ("account-number", {"bank_code": "1"}, {"receiver:account_number"}),
    ],
)
def test_what_depends_on_the_method_is_asked_for(
    merchant: Merchant, method: str, receiver: dict[str, str], missing: set[str]
) -> None:
    body = merchant.p2p_payout(method=method) | {"receiver": receiver}
    response = merchant.send("create_p2p_payout", body)
    assert response.status == 422
    assert {error["field"] for error in response.json()["errors"]} == missing


@pytest.mark.parametrize(
    "result", [{}, {"pares": "x"}, {"cres": "x", "md": "y"}, {"cres": "x", "pares": "y", "md": "z"}]
)
def test_a_3ds_result_is_of_one_version(merchant: Merchant, result: dict[str, str]) -> None:
    response = merchant.send("confirm_ecom_3ds", merchant.info_general("p-1") | result)
    assert response.status == 422


def test_errors_repeat_no_value_of_the_body(merchant: Merchant) -> None:
    marked = "4111111111111199xx"
    body = merchant.ecom_payin(card={**CARD, "pan": marked, "cvv": "98765"}, currency="rub-secret")
    response = merchant.send("create_ecom_payin", body)
    assert response.status == 422
    assert {error["field"] for error in response.json()["errors"]} == {"card:pan", "card:cvv", "payment:currency"}
    assert not any(text in response.body.decode() for text in (marked, "98765", "rub-secret"))


@pytest.mark.parametrize("value", [1.5, 1e3, 10000.0])
def test_a_number_with_a_fraction_cannot_be_signed(merchant: Merchant, value: float) -> None:
    response = merchant.send("create_p2p_payin", merchant.p2p_payin(amount=value))
    assert response.status == 400
    assert response.json()["errors"][0]["field"] == "payment:amount"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b'{"general": {}, "general": {}}',
        b'{"a:b": 1}',
        b'{"a;b": 1}',
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"{" + b'"' + b"k" * 20_000 + b'": {' + b",".join(b'"%d": 1' % n for n in range(4000)) + b"}}",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_no_plain_json_object_is_refused(merchant: Merchant, raw: bytes) -> None:
    assert merchant.raw("create_p2p_payin", raw).status == 400


def test_a_body_above_one_mebibyte_is_refused(merchant: Merchant) -> None:
    raw = json.dumps({"general": {"project_id": "x" * (1 << 20)}}).encode()
    assert merchant.raw("get_balance", raw).status == 413


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "",
                                  "application/json; charset=latin-1", "application/json; boundary=x"])  # fmt: skip
def test_another_content_type_is_refused(merchant: Merchant, kind: str | None) -> None:
    body = {"general": {"project_id": merchant.project.project_id}}
    response = merchant.send("get_balance", body, headers={"content-type": kind})
    assert response.status == 400
    assert "content-type" in response.json()["status_description"]


@pytest.mark.parametrize("charset", ["utf-16", '"latin1"', "", "utf-8; charset=cp1251"])
def test_a_charset_other_than_utf_8_is_refused(merchant: Merchant, charset: str) -> None:
    headers = {"content-type": f"application/json; charset={charset}"}
    response = merchant.send("get_balance", {"general": {}}, headers=headers)
    assert (response.status, response.json()["status_description"]) == (
        400,
        "content-type must be application/json in UTF-8",
    )


def test_a_charset_may_stand_beside_the_content_type(merchant: Merchant) -> None:
    body = {"general": {"project_id": merchant.project.project_id}}
    headers = {"content-type": "application/json; charset=utf-8"}
    assert merchant.send("get_balance", body, headers=headers).status == 200


def test_a_compressed_body_is_refused(merchant: Merchant) -> None:
    body = {"general": {"project_id": merchant.project.project_id}}
    assert merchant.send("get_balance", body, headers={"content-encoding": "gzip"}).status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "QUERY"])
@pytest.mark.parametrize("operation", contract.OPERATIONS)
def test_another_method_is_refused_with_the_allowed_one(merchant: Merchant, operation: str, method: str) -> None:
    response = merchant.gateway.handle(Request(method, contract.OPERATIONS[operation].path))
    assert response.status == 405
    assert response.header("allow") == "POST"
    assert (response.body == b"") == (method == "HEAD")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/payment/p2p/payin/", "/api/v2/balance/info", "/x%00"])
def test_an_unknown_path_is_not_an_unknown_payment(merchant: Merchant, path: str) -> None:
    response = merchant.gateway.handle(Request("POST", path))
    unknown = merchant.send("get_p2p_payin", merchant.info_general("nobody"))
    assert response.status == unknown.status == 404
    assert unknown.json()["errors"] == [{"field": "general:payment_id", "message": "is not known"}]
    assert "errors" not in response.json()
    assert response.json()["status_description"] != unknown.json()["status_description"]


@pytest.mark.parametrize("create", CREATES)
def test_the_info_of_another_flow_does_not_know_the_payment(merchant: Merchant, create: str) -> None:
    example = next(one for one in contract.EXAMPLES if one.of == create and not one.status)
    body = of_project(merchant, example.value)
    merchant.call(create, body)
    payment_id = body["general"]["payment_id"]
    for other in CREATES:
        info = contract.OPERATIONS[other].info
        assert info is not None
        expected = 200 if other == create else 404
        assert merchant.send(info, merchant.info_general(payment_id)).status == expected


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"currency": "XQQ"}, "currency is not known"),
        ({"currency": "EUR"}, "currency is not open"),
        ({"method": "account-number"}, "method is not available"),
        ({"method": "made-up"}, "method is not available"),
    ],
)
def test_what_a_schema_cannot_say_is_a_decline(merchant: Merchant, change: dict[str, str], text: str) -> None:
    answer = merchant.call("create_p2p_payin", merchant.p2p_payin(**change))
    assert answer["status"] == "decline"
    assert text in answer["status_description"]
    assert [(one.kind, one.state) for one in merchant.gateway.callbacks] == [("payment_decline", "decline")]
    assert merchant.info()["status"] == "decline"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"pan": "4000000000000003"}, "card number is not valid"),
        ({"year": 2020}, "expired"),
        ({"month": 10, "year": 2026}, "expired"),
    ],
)
def test_a_card_that_cannot_be_charged_is_declined(merchant: Merchant, change: dict[str, str], text: str) -> None:
    answer = merchant.call("create_ecom_payin", merchant.ecom_payin(card=CARD | change))
    assert answer["status"] == "decline"
    assert text in answer["status_description"]


def test_a_card_is_good_to_the_end_of_its_month(merchant: Merchant) -> None:
    card = CARD | {"month": 11, "year": 2026}
    assert merchant.call("create_ecom_payin", merchant.ecom_payin(card=card))["status"] == "processing"
    merchant.gateway.travel(7 * 86400)
    assert merchant.call("create_ecom_payin", merchant.ecom_payin("p-2", card=card))["status"] == "decline"


def test_last_day_of_a_card_ends_with_the_last_time_zone() -> None:
    midnight = datetime(2026, 12, 1, 12, tzinfo=UTC).timestamp()
    assert not card_expired(11, 2026, midnight - 1)
    assert card_expired(11, 2026, midnight)


def test_sender_whose_card_number_is_wrong_is_declined(merchant: Merchant) -> None:
    body = merchant.p2p_payin() | {"sender": {"pan": "2200000000000005"}}
    assert merchant.call("create_p2p_payin", body)["status"] == "decline"


def test_a_receiver_whose_card_number_is_wrong_is_declined(merchant: Merchant) -> None:
    body = merchant.p2p_payout(receiver={"pan": "2200000000000005"})
    assert merchant.call("create_p2p_payout", body)["status"] == "decline"
    assert merchant.gateway.balance("RUB").locked == 0


def test_the_lists_are_filtered(merchant: Merchant) -> None:
    general = {"general": {"project_id": merchant.project.project_id}}
    methods = merchant.call("list_payment_methods", {**general, "country": "RU", "flow": "payout"})["methods"]
    assert {row["code"] for row in methods} == {"card-p2p", "sbp-p2p", "mobile-p2p", "card-ecom"}
    banks = merchant.call("list_banks", {**general, "method": "account-number", "currency": "NGN"})["banks"]
    assert [row["code"] for row in banks] == ["NG044"]
    assert len(merchant.call("list_banks", general)["banks"]) == 4
    assert merchant.call("list_banks", {**general, "country": "FR"}) == {"banks": []}
