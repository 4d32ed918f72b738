"""`highhelp mock` in a separate process, with its options."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from highhelp import HighHelp, models
from highhelp_signing import SignatureScheme
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@contextmanager
def mock(*options: str) -> Iterator[dict[str, str]]:
    """The lines that it prints, by their beginning."""
    command = [sys.executable, "-m", "highhelp.cli", "mock", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().strip() for _ in range(4)]
        yield {"url": lines[0].split()[-1], "dashboard": lines[1].split()[-1], "home": lines[2].split("=")[1]}
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        process.stdout.close()
    assert process.returncode == 0


def order(payment_id: str, amount: int = 10000) -> models.P2PPayinRequest:
    return models.P2PPayinRequest(
        general=models.General(payment_id=payment_id),
        payment=models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=amount, currency=models.Currency.RUB),
    )


def test_it_names_its_dashboard_which_shows_the_payments() -> None:
    with mock() as told, HighHelp(home=told["home"], environ={}) as client:
        client.p2p.create_payin(order("order-1"))
        assert told["dashboard"] == f"{told['url']}/"
        page = httpx.get(told["dashboard"])
        assert "order-1" in page.text
        assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_the_scheme_of_a_file_is_the_gateways(tmp_path: Path) -> None:
    scheme = SignatureScheme(digest="single", padding=True, null_text="null")
    (tmp_path / "scheme.json").write_text(scheme.to_json())
    with mock("--scheme", str(tmp_path / "scheme.json")) as told:
        with HighHelp(home=told["home"], environ={}, scheme=scheme) as client:
            assert client.p2p.create_payin(order("order-1")).status == "processing"
        with HighHelp(home=told["home"], environ={}) as other:
            answer = other.request("/api/v1/balance/info", {})
            assert answer.status == 401


def test_duplicates_may_be_conflicts(tmp_path: Path) -> None:
    for option, expected in (("stored", 200), ("conflict", 409)):
        with mock("--duplicates", option) as told, HighHelp(home=told["home"], environ={}) as client:
            body = order("order-1").to_dict()
            assert client.request("/api/v1/payment/p2p/payin", body).status == 200
            assert client.request("/api/v1/payment/p2p/payin", body).status == expected


def test_callbacks_leave_for_named_hosts_only() -> None:
    with mock("--deliver-to", "shop.invalid") as told, HighHelp(home=told["home"], environ={}) as client:
        for number, host in enumerate(("shop.invalid", "other.invalid")):
            request = order(f"order-{number}", 900_002)
            request.general.merchant_decline_callback_url = f"https://{host}/callback"
            client.p2p.create_payin(request)
        told_of = httpx.get(f"{told['url']}/_mock/callbacks").json()["callbacks"]
        assert [one["state"] for one in told_of] == ["pending", "not_delivered"]
        assert "deliver_to" in told_of[1]["reason"]
