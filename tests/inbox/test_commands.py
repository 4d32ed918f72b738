"""`highhelp listen`, `highhelp inbox` and `highhelp db`."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import CallbackInbox, HighHelp, Money, cli
from highhelp.cli.output import ExitCode
from highhelp.inbox.asking import AskedPayin
from highhelp.storage.tables import REVISION
from highhelp_mock import MockGateway
from highhelp_signing import generate_home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "home"
    generate_home(directory, base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(directory))
    return directory


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_listen_processes_what_it_receives(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = MockGateway(home)
    command = [sys.executable, "-m", "highhelp.cli", "listen", "--port", "0", "--process"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            process.stdout.readline()
            with httpx.Client() as client:
                sent = gateway.signed_callback("order-1", "success")
                for _ in range(2):
                    response = client.post(f"{url}any/path", content=sent.body, headers=sent.headers)
                    assert (response.status_code, response.content) == (200, b"OK")
                wrong = gateway.signed_callback("order-1", "decline", wrong_signature=True)
                assert client.post(url, content=wrong.body, headers=wrong.headers).status_code == 401
            assert process.stdout.readline().split() == ["order-1", "success", "100.00", "RUB"]
            process.send_signal(signal.SIGINT)
            assert "stopped" in process.stdout.read()
        finally:
            process.kill()  # of no effect where it has ended by itself
    assert process.returncode == 0
    assert cli.main(["inbox", "list", "--json"]) == 0
    (row,) = told(capsys)
    assert (row["payment_id"], row["status"], row["sub_status"], row["state"]) == ("order-1", "success", None, "done")
    assert cli.main(["inbox", "list", "--json", "--refused", "--limit", "5"]) == 0
    (refused,) = told(capsys)
    assert (refused["reason"], refused["genuine"]) == ("signature", False)


def test_expected_payins_are_asked_for_and_filed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with MockGateway(tmp_path / "home").serve() as gateway:
        monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "home"))
        assert cli.main(["reconcile", "--payins", "--json"]) == ExitCode.OK
        assert told(capsys) == []
        with HighHelp() as client, CallbackInbox() as inbox:
            client.p2p.create_payin(payment_id="a", amount=Money("100.00", "RUB"), method="card-p2p")
            for payment_id in ("a", "b"):
                inbox.expect(payment_id, Money("100.00", "RUB"), project_id=gateway.project_id)
        for state in (("processing", "requisites"), ("processing", "awaiting_confirm"), ("success",)):
            gateway.advance("a", *state)
        assert cli.main(["reconcile", "--payins", "--json"]) == ExitCode.OK
        assert told(capsys) == [
            {"payment_id": "a", "state": "success", "result": "filed"},
            {"payment_id": "b", "state": None, "result": "not_found"},
        ]
        assert cli.main(["reconcile", "--payins"]) == ExitCode.OK
        assert "not_found" in capsys.readouterr().out
        with CallbackInbox() as inbox:
            inbox.expect("c", Money("1.00", "RUB"), project_id=gateway.project_id)
        with HighHelp() as client:
            client.p2p.create_payin(payment_id="c", amount=Money("100.00", "RUB"), method="card-p2p")
        for state in (("processing", "requisites"), ("processing", "awaiting_confirm"), ("success",)):
            gateway.advance("c", *state)
        assert cli.main(["reconcile", "--payins"]) == ExitCode.REFUSED, "another sum is parked"
    with CallbackInbox() as inbox:
        assert [(row["payment_id"], row["state"]) for row in inbox.list()] == [("c", "parked"), ("a", "received")]


def receive(home: Path, *payment_ids: str, forge: bool = False) -> None:
    """Store a callback of each payment; with `forge`, one with a wrong signature is refused too."""
    gateway = MockGateway(home)
    with CallbackInbox() as inbox:
        for payment_id in payment_ids:
            sent = gateway.signed_callback(payment_id, "success")
            inbox.receive(sent.body, sent.headers)
            if forge:
                inbox.receive(sent.body, {**sent.headers, "x-access-signature": "AAAA"})


def test_the_commands_of_the_inbox(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receive(home, "a", "b")
    assert cli.main(["inbox", "park", "1"]) == 0
    assert cli.main(["inbox", "list"]) == 0
    assert "operator" in capsys.readouterr().out
    assert cli.main(["inbox", "list", "--json", "--state", "parked"]) == 0
    assert [row["payment_id"] for row in told(capsys)] == ["a"]
    assert cli.main(["inbox", "list", "--json", "--limit", "1"]) == 0
    assert [row["payment_id"] for row in told(capsys)] == ["b"]
    assert cli.main(["inbox", "replay", "1"]) == 0
    capsys.readouterr()
    assert cli.main(["inbox", "show", "1", "--json"]) == 0
    assert told(capsys)["body"]["general"]["payment_id"] == "a"
    assert cli.main(["inbox", "show", "1"]) == 0
    shown = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert shown["amount"].strip() == shown["body.payment_info.amount"].strip() == "100.00 RUB"
    for name in ("received_at", "signed_at"):
        assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", shown[name].strip())
    assert cli.main(["inbox", "stats"]) == 0
    capsys.readouterr()
    assert cli.main(["inbox", "stats", "--json"]) == 0
    assert told(capsys)["states"]["received"] == 2
    assert cli.main(["inbox", "purge", "--older-than", "90d", "--json"]) == 0
    assert told(capsys) == {"purged": 0}
    assert cli.main(["db", "upgrade", "--json"]) == 0
    assert told(capsys) == {"before": REVISION, "after": REVISION}


def test_the_list_can_be_of_one_payment_and_of_few_refusals(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receive(home, "a", "b", forge=True)
    assert cli.main(["inbox", "list", "--json", "--payment-id", "a"]) == 0
    assert [row["payment_id"] for row in told(capsys)] == ["a"]
    for limit in (1, 2):
        assert cli.main(["inbox", "list", "--json", "--refused", "--limit", str(limit)]) == 0
        assert len(told(capsys)) == limit
    assert cli.main(["inbox", "list"]) == 0
    assert "100.00 RUB" in capsys.readouterr().out


def test_the_counts_name_state_reason_and_outbox(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = MockGateway(home)
    with CallbackInbox(outbox=True) as inbox:
        for payment_id in ("a", "b", "c"):
            sent = gateway.signed_callback(payment_id, "success")
            inbox.receive(sent.body, sent.headers)
        inbox.receive(sent.body, {**sent.headers, "x-access-signature": "AAAA"})
        inbox.park(1)
    assert cli.main(["inbox", "stats"]) == 0
    rows = {tuple(line.split()) for line in capsys.readouterr().out.splitlines()}
    assert rows >= {
        ("state", "received", "2"),
        ("state", "parked", "1"),
        ("parked", "operator", "1"),
        ("refused", "signature", "1"),
        ("outbox", "waiting", "3"),
    }


@pytest.mark.parametrize(("command", "state"), [("park", "parked"), ("replay", "received")])
def test_the_new_state_of_an_event_is_told(
    home: Path, capsys: pytest.CaptureFixture[str], command: str, state: str
) -> None:
    sent = MockGateway(home).signed_callback("a", "success")
    with CallbackInbox() as inbox:
        inbox.receive(sent.body, sent.headers)
        if command == "replay":
            inbox.park(1)
    assert cli.main(["inbox", command, "1", "--json"]) == 0
    assert told(capsys) == {"id": 1, "state": state}
    assert cli.main(["inbox", "show", "1", "--json"]) == 0
    assert told(capsys)["state"] == state


def test_only_what_is_older_is_purged_and_parked_on_request(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent = MockGateway(home).signed_callback("a", "success")
    with CallbackInbox() as inbox:
        inbox.receive(sent.body, sent.headers)
        inbox.park(1)
    with closing(sqlite3.connect(home / "highhelp.db")) as database, database:
        database.execute("UPDATE highhelp_events SET changed_at = changed_at - 3600000")
    for options, purged in ((["2h", "--parked"], 0), (["30m"], 0), (["30m", "--parked"], 1)):
        assert cli.main(["inbox", "purge", "--json", "--older-than", *options]) == 0
        assert told(capsys) == {"purged": purged}


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (["filed", "open", "not_found"], ExitCode.OK),
        (["filed", "unavailable"], ExitCode.UNAVAILABLE),
        (["unavailable", "parked"], ExitCode.REFUSED),
    ],
)
def test_payins_that_are_not_clear_set_the_exit_code(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], results: list[str], code: ExitCode
) -> None:
    asked = [AskedPayin("a", None, result) for result in results]
    monkeypatch.setattr("highhelp.CallbackStore.reconcile", lambda *_: asked)
    assert cli.main(["reconcile", "--payins", "--json"]) == code
    assert [row["result"] for row in told(capsys)] == results


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["inbox", "show", "7"], "no event 7"),
        (["inbox", "replay", "7"], "no event 7"),
        (["inbox", "purge", "--older-than", "yesterday"], "90d"),
        (["inbox", "list", "--state", "lost"], "superseded"),
        (["listen", "--handler", "nowhere.at_all:f"], "nowhere.at_all:f"),
        (["listen", "--handler", "json"], "module:name"),
    ],
)
def test_wrong_use_is_a_plain_sentence(
    home: Path, command: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(command) == 2
    err = capsys.readouterr().err
    assert words in err or "write it like" in err
    assert "Traceback" not in err


def test_a_database_that_cannot_be_used(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIGHHELP_DATABASE_URL", "postgresql://u:secret@127.0.0.1:9/x")
    assert cli.main(["inbox", "list"]) == 2
    err = capsys.readouterr().err
    assert "HIGHHELP_DATABASE_URL" in err
    assert "secret" not in err


def test_a_taken_port(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert cli.main(["listen", "--port", str(taken.getsockname()[1])]) == 2
    assert "--port" in capsys.readouterr().err
