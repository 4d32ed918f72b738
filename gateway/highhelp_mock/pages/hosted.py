"""The hosted payment page: what the payer sees and does, state by state.

Nothing that is typed is kept or shown again: a card number and its security code end in this module.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from highhelp_mock import payer
from highhelp_mock.answers import info_answer
from highhelp_mock.creation import methods
from highhelp_mock.messages import Refusal, Response
from highhelp_mock.pages.html import document, tag
from highhelp_mock.pages.shown import amount, clock_time, given, head
from highhelp_mock.pages.texts import language_of, method_name, say
from highhelp_mock.scenarios import OTP_CODES, SCENARIOS
from highhelp_mock.visitors import check_same_site, form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from highhelp_mock.engine import Engine
    from highhelp_mock.messages import Json, Request
    from highhelp_mock.pages.html import Child, Html
    from highhelp_mock.payments import Payment

__all__ = ["PREFIX", "answer"]

PREFIX: Final = "/pay/"
"""Hosted pages are below this; the payment's token follows."""

_CONFIRM: Final = "processing:awaiting_confirm"
_CHALLENGE: Final = "processing:awaiting_3ds_result"
_REDIRECT: Final = "processing:awaiting_redirect_result"
_WRONG_CODE: Final = "processing:invalid_verification"
_SECONDS_TO_READ: Final = 3
_DIGITS_APART: Final = re.compile(r"[ \-\N{NO-BREAK SPACE}]")
_CVV: Final = re.compile(r"[0-9]{3,4}", re.ASCII)
_BANK: Final = {"acs": _CHALLENGE, "redirect": _REDIRECT, "3ds-return": None}
"""The bank's pages, and the state in which the payer is there."""


def answer(engine: Engine, request: Request) -> Response | None:
    """The page at an address below `/pay/`, or None where there is none.

    Raises:
        Refusal: 4xx for the site's own page of errors.
    """
    token, _, part = request.path.removeprefix(PREFIX).partition("/")
    if part and part not in _BANK:
        return None
    payment = payer.opened(engine, token)
    fields = form(request) if request.method == "POST" else {}
    if part and "act" not in fields:
        return _bank(payment, part)  # also a form of the merchant's page, which leads the payer here
    if request.method == "POST":
        check_same_site(request)
        return _act(engine, payment, fields, part)
    if payment.state in (_CHALLENGE, _REDIRECT) and not _is_mobile(payment):
        return _see(payment, "acs" if payment.state == _CHALLENGE else "redirect")
    return _page(engine, payment)


def _act(engine: Engine, payment: Payment, fields: Mapping[str, str], part: str) -> Response:
    act = fields.get("act", "")
    try:
        if part:
            return _bank_act(engine, payment, part, accepted=act == "accept")
        if act == "card":
            wrong = _card(engine, payment, fields)
            if wrong:
                return _page(engine, payment, wrong)
        elif act == "choose":
            _choose(engine, payment, fields.get("method", ""))
        elif act == "code":
            payer.submit_code(engine, payment.token, fields.get("code", ""))
        else:
            _plain(act)(engine, payment.token)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        # the payment has moved on in the meantime: the page tells where to
    return _see(payment)


def _choose(engine: Engine, payment: Payment, code: str) -> None:
    if code not in [row["code"] for row in _open_methods(payment)]:
        raise Refusal(422, "No such method")
    payer.choose(engine, payment.token, code)


def _plain(act: str) -> Callable[[Engine, str], object]:
    if act not in _PLAIN:
        raise Refusal(422, "The page has no such button")
    return _PLAIN[act]


_PLAIN: Final[Mapping[str, Callable[[Engine, str], object]]] = {
    "pay": payer.pay,
    "decline": payer.decline,
    "send_code": payer.submit_code,
}


