"""Marked secrets and card numbers through every operation and failure: none appears in any channel.

Operations, fields and answers come from the contract, so a new sensitive field is covered automatically.
"""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import HighHelp, HighHelpError, cli, models
from highhelp_api.contract import EXAMPLES, HEADERS, OPERATIONS, SENSITIVE_PATHS
from highhelp_mock import MockGateway
from highhelp_signing import generate_home
from tests.security.test_repr import a_body

if TYPE_CHECKING:
    from pathlib import Path

PAN = "4000001234567899"
REQUESTS = {example.of: dict(example.value) for example in EXAMPLES if not example.status}


def merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: merged(one.get(name), other.get(name, one.get(name))) for name in {**one, **other}}
    return other


def marked(root: str, start: Any) -> dict[str, Any]:
    """A body with a mark at every sensitive path of its schema."""
    body = copy.deepcopy(start)
    for path in SENSITIVE_PATHS[root]:
        body = merged(body, a_body(root, path))
    return dict(json.loads(json.dumps(body).replace("4000001234567899", PAN)))


def ways_to_answer(root: str) -> dict[str, Any]:
    """Name -> what the transport does."""
    state = marked(root, {"status": "processing"})
    error = {"status": "error", "status_description": f"card {PAN} refused", "errors": [{"field": PAN, "message": PAN}]}

    def answer(status: int, content: Any) -> Any:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return lambda _: httpx.Response(status, content=raw)

    def fail(kind: type[httpx.RequestError]) -> Any:
        def raises(request: httpx.Request) -> httpx.Response:
            raise kind(f"while sending {PAN}", request=request)

        return raises

    return {
        "accepted": answer(200, state),
        "garbage": answer(200, f"<html>{PAN}</html>".encode()),
        **{f"HTTP {status}": answer(status, error) for status in (400, 401, 403, 404, 409, 422, 429, 500, 520)},
        **{kind.__name__: fail(kind) for kind in (httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError)},
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("home") / "h"
    generate_home(directory, base_url="http://127.0.0.1:9", project_id="p")
    return directory


def leaks(operation: str, algorithm: str, home: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The texts of all channels that show a mark, a key or a signature."""
    caplog.set_level(logging.DEBUG)
    known = OPERATIONS[operation]
    body = marked(known.request, REQUESTS[operation])
    body["general"]["project_id"] = "p"
    secret = (home / "hmac_private_key.txt").read_text().strip()
    environ = {"HIGHHELP_HMAC_KEY": secret} if algorithm == "hmac" else {}
    forbidden = {PAN, secret, *(home / "private_key.pem").read_text().splitlines()[1:3]}
    channels: list[str] = []
    for check in (True, False):
        for way, transport in ways_to_answer(known.response).items():
            sent: list[httpx.Request] = []

            def answer(request: httpx.Request, sent: list[httpx.Request] = sent, transport: Any = transport) -> Any:
                sent.append(request)
                return transport(request)

            client = HighHelp(home=home, environ=environ, transport=httpx.MockTransport(answer), check_requests=check)
            channels += [repr(client), repr(client.settings), repr(client._executor)]
            try:
                result = client.call(operation, body, getattr(models, known.response).from_dict)
            except HighHelpError as error:
                channels += [repr(error), str(error), pickle.dumps(error).decode("latin-1"), repr(vars(error))]
                channels += traceback.format_exception(error)
            else:
                channels += [repr(result), str(result)]
            if not check:
                content = b"".join(request.content for request in sent)
                assert PAN.encode() in content or not SENSITIVE_PATHS[known.request], f"{way}: no mark was sent"
            forbidden |= {request.headers[HEADERS.signature] for request in sent}
    channels += [record.getMessage() for record in caplog.records]
    channels.append(caplog.text)
    return [text for text in channels if any(mark in text for mark in forbidden)]


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("algorithm", ["rsa", "hmac"])
def test_no_channel_shows_a_mark(
    operation: str, algorithm: str, home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # lessons: card numbers, bodies and tokens at DEBUG, in repr, on exceptions
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    assert leaks(operation, algorithm, home, caplog) == []


@pytest.mark.slow
def test_a_card_number_in_a_log_line_is_found(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    monkeypatch.setattr("highhelp.telemetry.observer.log_fields", lambda send, *_: {"body": send.call.body.decode()})
    assert leaks("create_ecom_payin", "rsa", home, caplog) != []


@pytest.mark.slow
def test_a_sensitive_field_in_a_repr_is_found(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    monkeypatch.setattr(models.PaymentState, "__repr__", lambda state: str(state.to_dict()))
    assert leaks("get_p2p_payin", "rsa", home, caplog) != []


def test_the_whole_log_of_a_real_connection(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with MockGateway(home).serve(), HighHelp(home=home, environ={}) as client:
        card: dict[str, Any] = {"pan": "4000009000000216", "month": 12, "year": 2030, "cvv": "951"}
        body = {
            "general": {"payment_id": "leak-1"},
            "payment": {"method": "card-ecom", "amount": 15000, "currency": "KZT"},
            "card": card,
        }
        client.ecom.create_payin(body)
    assert "create_ecom_payin" in caplog.text
    assert card["pan"] not in caplog.text
    assert "951" not in caplog.text.replace("127.0.0.1", "")


def test_the_command_line_masks_an_answer(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"general": {"payment_id": "leak-2"}}))
    with MockGateway(home).serve() as gateway:
        with HighHelp(home=home, environ={}) as client:
            # each step takes a minute, so that it keeps its state while this test looks
            payment = {"method": "card-p2p", "amount": 900006, "currency": "RUB"}
            client.p2p.create_payin({"general": {"payment_id": "leak-2"}, "payment": payment})
            gateway.travel(130)
            state = client.p2p.get_payin("leak-2")
        assert isinstance(state.requisites, models.Requisites), "the test needs requisites"
        pan = str(state.requisites.pan)
        assert pan.isdigit()
        for target in ("get_p2p_payin", OPERATIONS["get_p2p_payin"].path):
            assert cli.main(["call", target, "--body", str(body)]) == 0
            assert pan not in capsys.readouterr().out
            assert cli.main(["call", target, "--body", str(body), "--unmasked"]) == 0
            assert pan in capsys.readouterr().out
