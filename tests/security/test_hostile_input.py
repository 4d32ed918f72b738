"""Hostile input costs little memory, touches no key, and gets one typed refusal at every entry point."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import CallbackInbox
from highhelp.inbox.receivers import MAX_BODY, asgi_receiver, wsgi_receiver
from highhelp_api import contract
from highhelp_mock import MockGateway, Request
from highhelp_mock.simulation.projects import Keys, make_keys
from highhelp_signing import CallbackRejected, RejectionReason, signature_headers
from tests.security.hostile import Spy, bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_mock import Outgoing

pytestmark = pytest.mark.slow

NOW = 1_795_521_600
SIGNATURE, TIMESTAMP = contract.HEADERS.signature, contract.HEADERS.timestamp
Pairs = list[tuple[str, str]]


def hostile(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, Path(__file__).with_name("hostile.py"), *arguments]
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        command, cwd=root, env={"PYTHONPATH": root}, capture_output=True, text=True, check=False, timeout=300
    )


def test_hostile_bodies_are_refused_within_96_mb_without_a_key(tmp_path: Path) -> None:
    done = hostile(tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, dict[str, Any]] = json.loads(done.stdout)
    assert list(told) == list(bodies())
    good = told.pop("in order")
    assert good == {"asgi": "401", "gateway": "401", "signer": "signed", "verifier": "signature", "wsgi": "401",
                    "touched": good["touched"]}  # fmt: skip
    assert good["touched"] == 2 + 3 * 4, "one key at each door; at a verifier for two paddings and two digests"
    for name, answers in told.items():
        large = len(bodies()[name]) > 1 << 20
        assert answers["touched"] == 0, name
        assert answers["gateway"] == ("413" if large else "400"), name
        assert answers["asgi"] == answers["wsgi"] == ("413" if len(bodies()[name]) > MAX_BODY else "401"), name
        assert answers["verifier"] == ("too_large" if large or answers["signer"] == "size" else "malformed"), name
        wanted = {"size", "depth", "number", "surrogate", "encoding", "syntax", "not_object"}
        if name == "an exponent of a billion":
            wanted = {"depth", "float"}  # how deep the parser gets, and so whether to the number, depends on its build
        assert answers["signer"] in wanted, name


def test_without_limits_the_memory_would_not_do(tmp_path: Path) -> None:
    done = hostile(tmp_path, "--careless")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (3, "MemoryError")


# Headers.


@pytest.fixture(scope="module")
def keys() -> Keys:
    return make_keys()


@pytest.fixture
def gateway(keys: Keys) -> MockGateway:
    return MockGateway(keys=keys, clock=lambda: NOW)


@pytest.fixture
def inbox(gateway: MockGateway, tmp_path: Path) -> Iterator[CallbackInbox]:
    with CallbackInbox(
        str(tmp_path / "inbox.db"), verifier=gateway.verifier(), clock=gateway.clock, environ={}
    ) as made:
        yield made


def by_asgi(inbox: CallbackInbox, raw: bytes, pairs: list[tuple[bytes, bytes]]) -> int:
    """With the raw list of a server, which lowers names or not, and joins nothing."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    asyncio.run(asgi_receiver(inbox)({"type": "http", "method": "POST", "headers": pairs}, receive, send))
    status: int = said[0]["status"]
    return status


def by_wsgi(inbox: CallbackInbox, raw: bytes, pairs: Pairs) -> int:
    """As servers do it: values of one name are joined with a comma."""
    environ: dict[str, Any] = {}
    for name, value in pairs:
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ |= {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(raw)), "wsgi.input": io.BytesIO(raw)}
    said: list[str] = []
    list(wsgi_receiver(inbox)(environ, lambda status, _: said.append(status)))
    return int(said[0].split()[0])


def statuses(inbox: CallbackInbox, raw: bytes, pairs: Pairs) -> set[int]:
    encoded = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in pairs]
    return {by_asgi(inbox, raw, encoded), by_wsgi(inbox, raw, pairs)}


