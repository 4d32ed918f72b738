"""The state file: what survives a restart or a crash, and what is never in it."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import cli
from highhelp_mock import MockGateway, Outgoing, StateError
from highhelp_mock.persistence.state_file import FORMAT
from highhelp_mock.simulation import cards
from highhelp_mock.simulation.faults import DESCRIPTIONS, Faults
from highhelp_mock.simulation.scenarios import SCENARIOS, amount_of, pan_of
from highhelp_mock.simulation.state_machine import split_state
from highhelp_signing import RsaSigner, SignatureAuth
from tests.gateway.conftest import NOW
from tests.gateway.merchant import CARD, Merchant
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from highhelp_mock.simulation.projects import Keys
    from tests.gateway.receiver import Receiver


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gateway.sqlite3"


@pytest.fixture
def opened(keys: Keys, file: Path) -> Iterator[Callable[..., Merchant]]:
    """Open the state file again, as after a restart: the earlier gateway's memory is gone."""
    gateways: list[MockGateway] = []

    def open_it(**options: Any) -> Merchant:
        for gateway in gateways:
            gateway.close()
        gateways.append(MockGateway(**{"keys": keys, "clock": lambda: NOW, "state": file, **options}))
        return Merchant(gateways[-1], gateways[-1].project)

    yield open_it
    for gateway in gateways:
        gateway.close()


def held(gateway: MockGateway) -> tuple[object, ...]:
    """The complete state of a gateway."""
    balances = {name: project.balances.accounts for name, project in gateway.dispatcher.projects.items()}
    said = [one.raw for one in gateway.callbacks]
    return gateway.payments, gateway.callbacks, said, balances, gateway.clock()


def contents(file: Path) -> bytes:
    """The file and SQLite's files next to it."""
    return b"".join(path.read_bytes() for path in file.parent.iterdir() if path.name.startswith(file.name))


def test_everything_is_as_it_was(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    for scenario in SCENARIOS:
        if scenario.flow == "payin":
            merchant.call("create_p2p_payin", merchant.p2p_payin(f"i{scenario.code}", amount=scenario.amount))
            card = CARD | {"pan": scenario.pan}
            merchant.call("create_ecom_payin", merchant.ecom_payin(f"c{scenario.code}", card=card))
        else:
            merchant.call("create_p2p_payout", merchant.p2p_payout(f"o{scenario.code}", amount=scenario.amount))
    merchant.call("create_widget_payin", merchant.widget_payin("w", description="Заказ <7>"))
    for _ in range(6):
        merchant.gateway.travel(1.5)
        merchant.gateway.deliver(lambda outgoing: random.Random(outgoing.id).choice([200, 500]))
    with merchant.gateway.payer("w") as payer:
        payer.open()
    before = held(merchant.gateway)
    assert {one.outcome for one in merchant.gateway.callbacks} == {"pending", "delivered"}
    again = opened()
    assert held(again.gateway) == before
    assert again.gateway.project_id == merchant.gateway.project_id
    # and both go on in the same way
    again.gateway.travel(700)
    assert all(payment.final or payment.status != "processing" for payment in again.gateway.payments)


def test_what_was_due_while_nobody_was_there_is_done(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.clock.travel(0)
    again = opened(clock=lambda: NOW + 60)
    assert again.state() == "success"
    assert again.gateway.balance("RUB").available == 100_000_000 + 10000


def test_a_repeated_create_is_known_again(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    first = merchant.call("create_ecom_payin", merchant.ecom_payin())
    again = opened()
    assert again.send("create_ecom_payin", merchant.ecom_payin()).status == 409
    assert [one.request_id for one in again.gateway.payments] == [first["request_id"]]
    assert len(again.gateway.payments) == 1


def test_callbacks_go_on_with_the_same_bytes(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    merchant.call("create_p2p_payin", merchant.p2p_payin(method="card-p2p"))
    merchant.gateway.travel(3)
    sent: list[bytes] = []

    def refuse(outgoing: Outgoing) -> int:
        sent.append(outgoing.body)
        return 500

    merchant.gateway.deliver(refuse)
    again = opened()
    assert [len(one.attempts) for one in again.gateway.callbacks] == [1] * len(sent)
    again.gateway.travel(2)
    again.gateway.deliver(again.receive)
    assert {one.body for one in again.received} > set(sent)  # and the final one, which came up meanwhile
    assert b'"pan":"2200' in b"".join(sent)
    last = opened()
    assert [one.outcome for one in last.gateway.callbacks] == ["delivered"] * (len(sent) + 1)
    assert last.gateway.deliver(last.receive) == 0


def test_a_callback_that_was_under_way_is_sent_again_at_once(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(1)))
    merchant.gateway.travel(1)
    assert len(merchant.gateway.dispatcher.due_callbacks()) == 1  # and the process ends before anything is reported
    again = opened()
    assert again.gateway.deliver(again.receive) == 1


def test_no_number_is_used_twice(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(2)))
    (first,) = merchant.gateway.callbacks
    merchant.gateway.reset()
    again = opened()
    assert held(again.gateway)[:2] == ((), ())
    assert again.gateway.clock() == NOW
    again.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(2)))
    assert again.gateway.callbacks[0].id > first.id


