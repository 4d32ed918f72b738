"""httpx transports with the safeguards that money needs below HTTP.

`HTTPTransport` and `AsyncHTTPTransport` are httpx's own with our network backend, which

- gives every step of a synchronous attempt only the attempt's remaining time: httpx's timeouts bound each read, so a
  server that sends one byte now and then could hold a call for ever;
- records whether the first byte of a request was written, and whether anything was read after it;
- reuses a connection only when exactly one response was read from it, so that bytes which arrived before a request are
  never taken for its answer;
- closes a socket whose handshake with a proxy or the gateway fails or is cancelled, which httpcore may leave open.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from highhelp.transport.framing import ResponseFraming
from highhelp.transport.send_state import CURRENT, EXTENSION, SendState, current

if TYPE_CHECKING:
    from collections.abc import Iterable

    SocketOption = (
        tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]  # as httpcore has it
    )

DEFAULT_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)


class HTTPTransport(httpx.HTTPTransport):
    """An httpx transport that bounds each attempt of `HighHelp` and reports whether its request has left.

    `HighHelp` creates one by default. Create your own to pass as `transport=`, for example with your TLS settings.

    Args:
        verify: The TLS settings; absent, those of `httpx.create_ssl_context()`.
        proxy: URL of a proxy (`http`, `https`, `socks5`, `socks5h`) for https requests. The environment is not read.
            Plain http is never sent through a proxy.
        limits: How many connections may be open at once, and idle.

    Raises:
        ValueError: If the proxy's URL cannot be used.
        ImportError: If a SOCKS proxy is given and `httpx[socks]` is not installed.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | None = None,
        proxy: str | httpx.Proxy | None = None,
        limits: httpx.Limits = DEFAULT_LIMITS,
    ) -> None:
        # The base class takes no network backend, so its constructor is not called; the rest of it is used.
        self._pool = _Pool(_Route(proxy), verify, limits)


