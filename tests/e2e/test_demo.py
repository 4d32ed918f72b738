"""The demo, and the paths by which a stranger comes to it."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from highhelp import cli
from highhelp.cli import demonstration as demo
from highhelp_signing import CallbackRejected, CallbackVerifier


@pytest.mark.slow
def test_the_demo_ends_with_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"]) == 0
    told = capsys.readouterr().out
    for stage in (
        "P2PPayinRequest",
        "normalised",
        "x-access-signature",
        "processing/requisites",
        "info        success",
    ):
        assert stage in told
    assert told.count("signature checked") >= 4


@pytest.mark.slow
def test_the_demo_fails_where_a_callbacks_signature_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(CallbackVerifier):
        refused = False

        def verify(self, raw_body: bytes, headers: Any) -> Any:
            if not Forgetful.refused:
                Forgetful.refused = True
                others = [(name, value) for name, value in headers if name.lower() != b"x-access-signature"]
                headers = [*others, (b"x-access-signature", b"A" * 342)]
            return super().verify(raw_body, headers)

    monkeypatch.setattr(demo, "CallbackVerifier", Forgetful)
    said: list[str] = []
    assert demo.run_demo(said.append) is False
    assert any("callback refused: " in line for line in said)


def test_the_demo_gives_up_where_nothing_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PATIENCE", 0.01)
    said: list[str] = []
    assert demo.run_demo(said.append) is False
    assert any("no final callback" in line for line in said)


def test_the_receiver_answers_a_forged_callback_with_401() -> None:
    class Refusing:
        def verify(self, *_: object) -> object:
            raise CallbackRejected("signature", "no key made it", None)  # type: ignore[arg-type]  # a reason's text

    events: queue.Queue[Any] = queue.Queue()
    status, _ = demo.Receiver(Refusing(), events).receive(b"{}", {})  # type: ignore[arg-type]  # a stand-in
    assert status == 401
    assert isinstance(events.get_nowait(), CallbackRejected)
