"""The dashboard: the gateway's state, and forms to control it. Each form becomes a request to the control API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from highhelp_api import contract
from highhelp_mock.api import control
from highhelp_mock.browser_security import check_same_site, read_form
from highhelp_mock.http import ApiError, Request, Response
from highhelp_mock.pages.html import render
from highhelp_mock.simulation.faults import ANY, CALLBACKS, DESCRIPTIONS
from highhelp_mock.simulation.representations import page_url
from highhelp_mock.simulation.scenarios import AMOUNTS, OTP_CODES, SCENARIOS
from highhelp_mock.simulation.state_machine import split_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from highhelp_mock.http import Json
    from highhelp_mock.simulation.engine import Engine

__all__ = ["ACTIONS", "PREFIX", "act", "show"]

PREFIX: Final = "/dashboard/"
_LISTED: Final = 50


def show(engine: Engine, problem: str | None = None, status: int = 200) -> Response:
    """Render the dashboard."""
    return render(
        "dashboard",
        title="HighHelp mock gateway",
        live=True,
        status=status,
        problem=problem,
        prefix=PREFIX,
        engine=engine,
        payments=engine.latest(_LISTED),
        deliveries=engine.outbox.latest(_LISTED),
        page_url=page_url,
        fault_places=(*contract.OPERATIONS, *contract.WEBHOOKS, CALLBACKS, ANY),
        fault_descriptions=DESCRIPTIONS,
        amounts=AMOUNTS,
        scenarios=SCENARIOS,
        codes=OTP_CODES,
    )


def act(engine: Engine, request: Request) -> Response:
    """Translate a form of the dashboard to a control request, and show the dashboard again.

    Raises:
        ApiError: 403 for a form of another site.
    """
    check_same_site(request)
    fields = read_form(request)
    name = request.path.removeprefix(PREFIX)
    try:
        path, body = ACTIONS[name](fields)
        control.handle(engine, Request("POST", f"{control.PREFIX}{path}", (), json.dumps(body).encode()))
    except ApiError as error:
        return show(engine, error.message, error.status)
    section = fields.get("section", "")
    return Response(303, (("location", f"/#{quote(section)}" if section else "/"),))


def _advance(fields: Mapping[str, str]) -> tuple[str, Json]:
    status, sub_status = split_state(fields.get("state", ""))
    payment_id = quote(fields.get("payment_id", ""), safe="")
    body = {"project_id": fields.get("project_id"), "status": status, "sub_status": sub_status}
    return f"payments/{payment_id}/advance", body


def _travel(fields: Mapping[str, str]) -> tuple[str, Json]:
    return "clock", {"advance_seconds": _number(fields.get("seconds", ""), "Seconds")}


def _arm(fields: Mapping[str, str]) -> tuple[str, Json]:
    body: Json = {"operation": fields.get("operation"), "fault": fields.get("fault")}
    body["times"] = _number(fields.get("times", "1"), "Times")
    if fields.get("seconds", "").strip():
        body["seconds"] = _number(fields["seconds"], "Seconds")
    return "faults", body


ACTIONS: Final[Mapping[str, Callable[[Mapping[str, str]], tuple[str, Json]]]] = {
    "advance": _advance,
    "clock": _travel,
    "faults": _arm,
    "disarm": lambda _: ("faults/clear", {}),
    "reset": lambda _: ("reset", {}),
}
"""Functions that convert a form's fields to the path and body of a control request."""


def _number(text: str, name: str) -> int | float:
    try:
        value = float(text)
    except ValueError:
        raise ApiError(422, f"{name}: {text[:40]!r} is not a number") from None
    return int(value) if value.is_integer() else value
