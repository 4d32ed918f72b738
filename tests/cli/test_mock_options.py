"""The options of `highhelp mock` reach the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from highhelp import cli
from highhelp.cli.output import ExitCode
from highhelp_mock import StateError
from highhelp_signing import SignatureScheme, generate_home

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_option_means_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Any] = []

    def gateway(*places: Any, **options: Any) -> None:
        made.append((places, options))
        raise StateError("of another version")

    home = generate_home(tmp_path / "h", base_url="http://127.0.0.1:9").directory
    scheme = SignatureScheme(digest="single")
    (tmp_path / "scheme.json").write_text(scheme.to_json())
    monkeypatch.setattr("highhelp_mock.MockGateway", gateway)
    words = ["mock", "--home", str(home), "--state", str(tmp_path / "state.db"), "--info-lag", "1"]
    words += ["--uniqueness-lag", "2", "--duplicates", "stored", "--scheme", str(tmp_path / "scheme.json")]
    assert cli.main([*words, "--deliver-to", "a.example", "--deliver-to", "b.example"]) == ExitCode.WRONG_USE
    assert "--state: of another version" in capsys.readouterr().err
    options = {
        "scheme": scheme,
        "duplicates": "stored",
        "info_lag": 1.0,
        "uniqueness_lag": 2.0,
        "deliver_to": ("a.example", "b.example"),
        "state": tmp_path / "state.db",
    }
    assert made == [((home,), options)]
