"""The connection pools of `transport="fast"`: pyreqwest, spoken to without httpx in between.

What the driver in `highhelp.http` asks of a pool is little, and pyreqwest's own adapter for httpx takes longer for it
than pyreqwest for the call. What goes wrong is told by httpx's errors, as that adapter tells it, each with pyreqwest's
own as its cause: the driver has one place that judges whether anything was sent, and reads it there.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

import httpx
from pyreqwest import exceptions
from pyreqwest.http import Url

from highhelp.connections import was_connecting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from pyreqwest.client import Client, SyncClient
    from pyreqwest.request import StreamRequest, SyncStreamRequest
    from pyreqwest.response import BaseResponse, SyncResponse
    from pyreqwest.response import Response as LaterResponse

_ERRORS: Mapping[type[Exception], type[httpx.RequestError]] = {
    exceptions.ConnectTimeoutError: httpx.ConnectTimeout,
    exceptions.ReadTimeoutError: httpx.ReadTimeout,
    exceptions.WriteTimeoutError: httpx.WriteTimeout,
    exceptions.PoolTimeoutError: httpx.PoolTimeout,
    exceptions.RequestTimeoutError: httpx.TimeoutException,
    exceptions.ConnectError: httpx.ConnectError,
    exceptions.ReadError: httpx.ReadError,
    exceptions.WriteError: httpx.WriteError,
    exceptions.NetworkError: httpx.NetworkError,
    exceptions.DecodeError: httpx.DecodingError,
}

_AFTER_CONNECTING: Mapping[type[httpx.RequestError], type[httpx.RequestError]] = {
    httpx.ConnectTimeout: httpx.ReadTimeout,
    httpx.ConnectError: httpx.ReadError,
}


def _raise_as_httpx(error: exceptions.PyreqwestError, request: Request) -> NoReturn:
    kind = next((_ERRORS[each] for each in type(error).__mro__ if each in _ERRORS), None)
    if kind is None:
        raise error
    if not was_connecting(error):
        kind = _AFTER_CONNECTING.get(kind, kind)
    # only the message: the causes name the URL. The driver asks of the request no more than whether it is its own
    raise kind(error.message, request=cast("httpx.Request", request)) from error


@lru_cache(maxsize=256)
def _where(url: str) -> tuple[httpx.URL, Url, dict[str, str]]:
    """A URL as it is checked, as it is sent, and its Host header, which belongs first; read once for each operation."""
    checked = httpx.URL(url)
    return checked, Url(str(checked)), {"host": checked.netloc.decode("ascii")}


class Request(NamedTuple):
    """One request, ready to be sent once.

    Attributes:
        url: Where it goes.
        ready: pyreqwest's own. Not in `repr`: it shows the signature.
    """

    url: httpx.URL
    ready: Any

    def __repr__(self) -> str:
        return f"<Request to {self.url}>"


class _Pool:
    """What both kinds share.

    Attributes:
        watched: Whether the sockets tell of what is written; pyreqwest's do not.
        traceable: Whether httpcore is to be asked instead; it is not there.
        is_closed: Whether no request can be sent any more.
    """

    watched = False
    traceable = False

    def __init__(self, client: Client | SyncClient) -> None:
        self._post = client.post
        self.is_closed = False

    def build_request(
        self,
        method: str,  # noqa: ARG002  # the contract knows POST alone
        url: str,
        *,
        content: bytes,
        headers: dict[str, str],
        timeout: tuple[float, float, float, float],
    ) -> Request:
        """As `httpx.Client.build_request`; of the timeouts, that of reading is taken for the whole attempt.

        Raises:
            ValueError: A header cannot be sent.
        """
        checked, sent, host = _where(url)
        builder = self._post(sent).headers(host | headers).body_bytes(content)
        return Request(checked, builder.timeout(timedelta(seconds=timeout[1])).build_streamed())


class _Response:
    """What both kinds of answer share."""

    def __init__(self, response: BaseResponse, request: Request) -> None:
        self._response = response
        self._request = request
        self._headers: dict[str, str] | None = None
        self._read = False
        self.status_code = response.status

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name; of a repeated header, the values joined with a comma.

        Raises:
            ValueError: One is not ASCII. It is read only now, when the driver surely closes this answer.
        """
        if self._headers is None:
            told = self._response.headers.dict_multi_value()
            self._headers = {name: v if isinstance(v, str) else ", ".join(v) for name, v in told.items()}
        return self._headers

    def _unpacking(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
        """For a body that is compressed although nobody asked for that: unpacks it as httpx does."""
        return httpx.Response(self.status_code, headers=self.headers, stream=stream)


class Response(_Response, httpx.SyncByteStream):
    """An answer of a :class:`Pool`."""

    def __iter__(self) -> Iterator[bytes]:
        reader = cast("SyncResponse", self._response).body_reader
        try:
            while (chunk := reader.read_chunk()) is not None:
                yield chunk.to_bytes()
        except exceptions.PyreqwestError as error:
            _raise_as_httpx(error, self._request)
        self._read = True

    def iter_bytes(self) -> Iterator[bytes]:
        """As `httpx.Response.iter_bytes`."""
        return self._unpacking(self).iter_bytes() if "content-encoding" in self.headers else iter(self)

    def close(self) -> None:
        """As `httpx.Response.close`."""
        if not self._read:  # else the connection has been given back, which need not be told to another thread
            self._request.ready.__exit__(None, None, None)


class AsyncResponse(_Response, httpx.AsyncByteStream):
    """An answer of an :class:`AsyncPool`."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        reader = cast("LaterResponse", self._response).body_reader
        try:
            while (chunk := await reader.read_chunk()) is not None:
                yield chunk.to_bytes()
        except exceptions.PyreqwestError as error:
            _raise_as_httpx(error, self._request)
        self._read = True

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """As `httpx.Response.aiter_bytes`."""
        return self._unpacking(self).aiter_bytes() if "content-encoding" in self.headers else aiter(self)

    async def aclose(self) -> None:
        """As `httpx.Response.aclose`."""
        if not self._read:  # as above
            await self._request.ready.__aexit__(None, None, None)


class Pool(_Pool):
    """Takes pyreqwest's synchronous client."""

    def __init__(self, client: SyncClient) -> None:
        super().__init__(client)
        self._client = client

    def send(self, request: Request, **_: Any) -> Response:
        """As `httpx.Client.send` with `auth=None, stream=True, follow_redirects=False`, and without cookies."""
        ready: SyncStreamRequest = request.ready
        try:
            return Response(ready.__enter__(), request)
        except exceptions.PyreqwestError as error:
            _raise_as_httpx(error, request)

    def close(self) -> None:
        """As `httpx.Client.close`."""
        self.is_closed = True
        self._client.close()


class AsyncPool(_Pool):
    """Takes pyreqwest's asynchronous client."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._client = client

    async def send(self, request: Request, **_: Any) -> AsyncResponse:
        """As :meth:`Pool.send`."""
        ready: StreamRequest = request.ready
        try:
            return AsyncResponse(await ready.__aenter__(), request)
        except exceptions.PyreqwestError as error:
            _raise_as_httpx(error, request)

    async def aclose(self) -> None:
        """As `httpx.AsyncClient.aclose`."""
        self.is_closed = True
        await self._client.close()
