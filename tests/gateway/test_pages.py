"""The pages without a browser: what they show, what they escape, whom they refuse."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

from highhelp_api import contract
from highhelp_mock import Request, Response
from highhelp_mock.pages import i18n
from highhelp_mock.pages.html import render
from highhelp_mock.simulation.scenarios import OTP_CODES, SCENARIOS, amount_of, pan_of
from highhelp_mock.simulation.state_machine import shortest_path, split_state
from tests.gateway.merchant import CARD, Merchant

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}&amp;\u202e\\"
OWN = {"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}
CHALLENGE = "processing:awaiting_3ds_result"


class Page(HTMLParser):
    """The content of a page: elements with attributes, labels, text."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(response.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def get(merchant: Merchant, path: str, **headers: str) -> Response:
    return merchant.gateway.handle(Request("GET", path, {"host": OWN["host"]} | headers))


def post(merchant: Merchant, path: str, headers: Mapping[str, str] = OWN, **fields: Any) -> Response:
    return merchant.gateway.handle(Request("POST", path, headers, urlencode(fields).encode()))


def page_of(merchant: Merchant, payment_id: str = "p-1") -> str:
    return f"/pay/{merchant.gateway.payment(payment_id).token}"


def everything(merchant: Merchant) -> list[str]:
    """The addresses of a page of each kind, with payments behind them."""
    merchant.call("create_widget_payin", merchant.widget_payin("w"))
    for name, method, currency in (
        ("transfer", "payin-p2p-sbp", "RUB"), ("card", "payin-ecom-card", "RUB"), ("phone", "payin-ecom-mobile", "KZT"),
    ):  # fmt: skip
        merchant.call("create_widget_payin", merchant.widget_payin(name, widget_method=method, currency=currency))
    merchant.call("create_p2p_payin", merchant.p2p_payin("h2h"))
    for name, code in (("acs", 21), ("bank", 24)):
        merchant.call("create_ecom_payin", merchant.ecom_payin(name, card=CARD | {"pan": pan_of(code)}))
    merchant.gateway.travel(1)
    pages = [page_of(merchant, name) for name in ("w", "transfer", "card", "phone", "h2h")]
    return ["/", *pages, f"{page_of(merchant, 'acs')}/acs", f"{page_of(merchant, 'bank')}/redirect"]


def test_every_field_has_a_label_and_every_page_fits_a_phone(merchant: Merchant) -> None:
    for path in everything(merchant):
        response = get(merchant, path)
        assert response.status == 200, path
        page = Page(response)
        labelled = {one.get("for") for one in page.all("label")}
        for name in ("input", "select"):
            for field in page.all(name):
                if field.get("type") not in ("hidden", "radio"):  # a choice stands inside its label
                    assert field.get("id") in labelled, (path, field)
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
        ids = [one["id"] for _, one in page.elements if "id" in one]
        assert len(ids) == len(set(ids)), path


def test_no_page_loads_or_runs_anything_from_elsewhere(merchant: Merchant) -> None:
    for path in everything(merchant):
        response = get(merchant, path)
        policy = response.header("content-security-policy") or ""
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert response.header("cache-control") == "no-store"
        page = Page(response)
        for tag_name, attributes in page.elements:
            assert tag_name != "style"
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            for name in ("src", "href", "action"):
                target = attributes.get(name)
                if target is not None and not (tag_name == "a" and attributes.get("class") == "button"):
                    assert target.startswith(("/", "#")), (path, target)
        for script in page.all("script"):
            assert script.get("src") == "/static/live.js"
    for name, kind in (("style.css", "text/css"), ("live.js", "text/javascript"), ("icon.svg", "image/svg")):
        served = get(merchant, f"/static/{name}")
        assert (served.header("content-type") or "").startswith(kind)
        named = re.findall(rb'[a-z]+://[^"]+|url[(]|@import', served.body)
        assert set(named) <= {b"http://www.w3.org/2000/svg"}
    assert get(merchant, "/static/../gateway.py").status == 404


