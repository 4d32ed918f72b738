"""Apply armed faults to the answer of a request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from highhelp_mock.http import ApiError, Response, encode
from highhelp_mock.simulation.representations import UNKNOWN

if TYPE_CHECKING:
    from highhelp_mock.simulation.faults import Fault

__all__ = ["apply_faults", "replacement_response"]

_HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


def replacement_response(faults: tuple[Fault, ...], request_id: str) -> Response | None:
    """Return the answer of a fault that prevents the request from being executed, if any."""
    for fault in faults:
        if fault.name == "drop_request":
            return Response(0, dropped=True)
        if fault.name == "http_429":
            return ApiError(429, "Too many requests", headers=(("retry-after", "1"),)).response(request_id)
        if fault.name in ("http_500", "html_502") and not fault.after_commit:
            return _failure(fault, request_id)
    return None


def apply_faults(faults: tuple[Fault, ...], response: Response, request_id: str) -> Response:
    """Apply faults to the answer of an executed or replaced request."""
    names = {fault.name: fault for fault in faults}
    failure = names.get("http_500") or names.get("html_502")
    if failure is not None:
        response = _failure(failure, request_id)
    if "unknown_status" in names and response.status == 200:
        body = response.json()
        if "status" in body:
            body |= {"status": UNKNOWN[0], "sub_status": UNKNOWN[1]}
        response = replace(response, body=encode(body))
    if "bad_json" in names:
        response = replace(response, body=response.body[: len(response.body) // 2])
    return replace(
        response,
        dropped=response.dropped or "drop_response_after_commit" in names,
        delay=names["delay"].seconds if "delay" in names else 0,
        byte_interval=names["slow_body"].seconds if "slow_body" in names else 0,
    )


def _failure(fault: Fault, request_id: str) -> Response:
    if fault.name == "html_502":
        return Response(502, (("content-type", "text/html; charset=utf-8"),), _HTML_502)
    return ApiError(500, "Internal error").response(request_id)
