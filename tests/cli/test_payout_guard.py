"""`highhelp payout create` goes through the guard where there is a database, and says so where there is none."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import cli
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAN = "4000000000000002"


def create(payment_id: str, *words: str, amount: str = "25.50 RUB") -> list[str]:
    pan = ["--set", f"receiver.pan={PAN}"]
    return ["payout", "create", "--amount", amount, "--method", "card-p2p", "--payment-id", payment_id, *pan, *words]


@pytest.fixture
def home(pattern: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(pattern, tmp_path / "h")
    monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "h"))
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    return tmp_path / "h"


@pytest.fixture
def gateway(home: Path) -> Iterator[MockGateway]:
    with MockGateway(home).serve() as served:
        yield served


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HIGHHELP_DATABASE_URL", str(tmp_path / "payouts.db"))
    return tmp_path / "payouts.db"


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert cli.main(["payouts", "list", "--json", *words]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_without_a_database_a_note_says_so(
    gateway: MockGateway, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(create("o-1", "--json")) == 0
    said = capsys.readouterr()
    assert "no database is set (HIGHHELP_DATABASE_URL)" in said.err
    assert json.loads(said.out)["payment_id"] == "o-1"
    assert not (home / "highhelp.db").exists()


def test_with_a_database_the_payout_is_stored(
    gateway: MockGateway, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(create("o-1", "--json")) == 0
    said = capsys.readouterr()
    assert "database" not in said.err
    state = json.loads(said.out)
    assert (state["status"], state["payment_info"]) == (
        "processing", {"amount": 2550, "currency": "RUB", "type": "payout"},
    )  # fmt: skip
    assert state["request_id"] == gateway.payment("o-1").request_id
    assert [(row["payment_id"], row["state"]) for row in listed(capsys)] == [("o-1", "settled")]
    assert cli.main(create("o-1")) == 0
    assert "o-1 was sent before; nothing was sent now" in capsys.readouterr().err
    assert len(gateway.payments) == 1
    assert cli.main(create("o-1", amount="26 RUB")) == 2
    assert "another body" in capsys.readouterr().err
    assert len(gateway.payments) == 1


def test_the_database_of_the_home_is_used_once_there(
    gateway: MockGateway, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed(capsys) == []  # creates it
    assert cli.main(create("o-1")) == 0
    assert "no database" not in capsys.readouterr().err
    assert [row["payment_id"] for row in listed(capsys)] == ["o-1"]


def test_an_unknown_outcome_is_not_sent_again(
    gateway: MockGateway, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.fault("create_p2p_payout", "drop_request")
    assert cli.main(create("o-1")) == 3
    assert "never create it under another payment_id" in capsys.readouterr().err
    assert cli.main(create("o-1", "--json")) == 3
    document = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (document["error"], document["exit_code"]) == ("PayoutUnsettled", 3)
    assert "`highhelp payouts recover`" in document["message"]
    assert [row["state"] for row in listed(capsys)] == ["unknown"]
    assert gateway.payments == ()


def test_a_refused_request_is_not_stored(
    gateway: MockGateway, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["payout", "create", "--amount", "5 RUB", "--method", "card-p2p"]) == 2
    assert "(--set receiver.pan=-)" in capsys.readouterr().err
    assert listed(capsys) == []


def test_a_generated_id_is_printed_and_stored(
    gateway: MockGateway, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = create("x")
    place = words.index("--payment-id")
    assert cli.main([*words[:place], *words[place + 2 :]]) == 0
    printed = capsys.readouterr().err.splitlines()[-1].removeprefix("payment_id ")
    assert [row["payment_id"] for row in listed(capsys)] == [printed]


def test_a_payout_is_shown_for_people(gateway: MockGateway, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(create("o-1")) == 0
    capsys.readouterr()
    assert cli.main(["payouts", "show", "o-1"]) == 0
    shown = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert (shown["amount"].strip(), shown["body.payment.amount"].strip()) == ("25.50 RUB", "25.50 RUB")
    assert shown["body.receiver.pan"].strip() == "***"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", shown["created_at"].strip())
    assert cli.main(["payouts", "show", "o-1", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["amount"], type(row["created_at"])) == (2550, float)


def test_the_list_can_be_of_one_state_and_short(
    gateway: MockGateway, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(create("o-1")) == 0
    gateway.fault("create_p2p_payout", "drop_request")
    assert cli.main(create("o-2")) == 3
    assert [row["payment_id"] for row in listed(capsys)] == ["o-2", "o-1"]
    assert [row["payment_id"] for row in listed(capsys, "--state", "settled")] == ["o-1"]
    assert [row["payment_id"] for row in listed(capsys, "--limit", "1")] == ["o-2"]
    assert cli.main(["payouts", "list"]) == 0
    assert capsys.readouterr().out.split("\n")[1].split()[2:6] == ["o-2", "25.50", "RUB", "unknown"]


def test_ask_stores_what_the_gateway_reports_now(
    gateway: MockGateway, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(create("o-1")) == 0
    gateway.advance("o-1", "processing", "payout_process")
    gateway.advance("o-1", "success")
    for ask, status in (([], "processing"), (["--ask"], "success"), ([], "success")):
        capsys.readouterr()
        assert cli.main(["payouts", "show", "o-1", "--json", *ask]) == 0
        assert json.loads(capsys.readouterr().out)["status"] == status
