"""The dashboard: what the gateway holds, and forms that steer it. Each form does what the control API does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from highhelp_api import contract
from highhelp_mock import control
from highhelp_mock.answers import page_address
from highhelp_mock.faults import ANY, CALLBACKS, DESCRIPTIONS
from highhelp_mock.machine import split
from highhelp_mock.messages import Refusal, Request, Response
from highhelp_mock.pages.html import document, tag
from highhelp_mock.pages.shown import amount, badge, clock_time, given, head, number
from highhelp_mock.scenarios import AMOUNTS, OTP_CODES, SCENARIOS
from highhelp_mock.visitors import check_same_site, form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from highhelp_mock.engine import Engine
    from highhelp_mock.messages import Json
    from highhelp_mock.outbox import Delivery
    from highhelp_mock.pages.html import Child, Html
    from highhelp_mock.payments import Payment
    from highhelp_mock.projects import Project

__all__ = ["ACTIONS", "PREFIX", "act", "show"]

PREFIX: Final = "/dashboard/"
_SHOWN: Final = 50
_JUMPS: Final = ((1, "1 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (86400, "1 day"))


def show(engine: Engine, problem: str | None = None, status: int = 200) -> Response:
    """The dashboard."""
    sections = (
        ("payments", "Payments", _payments(engine)),
        ("callbacks", "Callbacks", _callbacks(engine)),
        ("books", "Books", _books(engine)),
        ("faults", "Faults", _faults(engine)),
        ("scenarios", "Scenarios", _scenarios()),
    )
    links = [tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in sections]
    top = tag(
        "header",
        tag("a", "Skip to the payments", href="#payments", class_="skip"),
        tag("div", tag("h1", "HighHelp mock gateway"), tag("p", tag("code", engine.base_url)), class_="name"),
        _clock(engine),
        tag("nav", tag("ul", links), aria_label="Sections"),
    )
    parts = [
        tag("section", tag("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")
        for name, title, content in sections
    ]
    alert = tag("p", problem, class_="alert", role="alert") if problem else None
    body = tag("body", top, tag("main", alert, parts), class_="board")
    page = document(head("HighHelp mock gateway", live=True), body, "en")
    return Response(status, (("content-type", "text/html; charset=utf-8"),), page)


def act(engine: Engine, request: Request) -> Response:
    """Do what a form of the dashboard asks for, and show the dashboard again.

    Raises:
        Refusal: 403 for a form of another site.
    """
    check_same_site(request)
    fields = form(request)
    name = request.path.removeprefix(PREFIX)
    try:
        path, body = ACTIONS[name](fields)
        control.handle(engine, Request("POST", f"{control.PREFIX}{path}", (), json.dumps(body).encode()))
    except Refusal as refusal:
        return show(engine, refusal.message, refusal.status)
    section = fields.get("section", "")
    return Response(303, (("location", f"/#{quote(section)}" if section else "/"),))


def _advance(fields: Mapping[str, str]) -> tuple[str, Json]:
    status, sub_status = split(fields.get("state", ""))
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


def _disarm(_: Mapping[str, str]) -> tuple[str, Json]:
    return "faults/clear", {}


def _reset(_: Mapping[str, str]) -> tuple[str, Json]:
    return "reset", {}


ACTIONS: Final[Mapping[str, Callable[[Mapping[str, str]], tuple[str, Json]]]] = {
    "advance": _advance,
    "clock": _travel,
    "faults": _arm,
    "disarm": _disarm,
    "reset": _reset,
}
"""What the dashboard's forms do: from their fields to a request of the control API."""


