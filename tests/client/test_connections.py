"""Connections: proxies, certificates, other HTTP libraries, forks, many threads, and open sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import httpx_aiohttp
import pytest

from highhelp import AsyncHighHelp, HighHelp, HighHelpError, NotSent, OutcomeUnknown, RsaSigner, SettingsError
from highhelp_mock import MockGateway
from tests.client.listener import FULL, HEAD, drip, hang_up, heard, say, server, silent
from tests.client.test_money_is_safe import PAYIN, PAYOUT
from tests.client.tls import Authority, authority, secure_server
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    import socket

WHOLE = HEAD + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(FULL) + FULL

Make = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls"))


def payin(client: Any) -> Any:
    return client.p2p.create_payin(PAYIN)


def payout(client: Any) -> Any:
    return client.p2p.create_payout(PAYOUT)


transports = pytest.mark.parametrize("transport", [None, "fast"])


@pytest.mark.slow
@transports
def test_a_certificate_authority_of_ones_own(run: Make, made: Authority, transport: Any) -> None:
    with secure_server(made, WHOLE) as url:
        assert run(url, payin, ca_file=made.ca, transport=transport).payment_id == "order-1"
        with pytest.raises(NotSent):
            run(url, payin, transport=transport, total_timeout=2)


@pytest.mark.slow
@transports
@pytest.mark.parametrize("together", [False, True])
def test_a_client_certificate(run: Make, made: Authority, transport: Any, together: bool, tmp_path: Path) -> None:
    own: Any = made.client
    if together:
        own = tmp_path / "both.pem"
        own.write_bytes(made.client[0].read_bytes() + made.client[1].read_bytes())
    with secure_server(made, WHOLE, ask_certificate=True) as url:
        run(url, payin, ca_file=made.ca, client_certificate=own, transport=transport)
        with pytest.raises(HighHelpError):
            run(url, payin, ca_file=made.ca, transport=transport, total_timeout=2)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ca_file", {"ca_file": "/nowhere.pem"}),
        ("ca_file", {"ca_file": __file__}),
        ("client_certificate", {"client_certificate": "/nowhere.pem"}),
        ("client_certificate", {"client_certificate": (__file__, __file__)}),
        ("proxy", {"proxy": "proxy.example:3128"}),
        ("proxy", {"proxy": 3128}),
        ("proxy", {"proxy": "ftp://proxy.example"}),
        ("proxy", {"proxy": "http://x", "transport": httpx.MockTransport(lambda _: httpx.Response(200))}),
        ("ca_file", {"ca_file": __file__, "transport": httpx.MockTransport(lambda _: httpx.Response(200))}),
        ("transport", {"transport": "quick"}),
        ("max_connections", {"max_connections": 0}),
        ("max_connections", {"max_connections": "ten"}),
    ],
)
def test_a_wrong_setting_is_named_at_once(run: Make, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        run("https://gateway.example", payin, **arguments)


# --- the fast transport keeps every promise of the usual one -------------------------------------------------------


def test_the_fast_transport_follows_no_redirect(run: Make) -> None:
    asked: list[bytes] = []

    def other(connection: socket.socket) -> None:
        asked.append(heard(connection))
        connection.sendall(WHOLE)

    with server(other) as elsewhere:
        away = (
            b"HTTP/1.1 307 Away\r\nlocation: %s/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % elsewhere.encode()
        )
        with server(say(away)) as url, pytest.raises(OutcomeUnknown):
            run(url, payout, transport="fast", total_timeout=2)
    assert asked == []


def test_a_dead_port_means_not_sent_on_the_fast_transport(run: Make) -> None:
    with pytest.raises(NotSent):
        run("http://127.0.0.1:9", payout, transport="fast", total_timeout=1)


@pytest.mark.slow
@pytest.mark.parametrize("behave", [hang_up, silent, drip(WHOLE)])
def test_lost_answer_on_fast_transport_is_unknown_outcome(run: Make, behave: Any) -> None:
    with server(behave) as url:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            run(url, payout, transport="fast", timeout=0.5, total_timeout=1)
        assert time.monotonic() - began < 15


def test_both_kinds_speak_to_the_gateway_over_the_fast_transport(run: Make, signer: RsaSigner) -> None:
    gateway = MockGateway()
    with gateway.serve(0) as served:
        state = run(served.base_url, payin, transport="fast", project_id=gateway.project_id, signer=gateway.signer)
        assert state.payment_id == "order-1"


# --- other libraries -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behave", [hang_up, silent])
def test_a_lost_answer_on_aiohttp_is_never_taken_for_not_sent(signer: RsaSigner, behave: Any) -> None:
    # httpx-aiohttp calls a server that hangs up after the request a ConnectTimeout
    async def run() -> None:
        transport = httpx_aiohttp.AiohttpTransport()
        about: dict[str, Any] = {"project_id": "p", "signer": signer, "environ": {}, "timeout": 0.5, "total_timeout": 1}
        async with AsyncHighHelp(base_url=url, transport=transport, **about) as client:
            await client.p2p.create_payout(PAYOUT)

    with server(behave) as url, pytest.raises(OutcomeUnknown):
        asyncio.run(run())


def test_aiohttp_with_nobody_there_means_not_sent(signer: RsaSigner) -> None:
    async def run() -> None:
        transport = httpx_aiohttp.AiohttpTransport()
        about: dict[str, Any] = {"project_id": "p", "signer": signer, "environ": {}, "total_timeout": 1}
        async with AsyncHighHelp(base_url="http://127.0.0.1:9", transport=transport, **about) as client:
            await client.p2p.create_payout(PAYOUT)

    with pytest.raises(NotSent):
        asyncio.run(run())


@pytest.mark.slow
def test_clients_of_httpx2(signer: RsaSigner) -> None:
    about: dict[str, Any] = {"project_id": "p", "signer": signer, "environ": {}, "total_timeout": 3, "timeout": 2}

    async def run(url: str) -> Any:
        async with httpx2.AsyncClient(follow_redirects=True) as own:
            return await AsyncHighHelp(base_url=url, http_client=own, **about).p2p.create_payout(PAYOUT)

    with httpx2.Client(follow_redirects=True) as own:
        with server(say(WHOLE)) as url:
            assert HighHelp(base_url=url, http_client=own, **about).p2p.create_payin(PAYIN).status == "processing"
            assert asyncio.run(run(url)).status == "processing"
        with server(hang_up) as url, pytest.raises(OutcomeUnknown):
            HighHelp(base_url=url, http_client=own, **about).p2p.create_payout(PAYOUT)
        with server(hang_up) as url, pytest.raises(OutcomeUnknown):
            asyncio.run(run(url))
        with pytest.raises(NotSent):
            HighHelp(base_url="http://127.0.0.1:9", http_client=own, **about).p2p.create_payout(PAYOUT)
        with pytest.raises(NotSent):
            asyncio.run(run("http://127.0.0.1:9"))


# --- processes, threads, sockets -----------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
# the child of a process with threads may do only little, which is tested here
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_uses_connections_of_its_own(signer: RsaSigner) -> None:
    with server(say(WHOLE)) as url:
        about: dict[str, Any] = {
            "project_id": "p",
            "signer": signer,
            "environ": {},
            "timeout": PATIENCE,
            "total_timeout": PATIENCE,
        }
        with HighHelp(base_url=url, **about) as client:
            client.p2p.create_payin(PAYIN)
            holding, child = client._executor.pools._locks[os.getpid()], 0
            with holding:  # as a thread of the parent might at that very moment
                child = os.fork()
                if child == 0:
                    code = 1
                    with contextlib.suppress(BaseException):
                        code = 0 if client.p2p.get_payin("order-1").payment_id == "order-1" else 2
                    os._exit(code)
            assert ended(child) == 0
            client.p2p.get_payin("order-1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_the_fast_transport_says_that_it_survives_no_fork(signer: RsaSigner) -> None:
    with server(say(WHOLE)) as url:
        about: dict[str, Any] = {"project_id": "p", "signer": signer, "environ": {}, "total_timeout": PATIENCE}
        with HighHelp(base_url=url, transport="fast", **about) as client:
            client.p2p.create_payin(PAYIN)
            child = os.fork()
            if child == 0:
                code = 1
                with contextlib.suppress(BaseException):
                    try:
                        client.p2p.get_payin("order-1")
                    except SettingsError as error:
                        code = 0 if "forked" in str(error) else 2
                os._exit(code)
            assert ended(child) == 0


def ended(child: int) -> int:
    """Return the exit code of a child, which is killed if it hangs."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    pytest.fail("the forked process hangs")


