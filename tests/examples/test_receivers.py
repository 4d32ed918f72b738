"""Receivers in other languages: `highhelp check-receiver` passes them, and they keep what they acknowledged."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from highhelp_mock import MockGateway
from tests.examples.conftest import EXAMPLES, free_port
from tests.requirements import require
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from tests.examples.conftest import Gateway, Programs


def command(language: str, port: int) -> list[str]:
    program = require(language, shutil.which(language))
    if language == "node":
        return [program, str(EXAMPLES / "node_receiver" / "receiver.mjs"), str(port)]
    return [program, "-S", f"127.0.0.1:{port}", str(EXAMPLES / "php_receiver" / "receiver.php")]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["node", "php"])
def test_a_receiver_in_another_language_passes(gateway: Gateway, programs: Programs, language: str) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    words = ["-m", "highhelp", "check-receiver", f"{url}/callbacks", "--wait", "0", "--json"]
    with programs.running(*command(language, port), ready=f"{url}/credits/x"):
        done = programs.run(sys.executable, *words, "--credits-url", f"{url}/credits/{{payment_id}}")
    report = json.loads(done.stdout)
    assert [check for check in report["checks"] if not check["ok"]] == []
    assert (done.returncode, report["credits_checked"]) == (0, True)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["node", "php"])
def test_a_restarted_receiver_knows_its_payments(gateway: Gateway, programs: Programs, language: str) -> None:
    sender = MockGateway(gateway.home)
    success = sender.signed_callback("order-1", "success")
    decline = sender.signed_callback("order-1", "decline")
    hidden = sender.signed_callback("order-2", "success", body={"note": "x;status:status:success"})
    for round_number in range(2):
        url = f"http://127.0.0.1:{(port := free_port())}"
        with programs.running(*command(language, port), ready=f"{url}/credits/x"):
            if round_number:
                assert httpx.get(f"{url}/credits/order-1", timeout=PATIENCE).text == "1"
            for sent in (success, success, decline, hidden):
                answer = httpx.post(f"{url}/callbacks", content=sent.body, headers=dict(sent.headers), timeout=PATIENCE)
                assert answer.status_code == 200
            assert httpx.get(f"{url}/credits/order-1", timeout=PATIENCE).text == "1"
            assert httpx.get(f"{url}/credits/order-2", timeout=PATIENCE).text == "0"  # its signature fits another body
            assert httpx.post(f"{url}/callbacks", content=b"{}", timeout=PATIENCE).status_code == 401
            assert httpx.get(f"{url}/callbacks", timeout=PATIENCE).status_code == 405
    stored = [path.read_text() for path in (programs.directory / "callbacks").iterdir()]
    assert len(stored) == 4  # three events and an end, each once
    assert not any("requisites" in text for text in stored)
