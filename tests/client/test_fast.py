"""`transport="fast"`, pyreqwest's transport for httpx: over real sockets, each failure states what is known."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pyreqwest import exceptions

from highhelp import AsyncHighHelp, HighHelp, HmacSigner, NotSent, OutcomeUnknown, RawResponse, RsaSigner, SettingsError
from tests.client.listener import FULL, HEAD, drip, hang_up, heard, say, server, silent
from tests.client.tls import authority, secure_server
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]

PATH = "/api/v1/payout/p2p"
SECRET = "hmac-key-that-nobody-sees"
HUGE = 9 * 1024 * 1024


def whole(body: bytes = FULL, more: bytes = b"") -> bytes:
    return HEAD + more + b"content-length: %d\r\n\r\n" % len(body) + body


def ask(client: Any) -> Any:
    return client.request(PATH, {"card": 4000000000000002})


def reset(connection: socket.socket, said: bytes = b"") -> None:
    heard(connection)
    if said:
        connection.sendall(said)
        time.sleep(0.1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stall(connection: socket.socket) -> None:
    # more than pyreqwest reads ahead: the start of the body has been delivered when it stops
    say(HEAD + b"content-length: 900000\r\n\r\n" + b" " * 200000)(connection)
    connection.recv(65536)


def many(connection: socket.socket) -> None:
    say(HEAD + b"transfer-encoding: chunked\r\n\r\n")(connection)
    for _ in range(HUGE // 0x20000):
        connection.sendall(b"20000\r\n" + b" " * 0x20000 + b"\r\n")


LOST = {
    "hangs up": (hang_up, "ReadError"),
    "resets": (reset, "ReadError"),
    "resets in mid-body": (lambda connection: reset(connection, HEAD + b"content-length: 900\r\n\r\n{"), "ReadError"),
    "cuts the body": (say(HEAD + b"content-length: 900\r\n\r\n{"), "DecodingError"),
    "cuts a chunk": (say(HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{"), "DecodingError"),
    "is silent": (silent, "ReadTimeout|not complete in time"),
    "drips": (drip(whole()), "ReadTimeout|not complete in time"),
    "stalls in a long body": (stall, "ReadTimeout|not complete in time"),
    "speaks another protocol": (say(b"220 smtp.example\r\n"), "DecodingError"),
    "announces too much": (say(whole(b" " * HUGE)), "larger than 8388608 bytes"),
    "sends too much": (many, "larger than 8388608 bytes"),
    "unpacks to too much": (say(whole(gzip.compress(b" " * HUGE), b"content-encoding: gzip\r\n")), "larger than"),
    "packs twice": (say(whole(gzip.compress(FULL), b"content-encoding: gzip, gzip\r\n")), "more than once"),
    "packs twice in two lines": (say(whole(FULL, b"content-encoding: gzip\r\n" * 2)), "more than once"),
    "packs nothing": (say(whole(FULL, b"content-encoding: gzip\r\n")), "DecodingError"),
    "sends an odd header": (say(whole(FULL, b"x-odd: \xe9\r\n")), "unexpected ValueError"),
}


@pytest.mark.parametrize("how", LOST)
def test_what_was_sent_is_never_taken_for_not_sent(run: Run, how: str) -> None:
    behave, reason = LOST[how]
    with server(behave) as url:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match=reason) as caught:
            run(url, ask, transport="fast", timeout=0.5, signer=HmacSigner(SECRET))
        assert time.monotonic() - began < 25, "a dripping server would have taken longer"
    told = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert not any(secret in told for secret in (SECRET, "4000000000000002", "127.0.0.1"))


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highhelp.transport.config.CONNECT_SECONDS", 0.3)


def test_a_connection_that_is_not_made_is_not_sent(run: Run, soon: None, tmp_path: Path) -> None:
    def refused(url: str, reason: str, **arguments: Any) -> None:
        with pytest.raises(NotSent, match=reason) as caught:
            run(url, ask, transport="fast", **arguments)
        assert "hunter2" not in repr(caught.value)

    refused("http://127.0.0.1:9", "ConnectError: connection error")
    refused("https://no-such-host.invalid", "ConnectError: connection error")
    refused("https://gateway.example", "ConnectError", proxy="http://user:hunter2@127.0.0.1:9")
    with server(silent) as url:  # nobody answers the handshake
        refused(url.replace("http:", "https:"), "ConnectTimeout")
    with secure_server(authority(tmp_path), whole()) as url:  # its certificate is not trusted
        refused(url, "ConnectError: connection error")


def test_handshake_beyond_the_attempt_is_an_unknown_outcome(run: Run) -> None:
    # pyreqwest does not show whether its time ran out before or after it was connected
    with server(silent) as url, pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        run(url.replace("http:", "https:"), ask, transport="fast", timeout=0.3)


@pytest.mark.slow
def test_the_attempt_s_time_is_the_one_that_was_given(run: Run) -> None:
    with server(silent) as url:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            run(url, ask, transport="fast", timeout=2)
        assert 1.9 < time.monotonic() - began < 7.5  # the sum of httpx's four limits would be eight seconds


@pytest.mark.parametrize(
    ("more", "body"),
    [(b"", FULL), (b"content-encoding: gzip\r\n", gzip.compress(FULL)), (b"content-encoding: identity\r\n", FULL)],
    ids=["plain", "packed", "identity"],  # bytes would make the second id depend on the time of compression
)
def test_an_answer_is_read_whole(run: Run, more: bytes, body: bytes) -> None:
    with server(say(whole(body, more + b"X-Note: one\r\nx-note: two\r\n"))) as url:
        answer: RawResponse = run(url, ask, transport="fast")
    assert (answer.status, answer.content) == (200, FULL)
    assert answer.headers["x-note"] == "one, two"


def test_a_long_answer_is_read_whole(run: Run) -> None:
    with server(say(whole(b" " * 1_000_000 + FULL))) as url:
        assert run(url, ask, transport="fast").content == b" " * 1_000_000 + FULL


def test_what_is_sent_is_what_the_usual_transport_sends(run: Run) -> None:
    seen: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        seen.append(heard(connection))
        connection.sendall(whole())

    with server(answer) as url:
        for transport in (None, "fast"):
            run(url, ask, transport=transport, signer=HmacSigner(SECRET), clock=lambda: 1_700_000_000)
    (first, *usual), (second, *fast) = (said.lower().split(b"\r\n") for said in seen)
    assert (first, sorted(usual)) == (second, sorted(fast))
    assert fast[0].startswith(b"host: ")


class Counting:
    """A server that keeps its connections and counts them."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.connections = 0

    def __call__(self, connection: socket.socket) -> None:
        self.connections += 1
        while heard(connection):
            connection.sendall(self.answers.pop(0))


