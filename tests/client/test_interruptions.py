"""An interrupted call reports that the money may have moved; a wait can be cancelled."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import httpx
import pytest

from highhelp import AsyncHighHelp, HighHelp, RsaSigner, WaitTimeout
from tests.client.listener import heard, server
from tests.client.test_money_is_safe import NEW, PAYIN, PAYOUT
from tests.waiting import PATIENCE

ABOUT: dict[str, Any] = {"project_id": "p", "environ": {}}


def test_cancelled_create_may_have_been_carried_out(signer: RsaSigner, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "highhelp")
    arrived = threading.Event()

    def silent(connection: Any) -> None:
        heard(connection)
        arrived.set()
        connection.recv(65536)

    async def run(url: str) -> BaseException:
        async with AsyncHighHelp(base_url=url, signer=signer, **ABOUT) as client:
            task = asyncio.create_task(client.p2p.create_payout(PAYOUT))
            await asyncio.to_thread(arrived.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return caught.value

    with server(silent) as url:
        error = asyncio.run(run(url))
    assert any("create_p2p_payout order-1 was under way" in note for note in error.__notes__)
    assert "create_p2p_payout payment_id=order-1 failure='interrupted by CancelledError' amount=10000" in caplog.text


@pytest.mark.parametrize(("call", "moves"), [("create_payout", True), ("get_payout", False)])
def test_ctrl_c_in_a_call(signer: RsaSigner, call: str, moves: bool) -> None:
    def interrupt(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    client = HighHelp(base_url="https://x.example", signer=signer, transport=httpx.MockTransport(interrupt), **ABOUT)
    with pytest.raises(KeyboardInterrupt) as caught:
        getattr(client.p2p, call)(PAYOUT if moves else "order-1")
    assert bool(getattr(caught.value, "__notes__", [])) is moves


def test_cancelled_tls_handshake_leaves_no_socket_open(signer: RsaSigner) -> None:
    arrived, hung_up = threading.Event(), threading.Event()

    def never_answers(connection: Any) -> None:
        connection.recv(65536)
        arrived.set()
        if connection.recv(65536) == b"":
            hung_up.set()

    async def run(url: str) -> None:
        async with AsyncHighHelp(base_url=url.replace("http:", "https:"), signer=signer, **ABOUT) as client:
            task = asyncio.create_task(client.p2p.create_payout(PAYOUT))
            await asyncio.to_thread(arrived.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(hung_up.wait, PATIENCE), "the socket stays open"

    with server(never_answers) as url:
        asyncio.run(run(url))


def test_a_wait_is_given_up_from_another_thread(signer: RsaSigner) -> None:
    cancel, asked = threading.Event(), threading.Event()

    def answer(_: httpx.Request) -> httpx.Response:
        asked.set()
        return httpx.Response(200, json=NEW)

    client = HighHelp(base_url="https://x.example", signer=signer, transport=httpx.MockTransport(answer), **ABOUT)
    ended: list[WaitTimeout] = []

    def wait() -> None:
        with pytest.raises(WaitTimeout) as caught:
            client.p2p.wait_payin("order-1", timeout=600, cancel=cancel)
        ended.append(caught.value)

    thread = threading.Thread(target=wait)
    thread.start()
    asked.wait()
    cancel.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert ended[0].cancelled
    assert ended[0].last is not None
    assert ended[0].last.status == "processing"


def test_a_wait_that_is_given_up_before_it_begins_asks_nothing(signer: RsaSigner) -> None:
    cancel = threading.Event()
    cancel.set()
    client = HighHelp(base_url="http://127.0.0.1:9", signer=signer, **ABOUT)
    with pytest.raises(WaitTimeout, match="cancelled"):
        client.p2p.wait_payin("order-1", cancel=cancel)


def test_a_wait_that_ends_by_time_is_not_cancelled(signer: RsaSigner, naps: list[float]) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json=NEW))
    client = HighHelp(base_url="https://x.example", signer=signer, transport=answer, **ABOUT)
    with pytest.raises(WaitTimeout) as caught:
        client.p2p.wait_payin("order-1", timeout=0.01)
    assert not caught.value.cancelled


def test_a_cancelled_wait_on_an_event_loop(signer: RsaSigner) -> None:
    async def run() -> None:
        answer = httpx.MockTransport(lambda _: httpx.Response(200, json=NEW))
        async with AsyncHighHelp(base_url="https://x.example", signer=signer, transport=answer, **ABOUT) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.p2p.wait_payin("order-1"), 0.2)
            assert (await client.p2p.create_payin(PAYIN)).payment_id == "order-1"

    asyncio.run(run())