def test_what_others_wrote_is_text_and_nothing_else(merchant: Merchant) -> None:
    body = merchant.widget_payin(HOSTILE, description=HOSTILE)
    body["general"] |= {"redirect_url": "https://shop.example/?a=\"><script>alert(3)</script>&b='"}
    merchant.call("create_widget_payin", body)
    body = merchant.p2p_payin(f"2{HOSTILE}", description=HOSTILE, method="<b>card</b>")
    merchant.call("create_p2p_payin", body)
    merchant.gateway.travel(1)
    merchant.gateway.advance(HOSTILE, "error", description=HOSTILE)
    for path in ("/", page_of(merchant, HOSTILE), page_of(merchant, f"2{HOSTILE}")):
        page = Page(get(merchant, path))
        assert HOSTILE in page.text
        assert not page.all("img")
        assert not page.all("b")
        assert all(one.get("src") == "/static/live.js" for one in page.all("script"))
    merchant.gateway.advance(HOSTILE, "decline", description=HOSTILE)
    page = Page(get(merchant, page_of(merchant, HOSTILE)))
    assert HOSTILE in page.text
    assert [one.get("src") for one in page.all("script")] == ["/static/live.js"]
    (refresh,) = [one for one in page.all("meta") if one.get("http-equiv") == "refresh"]
    assert refresh["content"] == f"3;url={merchant.gateway.payment(HOSTILE).redirect_url}"


def test_lone_surrogate_is_rendered() -> None:
    response = render("error", title="<x>\ud800")
    assert b"<title>&lt;x&gt;?</title>" in response.body


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "[",
        "a@b.c",
        "ai.",
        "com.:80",
    ],
)
@pytest.mark.parametrize("path", ["/", "/_mock/payments", "/static/style.css", "page"])
def test_a_foreign_name_for_this_machine_is_refused(merchant: Merchant, name: str, path: str) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin())
    address = page_of(merchant) if path == "page" else path
    answer = get(merchant, address, host=name)
    assert answer.status == 403
    assert b"p-1" not in answer.body
    assert merchant.state() == "processing:new"
    control = Request("POST", "/_mock/reset", {"host": name, "origin": f"http://{name}"})
    assert merchant.gateway.handle(control).status == 403
    assert len(merchant.gateway.payments) == 1


@pytest.mark.parametrize("name", ["localhost:8080", "127.0.0.1", "[::1]:8080", "192.168.1.5:80", "gateway:8080",
                                  "highhelp.test", "dev.localhost"])  # fmt: skip
def test_the_machines_own_names_are_taken(merchant: Merchant, name: str) -> None:
    assert get(merchant, "/", host=name).status == 200
    assert get(merchant, "/_mock/health", host=name).status == 200


FOREIGN: list[dict[str, str]] = [
    {"host": OWN["host"]},
    {"host": OWN["host"], "origin": "https://evil.example"},
    {"host": OWN["host"], "origin": "null"},
    {"host": OWN["host"], "origin": "http://127.0.0.1:8081"},
    {"host": OWN["host"], "sec-fetch-site": "cross-site"},
    {"host": OWN["host"], "sec-fetch-site": "same-site"},
    {"origin": OWN["origin"]},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_other_site_can_send_the_forms(merchant: Merchant, headers: dict[str, str]) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin())
    before = merchant.gateway.clock()
    assert post(merchant, "/dashboard/clock", headers, seconds=600).status == 403
    assert post(merchant, "/dashboard/reset", headers).status == 403
    assert post(merchant, "/dashboard/faults", headers, operation="*", fault="http_500").status == 403
    project = merchant.gateway.project_id
    fields: dict[str, Any] = {"payment_id": "p-1", "project_id": project, "state": "decline"}
    assert post(merchant, "/dashboard/advance", headers, **fields).status == 403
    assert post(merchant, page_of(merchant), headers, act="decline").status == 403
    assert merchant.gateway.clock() == before
    assert merchant.state() != "decline"
    assert merchant.call("get_balance", {"general": {"project_id": project}})


