"""Sign requests as httpx authentication. The only module of this package that imports httpx.

httpx calls its authentication once per send, not once per redirect hop: a client that follows redirects would send body
and signature headers to whatever origin a ``307`` names. The client of this SDK never follows redirects. With your own
client keep ``follow_redirects=False`` (httpx's default) or install :func:`refuse_redirects`.
"""

from __future__ import annotations

import os
import time
import weakref
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

import httpx

from highhelp_api import contract
from highhelp_signing.errors import RequestNotSignable
from highhelp_signing.headers import check_project_id, headers_of
from highhelp_signing.loopback import is_loopback
from highhelp_signing.normalize import DEFAULT_SCHEME, normalize, parse_body
from highhelp_signing.signers import HmacSigner

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Generator, MutableMapping
    from concurrent.futures import ThreadPoolExecutor

    from highhelp_signing.scheme import SignatureScheme
    from highhelp_signing.signers import Signer

__all__ = ["SignatureAuth", "refuse_redirects", "refuse_redirects_async"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MARK = "highhelp_signing.first_request"


class _Url(Protocol):
    @property
    def scheme(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int | None: ...


class _Request(Protocol):
    # The common interface of httpx and httpx2.
    @property
    def url(self) -> _Url: ...
    @property
    def headers(self) -> MutableMapping[str, str]: ...
    @property
    def content(self) -> bytes: ...


_R = TypeVar("_R", bound=_Request)


class SignatureAuth(httpx.Auth):
    """Sign each attempt of a project's requests, over the bytes that go on the wire.

    An ``httpx.Auth`` that can also be called with a request, as httpx2 expects. Thread-safe.

    Args:
        project_id: the merchant project (documented as ``x-access-merchant-id``).
        signer: the project's key.
        origin: the only scheme, host and port that may receive a signature, such as
            ``"https://api.hh-processing.com"``; the path of a base URL is ignored.
        scheme: the signature scheme.
        clock: returns Unix seconds.
        allow_plain_http: permits http beyond loopback, for a closed network such as a compose file's.

    Raises:
        RequestNotSignable: the origin is not an http(s) URL, holds credentials, or is plain http beyond loopback.
        SchemeError: the project id cannot be sent in a header.
    """

    requires_request_body = True

    NORMALIZED: ClassVar[str] = "highhelp_signing.normalized"
    """Name of a request extension: the body and its normalised string, if already computed. It is used only if the
    body is that of the request."""

    def __init__(
        self,
        project_id: str,
        signer: Signer,
        *,
        origin: str,
        scheme: SignatureScheme = DEFAULT_SCHEME,
        clock: Callable[[], float] = time.time,
        allow_plain_http: bool = False,
    ) -> None:
        check_project_id(project_id)
        self._project_id = project_id
        self._signer = signer
        self._scheme = scheme
        self._clock = clock
        self._origin = _checked_origin(origin, allow_plain_http=allow_plain_http)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a `request` before it is sent; called by httpx."""
        yield self(request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a `request` before it is sent; called by httpx on an event loop.

        HMAC takes microseconds and is computed inline. Any other signer runs in one of two threads, so that it does
        not block the loop; without an asyncio loop (trio), inline as well.

        Args:
            request: its body is read into memory.

        Raises:
            RequestNotSignable: the origin is a different one.
            BodyNotSignable: the body is not a JSON object with a normalised form.
        """
        await request.aread()
        loop = None if isinstance(self._signer, HmacSigner) else _running_loop()
        if loop is None:
            yield self(request)
            return
        self.check_origin(request.url)
        self._set(request, await loop.run_in_executor(_threads(os.getpid()), self._headers_of, request))
        yield request

    def __call__(self, request: _R) -> _R:
        """Set the signature headers on a request and return it.

        Raises:
            RequestNotSignable: a different origin, or a body that is not in memory; no header has been set.
            BodyNotSignable: the body is not a JSON object with a normalised form.
        """
        self.check_origin(request.url)
        self._set(request, self._headers_of(request))
        return request

    def _headers_of(self, request: _Request) -> dict[str, str]:
        content = _content(request)
        body, normalized = getattr(request, "extensions", {}).get(self.NORMALIZED, (None, None))
        if normalized is None or body != content:
            normalized = normalize(parse_body(content), self._scheme)
        return headers_of(
            normalized,
            project_id=self._project_id,
            signer=self._signer,
            timestamp=int(self._clock()),
            scheme=self._scheme,
        )

    @staticmethod
    def _set(request: _Request, headers: dict[str, str]) -> None:
        if contract.HEADERS.algorithm in request.headers:  # left by an earlier attempt, or by another scheme
            del request.headers[contract.HEADERS.algorithm]
        for name, value in headers.items():
            request.headers[name] = value

    def check_origin(self, url: _Url) -> None:
        """Refuse a request to another origin.

        Args:
            url: the request's URL.

        Raises:
            RequestNotSignable: the origin is a different one.
        """
        if _origin_of(url) != self._origin:
            raise RequestNotSignable("its origin is not the one that this signature is for")

    def __repr__(self) -> str:
        return f"<SignatureAuth {self._project_id} {self._signer!r}>"


@lru_cache(maxsize=1)
def _threads(process: int) -> ThreadPoolExecutor:  # noqa: ARG001  # threads do not survive a fork
    from concurrent.futures import ThreadPoolExecutor

    # an RSA signature releases the interpreter lock; more threads would only take processors from the program
    return ThreadPoolExecutor(2, thread_name_prefix="highhelp-sign")


def _running_loop() -> asyncio.AbstractEventLoop | None:
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def refuse_redirects(request: httpx.Request) -> None:
    """Event hook ``request`` for a bare ``httpx.Client`` that refuses to follow redirects.

    ``httpx.Client(auth=SignatureAuth(...), event_hooks={"request": [refuse_redirects]})``

    Args:
        request: the request that httpx is about to send.

    Raises:
        RequestNotSignable: this request follows a redirect.
    """
    # A request that httpx builds from a redirect inherits the extensions of its predecessor, and with them this mark.
    first = request.extensions.get(_MARK)
    if first is None:
        request.extensions = {**request.extensions, _MARK: weakref.ref(request)}
    elif first() is not request:
        raise RequestNotSignable("it follows a redirect")


async def refuse_redirects_async(request: httpx.Request) -> None:
    """:func:`refuse_redirects` for an ``httpx.AsyncClient``, whose hooks are awaited.

    Args:
        request: the request that httpx is about to send.

    Raises:
        RequestNotSignable: this request follows a redirect.
    """
    refuse_redirects(request)


def _content(request: _Request) -> bytes:
    try:
        return request.content
    except RuntimeError as error:
        # by name, since httpx2 has its own class and need not be installed
        if type(error).__name__ != "RequestNotRead":
            raise
        raise RequestNotSignable("its body is a stream; only a body in memory can be signed") from None


def _origin_of(url: _Url) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme)


def _checked_origin(origin: str, *, allow_plain_http: bool) -> tuple[str, str, int | None]:
    try:
        url = httpx.URL(origin)
        parts = _origin_of(url)  # an invalid international name may be detected only here
    except (httpx.InvalidURL, TypeError, ValueError):
        raise RequestNotSignable("the origin is not a URL") from None
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise RequestNotSignable("the origin must be an https URL")
    if url.userinfo:
        raise RequestNotSignable("the origin must not hold credentials")
    if url.scheme == "http" and not allow_plain_http and not is_loopback(url.host):
        raise RequestNotSignable("plain http is refused beyond loopback")
    return parts
