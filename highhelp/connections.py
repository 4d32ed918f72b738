"""Pools of connections: what they are made of, and one for each process and event loop."""

from __future__ import annotations

import os
import threading
import weakref
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from highhelp.errors import NotSent, SettingsError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

File = str | os.PathLike[str]

FAST = "fast"
"""The value of `transport` that asks for the transport of the `[fast]` extra."""

LONGEST_IDLE = 30.0
"""Seconds after which an idle connection of the fast transport is not used again; a server may close it any time."""


class Network(NamedTuple):
    """How the gateway is reached.

    Attributes:
        transport: An httpx transport, or "fast".
        http_client: A client of the user's own.
        proxy: URL of an HTTP proxy. Not in `repr`: it may hold a password.
        ca_file: PEM file of certificate authorities that are trusted beside the usual ones.
        client_certificate: PEM file with certificate and key, or one file each.
        max_connections: Connections that may be open at once.
    """

    transport: Any = None
    http_client: Any = None
    proxy: str | None = None
    ca_file: File | None = None
    client_certificate: File | tuple[File, File] | None = None
    max_connections: int = 100

    def __repr__(self) -> str:
        return f"<Network, at most {self.max_connections} connections>"

    def checked(self) -> Self:
        """Itself. Raises SettingsError for what cannot be used, or not together."""
        made = {"proxy": self.proxy, "ca_file": self.ca_file, "client_certificate": self.client_certificate}
        if self.transport is not None and self.http_client is not None:
            raise SettingsError("transport", "is part of http_client; give one of the two")
        if isinstance(self.transport, str) and self.transport != FAST:
            raise SettingsError("transport", f"must be an httpx transport or {FAST!r}")
        if self.http_client is not None or (self.transport is not None and self.transport != FAST):
            for name, value in made.items():
                if value is not None:
                    given = "http_client" if self.http_client is not None else "transport"
                    raise SettingsError(name, f"has no effect together with {given}; set it there")
        if self.proxy is not None and not (isinstance(self.proxy, str) and "://" in self.proxy):
            raise SettingsError("proxy", "must be a URL, such as http://proxy.example:3128")
        if not isinstance(self.max_connections, int) or isinstance(self.max_connections, bool):
            raise SettingsError("max_connections", "must be a whole number")
        if self.max_connections < 1:
            raise SettingsError("max_connections", "must be at least 1")
        if self.ca_file is not None or self.client_certificate is not None:
            self._context()  # what cannot be read is told at once, not at the first payment
        return self

    def options(self) -> dict[str, Any]:
        """Arguments for `httpx.Client` or `httpx.AsyncClient`."""
        import httpx

        options: dict[str, Any] = {"follow_redirects": False}
        if self.transport is not None:
            return options | {"transport": self.transport}
        if self.proxy is not None:
            options["proxy"] = self.proxy
        if self.ca_file is not None or self.client_certificate is not None:
            options["verify"] = self._context()
        return options | {"limits": httpx.Limits(max_connections=self.max_connections, max_keepalive_connections=20)}

    def _context(self) -> ssl.SSLContext:
        import httpx

        context = httpx.create_ssl_context()
        if self.ca_file is not None:
            _named("ca_file", lambda: context.load_verify_locations(cafile=os.fspath(self.ca_file or "")))
        if self.client_certificate is not None:
            certificate, key = (*[os.fspath(file) for file in self._certificate_files()], None)[:2]
            # without a password, OpenSSL would ask for one on the terminal
            _named("client_certificate", lambda: context.load_cert_chain(certificate or "", key, password=""))
        return context

    def _certificate_files(self) -> tuple[File, ...]:
        given = self.client_certificate
        if isinstance(given, tuple):
            return given
        return () if given is None else (given,)

    def fast(self, *, asynchronous: bool, connect: float) -> Any:
        """The client of the `[fast]` extra: a `pyreqwest.client.Client`, or a `SyncClient`.

        Args:
            asynchronous: Which of the two.
            connect: Seconds to connect, and to wait for a free connection.

        Raises:
            SettingsError: The extra is not installed, or the process was forked after it was used.
        """
        try:
            from pyreqwest import client, proxy
        except ImportError:
            raise SettingsError("transport", "the fast transport needs: pip install 'highhelp[fast]'") from None
        builder: Any = client.ClientBuilder() if asynchronous else client.SyncClientBuilder()
        builder = (
            # its default would send the signature on to wherever a redirect points
            builder.follow_redirects(enable=False)
            .referer(enable=False)
            .max_connections(self.max_connections)
            .connect_timeout(timedelta(seconds=connect))
            .pool_timeout(timedelta(seconds=connect))
            .pool_idle_timeout(timedelta(seconds=LONGEST_IDLE))
        )
        for unpack in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
            builder = unpack(enable=False)  # the pool does it, behind the check for what is packed twice
        if self.proxy is not None:
            builder = builder.proxy(proxy.ProxyBuilder.all(self.proxy))
        if self.ca_file is not None:
            builder = builder.add_root_certificate_pem(Path(self.ca_file).read_bytes())
        if self.client_certificate is not None:
            builder = builder.identity_pem(b"\n".join(Path(file).read_bytes() for file in self._certificate_files()))
        try:
            return builder.build()
        except RuntimeError:
            raise SettingsError(
                "transport",
                "the fast transport was used before this process was forked and cannot be used in it; "
                "make the client in the child, or start processes by 'spawn'",
            ) from None


