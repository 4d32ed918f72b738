"""A server that misbehaves on a real socket: the time limits hold, and errors state what is known."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import (
    AsyncHighHelp,
    AsyncHTTPTransport,
    HighHelp,
    HTTPTransport,
    NotSent,
    OutcomeUnknown,
    RsaSigner,
    Unavailable,
)
from highhelp.transport.config import NetworkConfig
from highhelp.transport.send_state import EXTENSION, SendState
from tests.client.listener import FULL, HEAD, drip, hang_up, say, server, silent, slowly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAYIN = {"general": {"payment_id": "order-1"}, "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"}}


def call(asynchronous: bool, url: str, signer: RsaSigner, what: Callable[[Any], Any], **limits: float) -> Any:
    settings: dict[str, Any] = {"base_url": url, "project_id": "p", "signer": signer, "environ": {}, **limits}
    if not asynchronous:
        with HighHelp(**settings) as client:
            return what(client)

    async def run() -> Any:
        async with AsyncHighHelp(**settings) as client:
            return await what(client)

    return asyncio.run(run())


def drip_its_body(connection: socket.socket) -> None:
    say(HEAD + b"content-length: 900\r\n\r\n")(connection)
    slowly(connection, b" " * 900)


BROKEN = {
    "never answers": silent,
    "drips its headers": drip(HEAD * 10),
    "drips its body": drip_its_body,
    "closes at once": hang_up,
    "closes in mid-headers": say(HEAD),
    "closes in mid-body": say(HEAD + b"content-length: 900\r\n\r\n{"),
    "sends truncated gzip": say(HEAD + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00"),
    "sends garbage": say(b"\x00\x01\x02 garbage\r\n\r\n"),
    "sends an HTML page": say(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>"),
    "sends 520": say(b"HTTP/1.1 520 Odd\r\ncontent-length: 0\r\n\r\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("behaviour", BROKEN)
def test_a_create_ends_in_time_with_its_outcome_unknown(behaviour: str, asynchronous: bool, signer: RsaSigner) -> None:
    # lessons: SDKs without a time limit, and with one that a dripping server stretches
    with server(BROKEN[behaviour]) as url:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            call(asynchronous, url, signer, lambda client: client.p2p.create_payin(PAYIN), timeout=0.5, total_timeout=2)
        assert time.monotonic() - began < 60, "a dripping server would have taken a minute"


def test_a_dripped_body_ends_in_time_on_a_foreign_transport(signer: RsaSigner) -> None:
    # httpx's own transport bounds each read only, so the body is given up between two of them
    with server(drip_its_body) as url, httpx.HTTPTransport() as foreign:
        own: dict[str, Any] = {
            "base_url": url,
            "project_id": "p",
            "signer": signer,
            "environ": {},
            "transport": foreign,
        }
        with HighHelp(**own, timeout=0.5, total_timeout=1) as client, pytest.raises(OutcomeUnknown) as raised:
            client.p2p.create_payin(PAYIN)
    assert "not complete in time" in str(raised.value)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_read_is_unavailable(asynchronous: bool, signer: RsaSigner) -> None:
    with server(hang_up) as url, pytest.raises(Unavailable):
        call(asynchronous, url, signer, lambda client: client.service.balance(), total_timeout=1)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_whole_answer_after_a_provisional_one_is_taken(asynchronous: bool, signer: RsaSigner) -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n" + HEAD + b"content-length: %d\r\n\r\n" % len(FULL) + FULL
    with server(say(answer)) as url:
        state = call(asynchronous, url, signer, lambda client: client.p2p.create_payin(PAYIN))
    assert state.payment_id == "order-1"


@pytest.mark.slow
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_failures_before_the_connection_are_not_sent(asynchronous: bool, signer: RsaSigner) -> None:
    with server(say(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        secure = url.replace("http://", "https://")
        for place in (secure, "http://127.0.0.1:9", "https://no-such-host.invalid"):
            with pytest.raises(NotSent):
                call(asynchronous, place, signer, lambda client: client.p2p.create_payin(PAYIN), total_timeout=1)


def about(signer: RsaSigner, url: str = "https://gateway.example") -> dict[str, Any]:
    return {"base_url": url, "project_id": "p", "signer": signer, "environ": {}}


@pytest.fixture
def dead_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def test_a_refused_connection_is_not_sent(signer: RsaSigner, dead_url: str) -> None:
    with HighHelp(**about(signer, dead_url), total_timeout=0.2) as client, pytest.raises(NotSent, match="ConnectError"):
        client.p2p.create_payin(PAYIN)


def test_a_refused_connection_is_not_sent_on_a_loop(signer: RsaSigner, dead_url: str) -> None:
    async def call() -> None:
        async with AsyncHighHelp(**about(signer, dead_url), total_timeout=0.2) as client:
            await client.p2p.create_payin(PAYIN)

    with pytest.raises(NotSent, match="ConnectError"):
        asyncio.run(call())


def test_a_foreign_transport_is_judged_by_its_error(signer: RsaSigner) -> None:
    # raised without a request, as by httpx's own transport
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    client = HighHelp(**about(signer), transport=httpx.MockTransport(refuse), total_timeout=0.2)
    with pytest.raises(NotSent, match="ConnectError: refused"):
        client.p2p.create_payin(PAYIN)


@pytest.fixture
def busy_server() -> Iterator[str]:
    """Accept connections and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
