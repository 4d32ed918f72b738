"""Proxies: only for https, chosen once for the one origin, and never mistaken for the gateway."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import pytest

from highhelp import AsyncHighHelp, HighHelp, HighHelpError, HTTPTransport, NotSent, OutcomeUnknown, SettingsError
from highhelp.transport.config import environment_proxy
from tests.client.listener import FULL, HEAD, Behaviour, hang_up, heard, say, server
from tests.client.test_money_is_safe import PAYOUT
from tests.client.tls import Authority, authority, secure_server

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = HEAD + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(FULL) + FULL
VARIABLES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")

transports = pytest.mark.parametrize("transport", [None, "fast"])


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls"))


def payout(client: Any) -> Any:
    return client.p2p.create_payout(PAYOUT)


# --- proxies that a test starts ------------------------------------------------------------------------------------


def relay(connection: socket.socket, target: tuple[str, int]) -> None:
    """Forward bytes in both directions until either side closes."""
    with socket.create_connection(target) as onward:

        def forth() -> None:
            copy(connection, onward)

        thread = threading.Thread(target=forth, daemon=True)
        thread.start()
        copy(onward, connection)
        thread.join(60)


def copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other side has closed


def connecting(seen: list[bytes]) -> Behaviour:
    """An HTTP proxy that supports CONNECT."""

    def behave(connection: socket.socket) -> None:
        asked = heard(connection)
        seen.append(asked)
        host, _, port = asked.split()[1].decode().rpartition(":")
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        relay(connection, (host, int(port)))

    return behave


def secured(behave: Behaviour, made: Authority) -> Behaviour:
    """An HTTP proxy behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made.server)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            behave(secure)

    return serve


def socks5(seen: list[bytes]) -> Behaviour:
    """A SOCKS5 proxy without authentication, for IPv4 addresses and names."""

    def behave(connection: socket.socket) -> None:
        connection.recv(512)  # the methods on offer
        connection.sendall(b"\x05\x00")
        asked = connection.recv(512)
        seen.append(asked)
        host = socket.inet_ntoa(asked[4:8]) if asked[3] == 1 else asked[5 : 5 + asked[4]].decode()
        port = int.from_bytes(asked[-2:], "big")
        connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
        relay(connection, (host, port))

    return behave