def test_the_dashboard_shows_all_there_is(merchant: Merchant) -> None:
    everything(merchant)
    merchant.call("create_p2p_payout", merchant.p2p_payout("out", amount=12345))
    merchant.gateway.fault("create_p2p_payin", "delay", 3)
    merchant.gateway.deliver(lambda _: 503)
    text = re.sub(r"[ \n]+", " ", Page(get(merchant, "/")).text)
    for scenario in SCENARIOS:
        assert scenario.text in text
        assert str(scenario.amount) in text
        assert scenario.pan in text
    for code in OTP_CODES:
        assert code.code in text
    for expected in ("transfer", "HTTP 503", "Armed", "123.45", "processing / new", "pending"):
        assert expected in text
    assert CARD["pan"] not in text
    assert merchant.project.keys.hmac_key not in text


def test_the_dashboards_forms_do_what_control_does(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin("a/b заказ"))
    before = merchant.gateway.clock()
    project = merchant.gateway.project_id
    assert post(merchant, "/dashboard/clock", seconds="0.5").status == 303
    assert merchant.gateway.clock() == before + 0.5
    fields: dict[str, Any] = {"payment_id": "a/b заказ", "project_id": project, "state": "processing:requisites"}
    assert post(merchant, "/dashboard/advance", **fields).status == 303
    assert merchant.state("a/b заказ") == "processing:requisites"
    refused = post(merchant, "/dashboard/advance", **(fields | {"state": "success"}))
    assert refused.status == 409
    assert "allowed: processing:awaiting_confirm" in Page(refused).text
    armed = post(merchant, "/dashboard/faults", operation="get_balance", fault="http_500", times=2, section="faults")
    assert (armed.status, armed.header("location")) == (303, "/#faults")
    ask = {"general": {"project_id": project}}
    assert merchant.send("get_balance", ask).status == 500
    assert post(merchant, "/dashboard/disarm").status == 303
    assert merchant.send("get_balance", ask).status == 200
    for wrong in ("-1", "<b>", "1e400", "", "NaN"):
        response = post(merchant, "/dashboard/clock", seconds=wrong)
        assert response.status == 422
        assert not Page(response).all("b")
    assert post(merchant, "/dashboard/reset").status == 303
    assert merchant.gateway.payments == ()
    assert get(merchant, "/dashboard/reset").status == 405
    assert post(merchant, "/dashboard/nothing").status == 404
    assert post(merchant, "/").status == 405


def test_a_card_number_is_neither_kept_nor_shown_again(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin(widget_method="payin-ecom-card"))
    fields: dict[str, Any] = {"act": "card", "pan": "4000 0000 0000 0003", "month": "12", "year": "2099", "cvv": "987"}
    refused = post(merchant, page_of(merchant), **fields)
    assert refused.status == 422
    assert Page(refused).all("input")[0]["aria-invalid"] == "true"
    for wrong in ({"cvv": "98"}, {"month": "13"}, {"year": "2001"}, {"pan": ""}):
        assert post(merchant, page_of(merchant), **(fields | {"pan": CARD["pan"]} | wrong)).status == 422
    assert merchant.state() == "processing:awaiting_confirm"
    assert post(merchant, page_of(merchant), **(fields | {"pan": "4000-0000-0000-0002", "year": "99"})).status == 303
    assert merchant.state() == "success"
    seen = refused.body + get(merchant, page_of(merchant)).body + get(merchant, "/").body
    seen += get(merchant, "/_mock/payments").body + repr(merchant.gateway.payments).encode()
    for secret in ("4000 0000 0000 0003", "4000000000000003", "4000000000000002", "4000-0000-0000-0002", "987"):
        assert f'"{secret}"'.encode() not in seen
        assert f">{secret}<".encode() not in seen
    assert b"400000******0002" in seen


@pytest.mark.parametrize(
    ("language", "word"), [("ru", "Оплата"), ("ru-RU", "Оплата"), ("en", "Payment"), ("de", "Pay")]
)
def test_the_page_speaks_the_customers_language(merchant: Merchant, language: str, word: str) -> None:
    body = merchant.widget_payin(widget_method="payin-p2p-card") | {"customer": {"language": language[:2]}}
    merchant.call("create_widget_payin", body)
    page = Page(get(merchant, page_of(merchant)))
    assert word in page.text
    assert page.all("html")[0]["lang"] == ("ru" if word == "Оплата" else "en")


