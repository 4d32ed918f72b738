"""The control API under /_mock/: list payments and callbacks, move payments and the clock, arm faults."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import unquote_to_bytes

from highhelp_mock.browser_security import check_host, is_same_origin
from highhelp_mock.http import ApiError, Json, Request, check_method
from highhelp_mock.simulation.engine import Engine
from highhelp_mock.simulation.faults import DESCRIPTIONS, Fault
from highhelp_mock.simulation.representations import state_json, view

if TYPE_CHECKING:
    from highhelp_mock.simulation.payments import Payment

__all__ = ["PREFIX", "advance", "handle"]

PREFIX = "/_mock/"

_ADVANCE = ("payments/", "/advance")
_LONGEST_BODY = 1 << 16
_MOST_TIMES = 1_000_000
_LONGEST_JUMP = 10**9


def handle(engine: Engine, request: Request) -> Json:
    """Answer a request of the control API.

    Raises:
        ApiError: 4xx with the allowed values.
    """
    check_host(request, engine.base_url)
    _check_origin(request)
    name = request.path.removeprefix(PREFIX)
    if name.startswith(_ADVANCE[0]) and name.endswith(_ADVANCE[1]) and len(name) > sum(map(len, _ADVANCE)):
        check_method(request, "POST")
        return view(_advance(engine, name[len(_ADVANCE[0]) : -len(_ADVANCE[1])], _body(request)))
    if name not in _ROUTES:
        known = [f"{method} {PREFIX}{path}" for path, methods in _ROUTES.items() for method in methods]
        raise ApiError(
            404, "No such control", extra={"allowed": [*known, f"POST {PREFIX}payments/{{payment_id}}/advance"]}
        )
    actions = _ROUTES[name]
    check_method(request, *actions)
    return actions["GET" if request.method == "HEAD" else request.method](engine, request)


def advance(engine: Engine, payment: Payment, state: str, text: str | None = None) -> Payment:
    """Move a payment to an allowed next state, and stop its schedule.

    Raises:
        ApiError: 409 naming the allowed states.
    """
    if state not in payment.allowed:
        names = ", ".join(payment.allowed) or "nothing, it is final"
        raise ApiError(
            409,
            f"{state} cannot follow {payment.state}; allowed: {names}",
            extra={"allowed": [state_json(name) for name in payment.allowed]},
        )
    return engine.move(engine.stop_schedule(payment), state, text)


def _advance(engine: Engine, encoded: str, body: Mapping[str, Any]) -> Payment:
    try:
        payment_id = unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError(404, "No such payment") from None
    project_id = body.get("project_id")
    projects = engine.projects if project_id is None else [project_id]
    candidates = (engine.find(str(project), payment_id) for project in projects)
    payment = next((candidate for candidate in candidates if candidate is not None), None)
    if payment is None:
        raise ApiError(404, "No such payment")
    status, sub_status, text = body.get("status"), body.get("sub_status"), body.get("status_description")
    if not isinstance(status, str) or not isinstance(sub_status, str | None) or not isinstance(text, str | None):
        allowed = [state_json(name) for name in payment.allowed]
        message = "expected status, and sub_status where there is one, as text"
        raise ApiError(422, message, extra={"allowed": allowed})
    return advance(engine, payment, f"{status}:{sub_status}" if sub_status else status, text)


def _faults(engine: Engine, _: Request) -> Json:
    return {"faults": [_fault_json(fault) for fault in engine.faults.armed], "known": dict(DESCRIPTIONS)}


def _arm(engine: Engine, request: Request) -> Json:
    body = _body(request)
    operation, name, times = body.get("operation"), body.get("fault"), body.get("times", 1)
    if not isinstance(operation, str) or not isinstance(name, str):
        raise ApiError(422, "expected operation and fault as text", extra={"allowed": list(DESCRIPTIONS)})
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= _MOST_TIMES:
        raise ApiError(422, f"times must be a whole number from 1 to {_MOST_TIMES}")
    seconds, after_commit = body.get("seconds"), body.get("after_commit")
    if seconds is not None and not _is_duration(seconds, 3600):
        raise ApiError(422, "seconds must be a number from 0 to 3600")
    if not isinstance(after_commit, bool | None):
        raise ApiError(422, "after_commit must be true or false")
    try:
        fault = engine.faults.arm(operation, name, times, seconds=seconds, after_commit=after_commit)
    except ValueError as error:
        raise ApiError(422, str(error)) from None
    return _fault_json(fault)


def _fault_json(fault: Fault) -> Json:
    return {"operation": fault.operation, "fault": fault.name, "times": fault.times}


def _disarm(engine: Engine, _: Request) -> Json:
    engine.faults.clear()
    return {"faults": []}


def _travel(engine: Engine, request: Request) -> Json:
    seconds = _body(request).get("advance_seconds")
    if not _is_duration(seconds, _LONGEST_JUMP):
        raise ApiError(422, f"advance_seconds must be a number from 0 to {_LONGEST_JUMP}: the clock only moves forward")
    engine.clock.travel(seconds)
    return {"now": int(engine.catch_up())}


def _reset(engine: Engine, _: Request) -> Json:
    engine.reset()
    return {"status": "ok"}


_Action = Callable[[Engine, Request], Json]
_ROUTES: Mapping[str, Mapping[str, _Action]] = {
    "payments": {"GET": lambda engine, _: {"payments": [view(payment) for payment in engine]}},
    "callbacks": {"GET": lambda engine, _: {"callbacks": [delivery.view() for delivery in engine.outbox]}},
    "faults": {"GET": _faults, "POST": _arm},
    "faults/clear": {"POST": _disarm},
    "clock": {"GET": lambda engine, _: {"now": int(engine.clock())}, "POST": _travel},
    "reset": {"POST": _reset},
    "health": {"GET": lambda engine, _: {"status": "ok", "now": int(engine.clock())}},
}


def _check_origin(request: Request) -> None:
    # web pages that the developer visits must not control the gateway
    if "cross-site" in request.values("sec-fetch-site"):
        raise ApiError(403, "The control API is not for other sites' pages")
    for origin in request.values("origin"):
        if not is_same_origin(origin, request.values("host")):
            raise ApiError(403, "The control API is not for other sites' pages")


def _body(request: Request) -> Mapping[str, Any]:
    if len(request.body) > _LONGEST_BODY:
        raise ApiError(413, f"The body is larger than {_LONGEST_BODY} bytes")
    try:
        body = json.loads(request.body.decode("utf-8")) if request.body.strip() else {}
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError(400, "The body is not a JSON object")
    return body


def _is_duration(value: object, limit: int) -> TypeGuard[float]:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= limit
    )
