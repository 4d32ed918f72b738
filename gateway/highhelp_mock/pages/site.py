"""Which page answers which address."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from highhelp_mock.messages import Refusal, Response
from highhelp_mock.pages import dashboard, hosted
from highhelp_mock.pages.html import document, tag
from highhelp_mock.pages.shown import head
from highhelp_mock.visitors import HEADERS, check_host

if TYPE_CHECKING:
    from highhelp_mock.engine import Engine
    from highhelp_mock.messages import Request

__all__ = ["answer"]

_STATIC: Final = {
    "/static/style.css": "text/css; charset=utf-8",
    "/static/live.js": "text/javascript; charset=utf-8",
    "/static/icon.svg": "image/svg+xml",
}


def answer(engine: Engine, request: Request) -> Response | None:
    """The page at an address, or None where there is none."""
    try:
        check_host(request, engine.base_url)
        found = _page(engine, request)
    except Refusal as refusal:
        found = _refused(refusal)
    if found is None:
        return None
    return Response(found.status, (*found.headers, *HEADERS), found.body)


def _page(engine: Engine, request: Request) -> Response | None:
    path = request.path
    if path in _STATIC:
        _only(request, "GET")
        return Response(200, (("content-type", _STATIC[path]),), _static(path.rpartition("/")[2]))
    if path == "/":
        _only(request, "GET")
        return dashboard.show(engine)
    if path.startswith(dashboard.PREFIX) and path.removeprefix(dashboard.PREFIX) in dashboard.ACTIONS:
        _only(request, "POST")
        return dashboard.act(engine, request)
    if path.startswith(hosted.PREFIX):
        _only(request, "GET", "POST")
        return hosted.answer(engine, request)
    return None


def _only(request: Request, *methods: str) -> None:
    allowed = [*methods, "HEAD"] if "GET" in methods else [*methods]
    if request.method not in allowed:
        raise Refusal(405, f"Only {', '.join(allowed)} is allowed here", headers=(("allow", ", ".join(allowed)),))


@cache
def _static(name: str) -> bytes:
    return files("highhelp_mock.pages").joinpath("static", name).read_bytes()


def _refused(refusal: Refusal) -> Response:
    content = tag(
        "main",
        tag("h1", refusal.message),
        tag("p", tag("a", "To the dashboard", href="/")),
        class_="sheet narrow",
    )
    page = document(head(refusal.message, live=False), tag("body", content, class_="pay"), "en")
    return Response(refusal.status, (("content-type", "text/html; charset=utf-8"), *refusal.headers), page)
