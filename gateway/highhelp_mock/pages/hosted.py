"""The hosted payment page: the payer's forms and the page of each state.

Card numbers and security codes entered here are neither stored nor shown again.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from highhelp_mock.browser_security import check_same_site, read_form
from highhelp_mock.http import ApiError, Response
from highhelp_mock.pages.html import render
from highhelp_mock.pages.i18n import choose_language, method_name, translate
from highhelp_mock.simulation import payer
from highhelp_mock.simulation.create_payment import payment_methods
from highhelp_mock.simulation.representations import info_answer
from highhelp_mock.simulation.scenarios import OTP_CODES, SCENARIOS
from highhelp_mock.simulation.state_machine import AWAITING_3DS, AWAITING_CONFIRM, AWAITING_REDIRECT, WRONG_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from highhelp_mock.http import Request
    from highhelp_mock.simulation.engine import Engine
    from highhelp_mock.simulation.payments import Payment

__all__ = ["PREFIX", "answer"]

PREFIX: Final = "/pay/"
"""Path prefix of hosted pages; the payment's token follows."""

_SEPARATORS: Final = re.compile(r"[ \-\N{NO-BREAK SPACE}]")
_NUMBER: Final = re.compile(r"[0-9]{1,4}", re.ASCII)
_CVV: Final = re.compile(r"[0-9]{3,4}", re.ASCII)
_BANK: Final = {"acs": AWAITING_3DS, "redirect": AWAITING_REDIRECT, "3ds-return": None}
"""The bank's pages, and the state in which the payer is on them."""
_TRANSFER: Final = ("pan", "phone", "account_number", "qr_link", "card_holder", "bank_name", "bank_code")
"""Order of a transfer's details."""


def answer(engine: Engine, request: Request) -> Response | None:
    """Return the page at an address below `/pay/`, or None if there is none.

    Raises:
        ApiError: 4xx for the error page.
    """
    token, _, part = request.path.removeprefix(PREFIX).partition("/")
    if part and part not in _BANK:
        return None
    payment = payer.open_page(engine, token)
    fields = read_form(request) if request.method == "POST" else {}
    if part and "act" not in fields:
        return _bank(payment, part)  # also for a form of the merchant's page, which sends the payer here
    if request.method == "POST":
        check_same_site(request)
        return _act(engine, payment, fields, part)
    if payment.state in (AWAITING_3DS, AWAITING_REDIRECT) and not _is_mobile(payment):
        return _redirect(payment, "acs" if payment.state == AWAITING_3DS else "redirect")
    return _page(engine, payment)


def _act(engine: Engine, payment: Payment, fields: Mapping[str, str], part: str) -> Response:
    act = fields.get("act", "")
    try:
        if part:
            return _bank_act(engine, payment, part, accepted=act == "accept")
        if act == "card":
            problems = _submit_card(engine, payment, fields)
            if problems:
                return _page(engine, payment, problems)
        elif act == "choose":
            _choose(engine, payment, fields.get("method", ""))
        elif act == "code":
            payer.submit_code(engine, payment.token, fields.get("code", ""))
        else:
            _simple_action(act)(engine, payment.token)
    except ApiError as error:
        if error.status != 409:
            raise
        # the payment has moved on meanwhile, as its page shows
    return _redirect(payment)


def _choose(engine: Engine, payment: Payment, code: str) -> None:
    if code not in [row["code"] for row in _open_methods(payment)]:
        raise ApiError(422, "No such method")
    payer.choose(engine, payment.token, code)


def _simple_action(act: str) -> Callable[[Engine, str], object]:
    if act not in _SIMPLE_ACTIONS:
        raise ApiError(422, "No such button")
    return _SIMPLE_ACTIONS[act]


_SIMPLE_ACTIONS: Final[Mapping[str, Callable[[Engine, str], object]]] = {
    "pay": payer.pay,
    "decline": payer.decline,
    "send_code": payer.submit_code,
}


def _submit_card(engine: Engine, payment: Payment, fields: Mapping[str, str]) -> dict[str, str]:
    """Charge the card, or return the problems by field, as names of texts."""
    problems: dict[str, str] = {}
    if not _CVV.fullmatch(fields.get("cvv", "").strip()):
        problems["cvv"] = "bad_cvv"
    pan = _SEPARATORS.sub("", fields.get("pan", "").strip())
    month, year = (_number(fields.get(name, "").strip()) for name in ("month", "year"))
    if 0 <= year < 100:
        year += 2000
    for path in payer.check_card(engine, pan=pan, month=month, year=year):
        name = path.removeprefix("card:")
        problems[name] = f"bad_{name}"
    if not problems:
        holder = fields.get("holder", "").strip()[:255] or None
        payer.submit_card(engine, payment.token, pan=pan, month=month, year=year, card_holder=holder)
    return problems


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else -1


