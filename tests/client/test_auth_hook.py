"""`SignatureAuth` signs every request as the auth hook of any httpx client."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import pytest
import respx

from highhelp import AsyncHighHelp, AsyncHTTPTransport, HighHelp, HTTPTransport, NotSent, OutcomeUnknown, RsaSigner
from highhelp_api.contract import HEADERS, OPERATIONS
from highhelp_signing import SignatureAuth
from highhelp_signing.errors import RequestNotSignable
from tests.client.listener import FULL, HEAD, say, server
from tests.client.test_money_is_safe import PAYIN

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from pytest_httpx import HTTPXMock

    from tests.client.conftest import Both

WHOLE = HEAD + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(FULL) + FULL
ANSWER = {"status": "processing", "payment_id": "order-1"}


def about(signer: RsaSigner, url: str = "https://gateway.example") -> dict[str, Any]:
    return {"base_url": url, "project_id": "p", "signer": signer, "environ": {}}


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that pass through either auth flow."""
    paths: list[str] = []
    sync_flow, async_flow = SignatureAuth.sync_auth_flow, SignatureAuth.async_auth_flow

    def record(self: SignatureAuth, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        paths.append(request.url.path)
        yield from sync_flow(self, request)

    async def record_async(
        self: SignatureAuth, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        paths.append(request.url.path)
        async for each in async_flow(self, request):
            yield each

    monkeypatch.setattr(SignatureAuth, "sync_auth_flow", record)
    monkeypatch.setattr(SignatureAuth, "async_auth_flow", record_async)
    return paths


OWN: dict[str, Callable[[bool], dict[str, Any]]] = {
    "default": lambda _: {},
    "http_client": lambda late: {"http_client": httpx.AsyncClient() if late else httpx.Client()},
    "httpx2": lambda late: {"http_client": httpx2.AsyncClient() if late else httpx2.Client()},
    "transport": lambda late: {"transport": httpx.AsyncHTTPTransport() if late else httpx.HTTPTransport()},
    "HTTPTransport": lambda late: {"transport": AsyncHTTPTransport() if late else HTTPTransport()},
    "fast": lambda _: {"transport": "fast"},
}


@pytest.mark.parametrize("way", OWN)
def test_every_call_passes_the_auth_hook(signer: RsaSigner, hooked: list[str], way: str) -> None:
    def calls(client: Any) -> list[Any]:
        return [client.p2p.create_payin(PAYIN), client.p2p.get_payin("order-1"), client.request("/api/v1/other", {})]

    async def calls_async(url: str) -> None:
        options = OWN[way](True)
        async with AsyncHighHelp(**about(signer, url), **options) as client:
            for call in calls(client):
                await call
        if "http_client" in options:
            await options["http_client"].aclose()

    with server(say(WHOLE)) as url:
        options = OWN[way](False)
        with HighHelp(**about(signer, url), **options) as client:
            calls(client)
        if "http_client" in options:
            options["http_client"].close()
        asyncio.run(calls_async(url))
    paths = [OPERATIONS["create_p2p_payin"].path, OPERATIONS["get_p2p_payin"].path, "/api/v1/other"]
    assert hooked == paths * 2


def test_pytest_httpx_intercepts_a_default_client(signer: RsaSigner, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json=ANSWER)
    with HighHelp(**about(signer)) as client:
        assert client.p2p.create_payin(PAYIN).payment_id == "order-1"
    (request,) = httpx_mock.get_requests()
    assert request.headers[HEADERS.signature]


def test_pytest_httpx_can_lose_an_answer(signer: RsaSigner, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ReadTimeout("too slow"), is_reusable=True)
    with HighHelp(**about(signer), total_timeout=0.2) as client, pytest.raises(OutcomeUnknown):
        client.p2p.create_payin(PAYIN)


@respx.mock
def test_respx_intercepts_a_default_client(signer: RsaSigner) -> None:
    route = respx.post(url__startswith="https://gateway.example/").respond(json=ANSWER)
    with HighHelp(**about(signer)) as client:
        assert client.p2p.create_payin(PAYIN).payment_id == "order-1"

    async def call() -> None:
        async with AsyncHighHelp(**about(signer)) as late:
            await late.p2p.create_payin(PAYIN)

    asyncio.run(call())
    assert [call.request.headers["x-access-merchant-id"] for call in route.calls] == ["p", "p"]


def test_mock_transport_sees_signed_requests(both: Both) -> None:
    both(lambda _: httpx.Response(200, json=ANSWER), lambda client: client.p2p.create_payin(PAYIN))
    assert both.seen[0].headers[HEADERS.signature]


def test_a_request_holds_no_cookie_or_client_default(both: Both) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=ANSWER, headers={"set-cookie": "a=1; Path=/"})

    def calls(client: Any) -> Any:
        if isinstance(client, HighHelp):
            return [client.p2p.create_payin(PAYIN) for _ in range(2)]

        async def twice() -> list[Any]:
            return [await client.p2p.create_payin(PAYIN) for _ in range(2)]

        return twice()

    both(answer, calls)
    assert len(both.seen) == 2
    for request in both.seen:
        assert sorted(name for name in request.headers if not name.startswith("x-access-")) == [
            "accept", "accept-encoding", "content-length", "content-type", "host", "user-agent",
        ]  # fmt: skip


def test_defaults_of_an_own_client_are_not_merged(signer: RsaSigner) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER)

    with httpx.Client(
        transport=httpx.MockTransport(answer),
        base_url="https://other.example/deep",
        headers={"authorization": "Bearer x"},
        cookies={"a": "1"},
        params={"q": "1"},
        auth=("user", "password"),
    ) as own:
        HighHelp(**about(signer), http_client=own).p2p.create_payin(PAYIN)
    (request,) = seen
    assert str(request.url) == "https://gateway.example" + OPERATIONS["create_p2p_payin"].path
    assert not {"authorization", "cookie"} & set(request.headers)


