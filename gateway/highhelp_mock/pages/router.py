"""Route requests to the pages."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from highhelp_mock.browser_security import HEADERS, check_host
from highhelp_mock.http import ApiError, Response, check_method
from highhelp_mock.pages import dashboard, hosted
from highhelp_mock.pages.html import render

if TYPE_CHECKING:
    from highhelp_mock.http import Request
    from highhelp_mock.simulation.engine import Engine

__all__ = ["answer"]

_STATIC: Final = {
    "/static/style.css": "text/css; charset=utf-8",
    "/static/live.js": "text/javascript; charset=utf-8",
    "/static/icon.svg": "image/svg+xml",
}


def answer(engine: Engine, request: Request) -> Response | None:
    """Return the page at an address, or None if there is none."""
    try:
        check_host(request, engine.base_url)
        page = _route(engine, request)
    except ApiError as error:
        page = render("error", title=error.message, status=error.status, headers=error.headers)
    return None if page is None else Response(page.status, (*page.headers, *HEADERS), page.body)


def _route(engine: Engine, request: Request) -> Response | None:
    path = request.path
    if path in _STATIC:
        check_method(request, "GET")
        return Response(200, (("content-type", _STATIC[path]),), _read(path.rpartition("/")[2]))
    if path == "/":
        check_method(request, "GET")
        return dashboard.show(engine)
    if path.startswith(dashboard.PREFIX) and path.removeprefix(dashboard.PREFIX) in dashboard.ACTIONS:
        check_method(request, "POST")
        return dashboard.act(engine, request)
    if path.startswith(hosted.PREFIX):
        check_method(request, "GET", "POST")
        return hosted.answer(engine, request)
    return None


@cache
def _read(name: str) -> bytes:
    return files("highhelp_mock.pages").joinpath("static", name).read_bytes()