def test_other_projects_come_back_with_their_keys(
    opened: Callable[..., Merchant], other_keys: Keys, file: Path
) -> None:
    merchant = opened()
    other = Merchant(merchant.gateway, merchant.gateway.add_project("other", keys=other_keys))
    other.call("create_p2p_payout", other.p2p_payout("their-1"))
    again = opened()
    assert again.gateway.payments == ()  # nobody knows the other project's keys yet
    again.gateway.reset()
    back = Merchant(again.gateway, again.gateway.add_project("other", keys=other_keys))
    assert back.info("their-1")["status"] == "processing"
    assert again.gateway.balance("RUB", "other").locked == 10000


def test_what_is_forgotten_is_gone_from_the_file_too(
    opened: Callable[..., Merchant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("highhelp_mock.simulation.engine.KEPT", 5)
    merchant = opened()
    for number in range(20):
        merchant.call("create_p2p_payin", merchant.p2p_payin(f"p-{number}", amount=amount_of(2)))
        merchant.gateway.deliver(merchant.receive)
    before = held(merchant.gateway)
    assert held(opened().gateway) == before
    assert len(before[0]) < 10  # type: ignore[arg-type]  # the first are the payments


def test_payments_of_an_earlier_run_are_forgotten_too(
    opened: Callable[..., Merchant], monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant = opened()
    for number in range(6):
        merchant.call("create_p2p_payin", merchant.p2p_payin(f"p-{number}", amount=amount_of(2)))
    merchant.gateway.deliver(merchant.receive)
    monkeypatch.setattr("highhelp_mock.simulation.engine.KEPT", 2)
    merchant = opened()
    merchant.call("create_p2p_payin", merchant.p2p_payin("new"))
    assert [one.payment_id for one in merchant.gateway.payments] == ["p-4", "p-5", "new"]


def test_restored_callback_is_unchanged_when_written_again(
    opened: Callable[..., Merchant],
) -> None:
    merchant = opened()
    merchant.call("create_p2p_payin", merchant.p2p_payin("t", method="card-p2p"))
    merchant.gateway.travel(60)
    said = [one.raw for one in merchant.gateway.callbacks]
    assert b'"pan":"' in b"".join(said)
    for _ in range(2):
        merchant = opened()
        merchant.gateway.deliver(lambda _: 500)
        merchant.gateway.travel(60)
        assert [one.raw for one in merchant.gateway.callbacks] == said


def test_neither_keys_nor_card_numbers_are_in_the_file(opened: Callable[..., Merchant], file: Path, keys: Keys) -> None:
    merchant = opened()
    merchant.call("create_ecom_payin", merchant.ecom_payin("c", card=CARD | {"cvv": "9173"}))
    merchant.call("create_p2p_payin", merchant.p2p_payin("t", method="card-p2p"))
    merchant.call("create_p2p_payout", merchant.p2p_payout("o"))
    body = merchant.p2p_payin("s") | {"sender": {"pan": pan_of(0)}}
    merchant.call("create_p2p_payin", body)
    merchant.call("create_widget_payin", merchant.widget_payin("w", widget_method="payin-ecom-card"))
    with merchant.gateway.payer("w") as payer:
        payer.card(pan_of(21))
    merchant.gateway.travel(60)
    merchant.gateway.deliver(lambda _: 500)
    written = contents(file)
    told = b"".join(one.raw for one in merchant.gateway.callbacks)
    shown = re.findall(rb'"pan":"(\d+)"', told)
    assert shown, "a callback that shows a card number was put out"
    for pan in (CARD["pan"].encode(), b"2200000000000004", pan_of(0).encode(), pan_of(21).encode(), *shown):
        assert pan not in written
    assert not [found for found in re.findall(rb'"(\d{12,19})"', written) if cards.luhn(found.decode())]
    for secret in (keys.hmac_key, keys.callback_hmac_key, keys.private_key[40:80], keys.public_key[40:80], "9173"):
        assert f'"{secret}"'.encode() not in written
        assert len(secret) < 8 or secret.encode() not in written
    assert b"400000******0002" in written
    assert {one.stat().st_mode & 0o777 for one in file.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("what", ["text", "other database", "newer", "older", "directory", "damaged"])
def test_a_file_that_cannot_be_used_is_refused_in_plain_words(
    what: str, file: Path, keys: Keys, opened: Callable[..., Merchant], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {
        "text": "not a state file", "other database": "not a state file",
        "newer": f"format {FORMAT + 1}, this one reads",
        "older": "another version", "directory": "cannot be opened", "damaged": "cannot be read",
    }[what]  # fmt: skip
    if what == "directory":
        file.mkdir()
    elif what == "text":
        file.write_text("these are notes of somebody\n" * 50)
    elif what == "other database":
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE notes (text TEXT)")
        connection.close()
    else:
        merchant = opened()
        merchant.call("create_p2p_payin", merchant.p2p_payin())
        merchant.gateway.close()
        connection = sqlite3.connect(file)
        version = {"newer": FORMAT + 1, "older": FORMAT - 1, "damaged": FORMAT}[what]
        with connection:
            connection.execute(f"PRAGMA user_version = {version}")
            if what == "damaged":
                connection.execute("UPDATE payments SET content = '{}'")
        connection.close()
    before = b"" if what == "directory" else file.read_bytes()
    with pytest.raises(StateError, match=expected):
        MockGateway(keys=keys, state=file)
    assert what == "directory" or file.read_bytes() == before, "a file that is not ours was changed"
    assert cli.main(["mock", "--state", str(file), "--port", "0"]) == 2
    told = capsys.readouterr().err
    assert expected in told or "belongs to project" in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1


def test_a_state_file_belongs_to_one_gateway_and_one_project(
    opened: Callable[..., Merchant], file: Path, keys: Keys
) -> None:
    merchant = opened()
    with pytest.raises(StateError, match="in use by another gateway"):
        MockGateway(keys=keys, state=file)
    merchant.gateway.close()
    with pytest.raises(StateError, match=f"belongs to project {merchant.gateway.project_id}, not to another"):
        MockGateway(keys=keys, state=file, project_id="another")
    assert opened().gateway.project_id == merchant.gateway.project_id


def test_what_cannot_be_written_is_not_answered(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    state = merchant.gateway._state
    assert state is not None
    state._connection.execute("PRAGMA max_page_count = 1")  # the disk is full
    refused = merchant.send("create_p2p_payin", merchant.p2p_payin(description="x" * 255))
    while refused.status == 200:  # until the pages that are there are filled
        refused = merchant.send("create_p2p_payin", merchant.p2p_payin(f"p-{time.monotonic_ns()}"))
    assert refused.status == 500
    assert "state file" in refused.json()["status_description"]
    state._connection.execute("PRAGMA max_page_count = 100000")
    in_memory = merchant.gateway.payments  # asked for, and by that written
    assert opened().gateway.payments == in_memory


def start(file: Path, home: Path) -> tuple[subprocess.Popen[str], str]:
    """`highhelp mock` in a separate process, and its URL."""
    command = [sys.executable, "-m", "highhelp.cli", "mock", "--port", "0", "--home", str(home), "--state", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("HighHelp mock gateway: "):
            return process, line.split()[-1]
    raise AssertionError("the gateway did not start")


def end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    process.send_signal(how)
    process.wait(PATIENCE)
    if process.stdout is not None:
        process.stdout.close()


class Traffic:
    """A merchant that creates pay-ins from several threads until the gateway is gone."""

    AHEAD = 1000.5

    def __init__(self, url: str, home: Path, callback_url: str) -> None:
        self.url, self.callback_url = url, callback_url
        self.project = json.loads((home / "project.json").read_text())["project_id"]
        self.signer = RsaSigner.from_pem(home / "private_key.pem")
        self.answered: list[str] = []
        self.threads = [threading.Thread(target=self.create, args=(number,)) for number in range(4)]

    def auth(self, url: str) -> SignatureAuth:
        return SignatureAuth(self.project, self.signer, origin=url, clock=lambda: time.time() + self.AHEAD)

    def create(self, worker: int) -> None:
        urls = {f"merchant_{kind}callback_url": self.callback_url for kind in ("", "success_", "decline_")}
        payment = {"method": "card-p2p", "amount": 100, "currency": "RUB"}
        with httpx.Client(base_url=self.url, auth=self.auth(self.url), timeout=PATIENCE) as client:
            for number in range(100_000):
                general = {"project_id": self.project, "payment_id": f"{worker}-{number}", **urls}
                try:
                    answer = client.post("/api/v1/payment/p2p/payin", json={"general": general, "payment": payment})
                except httpx.TransportError:
                    return  # it was killed
                assert answer.status_code == 200
                self.answered.append(f"{worker}-{number}")


def ask(url: str, name: str) -> Any:
    return httpx.get(f"{url}/_mock/{name}", timeout=PATIENCE).json()


def first_attempts(url: str) -> list[int | None]:
    """The receiver's answer to the first attempt of each callback, as recorded by the gateway."""
    return [one["attempts"][0]["status"] for one in ask(url, "callbacks")["callbacks"] if one["attempts"]]


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path, file: Path, receiver: Receiver) -> None:
    """Whatever was answered before the process was killed is there afterwards, and every callback arrives."""
    home = tmp_path / "home"
    process, url = start(file, home)
    receiver.failures = 10
    try:
        httpx.post(f"{url}/_mock/clock", json={"advance_seconds": Traffic.AHEAD})
        traffic = Traffic(url, home, receiver.url)
        for thread in traffic.threads:
            thread.start()
        # only what the gateway has shown must be kept: the receiver's count is ahead of the gateway's record
        eventually(lambda: len(traffic.answered) > 150 and 500 in first_attempts(url))
        end(process, signal.SIGKILL)  # in the middle of everything
        for thread in traffic.threads:
            thread.join()
        process, url = start(file, home)
        before = time.time()
        now = ask(url, "health")["now"] - Traffic.AHEAD
        assert before - 1 < now < time.time() + 1
        known = {one["payment_id"] for one in ask(url, "payments")["payments"]}
        assert set(traffic.answered) <= known
        # one per thread may have been executed without an answer
        assert len(known - set(traffic.answered)) <= len(traffic.threads)
        assert 500 in first_attempts(url)
        _all_arrive(url, receiver, known)
        end(process, signal.SIGINT)
        assert process.returncode == 0
        process, url = start(file, home)
        now = ask(url, "health")["now"]
        auth = SignatureAuth(traffic.project, traffic.signer, origin=url, clock=lambda: now)
        answer = httpx.post(f"{url}/api/v1/balance/info", json={"general": {"project_id": traffic.project}}, auth=auth)
        amounts = {one["currency"]: one["amount"] for one in answer.json()["balance"]}
        assert amounts["RUB"] == 100_000_000 + 100 * len(known)
    finally:
        if process.poll() is None:
            end(process, signal.SIGKILL)


def _all_arrive(url: str, receiver: Receiver, payments: set[str]) -> None:
    def arrived() -> bool:
        httpx.post(f"{url}/_mock/clock", json={"advance_seconds": 10})
        finals = [one for one in receiver.bodies if one["status"]["status"] == "success"]
        return {one["general"]["payment_id"] for one in finals} == payments

    eventually(arrived)


@pytest.mark.slow
def test_without_a_home_the_keys_stay_beside_the_state(file: Path) -> None:
    command = [sys.executable, "-m", "highhelp.cli", "mock", "--port", "0", "--state", str(file)]
    homes = []
    for _ in range(2):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        end(process, signal.SIGTERM)
        assert lines[1].startswith("Dashboard: http://127.0.0.1:")
        homes.append(lines[2].split("=")[1].strip())
    assert homes == [f"{file}.home"] * 2


def do_something(merchant: Merchant, choose: random.Random) -> None:
    """An action of a merchant, its receiver or a developer."""
    gateway = merchant.gateway
    doing, code = choose.randrange(5), choose.choice([one.code for one in SCENARIOS])
    if doing < 2:
        send = merchant.p2p_payout if code >= 100 else merchant.p2p_payin
        name = "create_p2p_payout" if code >= 100 else "create_p2p_payin"
        merchant.send(name, send(f"p-{choose.randrange(30)}", amount=amount_of(code)))
    elif doing == 2:
        gateway.travel(choose.choice([0.5, 1, 3, 30, 700]))
    elif doing == 3:
        gateway.deliver(lambda outgoing: (200, 500)[len(outgoing.body) % 2])
    else:
        movable = [payment for payment in gateway.payments if payment.allowed]
        if movable:
            payment = choose.choice(movable)
            gateway.advance(payment.payment_id, *split_state(choose.choice(payment.allowed)))


@pytest.mark.parametrize("seed", range(4))
def test_a_restart_at_any_moment_changes_nothing(seed: int, tmp_path: Path, opened: Callable[..., Merchant]) -> None:
    """The same random actions with and without restarts have the same result."""
    results = []
    for restarts in (False, True):
        choose = random.Random(seed)
        options = {"state": tmp_path / f"{restarts}.sqlite3", "project_id": "p", "balances": {"RUB": 10_000_000}}
        merchant = opened(**options)
        for _ in range(40):
            do_something(merchant, choose)
            if restarts:
                merchant = opened(**options)
        gateway = merchant.gateway
        states = [(one.payment_id, one.state, [event.state for event in one.history]) for one in gateway.payments]
        told = [(one.id, one.payment_id, one.state, one.outcome, one.attempts) for one in gateway.callbacks]
        results.append((states, told, gateway.balance("RUB"), gateway.clock()))
    assert results[0] == results[1]


def test_faults_are_not_kept(opened: Callable[..., Merchant]) -> None:
    merchant = opened()
    for name in DESCRIPTIONS:
        if name in Faults.allowed("create_p2p_payin"):
            merchant.gateway.fault("create_p2p_payin", name)
    again = opened()
    assert again.call("create_p2p_payin", again.p2p_payin())["status"] == "processing"
