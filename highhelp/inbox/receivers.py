"""Callback receivers for ASGI (Starlette, FastAPI), WSGI (Flask) and Django: a few lines each over `inbox.receive`.

All of them hand over the raw bytes, read at most 1 MiB, and answer what the inbox says. A body that has been parsed and
written again would not match its signature.
"""

from __future__ import annotations

import asyncio
import inspect
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

from highhelp_signing.normalize import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["asgi_receiver", "django_receiver", "flask_receiver", "wsgi_receiver"]

LARGEST_BODY = DEFAULT_LIMITS.raw
TOO_LARGE = (413, b'{"status":"error","status_description":"body too large"}')
_WRONG_METHOD = (405, b'{"status":"error","status_description":"POST only"}')
_NO_LENGTH = (411, b'{"status":"error","status_description":"content-length is missing"}')

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


async def _received(inbox: SyncInbox | AsyncInbox, raw: bytes, headers: Any) -> HttpReply:
    if _is_async(inbox):
        coming: Any = inbox.receive(raw, headers)
    else:  # the event loop must not wait for a disk
        coming = asyncio.to_thread(inbox.receive, raw, headers)
    answer: HttpReply = await coming
    return answer


class asgi_receiver:  # noqa: N801 - used like a function; a class, as Starlette's Route takes it for an ASGI app then
    """An ASGI application that receives callbacks on any path: `Route("/callbacks", asgi_receiver(inbox))`.

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
            return _WRONG_METHOD
        told = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
        if any(value.isdigit() and int(value[:20]) > LARGEST_BODY for value in told):
            return TOO_LARGE
        raw = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            raw += message.get("body", b"")
            if len(raw) > LARGEST_BODY:
                return TOO_LARGE
            more = message.get("more_body", False)
        return await _received(self._inbox, bytes(raw), list(scope["headers"]))


def wsgi_receiver(inbox: SyncInbox) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """A WSGI application that receives callbacks on any path.

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
        return _WRONG_METHOD
    length = _length(environ)
    if not isinstance(length, int):
        return length
    raw = environ["wsgi.input"].read(length)
    names = {name: name[5:].replace("_", "-") for name in environ if name.startswith("HTTP_")}
    return inbox.receive(raw, {header: environ[name] for name, header in names.items()})


def _length(environ: Any) -> int | HttpReply:
    # without a length there is no body, unless it comes in chunks, whose end a WSGI server need not show
    length = environ.get("CONTENT_LENGTH") or ("" if environ.get("HTTP_TRANSFER_ENCODING") else "0")
    if not (length.isascii() and length.isdigit()):
        return _NO_LENGTH
    return int(length[:20]) if int(length[:20]) <= LARGEST_BODY else TOO_LARGE


def flask_receiver(inbox: SyncInbox) -> Callable[[], Any]:
    """A Flask view: `app.add_url_rule("/callbacks", view_func=flask_receiver(inbox), methods=["POST"])`.

    Args:
        inbox: A synchronous one.
    """
    application = wsgi_receiver(inbox)

    def receive_callback() -> Any:
        return application  # Flask calls what a view returns as a WSGI application, its input still unread

    return receive_callback


def django_receiver(inbox: SyncInbox | AsyncInbox) -> Callable[..., Any]:
    """A view for Django, free of the CSRF check, asynchronous for an asynchronous inbox.

    To be used as `path("callbacks", django_receiver(inbox))`.

    Args:
        inbox: Synchronous or asynchronous.
    """

    def read(request: Any) -> bytes | HttpReply:
        if request.method != "POST":
            return _WRONG_METHOD
        length = _length(request.META)
        return bytes(request.read(length)) if isinstance(length, int) else length

    def response(answer: HttpReply) -> Any:
        # without stubs of its own
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