def signed(gateway: MockGateway) -> tuple[Outgoing, str, str]:
    sent = gateway.signed_callback("order-1", "success")
    return sent, sent.headers[SIGNATURE], sent.headers[TIMESTAMP]


def test_the_case_of_a_name_does_not_count(gateway: MockGateway, inbox: CallbackInbox) -> None:
    sent, signature, timestamp = signed(gateway)
    for change in (str.lower, str.upper, str.title):
        assert statuses(inbox, sent.body, [(change(SIGNATURE), signature), (change(TIMESTAMP), timestamp)]) == {200}


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
@pytest.mark.parametrize("second", ["same", "other case", "wrong first", "wrong last", "empty first", "empty last"])
def test_repeated_header_is_refused_by_every_receiver(
    gateway: MockGateway, inbox: CallbackInbox, name: str, second: str
) -> None:
    sent, signature, timestamp = signed(gateway)
    right = {SIGNATURE: signature, TIMESTAMP: timestamp}
    wrong = {SIGNATURE: "AAAA", TIMESTAMP: str(NOW - 1)}
    more = {
        "same": [(name, right[name])],
        "other case": [(name.upper(), right[name])],
        "wrong first": [(name, wrong[name])],
        "wrong last": [(name, wrong[name])],
        "empty first": [(name, "")],
        "empty last": [(name, "")],
    }[second]
    pairs = [*right.items()]
    pairs = [*more, *pairs] if second.endswith("first") else [*pairs, *more]
    assert statuses(inbox, sent.body, pairs) == {401}
    assert statuses(inbox, sent.body, [*right.items()]) == {200}, "the one that is right alone"
    with pytest.raises(CallbackRejected) as caught:
        gateway.verifier().verify(sent.body, pairs)
    assert caught.value.reason is RejectionReason.HEADERS


