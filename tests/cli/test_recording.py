"""Recordings hold no secret, and what is recorded is compared with the contract."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import HighHelp, RawResponse, cli, models
from highhelp.drift import Deviation, Edit, Seen, compare, read
from highhelp.drift import DeviationKind as Kind
from highhelp.drift.recorder import Recorder, scrubbed
from highhelp_api.contract import CALLBACK_SCHEMA, EXAMPLES, OPERATIONS
from highhelp_mock import MockGateway
from highhelp_signing import generate_home
from tests.contract.test_generator import SPEC, run_with, written
from tests.security.test_leaks import PAN, marked
from tools.generate import document, main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXAMPLE_ANSWERS = [example for example in EXAMPLES if example.status]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text().splitlines()]


def deviations(path: Path) -> list[Deviation]:
    return compare(read(path.read_text().splitlines()))


def answer(body: Any, status: int = 200) -> RawResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawResponse(status, {"content-type": "application/json"}, content, 1.5)


# --- recording -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", sorted({known.response for known in OPERATIONS.values()} | {CALLBACK_SCHEMA}))
def test_nothing_sensitive_is_recorded_and_the_form_is_kept(schema: str, tmp_path: Path) -> None:
    body = marked(schema, {"status_description": f"card {PAN}", "new": {"field": PAN, "n": 7, PAN: [PAN, 1.25, True]}})
    with Recorder(tmp_path / "t.jsonl") as recorder:
        operation = next((known.id for known in OPERATIONS.values() if known.response == schema), None)
        if operation is None:
            recorder.callback(json.dumps(body).encode())
        else:
            recorder(operation, answer(body))
        recorder("/api/v9/new", answer(body))
        recorder("/api/v9/new", answer(PAN.encode()))
    text = (tmp_path / "t.jsonl").read_text()
    assert PAN not in text
    kept, foreign, _ = lines(tmp_path / "t.jsonl")
    for line in (kept, foreign):
        assert form(line["body"]) == form(json.loads(json.dumps(body).replace(f'"{PAN}": [', '"***": [')))


def form(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: form(item) for name, item in value.items()}
    return [form(item) for item in value] if isinstance(value, list) else type(value)


def test_what_drift_needs_is_kept_and_a_link_is_not() -> None:
    state = {
        "status": "processing", "sub_status": "frozen", "payment_id": "order-1",
        "payment_info": {"amount": 10000, "currency": "RUB"},
        "integration": {"form_url": "https://pay.example/0123456789abcdef?x=1"},
    }  # fmt: skip
    kept = scrubbed(state, "PaymentState")
    assert kept == {**state, "integration": {"form_url": "https://pay.example/***"}}


def test_the_file_is_for_its_owner_alone_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    for _ in range(2):
        with Recorder(path) as recorder:
            recorder("get_balance", answer({"balance": []}))
    assert len(lines(path)) == 2
    assert path.stat().st_mode & 0o077 == 0


def test_every_example_of_the_contract_is_without_drift(tmp_path: Path) -> None:
    with Recorder(tmp_path / "t.jsonl") as recorder:
        for example in EXAMPLE_ANSWERS:
            if example.of in OPERATIONS and example.status.isdigit():
                recorder(example.of, answer(dict(example.value), int(example.status)))
        for example in EXAMPLES:
            if example.schema == CALLBACK_SCHEMA:
                recorder.callback(json.dumps(example.value).encode())
        assert recorder.count > 10
    assert deviations(tmp_path / "t.jsonl") == []


# --- drift ---------------------------------------------------------------------------------------------------------

STATE: dict[str, Any] = {"status": "processing", "sub_status": "new", "payment_id": "o", "payment_info": {"amount": 1}}


def changed(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(STATE), **members}


CASES: list[tuple[str, Any, int, Kind, str, str]] = [
    ("field", changed(fee=120), 200, Kind.UNKNOWN_FIELD, "PaymentState.fee", '"type": "integer"'),
    ("deep field", changed(payment_info={"rate": "1"}), 200, Kind.UNKNOWN_FIELD, "PaymentInfo.rate",
     '"type": "string"'),
    ("object", changed(bank={"id": 1, "n": {"x": []}}), 200, Kind.UNKNOWN_FIELD, "PaymentState.bank",
     "PaymentStateBankN"),
    ("null field", changed(fee=None), 200, Kind.UNKNOWN_FIELD, "PaymentState.fee", '"null"'),
    ("float field", changed(fee=1.5), 200, Kind.UNKNOWN_FIELD, "PaymentState.fee", "no floating point"),
    ("status", changed(status="frozen", sub_status=None), 200, Kind.ENUM_VALUE, "Status", '- "frozen"'),
    ("sub status", changed(sub_status="queued"), 200, Kind.ENUM_VALUE, "SubStatus", '- "queued"'),
    ("state", changed(status="success", sub_status="paid"), 200, Kind.STATE, "success:paid", "x-transitions"),
    ("type", changed(payment_info={"amount": "100"}), 200, Kind.TYPE, "PaymentInfo.amount", '"string"'),
    ("float", changed(payment_info={"amount": 1.5}), 200, Kind.TYPE, "PaymentInfo.amount", "find out"),
    ("null", changed(status=None), 200, Kind.TYPE, "PaymentState.status", '"null"'),
    ("text for object", changed(integration="x"), 200, Kind.TYPE, "PaymentState.integration", '"type": "string"'),
    ("sensitive type", changed(requisites={"pan": 4000}), 200, Kind.TYPE, "Requisites.pan", "integer"),
    ("missing", {"payment_id": "o"}, 200, Kind.MISSING, "PaymentState.status", "take out"),
    ("bound", changed(payment_info={"amount": -5}), 200, Kind.BOUND, "PaymentInfo.amount", '"minimum": -5'),
    ("error field", {"status": "error", "code": 17}, 422, Kind.UNKNOWN_FIELD, "ErrorResponse.code",
     '"type": "integer"'),
    ("HTTP status", {"status": "error"}, 418, Kind.HTTP_STATUS, "HTTP 418", "x-outcome"),
    ("HTML", b"<html>", 200, Kind.NOT_JSON, "get_p2p_payin (HTTP 200)", "nothing"),
    ("list", [1], 200, Kind.NOT_JSON, "get_p2p_payin (HTTP 200)", "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "kind", "place", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_deviation_is_named(tmp_path: Path, body: Any, status: int, kind: Kind, place: str, words: str) -> None:
    with Recorder(tmp_path / "t.jsonl") as recorder:
        recorder("get_p2p_payin", answer(body, status))
        recorder("get_p2p_payin", answer(body, status))
        recorder("get_p2p_payin", answer(STATE))
    found = {(deviation.kind, deviation.place): deviation for deviation in deviations(tmp_path / "t.jsonl")}
    assert (kind, place) in found
    # a new status is a new state too
    assert set(found) - {(kind, place)} <= {key for key in found if key[0] is Kind.STATE}
    assert found[kind, place].count == 2
    assert words in found[kind, place].suggestion


def test_a_path_that_the_contract_does_not_know(tmp_path: Path) -> None:
    with Recorder(tmp_path / "t.jsonl") as recorder:
        recorder("/api/v1/refund", answer({"status": "success"}))
    assert [deviation.kind for deviation in deviations(tmp_path / "t.jsonl")] == [Kind.OPERATION]


def test_callbacks_are_compared_too(tmp_path: Path) -> None:
    body = {"project_id": "p", "general": {"payment_id": "o"}, "status": {"status": "success", "at": "x"}}
    with Recorder(tmp_path / "t.jsonl") as recorder:
        recorder.callback(json.dumps(body).encode())
    found = deviations(tmp_path / "t.jsonl")
    assert [(deviation.kind, deviation.place, deviation.operations) for deviation in found] == [
        (Kind.UNKNOWN_FIELD, "CallbackStatus.at", ("callback",))
    ]


# --- against a gateway of another contract -------------------------------------------------------------------------


def other_contract(contract: dict[str, Any]) -> None:
    """The document as it would be had its author not seen some things, and believed others."""
    schemas = contract["components"]["schemas"]
    del schemas["PaymentState"]["properties"]["integration"]
    del schemas["PaymentInfo"]["properties"]["method"]
    del schemas["PaymentMethod"]["properties"]["min_amount"]
    schemas["Balance"]["properties"]["locked_amount"]["type"] = "string"
    del schemas["Balance"]["properties"]["locked_amount"]["minimum"]
    del schemas["Balance"]["properties"]["locked_amount"]["maximum"]
    schemas["PaymentMethodsResponse"]["required"].append("country")
    schemas["PaymentMethodsResponse"]["properties"]["country"] = {"type": "string", "description": "Country."}
    answers = [
        contract["paths"][f"/api/v1/{path}"]["post"]["responses"]["200"] for path in ("balance/info", "payment/methods")
    ]
    balances, methods = (answer["content"]["application/json"]["examples"] for answer in answers)
    for row in balances["two_currencies"]["value"]["balance"]:
        row["locked_amount"] = "0"
    methods["known_methods"]["value"]["country"] = "RU"


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The answers of a gateway with the current contract."""
    path = tmp_path_factory.mktemp("traffic") / "t.jsonl"
    gateway = MockGateway()
    settings: dict[str, Any] = {
        "base_url": gateway.base_url,
        "project_id": gateway.project_id,
        "signer": gateway.signer,
    }
    with (
        Recorder(path) as recorder,
        HighHelp(
            **settings, transport=gateway.transport, clock=gateway.clock, environ={}, on_response=recorder
        ) as client,
    ):
        payment = models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=10000, currency=models.Currency.RUB)
        client.p2p.create_payin(models.P2PPayinRequest(general=models.General(payment_id="o"), payment=payment))
        client.service.balance()
        client.service.payment_methods()
        for _ in range(8):
            gateway.travel(1)
            client.p2p.get_payin("o")
        for sent in gateway.callbacks:
            recorder.callback(json.dumps(sent.body).encode())
    return path


