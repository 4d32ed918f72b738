"""The gateway as an httpx transport: no port, no waiting; works for `httpx.Client` and `httpx.AsyncClient`.

A delay moves the gateway's clock instead of waiting. What the client's own timeouts would have made of it is raised.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from highhelp_mock.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from highhelp_mock.core import Core

__all__ = ["InProcessTransport"]


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Hands each request to the core.

    Args:
        core: the gateway.
        after: called after each request, outside of the gateway's lock.
    """

    def __init__(self, core: Core, after: Callable[[], object] = lambda: None) -> None:
        self._core = core
        self._after = after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Called by `httpx.Client`."""
        request.read()
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Called by `httpx.AsyncClient`."""
        await request.aread()
        return self._answer(request)

    def close(self) -> None:
        """Nothing to close: the gateway outlives its clients."""

    async def aclose(self) -> None:
        """Nothing to close."""

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        response = self._core.handle(Request(request.method, path, request.headers.multi_items(), request.content))
        self._after()
        if response.delay:
            self._let_pass(response.delay, request)
        if response.dropped:
            # status 0: nothing was done; otherwise the answer was on its way when the connection broke
            error = httpx.ReadError if response.status == 0 else httpx.RemoteProtocolError
            raise error("the connection was closed without a complete response", request=request)
        stream = _Slow(response) if response.byte_interval else None
        return httpx.Response(
            response.status,
            headers=list(response.headers)
            if stream
            else [*response.headers, ("content-length", str(len(response.body)))],
            stream=stream or httpx.ByteStream(response.body),
            request=request,
        )

    def _let_pass(self, seconds: float, request: httpx.Request) -> None:
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and patience < seconds:
            self._core.clock.travel(patience)
            raise httpx.ReadTimeout("the gateway answers late", request=request)
        self._core.clock.travel(seconds)


class _Slow(httpx.SyncByteStream, httpx.AsyncByteStream):
    # in real time: the client's own limit of a whole attempt is what this is there to test
    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        for byte in self._response.body:
            time.sleep(self._response.byte_interval)
            yield bytes([byte])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for byte in self._response.body:
            await asyncio.sleep(self._response.byte_interval)
            yield bytes([byte])
