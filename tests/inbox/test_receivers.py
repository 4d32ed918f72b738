"""The receivers inside the real frameworks."""

from __future__ import annotations

import asyncio
import io
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from unittest import mock

import django
import httpx
import pytest
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIRequest
from django.test import AsyncRequestFactory, RequestFactory
from django.views.decorators.csrf import csrf_exempt
from fastapi import FastAPI
from flask import Flask, request
from starlette.applications import Starlette
from starlette.routing import Route

from highhelp import AsyncCallbackInbox, CallbackInbox
from highhelp.inbox.receivers import MAX_BODY, asgi_receiver, django_receiver, flask_receiver, wsgi_receiver
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
    # the same content in other bytes has the same normalised form; changed content has not
    assert post(sent.body.replace(b"order-1", b"order-2"), sent.headers) == (REFUSAL.status, REFUSAL.body)


@pytest.mark.parametrize("name", ["x-access-signature", "x-access-timestamp"])
def test_a_header_that_came_twice_is_refused(post: Any, gateway: MockGateway, name: str) -> None:
    """WSGI and Django servers join repeated headers; ASGI servers keep them."""
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
    assert post(b"x" * (MAX_BODY + 1), {})[0] == 413


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
    assert (sent[0]["status"], taken) == (413, 2)
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


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


def wsgi_environ(body: bytes, headers: dict[str, str], **more: Any) -> dict[str, Any]:
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    given.pop("HTTP_CONTENT_LENGTH", None)
    about = {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body), "SERVER_NAME": "shop", "SERVER_PORT": "80"}
    about |= {"wsgi.url_scheme": "http", "PATH_INFO": "/callbacks", "CONTENT_TYPE": "application/json"}
    return given | about | more


def flask_status(inbox: Any, environ: dict[str, Any], before: Any = None) -> int:
    app = Flask("shop")
    if before is not None:
        app.before_request(before)
    app.add_url_rule("/callbacks", view_func=flask_receiver(inbox), methods=["POST"])
    told: list[str] = []
    application: Any = app
    list(application(environ, lambda status, *_: told.append(status)))
    return int(told[0][:3])


def django_status(inbox: Any, environ: dict[str, Any], before: Any = None) -> int:
    django_app(inbox)
    request = WSGIRequest(environ)
    if before is not None:
        before(request)
    return int(django_receiver(inbox)(request).status_code)


def wsgi_status(inbox: Any, environ: dict[str, Any]) -> int:
    told: list[str] = []
    wsgi_receiver(inbox)(environ, lambda status, headers: told.append(status))
    return int(told[0][:3])


@pytest.fixture
def inbox(gateway: MockGateway, sqlite: str) -> Iterator[CallbackInbox]:
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        yield inbox


FLASK_READERS = {
    "get_data": lambda: request.get_data() and None,
    "get_json": lambda: request.get_json() and None,
    "data": lambda: request.data and None,
    "json": lambda: request.json and None,
}


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize("reader", FLASK_READERS)
def test_flask_may_have_read_and_cached_the_body(
    inbox: CallbackInbox, gateway: MockGateway, reader: str, chunked: bool
) -> None:
    sent = gateway.signed_callback("order-1", "success")
    more = CHUNKED if chunked else {"CONTENT_LENGTH": str(len(sent.body))}
    assert flask_status(inbox, wsgi_environ(sent.body, sent.headers, **more), FLASK_READERS[reader]) == 200
    forged = gateway.signed_callback("order-1", "success", wrong_signature=True)
    more = CHUNKED if chunked else {"CONTENT_LENGTH": str(len(forged.body))}
    assert flask_status(inbox, wsgi_environ(forged.body, forged.headers, **more), FLASK_READERS[reader]) == 401


def test_django_may_have_read_and_cached_the_body(inbox: CallbackInbox, gateway: MockGateway) -> None:
    sent = gateway.signed_callback("order-1", "success")
    environ = wsgi_environ(sent.body, sent.headers, CONTENT_LENGTH=str(len(sent.body)))
    assert django_status(inbox, environ, lambda request: request.body) == 200
    environ = wsgi_environ(sent.body, sent.headers, CONTENT_LENGTH=str(len(sent.body)))
    assert django_status(inbox, environ, lambda request: (request.body, request.read())) == 200


