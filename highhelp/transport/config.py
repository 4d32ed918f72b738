"""Connection settings: proxy, certificates, limits, and one httpx client for each process and event loop."""

from __future__ import annotations

import inspect
import ipaddress
import os
import threading
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from highhelp.errors import NotSent, SettingsError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import httpx

File = str | os.PathLike[str]

FAST = "fast"
"""The value of `transport` that selects the `[fast]` extra's transport."""

CONNECT_SECONDS = 5.0
"""Seconds to connect, and to wait for a free connection."""

MAX_IDLE_SECONDS = 30.0
"""Seconds after which an idle connection of the fast transport is dropped, since a server may close it any time."""


@dataclass(frozen=True, repr=False)
class NetworkConfig:
    """Connection settings. Its `repr` shows nothing: a proxy's URL may hold a password.

    Attributes:
        base_url: The gateway's base URL.
        transport: An httpx transport, or "fast".
        http_client: The caller's httpx or httpx2 client.
        proxy: URL of a proxy.
        ca_file: PEM file of additional trusted certificate authorities.
        client_certificate: PEM file with certificate and key, or one file each.
        max_connections: Connections that may be open at once.
        asynchronous: For `AsyncHighHelp`.
    """

    base_url: str
    transport: Any = None
    http_client: Any = None
    proxy: str | None = None
    ca_file: File | None = None
    client_certificate: File | tuple[File, File] | None = None
    max_connections: int = 100
    asynchronous: bool = False

    def checked(self) -> Self:
        """Check the settings and return them.

        Raises:
            SettingsError: If a value cannot be used, or not together with another one.
        """
        if self.transport is not None and self.http_client is not None:
            raise SettingsError("transport", "cannot be combined with http_client, which has its own")
        if isinstance(self.transport, str) and self.transport != FAST:
            raise SettingsError("transport", f"must be an httpx transport or {FAST!r}")
        most = self.max_connections
        if not isinstance(most, int) or isinstance(most, bool) or most < 1:
            raise SettingsError("max_connections", "must be a whole number above 0")
        if self.http_client is not None or self.transport not in (None, FAST):
            given = "transport" if self.http_client is None else "http_client"
            for name in ("proxy", "ca_file", "client_certificate"):
                if getattr(self, name) is not None:
                    raise SettingsError(name, f"has no effect together with {given}; set it there")
        if self.http_client is not None:
            self._check_client()
        if self.proxy is not None:
            self._check_proxy()
        if self.ca_file is not None or self.client_certificate is not None:
            self._ssl_context()  # report an unreadable file now, not at the first payment
        return self

    def _check_client(self) -> None:
        if inspect.iscoroutinefunction(self.http_client.send) != self.asynchronous:
            kind, owner = ("AsyncClient", "AsyncHighHelp") if self.asynchronous else ("Client", "HighHelp")
            raise SettingsError("http_client", f"must be an httpx.{kind} for {owner}")
        if self._is_plain and self.http_client.trust_env:
            variable, _ = environment_proxy(self.base_url) or (None, None)
            if variable is not None:
                raise SettingsError(
                    "http_client",
                    f"would send plain http through the proxy of {variable}; create it with trust_env=False, "
                    "or add the gateway's host to NO_PROXY",
                )

    def _check_proxy(self) -> None:
        check_proxy_url("proxy", self.proxy)
        if self._is_plain:
            problem = "cannot be used with an http base_url: plain http is never sent through a proxy"
            raise SettingsError("proxy", problem)

    @property
    def _is_plain(self) -> bool:
        return urlsplit(self.base_url).scheme == "http"

    @property
    def unbounded(self) -> str | None:
        """The argument that may let a synchronous call outlast its time limit, or None.

        httpx's own transports bound each read, not the attempt. In-process transports answer at once.
        """
        import httpx

        from highhelp.transport.httpx_transport import HTTPTransport

        if self.asynchronous:
            return None
        if self.http_client is not None:
            return "http_client"
        foreign = isinstance(self.transport, httpx.HTTPTransport) and not isinstance(self.transport, HTTPTransport)
        return "transport" if foreign else None

    def make_client(self) -> Any:
        """Create the httpx client that sends the requests.

        Raises:
            SettingsError: If the environment's proxy or certificate settings cannot be used.
        """
        import httpx

        transport = self.transport
        if transport == FAST:
            transport = self._fast_transport()
        elif transport is None:
            transport = self._default_transport()
        # with a transport, httpx reads no proxy from the environment
        kind = httpx.AsyncClient if self.asynchronous else httpx.Client
        return kind(transport=transport, follow_redirects=False)

    def _proxy(self) -> tuple[str, str] | None:
        """Choose the proxy: the name of its setting, and its URL. None for plain http."""
        if self._is_plain:
            return None
        chosen = ("proxy", self.proxy) if self.proxy is not None else environment_proxy(self.base_url)
        if chosen is not None:
            check_proxy_url(*chosen)
        return chosen

    def _default_transport(self) -> httpx.BaseTransport | httpx.AsyncBaseTransport:
        import httpx

        from highhelp.transport.httpx_transport import AsyncHTTPTransport, HTTPTransport

        setting, url = self._proxy() or ("", None)
        limits = httpx.Limits(max_connections=self.max_connections, max_keepalive_connections=20)
        context = self._ssl_context()
        kind = AsyncHTTPTransport if self.asynchronous else HTTPTransport
        try:
            return kind(verify=context, proxy=url, limits=limits)
        except ImportError:
            raise SettingsError(setting, "a SOCKS proxy needs: pip install 'httpx[socks]'") from None

    def _ssl_context(self) -> ssl.SSLContext:
        import httpx

        context: ssl.SSLContext = _load("SSL_CERT_FILE, SSL_CERT_DIR", httpx.create_ssl_context)
        if self.ca_file is not None:
            _load("ca_file", partial(context.load_verify_locations, self.ca_file))
        if self.client_certificate is not None:
            certificate, key = (*self._certificate_files, None)[:2]
            # without a password, OpenSSL would prompt for one on the terminal
            _load("client_certificate", lambda: context.load_cert_chain(certificate or "", key, password=""))
        return context

    @property
    def _certificate_files(self) -> tuple[File, ...]:
        given = self.client_certificate
        return given if isinstance(given, tuple) else () if given is None else (given,)

    def _fast_transport(self) -> httpx.BaseTransport | httpx.AsyncBaseTransport:
        """Pyreqwest's own transport for httpx.

        Raises:
            SettingsError: If the extra is not installed, or the process was forked after it was used.
        """
        try:
            from pyreqwest import client, proxy
            from pyreqwest.compatibility.httpx import HttpxTransport, SyncHttpxTransport
        except ImportError:
            raise SettingsError("transport", "the fast transport needs: pip install 'highhelp[fast]'") from None
        builder: Any = client.ClientBuilder() if self.asynchronous else client.SyncClientBuilder()
        builder = (
            # its default would send the signature to the target of a redirect
            builder.follow_redirects(enable=False)
            .referer(enable=False)
            .no_proxy()  # ignore the environment's; the proxy is chosen here
            .max_connections(self.max_connections)
            .connect_timeout(timedelta(seconds=CONNECT_SECONDS))
            .pool_timeout(timedelta(seconds=CONNECT_SECONDS))
            .pool_idle_timeout(timedelta(seconds=MAX_IDLE_SECONDS))
        )
        for unpack in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
            builder = unpack(enable=False)  # httpx decompresses, after the check for double compression
        chosen = self._proxy()
        if chosen is not None:
            builder = builder.proxy(proxy.ProxyBuilder.all(chosen[1]))
        if self.ca_file is not None:
            builder = builder.add_root_certificate_pem(Path(self.ca_file).read_bytes())
        if self.client_certificate is not None:
            builder = builder.identity_pem(b"\n".join(Path(file).read_bytes() for file in self._certificate_files))
        try:
            built = builder.build()
        except RuntimeError:
            raise SettingsError(
                "transport",
                "the fast transport was used before this process was forked and cannot be used in it; "
                "create the client in the child, or start processes with 'spawn'",
            ) from None
        return HttpxTransport(built) if self.asynchronous else SyncHttpxTransport(built)


