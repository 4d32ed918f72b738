"""A small HTTP server that receives callbacks. It uses h11, which parses strictly and bounds its buffers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer
from typing import Any

import h11

from highhelp.inbox.receivers import TOO_LARGE, WRONG_METHOD, HttpReply, SyncInbox, content_type, max_body

REQUEST_SECONDS = 30.0
"""Seconds from the connection to the last byte of its request."""
MAX_CONNECTIONS = 32
"""Concurrent connections; further ones are closed unread, and the gateway tries again."""
_MAX_HEAD = 16 << 10


class CallbackServer(ThreadingTCPServer):
    """Pass callbacks on any path to a receiver, one per connection.

    Args:
        receiver: Answers callbacks.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.

    Raises:
        OSError: The address is taken.
    """

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, receiver: SyncInbox, host: str, port: int) -> None:
        self.receiver = receiver
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, up to `MAX_CONNECTIONS` at once."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, *_: object) -> None:
        """Ignore a sender that disconnects; the receiver logs its own errors."""


class _Handler(BaseRequestHandler):
    server: CallbackServer
    request: socket.socket

    def handle(self) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
        try:
            reply = self._answer(connection)
        except h11.RemoteProtocolError as error:
            reply = error.error_status_hint, b'{"status":"error","status_description":"not a valid request"}'
        if reply is None:
            return
        status, body = reply
        headers = {"content-type": content_type(body), "content-length": str(len(body)), "connection": "close"}
        start = h11.Response(status_code=status, headers=list(headers.items()), reason=HTTPStatus(status).phrase)
        for event in (start, h11.Data(data=body), h11.EndOfMessage()):
            self._send(connection, event)

    def _answer(self, connection: h11.Connection) -> HttpReply | None:
        """Read a request and return its answer; None where the sender is gone."""
        end = time.monotonic() + REQUEST_SECONDS
        limit = max_body(self.server.receiver)
        headers: list[tuple[bytes, bytes]] = []
        raw = bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                if connection.they_are_waiting_for_100_continue:
                    self._send(connection, h11.InformationalResponse(status_code=100, headers=[]))
                self.request.settimeout(max(end - time.monotonic(), 0.001))
                connection.receive_data(self.request.recv(65536))
            elif isinstance(event, h11.Request):
                headers = list(event.headers)
                if event.method != b"POST":
                    return WRONG_METHOD
                if any(name == b"content-length" and int(value) > limit for name, value in headers):
                    return TOO_LARGE
            elif isinstance(event, h11.Data):
                raw += event.data
                if len(raw) > limit:
                    return TOO_LARGE
            elif isinstance(event, h11.EndOfMessage):
                return self.server.receiver.receive(bytes(raw), headers)
            else:
                return None

    def _send(self, connection: h11.Connection, event: h11.Event) -> None:
        data = connection.send(event)
        if data:
            self.request.sendall(data)


@contextmanager
def running(server: TCPServer) -> Iterator[str]:
    """Serve in a thread while the block runs; yield the URL."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="highhelp-listen")
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"http://{host!s}:{port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
