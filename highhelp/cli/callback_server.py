"""A small HTTP server that receives callbacks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from highhelp.inbox.receivers import LARGEST_BODY, TOO_LARGE, SyncInbox, content_type

SILENT_SECONDS = 30
"""Seconds that a sender may be silent."""


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the URL."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="highhelp-listen")
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"http://{host!s}:{port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_server(receiver: SyncInbox, host: str, port: int) -> ThreadingHTTPServer:
    """Make a server that passes callbacks on any path to a receiver. Raises OSError if the address is taken."""

    class Handler(BaseHTTPRequestHandler):
        timeout = SILENT_SECONDS
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not (length.isascii() and length.isdigit()):
                self._answer(411, b'{"status":"error","status_description":"content-length is missing"}', close=True)
            elif int(length[:20]) > LARGEST_BODY:
                self._answer(*TOO_LARGE, close=True)
            else:
                self._answer(*receiver.receive(self.rfile.read(int(length)), list(self.headers.items())))

        def _answer(self, status: int, body: bytes, *, close: bool = False) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type(body))
            self.send_header("content-length", str(len(body)))
            if close:  # the unread body must not be taken for the next request
                self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Leave the log to the receiver."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

    return Server((host, port), Handler)