STATUSES = {"wsgi": wsgi_status, "flask": flask_status, "django": django_status}


@pytest.mark.parametrize("name", STATUSES)
def test_a_body_in_chunks_is_read_to_the_limit(inbox: CallbackInbox, gateway: MockGateway, name: str) -> None:
    sent = gateway.signed_callback("order-1", "success")
    status = STATUSES[name]
    assert status(inbox, wsgi_environ(sent.body, sent.headers, **CHUNKED)) == 200
    forged = gateway.signed_callback("order-1", "success", wrong_signature=True)
    assert status(inbox, wsgi_environ(forged.body, forged.headers, **CHUNKED)) == 401
    stream = io.BytesIO(b"x" * 1_000_000)
    assert status(inbox, wsgi_environ(b"", sent.headers, **CHUNKED, **{"wsgi.input": stream})) == 413
    assert stream.tell() <= MAX_BODY + 1
    # unless the server signals the end of the input, it is unknown
    more = {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert status(inbox, wsgi_environ(sent.body, sent.headers, **more)) == 411


def _read_the_stream() -> None:
    request.stream.read()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize("name", STATUSES)
def test_a_body_that_is_gone_is_answered_500_and_logged(
    inbox: CallbackInbox, gateway: MockGateway, name: str, chunked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sent = gateway.signed_callback("order-1", "success")
    more = CHUNKED if chunked else {"CONTENT_LENGTH": str(len(sent.body))}
    environ = wsgi_environ(sent.body, sent.headers, **more)
    environ["wsgi.input"].read()
    assert STATUSES[name](inbox, environ) == 500
    assert "callback not read" in caplog.text
    assert inbox.list() == []


def test_a_stream_that_flask_has_read_is_gone(inbox: CallbackInbox, gateway: MockGateway) -> None:
    sent = gateway.signed_callback("order-1", "success")
    environ = wsgi_environ(sent.body, sent.headers, CONTENT_LENGTH=str(len(sent.body)))
    assert flask_status(inbox, environ, _read_the_stream) == 500


@pytest.mark.parametrize("length", ["0" * 20 + "9", "-1", "1_0", "٣", " 5", "abc"])
@pytest.mark.parametrize("name", STATUSES)
def test_a_length_that_is_none_is_refused(inbox: CallbackInbox, name: str, length: str) -> None:
    assert STATUSES[name](inbox, wsgi_environ(b"hello", {}, CONTENT_LENGTH=length)) in {400, 411}


@pytest.mark.parametrize("name", APPS)
def test_the_size_that_is_taken_can_be_set(gateway: MockGateway, sqlite: str, name: str) -> None:
    sent = gateway.signed_callback("order-1", "success", body={"note": "x" * 100_000})
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}, max_body=200_000) as inbox:
        assert APPS[name](inbox)(sent.body, sent.headers) == (200, b"OK")


def test_callbacks_are_verified_off_the_event_loop(gateway: MockGateway, sqlite: str) -> None:
    threads: list[str] = []

    class Verifier:
        def verify(self, raw: bytes, headers: Any) -> Any:
            threads.append(threading.current_thread().name)
            return gateway.verifier().verify(raw, headers)

    async def scenario() -> None:
        verifier: Any = Verifier()
        inbox = AsyncCallbackInbox(sqlite, verifier=verifier, clock=gateway.clock, environ={})
        sent = gateway.signed_callback("order-1", "success")
        assert (await inbox.receive(sent.body, sent.headers))[0] == 200
        assert (await inbox.receive(b"{}", {}))[0] == 401
        assert (await inbox.receive(b"x" * (MAX_BODY + 1), {}))[0] == 413  # not looked at
        await inbox.close()

    asyncio.run(scenario())
    assert len(threads) == 2
    assert threading.main_thread().name not in threads
