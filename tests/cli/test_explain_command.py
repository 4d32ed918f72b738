"""`highhelp explain`: from files, for requests and callbacks, with the keys that the settings hold."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import cli
from highhelp_mock import MockGateway
from highhelp_signing import RsaSigner, SignatureScheme, generate_home, signature_headers

if TYPE_CHECKING:
    from pathlib import Path

BODY = b'{"general": {"payment_id": "order-1"}, "note": null}'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("home") / "h"
    generate_home(directory, base_url="http://127.0.0.1:9", project_id="p-1")
    return directory


@pytest.fixture(autouse=True)
def _settings(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    monkeypatch.chdir(tmp_path)


def explained(
    body: bytes, headers: dict[str, str] | str, place: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, dict[str, Any]]:
    (place / "body").write_bytes(body)
    (place / "headers").write_text(headers if isinstance(headers, str) else json.dumps(headers))
    code = cli.main(["explain", "--body", "body", "--headers", "headers", "--json", *more])
    told = capsys.readouterr()
    assert "PRIVATE" not in told.out + told.err
    return code, json.loads(told.out)


def signed(home: Path, body: bytes = BODY, **points: Any) -> dict[str, str]:
    signer = RsaSigner.from_pem(home / "private_key.pem")
    scheme = SignatureScheme(**points)
    return signature_headers(body, project_id="p-1", signer=signer, timestamp=int(time.time()), scheme=scheme)


def test_a_right_request(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = explained(BODY, signed(home), tmp_path, capsys)
    assert (code, told["matches"], told["findings"]) == (0, True, [])
    assert told["key_id"].startswith("rsa:")


def test_the_matching_scheme_can_be_used_as_it_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = signed(home, digest="single", null_text="null")
    code, told = explained(BODY, headers, tmp_path, capsys)
    assert code == 1
    assert {finding["cause"] for finding in told["findings"]} == {"scheme"}
    assert cli.main(["explain", "--body", "body", "--headers", "headers"]) == 1
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("HIGHHELP_"))
    monkeypatch.setenv(*line.split("=", 1))
    assert explained(BODY, headers, tmp_path, capsys)[0] == 0


def test_headers_as_another_program_prints_them(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(f"> {name.title()}: {value}\r\n" for name, value in signed(home).items())
    assert explained(BODY, f"> POST /x HTTP/1.1\r\n{lines}", tmp_path, capsys)[0] == 0


def test_a_header_that_is_there_twice_in_the_object(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps(signed(home))[:-1] + ', "X-Access-Signature": "AAAA"}'
    code, told = explained(BODY, text, tmp_path, capsys)
    assert (code, told["findings"][0]["cause"]) == (1, "header_twice")


def test_callbacks_are_checked_with_the_gateways_key(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = MockGateway(home).signed_callback("order-1", "success")
    raw = sent.body if isinstance(sent.body, bytes) else json.dumps(sent.body).encode()
    assert explained(raw, dict(sent.headers), tmp_path, capsys)[0] == 0
    code, told = explained(raw.replace(b"order-1", b"order-2"), dict(sent.headers), tmp_path, capsys)
    assert (code, told["findings"][0]["cause"]) == (1, "changed")
    own = {name: value for name, value in signed(home, raw).items() if name.endswith(("signature", "timestamp"))}
    code, told = explained(raw, own, tmp_path, capsys)
    assert (code, told["findings"][0]["cause"]) == (1, "wrong_key")
    assert "private_key.pem" in told["findings"][0]["detail"]


def test_an_old_request_can_be_judged_by_its_own_time(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signer = RsaSigner.from_pem(home / "private_key.pem")
    old = signature_headers(BODY, project_id="p-1", signer=signer, timestamp=1706182847)
    code, told = explained(BODY, old, tmp_path, capsys)
    assert (code, [finding["cause"] for finding in told["findings"]]) == (1, ["stale"])
    assert explained(BODY, old, tmp_path, capsys, "--now", "1706182900")[0] == 0


def test_a_literal_token_of_the_scheme_is_not_printed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HIGHHELP_SIGNATURE_SCHEME", '{"token": "tok-s3cret"}')
    (tmp_path / "body").write_bytes(BODY)
    (tmp_path / "headers").write_text(json.dumps(signed(home, token="tok-s3cret", digest="single")))
    for more in ([], ["--json"]):
        assert cli.main(["explain", "--body", "body", "--headers", "headers", *more]) == 1
        told = capsys.readouterr()
        assert "s3cret" not in told.out + told.err
