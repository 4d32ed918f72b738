"""The pages in a real browser: a payer pays, a developer looks on. Screenshots go to build/screenshots."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from highhelp_mock import MockGateway
from highhelp_mock.simulation.scenarios import amount_of, pan_of
from highhelp_signing import SignatureAuth
from tests.gateway.merchant import Merchant
from tests.gateway.receiver import Receiver
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
SIZES = {"phone": {"width": 360, "height": 800}, "desktop": {"width": 1280, "height": 900}}
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>'\u202e"


@pytest.fixture
def page(browser: Browser, served: MockGateway) -> Iterator[Page]:
    # depends on the gateway, so that it is closed first: a dashboard would poll a closed gateway
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    yield made
    context.close()
    assert [one for one in wrong if "422" not in one and "404" not in one] == []


@pytest.fixture
def served() -> Iterator[MockGateway]:
    with MockGateway().serve() as gateway:
        yield gateway


@pytest.fixture
def receiver(served: MockGateway) -> Iterator[Receiver]:
    """The merchant's receiver of callbacks: takes what verifies and nothing else."""
    made = Receiver()
    made.verify = served.verifier().verify
    with made.running():
        yield made


@pytest.fixture
def shop() -> Iterator[str]:
    """The merchant's page to which payers come back."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = b"<!doctype html><title>Shop</title><link rel=icon href=data:,><h1>Thank you</h1>"
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/thanks?order=1"
    server.shutdown()
    thread.join()
    server.server_close()


class Shop:
    """Create payments over HTTP like a merchant, and return the page's address."""

    def __init__(self, gateway: MockGateway, receiver: Receiver, redirect_url: str) -> None:
        self.gateway, self.receiver, self.redirect_url = gateway, receiver, redirect_url
        self.merchant = Merchant(gateway, gateway.project)

    def payin(
        self, method: str | None = None, payment_id: str = "order-1", *, language: str = "en", **payment: Any
    ) -> str:
        chosen = {} if method is None else {"widget_method": method}
        body = self.merchant.widget_payin(payment_id, **chosen, **payment)
        body["general"] |= {key: self.receiver.url for key in body["general"] if key.endswith("_callback_url")}
        body["general"] |= {"redirect_url": self.redirect_url}
        body["customer"] = {"language": language}
        auth = SignatureAuth(self.gateway.project_id, self.gateway.signer, origin=self.gateway.base_url)
        answer = httpx.post(f"{self.gateway.base_url}/api/v1/widget/payin", json=body, auth=auth)
        assert answer.status_code == 200, answer.text
        url: str = answer.json()["integration"]["form_url"]
        return url

    def told(self, status: str) -> None:
        """The verified callback has arrived."""
        eventually(lambda: [one for one in self.receiver.bodies if one["status"]["status"] == status])


@pytest.fixture
def orders(served: MockGateway, receiver: Receiver, shop: str) -> Shop:
    return Shop(served, receiver, shop)