KINDS: dict[str, Callable[[list[bytes], Authority], tuple[str, Behaviour]]] = {
    "http": lambda seen, _: ("http", connecting(seen)),
    "https": lambda seen, made: ("https", secured(connecting(seen), made)),
    "socks5": lambda seen, _: ("socks5", socks5(seen)),
}


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, made: Authority) -> None:
    """Trust the proxy's own certificate, for which there is no argument."""
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_carries_https(run: Any, made: Authority, trusting: None, kind: str) -> None:
    seen: list[bytes] = []
    scheme, behave = KINDS[kind](seen, made)
    with secure_server(made, WHOLE) as url, server(behave) as proxy:
        run(url, payout, proxy=proxy.replace("http", scheme, 1), ca_file=made.ca)
    assert len(seen) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_gateway_that_hangs_up_behind_a_proxy_is_unknown(
    run: Any, made: Authority, trusting: None, kind: str
) -> None:
    scheme, behave = KINDS[kind]([], made)
    with secure_server(made, b"") as url, server(behave) as proxy, pytest.raises(OutcomeUnknown):
        run(url, payout, proxy=proxy.replace("http", scheme, 1), ca_file=made.ca, total_timeout=2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_hangs_up_means_not_sent(run: Any, made: Authority, trusting: None, kind: str) -> None:
    # bytes were written, but none reached the gateway
    scheme, _ = KINDS[kind]([], made)
    behave = secured(hang_up, made) if kind == "https" else hang_up
    with server(behave) as proxy, pytest.raises(NotSent):
        run(
            "https://gateway.example",
            payout,
            proxy=proxy.replace("http", scheme, 1),
            ca_file=made.ca,
            timeout=5,
            total_timeout=1,
        )


def test_a_refused_tunnel_means_not_sent(run: Any) -> None:
    with server(say(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")) as proxy, pytest.raises(NotSent):
        run("https://gateway.example", payout, proxy=proxy, total_timeout=1)


@transports
def test_a_proxy_that_is_away_means_not_sent(run: Any, transport: Any) -> None:
    with pytest.raises(NotSent) as caught:
        run(
            "https://gateway.example",
            payout,
            proxy="http://user:hunter2@127.0.0.1:9",
            transport=transport,
            total_timeout=1,
        )
    assert "hunter2" not in repr(caught.value)


@transports
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_used_for_https(
    run: Any, made: Authority, monkeypatch: pytest.MonkeyPatch, variable: str, transport: Any
) -> None:
    seen: list[bytes] = []
    with secure_server(made, WHOLE) as url, server(connecting(seen)) as proxy:
        monkeypatch.setenv(variable, proxy)
        run(url, payout, ca_file=made.ca, transport=transport)
        assert seen[0].startswith(b"CONNECT 127.0.0.1:")
        monkeypatch.setenv("NO_PROXY", "10.0.0.0/8,127.0.0.0/8")
        run(url, payout, ca_file=made.ca, transport=transport)
    assert len(seen) == 1


# --- plain http ----------------------------------------------------------------------------------------------------


@transports
@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "gateway.internal"])
@pytest.mark.slow
def test_plain_http_never_goes_through_a_proxy(
    run: Any, monkeypatch: pytest.MonkeyPatch, variable: str, host: str, transport: Any
) -> None:
    asked: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        asked.append(heard(connection))
        connection.sendall(WHOLE)

    with server(proxy) as url:
        monkeypatch.setenv(variable, url)
        with pytest.raises(HighHelpError):  # nobody listens there
            run(f"http://{host}:9", payout, transport=transport, total_timeout=0.2, allow_plain_http=True)
    assert asked == []


@transports
@pytest.mark.parametrize("allowed", [False, True])
def test_an_explicit_proxy_for_plain_http_is_refused(run: Any, transport: Any, allowed: bool) -> None:
    with pytest.raises(SettingsError, match=r"^proxy: .*plain http is never sent through a proxy"):
        run(
            "http://127.0.0.1:9",
            payout,
            proxy="http://proxy.example:3128",
            transport=transport,
            allow_plain_http=allowed,
        )


def test_our_transport_refuses_plain_http_through_a_proxy(run: Any) -> None:
    with (
        server(say(WHOLE)) as proxy,
        httpx.Client(transport=HTTPTransport(proxy=proxy)) as client,
        pytest.raises(httpx.UnsupportedProtocol, match="plain http is not sent through a proxy"),
    ):
        client.post("http://127.0.0.1:9/")


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize("variable", VARIABLES)
def test_an_own_client_that_would_use_a_proxy_is_refused(
    monkeypatch: pytest.MonkeyPatch, signer: Any, library: Any, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://user:hunter2@proxy.example:3128")
    about: dict[str, Any] = {"base_url": "http://127.0.0.1:9", "project_id": "p", "signer": signer, "environ": {}}
    with library.Client() as own, pytest.raises(SettingsError, match=f"(?i)^http_client: .*{variable}") as caught:
        HighHelp(http_client=own, **about)
    assert "hunter2" not in str(caught.value)
    with library.Client(trust_env=False) as own:
        HighHelp(http_client=own, **about)
    with pytest.raises(SettingsError, match=r"^http_client: "):
        AsyncHighHelp(http_client=library.AsyncClient(), **about)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with library.Client() as own:
        HighHelp(http_client=own, **about)


# --- choosing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "excluded", "used"),
    [
        ("https://gateway.example", "", True),
        ("https://gateway.example", "other.example", True),
        ("https://gateway.example", "gateway.example", False),
        ("https://pay.gateway.example", ".gateway.example", False),
        ("https://gateway.example", "*", False),
        ("https://gateway.example:8443", "gateway.example:8443", False),
        ("https://10.1.2.3", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.1.2.9/8", False),
        ("https://10.1.2.3", "192.168.0.0/16", True),
        ("https://[fd00::1]:8443", "localhost,127.0.0.1,fd00::/8", False),
        ("https://[fd00::1]", "[fd00::1]", False),
        ("https://gateway.example", "localhost,127.0.0.1,fd00::/8", True),
    ],
)
def test_no_proxy_names_hosts_and_networks(
    monkeypatch: pytest.MonkeyPatch, url: str, excluded: str, used: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", excluded)
    assert environment_proxy(url) == (("HTTPS_PROXY", "http://proxy.example:3128") if used else None)


@transports
@pytest.mark.parametrize(
    "wrong", ["ftp://user:hunter2@proxy.example", "http://user:hunter2@[proxy", "http://", "http://proxy.example:0"]
)
def test_a_wrong_proxy_of_the_environment_is_named(
    run: Any, monkeypatch: pytest.MonkeyPatch, wrong: str, transport: Any
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", wrong)
    with pytest.raises(SettingsError, match=r"^HTTPS_PROXY: ") as caught:
        run("https://gateway.example", payout, transport=transport)
    for error in (caught.value, caught.value.__context__, caught.value.__cause__):
        assert "hunter2" not in repr(error)
