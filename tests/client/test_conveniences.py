"""One import and one line: callbacks verified, callback URLs filled in, options, responses, the log on the terminal."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import highhelp
from highhelp import (
    ApiResponse,
    AsyncHighHelp,
    CallbackRejected,
    HighHelp,
    Money,
    Rejected,
    SettingsError,
    SignatureScheme,
    models,
)
from highhelp.calls import prepare
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from pathlib import Path

    from highhelp import RsaSigner
    from tests.client.conftest import Both

URL = "https://shop.example/callbacks"
URLS = ("merchant_callback_url", "merchant_success_callback_url", "merchant_decline_callback_url")
ORDER: dict[str, Any] = {"payment_id": "o", "amount": Money("100.00", "RUB"), "method": "card-p2p"}


def accept(request: httpx.Request) -> httpx.Response:
    payment_id = json.loads(request.content)["general"]["payment_id"]
    return httpx.Response(200, json={"status": "processing", "payment_id": payment_id}, headers={"x-trace": "t-1"})


def sent(both: Both) -> Any:
    return json.loads(both.seen[-1].content)["general"]


@pytest.mark.parametrize("settings", [{"callback_url": URL}, {"environ": {"HIGHHELP_CALLBACK_URL": URL}}])
def test_a_callback_url_of_the_client_fills_all_three(both: Both, settings: dict[str, Any]) -> None:
    both(accept, lambda client: client.p2p.create_payin(**ORDER), **settings)
    assert [sent(both)[name] for name in URLS] == [URL] * 3


def test_a_callback_url_of_a_request_is_kept(both: Both) -> None:
    own = {"merchant_success_callback_url": "https://shop.example/paid"}
    both(accept, lambda client: client.p2p.create_payin(**ORDER, **own), callback_url=URL)
    assert [sent(both)[name] for name in URLS] == [URL, "https://shop.example/paid", URL]


def test_questions_get_no_callback_url(both: Both) -> None:
    both(accept, lambda client: client.p2p.get_payin("o"), callback_url=URL)
    assert set(sent(both)) == {"project_id", "payment_id"}


def test_no_callback_url_is_invented(both: Both) -> None:
    both(accept, lambda client: client.p2p.create_payin(**ORDER))
    assert set(sent(both)) == {"project_id", "payment_id"}


@pytest.mark.parametrize("url", ["", "shop.example", "ftp://shop.example", "https://", "https://a b", 5])
def test_a_callback_url_that_is_none_is_refused(both: Both, url: Any) -> None:
    with pytest.raises(SettingsError, match="callback_url"):
        both(accept, lambda client: client.p2p.create_payin(**ORDER), callback_url=url)


def test_options_make_another_client_over_the_same_connections(both: Both) -> None:
    seen = []

    def call(client: Any) -> Any:
        other = client.with_options(timeout=5, total_timeout=7, callback_url=URL)
        seen.extend([client, other])
        return other.p2p.create_payin(**ORDER)

    both(accept, call)
    client, other = seen
    assert sent(both)["merchant_callback_url"] == URL
    assert (other._executor.policy.attempt, other._executor.policy.total) == (5, 7)
    assert (client._executor.policy.attempt, client.settings.callback_url) == (30, None)
    assert other._executor.pools is client._executor.pools
    assert type(other) is type(client)


@pytest.mark.parametrize("options", [{"timeout": 0}, {"total_timeout": -1}, {"callback_url": "shop"}])
def test_wrong_options_are_named(both: Both, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        both(accept, lambda client: client.with_options(**options))


def test_a_raw_response_comes_with_the_typed_answer(both: Both) -> None:
    answer = both(accept, lambda client: client.p2p.with_raw_response.create_payin(**ORDER))
    assert isinstance(answer, ApiResponse)
    assert (answer.status, answer.headers["x-trace"]) == (200, "t-1")
    assert json.loads(answer.content)["payment_id"] == "o"
    assert isinstance(answer.parsed, models.PaymentState)
    assert "processing" not in repr(answer)


def test_a_raw_response_is_the_last_one_of_its_call(both: Both) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/info"):
            raise httpx.ReadTimeout("late", request=request)
        return accept(request)

    answer = both(lost, lambda client: client.p2p.with_raw_response.create_payin(**ORDER))
    assert (answer.headers["x-trace"], answer.parsed.payment_id, len(both.seen)) == ("t-1", "o", 2)


def test_errors_are_the_same_with_raw_responses(both: Both) -> None:
    with pytest.raises(Rejected):
        both(
            lambda _: httpx.Response(422, json={"status": "error"}),
            lambda client: client.service.with_raw_response.balance(),
        )


@pytest.fixture
def gateway(tmp_path: Path) -> MockGateway:
    return MockGateway(tmp_path / "home")


@pytest.mark.parametrize("kind", [HighHelp, AsyncHighHelp])
def test_a_client_verifies_callbacks_of_its_project(gateway: MockGateway, tmp_path: Path, kind: Any) -> None:
    client = kind(home=tmp_path / "home", environ={}, clock=gateway.clock)
    sent = gateway.signed_callback("order-1", "success")
    verified = client.callbacks.verify(sent.body, sent.headers)
    assert isinstance(verified.callback, models.PaymentCallback)
    assert verified.callback.status.status is models.Status.SUCCESS
    assert verified.callback.requisites is None
    with pytest.raises(CallbackRejected):
        client.callbacks.verify(sent.body.replace(b"success", b"decline"), sent.headers)
    assert client.callbacks is client.callbacks


def test_a_form_given_to_the_client_is_the_only_one_that_counts(gateway: MockGateway, tmp_path: Path) -> None:
    about: dict[str, Any] = {"home": tmp_path / "home", "environ": {}, "clock": gateway.clock}
    sent = gateway.signed_callback("order-1", "success")
    with pytest.raises(CallbackRejected):
        HighHelp(scheme=SignatureScheme(digest="single"), **about).callbacks.verify(sent.body, sent.headers)
    assert HighHelp(**about).callbacks.verify(sent.body, sent.headers).payment_id == "order-1"


def test_without_a_key_the_missing_setting_is_named(both: Both) -> None:
    with pytest.raises(SettingsError, match="HIGHHELP_CALLBACK_PUBLIC_KEY"):
        both(accept, lambda client: client.callbacks)


CARD: models.CardFields = {"pan": "4000009000000201", "month": 12, "year": 2099, "cvv": "123"}


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ({}, "names no callback URL"),
        ({"merchant_callback_url": "http://127.0.0.1:8000/callbacks"}, "that the gateway cannot reach"),
        ({"merchant_callback_url": URL}, None),
    ],
)
def test_a_card_payin_without_a_reachable_url_warns_once(
    both: Both, caplog: pytest.LogCaptureFixture, urls: dict[str, str], words: str | None
) -> None:
    prepare._warn_once.cache_clear()
    for _ in range(2):
        both(accept, lambda client: client.ecom.create_payin(**{**ORDER, "method": "card-ecom"}, card=CARD, **urls))
    both(accept, lambda client: client.p2p.create_payin(**ORDER))
    warned = [record.getMessage() for record in caplog.records if "card pay-in" in record.getMessage()]
    assert len(warned) == (words is not None)
    assert words is None or (words in warned[0] and "3-D Secure" in warned[0])


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "highhelp", "--help"], capture_output=True, text=True, check=True)
    assert "Usage: highhelp" in done.stdout


def test_one_package_holds_every_name_of_a_merchant() -> None:
    import highhelp_signing

    names = {"SignatureScheme", "normalize", "signing_message", "Signer", "RsaSigner", "HmacSigner", "SignatureAuth",
             "KeyRing", "CallbackVerifier", "VerifiedCallback", "CallbackRejected", "explain"}  # fmt: skip
    assert names <= set(highhelp.__all__)
    assert all(getattr(highhelp, name) is getattr(highhelp_signing, name) for name in names)
    assert {"PayoutBusy", "PayoutConflict", "PayoutUnsettled", "InboxRefusal", "asgi_receiver"} <= set(highhelp.__all__)


@pytest.mark.parametrize(("level", "shown"), [("debug", True), ("INFO", True), ("error", False), ("loud", True)])
def test_a_variable_brings_the_log_to_the_terminal(level: str, shown: bool) -> None:
    program = """
