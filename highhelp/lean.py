"""The short way from a signed request to the transport, for the connection pools that this package makes itself.

`httpx.Client.send` looks after authentication, redirects, cookies and hooks, and `build_request` merges what a client
has of its own. A pool of ours has none of these, and together they take half as long as the transport. Which transport
is used (also that of a proxy of the environment), its certificates and its limits stay httpx's. Clients that a user
brings go the whole way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMES = ("connect", "read", "write", "pool")

# a URL is read once for each operation; httpx's URLs do not change
_url = lru_cache(maxsize=256)(httpx.URL)


class _Pool:
    """What both kinds share: a request is what it is given, and nothing else."""

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
        times = dict(zip(_TIMES, timeout, strict=True))
        return httpx.Request(method, _url(url), headers=headers, content=content, extensions={"timeout": times})


class Pool(_Pool):
    """Takes an `httpx.Client` for its transports."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    @property
    def is_closed(self) -> bool:
        """As `httpx.Client.is_closed`."""
        return self._client.is_closed

    def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """As `httpx.Client.send` with `auth=None, stream=True, follow_redirects=False`, and without cookies."""
        # httpx has no public name for the choice between its transport and those of proxies
        transport = self._client._transport_for_url(request.url)  # noqa: SLF001  # see above
        try:
            response = transport.handle_request(request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        return response

    def close(self) -> None:
        """As `httpx.Client.close`."""
        self._client.close()


class AsyncPool(_Pool):
    """Takes an `httpx.AsyncClient` for its transports."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @property
    def is_closed(self) -> bool:
        """As `httpx.AsyncClient.is_closed`."""
        return self._client.is_closed

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """As :meth:`Pool.send`."""
        transport = self._client._transport_for_url(request.url)  # noqa: SLF001  # as above
        try:
            response = await transport.handle_async_request(request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        return response

    async def aclose(self) -> None:
        """As `httpx.AsyncClient.aclose`."""
        await self._client.aclose()