def test_a_gateway_of_this_contract_does_not_drift(traffic: Path) -> None:
    assert deviations(traffic) == []


def apply(contract: dict[str, Any], edit: Edit) -> None:
    node: Any = contract
    for name in edit.at[:-1]:
        node = node[int(name)] if isinstance(node, list) else node[name]
    last = edit.at[-1]
    if edit.action == "append":
        node[last].append(edit.value)
    elif edit.action == "remove":
        node[last].remove(edit.value)
    elif isinstance(edit.value, dict) and isinstance(node.get(last), dict):
        kept = {name: value for name, value in node[last].items() if name not in ("$ref", "anyOf", "type")}
        node[last] = {**kept, **edit.value}
    else:
        node[last] = edit.value


DRIFT = """
import json, sys
from highhelp.drift import compare, read
found = compare(read(open({path!r})))
print(json.dumps([[d.kind, d.place, [[e.action, e.at, e.value] for e in d.edits]] for d in found]))
"""


@pytest.mark.slow
def test_suggested_edits_end_the_drift_of_another_contract(traffic: Path, tmp_path: Path) -> None:
    contract = document.load(SPEC)
    seen: list[set[tuple[str, str]]] = []
    change: Callable[[dict[str, Any]], None] = other_contract
    for number in range(2):
        directory = tmp_path / str(number)
        directory.mkdir()
        spec = written(contract, change, directory)
        main.generate(spec, directory / "out")
        found = json.loads(run_with(directory / "out", DRIFT.format(path=str(traffic))))
        seen.append({(kind, place) for kind, place, _ in found})
        contract = document.load(spec)
        edits = [Edit(action, tuple(at), value) for _, _, edits in found for action, at, value in edits]

        def change(contract: dict[str, Any], edits: list[Edit] = edits) -> None:
            for edit in edits:
                apply(contract, edit)

    assert seen[0] == {
        ("unknown_field", "PaymentState.integration"),
        ("unknown_field", "PaymentInfo.method"),
        ("unknown_field", "PaymentMethod.min_amount"),
        ("type", "Balance.locked_amount"),
        ("missing_required", "PaymentMethodsResponse.country"),
    }
    assert seen[1] == set()


