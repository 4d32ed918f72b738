"""The keyword form of creates: what is sent, what is refused, and that no error keeps the arguments."""

from __future__ import annotations

import inspect
import json
import typing
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import HighHelpError, InvalidRequest, Money, NotSent, Rejected, models
from highhelp_api.client.api import ecom, p2p, widget
from highhelp_api.contract import EXAMPLES, OPERATIONS

if TYPE_CHECKING:
    from tests.client.conftest import Both

RUB = Money("100.00", "RUB")
PAN = "4000001234567899"
CARD: models.CardFields = {"pan": PAN, "month": 12, "year": 2030, "cvv": "951"}
CREATES = [
    (tag, name)
    for tag, resource in (("p2p", p2p.P2p), ("ecom", ecom.Ecom), ("widget", widget.Widget))
    for name in vars(resource)
    if name.startswith(("create_", "confirm_"))
]


def accept(request: httpx.Request) -> httpx.Response:
    payment_id = json.loads(request.content)["general"]["payment_id"]
    return httpx.Response(200, json={"status": "processing", "payment_id": payment_id})


def body_of(both: Both) -> Any:
    body = json.loads(both.seen[0].content)
    del body["general"]["project_id"]
    return body


@pytest.mark.parametrize("amount", [{"amount": RUB}, {"amount": 10000, "currency": "RUB"}])
def test_keywords_make_the_request_of_the_model_form(both: Both, amount: dict[str, Any]) -> None:
    both(
        accept,
        lambda client: client.p2p.create_payin(
            payment_id="o",
            method=models.Method.CARD_P2P,
            lifetime=600,
            customer={"id": "42"},
            **amount,
        ),
    )
    payment = models.P2PPayinPayment(method="card-p2p", amount=10000, currency="RUB", lifetime=600)
    customer = models.Customer(id="42")
    general = models.General(payment_id="o")
    assert body_of(both) == models.P2PPayinRequest(general=general, payment=payment, customer=customer).to_dict()


def call(tag: str, name: str, keywords: dict[str, Any], client: Any) -> Any:
    return getattr(getattr(client, tag), name)(**keywords)


@pytest.mark.parametrize(("tag", "name"), CREATES)
def test_every_example_of_the_contract_can_be_said_in_keywords(both: Both, tag: str, name: str) -> None:
    operation = next(each for each in OPERATIONS.values() if (each.tag, each.method_name) == (tag, name))
    for example in (each for each in EXAMPLES if each.of == operation.id and not each.status):
        wanted = json.loads(json.dumps(example.value))
        wanted["general"].pop("project_id", None)
        blocks = {key: value for key, value in wanted.items() if key not in ("general", "payment")}
        flat = {**wanted["general"], **wanted.get("payment", {}), **blocks}
        both.seen.clear()
        both(accept, partial(call, tag, name, flat))
        assert body_of(both) == wanted


def test_none_leaves_a_field_out_at_every_depth(both: Both) -> None:
    both(
        accept,
        lambda client: client.p2p.create_payin(
            payment_id="o", amount=RUB, method="card-p2p", description=None, customer={"id": "42", "country": None}
        ),
    )
    assert body_of(both)["payment"] == {"amount": 10000, "currency": "RUB", "method": "card-p2p"}
    assert body_of(both)["customer"] == {"id": "42"}


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ({"amount": 100.0, "currency": "RUB"}, "not float"),
        ({"amount": "100.00", "currency": "RUB"}, "not str"),
        ({"amount": True, "currency": "RUB"}, "not bool"),
        ({"amount": 100}, "needs a currency"),
        ({"amount": RUB, "currency": "USD"}, "two currencies"),
        ({}, "missing 'amount'"),
        ({"amount": RUB, "payment_id": None}, "missing 'payment_id'"),
        ({"amount": RUB, "body": {}}, "not both"),
        ({"amount": RUB, "lifetme": 5}, "lifetme"),
    ],
)
def test_wrong_keywords_raise_before_anything_is_sent(both: Both, keywords: dict[str, Any], problem: str) -> None:
    given = {"payment_id": "o", "method": "card-p2p", **keywords}
    with pytest.raises(TypeError, match=problem):
        both(accept, lambda client: client.p2p.create_payin(**given))
    assert both.seen == []


def test_a_wrong_key_of_a_block_is_named_by_its_path(both: Both) -> None:
    with pytest.raises(InvalidRequest, match="customer:idd: is not a field"):
        both(
            accept,
            lambda client: client.p2p.create_payin(
                payment_id="o", amount=RUB, method="card-p2p", customer={"idd": "42"}
            ),
        )


def held_by_frames(error: BaseException) -> str:
    """Everything in the frames below the caller's, as an error tracker would send it."""
    texts, each = [], error.__traceback__
    while each is not None:
        path = each.tb_frame.f_code.co_filename
        if "/tests/" not in path:
            texts.append(f"{path} {[repr(value) for value in each.tb_frame.f_locals.values()]}")
        each = each.tb_next
    return "\n".join(texts)


def refuse(_: httpx.Request) -> httpx.Response:
    return httpx.Response(422, json={"status": "error", "status_description": "no"})


def fail(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


@pytest.mark.parametrize(
    ("handler", "keywords", "kind"),
    [
        (refuse, {}, Rejected),
        (fail, {"timeout": 0.1}, NotSent),
        (accept, {"lifetime": 0}, InvalidRequest),
        (accept, {"card": {**CARD, "pn": "1"}}, InvalidRequest),
        (accept, {"amount": 100.0}, TypeError),
        (accept, {"body": {"card": CARD}}, TypeError),
        (accept, {"method": None}, TypeError),
    ],
)
@pytest.mark.usefixtures("naps")
def test_no_frame_of_an_error_holds_the_arguments(both: Both, handler: Any, keywords: Any, kind: type) -> None:
    given = {"payment_id": "o", "amount": RUB, "method": "card-ecom", "card": CARD, **keywords}
    with pytest.raises((HighHelpError, TypeError)) as caught:
        both(handler, lambda client: client.ecom.create_payin(**given))
    assert isinstance(caught.value, kind)
    assert PAN not in held_by_frames(caught.value)
    assert caught.value.__context__ is None


def test_a_model_form_leaves_no_request_in_frames(both: Both) -> None:
    with pytest.raises(Rejected) as caught:
        both(
            refuse,
            lambda client: client.ecom.create_payin(
                {
                    "general": {"payment_id": "o"},
                    "payment": {"method": "card-ecom", "amount": 100, "currency": "RUB"},
                    "card": dict(CARD),
                }
            ),
        )
    assert PAN not in held_by_frames(caught.value)


def test_notebooks_and_help_see_every_keyword() -> None:
    parameters = inspect.signature(p2p.P2p.create_payin).parameters
    assert {"payment_id", "amount", "currency", "method", "lifetime", "customer", "sender"} <= set(parameters)
    assert len(typing.get_overloads(p2p.P2p.create_payin)) == 3
    assert "lifetime: Seconds until the payment expires" in str(p2p.P2p.create_payin.__doc__)
