"""The command line: what it prints, and the exit code of each outcome."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import RawResponse, cli
from highhelp.settings import Source, load_callback_keys
from highhelp_mock import MockGateway
from highhelp_signing import generate_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROJECT = "57aff4db-b45d-42bf-bc5f-b7a499a01782"
STAMP = 1706182847


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("home") / "h"
    generate_home(directory, base_url="http://127.0.0.1:9", project_id=PROJECT)
    return directory


@pytest.fixture
def gateway(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MockGateway]:
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    with MockGateway(home).serve() as gateway:
        yield gateway


def write(directory: Path, value: object) -> str:
    path = directory / "body.json"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return str(path)


BODIES: list[tuple[dict[str, Any], str, str | None]] = [
    (
        {"general": {"project_id": PROJECT}},
        f"general:project_id:{PROJECT}",
        "a751bade591dac691440fd4ad355460c7a1ab72989a487310b3c1ec4105b6e0e",
    ),
    (
        {
            "general": {"project_id": PROJECT, "payment_id": "order-1"},
            "payment": {"amount": 10000, "currency": "RUB", "flag": True, "note": None, "tags": ["a", "b"]},
            "sender": {},
        },
        ";".join(
            [
                f"general:payment_id:order-1;general:project_id:{PROJECT}",
                "payment:amount:10000;payment:currency:RUB;payment:flag:1;payment:note:None",
                "payment:tags:0:a;payment:tags:1:b",
            ]
        ),
        "46a308ba1e110ed75f0de2445c38a52cd97b1a653585ba398c04a02d90be616f",
    ),
    ({"имя": {"город": "Алматы 🏔"}, "x": [], "no": False}, "no:0;имя:город:Алматы 🏔", None),
    ({"a": {"b": {"c": [{"d": None}, {}]}}}, "a:b:c:0:d:None", None),
]


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize(("body", "normalized", "digest"), BODIES)
def test_sign_gives_the_stages_and_openssl_verifies(
    body: dict[str, Any],
    normalized: str,
    digest: str | None,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    assert cli.main(["sign", "--body", write(tmp_path, body), "--timestamp", str(STAMP), "--json"]) == 0
    stages = json.loads(capsys.readouterr().out)
    assert stages["normalized"] == normalized
    message = base64.urlsafe_b64encode(normalized.encode()).rstrip(b"=") + str(STAMP).encode()
    assert stages["message"] == message.decode()
    if digest is not None:
        assert hashlib.sha256(message).hexdigest() == digest
    signature = stages["headers"]["x-access-signature"]
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    (tmp_path / "digest").write_bytes(hashlib.sha256(message).digest())
    command = ["openssl", "dgst", "-sha256", "-verify", str(home / "public_key.pem")]
    command += ["-signature", str(tmp_path / "signature"), str(tmp_path / "digest")]
    assert "Verified OK" in subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_balance(gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["balance"]) == 0
    assert "RUB" in capsys.readouterr().out
    assert cli.main(["balance", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["balance"]
    assert {type(row["amount"]) for row in rows} == {int}


def test_call_by_operation_and_by_path(
    gateway: MockGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = write(
        tmp_path,
        {"general": {"payment_id": "cli-1"}, "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"}},
    )
    assert cli.main(["call", "create_p2p_payin", "--body", body]) == 0
    assert json.loads(capsys.readouterr().out)["payment_id"] == "cli-1"
    query = write(tmp_path, {"general": {"payment_id": "cli-1"}})
    assert cli.main(["call", "/api/v1/payment/p2p/payin/info", "--body", query]) == 0
    assert json.loads(capsys.readouterr().out)["payment_id"] == "cli-1"


def test_verify_a_callback_and_a_changed_one(
    gateway: MockGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = gateway.signed_callback("order-1", "success")
    body, headers = sent.body, dict(sent.headers)
    (tmp_path / "callback").write_bytes(body)
    (tmp_path / "headers.json").write_text(json.dumps(headers))
    command = ["verify", "--body", str(tmp_path / "callback"), "--headers", str(tmp_path / "headers.json"), "--json"]
    assert cli.main(command) == 0
    event = json.loads(capsys.readouterr().out)
    assert (event["valid"], event["payment_id"], event["status"]) == (True, "order-1", "success")
    assert (event["amount"], event["currency"], event["project_id"]) == (10000, "RUB", PROJECT)
    assert event["key_id"] == load_callback_keys(Source.load())[0].key_ids[0]
    assert isinstance(event["signed_at"], int)
    (tmp_path / "callback").write_bytes(body.replace(b"order-1", b"order-2"))
    assert cli.main(command) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "signature"


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["bogus"], 2, "No such command"),
        (["balance"], 2, "HIGHHELP_BASE_URL"),
        (["sign", "--body", "nowhere.json"], 2, "nowhere.json"),
        (["call", "no_such_operation", "--body", "{body}"], 2, "create_p2p_payin"),
        (["call", "get_balance", "--body", "{list}"], 2, "must hold a JSON object"),
        (["mock", "--duplicates", "twice"], 2, "conflict"),
        (["mock", "--port", "99999"], 2, "99999"),
    ],
)
def test_wrong_use_is_code_2_with_a_plain_sentence(
    command: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("HIGHHELP_HOME", raising=False)
    (tmp_path / "list.json").write_text("[]")
    places = {"{body}": write(tmp_path, {}), "{list}": str(tmp_path / "list.json")}
    assert cli.main([places.get(word, word) for word in command]) == code
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err + told.out


def test_exit_codes_of_outcomes(
    gateway: MockGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    missing = write(tmp_path, {"general": {"payment_id": "never-made"}})
    assert cli.main(["call", "get_p2p_payin", "--body", missing]) == 1
    gateway.fault("get_balance", "http_500", times=9)
    assert cli.main(["balance"]) == 5
    unreachable = {"HIGHHELP_BASE_URL": "http://127.0.0.1:9"}
    for name, value in unreachable.items():
        monkeypatch.setenv(name, value)
    body = {"general": {"payment_id": "cli-2"}, "payment": {"method": "card-p2p", "amount": 1, "currency": "RUB"}}
    assert cli.main(["call", "create_p2p_payin", "--body", write(tmp_path, body)]) == 4
    body["payment"] = {"amount": 1.5}
    assert cli.main(["call", "create_p2p_payin", "--body", write(tmp_path, body)]) == 2
    assert "payment:method: is missing" in capsys.readouterr().err


def test_the_base_url_goes_into_the_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["keys", "generate", "--out", str(tmp_path / "h"), "--base-url", "https://gateway.example/"]
    assert cli.main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["base_url"] == "https://gateway.example"
    assert json.loads((tmp_path / "h" / "project.json").read_text())["base_url"] == "https://gateway.example"


def test_keys_are_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["keys", "generate", "--out", str(tmp_path / "h")]) == 0
    before = (tmp_path / "h" / "private_key.pem").read_bytes()
    assert cli.main(["keys", "generate", "--out", str(tmp_path / "h")]) == 2
    assert (tmp_path / "h" / "private_key.pem").read_bytes() == before


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (504, b"<html>", 3),
        (429, b'{"status": "error"}', 5),
        (200, b"<html>", 3),
        (200, b'{"status": "decline"}', 1),
        (200, b'{"status": "processing", "status_description": "\\ud800"}', 0),
        (422, b'{"status": "error"}', 1),
    ],
)
@pytest.mark.parametrize("target", ["/api/v1/payment/p2p/payin", "/api/v9/not/known"])
def test_a_raw_call_ends_with_what_is_known_of_the_money(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, status: int, body: bytes, code: int
) -> None:
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    answer = RawResponse(status, {}, body, 0.0)
    monkeypatch.setattr("highhelp.client.HighHelp.request", lambda *_, **__: answer)
    assert cli.main(["call", target, "--body", write(tmp_path, {})]) == code


@pytest.mark.parametrize(("status", "code"), [("decline", 1), ("error", 1), ("processing", 0), ("success", 0)])
def test_a_declined_payment_ends_a_call_with_1(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, code: int
) -> None:
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    monkeypatch.setattr("highhelp.client.HighHelp.call", lambda *_, **__: {"status": status})
    assert cli.main(["call", "create_p2p_payin", "--body", write(tmp_path, {})]) == code


def test_an_interrupted_call_says_that_the_outcome_is_unknown(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    monkeypatch.setattr("highhelp.client.HighHelp.call", interrupt)
    assert cli.main(["call", "create_p2p_payin", "--body", write(tmp_path, {})]) == 3
    assert "not known" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--out", "/dev/null/x"], ["--out", "{tmp}/h", "--base-url", "garbage"]])
def test_a_home_that_cannot_be_made_is_wrong_use(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["keys", "generate", *(word.replace("{tmp}", str(tmp_path)) for word in arguments)]) == 2
    assert "Traceback" not in capsys.readouterr().err