def test_amounts_keep_to_their_currency(merchant: Merchant) -> None:
    body = merchant.p2p_payin(amount=150_000_050) | {"customer": {"language": "ru"}}
    merchant.call("create_p2p_payin", body)
    shown = Page(get(merchant, page_of(merchant))).text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "1 500 000,50\N{NO-BREAK SPACE}RUB" in shown


def test_a_transfer_is_paid_on_its_page(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(method="card-p2p"))
    page = Page(get(merchant, page_of(merchant)))
    assert merchant.state() == "processing:awaiting_confirm"
    assert merchant.info()["requisites"]["pan"] in page.text
    assert post(merchant, page_of(merchant), act="pay").status == 303
    assert merchant.state() == "processing:paid"
    assert get(merchant, page_of(merchant)).status == 200  # looking on does not stop it
    merchant.gateway.travel(1)
    assert merchant.state() == "success"
    assert post(merchant, page_of(merchant), act="decline").status == 303  # too late, and the page says so
    assert merchant.state() == "success"


@pytest.mark.parametrize(
    ("code", "state"), [(1, "decline"), (4, "error"), (11, "dispute:different_amount"), (0, "success")]
)
def test_a_scenario_decides_what_comes_of_a_paid_transfer(merchant: Merchant, code: int, state: str) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(code)))
    get(merchant, page_of(merchant))
    post(merchant, page_of(merchant), act="pay")
    merchant.gateway.travel(2)
    assert merchant.state() == state
    assert get(merchant, page_of(merchant)).status == 200


def test_the_payer_chooses_among_the_methods_that_are_open(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin())
    offered = {one["value"] for one in Page(get(merchant, page_of(merchant))).all("input")}
    assert offered == {"payin-p2p-card", "payin-p2p-sbp", "payin-1-click", "payin-p2p-international", "payin-qr-sbp",
                       "payin-p2p-mobile", "payin-p2p-card-international", "payin-ecom-card"}  # fmt: skip
    assert post(merchant, page_of(merchant), act="choose", method="payin-p2p-phone").status == 422
    assert post(merchant, page_of(merchant), act="choose").status == 422
    assert post(merchant, page_of(merchant), act="nothing").status == 422
    assert post(merchant, page_of(merchant)).status == 422
    assert post(merchant, page_of(merchant), act="choose", method="payin-p2p-sbp").status == 303
    assert merchant.gateway.payment("p-1").method == "payin-p2p-sbp"


@pytest.mark.parametrize(("version", "names"), [(21, {"cres"}), (23, {"pares", "md"})])
def test_a_merchants_own_card_form_gets_the_result_back(merchant: Merchant, version: int, names: set[str]) -> None:
    body = merchant.ecom_payin(card=CARD | {"pan": pan_of(version)})
    body["general"]["redirect_url"] = "https://shop.example/back?order=1"
    merchant.call("create_ecom_payin", body)
    merchant.gateway.travel(1)
    info = merchant.info()
    issuer = info["acs"]["acs_url"] if version == 23 else info["threeds2"]["redirect"]["url"]
    # the merchant's page sends the payer there with its own form
    opened = post(merchant, urlsplit(issuer).path, {"host": "127.0.0.1", "origin": "https://shop.example"}, creq="x")
    assert opened.status == 200
    assert merchant.state() == CHALLENGE
    accepted = post(merchant, urlsplit(issuer).path, act="accept")
    assert accepted.status == 303
    page = Page(get(merchant, accepted.header("location") or ""))
    (refresh,) = [one["content"] or "" for one in page.all("meta") if one.get("http-equiv") == "refresh"]
    query = dict(pair.split("=", 1) for pair in refresh.partition("?")[2].split("&"))
    assert set(query) == {"order", *names}
    confirm = merchant.info_general("p-1") | {name: query[name] for name in names}
    assert merchant.call("confirm_ecom_3ds", confirm)["status"] == "success"


