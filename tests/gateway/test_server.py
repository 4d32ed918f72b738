"""The gateway on a port: the same behaviour over real connections, callbacks that really arrive."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp_mock import MockGateway, create_app
from highhelp_mock.adapters.asgi import ConnectionDropped
from highhelp_mock.simulation.scenarios import amount_of
from highhelp_signing import HmacSigner, KeyRing, RsaSigner, SignatureAuth
from tests.gateway.merchant import Merchant
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from highhelp_mock.simulation.projects import Keys
    from tests.gateway.receiver import Receiver

PATH = "/api/v1/payment/p2p/payin"


@pytest.fixture
def served(keys: Keys) -> Iterator[MockGateway]:
    with MockGateway(keys=keys).serve() as gateway:
        yield gateway


def client_of(gateway: MockGateway, **options: Any) -> httpx.Client:
    auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)
    return httpx.Client(base_url=gateway.base_url, auth=auth, timeout=PATIENCE, **options)


def body_of(gateway: MockGateway, payment_id: str, url: str | None = None, **payment: Any) -> dict[str, Any]:
    body = Merchant(gateway, gateway.project).p2p_payin(payment_id, **payment)
    if url:
        body["general"] |= {name: url for name in body["general"] if name.endswith("_url")}
    return body


def control(gateway: MockGateway, path: str, body: Any = None) -> httpx.Response:
    return httpx.post(f"{gateway.base_url}/_mock/{path}", json=body, timeout=PATIENCE)


def test_a_payin_succeeds_and_is_told(served: MockGateway, receiver: Receiver) -> None:
    receiver.verify = served.verifier().verify
    with client_of(served) as client:
        answer = client.post(PATH, json=body_of(served, "p-1", receiver.url)).json()
        assert answer["integration"]["form_url"].startswith(f"{served.base_url}/pay/")
        control(served, "clock", {"advance_seconds": 10})
        eventually(lambda: len(receiver.bodies) == 4)
        states = [body["status"]["sub_status"] or body["status"]["status"] for body in receiver.bodies]
        assert states == ["requisites", "awaiting_confirm", "paid", "success"]
    callbacks = httpx.get(f"{served.base_url}/_mock/callbacks").json()["callbacks"]
    assert [one["state"] for one in callbacks] == ["delivered"] * 4


def test_time_passes_by_itself(served: MockGateway, receiver: Receiver) -> None:
    with client_of(served) as client:
        client.post(PATH, json=body_of(served, "p-1", receiver.url, amount=amount_of(1)))
    eventually(lambda: receiver.bodies)
    assert receiver.bodies[0]["status"]["status"] == "decline"


def test_a_receiver_that_fails_is_asked_again(served: MockGateway, receiver: Receiver) -> None:
    receiver.failures = 2
    with client_of(served) as client:
        client.post(PATH, json=body_of(served, "p-1", receiver.url, amount=amount_of(1)))

    def delivered() -> bool:
        control(served, "clock", {"advance_seconds": 5})
        return served.callbacks[0].outcome == "delivered"

    eventually(delivered)
    assert [one.status for one in served.callbacks[0].attempts] == [500, 500, 200]


def test_nobody_who_listens_is_told_as_an_error(served: MockGateway) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with client_of(served) as client:
            client.post(PATH, json=body_of(served, "p-1", url, amount=amount_of(1)))
        control(served, "clock", {"advance_seconds": 1})
        eventually(lambda: served.callbacks and served.callbacks[0].attempts)
    assert served.callbacks[0].attempts[0].error == "ConnectError"


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """A receiver that never answers, and a gateway that waits for one far longer than any test."""
    monkeypatch.setattr("highhelp_mock.adapters.delivery._TIMEOUT", httpx.Timeout(10 * PATIENCE))
    receiver = socket.create_server(("127.0.0.1", 0))
    receiver.settimeout(PATIENCE)
    return receiver


def test_a_receiver_that_hangs_does_not_hold_up_the_api(served: MockGateway, hanging: socket.socket) -> None:
    with hanging as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with client_of(served) as client:
            for number in range(40):
                client.post(PATH, json=body_of(served, f"p-{number}", url, amount=amount_of(1)))
            control(served, "clock", {"advance_seconds": 1})
            with silent.accept()[0]:  # a delivery has begun
                for number in range(20):
                    client.post(f"{PATH}/info", json={"general": body_of(served, f"p-{number}")["general"]})
                assert not any(one.attempts for one in served.callbacks), "the answers waited for a delivery"


@pytest.mark.parametrize(("fault", "committed"), [("drop_request", False), ("drop_response_after_commit", True)])
def test_the_connection_is_really_closed(
    served: MockGateway, capfd: pytest.CaptureFixture[str], fault: str, committed: bool
) -> None:
    control(served, "faults", {"operation": "create_p2p_payin", "fault": fault})
    with client_of(served) as client:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.post(PATH, json=body_of(served, "p-1"))
        assert len(served.payments) == committed
        again = client.post(PATH, json=body_of(served, "p-1"))
        assert again.status_code == (409 if committed else 200)
    assert "ERROR" not in capfd.readouterr().err


def test_a_delay_is_waited_for(served: MockGateway) -> None:
    served.fault("create_p2p_payin", "delay", seconds=0.4)
    began = time.monotonic()
    with client_of(served) as client:
        assert client.post(PATH, json=body_of(served, "p-1")).status_code == 200
    assert time.monotonic() - began > 0.4


def test_a_slow_body_drips(served: MockGateway) -> None:
    served.fault("get_balance", "slow_body", seconds=0.001)
    began = time.monotonic()
    with client_of(served) as client:
        response = client.post("/api/v1/balance/info", json={"general": {"project_id": served.project_id}})
    assert "balance" in response.json()
    assert time.monotonic() - began > len(response.content) * 0.001


def test_a_body_that_never_ends_is_cut_off(served: MockGateway) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65536

    with httpx.Client() as client:
        try:
            response = client.post(f"{served.base_url}{PATH}", content=endless())
        except httpx.WriteError:
            return  # closed while the body was still being written
    assert response.status_code == 413
    assert response.json()["status"] == "error"


def test_a_payment_id_survives_the_path(served: MockGateway) -> None:
    with client_of(served) as client:
        client.post(PATH, json=body_of(served, "a/b №?", amount=amount_of(7)))
    answer = control(served, "payments/a%2Fb%20%E2%84%96%3F/advance", {"status": "decline"})
    assert answer.json()["status"] == "decline"


def test_the_date_is_the_gateways_and_there_once(served: MockGateway) -> None:
    served.travel(86400 * 365)
    response = httpx.get(f"{served.base_url}/_mock/health")
    assert len(response.headers.get_list("date")) == 1
    assert str(time.gmtime(response.json()["now"]).tm_year) in response.headers["date"]
    assert "server" not in response.headers


def test_an_asynchronous_client_is_served(served: MockGateway) -> None:
    auth = SignatureAuth(served.project_id, served.signer, origin=served.base_url, clock=served.clock)

    async def run() -> list[int]:
        async with httpx.AsyncClient(base_url=served.base_url, auth=auth) as client:
            answers = await asyncio.gather(*(client.post(PATH, json=body_of(served, f"p-{n}")) for n in range(50)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(run()) == [200] * 50


def test_the_port_is_free_again_afterwards(keys: Keys) -> None:
    gateway = MockGateway(keys=keys)
    before = threading.active_count()
    with gateway.serve() as first:
        port = int(first.base_url.rpartition(":")[2])
    assert gateway.base_url == "https://highhelp.test"
    assert threading.active_count() == before
    with gateway.serve(port) as second:
        assert httpx.get(f"{second.base_url}/_mock/health").status_code == 200
        with pytest.raises(OSError), MockGateway(keys=keys).serve(port):
            pass


@pytest.mark.slow
def test_it_stops_without_waiting_for_open_callbacks(keys: Keys, hanging: socket.socket) -> None:
    with hanging as silent, ExitStack() as deliveries:
        with MockGateway(keys=keys).serve() as gateway, client_of(gateway) as client:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            client.post(PATH, json=body_of(gateway, "p-1", url, amount=amount_of(1)))
            gateway.travel(1)
            deliveries.enter_context(silent.accept()[0])  # it has begun
        assert [one.attempts for one in gateway.callbacks] == [()], "it waited for the end of the delivery"


def test_a_home_is_filled_and_used_by_both_sides(tmp_path: Path, receiver: Receiver) -> None:
    home = tmp_path / "home"
    with MockGateway(home).serve() as gateway:
        project = json.loads((home / "project.json").read_text())
        assert project == {"project_id": gateway.project_id, "base_url": gateway.base_url}
        for signer in (
            RsaSigner.from_pem(home / "private_key.pem"),
            HmacSigner.from_file(home / "hmac_private_key.txt"),
        ):
            auth = SignatureAuth(project["project_id"], signer, origin=gateway.base_url)
            with httpx.Client(base_url=gateway.base_url, auth=auth) as client:
                body = {"general": {"project_id": project["project_id"]}}
                assert client.post("/api/v1/balance/info", json=body).status_code == 200
        made = gateway.signed_callback("p-1", "success")
        ring = KeyRing.from_pem(home / "callback_public_key.pem")
        assert gateway.callback_keys[gateway.project_id].key_ids[0] == ring.key_ids[0]
        assert made.headers
    again = MockGateway(home)
    assert again.project_id == gateway.project_id
    assert sorted(path.name for path in home.iterdir() if path.name.startswith(".")) == []


def test_a_homes_scheme_is_the_gateways(tmp_path: Path) -> None:
    home = tmp_path / "home"
    MockGateway(home)
    project = json.loads((home / "project.json").read_text())
    (home / "project.json").write_text(json.dumps(project | {"scheme": {"digest": "single"}, "note": "kept"}))
    gateway = MockGateway(home)
    assert gateway.scheme.digest == "single"
    with gateway.serve():
        written = json.loads((home / "project.json").read_text())
    assert (written["note"], written["scheme"]) == ("kept", {"digest": "single"})


def test_the_app_speaks_plain_asgi(keys: Keys) -> None:
    gateway = MockGateway(keys=keys)
    app = create_app(gateway)
    auth = SignatureAuth(gateway.project_id, gateway.signer, origin=gateway.base_url, clock=gateway.clock)

    async def run() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=gateway.base_url, auth=auth) as client:
            response = await client.post(PATH, json=body_of(gateway, "p-1"))
            assert response.status_code == 200
            gateway.fault("create_p2p_payin", "drop_request")
            with pytest.raises(ConnectionDropped):
                await client.post(PATH, json=body_of(gateway, "p-2"))

    asyncio.run(run())


def test_the_app_takes_the_gateways_options(keys: Keys) -> None:
    assert create_app(keys=keys, duplicates="conflict").dispatcher.consistency.duplicates == "conflict"
