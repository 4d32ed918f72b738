"""A server on a real socket with any behaviour that a test needs."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
FULL = b'{"status":"processing","sub_status":"new","payment_id":"order-1"}'

Behaviour = Callable[[socket.socket], None]

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


def heard(connection: socket.socket) -> bytes:
    """Read one whole request, or the start of anything else (a TLS handshake); empty if the client has gone.

    A request comes in pieces. If a server answers and hangs up before it has read the last one, the answer is sometimes
    lost to a reset of the connection.
    """
    said = connection.recv(65536)
    while said[:1].isupper() and not _is_whole(said):
        piece = connection.recv(65536)
        if not piece:
            break
        said += piece
    return said


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def silent(connection: socket.socket) -> None:
    heard(connection)
    connection.recv(65536)  # until the client gives up


def slowly(connection: socket.socket, data: bytes) -> None:
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def drip(data: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        heard(connection)
        slowly(connection, data)

    return behave


def say(data: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(data)

    return behave


def hang_up(connection: socket.socket) -> None:
    heard(connection)


@contextmanager
def server(behave: Behaviour) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                behave(connection)
            except OSError:
                return  # the client has gone

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