def was_connecting(error: BaseException) -> bool:
    """Whether an error of pyreqwest tells that it came up before there was a connection; any other error does not.

    Its class does not tell: pyreqwest also calls an answer that is lost after sending an error of connecting.
    """
    details = getattr(error, "details", None)
    causes = details.get("causes") if isinstance(details, dict) else None
    return any(isinstance(each, dict) and each.get("message") == "client error (Connect)" for each in causes or ())


def _named(setting: str, load: Callable[[], None]) -> None:
    problem = ""
    try:
        load()
    except (OSError, ValueError, TypeError) as error:  # ssl.SSLError is an OSError
        problem = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
    if problem:
        raise SettingsError(setting, f"cannot be read: {problem}")


class Pools:
    """One pool, made when it is first needed, and made anew in a forked process and on another event loop."""

    def __init__(self, network: Network, make: Callable[[], Any]) -> None:
        self._network = network
        self._make = make
        self._made: tuple[int, object, Any] | None = None
        self._making = threading.Lock()
        self._closed = False
        _POOLS.add(self)

    def get(self, loop: object = None) -> Any:
        """The pool of this process and of an event loop.

        Raises:
            NotSent: The client is closed.
            SettingsError: The environment's proxy or certificate settings are unusable.
        """
        if self._closed:
            raise NotSent("the client is closed", operation="client")
        if self._network.http_client is not None:
            return self._network.http_client
        with self._making:
            # a forked process must not share its parent's sockets, an event loop not those of another one
            if self._made is None or self._made[:2] != (os.getpid(), loop):
                self._made = (os.getpid(), loop, _made(self._make))
            return self._made[2]

    def close(self, loop: object = None) -> Any:
        """Give out no pool any more. Returns the one that is to be closed here, if there is one."""
        self._closed = True
        return self._made[2] if self._made is not None and self._made[:2] == (os.getpid(), loop) else None


_POOLS: weakref.WeakSet[Pools] = weakref.WeakSet()


def _after_fork() -> None:
    for pools in _POOLS:
        # a thread of the parent may have held it at the fork, and never gives it back here
        pools._making = threading.Lock()  # noqa: SLF001  # of this module


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


def _made(make: Callable[[], Any]) -> Any:
    problem = ""
    try:
        return make()
    except SettingsError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever the process's environment makes httpx raise
        problem = type(error).__name__
    # raised outside, since the text of the first one may hold a proxy's password
    raise SettingsError(
        "proxy, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE",
        f"no connection pool can be made with these ({problem})",
    )
