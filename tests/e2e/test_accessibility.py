"""Every page of the mock gateway in a browser: axe-core finds nothing serious, and nothing is wider than the screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_mock import MockGateway
from highhelp_mock.simulation.scenarios import pan_of
from tests.gateway.merchant import CARD, Merchant
from tests.waiting import PATIENCE
from tools.docs.look import SIZES, barriers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

LANGUAGES = ("en", "ru")
NOWHERE = "https://127.0.0.1:1/thanks"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    """A merchant of a served gateway whose time stands still, so that no payment moves while it is looked at."""
    now = time.time()
    with MockGateway(clock=lambda: now).serve() as gateway:
        yield Merchant(gateway, gateway.project)


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, merchant: Merchant) -> Iterator[Page]:
    width, height = SIZES[request.param]
    made = browser.new_page(viewport={"width": width, "height": height}, base_url=merchant.gateway.base_url)
    made.set_default_timeout(PATIENCE * 1000)
    yield made
    made.close()


def widget(merchant: Merchant, name: str, language: str, method: str | None = None, **payment: Any) -> str:
    """Create a widget pay-in. Returns the address of its page."""
    chosen = {"widget_method": method} if method else {}
    body = merchant.widget_payin(name, **chosen, **payment)
    body["customer"] = {"language": language}
    merchant.call("create_widget_payin", body)
    return f"/pay/{merchant.gateway.payment(name).token}"


def card(merchant: Merchant, name: str, scenario: int, language: str) -> str:
    """Create a card pay-in that needs its payer. Returns the address of its page."""
    body = merchant.ecom_payin(name, card=CARD | {"pan": pan_of(scenario)})
    body["general"]["redirect_url"] = NOWHERE
    body["customer"] = {"language": language}
    merchant.call("create_ecom_payin", body)
    merchant.gateway.travel(1)
    return f"/pay/{merchant.gateway.payment(name).token}"


def hosted(merchant: Merchant, page: Page, language: str) -> Iterator[str]:
    """Show one page after another; gives the name of each."""
    page.goto(widget(merchant, "choice", language))
    yield "choice"
    page.goto(widget(merchant, "transfer", language, "payin-p2p-sbp", description="Two tickets, row 7"))
    yield "transfer"
    page.locator("button[value=pay]").click()
    yield "waiting"
    page.goto(widget(merchant, "mobile", language, "payin-ecom-mobile", currency="KZT"))
    yield "mobile"
    page.locator("button[value=send_code]").click()
    yield "code"
    page.locator("#code").fill("000000")
    with page.expect_navigation():  # or the reload would cut it off
        page.locator("button[value=code]").click()
    merchant.gateway.travel(5)
    page.reload()
    yield "wrong-code"
    page.goto(widget(merchant, "card", language, "payin-ecom-card"))
    yield "card"
    page.locator("summary").click()
    for name, text in (("pan", "1"), ("month", "13"), ("year", "1999"), ("cvv", "1")):
        page.locator(f"#{name}").fill(text)
    page.locator("button[value=card]").click()
    yield "card-problems"
    page.goto(card(merchant, "acs", 21, language) + "/acs")
    yield "acs"
    page.locator("button[value=accept]").click()
    yield "result"
    page.goto(card(merchant, "bank", 24, language) + "/redirect")
    yield "bank"
    for status in ("success", "decline", "error"):
        address = widget(merchant, status, language, "payin-p2p-sbp")
        merchant.gateway.advance(status, "processing", "awaiting_confirm")
        merchant.gateway.advance(status, status)
        page.goto(address)
        yield status
    body = merchant.widget_payin("going")
    body["general"]["redirect_url"] = NOWHERE
    body["customer"] = {"language": language}
    merchant.call("create_widget_payin", body)
    merchant.gateway.advance("going", "decline")
    page.clock.install()  # the page does not go on while it is looked at
    page.goto(f"/pay/{merchant.gateway.payment('going').token}")
    yield "going"


def problems(page: Page) -> list[str]:
    """Look at the page in light and, by its contrast, in dark."""
    wide = page.evaluate(WIDER)
    found = [*barriers(page), *([f"{wide} px wider than the screen"] if wide > 0 else [])]
    page.emulate_media(color_scheme="dark")
    found += [f"in the dark: {one}" for one in barriers(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_hosted_pages_have_no_barriers(merchant: Merchant, page: Page, language: str, tmp_path: Path) -> None:
    found, seen = {}, []
    for name in hosted(merchant, page, language):
        seen.append(name)
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        if wrong := problems(page):
            found[name] = wrong
    assert found == {}
    assert len(seen) == 15


def test_dashboard_and_error_page_have_no_barriers(merchant: Merchant, page: Page, tmp_path: Path) -> None:
    widget(merchant, "order-1001", "en", "payin-p2p-sbp", description="Two tickets, row 7", amount=259_900)
    widget(merchant, f"a-very-long-order-number-{'0123456789' * 6}", "en")
    merchant.gateway.fault("get_widget_payin", "http_500", times=2)
    merchant.gateway.travel(2)
    found = {}
    for name, address in {"dashboard": "/", "error": "/pay/nothing"}.items():
        page.goto(address)
        for place in ("#payments summary", "#callbacks summary", "#faults summary"):
            if page.locator(place).count():
                page.locator(place).first.click()
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        if wrong := problems(page):
            found[name] = wrong
    assert found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_card_fields_of_one_row_are_on_one_line(merchant: Merchant, browser: Browser, language: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, base_url=merchant.gateway.base_url)
    page.goto(widget(merchant, "card", language, "payin-ecom-card"))
    boxes = [page.locator(f"#{name}").bounding_box() for name in ("month", "year", "cvv")]
    assert len({box["y"] for box in boxes if box}) == 1
    page.locator("#pan").fill("1")
    for name, text in (("month", "13"), ("year", "1999"), ("cvv", "123")):
        page.locator(f"#{name}").fill(text)
    page.locator("button[value=card]").click()
    boxes = [page.locator(f"#{name}").bounding_box() for name in ("month", "year", "cvv")]
    assert len({box["y"] for box in boxes if box}) == 1  # with problems below two of them
    page.close()