def look(page: Page, name: str) -> None:
    """Take the screenshots, and see that nothing is wider than the screen."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size, viewport in SIZES.items():
        for scheme in ("light", "dark"):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a TypedDict of the same form
            page.emulate_media(color_scheme=scheme)
            page.evaluate("scrollTo(0, 0)")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} is {wide} px wider than {size}"
            page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png", full_page=name != "dashboard")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def test_a_payer_pays_and_is_led_back(page: Page, orders: Shop) -> None:
    page.goto(orders.payin("payin-p2p-sbp", description="Two tickets, row 7"))
    expect(page.get_by_text("Two tickets, row 7")).to_be_visible()
    look(page, "transfer")
    page.get_by_role("button", name="I have paid").click()
    expect(page.get_by_text("Checking the payment")).to_be_visible()
    orders.told("success")
    expect(page.get_by_role("heading", name="Payment received")).to_be_visible()  # by itself
    page.wait_for_url(orders.redirect_url)
    assert orders.gateway.payment("order-1").state == "success"
    paid = [one["status"]["sub_status"] for one in orders.receiver.bodies]
    assert paid[-2:] == ["paid", None]


def test_a_payer_declines_in_russian(page: Page, orders: Shop) -> None:
    page.goto(orders.payin("payin-p2p-sbp", language="ru", amount=1_234_567))
    assert page.locator("html").get_attribute("lang") == "ru"
    expect(page.get_by_text("12\u202f345,67")).to_be_visible()
    look(page, "transfer-ru")
    page.get_by_role("button", name="Отменить оплату").click()
    expect(page.get_by_role("heading", name="Оплата отклонена")).to_be_visible()
    look(page, "declined-ru")
    page.wait_for_url(orders.redirect_url)
    orders.told("decline")


def test_a_card_with_3d_secure_and_a_choice_before_it(page: Page, orders: Shop) -> None:
    page.goto(orders.payin())
    look(page, "choice")
    page.get_by_label("Card payment").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Card number").fill("4000 0000 0000 0003")
    page.get_by_label("Month").fill("12")
    page.get_by_label("Year").fill("2099")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay 100.00").click()
    expect(page.get_by_text("Check the card number")).to_be_visible()
    assert page.get_by_label("Card number").input_value() == ""
    assert page.get_by_label("Security code").input_value() == ""
    look(page, "card")
    page.get_by_label("Card number").fill(pan_of(21))
    page.get_by_label("Month").fill("12")
    page.get_by_label("Year").fill("2099")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay 100.00").click()
    page.wait_for_url("**/acs")
    assert pan_of(21) not in page.content()
    look(page, "3ds")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Payment received")).to_be_visible()
    orders.told("success")


def test_three_wrong_codes_decline(page: Page, orders: Shop) -> None:
    page.goto(orders.payin("payin-ecom-mobile", currency="KZT"))
    page.get_by_role("button", name="Send the code").click()
    for left in (2, 1, None):
        page.get_by_label("One-time code").fill("000000")
        page.get_by_role("button", name="Confirm").click()
        if left:
            expect(page.get_by_text(f"Tries left: {left}")).to_be_visible()
            look(page, "code")
    expect(page.get_by_role("heading", name="Payment declined")).to_be_visible()
    orders.told("decline")
    states = [event.state for event in orders.gateway.payment("order-1").history]
    assert states.count("processing:invalid_verification") == 2


def test_a_whole_payment_by_keyboard(page: Page, orders: Shop) -> None:
    page.goto(orders.payin())
    reach(page, "input[type=radio]")
    while page.evaluate("document.activeElement.value") != "payin-ecom-card":
        page.keyboard.press("ArrowDown")
    press(page, "button[value=choose]")
    page.wait_for_selector("#pan")
    for name, text in (("pan", pan_of(20)), ("month", "12"), ("year", "2099"), ("cvv", "123")):
        reach(page, f"#{name}")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"one does not see that {name} has the focus"
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Payment received")).to_be_visible()
    orders.told("success")


def test_the_dashboard_by_keyboard(page: Page, served: MockGateway, orders: Shop) -> None:
    orders.payin()
    page.goto(served.base_url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the payments"
    page.keyboard.press("Enter")
    press(page, "#payments summary")
    press(page, "button[value=decline]")
    expect(page.locator("#payments summary .badge")).to_have_text("decline")
    assert served.payment("order-1").state == "decline"


def reach(page: Page, selector: str) -> None:
    """Go there with the Tab key."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by keyboard")


def press(page: Page, selector: str) -> None:
    reach(page, selector)
    page.keyboard.press("Enter")


def test_the_dashboard_shows_what_happens_while_it_is_open(page: Page, served: MockGateway, orders: Shop) -> None:
    page.goto(served.base_url)
    expect(page.get_by_text("None yet.").first).to_be_visible()
    orders.payin("payin-p2p-sbp", HOSTILE, description=HOSTILE)
    item = page.locator("#payments details")
    expect(item.locator(".id")).to_have_text(HOSTILE)  # by itself, and as text
    item.locator("summary").click()
    served.advance(HOSTILE, "error", description=HOSTILE)
    expect(item.locator("summary .badge")).to_have_text("error")
    expect(item.locator(".timeline .said")).to_have_text(HOSTILE)  # it stayed open
    assert page.evaluate("document.activeElement.matches('#payments summary')"), "the focus was lost"
    expect(page.locator("#callbacks").get_by_text("delivered").first).to_be_visible()
    assert page.title() == "HighHelp mock gateway"
    assert page.locator("main img, main script").count() == 0