def _number(text: str, name: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise Refusal(422, f"{name}: {text[:40]!r} is not a number") from None


def _clock(engine: Engine) -> Html:
    jumps = [
        tag("button", f"+{text}", name="seconds", value=seconds, aria_label=f"Advance the clock by {text}")
        for seconds, text in _JUMPS
    ]
    return tag(
        "div",
        tag("p", "Gateway's clock, UTC", class_="label"),
        tag("p", clock_time(engine.clock(), day=True), id="clock", data_live=True, class_="now"),
        tag("form", jumps, method="post", action=f"{PREFIX}clock", class_="jumps"),
        tag(
            "form",
            tag("label", "Seconds", for_="seconds"),
            tag("input", id="seconds", name="seconds", inputmode="numeric", required=True, value="600", size=8),
            tag("button", "Advance", class_="main"),
            method="post",
            action=f"{PREFIX}clock",
            class_="line",
        ),
        class_="clock",
    )


def _payments(engine: Engine) -> Html:
    payments = engine.latest(_SHOWN)
    if not payments:
        return tag("div", tag("p", "None yet.", class_="empty"), id="payments-live", data_live=True)
    more = engine.count() - len(payments)
    return tag(
        "div",
        tag("ul", [tag("li", _payment(engine, payment)) for payment in payments], class_="cards"),
        tag("p", f"{_counted(more, 'older payment')} not shown.", class_="empty") if more > 0 else None,
        id="payments-live",
        data_live=True,
    )


def _payment(engine: Engine, payment: Payment) -> Html:
    name = f"p{payment.token[:12]}"
    facts: list[tuple[str, Child]] = [
        ("Operation", tag("code", payment.operation)),
        ("Method", given(payment.method) if payment.method else None),
        ("Card", payment.card.masked_pan if payment.card else None),
        ("Description", given(payment.description) if payment.description else None),
        ("Scenario", payment.scenario.name or None),
        ("Project", tag("code", given(payment.project_id))),
        ("Request id", tag("code", payment.request_id)),
        ("Expires", [clock_time(payment.expires_at), " UTC"] if payment.expires_at and not payment.final else None),
        ("Course", "runs by itself" if payment.course else None),
        ("Page", _page_link(engine, payment)),
    ]
    history = [
        tag("li", clock_time(event.at), " ", badge(event.state), _said(event.text), class_="event")
        for event in payment.history
    ]
    return tag(
        "details",
        tag(
            "summary",
            tag("span", given(payment.payment_id), class_="id"),
            tag("span", amount(payment.amount, payment.currency), class_="money"),
            badge(payment.state),
            id=f"{name}-s",
        ),
        tag(
            "div",
            tag("dl", [tag("div", tag("dt", key), tag("dd", value)) for key, value in facts if value], class_="facts"),
            tag("h3", "Timeline"),
            tag("ol", history, class_="timeline"),
            _next_states(payment, name),
            class_="inside",
        ),
        id=name,
    )


def _page_link(engine: Engine, payment: Payment) -> Html | None:
    address = page_address(payment, engine.base_url)
    # as a path, so that it stays on the address at which the dashboard was opened
    return tag("a", "Open the payer's page", href=f"/pay/{payment.token}") if address else None


def _next_states(payment: Payment, name: str) -> Html | None:
    if not payment.allowed:
        return None
    buttons = [
        tag("button", state.replace(":", " / "), name="state", value=state, id=f"{name}-{index}")
        for index, state in enumerate(payment.allowed)
    ]
    return tag(
        "form",
        tag("h3", "Advance to"),
        tag("input", type="hidden", name="project_id", value=payment.project_id),
        tag("input", type="hidden", name="payment_id", value=payment.payment_id),
        tag("div", buttons, class_="jumps"),
        method="post",
        action=f"{PREFIX}advance",
    )


def _said(text: str | None) -> Child:
    return [" ", tag("span", given(text), class_="said")] if text else None


def _callbacks(engine: Engine) -> Html:
    deliveries = engine.outbox.latest(_SHOWN)
    listed = [tag("li", _delivery(delivery)) for delivery in deliveries]
    return tag(
        "div",
        tag("ul", listed, class_="cards") if listed else tag("p", "None yet.", class_="empty"),
        id="callbacks-live",
        data_live=True,
    )


def _delivery(delivery: Delivery) -> Html:
    view = delivery.view()
    name = f"c{delivery.id}"
    tries = [
        tag(
            "li",
            clock_time(one.at),
            " ",
            tag("span", f"HTTP {one.status}" if one.status else one.error or "no answer"),
            class_="event",
        )
        for one in delivery.attempts
    ]
    waits = delivery.due_at is not None and delivery.outcome == "pending"
    facts: list[tuple[str, Child]] = [
        ("Kind", tag("code", delivery.kind)),
        ("Created", [clock_time(delivery.created_at), " UTC"]),
        ("To", given(delivery.url) if delivery.url else None),
        ("Why not", delivery.reason),
        ("Next attempt", [clock_time(delivery.due_at or 0), " UTC"] if waits else None),
    ]
    body = json.dumps(view["body"], ensure_ascii=False, indent=2)
    return tag(
        "details",
        tag(
            "summary",
            tag("span", given(delivery.payment_id), class_="id"),
            tag("span", _counted(len(delivery.attempts), "attempt"), class_="money"),
            badge(delivery.state),
            tag("span", delivery.outcome.replace("_", " "), class_=f"outcome {delivery.outcome}"),
            id=f"{name}-s",
        ),
        tag(
            "div",
            tag("dl", [tag("div", tag("dt", key), tag("dd", value)) for key, value in facts if value], class_="facts"),
            [tag("h3", "Attempts"), tag("ol", tries, class_="timeline")] if tries else None,
            tag("h3", "Body, sensitive fields hidden"),
            tag("pre", body, tabindex=0, id=f"{name}-b"),
            class_="inside",
        ),
        id=name,
    )


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _books(engine: Engine) -> Html:
    return tag(
        "div", [_book(project) for project in engine.projects.values()], id="books-live", data_live=True, class_="books"
    )


def _book(project: Project) -> Html:
    rows = [
        (currency, number(account.available, currency), number(account.locked, currency))
        for currency, account in project.books.accounts.items()
    ]
    return _table(["Currency", "Available", "Locked"], rows, caption=["Project ", tag("code", project.project_id)])


def _faults(engine: Engine) -> Html:
    armed = [
        (fault.operation, fault.name, f"{fault.times}", f"{fault.seconds:g} s" if fault.seconds else "")
        for fault in engine.faults.armed
    ]
    now = (
        [
            _table(["Armed for", "Fault", "Times left", "Seconds"], armed, caption="Armed", wide=True),
            tag("form", tag("button", "Disarm all", id="disarm"), _section("faults"), method="post",
                action=f"{PREFIX}disarm"),
        ]
        if armed
        else tag("p", "None armed.", class_="empty")
    )  # fmt: skip
    places = (*contract.OPERATIONS, *contract.WEBHOOKS, CALLBACKS, ANY)
    return tag(
        "div",
        tag("div", now, id="faults-live", data_live=True),
        tag(
            "form",
            _choice("operation", "For", [(name, "all" if name == ANY else name) for name in places]),
            _choice("fault", "Fault", [(name, name) for name in DESCRIPTIONS]),
            _small("times", "Times", value="1", required=True),
            _small("fault-seconds", "Seconds (delay, slow_body)", name="seconds"),
            _section("faults"),
            tag("button", "Arm", class_="main"),
            method="post",
            action=f"{PREFIX}faults",
            class_="grid",
        ),
        tag(
            "details",
            tag("summary", "What each fault does"),
            tag(
                "dl",
                [tag("div", tag("dt", tag("code", name)), tag("dd", text)) for name, text in DESCRIPTIONS.items()],
                class_="hints",
            ),
        ),
        tag(
            "form",
            tag("button", "Reset the gateway", class_="plain"),
            tag("p", "Forgets payments, callbacks and faults; opening balances and real time again.", class_="hint"),
            method="post",
            action=f"{PREFIX}reset",
            class_="reset",
        ),
    )


def _section(name: str) -> Html:
    return tag("input", type="hidden", name="section", value=name)


def _choice(name: str, label: str, options: list[tuple[str, str]]) -> Html:
    listed = [tag("option", text, value=value) for value, text in options]
    return tag("div", tag("label", label, for_=name), tag("select", listed, id=name, name=name), class_="field")


def _small(identifier: str, label: str, *, name: str | None = None, **more: str | bool) -> Html:
    field = tag("input", id=identifier, name=name or identifier, inputmode="decimal", autocomplete="off", **more)
    return tag("div", tag("label", label, for_=identifier), field, class_="field")


def _scenarios() -> Html:
    rows: Sequence[tuple[Child, ...]] = [
        (
            one.flow,
            tag("strong", one.name),
            tag("code", one.amount),
            tag("code", one.phone),
            tag("code", one.pan),
            one.text,
        )
        for one in SCENARIOS
    ]
    codes: list[tuple[Child, ...]] = [(tag("code", one.code), one.text) for one in OTP_CODES]
    first, last = AMOUNTS.start, AMOUNTS.stop - 1
    return tag(
        "div",
        tag(
            "p",
            "A test card number, phone number or amount chooses what a payment does, in this order. Amounts are in "
            f"minor units and count from {first} to {last} only; every other payment runs its ordinary course.",
        ),
        _table(
            ["Flow", "Scenario", "Amount", "Phone", "Card", "What happens"], rows, caption="Magic values", wide=True
        ),
        _table(["Code", "What happens"], codes, caption="One-time codes; every other one is wrong"),
    )


def _table(titles: list[str], rows: Sequence[tuple[Child, ...]], *, caption: Child, wide: bool = False) -> Html:
    return tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", [tag("th", title, scope="col") for title in titles])),
        tag(
            "tbody",
            [
                tag("tr", [tag("td", cell, data_label=title) for title, cell in zip(titles, row, strict=True)])
                for row in rows
            ],
        ),
        class_="wide" if wide else None,
    )
