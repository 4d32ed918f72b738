"""The receivers inside the real frameworks."""

from __future__ import annotations

import asyncio
import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from unittest import mock

import django
import httpx
import pytest
from django.conf import settings as django_settings
from django.test import AsyncRequestFactory, RequestFactory
from django.views.decorators.csrf import csrf_exempt
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Route

from highhelp import AsyncCallbackInbox, CallbackInbox
from highhelp.inbox.receivers import LARGEST_BODY, asgi_receiver, django_receiver, flask_receiver, wsgi_receiver
from highhelp_signing import REFUSAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_mock import MockGateway

Post = "Callable[[bytes, dict[str, str]], tuple[int, bytes]]"


def by_asgi(app: Any) -> Any:
    def post(body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
                return await client.post("/callbacks", content=body, headers=headers)

        response = asyncio.run(call())
        return response.status_code, response.content

    return post


def by_wsgi(app: Any) -> Any:
    def post(body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop.test") as client:
            response = client.post("/callbacks", content=body, headers=headers)
        return response.status_code, response.content

    return post


def starlette_app(inbox: Any) -> Any:
    return by_asgi(Starlette(routes=[Route("/callbacks", asgi_receiver(inbox), methods=["POST"])]))


def fastapi_app(inbox: Any) -> Any:
    app = FastAPI()
    app.router.routes.append(Route("/callbacks", asgi_receiver(inbox)))
    return by_asgi(app)


def flask_app(inbox: Any) -> Any:
    app = Flask("shop")
    app.add_url_rule("/callbacks", view_func=flask_receiver(inbox), methods=["POST"])
    return by_wsgi(app)


def django_app(inbox: Any) -> Any:
    if not django_settings.configured:
        django_settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], SECRET_KEY="only for this test")
        django.setup()
    view = django_receiver(inbox)
    assert view.csrf_exempt == csrf_exempt(lambda request: None).csrf_exempt  # type: ignore[attr-defined]  # set by the decorator

    def post(body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if isinstance(inbox, AsyncCallbackInbox):
            request = AsyncRequestFactory().post("/", body, content_type="application/json", headers=headers)
            response = asyncio.run(view(request))
        else:
            response = view(RequestFactory().post("/", body, content_type="application/json", headers=headers))
        return response.status_code, response.content

    return post


APPS = {
    "starlette": starlette_app,
    "fastapi": fastapi_app,
    "flask": flask_app,
    "wsgi": lambda inbox: by_wsgi(wsgi_receiver(inbox)),
    "django": django_app,
}


@pytest.fixture(params=APPS)
def post(request: pytest.FixtureRequest, gateway: MockGateway, sqlite: str) -> Iterator[Any]:
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        yield APPS[request.param](inbox)


def test_raw_bytes_reach_the_inbox(post: Any, gateway: MockGateway, sqlite: str) -> None:
    sent = gateway.signed_callback("order-1", "success", body={"note": "Оплата   \n 🏔"})
    assert post(sent.body, sent.headers) == (200, b"OK")
    # the same content with other bytes has the same normalised form; a changed one has not
    assert post(sent.body.replace(b"order-1", b"order-2"), sent.headers) == (REFUSAL.status, REFUSAL.body)


@pytest.mark.parametrize("name", ["x-access-signature", "x-access-timestamp"])
def test_a_header_that_came_twice_is_refused(post: Any, gateway: MockGateway, name: str) -> None:
    """Servers of WSGI and Django join what came twice; those of ASGI leave it as it is."""
    sent = gateway.signed_callback("order-1", "success")
    for joined in (
        f"{sent.headers[name]},{sent.headers[name]}",
        f"{sent.headers[name]}, AAAA",
        f",{sent.headers[name]}",
    ):
        assert post(sent.body, {**sent.headers, name: joined})[0] == REFUSAL.status
    assert post(sent.body, {key.upper(): value for key, value in sent.headers.items()})[0] == 200


@pytest.mark.parametrize("app", ["starlette", "fastapi"])
def test_a_header_that_stands_twice_is_refused(gateway: MockGateway, sqlite: str, app: str) -> None:
    sent = gateway.signed_callback("order-1", "success")
    twice = [*sent.headers.items(), ("X-Access-Signature", sent.headers["x-access-signature"])]
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        assert APPS[app](inbox)(sent.body, twice)[0] == REFUSAL.status
        assert APPS[app](inbox)(sent.body, sent.headers)[0] == 200


def test_whatever_is_forged_gets_one_answer(post: Any, gateway: MockGateway) -> None:
    good = gateway.signed_callback("order-1", "success")
    wrong = gateway.signed_callback("order-1", "success", wrong_signature=True)
    unknown = good.body.replace(gateway.project_id.encode(), b"somebody-else")
    answers = {
        post(wrong.body, wrong.headers),
        post(good.body, {}),
        post(unknown, good.headers),
        post(b"\xff", good.headers),
        post(b"", good.headers),
        post(good.body, {**good.headers, "x-access-timestamp": "abc"}),
        post(b"[" * 10_000, good.headers),
    }
    assert answers == {(REFUSAL.status, REFUSAL.body)}


def test_what_is_too_large_is_refused(post: Any, gateway: MockGateway) -> None:
    assert post(b"x" * (LARGEST_BODY + 1), {})[0] == 413


def test_a_lying_or_huge_stream_is_not_read_to_its_end(gateway: MockGateway) -> None:
    inbox = mock.Mock(spec=["receive"])
    taken = 0

    async def chunks() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        assert taken < 100, "it reads and reads"
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"5")]}
    asyncio.run(asgi_receiver(inbox)(scope, chunks, send))
    assert (sent[0]["status"], taken) == (413, 17)
    sent.clear()
    taken = 0
    asyncio.run(asgi_receiver(inbox)(scope | {"headers": [(b"content-length", b"9999999999")]}, chunks, send))
    assert (sent[0]["status"], taken) == (413, 0)

    stream = mock.Mock(wraps=io.BytesIO(b""))
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "99999999", "wsgi.input": stream}
    started: list[str] = []
    wsgi_receiver(inbox)(environ, lambda status, headers: started.append(status))
    assert started == [f"413 {HTTPStatus(413).phrase}"]  # another one since Python 3.13
    stream.read.assert_not_called()
    inbox.receive.assert_not_called()


def test_a_sender_that_goes_away_is_not_answered() -> None:
    inbox = mock.Mock(spec=["receive"])

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError

    asyncio.run(asgi_receiver(inbox)({"type": "http", "method": "POST", "headers": []}, gone, send))
    inbox.receive.assert_not_called()


@pytest.mark.parametrize("name", ["starlette", "django"])
def test_an_asynchronous_inbox(name: str, gateway: MockGateway, sqlite: str) -> None:
    sent = gateway.signed_callback("order-1", "success")
    inbox = AsyncCallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={})
    with asyncio.Runner() as runner, mock.patch("asyncio.run", runner.run):
        post = APPS[name](inbox)
        assert post(sent.body, sent.headers) == (200, b"OK")
        assert post(sent.body, {})[0] == REFUSAL.status
        rows = runner.run(inbox.list())
        runner.run(inbox.close())
    assert [row["payment_id"] for row in rows] == ["order-1"]


def test_only_post_is_taken(gateway: MockGateway) -> None:
    started: list[str] = []
    wsgi_receiver(mock.Mock())({"REQUEST_METHOD": "GET"}, lambda status, headers: started.append(status))
    assert started == ["405 Method Not Allowed"]