def _bank_act(engine: Engine, payment: Payment, part: str, *, accepted: bool) -> Response:
    if part == "redirect":
        payer.finish_redirect(engine, payment.token, accepted=accepted)
    elif _is_hosted(payment):
        payer.finish_3ds(engine, payment.token, accepted=accepted)
    elif accepted:
        return _redirect(payment, "3ds-return")  # the merchant passes on the result, which decides
    else:
        payer.decline(engine, payment.token)
    return _redirect(payment)


def _bank(payment: Payment, part: str) -> Response:
    state = _BANK[part]
    if state is None and not _is_hosted(payment) and payment.state == AWAITING_3DS:
        # the merchant's form led here: the result goes to the merchant
        result = _threeds_result(payment)
        return _render("result", payment, "result", result=result, goes_to=_with_query(payment.redirect_url, result))
    if payment.state != state or _is_mobile(payment):
        return _redirect(payment)
    title = "confirm_3ds" if part == "acs" else "confirm_redirect"
    return _render("bank", payment, title, action=_path(payment, part))


def _threeds_result(payment: Payment) -> dict[str, str]:
    challenge = payment.challenge
    if challenge is not None and challenge.version == 1:
        return {"pares": f"pares-{challenge.creq[:32]}", "md": challenge.md}
    return {"cres": f"cres-{challenge.creq[:32] if challenge else ''}"}


def _page(engine: Engine, payment: Payment, problems: Mapping[str, str] | None = None) -> Response:
    if payment.final:
        good = payment.status == "success"
        title, kind = ("success", "good") if good else ("declined", "bad")
        return _render("end", payment, title, kind=kind, goes_to=payment.redirect_url)
    if payment.status != "processing":
        return _render("trouble", payment, "title")
    say = partial(translate, language=choose_language(payment.language))
    wrong_code = say("wrong_code", left=payer.MOST_CODES - payment.wrong_codes)
    requisites = info_answer(payment, engine.base_url).get("requisites", {})
    return _render(
        "pay",
        payment,
        "title",
        status=422 if problems else 200,
        step=_step(payment),
        problems=problems or {},
        code_problem=wrong_code if payment.state == WRONG_CODE else None,
        open_methods=dict.fromkeys(str(row["code"]) for row in _open_methods(payment)),
        requisites=[(name, requisites[name]) for name in _TRANSFER if requisites.get(name)],
        cards=[(scenario.pan, scenario.text) for scenario in SCENARIOS if scenario.flow == "payin"],
        codes=[(otp.code, otp.text) for otp in OTP_CODES],
    )


def _step(payment: Payment) -> str:
    """Decide what the payer has to do next."""
    if _is_mobile(payment) and payment.state in (AWAITING_3DS, WRONG_CODE):
        return "code"
    if payment.state != AWAITING_CONFIRM:
        return "waiting"
    if payment.product == "widget" and payment.method is None:
        return "method"
    if _is_mobile(payment):
        return "mobile"
    return "card" if "card_payin" in payment.machines else "transfer"


def _render(
    template: str, payment: Payment, title: str, *, kind: str = "", goes_to: str | None = None, **values: Any
) -> Response:
    language = choose_language(payment.language)
    return render(
        template,
        title=translate(title, language),
        language=language,
        live=goes_to is None and not payment.final,
        headers=(("content-language", language),),
        payment=payment,
        say=partial(translate, language=language),
        method_name=partial(method_name, language=language),
        kind=kind,
        goes_to=goes_to,
        **{"action": _path(payment)} | values,
    )


def _open_methods(payment: Payment) -> list[Mapping[str, object]]:
    return [
        row for row in payment_methods() if row.get("product") == "widget" and row.get("currency") == payment.currency
    ]


def _is_mobile(payment: Payment) -> bool:
    return payment.method is not None and "mobile_commerce" in payment.machines


def _is_hosted(payment: Payment) -> bool:
    return "hosted_page" in payment.machines


def _path(payment: Payment, part: str = "") -> str:
    return f"{PREFIX}{quote(payment.token)}" + (f"/{part}" if part else "")


def _redirect(payment: Payment, part: str = "") -> Response:
    return Response(303, (("location", _path(payment, part)), ("content-type", "text/html; charset=utf-8")))


def _with_query(url: str | None, values: Mapping[str, str]) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(values)]))
    return urlunsplit(parts._replace(query=query))
