"""`highhelp payouts` and `reconcile`: what reaches the guard, what is printed, and the exit code."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import create_autospec

import pytest

from highhelp import Payout, PayoutGuard, cli
from highhelp.cli.output import ExitCode
from highhelp.payouts.batch import BatchReport, Progress
from highhelp.payouts.reconcile import Difference, Reconciliation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAN = "2200000000000004"


def payout(state: str, status: str | None = None, payment_id: str = "p-1") -> Payout:
    """One of 10.50 RUB."""
    return Payout(
        project_id="project",
        payment_id=payment_id,
        operation="create_p2p_payout",
        amount=1050,
        currency="RUB",
        state=state,
        reason=None,
        confirmed=False,
        gateway=None,
        status=status,
        sub_status=None,
        request_id=None,
        attempts=1,
        busy_until=None,
        created_at=1_795_824_000.0,
        changed_at=1_795_824_000.0,
    )


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A guard that only notes how it is called."""
    noted = create_autospec(PayoutGuard, instance=True)
    noted.list.return_value = []

    @contextmanager
    def opened(**_: object) -> Iterator[Any]:
        yield noted

    for module in ("payouts", "reconcile"):
        monkeypatch.setattr(f"highhelp.cli.commands.{module}.open_guard", opened)
    monkeypatch.setattr("highhelp.cli.commands.payouts.note_new_database", lambda: None)
    return noted


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "payouts.csv"
    path.write_text(f"payment_id,amount,currency,method,pan\np-1,10.50,RUB,card-p2p,{PAN}\n")
    return str(path)


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


# --- a file of payouts ---------------------------------------------------------------------------------------------

MADE = payout("settled", "processing")
DECLINED = payout("settled", "decline")
REFUSED, UNKNOWN = payout("refused"), payout("unknown")
NOT_SENT, SENDING, REVIEW = payout("prepared"), payout("sent"), payout("needs_review")


@pytest.mark.parametrize(
    ("payouts", "code"),
    [
        ([MADE, payout("settled", "success")], ExitCode.OK),
        ([MADE, DECLINED], ExitCode.REFUSED),
        ([MADE, payout("settled", "error")], ExitCode.REFUSED),
        ([MADE, REFUSED], ExitCode.REFUSED),
        ([REFUSED, NOT_SENT, DECLINED], ExitCode.NOT_SENT),
        ([NOT_SENT, UNKNOWN], ExitCode.UNKNOWN),
        ([REFUSED, SENDING], ExitCode.UNKNOWN),
        ([DECLINED, REVIEW], ExitCode.UNKNOWN),
    ],
)
def test_a_batch_ends_with_what_is_least_known(guard: Any, file: str, payouts: list[Payout], code: ExitCode) -> None:
    guard.send_batch.return_value = BatchReport(tuple(payouts))
    assert cli.main(["payouts", "send", file]) == code
    assert cli.main(["payouts", "send", file, "--json"]) == code


def test_the_report_names_what_needs_a_person(guard: Any, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    payouts = (
        payout("settled", "success", "all-right"),
        payout("settled", "decline", "declined"),
        payout("needs_review", None, "doubtful"),
    )
    guard.send_batch.return_value = BatchReport(payouts, stopped="the gateway cannot be reached")
    cli.main(["payouts", "send", file])
    said = capsys.readouterr()
    assert ["success", "RUB", "1", "10.50"] in [line.split() for line in said.out.splitlines()]
    assert "all-right" not in said.out
    for shown in ("declined", "doubtful"):
        assert f"{shown}  " in said.out
    assert "stopped early: the gateway cannot be reached" in said.err
    assert "some need review: `highhelp payouts show ID --ask`" in said.err
    assert "not complete: run the same command again" in said.err


def test_a_complete_report_asks_for_nothing(guard: Any, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    guard.send_batch.return_value = BatchReport((MADE,))
    cli.main(["payouts", "send", file])
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()] == ["outcome", "processing"]
    assert said.err == ""


def test_the_pace_of_a_batch_reaches_the_guard(guard: Any, file: str) -> None:
    guard.send_batch.return_value = BatchReport((MADE,))
    cli.main(["payouts", "send", file, "--concurrency", "2", "--per-second", "0.5"])
    ((rows,), options) = guard.send_batch.call_args
    assert [row.request["general"]["payment_id"] for row in rows] == ["p-1"]
    assert (options["concurrency"], options["per_second"]) == (2, 0.5)


def test_progress_is_shown_in_steps_and_at_the_end(guard: Any, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    def send(*_: object, progress: Any, **__: object) -> BatchReport:
        for done in range(1, 42):
            progress(Progress(done, 41, MADE))
        return BatchReport((MADE,))

    guard.send_batch.side_effect = send
    cli.main(["payouts", "send", file])
    assert capsys.readouterr().err.splitlines() == [f"{done} of 41" for done in [*range(2, 41, 2), 41]]


def test_new_codes_are_sent_on_request_only(guard: Any, file: str, tmp_path: Path) -> None:
    guard.send_batch.return_value = BatchReport((MADE,))
    other = tmp_path / "new.csv"
    other.write_text((tmp_path / "payouts.csv").read_text().replace("card-p2p", "card-new"))
    assert cli.main(["payouts", "send", str(other)]) == ExitCode.WRONG_USE
    guard.send_batch.assert_not_called()
    assert cli.main(["payouts", "send", str(other), "--new-codes"]) == ExitCode.OK


# --- decisions of a person -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("decision", "state"), [("adopt", "settled"), ("refuse", "refused"), ("release", "prepared")])
def test_each_decision_is_the_one_that_was_taken(
    guard: Any, capsys: pytest.CaptureFixture[str], decision: str, state: str
) -> None:
    getattr(guard, decision).return_value = payout(state)
    assert cli.main(["payouts", decision, "p-1"]) == ExitCode.OK
    assert [call[0] for call in guard.method_calls] == [decision]
    getattr(guard, decision).assert_called_once_with("p-1")
    assert state in capsys.readouterr().out
    assert cli.main(["payouts", decision, "p-1", "--json"]) == ExitCode.OK
    assert printed(capsys)["state"] == state


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("unknown", ExitCode.UNKNOWN),
        ("needs_review", ExitCode.UNKNOWN),
        ("prepared", ExitCode.OK),
        ("settled", ExitCode.OK),
        ("refused", ExitCode.OK),
    ],
)
def test_recover_ends_with_3_where_something_is_open(guard: Any, state: str, code: ExitCode) -> None:
    guard.recover.return_value = [payout("settled"), payout(state)]
    assert cli.main(["payouts", "recover"]) == code
    guard.recover.assert_called_once_with(None)


