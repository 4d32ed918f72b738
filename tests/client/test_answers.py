"""Every answer of the gateway becomes a value or an error of this package, sync and async."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import CallError, OutcomeUnknown, Rejected, Unavailable, models
from highhelp.calls.outcome import _text

if TYPE_CHECKING:
    from tests.client.conftest import Both

PAYIN = {
    "general": {"payment_id": "order-1"},
    "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"},
}


@pytest.mark.parametrize("visible", range(1, 17))
def test_a_long_text_is_masked_before_it_is_cut(visible: int) -> None:
    shown = _text("x" * (1999 - visible) + " 4000000000000002" + " y" * 9000)
    assert shown is not None
    assert len(shown) <= 2000
    assert "4" not in shown


ERROR = {"status": "error", "sub_status": None, "status_description": "No such payment"}


def info(client: Any) -> Any:
    return client.p2p.get_payin("order-1")


def create(client: Any) -> Any:
    return client.p2p.create_payin(PAYIN)


def answered(content: object, status: int = 200) -> Any:
    return lambda _: httpx.Response(status, content=content if isinstance(content, bytes) else json.dumps(content))


def test_an_unknown_status_and_unknown_fields_are_kept(both: Both) -> None:
    # lessons: a new enum value fails the whole response
    body = {"status": "frozen", "sub_status": "by_bank", "risk": {"score": 3}, "payment_info": {"rail": "x"}}
    state = both(answered(body), info)
    assert state.status == "frozen"
    assert not state.status.is_known
    assert not state.sub_status.is_known
    assert state["risk"] == {"score": 3}
    assert state.to_dict() == body


def test_value_of_a_wrong_type_is_kept_but_not_typed(both: Both) -> None:
    body = {
        "status": "success",
        "payment_info": {"amount": "100", "currency": 643},
        "request_id": 7,
        "redirect_data": [],
    }
    state = both(answered(body), info)
    assert state.payment_info.amount is None
    assert state.request_id is None
    assert state.to_dict() == body


UNREADABLE = [
    pytest.param(b"", id="empty body"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="list"),
    pytest.param(b'"text"', id="text"),
    pytest.param(b"<html>502</html>", id="HTML"),
    pytest.param(b"{}", id="without a status"),
    pytest.param(b'{"status": 5}', id="status of a wrong type"),
    pytest.param(b'{"status": null}', id="status null"),
    pytest.param(b'{"status": "succ', id="cut off"),
    pytest.param(b"\xff\xfe{}", id="wrong charset"),
    pytest.param(b'{"status": NaN}', id="NaN"),
    pytest.param(b'{"status": "success"} {}', id="two values"),
    pytest.param(b'\x0c{"status": "success"}', id="white space of another language"),
    pytest.param(b'{"a":' * 100_000, id="deep nesting"),
    pytest.param(b'{"status": ' + b"1" * 5000 + b"}", id="endless integer"),
]


@pytest.mark.parametrize("content", [b' \t\r\n{"status": "success"}\n', b'{"status": "success"}'])
def test_white_space_around_an_answer_is_json(both: Both, content: bytes) -> None:
    assert both(answered(content), info).status == "success"


@pytest.mark.parametrize("content", UNREADABLE)
@pytest.mark.parametrize("status", [200, 201, 400, 404, 409, 422, 429, 500, 502, 520, 599])
def test_an_unreadable_answer_leaves_the_outcome_open(
    both: Both, content: bytes, status: int, naps: list[float]
) -> None:
    with pytest.raises(Unavailable) as read:
        both(answered(content, status), info)
    with pytest.raises(OutcomeUnknown) as created:
        both(answered(content, status), create)
    for error in (read.value, created.value):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.__dict__ == error.__dict__
        assert error.__cause__ is None
        assert error.__context__ is None
    assert created.value.payment_id == "order-1"
    assert read.value.status == status


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(both: Both, status: int, naps: list[float]) -> None:
    # lessons: body and signature go to another origin on a 307
    def redirect(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"location": "https://elsewhere.example/"})

    with pytest.raises(Unavailable, match="a redirect, not followed"):
        both(redirect, info)
    assert {request.url.host for request in both.seen} == {"gateway.example"}
    assert len(both.seen) == 1


@pytest.mark.parametrize(
    ("status", "cause"),
    [(400, "malformed"), (401, "unauthorized"), (403, "forbidden"), (404, "not_found"), (422, "invalid")],
)
def test_a_refusal_in_the_contracts_words_is_definite(both: Both, status: int, cause: str) -> None:
    body = {**ERROR, "request_id": "r-1", "errors": [{"field": "payment:amount", "message": "too small"}]}
    for call in (info, create):
        with pytest.raises(Rejected) as caught:
            both(answered(body, status), call)
        error = caught.value
        assert (error.status, error.cause, error.request_id) == (status, cause, "r-1")
        assert [str(problem) for problem in error.problems] == ["payment:amount: too small"]
        assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_a_wrong_clock_is_named_on_401(both: Both) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json=ERROR, headers={"date": "Tue, 24 Nov 2026 12:00:00 GMT"})

    with pytest.raises(Rejected, match="clock is 600 s ahead") as caught:
        both(refuse, info, clock=lambda: 1795521600.0 + 600)
    assert caught.value.clock_skew == 600


@pytest.mark.parametrize("failure", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
def test_lost_create_never_raises_an_http_library_error(
    both: Both, failure: type[httpx.RequestError], naps: list[float]
) -> None:
    # lessons: a raw ReadTimeout escapes, or an UnknownError comes of it
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure("pan 4000000000000002", request=request)

    with pytest.raises(OutcomeUnknown) as caught:
        both(fail, create)
    assert caught.value.__context__ is None
    assert "4000000000000002" not in str(caught.value)
    with pytest.raises(Unavailable):
        both(fail, info)


def test_the_models_say_it_in_types(both: Both) -> None:
    state = both(answered({"status": "processing", "sub_status": "new", "payment_id": "order-1"}), create)
    assert isinstance(state, models.PaymentState)
    assert state.status is models.Status.PROCESSING
    assert state.sub_status is models.SubStatus.NEW


def test_every_error_says_which_call_it_was(both: Both, naps: list[float]) -> None:
    with pytest.raises(CallError, match=r"get_p2p_payin order-1: HTTP 503"):
        both(answered(ERROR, 503), info)
