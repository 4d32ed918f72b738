"""How stored things are shown, and how a missing package is reported."""

from __future__ import annotations

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
