"""The gateway as an ASGI 3 application, without a framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from highhelp_mock.guard import LIMITS
from highhelp_mock.messages import Refusal, Request, Response
from highhelp_mock.sender import Courier

if TYPE_CHECKING:
    from highhelp_mock.core import Core

__all__ = ["ABORT", "GatewayApp"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

ABORT = "highhelp_mock.abort"
"""Name of the scope's extension that closes the connection at once; the serving adapter puts it there."""


class GatewayApp:
    """Speaks ASGI for a core. Its lifespan sends the callbacks.

    Args:
        core: the gateway.

    Attributes:
        core: the same.
    """

    def __init__(self, core: Core) -> None:
        self.core = core
        self._courier = Courier(core)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Called by the server."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(self._courier.start)
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self._courier.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return  # whoever left in the middle of a request has asked for nothing
        response = self._response(scope, body)
        if response.delay:
            await asyncio.sleep(response.delay)
        if response.dropped:
            await _abort(scope, receive)
            return
        await _answer(response, send)

    def _response(self, scope: Message, body: bytes) -> Response:
        if len(body) > LIMITS.raw:
            # the rest of the body is still on its way, so the connection cannot be used again
            return refused(413, f"The body is larger than {LIMITS.raw} bytes")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        raw_path = scope.get("raw_path") or scope["path"].encode()
        path = raw_path.partition(b"?")[0].decode("latin-1")
        request = Request(scope["method"].upper(), path, headers, body)
        hosts = len(request.values("host"))
        if hosts > 1 or (not hosts and scope.get("http_version") != "1.0"):
            return refused(400, "The header host has to be there once")
        return self.core.handle(request)


def refused(status: int, message: str) -> Response:
    """The answer to what the core does not get to see; ends the connection."""
    response = Refusal(status, message).response("-")
    return replace(response, headers=(*response.headers, ("connection", "close")))


async def _read(receive: Receive) -> bytes | None:
    """The body, cut off soon after its limit; None where it did not come whole."""
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


async def _answer(response: Response, send: Send) -> None:
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


async def _abort(scope: Message, receive: Receive) -> None:
    abort = scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise ConnectionAbortedError("a fault closes this connection, and the server has no way to do it")
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # the server takes an application that returns before it has noticed for a broken one
