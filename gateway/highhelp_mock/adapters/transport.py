"""The gateway as an httpx transport: no port, no waiting; for `httpx.Client` and `httpx.AsyncClient`.

A delay moves the gateway's clock instead of waiting, and raises the client's timeout error if it would have timed out.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from highhelp_mock.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from highhelp_mock.api.dispatch import Dispatcher

__all__ = ["InProcessTransport"]


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Pass each request to the dispatcher; closing a client does not affect the gateway.

    Args:
        dispatcher: the gateway.
        after: called after each request, outside of the gateway's lock.
    """

    def __init__(self, dispatcher: Dispatcher, after: Callable[[], object] = lambda: None) -> None:
        self._dispatcher = dispatcher
        self._after = after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of `httpx.Client`."""
        request.read()
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of `httpx.AsyncClient`."""
        await request.aread()
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        response = self._dispatcher.handle(
            Request(request.method, path, request.headers.multi_items(), request.content)
        )
        self._after()
        if response.delay:
            self._pass_time(response.delay, request)
        if response.dropped:
            # status 0: nothing was done; otherwise the answer was on its way when the connection broke
            error = httpx.ReadError if response.status == 0 else httpx.RemoteProtocolError
            raise error("the connection was closed without a complete response", request=request)
        if response.byte_interval:
            return httpx.Response(
                response.status, headers=list(response.headers), stream=_SlowStream(response), request=request
            )
        headers = [*response.headers, ("content-length", str(len(response.body)))]
        stream = httpx.ByteStream(response.body)
        return httpx.Response(response.status, headers=headers, stream=stream, request=request)

    def _pass_time(self, seconds: float, request: httpx.Request) -> None:
        timeout = request.extensions.get("timeout", {}).get("read")
        if timeout is not None and timeout < seconds:
            self._dispatcher.clock.travel(timeout)
            raise httpx.ReadTimeout("the gateway answers late", request=request)
        self._dispatcher.clock.travel(seconds)


class _SlowStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    # in real time: it exists to test the client's limit for a whole attempt
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