def sockets() -> set[str]:
    """The open sockets of this process."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(entry.readlink())
            if target.startswith("socket:"):
                found.add(target)
    return found


on_linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")


@pytest.mark.slow
@on_linux
@transports
def test_a_hundred_threads_share_one_client_and_leave_no_socket(transport: Any, turns: int) -> None:
    # lessons: a client and an SSL context leaked per property access
    before = sockets()
    gateway = MockGateway()
    with gateway.serve(0) as served:
        about = {"project_id": gateway.project_id, "signer": gateway.signer, "environ": {}, **UNHURRIED}
        wrong: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for turn in range(turns):
                    name = f"order-{number}-{turn}"
                    client.p2p.create_payin({**PAYIN, "general": {"payment_id": name}})
                    assert client.p2p.get_payin(name).payment_id == name
            except BaseException as error:  # noqa: BLE001  # reported below
                wrong.append(error)

        during = sockets()
        with HighHelp(base_url=served.base_url, transport=transport, **about) as client:
            threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert wrong == []
        assert len(gateway.payments) == 100 * turns
        left = waiting_for(lambda: sockets() - during)
        assert left == set(), "the closed client holds sockets"
    assert waiting_for(lambda: sockets() - before) == set()


@pytest.mark.slow
@on_linux
@transports
def test_a_hundred_tasks_share_one_client_and_leave_no_socket(transport: Any, turns: int) -> None:
    before = sockets()
    gateway = MockGateway()

    async def work(client: AsyncHighHelp, number: int) -> None:
        for turn in range(turns):
            name = f"order-{number}-{turn}"
            await client.p2p.create_payin({**PAYIN, "general": {"payment_id": name}})
            assert (await client.p2p.get_payin(name)).payment_id == name

    async def run(url: str) -> set[str]:
        about = {"project_id": gateway.project_id, "signer": gateway.signer, "environ": {}, **UNHURRIED}
        during = sockets()
        async with AsyncHighHelp(base_url=url, transport=transport, **about) as client:
            await asyncio.gather(*(work(client, number) for number in range(100)))
        return await asyncio.to_thread(waiting_for, lambda: sockets() - during)

    with gateway.serve(0) as served:
        assert asyncio.run(run(served.base_url)) == set(), "the closed client holds sockets"
        assert len(gateway.payments) == 100 * turns
    assert waiting_for(lambda: sockets() - before) == set()


UNHURRIED: dict[str, Any] = {"timeout": PATIENCE, "total_timeout": PATIENCE}


@pytest.fixture
def turns(request: pytest.FixtureRequest) -> int:
    """Payments per thread or task."""
    count: int = request.config.getoption("--load-turns")
    return count


def waiting_for(left: Callable[[], set[str]]) -> set[str]:
    """Return the sockets that stay open: the other side of a socket is closed a moment later.

    A connection that the fast transport opened although another became free is closed after 30 idle seconds,
    checked every 30 seconds.
    """
    end = time.monotonic() + PATIENCE
    while left() and time.monotonic() < end:
        time.sleep(0.02)
    return left()
