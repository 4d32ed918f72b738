"""Ages and moments on the command line."""

from __future__ import annotations

import pytest

from highhelp.cli import durations
from highhelp.cli.output import UsageProblem

NOW = 1_795_824_000.0  # 2026-11-28 00:00 UTC


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highhelp.cli.durations.time.time", lambda: NOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("30m", 1800), ("12h", 43_200), ("90d", 7_776_000), ("0s", 0)]
)
def test_an_age_has_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert durations.parse_age(text) == seconds
    assert durations.parse_moment(text, "--since") == NOW - seconds


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28", NOW),
        ("2026-11-28T00:00:01", NOW + 1),
        ("2026-11-28T03:00+03:00", NOW),
        ("2026-11-27 23:59:59Z", NOW - 1),
    ],
)
def test_a_moment_without_a_zone_is_in_utc(text: str, moment: float) -> None:
    assert durations.parse_moment(text, "--since") == moment


@pytest.mark.parametrize("text", ["", "7", "d7", "7 d", "1.5h", "-1d", "7w", "٧d", "1234567890s", "yesterday"])
def test_any_other_text_is_refused_by_the_options_name(text: str) -> None:
    assert durations.parse_age(text) is None
    with pytest.raises(UsageProblem, match=r"--until: .*write it like 7d or 2026-11-24"):
        durations.parse_moment(text, "--until")