class AsyncHTTPTransport(httpx.AsyncHTTPTransport):
    """`HTTPTransport` for `AsyncHighHelp`, within one event loop.

    Args:
        verify: The TLS settings; absent, those of `httpx.create_ssl_context()`.
        proxy: URL of a proxy for https requests. The environment is not read.
        limits: How many connections may be open at once, and idle.

    Raises:
        ValueError: If the proxy's URL cannot be used.
        ImportError: If a SOCKS proxy is given and `httpx[socks]` is not installed.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | None = None,
        proxy: str | httpx.Proxy | None = None,
        limits: httpx.Limits = DEFAULT_LIMITS,
    ) -> None:
        self._pool = _AsyncPool(_Route(proxy), verify, limits)


class _Route:
    """The route to the gateway: direct, or through a proxy."""

    def __init__(self, proxy: str | httpx.Proxy | None) -> None:
        if isinstance(proxy, str):
            proxy = httpx.Proxy(proxy)
        self.proxy = None if proxy is None else _httpcore_proxy(proxy)

    def state_of(self, request: httpcore.Request) -> SendState:
        """Return the state that a request records; refuse a request that must not take this route."""
        secure = request.url.scheme == b"https"
        if self.proxy is not None and not secure:
            raise httpcore.UnsupportedProtocol("plain http is not sent through a proxy")
        state: SendState = request.extensions.get(EXTENSION) or SendState()
        state.carried = True
        state.tls_layers = secure + (self.proxy is not None and self.proxy.url.scheme == b"https")
        return state


def _httpcore_proxy(proxy: httpx.Proxy) -> httpcore.Proxy:
    if proxy.url.scheme.startswith("socks"):
        import socksio  # noqa: F401  # httpcore would import it only at the first request
    # from its parts: the text of a URL may show an international name in Unicode
    url = httpcore.URL(scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=b"/")
    return httpcore.Proxy(url, proxy.raw_auth, proxy.headers.raw, proxy.ssl_context)


class _Pool(httpcore.ConnectionPool):
    def __init__(self, route: _Route, verify: ssl.SSLContext | None, limits: httpx.Limits) -> None:
        super().__init__(network_backend=_Backend(), **_options(route, verify, limits))
        self._route = route

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        state = self._route.state_of(request)
        token = CURRENT.set(state)
        try:
            return super().handle_request(request)
        except BaseException:
            if not state.started and state.socket is not None:
                state.socket.close()
            raise
        finally:
            CURRENT.reset(token)


class _AsyncPool(httpcore.AsyncConnectionPool):
    def __init__(self, route: _Route, verify: ssl.SSLContext | None, limits: httpx.Limits) -> None:
        super().__init__(network_backend=_AsyncBackend(), **_options(route, verify, limits))
        self._route = route

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        state = self._route.state_of(request)
        token = CURRENT.set(state)
        try:
            return await super().handle_async_request(request)
        except BaseException:
            if not state.started and state.socket is not None:
                await state.socket.aclose()
            raise
        finally:
            CURRENT.reset(token)


def _options(route: _Route, verify: ssl.SSLContext | None, limits: httpx.Limits) -> dict[str, Any]:
    return {
        "ssl_context": httpx.create_ssl_context() if verify is None else verify,
        "proxy": route.proxy,
        "max_connections": limits.max_connections,
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
    }


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        state = current()
        limit = state.limit(timeout, httpcore.ConnectTimeout)
        state.socket = super().connect_tcp(host, port, limit, local_address, socket_options)
        return _Stream(state.socket, state.tls_layers)


class _AsyncBackend(httpcore.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        state = current()
        state.socket = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _AsyncStream(state.socket, state.tls_layers)


class _Exchange:
    """A request that is written to a connection, and the bytes read after it.

    Args:
        counts: Whether bytes written belong to the request; before the last TLS handshake they are for a proxy.
    """

    def __init__(self, *, counts: bool) -> None:
        self._counts = counts
        self._framing = ResponseFraming()
        self.state = SendState()

    def begin_write(self) -> None:
        self._framing = ResponseFraming()
        self.state = current()
        self.state.started = self.state.started or self._counts

    def end_read(self, data: bytes) -> bytes:
        self._framing.feed(data)
        self.state.answered = self.state.answered or (self._counts and bool(data))
        return data

    def is_readable(self, inner: httpcore.NetworkStream | httpcore.AsyncNetworkStream) -> bool:
        """Whether the connection must not be reused; httpcore asks for that as `is_readable`."""
        return (
            not self._framing.is_complete
            or _holds_data(inner.get_extra_info("ssl_object"))
            or bool(inner.get_extra_info("is_readable"))
        )


def _holds_data(tls: object) -> bool:
    """Whether a TLS connection has buffered bytes that its socket no longer shows."""
    if isinstance(tls, ssl.SSLSocket):
        return tls.pending() > 0
    if not isinstance(tls, ssl.SSLObject):
        return False
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
    return True


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, tls_layers: int) -> None:
        self._inner = inner
        self._tls_layers = tls_layers
        self._exchange = _Exchange(counts=tls_layers <= 0)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        limit = self._exchange.state.limit(timeout, httpcore.ReadTimeout)
        return self._exchange.end_read(self._inner.read(max_bytes, limit))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limit = current().limit(timeout, httpcore.WriteTimeout)
        self._exchange.begin_write()
        self._inner.write(buffer, limit)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = current().limit(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, limit), self._tls_layers - 1)

    def get_extra_info(self, info: str) -> Any:
        return self._exchange.is_readable(self._inner) if info == "is_readable" else self._inner.get_extra_info(info)


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, tls_layers: int) -> None:
        self._inner = inner
        self._tls_layers = tls_layers
        self._exchange = _Exchange(counts=tls_layers <= 0)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._exchange.end_read(await self._inner.read(max_bytes, timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._exchange.begin_write()
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _AsyncStream(inner, self._tls_layers - 1)

    def get_extra_info(self, info: str) -> Any:
        return self._exchange.is_readable(self._inner) if info == "is_readable" else self._inner.get_extra_info(info)
