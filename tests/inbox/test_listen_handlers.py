"""`highhelp listen` gives final events to one function and the others to another one."""

from __future__ import annotations

import signal
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import CallbackInbox, cli
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def handled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """An inbox with an informative and a final event, and what the functions of the module `shop` are called with."""
    gateway = MockGateway(tmp_path / "home")
    monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "home"))
    with CallbackInbox() as inbox:
        for state in (("processing", "paid"), ("success", None)):
            sent = gateway.signed_callback("order-1", *state)
            assert inbox.receive(sent.body, sent.headers)[0] == 200
    calls: list[tuple[str, str]] = []

    def credit(event: Any) -> None:
        calls.append(("credit", event.status))
        signal.raise_signal(signal.SIGINT)

    shop = ModuleType("shop_that_listens")
    vars(shop).update(credit=credit, note=lambda event: calls.append(("note", event.status)))
    monkeypatch.setitem(sys.modules, shop.__name__, shop)
    return calls


def test_the_handler_gets_final_events_only(handled: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["listen", "--port", "0", "--handler", "shop_that_listens:credit"]) == 0
    assert handled == [("credit", "success")]
    assert "order-1  processing:paid" in capsys.readouterr().out


def test_the_update_handler_gets_the_others(handled: list[tuple[str, str]]) -> None:
    handlers = ["--handler", "shop_that_listens:credit", "--update-handler", "shop_that_listens:note"]
    assert cli.main(["listen", "--port", "0", *handlers]) == 0
    assert handled == [("note", "processing"), ("credit", "success")]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--update-handler", "json:loads"], "give --handler for the final events too"),
        (["--handler", "json:loads", "--update-handler", "nowhere:f"], "--update-handler: nowhere:f"),
    ],
)
def test_a_wrong_update_handler_is_named(
    handled: list[tuple[str, str]], capsys: pytest.CaptureFixture[str], words: list[str], text: str
) -> None:
    assert cli.main(["listen", "--port", "0", *words]) == 2
    assert text in capsys.readouterr().err
