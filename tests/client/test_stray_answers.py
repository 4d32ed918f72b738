"""An answer that came before its request is not used."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import AsyncHighHelp, HighHelp, HmacSigner, OutcomeUnknown
from highhelp.transport import framing, httpx_transport
from tests.client.listener import heard, server
from tests.client.test_money_is_safe import PAYIN, PAYOUT
from tests.client.tls import Authority, authority
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

STRAY = b'HTTP/1.1 422 X\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\r\n{"status":"error"}'
CUTS = [1, 10, 50, len(STRAY)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls"))


class Desynchronised:
    """A server that sends some bytes after its first answer, and answers every request correctly."""

    def __init__(self, stray: bytes, *, chunked: bool) -> None:
        self.stray = stray
        self.chunked = chunked
        self.connections = 0
        self.heard: list[bytes] = []

    def __call__(self, connection: socket.socket) -> None:
        self.connections += 1
        while request := heard(connection):
            self.heard.append(request)
            extra = self.stray if len(self.heard) == 1 else b""
            connection.sendall(self.answer(b"order-%d" % len(self.heard)) + extra)

    def answer(self, payment_id: bytes) -> bytes:
        body = b'{"status":"processing","payment_id":"%s"}' % payment_id
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        if self.chunked:
            return head + b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        return head + b"content-length: %d\r\n\r\n" % len(body) + body


@contextmanager
def serving(behave: Desynchronised, tls: Authority | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if tls is None:
        with server(behave) as url:
            yield url, {}
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls.server)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            behave(secure)

    with server(secured) as url:
        yield url.replace("http:", "https:"), {"ca_file": tls.ca}


def pay_twice(url: str, *, asynchronous: bool, **options: Any) -> list[Any]:
    about: dict[str, Any] = {"base_url": url, "project_id": "p", "signer": HmacSigner("k" * 32), "environ": {}}
    bodies = [{**PAYOUT, "general": {"payment_id": f"order-{number}"}} for number in (1, 2)]
    if not asynchronous:
        with HighHelp(**about, **options) as client:
            return [client.p2p.create_payout(body).payment_id for body in bodies]

    async def pay() -> list[Any]:
        async with AsyncHighHelp(**about, **options) as client:
            return [(await client.p2p.create_payout(body)).payment_id for body in bodies]

    return asyncio.run(pay())


kinds = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
transports = pytest.mark.parametrize("transport", [None, "fast"])
layers = pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
framings = pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])


@kinds
@transports
@layers
@framings
@pytest.mark.parametrize("cut", CUTS)
def test_a_stray_answer_is_not_taken_for_the_next_one(
    made: Authority, asynchronous: bool, transport: Any, secure: bool, chunked: bool, cut: int
) -> None:
    behave = Desynchronised(STRAY[:cut], chunked=chunked)
    with serving(behave, made if secure else None) as (url, options):
        paid = pay_twice(url, asynchronous=asynchronous, transport=transport, **options)
    assert paid == ["order-1", "order-2"]
    assert len(behave.heard) == 2
    assert behave.connections == 2, "the connection with the stray bytes was used again"


@kinds
@layers
@framings
def test_a_clean_connection_is_used_again(made: Authority, asynchronous: bool, secure: bool, chunked: bool) -> None:
    behave = Desynchronised(b"", chunked=chunked)
    with serving(behave, made if secure else None) as (url, options):
        assert pay_twice(url, asynchronous=asynchronous, **options) == ["order-1", "order-2"]
    assert behave.connections == 1


@kinds
def test_an_answer_without_a_read_is_not_believed(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    # the second guard: even on a reused connection, bytes buffered before the request are not its answer
    monkeypatch.setattr(framing.ResponseFraming, "is_complete", True)
    stray = STRAY.replace(b"422", b"200").replace(b'{"status":"error"}', b'{"status":"succe"}')
    behave = Desynchronised(stray, chunked=False)
    with (
        serving(behave, None) as (url, options),
        pytest.raises(OutcomeUnknown, match="came before the request"),
    ):
        pay_twice(url, asynchronous=asynchronous, total_timeout=0.5, **options)
    assert behave.connections >= 2, "the connection was not closed"


@kinds
def test_a_second_tls_record_counts_as_readable(
    monkeypatch: pytest.MonkeyPatch, made: Authority, asynchronous: bool
) -> None:
    # the framing alone would miss it: the record is read only on demand
    stray = threading.Event()

    class Late(Desynchronised):
        def __call__(self, connection: socket.socket) -> None:
            self.connections += 1
            while request := heard(connection):
                self.heard.append(request)
                connection.sendall(self.answer(b"order-%d" % len(self.heard)))
                if len(self.heard) == 1:
                    connection.sendall(STRAY)  # a separate record
                    stray.set()

    seen: list[bool] = []
    honest = httpx_transport._Exchange.is_readable

    def record(self: Any, inner: Any) -> bool:
        assert stray.wait(PATIENCE)
        time.sleep(0.05)  # the record is on its way through the loopback device
        seen.append(honest(self, inner))
        return seen[-1]

    monkeypatch.setattr(httpx_transport._Exchange, "is_readable", record)
    behave = Late(b"", chunked=False)
    with serving(behave, made) as (url, options):
        assert pay_twice(url, asynchronous=asynchronous, **options) == ["order-1", "order-2"]
    assert True in seen
    assert behave.connections == 2


def test_data_in_a_tls_memory_buffer_is_found() -> None:
    class Held(ssl.SSLObject):
        def __init__(self) -> None:  # a stand-in: the real constructor takes a connection
            self.waiting = b"x"

        def read(self, *_: Any) -> Any:
            if not self.waiting:
                raise ssl.SSLWantReadError
            found, self.waiting = self.waiting, b""
            return found

    held = Held()
    assert httpx_transport._holds_data(held)
    assert not httpx_transport._holds_data(held)
    assert not httpx_transport._holds_data(None)


def test_an_answer_of_a_mock_transport_needs_no_read() -> None:
    about: dict[str, Any] = {"base_url": "https://gateway.example", "project_id": "p", "environ": {}}
    body = {"status": "processing", "payment_id": "order-1"}
    answered = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with HighHelp(signer=HmacSigner("k" * 32), transport=answered, **about) as client:
        assert client.p2p.create_payin(PAYIN).status == "processing"