def _card(engine: Engine, payment: Payment, fields: Mapping[str, str]) -> dict[str, str]:
    """Charge the card; which fields are wrong, by their names, with what is said about them."""
    wrong: dict[str, str] = {}
    if not _CVV.fullmatch(fields.get("cvv", "").strip()):
        wrong["cvv"] = "bad_cvv"
    month, year = fields.get("month", "").strip(), fields.get("year", "").strip()
    entered = {
        "pan": _DIGITS_APART.sub("", fields.get("pan", "").strip()),
        "expiry_month": f"0{month}" if len(month) == 1 else month,
        "expiry_year": f"20{year}" if len(year) == 2 else year,
    }
    names = {"card:pan": "pan", "card:expiry_month": "month", "card:expiry_year": "year"}
    for path in payer.wrong_card(engine, **entered):
        wrong[names[path]] = f"bad_{names[path]}"
    if not wrong:
        payer.submit_card(engine, payment.token, **entered, card_holder=fields.get("holder", "").strip()[:255] or None)
    return wrong


def _bank_act(engine: Engine, payment: Payment, part: str, *, accepted: bool) -> Response:
    if part == "redirect":
        payer.finish_redirect(engine, payment.token, accepted=accepted)
    elif _is_hosted(payment):
        payer.finish_3ds(engine, payment.token, accepted=accepted)
    elif accepted:
        return _see(payment, "3ds-return")  # the merchant hands over the result, and that decides
    else:
        payer.decline(engine, payment.token)
    return _see(payment)


def _bank(payment: Payment, part: str) -> Response:
    awaited = _BANK[part]
    if awaited is None and not _is_hosted(payment) and payment.state == _CHALLENGE:
        return _result(payment)
    if payment.state != awaited or _is_mobile(payment):
        return _see(payment)
    language = language_of(payment.language)
    title = say("confirm_3ds" if part == "acs" else "confirm_redirect", language)
    buttons = [
        tag("button", say("confirm", language), name="act", value="accept", class_="main"),
        tag("button", say("reject", language), name="act", value="reject", class_="plain"),
    ]
    content = [
        tag("p", say("bank_page", language), class_="bank"),
        tag("h1", title),
        _details(payment, language),
        tag("form", buttons, method="post", action=_address(payment, part), class_="stack"),
    ]
    return _sheet(payment, title, content)


def _result(payment: Payment) -> Response:
    """The end of the issuer's page of a payment by the merchant's own form: the result goes to the merchant."""
    language = language_of(payment.language)
    result = _threeds_result(payment)
    rows = [(name, tag("code", value)) for name, value in result.items()]
    content = [tag("h1", say("result", language)), tag("p", say("result_hint", language)), _list(rows)]
    return _sheet(payment, say("result", language), content, goes_to=_with_query(payment.redirect_url, result))


def _threeds_result(payment: Payment) -> dict[str, str]:
    challenge = payment.challenge
    if challenge is not None and challenge.version == 1:
        return {"pa_res": f"pares-{challenge.creq[:32]}", "md": challenge.md}
    return {"cres": f"cres-{challenge.creq[:32] if challenge else ''}"}


def _page(engine: Engine, payment: Payment, wrong: Mapping[str, str] | None = None) -> Response:
    language = language_of(payment.language)
    if payment.final:
        return _end(payment, language)
    parts: list[Child]
    if payment.status != "processing":
        parts = [tag("h1", say("trouble", language)), _details(payment, language)]
        parts += [tag("p", say("trouble_hint", language)), _way_back(payment, language)]
    else:
        parts = [tag("h1", amount(payment.amount, payment.currency, language), class_="sum")]
        parts += [_details(payment, language, with_amount=False), *_asked(engine, payment, language, wrong or {})]
    return _sheet(payment, say("title", language), parts, status=422 if wrong else 200)


def _asked(engine: Engine, payment: Payment, language: str, wrong: Mapping[str, str]) -> list[Child]:
    """What the payer is asked for now."""
    if _is_mobile(payment) and payment.state in (_CHALLENGE, _WRONG_CODE):
        return [_code_form(payment, language), _decline_form(payment, language)]
    if payment.state != _CONFIRM:
        return [
            tag("p", tag("strong", say("waiting", language)), class_="waiting", role="status"),
            tag("p", say("waiting_hint", language), " ", tag("a", say("reload", language), href=_address(payment))),
        ]
    if payment.product == "widget" and payment.method is None:
        asked = _method_form(payment, language)
    elif _is_mobile(payment):
        asked = _mobile_form(payment, language)
    elif "card_payin" in payment.machines:
        asked = _card_form(payment, language, wrong)
    else:
        asked = _transfer(engine, payment, language)
    return [asked, _decline_form(payment, language)]


