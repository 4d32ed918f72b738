"""The short way from a signed request to the transport, for the connection pools that this package makes itself.

`httpx.Client.send` looks after authentication, redirects, cookies and hooks, and `build_request` merges what a client
has of its own. A pool of ours has none of these, and together they take half as long as the transport. Which transport
is used (also that of a proxy of the environment), its certificates and its limits stay httpx's. Clients that a user
brings go the whole way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import httpx

from highhelp.sockets import is_watched

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping

_TIMES = ("connect", "read", "write", "pool")

# a URL is read once for each operation; httpx's URLs do not change
_url = lru_cache(maxsize=256)(httpx.URL)


class _Pool:
    """What both kinds share: a request is what it is given, and nothing else.

    Attributes:
        watched: Whether the sockets tell of what is written.
        traceable: Whether httpcore is to be asked instead.
    """

    def __init__(self, client: httpx.Client | httpx.AsyncClient) -> None:
        self.watched = is_watched(client)
        self.traceable = not self.watched

    def build_request(
        self,
        method: str,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        timeout: tuple[float, float, float, float],
    ) -> httpx.Request:
        """As `httpx.Client.build_request`."""
        where = _url(url)
        lines = [(b"Host", where.netloc), (b"Content-Length", b"%d" % len(content))]
        lines += [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        times = dict(zip(_TIMES, timeout, strict=True))
        stream = httpx.ByteStream(content)
        request = httpx.Request(method, where, headers=lines, stream=stream, extensions={"timeout": times})
        request.read()  # a transport of the user's own may look at the content
        return request


class _Response:
    """What both kinds of answer share: status, headers, and that a body without an encoding is taken as it comes."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status_code = response.status_code
        self.headers = response.headers
        self._plain = "content-encoding" not in response.headers


class Response(_Response):
    """An answer of a :class:`Pool`."""

    def iter_bytes(self) -> Iterable[bytes]:
        """As `httpx.Response.iter_bytes`."""
        # httpx's decoders copy what they have nothing to do with
        return cast("httpx.SyncByteStream", self._response.stream) if self._plain else self._response.iter_bytes()

    def close(self) -> None:
        """As `httpx.Response.close`."""
        self._response.close()


class AsyncResponse(_Response):
    """An answer of an :class:`AsyncPool`."""

    def aiter_bytes(self) -> AsyncIterable[bytes]:
        """As `httpx.Response.aiter_bytes`."""
        return cast("httpx.AsyncByteStream", self._response.stream) if self._plain else self._response.aiter_bytes()

    async def aclose(self) -> None:
        """As `httpx.Response.aclose`."""
        await self._response.aclose()


class Pool(_Pool):
    """Takes an `httpx.Client` for its transports."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__(client)
        self._client = client

    @property
    def is_closed(self) -> bool:
        """As `httpx.Client.is_closed`."""
        return self._client.is_closed

    def send(self, request: httpx.Request, **_: Any) -> Response:
        """As `httpx.Client.send` with `auth=None, stream=True, follow_redirects=False`, and without cookies."""
        # httpx has no public name for the choice between its transport and those of proxies
        transport = self._client._transport_for_url(request.url)  # noqa: SLF001  # see above
        try:
            response = transport.handle_request(request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        return Response(response)

    def close(self) -> None:
        """As `httpx.Client.close`."""
        self._client.close()


class AsyncPool(_Pool):
    """Takes an `httpx.AsyncClient` for its transports."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(client)
        self._client = client

    @property
    def is_closed(self) -> bool:
        """As `httpx.AsyncClient.is_closed`."""
        return self._client.is_closed

    async def send(self, request: httpx.Request, **_: Any) -> AsyncResponse:
        """As :meth:`Pool.send`."""
        transport = self._client._transport_for_url(request.url)  # noqa: SLF001  # as above
        try:
            response = await transport.handle_async_request(request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        return AsyncResponse(response)

    async def aclose(self) -> None:
        """As `httpx.AsyncClient.aclose`."""
        await self._client.aclose()
