"""Requests byte by byte over raw sockets: what is read, what is refused, and that refused ones are not executed."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import httpx
import pytest

from highhelp_api import contract
from highhelp_mock import MockGateway
from highhelp_mock.adapters.asgi import LARGEST_HEAD
from highhelp_signing import signature_headers
from tests.gateway.merchant import Merchant
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_mock.simulation.projects import Keys

PATH = contract.OPERATIONS["create_p2p_payin"].path
SIGNATURE = contract.HEADERS.signature
HEALTH = "GET /_mock/health HTTP/1.1"
PROBE = f"{HEALTH}\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode()


@pytest.fixture(scope="module")
def served(keys: Keys) -> Iterator[MockGateway]:
    with MockGateway(keys=keys).serve() as gateway:
        yield gateway


class Create:
    """A create, to be written in many ways.

    Attributes:
        body: its JSON.
        headers: with the signature, without a length.
    """

    def __init__(self, gateway: MockGateway, payment_id: str) -> None:
        merchant = Merchant(gateway, gateway.project)
        self.body = httpx.Request("POST", "http://x", json=merchant.p2p_payin(payment_id)).content
        signed = signature_headers(
            self.body, project_id=gateway.project_id, signer=gateway.signer, timestamp=int(gateway.clock())
        )
        self.headers = {"host": "127.0.0.1", "content-type": "application/json"} | signed

    def head(self, *more: str, line: str = f"POST {PATH} HTTP/1.1", less: str = "", end: str = "\r\n") -> bytes:
        lines = [line, *(f"{name}: {value}" for name, value in self.headers.items() if name != less), *more]
        return (end.join(lines) + end * 2).encode("latin-1")

    def whole(self, *more: str, line: str = f"POST {PATH} HTTP/1.1", less: str = "", end: str = "\r\n") -> bytes:
        return self.head(f"content-length: {len(self.body)}", *more, line=line, less=less, end=end) + self.body

    def chunked(self, *more: str, chunk: str = "{size}\r\n{body}\r\n", last: str = "0\r\n\r\n", less: str = "",
                line: str = f"POST {PATH} HTTP/1.1", coding: str = "chunked") -> bytes:  # fmt: skip
        written = chunk.format(size=f"{len(self.body):x}", body=self.body.decode()) + last
        return self.head(f"transfer-encoding: {coding}", *more, line=line, less=less) + written.encode()


Written: TypeAlias = Callable[[Create], bytes]

OFFER = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA")

READ: dict[str, Written] = {
    "in order": lambda it: it.whole(),
    "chunked": lambda it: it.chunked(),
    "chunked in capitals": lambda it: it.chunked(coding="CHUNKED"),
    "chunk with an extension": lambda it: it.chunked(chunk="{size};a=b\r\n{body}\r\n"),
    "trailers": lambda it: it.chunked(last=f"0\r\n{SIGNATURE}: AAAA\r\nhost: evil.example\r\n\r\n"),
    "header without a value": lambda it: it.whole("x-a:", "x-b: "),
    "tab in a value": lambda it: it.whole("x-a: a\tb"),
    "no ASCII in a value": lambda it: it.whole("x-a: \xe9"),
    "a query": lambda it: it.whole(line=f"POST {PATH}?a=b HTTP/1.1"),
    "an expectation that nobody knows": lambda it: it.whole("expect: the-best"),
    "head near its limit": lambda it: it.whole(f"x-a: {'a' * (LARGEST_HEAD - 2048)}"),
    # Java's client makes this offer with every first request
    "an offer of HTTP/2": lambda it: it.whole(*OFFER),
    "an offer of HTTP/2, chunked": lambda it: it.chunked(*OFFER),
    "an offer of a web socket": lambda it: it.whole("connection: upgrade", "upgrade: websocket"),
    # the server is lenient with these; there is only one way to read each
    "length twice": lambda it: it.whole(f"content-length: {len(it.body)}"),
    "list of lengths": lambda it: it.head(f"content-length: {len(it.body)}, {len(it.body)}") + it.body,
    "space behind a size": lambda it: it.chunked(chunk="{size} \r\n{body}\r\n"),
    "control character in a value": lambda it: it.whole("x-a: a\x01b"),
    "bare line feed in a value": lambda it: it.whole("x-a: a\nx-b: b"),
    "bare line feeds": lambda it: it.whole(end="\n"),
    "folded value": lambda it: it.whole("x-a: a\r\n b"),
    "folded length": lambda it: it.head(f"content-length:\r\n {len(it.body)}") + it.body,
}
READ_AND_CLOSED: dict[str, Written] = {
    "close": lambda it: it.whole("connection: close"),
    "close in capitals": lambda it: it.whole("connection: CLOSE"),
    "HTTP/1.0": lambda it: it.whole(line=f"POST {PATH} HTTP/1.0"),
    "HTTP/1.0 without a host": lambda it: it.whole(line=f"POST {PATH} HTTP/1.0", less="host"),
    "HTTP/1.0, chunked": lambda it: it.chunked(line=f"POST {PATH} HTTP/1.0"),
    "HTTP/1.0 with an offer": lambda it: it.whole(*OFFER, line=f"POST {PATH} HTTP/1.0"),
    "close with an offer": lambda it: it.whole("connection: close, upgrade", "upgrade: h2c"),
}
BROKEN: dict[str, Written] = {
    # the end of a body must be unambiguous
    "two lengths": lambda it: it.whole("content-length: 3"),
    "length with a sign": lambda it: it.head(f"content-length: +{len(it.body)}") + it.body,
    "negative length": lambda it: it.head("content-length: -1") + it.body,
    "hexadecimal length": lambda it: it.head(f"content-length: {len(it.body):#x}") + it.body,
    "empty length": lambda it: it.head("content-length: ") + it.body,
    "length with a space": lambda it: it.head("content-length: 3 0") + it.body,
    "length of 23 digits": lambda it: it.head(f"content-length: {'9' * 23}") + it.body,
    "length, then chunked": lambda it: (
        it.head(f"content-length: {len(it.body)}", "transfer-encoding: chunked") + it.body
    ),
    "chunked, then length": lambda it: it.chunked(f"content-length: {len(it.body)}"),
    "chunked twice": lambda it: it.chunked("transfer-encoding: chunked"),
    "chunked, but not last": lambda it: it.chunked(coding="chunked, identity"),
    "another coding": lambda it: it.chunked(coding="identity"),
    "nearly chunked": lambda it: it.chunked(coding="xchunked"),
    "compressed on the way": lambda it: it.chunked(coding="gzip, chunked"),
    "size with 0x": lambda it: it.chunked(chunk="0x{size}\r\n{body}\r\n"),
    "chunk that is longer": lambda it: it.chunked(chunk="{size}\r\n{body}xx\r\n"),
    "no size behind a whole chunk": lambda it: it.chunked(last="zz\r\n\r\n"),
    # what is a header, and what its value
    "space in a name": lambda it: it.whole("x a: 1"),
    "space behind a name": lambda it: it.whole(f"{SIGNATURE} : {it.headers[SIGNATURE]}", less=SIGNATURE),
    "no name": lambda it: it.whole(": 1"),
    "no colon": lambda it: it.whole("x-a"),
    "NUL in a name": lambda it: it.whole("x\0a: 1"),
    "no ASCII in a name": lambda it: it.whole("x\xe9: 1"),
    "NUL in a value": lambda it: it.whole("x-a: a\0b"),
    "NUL behind the signature": lambda it: it.whole(f"{SIGNATURE}: {it.headers[SIGNATURE]}\0", less=SIGNATURE),
    "bare carriage return in a value": lambda it: it.whole("x-a: a\rb"),
    # the first line
    "empty lines before": lambda it: b"\r\n\r\n" + it.whole(),
    "space before": lambda it: b" " + it.whole(),
    "NUL before": lambda it: b"\0" + it.whole(),
    "HTTP/2.0": lambda it: it.whole(line=f"POST {PATH} HTTP/2.0"),
    "HTTP/9.9": lambda it: it.whole(line=f"POST {PATH} HTTP/9.9"),
    "version in small letters": lambda it: it.whole(line=f"POST {PATH} http/1.1"),
    "no version": lambda it: it.whole(line=f"POST {PATH}"),
    "HTTP/2": lambda it: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": lambda it: bytes.fromhex("16030100c8010000c40303"),
    "for a proxy": lambda it: it.whole(line=f"POST http://127.0.0.1{PATH} HTTP/1.1"),
    "for a proxy, from a foreign page": lambda it: it.whole(line="GET http://evil.example/_mock/health HTTP/1.1"),
    "tunnel": lambda it: it.head(line="CONNECT 127.0.0.1:80 HTTP/1.1"),
    "fragment": lambda it: it.whole(line=f"POST {PATH}#x HTTP/1.1"),
    "no slash": lambda it: it.whole(line=f"POST {PATH[1:]} HTTP/1.1"),
    "no ASCII in the path": lambda it: it.whole(line=f"POST {PATH}\xe9 HTTP/1.1"),
    "NUL in the path": lambda it: it.whole(line=f"POST {PATH}\0 HTTP/1.1"),
    # by the gateway itself
    "no host": lambda it: it.whole(less="host"),
    "two hosts": lambda it: it.whole("host: 127.0.0.1"),
    "large header": lambda it: it.whole(f"x-a: {'a' * LARGEST_HEAD}"),
    "many headers": lambda it: it.whole(*[f"x-{number}: a" for number in range(3000)]),
    "long target": lambda it: it.whole(line=f"POST {PATH}?{'a' * LARGEST_HEAD} HTTP/1.1"),
    "large header with an offer": lambda it: it.whole(*OFFER, f"x-a: {'a' * LARGEST_HEAD}"),
}
REFUSED: dict[str, tuple[int, Written]] = {
    "signature in a trailer": (
        401,
        lambda it: it.chunked(less=SIGNATURE, last=f"0\r\n{SIGNATURE}: {it.headers[SIGNATURE]}\r\n\r\n"),
    ),
    "signature twice": (401, lambda it: it.whole(f"{SIGNATURE}: {it.headers[SIGNATURE]}")),
    "unknown method": (405, lambda it: it.whole(line=f"BREW {PATH} HTTP/1.1")),
    "method in small letters": (405, lambda it: it.whole(line=f"post {PATH} HTTP/1.1")),
    "tunnel to a path": (405, lambda it: it.whole(line=f"CONNECT {PATH} HTTP/1.1")),
    "tunnel with an offer": (405, lambda it: it.whole(*OFFER, line=f"CONNECT {PATH} HTTP/1.1")),
    "wrong method": (405, lambda it: it.whole(line=f"GET {PATH} HTTP/1.1")),
    "slash in percents": (404, lambda it: it.whole(line=f"POST {PATH.replace('/payin', '%2fpayin')} HTTP/1.1")),
    "letter in percents": (404, lambda it: it.whole(line=f"POST {PATH.replace('payin', 'p%61yin')} HTTP/1.1")),
    "NUL in percents": (404, lambda it: it.whole(line=f"POST {PATH}%00 HTTP/1.1")),
    "half a percent": (404, lambda it: it.whole(line=f"POST {PATH}%z HTTP/1.1")),
    "dots": (404, lambda it: it.whole(line=f"POST /x/..{PATH} HTTP/1.1")),
    "two slashes": (404, lambda it: it.whole(line=f"POST //evil.example{PATH} HTTP/1.1")),
}
# Not complete, so that the server waits for more.
INCOMPLETE: dict[str, Written] = {
    # all of the JSON is there, but not all of what was announced
    "body that is cut off": lambda it: it.head(f"content-length: {len(it.body) + 2}") + it.body,
    "chunks that are cut off": lambda it: it.chunked(last=""),
    "size beyond 64 bits": lambda it: it.chunked(chunk="f0000000000000000\r\n{body}\r\n"),
    "chunks with bare line feeds": lambda it: it.chunked(chunk="{size}\n{body}\n", last="0\n\n"),
    "bare carriage returns": lambda it: it.whole(end="\r"),
}


def talk(gateway: MockGateway, *pieces: bytes) -> list[int]:
    """The statuses of all answers; another, 200, is the last where the connection goes on in good order."""
    with socket.create_connection(address(gateway), PATIENCE) as line:
        for number, piece in enumerate(pieces):
            time.sleep(0.01 if number else 0)
            line.sendall(piece)
        answers = line.recv(65536)
        try:
            line.sendall(PROBE)
            while more := line.recv(65536):
                answers += more
        except ConnectionError:
            pass  # closed on account of the request
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", answers)]


def address(gateway: MockGateway) -> tuple[str, int]:
    host, _, port = gateway.base_url.removeprefix("http://").rpartition(":")
    return host, int(port)


def carried_out(gateway: MockGateway, payment_id: str) -> bool:
    assert httpx.get(f"{gateway.base_url}/_mock/health").status_code == 200, "it goes on, and is through with the rest"
    return any(payment.payment_id == payment_id for payment in gateway.payments)


@pytest.mark.parametrize("case", READ)
def test_what_is_in_order_is_carried_out(served: MockGateway, case: str) -> None:
    assert talk(served, READ[case](Create(served, case))) == [200, 200]
    assert carried_out(served, case)


@pytest.mark.parametrize("case", READ_AND_CLOSED)
def test_the_last_request_of_a_connection_is_carried_out(served: MockGateway, case: str) -> None:
    assert talk(served, READ_AND_CLOSED[case](Create(served, case))) == [200]
    assert carried_out(served, case)


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_refused_and_ends_the_connection(served: MockGateway, case: str) -> None:
    assert talk(served, BROKEN[case](Create(served, case))) == [400]
    assert not carried_out(served, case)


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_be_read_is_refused_alone(served: MockGateway, case: str) -> None:
    status, write = REFUSED[case]
    assert talk(served, write(Create(served, case))) == [status, 200]
    assert not carried_out(served, case)


@pytest.mark.parametrize("case", ["in order", "chunked", "an offer of HTTP/2, chunked"])
def test_it_does_not_matter_how_a_request_is_cut(served: MockGateway, case: str) -> None:
    payment_id = f"{case}, cut"
    raw = READ[case](Create(served, payment_id))
    at = raw.index(b"\r\n\r\n")
    cuts = [0, 3, at // 2, at + 1, at + 3, at + 4, at + 9, len(raw) - 3, len(raw)]
    pieces = [raw[start:stop] for start, stop in pairwise(cuts)]
    assert talk(served, *pieces) == [200, 200]
    assert carried_out(served, payment_id)


def test_a_body_is_asked_for(served: MockGateway) -> None:
    it = Create(served, "asked for")
    length = f"content-length: {len(it.body)}"
    assert talk(served, it.head(length, "expect: 100-continue"), it.body) == [100, 200, 200]


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_request_is_not_executed(served: MockGateway, case: str) -> None:
    with socket.create_connection(address(served), PATIENCE) as line:
        line.sendall(INCOMPLETE[case](Create(served, case)))
        line.shutdown(socket.SHUT_WR)
        while line.recv(65536):  # until the gateway has noticed the end
            pass
    assert not carried_out(served, case)


# Requests that do not wait for the answer to the one before.


def test_requests_in_a_row_are_answered_in_their_order(served: MockGateway) -> None:
    served.fault("create_p2p_payin", "delay", seconds=0.2)
    row = [Create(served, f"row {number}") for number in range(3)]
    assert talk(served, row[0].whole() + Create(served, "odd").whole(less=SIGNATURE) + row[2].whole()) == [
        200,
        401,
        200,
        200,
    ]
    assert [carried_out(served, f"row {number}") for number in range(3)] == [True, False, True]


# the first one becomes part of the next request's method
@pytest.mark.parametrize(("garbage", "status"), [(b"xx", 405), (b"garbage\r\n\r\n", 400)])
def test_garbage_behind_a_request_does_not_change_its_answer(served: MockGateway, garbage: bytes, status: int) -> None:
    payment_id = f"before {len(garbage)}"
    served.fault("create_p2p_payin", "delay", seconds=0.2)
    assert talk(served, Create(served, payment_id).whole() + garbage) == [200, status]
    assert carried_out(served, payment_id)


@pytest.mark.slow
def test_broken_body_is_answered_after_the_earlier_request(served: MockGateway) -> None:
    served.fault("create_p2p_payin", "delay", seconds=2)  # the second request has to arrive meanwhile
    first, second = Create(served, "waits"), Create(served, "breaks")
    assert talk(served, first.whole(), second.chunked(last="zz\r\n")) == [200, 400]
    assert carried_out(served, "waits")
    assert not carried_out(served, "breaks")


def test_a_dropped_connection_takes_the_waiting_requests_with_it(keys: Keys, capfd: pytest.CaptureFixture[str]) -> None:
    with MockGateway(keys=keys).serve() as gateway:
        gateway.fault("create_p2p_payin", "drop_request")
        requests = Create(gateway, "dropped").whole() + Create(gateway, "behind").whole()
        assert talk(gateway, requests) == [200], "the head of an answer that never comes whole, and no other answer"
        assert not gateway.payments
    assert "graceful shutdown exceeded" not in capfd.readouterr().err, "nothing is left that still waits"


def test_many_offers_in_a_row_are_many_requests(served: MockGateway) -> None:
    one = f"{HEALTH}\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n".encode()
    assert talk(served, one * 2000) == [200] * 2001


# Endless requests.

ENDLESS = {
    "method": b"",
    "target": b"GET /",
    "name": b"GET / HTTP/1.1\r\n",
    "value": b"GET / HTTP/1.1\r\nx: ",
    "chunk extension": b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;",
    "trailer's name": b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
    "trailer's value": b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ",
    "trailers": b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: 1",
}


@pytest.mark.parametrize("case", ENDLESS)
def test_what_has_no_end_is_cut_off(served: MockGateway, case: str) -> None:
    more = b"\r\nx: 1" * 10_000 if case == "trailers" else b"A" * 60_000
    with socket.create_connection(address(served), PATIENCE) as line:
        line.sendall(ENDLESS[case])
        with pytest.raises(ConnectionError):
            line.sendall(more * 1000)  # 60 MB, many times what the system keeps of them
    assert httpx.get(f"{served.base_url}/_mock/health").status_code == 200
