"""The gateway on a port: uvicorn, with connections that a fault can really close."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from highhelp_mock.asgi import ABORT, GatewayApp

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bind", "run", "running"]

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


class MockProtocol(H11Protocol):
    """Gives the application a way to close its connection at once, which ASGI does not have; answers in one piece."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope.setdefault("extensions", {})[ABORT] = self.transport.abort
            await served(scope, receive, send)

        self.app = app

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, Gathering(cast(asyncio.Transport, transport))))


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