def _transfer(engine: Engine, payment: Payment, language: str) -> Html:
    details: Json = info_answer(payment, engine.base_url).get("requisites", {})
    order = ("pan", "phone", "account_number", "qr_link", "card_holder", "bank_name", "bank_code")
    rows = [(say(name, language), tag("strong", details[name])) for name in order if details.get(name)]
    return tag(
        "section",
        tag("h2", say("transfer", language)),
        tag("p", say("transfer_hint", language)),
        _list(rows),
        _form(payment, tag("button", say("paid", language), name="act", value="pay", class_="main")),
    )


def _method_form(payment: Payment, language: str) -> Html:
    codes = dict.fromkeys(str(row["code"]) for row in _open_methods(payment))
    choices = [
        tag(
            "label",
            tag("input", type="radio", name="method", value=code, required=True),
            tag("span", method_name(code, language)),
            class_="choice",
        )
        for code in codes
    ]
    return _form(
        payment,
        tag("fieldset", tag("legend", say("choose", language)), choices),
        tag("button", say("continue", language), name="act", value="choose", class_="main"),
    )


def _mobile_form(payment: Payment, language: str) -> Html:
    return tag(
        "section",
        tag("h2", say("mobile", language)),
        tag("p", say("mobile_hint", language)),
        _form(payment, tag("button", say("send_code", language), name="act", value="send_code", class_="main")),
    )


def _code_form(payment: Payment, language: str) -> Html:
    wrong = payment.state == _WRONG_CODE
    left = payer.MOST_CODES - payment.wrong_codes
    problem = say("wrong_code", language, left=left) if wrong else None
    field = _field(
        "code", say("code", language), problem, inputmode="numeric", autocomplete="one-time-code", maxlength=12,
        autofocus=True,
    )  # fmt: skip
    return tag(
        "section",
        tag("p", say("code_sent", language)),
        _form(payment, field, tag("button", say("confirm", language), name="act", value="code", class_="main")),
        _hints(say("codes", language), [(one.code, one.text) for one in OTP_CODES]),
    )


def _card_form(payment: Payment, language: str, wrong: Mapping[str, str]) -> Html:
    def field(name: str, text: str, **more: str | int | bool) -> Html:
        problem = say(wrong[name], language) if name in wrong else None
        return _field(name, say(text, language), problem, **more)

    digits = {"inputmode": "numeric"}
    return tag(
        "section",
        tag("h2", say("card", language)),
        tag("p", say("mend", language), class_="alert", role="alert") if wrong else None,
        _form(
            payment,
            field("pan", "pan", **digits, autocomplete="cc-number", maxlength=24),
            tag(
                "div",
                field("month", "month", **digits, autocomplete="cc-exp-month", maxlength=2, placeholder="07"),
                field("year", "year", **digits, autocomplete="cc-exp-year", maxlength=4, placeholder="2030"),
                field("cvv", "cvv", **digits, autocomplete="cc-csc", maxlength=4, type="password"),
                class_="row",
            ),
            field("holder", "holder", autocomplete="cc-name", maxlength=255, required=False),
            tag(
                "button",
                say("pay", language, amount=amount(payment.amount, payment.currency, language)),
                name="act",
                value="card",
                class_="main",
            ),
        ),
        _hints(say("cards", language), [(one.pan, one.text) for one in SCENARIOS if one.flow == "payin"]),
    )


def _decline_form(payment: Payment, language: str) -> Html:
    return _form(payment, tag("button", say("decline", language), name="act", value="decline", class_="plain"))