def test_the_dashboard_steers_the_gateway(page: Page, served: MockGateway, orders: Shop) -> None:
    orders.payin("payin-p2p-sbp", "order-1001", description="Two tickets, row 7", amount=259_900)
    orders.payin("payin-ecom-card", "заказ №7", amount=4_500_000)
    orders.payin("payin-p2p-sbp", f"a-very-long-order-number-{'0123456789' * 6}")
    page.goto(served.base_url)
    before = served.clock()
    page.get_by_label("Seconds", exact=True).fill("60")
    page.get_by_role("button", name="Advance", exact=True).click()
    eventually(lambda: served.clock() - before >= 60)
    page.get_by_label("For").select_option("get_widget_payin")
    page.get_by_label("Fault", exact=True).select_option("http_500")
    page.get_by_label("Times").fill("2")
    page.get_by_role("button", name="Arm", exact=True).click()
    expect(page.locator("#faults table")).to_contain_text("get_widget_payin")
    assert httpx.get(f"{served.base_url}/_mock/faults").json()["faults"][0]["times"] == 2
    page.get_by_label("Times").fill("-1")
    page.get_by_role("button", name="Arm", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("times must be a whole number")
    page.goto(served.base_url)
    page.locator("#payments summary").last.click()
    page.locator("#callbacks summary").first.click()
    look(page, "dashboard")
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a TypedDict of the same form
        page.screenshot(path=SCREENSHOTS / f"dashboard-{size}-whole.png", full_page=True)
    page.get_by_role("button", name="Reset the gateway").click()
    expect(page.get_by_text("None yet.").first).to_be_visible()


def test_without_javascript_everything_still_works(browser: Browser, served: MockGateway, orders: Shop) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(orders.payin("payin-p2p-sbp", amount=amount_of(14)))  # no end for ten seconds
    page.get_by_role("button", name="I have paid").click()
    page.get_by_role("link", name="Reload").wait_for()
    served.travel(10)
    orders.told("success")
    page.get_by_role("link", name="Reload").click()
    assert page.get_by_role("heading", name="Payment received").is_visible()
    page.goto(served.base_url)
    page.locator("#payments summary").click()
    assert page.get_by_role("heading", name="Timeline").is_visible()
    page.get_by_role("button", name="Advance the clock by 1 day").click()
    assert served.clock() - time.time() > 86000
    context.close()


def test_another_sites_page_can_do_nothing(browser: Browser, served: MockGateway, orders: Shop) -> None:
    """A foreign page open next to the dashboard cannot post forms or read answers."""
    orders.payin("payin-p2p-sbp")
    page = browser.new_page()
    page.goto(orders.redirect_url)  # another origin: another port
    forms = {"dashboard/reset": {}, "dashboard/clock": {"seconds": "600"}, "_mock/reset": {}}
    for path, fields in forms.items():
        page.evaluate(
            """([url, fields]) => fetch(url, {method: "POST", mode: "no-cors", body: new URLSearchParams(fields)})
            .then(() => "sent", () => "refused")""",
            [f"{served.base_url}/{path}", fields],
        )
    read = page.evaluate("url => fetch(url).then(() => 'read', () => 'refused')", f"{served.base_url}/_mock/payments")
    assert read == "refused"
    assert len(served.payments) == 1
    assert served.clock() - time.time() < 60
    page.close()


def test_nothing_typed_is_left_anywhere(page: Page, served: MockGateway, orders: Shop) -> None:
    page.goto(orders.payin("payin-ecom-card"))
    page.get_by_label("Card number").fill(pan_of(20))
    page.get_by_label("Month").fill("12")
    page.get_by_label("Year").fill("99")
    page.get_by_label("Security code").fill("471")
    page.get_by_role("button", name="Pay 100.00").click()
    expect(page.get_by_role("heading", name="Payment received")).to_be_visible()
    masked = f"{pan_of(20)[:6]}******{pan_of(20)[-4:]}"
    assert masked in page.content()
    assert pan_of(20) not in page.content()
    known = json.dumps([httpx.get(f"{served.base_url}/_mock/{one}").json() for one in ("payments", "callbacks")])
    assert pan_of(20) not in known
    assert '"471"' not in known
