"""Serve the gateway on a port with uvicorn."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from highhelp_mock.adapters.asgi import hide_dropped

if TYPE_CHECKING:
    from collections.abc import Iterator

    import uvicorn

    from highhelp_mock.adapters.asgi import GatewayApp

__all__ = ["base_url_of", "bind", "run", "running"]

_START_SECONDS = 20
_STOP_SECONDS = 10
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- nothing is bound here


def bind(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Bind an address, so that the port is known before anything runs.

    Raises:
        OSError: the address is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # with the protocol named, asyncio sets TCP_NODELAY; without it each small answer is delayed by 40 ms
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def base_url_of(bound: socket.socket) -> str:
    """Return the URL of a bound address; for a wildcard address, the URL on this machine."""
    host, port = bound.getsockname()[:2]
    host = _LOOPBACK.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: GatewayApp, bound: socket.socket) -> None:
    """Serve in this thread until the process is asked to stop."""
    _server(app).run(sockets=[bound])


@contextmanager
def running(app: GatewayApp, bound: socket.socket) -> Iterator[None]:
    """Serve in another thread while the block runs.

    Raises:
        RuntimeError: the server did not start, or did not stop.
    """
    with closing(bound):
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([bound],), name="highhelp-mock", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)
    if thread.is_alive():
        raise RuntimeError("the gateway's server did not stop")


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the gateway's server did not start")
        time.sleep(0.005)


def _server(app: GatewayApp) -> uvicorn.Server:
    import uvicorn  # lazy: most gateways are used in-process

    config = uvicorn.Config(
        app,
        http="h11",  # httptools loses the body of a request that offers HTTP/2, as Java's client does
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_level="error",
        access_log=False,
        date_header=False,  # the gateway's clock is shown instead
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    logging.getLogger("uvicorn.error").addFilter(hide_dropped)
    return uvicorn.Server(config)
