"""Regression tests for the findings of an attack on the client."""

from __future__ import annotations

import asyncio
import decimal
import gc
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import (
    AsyncHighHelp,
    HighHelp,
    HighHelpError,
    InvalidRequest,
    Money,
    NotSent,
    OutcomeUnknown,
    RsaSigner,
    SettingsError,
    Unavailable,
    WaitTimeout,
)
from highhelp.redact import masked_text
from highhelp.settings import Source
from highhelp_signing import SignatureScheme
from tests.client.listener import FULL, HEAD, heard, say, server, silent
from tests.client.test_money_is_safe import ABSENT, CREATED, ERROR, LOST, PAYIN, PAYOUT, creates, payin, payout, replies

if TYPE_CHECKING:
    from tests.client.conftest import Both

WHOLE = HEAD + b"content-length: %d\r\n\r\n" % len(FULL) + FULL


def test_a_parse_that_returns_none_does_not_send_again(both: Both, naps: list[float]) -> None:
    result = both(replies([CREATED] * 9), lambda client: client.call("create_p2p_payout", PAYOUT, lambda _: None))
    assert result is None
    assert len(both.seen) == 1


def test_a_parse_that_raises_anything_leaves_the_outcome_open(both: Both, naps: list[float]) -> None:
    def parse(_: Any) -> Any:
        raise IndexError

    with pytest.raises(OutcomeUnknown):
        both(replies([CREATED] * 9), lambda client: client.call("create_p2p_payout", PAYOUT, parse))


