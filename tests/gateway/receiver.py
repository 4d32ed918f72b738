"""A callback receiver on its own port."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from highhelp_signing import CallbackRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Receiver:
    """Verify and keep callbacks; refuse the first `failures` requests."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.failures = 0
        self.verify: Callable[[bytes, Any], object] = lambda *_: None
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status = outer.take(self.rfile.read(int(self.headers["content-length"])), self.headers)
                self.send_response(status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/callbacks"

    def take(self, raw: bytes, headers: Any) -> int:
        with self._lock:
            if self.failures:
                self.failures -= 1
                return 500
            try:
                self.verify(raw, headers)
            except CallbackRejected:
                return 401
            self.bodies.append(json.loads(raw))
            return 200

    @contextmanager
    def running(self) -> Iterator[Receiver]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            thread.join()
            self.server.server_close()