def test_recover_may_be_for_one_payout(guard: Any, capsys: pytest.CaptureFixture[str]) -> None:
    guard.recover.return_value = []
    assert cli.main(["payouts", "recover", "p-1"]) == ExitCode.OK
    guard.recover.assert_called_once_with("p-1")
    guard.show.assert_called_once_with("p-1")
    assert "nothing is unsettled" in capsys.readouterr().out


def test_an_interrupted_batch_says_how_to_go_on(guard: Any, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    guard.send_batch.side_effect = KeyboardInterrupt
    for form in ([], ["--json"]):
        assert cli.main(["payouts", "send", file, *form]) == ExitCode.UNKNOWN
        told = capsys.readouterr().err
        assert "interrupted: run the same command again, or `highhelp payouts recover` later" in told
    assert json.loads(told)["error"] == "Interrupted"


@pytest.mark.parametrize(("moved", "code"), [(2, ExitCode.OK), (0, ExitCode.REFUSED)])
def test_a_gateway_is_moved_from_the_old_to_the_new_name(
    guard: Any, capsys: pytest.CaptureFixture[str], moved: int, code: ExitCode
) -> None:
    guard.move_gateway.return_value = moved
    assert cli.main(["payouts", "move-gateway", "https://old.example:443", "new"]) == code
    guard.move_gateway.assert_called_once_with("https://old.example:443", "new")
    assert f"{moved} payouts moved from https://old.example:443 to new" in capsys.readouterr().out


# --- reconcile -----------------------------------------------------------------------------------------------------

DIFFERENCE = Difference("other_amount", "p-1", guard="by the guard", inbox="by a callback", gateway="by the gateway")


def test_a_difference_shows_who_says_what(guard: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sums = {"guard": {"RUB": 1050}, "gateway": {"RUB": 2050}}
    guard.reconcile.return_value = Reconciliation(3, 1, (DIFFERENCE,), sums)
    assert cli.main(["reconcile"]) == ExitCode.REFUSED
    said = capsys.readouterr().out
    assert "guard: by the guard, inbox: by a callback, gateway: by the gateway" in said
    assert "p-1  other_amount: the gateway holds another amount or currency" in said
    rows = [line.split() for line in said.splitlines()]
    assert ["guard", "RUB", "10.50"] in rows
    assert ["gateway", "RUB", "20.50"] in rows
    assert "3 payouts compared, 1 being sent left out, 1 differences" in said


def test_no_difference_ends_with_0(guard: Any, capsys: pytest.CaptureFixture[str]) -> None:
    guard.reconcile.return_value = Reconciliation(3, 0, ())
    assert cli.main(["reconcile"]) == ExitCode.OK
    assert "3 payouts compared, 0 differences" in capsys.readouterr().out


def test_the_span_and_the_pace_reach_the_guard(guard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highhelp.cli.durations.time.time", lambda: 1_000_000.0)
    guard.reconcile.return_value = Reconciliation(0, 0, ())
    cli.main(["reconcile", "--since", "2h", "--until", "1h", "--concurrency", "3", "--per-second", "0.5"])
    options = guard.reconcile.call_args.kwargs
    assert (options["since"], options["until"]) == (992_800.0, 996_400.0)
    assert (options["concurrency"], options["per_second"]) == (3, 0.5)
    cli.main(["reconcile"])
    options = guard.reconcile.call_args.kwargs
    assert (options["since"], options["until"]) == (913_600.0, None)