def test_no_free_connection_in_time_means_not_sent(signer: RsaSigner, busy_server: str) -> None:
    settings = about(signer, busy_server) | {"max_connections": 1}

    async def two_at_once() -> tuple[object, object]:
        async with AsyncHighHelp(**settings) as client:
            first = asyncio.create_task(client.p2p.create_payin(PAYIN, timeout=1.5))
            await asyncio.sleep(0.1)  # it has the only connection
            second = client.p2p.create_payin({**PAYIN, "general": {"payment_id": "order-2"}}, timeout=0.3)
            return await asyncio.gather(first, second, return_exceptions=True)

    written, waiting = asyncio.run(two_at_once())
    assert isinstance(written, OutcomeUnknown)
    assert isinstance(waiting, NotSent)


def test_the_transport_records_what_has_left() -> None:
    def post(url: str) -> tuple[SendState, object]:
        state = SendState(5)
        with httpx.Client(transport=HTTPTransport()) as client:
            request = httpx.Request("POST", url, content=b"{}", extensions={EXTENSION: state})
            try:
                return state, client.send(request).status_code
            except httpx.HTTPError as error:
                return state, type(error)

    with server(say(HEAD + b"content-length: %d\r\n\r\n" % len(FULL) + FULL)) as url:
        state, status = post(url)
    assert (state.carried, state.started, state.answered, status) == (True, True, True, 200)
    with server(hang_up) as url:
        state, status = post(url)
    assert (state.carried, state.started, state.answered) == (True, True, False)
    state, status = post("http://127.0.0.1:9")
    assert (state.carried, state.started, state.answered, status) == (True, False, False, httpx.ConnectError)


def test_the_transport_sets_one_private_name_of_httpx() -> None:
    # the base class's other methods use `_pool`; a version that renames it is noticed here
    transport, usual = HTTPTransport(), httpx.HTTPTransport()
    assert vars(transport).keys() == vars(usual).keys() == {"_pool"}
    transport.close()
    usual.close()


@pytest.mark.parametrize("kind", [HTTPTransport, AsyncHTTPTransport])
def test_limits_of_connections_are_passed_on(kind: type[HTTPTransport | AsyncHTTPTransport]) -> None:
    limits = httpx.Limits(max_connections=3, max_keepalive_connections=2, keepalive_expiry=7)
    pool: Any = kind(limits=limits)._pool
    assert (pool._max_connections, pool._max_keepalive_connections, pool._keepalive_expiry) == (3, 2, 7)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_client_opens_as_many_connections_as_set(asynchronous: bool) -> None:
    made = NetworkConfig("https://gateway.example", max_connections=3, asynchronous=asynchronous).make_client()
    assert made._transport._pool._max_connections == 3


def test_proxy_is_checked_with_its_own_tls_settings() -> None:
    context = ssl.create_default_context()
    pool: Any = HTTPTransport(proxy=httpx.Proxy("https://proxy.example:3128", ssl_context=context))._pool
    assert pool._proxy.ssl_context is context
    assert pool._ssl_context is not context


def test_reason_of_a_failed_connection_is_masked(signer: RsaSigner) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route for 2200000000000004")

    client = HighHelp(**about(signer, "https://gateway.example"), transport=httpx.MockTransport(refuse))
    with client, pytest.raises(NotSent, match="ConnectError: no route for") as caught:
        client.p2p.create_payin(PAYIN, timeout=0.1)
    assert "2200000000000004" not in str(caught.value)
