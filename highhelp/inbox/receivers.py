"""Callback receivers for ASGI (Starlette, FastAPI), WSGI (Flask) and Django, on top of `inbox.receive`.

They pass on the raw bytes, read no more than the inbox accepts (64 KiB), and return the inbox's answer. A body that was
parsed and serialised again would not match its signature. If the bytes are gone, because something else has read them
before, the answer is 500: the gateway sends the callback again, and the log says why.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

from highhelp.telemetry.log import log_event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["asgi_receiver", "django_receiver", "flask_receiver", "wsgi_receiver"]

MAX_BODY = 64 << 10
"""Default limit of a callback's body, in bytes; a genuine one has a few hundred."""
TOO_LARGE = (413, b'{"status":"error","status_description":"body too large"}')
WRONG_METHOD = (405, b'{"status":"error","status_description":"POST only"}')
_NO_LENGTH = (411, b'{"status":"error","status_description":"content-length is missing"}')
_GONE = (500, b'{"status":"error","status_description":"the body was read before the receiver"}')
_LENGTH = re.compile("[0-9]{1,19}", re.ASCII)

HttpReply = tuple[int, bytes]
"""HTTP status and body."""


class SyncInbox(Protocol):
    """:class:`highhelp.CallbackInbox`, or anything like it."""

    def receive(self, raw_body: bytes, headers: Any, /) -> HttpReply:
        """HTTP status and body for a callback."""


class AsyncInbox(Protocol):
    """:class:`highhelp.AsyncCallbackInbox`, or anything like it."""

    def receive(self, raw_body: bytes, headers: Any, /) -> Awaitable[HttpReply]:
        """HTTP status and body for a callback."""


def content_type(body: bytes) -> str:
    """Return the Content-Type of a reply."""
    return "application/json" if body.startswith(b"{") else "text/plain; charset=utf-8"


def max_body(inbox: object) -> int:
    """Return the largest body that an inbox accepts, in bytes."""
    return int(getattr(inbox, "max_body", MAX_BODY))


async def _received(inbox: SyncInbox | AsyncInbox, raw: bytes, headers: Any) -> HttpReply:
    if _is_async(inbox):
        coming: Any = inbox.receive(raw, headers)
    else:  # the disk must not block the event loop
        coming = asyncio.to_thread(inbox.receive, raw, headers)
    answer: HttpReply = await coming
    return answer


class asgi_receiver:  # noqa: N801 - used like a function; a class, so that Starlette's Route recognises an ASGI app
    """ASGI application that receives callbacks on any path: `Route("/callbacks", asgi_receiver(inbox))`.

    Args:
        inbox: Synchronous (called in a thread) or asynchronous.
    """

    def __init__(self, inbox: SyncInbox | AsyncInbox) -> None:
        self._inbox = inbox

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"a callback receiver speaks HTTP, not {scope['type']}")
        answer = await self._answer(scope, receive)
        if answer is None:
            return  # the sender is gone
        status, body = answer
        headers = [(b"content-type", content_type(body).encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Any, receive: Callable[[], Awaitable[Any]]) -> HttpReply | None:
        if scope["method"] != "POST":
            return WRONG_METHOD
        limit = max_body(self._inbox)
        lengths = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"content-length"]
        if any(_LENGTH.fullmatch(length) and int(length) > limit for length in lengths):
            return TOO_LARGE
        raw = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            raw += message.get("body", b"")
            if len(raw) > limit:
                return TOO_LARGE
            more = message.get("more_body", False)
        return await _received(self._inbox, bytes(raw), list(scope["headers"]))


