"""Pools of our own go the short way to the transport: what is sent, what is not, and what a failure then says."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import AsyncHighHelp, HighHelp, NotSent, OutcomeUnknown, RsaSigner
from highhelp.sockets import guarded, is_watched

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYIN = {"general": {"payment_id": "order-1"}, "payment": {"method": "card-p2p", "amount": 100, "currency": "RUB"}}
ANSWER = {"status": "processing", "payment_id": "order-1"}


def about(signer: RsaSigner, url: str = "https://gateway.example") -> dict[str, Any]:
    return {"base_url": url, "project_id": "p", "signer": signer, "environ": {}}


@pytest.fixture
def dead_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def test_a_refused_connection_is_known_not_to_be_sent(signer: RsaSigner, dead_url: str) -> None:
    with HighHelp(**about(signer, dead_url), total_timeout=0.2) as client, pytest.raises(NotSent, match="ConnectError"):
        client.p2p.create_payin(PAYIN)


def test_the_same_on_an_event_loop(signer: RsaSigner, dead_url: str) -> None:
    async def call() -> None:
        async with AsyncHighHelp(**about(signer, dead_url), total_timeout=0.2) as client:
            await client.p2p.create_payin(PAYIN)

    with pytest.raises(NotSent, match="ConnectError"):
        asyncio.run(call())


def test_a_transport_s_own_failure_is_told_by_what_it_says(signer: RsaSigner) -> None:
    # raised without a request, as httpx's own transport does it
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    client = HighHelp(**about(signer), transport=httpx.MockTransport(refuse), total_timeout=0.2)
    with pytest.raises(NotSent, match="ConnectError: refused"):
        client.p2p.create_payin(PAYIN)


def test_a_request_holds_what_it_was_given_and_no_cookie(signer: RsaSigner) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER, headers={"set-cookie": "a=1; Path=/"})

    client = HighHelp(**about(signer), transport=httpx.MockTransport(answer))
    for _ in range(2):
        client.p2p.create_payin(PAYIN)
    for request in seen:
        assert sorted(name for name in request.headers if not name.startswith("x-access-")) == [
            "accept", "accept-encoding", "content-length", "content-type", "host", "user-agent",
        ]  # fmt: skip
        assert request.headers["host"] == "gateway.example"
        assert int(request.headers["content-length"]) == len(request.content)


def test_a_client_that_sends_elsewhere_gets_no_signature_out(signer: RsaSigner) -> None:
    sent: list[httpx.Request] = []

    class Elsewhere(httpx.Client):
        def build_request(self, method: str, url: Any, **parts: Any) -> httpx.Request:
            return super().build_request(method, "https://other.example/", **parts)

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=ANSWER)

    with Elsewhere(transport=httpx.MockTransport(answer)) as bare:
        client = HighHelp(**about(signer), http_client=bare)
        with pytest.raises(NotSent, match="its origin is not the one"):
            client.p2p.create_payin(PAYIN)
    assert sent == []


@pytest.fixture
def busy_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


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


def test_whether_the_sockets_tell_hangs_on_what_is_between_them_and_the_gateway() -> None:
    plain, proxied = httpx.Client(trust_env=False), httpx.Client(proxy="http://proxy.example:3128")
    mounted = httpx.Client(mounts={"https://": httpx.HTTPTransport(proxy="http://proxy.example:3128")})
    foreign = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    clients = {"plain": plain, "proxied": proxied, "mounted": mounted, "foreign": foreign}
    assert not is_watched(plain)  # its sockets are not ours yet
    assert {name: is_watched(guarded(client)) for name, client in clients.items()} == {
        "plain": True,
        "proxied": False,
        "mounted": False,
        "foreign": False,
    }