def test_connection_is_reused_and_abandoned_one_released(run: Run) -> None:
    # at most one connection, and an answer that is refused by its head while its body goes on for ever
    endless = HEAD + b"content-encoding: gzip, gzip\r\ncontent-length: 900000\r\n\r\n" + b" " * 200000
    counting = Counting([whole(), whole(), endless, whole()])
    answers: list[RawResponse] = []

    async def one_after_another(client: Any) -> None:
        async def ask() -> RawResponse:
            sent: Any = client.request(PATH, {})
            answer: RawResponse = sent if isinstance(client, HighHelp) else await sent
            return answer

        answers.extend([await ask(), await ask()])
        assert counting.connections == 1
        with pytest.raises(OutcomeUnknown, match="more than once"):
            await ask()
        answers.append(await ask())

    def calls(client: Any) -> Any:
        made = one_after_another(client)
        return made if isinstance(client, AsyncHighHelp) else asyncio.run(made)

    with server(counting) as url:
        began = time.monotonic()
        run(url, calls, transport="fast", max_connections=1, timeout=PATIENCE)
        assert time.monotonic() - began < PATIENCE / 2, "the connection was given back by the attempt's end alone"
    assert [answer.content for answer in answers] == [FULL] * 3
    assert counting.connections == 2


def about(url: str, signer: RsaSigner) -> dict[str, Any]:
    return {"base_url": url, "project_id": "p", "signer": signer, "environ": {}, "transport": "fast"}