def test_a_hooks_own_failed_call_is_not_taken_for_ours(signer: RsaSigner, naps: list[float]) -> None:
    taken: list[bytes] = []

    def count(connection: Any) -> None:
        taken.append(heard(connection))
        connection.sendall(WHOLE)

    def hook(_: httpx.Response) -> None:
        httpx.post("http://127.0.0.1:9/metrics")

    with server(count) as url, httpx.Client(event_hooks={"response": [hook]}) as own:
        client = HighHelp(base_url=url, project_id="p", signer=signer, http_client=own, environ={})
        with pytest.raises(OutcomeUnknown):
            client.p2p.create_payout(PAYOUT)
    assert sum(b"/payout HTTP" in request for request in taken) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"status": "success", "payment_id": "OTHER", "payment_info": {"amount": 10000, "currency": "RUB"}},
        {"status": "success", "project_id": "other"},
        {"status": "error"},
        {"status": ""},
    ],
)
def test_a_look_up_that_names_another_payment_is_not_ours(both: Both, naps: list[float], told: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        both(replies([LOST, *[httpx.Response(200, json=told)] * 9]), payout)
    assert len(creates(both)) == 1


def test_a_create_answered_for_another_payment_is_looked_up(both: Both, naps: list[float]) -> None:
    other = httpx.Response(200, json={"status": "success", "payment_id": "OTHER"})
    assert both(replies([other, CREATED]), payin).payment_id == "order-1"


def test_the_case_of_a_currency_makes_no_other_payment(both: Both, naps: list[float]) -> None:
    lower = {"status": "success", "payment_id": "order-1", "payment_info": {"amount": 10000, "currency": "rub"}}
    assert both(replies([LOST, httpx.Response(200, json=lower)]), payin).status == "success"


def test_a_client_of_the_other_kind_is_refused(signer: RsaSigner) -> None:
    about: dict[str, Any] = {"base_url": "https://gateway.example", "project_id": "p", "signer": signer, "environ": {}}
    with pytest.raises(SettingsError, match="http_client"):
        AsyncHighHelp(http_client=httpx.Client(), **about)
    with pytest.raises(SettingsError, match="http_client"):
        HighHelp(http_client=httpx.AsyncClient(), **about)


# the connections of ended loops were not closed and can no longer be; if that warning were an
# error, it would be raised before asyncio closes the socket, and would then hit a later test
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_async_client_serves_successive_event_loops(signer: RsaSigner) -> None:
    paths: list[bytes] = []

    def keep_alive(connection: Any) -> None:
        while request := heard(connection):
            paths.append(request.split()[1])
            connection.sendall(WHOLE)

    with server(keep_alive) as url:
        client = AsyncHighHelp(base_url=url, project_id="p", signer=signer, environ={})
        for _ in range(3):
            asyncio.run(client.p2p.create_payin(PAYIN))
        del client
        gc.collect()
    assert paths == [b"/api/v1/payment/p2p/payin"] * 3


class Broken:
    """A signer whose key service is unavailable."""

    algorithm = "rsa"
    public_key_der = b"der"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def sign(self, message: bytes, digest: str = "double") -> bytes:
        raise self.error


@pytest.mark.parametrize("error", [ConnectionError("kms"), TimeoutError("kms"), RuntimeError("kms")])
def test_a_signer_that_fails_means_not_sent(both: Both, error: Exception) -> None:
    with pytest.raises(NotSent):
        both(replies([CREATED]), payout, signer=Broken(error))
    assert both.seen == []


def test_a_closed_connection_pool_means_not_sent(signer: RsaSigner) -> None:
    own = httpx.Client()
    own.close()
    client = HighHelp(base_url="https://x.example", project_id="p", signer=signer, http_client=own, environ={})
    with pytest.raises(NotSent):
        client.p2p.create_payout(PAYOUT)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_tls_that_never_answers_means_not_sent(signer: RsaSigner, asynchronous: bool) -> None:
    with server(silent) as url:
        about: dict[str, Any] = {"project_id": "p", "signer": signer, "environ": {}, "timeout": 0.5, "total_timeout": 1}
        secure = url.replace("http://", "https://")

        async def run() -> None:
            async with AsyncHighHelp(base_url=secure, **about) as client:
                await client.p2p.create_payout(PAYOUT)

        def call() -> None:
            if asynchronous:
                asyncio.run(run())
                return
            with HighHelp(base_url=secure, **about) as client:
                client.p2p.create_payout(PAYOUT)

        with pytest.raises(NotSent):
            call()


def test_sending_again_is_bounded(both: Both, naps: list[float]) -> None:
    slow = httpx.Response(429, json=ERROR, headers={"retry-after": "0"})
    with pytest.raises(OutcomeUnknown):
        both(replies([LOST, *[ABSENT, ABSENT, slow] * 50]), payin)
    assert len(creates(both)) == 5


def test_nothing_is_sent_again_without_time_for_an_answer(
    both: Both, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("highhelp.calls.flow.MIN_SECONDS_TO_RESEND", 1000.0)
    with pytest.raises(OutcomeUnknown, match="reports no such payment"):
        both(replies([LOST, ABSENT, ABSENT, CREATED]), payin)
    assert len(creates(both)) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPS_PROXY", "foo://user:secret@x"), ("SSL_CERT_FILE", "/nowhere.pem"), ("NO_PROXY", "[::1")],
)
def test_a_wrong_proxy_or_certificate_setting_is_named(
    signer: RsaSigner, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    client = HighHelp(base_url="https://gateway.example", project_id="p", signer=signer, environ={}, total_timeout=0.1)
    with pytest.raises(HighHelpError) as caught:
        client.service.balance()
    if name != "NO_PROXY":
        assert name in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_log_filter_that_raises_breaks_no_call(both: Both) -> None:
    class Breaks(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise RuntimeError

    log, breaks = logging.getLogger("highhelp"), Breaks()
    before = log.level
    log.addFilter(breaks)
    log.setLevel(logging.DEBUG)
    try:
        assert both(replies([CREATED]), payin).payment_id == "order-1"
    finally:
        log.removeFilter(breaks)
        log.setLevel(before)


@pytest.mark.parametrize("seconds", [10**400, float("inf"), float("nan"), 0, -1, "x", None, True])
def test_a_wait_takes_a_number_of_seconds(both: Both, seconds: Any) -> None:
    with pytest.raises(SettingsError):
        both(replies([CREATED]), lambda client: client.p2p.wait_payin("order-1", timeout=seconds))


@pytest.mark.parametrize("general", ["x", None, 5, []])
def test_an_unchecked_request_of_any_form_is_no_crash(both: Both, general: Any, naps: list[float]) -> None:
    with pytest.raises(HighHelpError):
        both(
            replies([httpx.Response(422, json=ERROR)]),
            lambda client: client.p2p.create_payin({"general": general}),
            check_requests=False,
        )


@pytest.mark.parametrize("path", ["/a\x00b", "/a\nb", "/a b", "//host/x", "a", "/é", "/\ud800"])
def test_a_path_that_is_none_is_refused(both: Both, path: str) -> None:
    with pytest.raises(InvalidRequest):
        both(replies([CREATED]), lambda client: client.request(path, {}))


@pytest.mark.parametrize(
    "environ",
    [
        {"HIGHHELP_HOME": "~nosuchuser/x"},
        {"HIGHHELP_BASE_URL": "https://xn--a", "HIGHHELP_PROJECT_ID": "p", "HIGHHELP_HMAC_KEY": "k" * 16},
        {
            "HIGHHELP_BASE_URL": "https://x.example",
            "HIGHHELP_PROJECT_ID": "p",
            "HIGHHELP_HMAC_KEY": "k" * 16,
            "HIGHHELP_ACCESS_TOKEN": "a\nb",
        },
    ],
)
def test_odd_settings_are_settings_errors(environ: dict[str, str]) -> None:
    with pytest.raises(HighHelpError):
        HighHelp(environ=environ).service.balance(timeout=0.1)


@pytest.mark.parametrize(
    "wrong", [{"signer": b"key"}, {"signer": "text"}, {"scheme": "x"}, {"clock": 5}, {"on_retry": 5}]
)
def test_arguments_of_a_wrong_kind_are_named(signer: RsaSigner, wrong: dict[str, Any]) -> None:
    about: dict[str, Any] = {"base_url": "https://x.example", "project_id": "p", "signer": signer, "environ": {}}
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        HighHelp(**{**about, **wrong})


def test_amounts_do_not_depend_on_the_callers_decimal_context() -> None:
    with decimal.localcontext() as context:
        context.prec = 6
        money = Money("1234567.89", "RUB")
        assert money.minor == 123456789
        assert Money.from_minor(123456789, "RUB") == money
        assert (money + money - money).minor == 123456789
        assert (-money).minor == -123456789
    with pytest.raises(HighHelpError):
        Money("9" * 27, "KWD")
    assert Money("9" * 26, "KWD").minor == int("9" * 26 + "000")


@pytest.mark.parametrize(
    "text",
    ["4111.1111.1111.1111", "4111/1111/1111/1111", "4111\u00a01111\u00a01111\u00a01111"],
)
def test_card_numbers_in_any_grouping_are_masked(text: str) -> None:
    assert masked_text(text) == "***"


def test_an_echoed_field_is_masked() -> None:
    text = masked_text('bad body {"card":{"cvv": "987", "card_holder": "IVAN"}} and cvv=123')
    assert "987" not in text
    assert "IVAN" not in text
    assert "123" not in text


def test_settings_show_no_credential() -> None:
    assert "secret-key" not in repr(Source.load({"HIGHHELP_HMAC_KEY": "secret-key"}))
    assert "key-id-77" not in repr(SignatureScheme(token="key-id-77"))
    assert "public_key" in repr(SignatureScheme())


def test_an_answer_that_is_compressed_twice_is_not_unpacked(both: Both, naps: list[float]) -> None:
    def bomb(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b"x"), headers={"content-encoding": "gzip, gzip"})

    with pytest.raises(OutcomeUnknown, match="compressed more than once"):
        both(bomb, payin)
    assert both.seen[0].headers["accept-encoding"] == "identity"


def test_a_wait_keeps_its_own_time(signer: RsaSigner) -> None:
    with server(silent) as url:
        began = time.monotonic()
        with (
            HighHelp(base_url=url, project_id="p", signer=signer, environ={}) as client,
            pytest.raises(WaitTimeout),
        ):
            client.p2p.wait_payin("order-1", timeout=0.5)
        assert time.monotonic() - began < 25, "one question alone may take 30 s"


def test_twenty_threads_share_one_pool(signer: RsaSigner, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    honest = httpx.Client

    def counted(**options: Any) -> httpx.Client:
        made.append(None)
        time.sleep(0.01)
        return honest(**options)

    monkeypatch.setattr(httpx, "Client", counted)
    with server(say(WHOLE)) as url:
        client = HighHelp(base_url=url, project_id="p", signer=signer, environ={})
        threads = [threading.Thread(target=lambda: client.p2p.get_payin("order-1")) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
    assert len(made) == 1


def test_a_certificate_that_is_not_trusted_is_not_tried_again(signer: RsaSigner, naps: list[float]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", request=request)

    transport = httpx.MockTransport(refuse)
    client = HighHelp(base_url="https://x.example", project_id="p", signer=signer, environ={}, transport=transport)
    with pytest.raises(NotSent) as caught:
        client.service.balance()
    assert caught.value.attempts == 1
    assert not isinstance(caught.value, Unavailable)