STRANGE = {
    "NUL": "{}\0", "folded": "{}\r\n ", "space": " {}", "tab": "{}\t", "quoted": '"{}"', "full width": "{}\uff10",
    "accent": "{}é", "lone surrogate": "{}\ud800", "list": "{},{}", "semicolon": "{};q=1", "mark": "\ufeff{}",
    "very long": "{}" + "A" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("form", STRANGE.values(), ids=STRANGE.keys())
@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
def test_a_strange_value_is_refused_by_every_receiver(
    gateway: MockGateway, inbox: CallbackInbox, name: str, form: str
) -> None:
    sent, signature, timestamp = signed(gateway)
    right = {SIGNATURE: signature, TIMESTAMP: timestamp}
    strange = right | {name: form.replace("{}", right[name])}
    assert statuses(inbox, sent.body, [*strange.items()]) == {401}


def test_header_faults_touch_no_key(
    monkeypatch: pytest.MonkeyPatch, gateway: MockGateway, inbox: CallbackInbox
) -> None:
    sent, signature, timestamp = signed(gateway)
    request = signature_headers(b"{}", project_id=gateway.project_id, signer=gateway.signer, timestamp=NOW)
    spy = Spy()
    monkeypatch.setattr("highhelp_signing.keys.RsaVerificationKey.matches", lambda *_: spy.matches())
    monkeypatch.setattr("highhelp_signing.keys.RsaVerificationKey.recover_digest", lambda *_: spy.matches() or None)
    monkeypatch.setattr("highhelp_signing.keys.HmacVerificationKey.matches", lambda *_: spy.matches())
    monkeypatch.setattr("highhelp_signing.keys.HmacVerificationKey.find_ending", lambda *_: spy.matches() or None)
    right = {SIGNATURE: signature, TIMESTAMP: timestamp}
    for name, value in right.items():
        for form in STRANGE.values():
            statuses(inbox, sent.body, [*(right | {name: form.replace("{}", value)}).items()])
        statuses(inbox, sent.body, [*right.items(), (name, value)])
    plain = {"content-type": "application/json"} | request
    for name in request:
        strange = [form for key, form in STRANGE.items() if key not in ("space", "tab")]  # which HTTP takes off
        for value in [form.replace("{}", request[name]) for form in strange]:
            assert gateway.handle(Request("POST", "/api/v1/balance/info", plain | {name: value}, b"{}")).status == 401
        pairs = [*plain.items(), (name, request[name])]
        assert gateway.handle(Request("POST", "/api/v1/balance/info", pairs, b"{}")).status == 401
    assert spy.touched == 0
    assert gateway.handle(Request("POST", "/api/v1/balance/info", plain, b"{}")).status == 401
    statuses(inbox, sent.body, [*right.items()])
    assert spy.touched == 3, "what is in order does get to the keys: one of the project, the callbacks' RSA key twice"


def test_a_compressed_body_is_no_body(gateway: MockGateway) -> None:
    raw = json.dumps({"general": {"project_id": gateway.project_id}}).encode()
    headers = signature_headers(raw, project_id=gateway.project_id, signer=gateway.signer, timestamp=NOW)
    plain = headers | {"content-type": "application/json"}
    assert gateway.handle(Request("POST", "/api/v1/balance/info", plain, raw)).status == 200
    for coding in ("gzip", "br", "identity, gzip"):
        answer = gateway.handle(Request("POST", "/api/v1/balance/info", plain | {"content-encoding": coding}, raw))
        assert answer.status == 400


# Replay.


def test_a_replayed_request_pays_once_and_not_for_ever(gateway: MockGateway, keys: Keys) -> None:
    body = {
        "general": {"project_id": gateway.project_id, "payment_id": "o-1"},
        "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"},
        "receiver": {"pan": "2200000000000004"},
    }
    raw = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    headers |= signature_headers(raw, project_id=gateway.project_id, signer=gateway.signer, timestamp=NOW)
    request = Request("POST", contract.OPERATIONS["create_p2p_payout"].path, headers, raw)
    first, again = gateway.handle(request), gateway.handle(request)
    assert (first.status, again.status) == (200, 409)
    assert len(gateway.payments) == 1
    for elsewhere in ("create_p2p_payin", "create_widget_payin", "get_p2p_payout", "get_balance"):
        assert gateway.handle(Request("POST", contract.OPERATIONS[elsewhere].path, headers, raw)).status == 422
    gateway.travel(300)
    assert gateway.handle(request).status == 409
    gateway.travel(1)
    assert gateway.handle(request).status == 401
    assert len(gateway.payments) == 1
    early = MockGateway(keys=keys, project_id=gateway.project_id, clock=lambda: NOW - 301)
    assert early.handle(request).status == 401, "not before its time either"


def test_a_replayed_callback_is_one_event(gateway: MockGateway, inbox: CallbackInbox) -> None:
    sent, _, _ = signed(gateway)
    handled: list[str] = []
    for _ in range(5):
        assert inbox.receive(sent.body, sent.headers) == (200, b"OK")
        inbox.process(lambda event: handled.append(event.payment_id))
    # the same bytes in another order of keys are the same string, and so the same event
    turned = json.dumps(dict(reversed(json.loads(sent.body).items()))).encode()
    assert inbox.receive(turned, sent.headers) == (200, b"OK")
    gateway.travel(301)
    assert inbox.receive(sent.body, sent.headers)[0] == 200, "answered, so that a true repetition ends; known already"
    inbox.process(lambda event: handled.append(event.payment_id))
    assert handled == ["order-1"]


def test_a_callback_kept_back_is_parked(gateway: MockGateway, inbox: CallbackInbox) -> None:
    for moved, payment_id in ((301, "order-1"), (-602, "order-2")):
        sent = gateway.signed_callback(payment_id, "success")
        gateway.travel(moved) if moved > 0 else None
        late = sent if moved > 0 else gateway.signed_callback(payment_id, "success", timestamp=NOW + 301 + 301)
        assert inbox.receive(late.body, late.headers)[0] == 200
    handled: list[str] = []
    inbox.process(lambda event: handled.append(event.payment_id))
    assert handled == []
    assert {row["state"] for row in inbox.list()} == {"parked"}