# --- the commands --------------------------------------------------------------------------------------------------


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MockGateway]:
    generate_home(tmp_path / "h", base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "h"))
    with MockGateway(tmp_path / "h").serve() as served:
        yield served


def test_record_then_drift(gateway: MockGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "t.jsonl")
    assert cli.main(["record", "--out", file, "--", "balance", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["balance"]
    program = ["highhelp"]  # as people type it
    assert cli.main(["record", "--out", file, "--", *program, "payin", "info", "nobody", "--product", "widget"]) == 1
    assert "recorded 1 line" in capsys.readouterr().err
    assert cli.main(["drift", file]) == 0
    assert "2 answers and callbacks, all as the contract says" in capsys.readouterr().out
    sent = gateway.signed_callback("o", "success", body={"bonus": 1})
    (tmp_path / "callback.json").write_bytes(sent.body)
    assert cli.main(["record", "--out", file, "--callback", str(tmp_path / "callback.json")]) == 0
    assert cli.main(["drift", file]) == 1
    told = capsys.readouterr().out
    assert "PaymentCallback.bonus" in told
    assert '"x-provenance": "observed"' in told
    assert cli.main(["drift", file, "--json"]) == 1
    assert [row["kind"] for row in json.loads(capsys.readouterr().out)["deviations"]] == ["unknown_field"]


def test_an_unwritable_recording_stops_before_sending(
    gateway: MockGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["record", "--out", str(tmp_path), "--", "balance"]) == 2
    assert not gateway.calls
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "\n", "{}", "null", "[" * 5000, '{"highhelp": 2, "operation": "x"}', "\x00"])
def test_only_recordings_are_read(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(text)
    assert cli.main(["drift", str(file)]) == (0 if not text.strip() else 2)
    assert "Traceback" not in capsys.readouterr().err


def test_seen_is_plain() -> None:
    assert compare([Seen("get_balance", 200, {"balance": []}, is_json=True)]) == []