def check_proxy_url(setting: str, url: object) -> None:
    """Refuse an invalid proxy URL, without showing it: it may hold a password.

    Raises:
        SettingsError: Names the setting.
    """
    is_url = False
    with suppress(ValueError, TypeError, AttributeError):
        parts = urlsplit(str(url))
        known = parts.scheme in ("http", "https", "socks5", "socks5h")
        is_url = known and bool(parts.hostname) and parts.port != 0
    if not isinstance(url, str) or not is_url:
        raise SettingsError(setting, "must be the URL of a proxy, such as http://proxy.example:3128")


def environment_proxy(url: str) -> tuple[str, str] | None:
    """Find the environment's proxy for a URL.

    Returns:
        The variable and the proxy's URL, or None if there is none or `NO_PROXY` excludes the host.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = urllib.request.getproxies()
    if _is_excluded(host, proxies.get("no", "")) or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    for name in (parts.scheme, "all"):
        if proxies.get(name):
            proxy = proxies[name]
            return f"{name.upper()}_PROXY", proxy if "://" in proxy else f"http://{proxy}"
    return None


def _is_excluded(host: str, no_proxy: str) -> bool:
    """Whether `NO_PROXY` names a literal address, alone or as part of a network, which urllib does not compare."""
    for entry in no_proxy.split(","):
        with suppress(ValueError):  # a host name, which urllib compares
            network = ipaddress.ip_network(entry.strip().replace("[", "").replace("]", ""), strict=False)
            if ipaddress.ip_address(host) in network:
                return True
    return False


def _load(setting: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (OSError, ValueError, TypeError) as error:  # ssl.SSLError is an OSError
        problem = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
    raise SettingsError(setting, f"cannot be read: {problem}")


class Pools:
    """An httpx client with its connections, created on first use, and again in a forked process or another loop."""

    def __init__(self, config: NetworkConfig) -> None:
        self._config = config
        self._made: tuple[int, object, Any] | None = None
        self._locks: dict[int, threading.Lock] = {}
        self._closed = False

    def get(self, loop: object = None) -> Any:
        """Return the httpx client of this process and of an event loop.

        Raises:
            NotSent: If `HighHelp` is closed.
            SettingsError: If the environment's proxy or certificate settings cannot be used.
        """
        if self._closed:
            raise NotSent("the client is closed", operation="client")
        if self._config.http_client is not None:
            return self._config.http_client
        process = os.getpid()
        # one lock per process: a lock held by a thread of the parent at a fork would never be released here
        with self._locks.setdefault(process, threading.Lock()):
            # a forked process must not share its parent's sockets, nor an event loop another one's
            if self._made is None or self._made[:2] != (process, loop):
                self._made = (process, loop, self._config.make_client())
            return self._made[2]

    def close(self, loop: object = None) -> Any:
        """Stop providing clients. Returns the one that the caller has to close, if any."""
        self._closed = True
        return self._made[2] if self._made is not None and self._made[:2] == (os.getpid(), loop) else None