def wsgi_receiver(inbox: SyncInbox) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Return a WSGI application that receives callbacks on any path.

    Args:
        inbox: A synchronous one.
    """

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, body = _wsgi_answer(inbox, environ)
        headers = [("content-type", content_type(body)), ("content-length", str(len(body)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    return application


def _wsgi_answer(inbox: SyncInbox, environ: dict[str, Any]) -> HttpReply:
    if environ["REQUEST_METHOD"] != "POST":
        return WRONG_METHOD
    raw = _read_body(environ, environ["wsgi.input"].read, max_body(inbox))
    if not isinstance(raw, bytes):
        return raw
    names = {name: name[5:].replace("_", "-") for name in environ if name.startswith("HTTP_")}
    return inbox.receive(raw, {header: environ[name] for name, header in names.items()})


def _read_body(environ: Any, read: Callable[[int], bytes], limit: int) -> bytes | HttpReply:
    """Read the body of a request with this WSGI environment; return an error reply if that is not possible."""
    length, chunked = environ.get("CONTENT_LENGTH"), "HTTP_TRANSFER_ENCODING" in environ
    if length:
        if not _LENGTH.fullmatch(length):
            return _NO_LENGTH
        if int(length) > limit:
            return TOO_LARGE
        size = least = int(length)
    elif environ.get("wsgi.input_terminated") or "wsgi.input" not in environ:  # the latter is Django's ASGI
        size, least = limit + 1, int(chunked)
    else:  # without a length there is no body, unless chunked, and a WSGI server need not signal the end of that
        return _NO_LENGTH if chunked else b""
    problem = "nothing is left to read"
    try:
        raw = read(size)
    except Exception as error:  # noqa: BLE001 - each framework has its own error for a body that is gone
        raw, problem = b"", type(error).__name__
    if len(raw) < least:
        log_event(logging.WARNING, "callback not read: its body was read before or never came", problem=problem)
        return _GONE
    return raw if len(raw) <= limit else TOO_LARGE


def flask_receiver(inbox: SyncInbox) -> Callable[[], Any]:
    """Return a Flask view: `app.add_url_rule("/callbacks", view_func=flask_receiver(inbox), methods=["POST"])`.

    Args:
        inbox: A synchronous one.
    """

    def receive_callback() -> Any:
        from flask import request

        if request.method != "POST":
            status, body = WRONG_METHOD
        else:
            # get_data, get_json and data cache the body and exhaust the stream
            raw = _read_body(
                request.environ, lambda size: request.stream.read(size) or request.get_data(), max_body(inbox)
            )
            status, body = inbox.receive(raw, list(request.headers.items())) if isinstance(raw, bytes) else raw
        return body, status, {"content-type": content_type(body)}

    return receive_callback


def django_receiver(inbox: SyncInbox | AsyncInbox) -> Callable[..., Any]:
    """Return a CSRF-exempt Django view, asynchronous for an asynchronous inbox.

    Use it as `path("callbacks", django_receiver(inbox))`.

    Args:
        inbox: Synchronous or asynchronous.
    """

    def read(request: Any) -> bytes | HttpReply:
        if request.method != "POST":
            return WRONG_METHOD
        # behind WSGI, Django treats a chunked body as empty; `request.body` caches the body
        stream = request if request.META.get("CONTENT_LENGTH") else request.META.get("wsgi.input", request)
        return _read_body(request.META, lambda size: stream.read(size) or request.body, max_body(inbox))

    def response(answer: HttpReply) -> Any:
        # Django has no type stubs
        from django.http import HttpResponse

        status, body = answer
        return HttpResponse(body, status=status, content_type=content_type(body))

    def view(request: Any) -> Any:
        raw = read(request)
        answer: Any = inbox.receive(raw, request.headers) if isinstance(raw, bytes) else raw
        return response(answer)

    async def async_view(request: Any) -> Any:
        raw = read(request)
        return response(await _received(inbox, raw, request.headers) if isinstance(raw, bytes) else raw)

    chosen: Any = async_view if _is_async(inbox) else view
    chosen.csrf_exempt = True
    return cast("Callable[..., Any]", chosen)


def _is_async(inbox: SyncInbox | AsyncInbox) -> bool:
    return inspect.iscoroutinefunction(inbox.receive)
