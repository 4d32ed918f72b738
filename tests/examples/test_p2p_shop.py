"""The P2P shop in a browser: the payer sees where to pay, the shop is killed, the order is credited once."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from highhelp_mock import MockGateway
from tests.examples.conftest import EXAMPLES, free_port
from tests.inbox.conftest import postgres, postgres_server
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from tests.examples.conftest import Gateway, Programs

__all__ = ["postgres", "postgres_server"]  # fixtures

pytestmark = pytest.mark.slow


def test_the_p2p_shop(gateway: Gateway, programs: Programs, postgres: str, chromium: str) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "--log-level", "warning", "shop:app"]
    about: dict[str, Any] = {
        "ready": url,
        "cwd": EXAMPLES / "p2p_shop",
        "environ": {"SHOP_URL": url, "SHOP_DATABASE": postgres},
    }
    with sync_playwright() as playwright, httpx.Client(base_url=url, timeout=PATIENCE) as visitor:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        with programs.running(*command, **about) as shop:
            assert visitor.post("/orders", data={"amount": "1.001"}).status_code == 422
            assert visitor.get("/orders/nobody/details").status_code == 404
            page.goto(url)
            page.fill("input", "250.00")
            page.click("button")
            expect(page.locator("h1")).to_have_text(re.compile(r"^Pay 250\.00 RUB to \d{16}$"), timeout=PATIENCE * 1000)
            order = page.url.rpartition("/")[2]
            assert gateway.payment(order)["amount"] == 25000
            shop.kill()
            shop.wait()
        # paid while the shop is closed: its callbacks find nobody
        eventually(lambda: gateway.payment(order)["status"] == "success", "the payment has ended")
        with programs.running(*command, **about):
            expect(page.locator("h1")).to_have_text("The order is paid.", timeout=PATIENCE * 1000)
            for _ in range(2):
                late = MockGateway(gateway.home).signed_callback(order, "success", body=reported(gateway, order))
                assert visitor.post("/callbacks", content=late.body, headers=dict(late.headers)).status_code == 200
            gateway.travel(30)  # all that the gateway still has to say
            assert visitor.get(f"/orders/{order}/state").json() == {"state": "paid", "credits": 1}
        browser.close()


def reported(gateway: Gateway, payment_id: str) -> dict[str, object]:
    payment = gateway.payment(payment_id)
    return {"payment_info": {"amount": payment["amount"], "currency": payment["currency"], "type": "payin"}}
