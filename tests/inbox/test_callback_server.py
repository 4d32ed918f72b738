"""The server of `highhelp listen`, against unknown senders."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from highhelp.cli import callback_server
from highhelp.cli.callback_server import CallbackServer, running
from highhelp.inbox.receivers import MAX_BODY
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"POST /any HTTP/1.1\r\nhost: x\r\n"


class Receiver:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def receive(self, raw_body: bytes, headers: Any, /) -> tuple[int, bytes]:
        self.bodies.append(raw_body)
        assert dict(headers)[b"host"] == b"x"
        return 200, b"OK"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def port(receiver: Receiver) -> Iterator[int]:
    with running(CallbackServer(receiver, "127.0.0.1", 0)) as url:
        yield int(url.rstrip("/").rpartition(":")[2])


def answer(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        with contextlib.suppress(OSError):  # it may be closed while we are still sending
            for piece in pieces:
                connection.sendall(piece)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                got += piece
        return got


def chunked(*chunks: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return HEAD + b"transfer-encoding: chunked\r\n\r\n" + body


def test_a_body_with_a_length_or_in_chunks_is_received(port: int, receiver: Receiver) -> None:
    assert answer(port, HEAD + b"content-length: 5\r\n\r\n", b"he", b"llo").startswith(b"HTTP/1.1 200")
    assert answer(port, chunked(b"he", b"llo")).startswith(b"HTTP/1.1 200")
    assert receiver.bodies == [b"hello"] * 2


def test_a_sender_that_waits_for_a_go_ahead_gets_one(port: int, receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(HEAD + b"content-length: 5\r\nexpect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b"hello")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert receiver.bodies == [b"hello"]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"content-length: 99999999999", 413),
        (b"content-length: %d" % (MAX_BODY + 1), 413),
        (b"content-length: " + b"0" * 20 + b"1000000000", 400),
        (b"content-length: " + b"0" * 5000, 400),
        (b"content-length: -5", 400),
        (b"content-length: 5\r\ncontent-length: 6", 400),
        (b"transfer-encoding: gzip", 501),
        (b"x: " + b"y" * 200_000, 431),
    ],
)
def test_a_length_that_cannot_be_right_is_not_read(port: int, receiver: Receiver, head: bytes, status: int) -> None:
    assert answer(port, HEAD + head + b"\r\n\r\n").startswith(b"HTTP/1.1 %d" % status)
    assert receiver.bodies == []


def test_chunks_are_read_to_the_limit_alone(port: int, receiver: Receiver) -> None:
    assert answer(port, chunked(b"x" * MAX_BODY)).startswith(b"HTTP/1.1 200")
    endless = HEAD + b"transfer-encoding: chunked\r\n\r\nffffffff\r\n"
    answer(port, endless, *[b"x" * 65536] * 40)
    answer(port, chunked(*[b"x"] * (MAX_BODY + 1)))
    assert receiver.bodies == [b"x" * MAX_BODY]


def test_another_method_is_refused(port: int) -> None:
    assert answer(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 405")


def test_a_sender_that_drips_is_cut_off(port: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_server, "REQUEST_SECONDS", 0.2)
    for head in (HEAD, HEAD + b"content-length: 60000\r\n\r\n"):
        until = time.monotonic() + PATIENCE / 10
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(head)
            with contextlib.suppress(OSError):
                while time.monotonic() < until:
                    connection.sendall(b"x")
                    time.sleep(0.02)
        assert time.monotonic() < until, "it is still listened to"
    assert receiver.bodies == []


def test_more_connections_than_allowed_are_closed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_server, "MAX_CONNECTIONS", 2)
    with running(CallbackServer(receiver, "127.0.0.1", 0)) as url, contextlib.ExitStack() as stack:
        port = int(url.rstrip("/").rpartition(":")[2])
        for _ in range(2):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)).sendall(b"P")
        assert answer(port, HEAD + b"content-length: 5\r\n\r\nhello") == b""
    assert receiver.bodies == []
