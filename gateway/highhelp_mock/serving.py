"""The gateway on a port: uvicorn, with connections that a fault can really close."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from highhelp_mock.asgi import ABORT, GatewayApp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["bind", "run", "running"]

LARGEST_HEAD = 16 << 10
"""Bytes of a request's line and headers."""

_START_SECONDS = 20
_STOP_SECONDS = 10


class Gathering:
    """A connection that sends in one piece what is written in one step of the application.

    The server writes head and body of an answer apart, and each piece wakes whoever reads on the other side.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, piece: bytes) -> None:
        """Keep a piece until the step is over."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(piece)

    def close(self) -> None:
        """Send what was written, then close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self._pieces.clear()
        self._transport.abort()

    def _flush(self) -> None:
        if self._pieces:
            self._transport.write(b"".join(self._pieces))
            self._pieces.clear()


class MockProtocol(HttpToolsProtocol):
    """One connection: the application can close it at once, which ASGI does not know; answers leave in one piece.

    The parser takes heads of any size, mixes trailers with headers, and the server answers a broken request ahead of
    those before it. Here a head has a limit, trailers are dropped, and what came whole is answered first.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope.setdefault("extensions", {})[ABORT] = self.transport.abort
            await served(scope, receive, send)

        self.app = app
        # in the order of their requests; those in front may be answered already
        self._cycles: deque[RequestResponseCycle] = deque()
        # bytes since the last whole head or part of a body: what the parser keeps to itself
        self._kept = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, Gathering(cast(asyncio.Transport, transport))))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for cycle in self._cycles:  # the server tells the last one alone
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._kept += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse()
        else:
            if self._kept > LARGEST_HEAD:
                self._refuse()

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                # the parser leaves what follows to another protocol; none is spoken here: again, without the offer
                version = self.parser.get_http_version().encode()
                lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
                lines += [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
                data = b"\r\n".join(lines) + b"\r\n\r\n" + data[offer.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
            else:
                return

    def _refuse(self) -> None:
        """Answer what cannot be read, once a request that came whole before it is carried out and answered."""
        if self.transport.is_closing():
            return
        msg = "Invalid HTTP request received."
        self.logger.warning(msg)
        waiting = [cycle for cycle in self._cycles if not cycle.response_complete]
        if waiting and not waiting[-1].more_body:
            waiting[-1].keep_alive = False
        elif len(waiting) > 1:
            self.transport.close()  # the answer would be taken for the one to the first of them
        else:
            self.send_400_response(msg)

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > LARGEST_HEAD:
            raise ValueError("the head is too large")
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            raise ValueError("the version is not spoken here")
        if not self.url.startswith(b"/") or b"#" in self.url:
            raise ValueError("the target is not a path, which is for proxies, or has a fragment, which is for nobody")
        self._kept = 0
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise ValueError("this is no proxy")
            return  # to _feed
        super().on_headers_complete()
        if not self.parser.should_keep_alive():
            self.cycle.keep_alive = False  # older servers know one spelling of close
        self.headers = []  # for trailers, which nobody sees
        while self._cycles and self._cycles[0].response_complete:
            self._cycles.popleft()
        self._cycles.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._kept = 0

    def on_message_complete(self) -> None:
        self._kept = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()


def bind(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening address, so that the port is known before anything runs.

    Raises:
        OSError: the address is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # with the protocol named, asyncio sends small answers at once; else each one waits 40 ms for an acknowledgement
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def base_url_of(bound: socket.socket) -> str:
    """The URL of a listening address."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: GatewayApp, bound: socket.socket) -> None:
    """Serve in this thread until the process is told to stop."""
    _server(app).run(sockets=[bound])


@contextmanager
def running(app: GatewayApp, bound: socket.socket) -> Iterator[None]:
    """Serve in a thread of its own while the block runs.

    Raises:
        RuntimeError: the server did not start, or did not end.
    """
    server = _server(app)
    thread = threading.Thread(target=_run, args=(server, bound), name="highhelp-mock", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        bound.close()
    if thread.is_alive():
        raise RuntimeError("the gateway's server did not end")


def _run(server: uvicorn.Server, bound: socket.socket) -> None:
    with asyncio.Runner() as runner:
        runner.run(server.serve(sockets=[bound]))


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the gateway's server did not start")
        time.sleep(0.005)


def _server(app: GatewayApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=MockProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        date_header=False,  # the gateway's clock says what time it is
        server_header=False,
        proxy_headers=False,  # nothing here asks where a request comes from
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)
