"""The gateway as an ASGI 3 application, without a framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from highhelp_mock.adapters.delivery import CallbackSender
from highhelp_mock.api.authentication import LIMITS
from highhelp_mock.http import ApiError, Request, Response

if TYPE_CHECKING:
    import logging

    from highhelp_mock.api.dispatch import Dispatcher

__all__ = ["LARGEST_HEAD", "ConnectionDropped", "GatewayApp"]

ASGIMessage: TypeAlias = MutableMapping[str, Any]
ASGIReceive: TypeAlias = Callable[[], Awaitable[ASGIMessage]]
ASGISend: TypeAlias = Callable[[ASGIMessage], Awaitable[None]]

LARGEST_HEAD = 16 << 10
"""Largest request line and headers, bytes."""


class ConnectionDropped(Exception):
    """Make the server close the connection in the middle of an answer, for the faults that drop it."""


class GatewayApp:
    """ASGI application of a gateway. Its lifespan sends the callbacks.

    Args:
        dispatcher: the gateway.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher

    async def __call__(self, scope: ASGIMessage, receive: ASGIReceive, send: ASGISend) -> None:
        """Handle a connection of the server."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: ASGIReceive, send: ASGISend) -> None:
        sender = CallbackSender(self.dispatcher)
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(sender.start)
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(sender.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: ASGIMessage, receive: ASGIReceive, send: ASGISend) -> None:
        problem = _find_problem(scope)
        if problem is not None:
            await _answer(refuse(400, problem), send)
            return
        body = await _read_body(receive)
        if body is None:
            return  # the client left before the request was complete
        response = self._handle(scope, body)
        if response.delay:
            await asyncio.sleep(response.delay)
        await _answer(response, send)

    def _handle(self, scope: ASGIMessage, body: bytes) -> Response:
        if len(body) > LIMITS.raw:
            return refuse(413, f"The body is larger than {LIMITS.raw} bytes")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        return self.dispatcher.handle(Request(scope["method"], _path(scope).decode("latin-1"), headers, body))


def refuse(status: int, message: str) -> Response:
    """Refuse a request before it is dispatched, and end the connection: the rest of it may still be on its way."""
    response = ApiError(status, message).response("-")
    return replace(response, headers=(*response.headers, ("connection", "close")))


def hide_dropped(record: logging.LogRecord) -> bool:
    """Filter dropped connections out of the server's log: they are not errors."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionDropped))


def _path(scope: ASGIMessage) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.partition(b"?")[0]


def _find_problem(scope: ASGIMessage) -> str | None:
    """Find requests that the server accepts but proxies could read differently; a payment gateway must refuse them."""
    version, path, headers = scope.get("http_version", "1.1"), _path(scope), scope["headers"]
    names = [name for name, _ in headers]
    if version not in ("1.0", "1.1"):
        return "Only HTTP/1.0 and HTTP/1.1 are supported"
    if not path.startswith(b"/") or b"#" in path:
        return "The target is not a plain path"
    if names.count(b"host") != 1 and (version == "1.1" or b"host" in names):
        return "The header host must appear exactly once"
    if b"content-length" in names and b"transfer-encoding" in names:
        return "The length of the body is given twice"
    size = len(path) + len(scope.get("query_string", b"")) + sum(len(name) + len(value) + 4 for name, value in headers)
    return "The head is too large" if size > LARGEST_HEAD else None


async def _read_body(receive: ASGIReceive) -> bytes | None:
    """Read the body, cut off soon after its limit; None if it is incomplete."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        chunks.append(chunk)
        if size > LIMITS.raw or not message.get("more_body", False):
            return b"".join(chunks)


async def _answer(response: Response, send: ASGISend) -> None:
    if response.dropped:
        # ASGI cannot close a connection, but servers do so when an application fails in the middle of an answer. The
        # head is the same whether or not the request was executed: a client must not be able to know.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        raise ConnectionDropped
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if not response.byte_interval:
        await send({"type": "http.response.body", "body": response.body})
        return
    for byte in response.body:
        await asyncio.sleep(response.byte_interval)
        await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
    await send({"type": "http.response.body", "body": b""})