def _end(payment: Payment, language: str) -> Response:
    good = payment.status == "success"
    title = say("success" if good else "declined", language)
    content: list[Child] = [
        tag("p", "\N{CHECK MARK}" if good else "\N{MULTIPLICATION X}", class_="mark", aria_hidden="true"),
        tag("h1", title),
        # the reason is written for merchants, in English
        tag("p", payment.status_description) if payment.status_description and language == "en" else None,
        _details(payment, language),
    ]
    if payment.redirect_url is None:
        content.append(tag("p", say("close", language)))
    return _sheet(payment, title, content, kind="good" if good else "bad", goes_to=payment.redirect_url)


def _sheet(
    payment: Payment,
    title: str,
    content: Sequence[Child],
    *,
    kind: str = "",
    goes_to: str | None = None,
    status: int = 200,
) -> Response:
    language = language_of(payment.language)
    leaves: Child = None
    if goes_to is not None:
        leaves = tag("meta", http_equiv="refresh", content=f"{_SECONDS_TO_READ};url={goes_to}")
        content = [*content, tag("p", say("going", language)), _way_back(payment, language, goes_to)]
    main = tag("main", content, class_=f"sheet narrow {kind}".strip(), data_state=payment.state)
    note = tag("p", say("test", language), class_="note")
    body = tag("body", main, note, class_="pay")
    page = document(head(title, leaves, live=goes_to is None and not payment.final), body, language)
    return Response(status, (("content-type", "text/html; charset=utf-8"), ("content-language", language)), page)


def _details(payment: Payment, language: str, *, with_amount: bool = True) -> Html:
    rows: list[tuple[str, Child]] = []
    if with_amount:
        rows.append((say("title", language), tag("strong", amount(payment.amount, payment.currency, language))))
    rows.append((say("order", language), given(payment.payment_id)))
    if payment.description:
        rows.append((say("description", language), given(payment.description)))
    if payment.method is not None:
        rows.append((say("method", language), method_name(payment.method, language)))
    if payment.card is not None:
        rows.append((say("pan", language), payment.card.masked_pan))
    if payment.expires_at is not None and payment.status == "processing":
        rows.append((say("pay_until", language), [clock_time(payment.expires_at), " UTC"]))
    return _list(rows)


def _list(rows: Sequence[tuple[str, Child]]) -> Html:
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows], class_="facts")


def _field(name: str, label: str, problem: str | None = None, **more: str | int | bool) -> Html:
    attributes: dict[str, str | int | bool] = {"type": "text", "required": True, "autocomplete": "off", **more}
    said = f"{name}-problem"
    if problem:
        attributes |= {"aria_invalid": "true", "aria_describedby": said}
    return tag(
        "div",
        tag("label", label, for_=name),
        tag("input", id=name, name=name, **attributes),
        tag("p", problem, id=said, class_="problem") if problem else None,
        class_="field",
    )


def _hints(title: str, rows: list[tuple[str, str]]) -> Html:
    listed = [tag("div", tag("dt", tag("code", value)), tag("dd", text)) for value, text in rows]
    return tag("details", tag("summary", title), tag("dl", listed, class_="hints"))


def _form(payment: Payment, *children: Child) -> Html:
    return tag("form", children, method="post", action=_address(payment), class_="stack")


def _way_back(payment: Payment, language: str, url: str | None = None) -> Html | None:
    target = url or payment.redirect_url
    return None if target is None else tag("p", tag("a", say("back", language), href=target, class_="button"))


def _open_methods(payment: Payment) -> list[Mapping[str, object]]:
    return [row for row in methods() if row.get("product") == "widget" and row.get("currency") == payment.currency]


def _is_mobile(payment: Payment) -> bool:
    return payment.method is not None and "mobile_commerce" in payment.machines


def _is_hosted(payment: Payment) -> bool:
    return "hosted_page" in payment.machines


def _address(payment: Payment, part: str = "") -> str:
    return f"{PREFIX}{quote(payment.token)}" + (f"/{part}" if part else "")


def _see(payment: Payment, part: str = "") -> Response:
    return Response(303, (("location", _address(payment, part)), ("content-type", "text/html; charset=utf-8")))


def _with_query(url: str | None, values: Mapping[str, str]) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(values)]))
    return urlunsplit(parts._replace(query=query))
