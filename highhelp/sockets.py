"""What the sockets below httpx need beside it: a deadline, no handshake left half open, a word on what is written.

httpx's timeouts bound each read, so a server that sends one byte now and then could hold a call for ever. Here every
read and write of a synchronous attempt is given only the time that the attempt has left. The asynchronous client needs
none of this: `asyncio.timeout` ends the whole attempt. But where that, or a caller, cancels it within a TLS handshake,
httpcore leaves the socket open; here it is closed.

These sockets also tell whether the first byte of a request was written.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import httpcore

from highhelp.trace import CURRENT

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    import httpx


def _left(timeout: float | None, over: Callable[[str], Exception]) -> float | None:
    trace = CURRENT.get()
    if trace is None or trace.end is None:
        return timeout
    left = trace.end - time.monotonic()
    if left <= 0:
        raise over("the attempt's time is over")
    return left if timeout is None else min(timeout, left)


def _writing() -> None:
    trace = CURRENT.get()
    if trace is not None:
        trace.writing()


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = _left(timeout, httpcore.WriteTimeout)
        _writing()
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            left = _left(timeout, httpcore.ConnectTimeout)
        except httpcore.ConnectTimeout:
            self.close()  # as start_tls does where it fails; nobody else holds the socket yet
            raise
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        _writing()
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            await self.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._inner.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


T = TypeVar("T", "httpx.Client", "httpx.AsyncClient")


def guarded(client: T) -> T:
    """A client of ours with these sockets below it. Clients that a user brings are left as they are.

    httpx has no argument for the network backend that httpcore takes, so it is put in from outside, also where a proxy
    of the environment is used; a test against a dripping server notices if a version of httpx keeps it elsewhere.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001  # see above
        pool = getattr(transport, "_pool", None)
        if isinstance(pool, httpcore.AsyncConnectionPool):
            pool._network_backend = _AsyncBackend(pool._network_backend)  # noqa: SLF001  # see above
        elif isinstance(pool, httpcore.ConnectionPool):
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001  # see above
    return client


def is_watched(client: httpx.Client | httpx.AsyncClient) -> bool:
    """Whether all that a client writes goes straight to the gateway, through these sockets.

    A proxy is spoken to first: something was written then, but the gateway has seen nothing of it.
    """
    return all(map(_is_direct, (client._transport, *client._mounts.values())))  # noqa: SLF001  # see above


def _is_direct(transport: object) -> bool:
    pool = getattr(transport, "_pool", None)
    ours = isinstance(getattr(pool, "_network_backend", None), _Backend | _AsyncBackend)
    return ours and type(pool) in (httpcore.ConnectionPool, httpcore.AsyncConnectionPool)  # proxies are subclasses