def test_a_client_that_sends_elsewhere_gets_no_signature(signer: RsaSigner) -> None:
    sent: list[httpx.Request] = []

    class Elsewhere(httpx.Client):
        def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
            request.url = httpx.URL("https://other.example/")
            return super().send(request, **options)

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=ANSWER)

    with Elsewhere(transport=httpx.MockTransport(answer)) as own:
        client = HighHelp(**about(signer), http_client=own)
        with pytest.raises(NotSent, match="its origin is not the one"):
            client.p2p.create_payin(PAYIN)
    assert sent == []


def test_a_hook_that_raises_a_signing_error_is_unknown(signer: RsaSigner) -> None:
    # the request is signed and may have been sent when a hook of the caller raises
    def refuse(_: httpx.Response) -> None:
        raise RequestNotSignable("of a hook")

    with httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER)), event_hooks={"response": [refuse]}
    ) as own:
        client = HighHelp(**about(signer), http_client=own, total_timeout=0.2)
        with pytest.raises(OutcomeUnknown):
            client.p2p.create_payin(PAYIN)


def test_a_normalised_string_counts_only_for_its_body(signer: RsaSigner) -> None:
    auth = SignatureAuth("p", signer, origin="https://gateway.example", clock=lambda: 1_700_000_000)
    url, body = "https://gateway.example/x", b'{"a":1}'

    def signature(**extensions: Any) -> str:
        request = httpx.Request("POST", url, content=body, extensions=extensions)
        return auth(request).headers[HEADERS.signature]

    plain = signature()
    assert signature(**{SignatureAuth.NORMALIZED: (body, "a:1")}) == plain
    assert signature(**{SignatureAuth.NORMALIZED: (b'{"a":2}', "a:2")}) == plain
    assert signature(**{SignatureAuth.NORMALIZED: (body, None)}) == plain
    assert signature(**{SignatureAuth.NORMALIZED: (body, "b:1")}) != plain  # the extension is signed


def test_opentelemetry_is_loaded_only_where_it_is_used(signer: RsaSigner, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    for name in [each for each in sys.modules if each.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    with HighHelp(**about(signer), transport=transport) as client:
        client.p2p.create_payin(PAYIN)
        assert "opentelemetry" not in sys.modules