import logging
from highhelp.telemetry.observer import LOG
LOG.info("a line")
assert not logging.getLogger().handlers
"""
    environ = {**os.environ, "HIGHHELP_LOG": level}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert ("INFO a line" in done.stderr) is (shown and level != "loud")
    assert ("HIGHHELP_LOG must be debug" in done.stderr) is (level == "loud")


def test_time_limit_of_a_raw_request_reaches_the_transport(both: Both) -> None:
    body = {"general": {"payment_id": "o"}}
    both(accept, lambda client: client.request("/api/v1/other", body, timeout=3))
    assert both.seen[0].extensions["timeout"] == {"connect": 3, "read": 3, "write": 3, "pool": 3}


class Closable(httpx.MockTransport):
    """A transport that knows whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def test_end_of_the_client_closes_its_transport(signer: RsaSigner) -> None:
    about: dict[str, Any] = {"base_url": "https://gateway.example", "project_id": "p", "signer": signer, "environ": {}}
    given = Closable(accept), Closable(accept)
    with HighHelp(transport=given[0], **about) as client:
        client.p2p.create_payin(**ORDER)
        assert not given[0].closed

    async def run() -> None:
        async with AsyncHighHelp(transport=given[1], **about) as client:
            await client.p2p.create_payin(**ORDER)
            assert not given[1].closed

    asyncio.run(run())
    assert [one.closed for one in given] == [True, True]