def test_a_payer_may_reject_at_the_bank(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", merchant.ecom_payin(card=CARD | {"pan": pan_of(21)}))
    merchant.call("create_ecom_payin", merchant.ecom_payin("p-2", card=CARD | {"pan": pan_of(24)}))
    merchant.gateway.travel(1)
    assert get(merchant, page_of(merchant)).header("location") == f"{page_of(merchant)}/acs"
    assert post(merchant, f"{page_of(merchant)}/acs", act="reject").status == 303
    assert post(merchant, f"{page_of(merchant, 'p-2')}/redirect", act="reject").status == 303
    assert merchant.state() == merchant.state("p-2") == "decline"


def test_addresses_that_lead_nowhere(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin())
    merchant.call("create_p2p_payout", merchant.p2p_payout("out", amount=amount_of(100)))
    for path in ("/pay/", "/pay/0000", f"{page_of(merchant)}x", page_of(merchant, "out")):
        response = get(merchant, path)
        assert (response.status, response.header("content-type")) == (404, "text/html; charset=utf-8")
    assert merchant.gateway.payment("out").schedule, "looking took the payout out of its course"
    for path in (f"{page_of(merchant)}/nothing", "/nothing", "/favicon.ico"):
        response = get(merchant, path)
        assert (response.status, response.header("content-type")) == (404, "application/json")
    put = merchant.gateway.handle(Request("PUT", page_of(merchant), OWN))
    assert (put.status, put.header("allow")) == (405, "GET, POST, HEAD")
    big = merchant.gateway.handle(Request("POST", page_of(merchant), OWN, b"a" * (1 << 17)))
    assert big.status == 413
    assert merchant.gateway.handle(Request("POST", page_of(merchant), OWN, b"a=\xff&" * 2)).status == 400
    assert merchant.gateway.handle(Request("POST", page_of(merchant), OWN, b"&".join([b"a=1"] * 99))).status == 400


def test_every_state_of_a_page_has_a_face(merchant: Merchant) -> None:
    """In every state that control can set, the payment's page opens and shows something."""
    for product, body in (
        ("create_p2p_payin", merchant.p2p_payin),
        ("create_widget_payin", merchant.widget_payin),
        ("create_ecom_payin", merchant.ecom_payin),
    ):
        for target in sorted(contract.STATES):
            payment_id = f"{product}-{target}"
            merchant.call(product, body(payment_id, amount=amount_of(7)))
            payment = merchant.gateway.payment(payment_id)
            for state in shortest_path(payment.machines, payment.state, target) or ():
                merchant.gateway.advance(payment_id, *split_state(state))
            for part in ("", "/acs", "/redirect", "/3ds-return"):
                assert get(merchant, page_of(merchant, payment_id) + part).status in (200, 303)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


PAIRS = [
    ("text", "ground"), ("text", "sheet"), ("text", "tint"), ("soft", "ground"), ("soft", "sheet"), ("soft", "tint"),
    ("accent", "ground"), ("accent", "sheet"), ("accent", "tint"), ("on-accent", "accent"), ("good", "good-tint"),
    ("good", "sheet"), ("bad", "bad-tint"), ("bad", "sheet"), ("bad", "ground"), ("warn", "warn-tint"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_have_contrast_enough(merchant: Merchant, scheme: str) -> None:
    style = get(merchant, "/static/style.css").body.decode()
    light, dark = re.split(r"prefers-color-scheme: dark", style, maxsplit=1)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    for front, back in PAIRS:
        lighter, darker = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (front, back)
    lighter, darker = sorted((luminance(colours["edge"]), luminance(colours["sheet"])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3, "one does not see where a field is"


def test_each_language_has_every_text_with_its_values() -> None:
    english, *others = [
        {name: sorted(re.findall(r"{\w+}", text)) for name, text in i18n._load(language)["texts"].items()}
        for language in i18n.LANGUAGES
    ]
    assert all(other == english for other in others)
