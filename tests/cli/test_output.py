"""How stored things are shown, and how a missing package is reported."""

from __future__ import annotations

import json

import pytest
import typer

from highhelp.cli.output import ExitCode, flatten, report_errors

NOW = 1_795_824_000.5


def test_times_of_a_stored_thing_are_dates_in_utc() -> None:
    times = ("created_at", "changed_at", "received_at", "signed_at", "busy_until")
    assert dict(flatten(dict.fromkeys(times, NOW))) == dict.fromkeys(times, "2026-11-28 00:00:00")


def test_times_of_a_body_stay_as_they_were_sent() -> None:
    assert dict(flatten({"body": {"created_at": NOW, "list": [1, "ж"]}})) == {
        "body.created_at": NOW,
        "body.list": '[1, "ж"]',
    }


def test_an_amount_is_shown_with_the_currency_beside_it() -> None:
    shown = dict(flatten({"amount": 1050, "currency": "RUB", "info": {"amount": 250, "currency": "JPY"}, "fee": 7}))
    assert (shown["amount"], shown["info.amount"], shown["fee"]) == ("10.50 RUB", "250 JPY", 7)


@pytest.mark.parametrize(
    ("package", "extra"),
    [
        ("rich", "cli"),
        ("pydantic", "mock"),
        ("sqlalchemy.orm", "callbacks"),
        ("psycopg", "postgres"),
        ("faststream", "publish"),
    ],
)
def test_a_missing_package_is_reported_with_its_extra(
    capsys: pytest.CaptureFixture[str], package: str, extra: str
) -> None:
    @report_errors
    def command() -> None:
        raise ModuleNotFoundError(name=package)

    with pytest.raises(typer.Exit) as ended:
        command()
    assert ended.value.exit_code == ExitCode.WRONG_USE
    assert f"this command needs the extra [{extra}]: pip install 'highhelp[{extra}]'" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [True, False])
def test_a_file_that_cannot_be_used_is_named(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    @report_errors
    def command(*, as_json: bool) -> None:
        raise PermissionError(13, "Permission denied", "report.json")

    with pytest.raises(typer.Exit) as ended:
        command(as_json=as_json)
    assert ended.value.exit_code == ExitCode.WRONG_USE
    said = capsys.readouterr().err
    assert (json.loads(said)["message"] if as_json else said.strip()).endswith("report.json: Permission denied")
