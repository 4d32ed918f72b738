"""`highhelp payouts` and `highhelp reconcile`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import CallbackInbox, HighHelp, PayoutGuard, cli
from highhelp.cli.output import ExitCode
from highhelp_mock import MockGateway
from tests.payouts.crasher import body
from tests.payouts.test_guard import die_before_sending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAN = "2200000000000004"
NAMES = "payment_id,amount,currency,method,pan"


@pytest.fixture
def gateway(home: Path, monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> Iterator[MockGateway]:
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    with MockGateway(home).serve() as served:
        yield served


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "payouts.csv"
    rows = [f"p-{n},{n}.50,RUB,card-p2p,{PAN}" for n in range(1, 4)]
    path.write_text("\n".join([NAMES, *rows]))
    return path


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_dry_run_stores_and_sends_nothing(
    gateway: MockGateway, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["payouts", "send", str(file), "--dry-run", "--json"]) == ExitCode.OK
    assert told(capsys) == {"rows": 3, "totals": [{"currency": "RUB", "count": 3, "amount": 750}]}
    assert cli.main(["payouts", "send", str(file), "--dry-run"]) == ExitCode.OK
    assert "7.50" in capsys.readouterr().out
    assert cli.main(["payouts", "list", "--json"]) == ExitCode.OK
    assert told(capsys) == []
    assert gateway.calls == ()


def test_a_wrong_file_is_named_by_line_and_column(
    gateway: MockGateway, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("a") as more:
        more.write(f"\np-9,1.005,RUB,card-p2p,{PAN}")
    for extra in ([], ["--dry-run"]):
        assert cli.main(["payouts", "send", str(file), *extra]) == ExitCode.WRONG_USE
        said = capsys.readouterr().err
        assert "nothing was sent: line 5, column amount: RUB has 2 decimals" in said
        assert PAN not in said
    assert cli.main(["payouts", "send", str(file.with_name("none.csv"))]) == ExitCode.WRONG_USE
    assert "none.csv cannot be read" in capsys.readouterr().err
    assert gateway.calls == ()


def test_recover_names_what_may_still_be_sent(
    gateway: MockGateway, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with HighHelp() as client, PayoutGuard(client) as guard:
        die_before_sending(guard, body("p-1", 100, "RUB"))
    for asked in ([], ["p-1"]):
        assert cli.main(["payouts", "recover", *asked]) == ExitCode.UNKNOWN
        said = capsys.readouterr()
        assert "p-1" in said.out
        assert "1 not asked about: a sender may be at work until 20" in said.err
        assert "nothing is unsettled" not in said.out
    assert cli.main(["payouts", "recover", "--json"]) == ExitCode.UNKNOWN
    assert [one["state"] for one in told(capsys)] == ["sent"]
    assert cli.main(["payouts", "recover", "p-9"]) == ExitCode.WRONG_USE
    assert "payout p-9: there is no intent of it" in capsys.readouterr().err


def test_a_database_that_is_created_is_named(
    gateway: MockGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mistyped = str(tmp_path / "shpo.db")
    monkeypatch.setenv("HIGHHELP_DATABASE_URL", mistyped)
    for created in (True, False):
        assert cli.main(["payouts", "list"]) == ExitCode.OK
        assert (f"there was no database {mistyped}; it is created now" in capsys.readouterr().err) == created


def grow_older(file: Path, seconds: int) -> None:
    """Let time pass for the attempts of a database."""
    with closing(sqlite3.connect(file)) as database, database:
        columns = ", ".join(f"{name} = {name} - {seconds * 1000}" for name in ("created_at", "attempt_over_at"))
        database.execute(f"UPDATE highhelp_payouts SET {columns}")


@pytest.mark.slow
def test_a_file_is_sent_shown_recovered_and_reconciled(
    gateway: MockGateway, file: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.fault("create_p2p_payout", "drop_request")
    send = ["payouts", "send", str(file), "--concurrency", "1"]
    assert cli.main(send) == ExitCode.UNKNOWN
    said = capsys.readouterr()
    assert "run the same command again" in said.err
    assert "3 of 3" in said.err
    assert cli.main(["payouts", "list", "--state", "unknown", "--json"]) == ExitCode.OK
    assert [one["payment_id"] for one in told(capsys)] == ["p-1"]
    assert cli.main(["reconcile", "--json"]) == ExitCode.REFUSED
    assert [one["kind"] for one in told(capsys)["differences"]] == ["not_arrived"]
    assert cli.main(["reconcile"]) == ExitCode.REFUSED
    assert "`highhelp payouts recover p-1`" in capsys.readouterr().out
    gateway.fault("get_p2p_payout", "http_500", times=8)
    assert cli.main(["payouts", "recover"]) == ExitCode.UNKNOWN
    assert "unknown" in capsys.readouterr().out
    with gateway.dispatcher.engine() as engine:
        engine.faults.clear()
    assert cli.main(["payouts", "recover", "p-1"]) == ExitCode.UNKNOWN
    assert "not found yet, which counts from" in capsys.readouterr().out
    grow_older(home / "highhelp.db", 120)
    assert cli.main(["payouts", "recover", "p-1", "--json"]) == ExitCode.OK
    assert [one["state"] for one in told(capsys)] == ["prepared"]
    assert cli.main([*send, "--json"]) == ExitCode.OK
    report = told(capsys)
    assert report["totals"] == [{"outcome": "processing", "currency": "RUB", "count": 3, "amount": 750}]
    assert len(gateway.payments) == 3
    assert cli.main(["payouts", "recover"]) == ExitCode.OK
    assert "nothing is unsettled" in capsys.readouterr().out

    gateway.advance("p-2", "processing", "payout_process")
    gateway.advance("p-2", "success")
    assert cli.main(["payouts", "show", "p-2", "--ask", "--json"]) == ExitCode.OK
    shown = told(capsys)
    assert (shown["status"], shown["body"]["receiver"]["pan"]) == ("success", "***")
    assert cli.main(["payouts", "show", "p-2"]) == ExitCode.OK
    assert PAN not in capsys.readouterr().out
    assert cli.main(["reconcile", "--since", "2020-01-01"]) == ExitCode.OK
    assert "3 payouts compared, 0 differences" in capsys.readouterr().out
    with CallbackInbox(home=home, environ={}) as inbox:
        sent = gateway.signed_callback("p-3", "decline", body={"payment_info": {"amount": 350, "type": "payout"}})
        inbox.receive(sent.body, list(sent.headers.items()))
    assert cli.main(["reconcile", "--since", "2h", "--json"]) == ExitCode.REFUSED
    kinds = {one["kind"] for one in told(capsys)["differences"]}
    assert kinds == {"callback_missing", "callback_contradicts", "callback_waiting"}


def test_wrong_use(gateway: MockGateway, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, text in {
        ("payouts", "list", "--state", "x"): "--state: 'x' is not one of prepared, sent",
        ("payouts", "show", "none"): "payout none: there is no intent of it",
        ("payouts", "show", "none", "--ask"): "payout none: there is no intent of it",
        ("reconcile", "--since", "soon"): "--since: 'soon' is neither an age nor a moment",
        ("reconcile", "--since", "1h", "--until", "2h"): "since: must be before until",
    }.items():
        assert cli.main(list(arguments)) == ExitCode.WRONG_USE
        assert text in capsys.readouterr().err
    with sqlite3.connect(home / "highhelp.db") as database:
        database.execute("DROP TABLE highhelp_payouts")
    database.close()
    assert cli.main(["payouts", "list"]) == ExitCode.WRONG_USE
    assert "the database cannot be used" in capsys.readouterr().err