def test_cancelled_call_releases_its_connection_at_its_deadline(signer: RsaSigner) -> None:
    arrived, first = threading.Event(), threading.Lock()

    def once_silent(connection: socket.socket) -> None:
        heard(connection)
        if first.acquire(blocking=False):
            arrived.set()
            connection.recv(65536)
        else:
            connection.sendall(whole())

    async def calls(url: str) -> RawResponse:
        async with AsyncHighHelp(**about(url, signer), max_connections=1) as client:
            task = asyncio.create_task(client.request(PATH, {}, timeout=1))
            await asyncio.to_thread(arrived.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await client.request(PATH, {})

    with server(once_silent) as url:
        assert asyncio.run(calls(url)).content == FULL


def test_a_call_that_gets_no_connection_ends_in_time(signer: RsaSigner, soon: None) -> None:
    async def calls(url: str) -> tuple[Any, ...]:
        async with AsyncHighHelp(**about(url, signer), max_connections=1, timeout=1) as client:
            return await asyncio.gather(client.request(PATH, {}), client.request(PATH, {}), return_exceptions=True)

    with server(silent) as url:
        told = asyncio.run(calls(url))
    sent, waited = sorted(told, key=lambda error: isinstance(error, NotSent))
    assert (type(sent), type(waited)) == (OutcomeUnknown, NotSent)
    assert "ReadTimeout" in str(sent)
    assert "PoolTimeout" in str(waited)


def test_pool_timeout_raises_not_sent(signer: RsaSigner) -> None:
    # its causes are None if the time runs out at that very moment
    error = httpx.PoolTimeout("none is free")
    error.__cause__ = exceptions.PoolTimeoutError("none is free", {"causes": None})

    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    client = HighHelp(
        base_url="https://gateway.example",
        project_id="p",
        signer=signer,
        environ={},
        transport=httpx.MockTransport(fail),
    )
    with pytest.raises(NotSent, match="PoolTimeout"):
        client.request(PATH, {})


def test_client_closed_during_a_call_leaves_outcome_unknown(signer: RsaSigner) -> None:
    arrived = threading.Event()

    def late(connection: socket.socket) -> None:
        heard(connection)
        arrived.set()
        connection.recv(65536)

    with server(late) as url:
        client = HighHelp(**about(url, signer), timeout=5)
        told: list[BaseException] = []

        def call() -> None:
            try:
                client.request(PATH, {})
            except BaseException as error:  # noqa: BLE001  # looked at below
                told.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        arrived.wait(PATIENCE)
        client.close()
        client.close()
        thread.join(PATIENCE)
    assert isinstance(told[0], OutcomeUnknown)


def test_a_closed_pool_sends_nothing(signer: RsaSigner) -> None:
    with server(say(whole())) as url:
        client = HighHelp(**about(url, signer))
        client._executor.pools.get().close()
        with pytest.raises(NotSent, match="the connection pool is closed"):
            client.request(PATH, {})

        async def calls() -> None:
            async with AsyncHighHelp(**about(url, signer)) as other:
                await other._executor.pools.get(asyncio.get_running_loop()).aclose()
                await other.request(PATH, {})

        with pytest.raises(NotSent, match="the connection pool is closed"):
            asyncio.run(calls())


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setitem(sys.modules, "pyreqwest", None)
    with pytest.raises(SettingsError, match=r"^transport: .*highhelp\[fast\]"):
        run("https://gateway.example", ask, transport="fast")
