"""Values of a request are masked wherever the gateway repeats them."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import HighHelp, HighHelpError, cli, models
from highhelp.drift.recorder import Recorder, scrubbed
from highhelp.redact import MASK, masked_text, masking
from highhelp_api.contract import OPERATIONS
from highhelp_signing import HmacSigner, generate_home

if TYPE_CHECKING:
    from pathlib import Path

PERSON = {"pan": "4000001234567899", "card_holder": "Ivan Marked", "phone": "+79991234567"}
REQUEST: dict[str, Any] = {
    "general": {"payment_id": "order-1"},
    "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"},
    "receiver": {**PERSON, "account_number": "40817810099910004312", "first_name": "Ivan", "last_name": "Marked"},
}
BODY = json.dumps(REQUEST).encode()
REPEATED = {
    "digits": "card 4000001234567899 is blocked",
    "groups": "4000 0012-3456.7899 is blocked",
    "slashes": "4000/0012/3456/7899",
    "a phone": "call 79991234567",
    "a local phone": "call 8 (999) 123-45-67",
    "an account": "account 40817.810.0.9991.0004312",
    "a name": "for IVAN MARKED",
    "a name turned round": "MARKED, IVAN",
    "a last name": "mr. marked is on the list",
}
SHOWN = ("4000", "7899", "123-45", "1234567", "40817", "MARKED", "marked", "IVAN", "Ivan")


def is_clean(text: str) -> bool:
    return not any(part in text for part in SHOWN)


@pytest.mark.parametrize("text", REPEATED.values(), ids=REPEATED)
def test_a_sent_value_is_masked_in_any_form(text: str) -> None:
    with masking(BODY):
        assert is_clean(masked_text(text))
        assert masked_text(f"{text} HTTP 422: amount 10000 RUB of order-1").endswith(
            "HTTP 422: amount 10000 RUB of order-1"
        )


def test_masking_ends_with_its_block_and_takes_any_body() -> None:
    for body in (b"", b"\xff", b"[1]", b"{}", b'{"pan": ["x", {"y": "abcdef"}]}', b"[" * 100_000):
        with masking(body):
            assert masked_text("mr. marked") == "mr. marked"
    with masking(b'{"pan": ["x", {"y": "a(b.c"}]}'):
        assert masked_text("say a(b.c, a(bxc") == f"say {MASK}, a(bxc"
    assert masked_text("mr. marked") == "mr. marked"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("phone: +7 999 123-45-67 is wrong", f"phone: {MASK}"),
        ("card_holder: IVAN IVANOV, try again", f"card_holder: {MASK}, try again"),
        ("Card_Holder=IVAN IVANOV; x", f"Card_Holder={MASK}; x"),
        ("account 40817810099910004312.", f"account {MASK}."),
        ("CVV: 737", f"CVV: {MASK}"),
        ("cvv 737 is wrong", f"cvv {MASK} is wrong"),
        ("CVC2 737, CVV2: 7371", f"CVC2 {MASK}, CVV2: {MASK}"),
        ("phone 79991234567", f"phone {MASK}"),
        ("call +998 90 123 45 67", f"call {MASK}"),
        ("call +376 312 345", f"call {MASK}"),
        ("at 1795521600, 2026-11-27T20:00:00, 10.0.0.1", "at 1795521600, 2026-11-27T20:00:00, 10.0.0.1"),
    ],
)
def test_what_has_the_form_of_personal_data_is_masked(text: str, masked: str) -> None:
    assert masked_text(text) == masked


@pytest.mark.parametrize("text", REPEATED.values(), ids=REPEATED)
def test_errors_logs_and_recordings_repeat_nothing_sent(
    text: str, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    answer = {"status": "error", "status_description": text, "errors": [{"field": text, "message": text}]}
    channels = []
    for status in (400, 409, 422, 429, 500):
        client = HighHelp(
            base_url="http://127.0.0.1:9",
            project_id="p",
            signer=HmacSigner("k" * 32),
            transport=httpx.MockTransport(lambda _, status=status: httpx.Response(status, json=answer)),
            on_response=(recorder := Recorder(tmp_path / "traffic.jsonl")),
            environ={},
            check_requests=False,
        )
        with recorder, pytest.raises(HighHelpError) as caught:
            client.p2p.create_payout(models.P2PPayoutRequest.from_dict(REQUEST))
        error = caught.value
        channels += [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
        channels.append(pickle.dumps(error).decode("latin-1"))
    lines = [line for line in "".join(channels).splitlines() if "REPEATED" not in line]
    assert is_clean("\n".join(lines))
    assert is_clean(caplog.text)
    assert is_clean((tmp_path / "traffic.jsonl").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize(
    "command",
    [["payout", "create"], ["call", "create_p2p_payout"], ["call", OPERATIONS["create_p2p_payout"].path]],
    ids=["create", "call", "path"],
)
def test_commands_and_their_recordings_repeat_nothing_sent(
    command: list[str],
    status: int,
    form: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = ", ".join(REPEATED.values())
    answer: dict[str, Any] = {
        "status": "error",
        "status_description": text,
        "errors": [{"field": "x", "message": text}],
    }
    if status == 200:
        answer = {"status": "decline", "payment_id": "order-1", "status_description": text}
    transport = httpx.MockTransport(
        lambda request: httpx.Response(404 if request.url.path.endswith("/info") else status, json=answer)
    )
    home = generate_home(tmp_path / "home", base_url="http://127.0.0.1:9", project_id="p")
    monkeypatch.setenv("HIGHHELP_HOME", str(home.directory))
    monkeypatch.setattr("highhelp.client.HighHelp", partial(HighHelp, transport=transport))
    (tmp_path / "body.json").write_bytes(BODY)
    traffic = tmp_path / "traffic.jsonl"
    words = ["record", "--out", str(traffic), "--", *command, "--body", str(tmp_path / "body.json"), *form]
    assert cli.main(words) == 1
    told = capsys.readouterr()
    assert MASK in told.out + told.err
    assert is_clean(told.out + told.err)
    assert is_clean(traffic.read_text("utf-8"))
    assert "***" in traffic.read_text("utf-8")


def test_recordings_drop_free_text() -> None:
    state = {"status": "processing", "status_description": "Ivan", "payment_info": {"currency": "RUB"}}
    assert scrubbed(state, "PaymentState") == {**state, "status_description": MASK}
    assert scrubbed({"errors": [{"field": "a:b", "message": "Ivan"}]}, "ErrorResponse") == {
        "errors": [{"field": "a:b", "message": MASK}]
    }


def test_sign_masks_unless_asked_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = generate_home(tmp_path / "home", base_url="http://127.0.0.1:9", project_id="p")
    monkeypatch.setenv("HIGHHELP_HOME", str(home.directory))
    file = tmp_path / "body.json"
    file.write_bytes(BODY)
    for form in ([], ["--json"]):
        assert cli.main(["sign", "--body", str(file), *form]) == 0
        shown = capsys.readouterr().out
        assert is_clean(shown.replace("x-access", ""))
        assert "payment:amount:10000" in shown
        assert "x-access-signature" in shown
        assert cli.main(["sign", "--body", str(file), "--unmasked", *form]) == 0
        assert PERSON["pan"] in capsys.readouterr().out
    file.write_text('{"general": {"payment_id": "order-1"}}')
    assert cli.main(["sign", "--body", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["normalized"], MASK in told["message"]) == ("general:payment_id:order-1", False)
