"""Search for two bodies with one signature and different content: in callbacks, and in requests to the gateway.

The bodies are realistic: the contract's examples, with texts that an attacker can have echoed in them. The whole path
of a body is tested: the verifier, and the gateway's answer. Each rule is removed once, to check that the
search finds what the rule prevents.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from highhelp import HighHelp, InvalidRequest
from highhelp_api import contract
from highhelp_mock import MockGateway, Request
from highhelp_mock.simulation.projects import Keys, make_keys
from highhelp_signing import (
    CallbackRejected,
    CallbackVerifier,
    KeyRing,
    RejectionReason,
    SignatureScheme,
    VerifiedCallback,
    request_ambiguity,
)
from highhelp_signing.ambiguity import FieldRules, KnownFields
from tests.signing.conftest import HMAC_TEXT, NOW
from tests.signing.make_vectors import DEFAULTS, b64, normalized_of
from tests.signing.rivals import Said, Search, planted, said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

pytestmark = pytest.mark.slow

PROJECT = "p"
FIELDS, AMBIGUOUS = RejectionReason.FIELDS, RejectionReason.AMBIGUOUS
UNKNOWN_PROJECT = RejectionReason.UNKNOWN_PROJECT
"""The refusal of a body that has the signed string but lost its project."""
CALLBACK_LEAVES = [path for path, row in contract.CALLBACK_FIELDS.items() if row.type != "object"]
FORMS: list[dict[str, Any]] = [{"null_text": "None"}, {"null_text": ""}, {"null_text": None}]
REQUEST_LEAVES = [path for path, row in contract.REQUEST_FIELDS.items() if row.type != "object"]
SCHEMES: dict[str, dict[str, Any]] = {
    "default": {},
    "late joiner": {"joiner": "~"},
    "joiner of two": {"joiner": "||"},
    "one text for three": {"null_text": "1"},
    "empty null": {"null_text": "", "true_text": "x", "false_text": "None"},
}


def mac(text: str, scheme: Mapping[str, Any]) -> str:
    """Sign a normalised string, as any holder of the key can."""
    padded = {**DEFAULTS, **scheme}["padding"]
    message = (b64(text.encode(), padded=padded) + str(NOW)).encode()
    return b64(hmac.digest(HMAC_TEXT.encode(), message, "sha512"), padded=padded)


# Callbacks.


def callbacks() -> list[dict[str, Any]]:
    bodies = [dict(example.value) for example in contract.EXAMPLES if example.schema == contract.CALLBACK_SCHEMA]
    least: dict[str, Any] = {"general": {"payment_id": "o"}, "status": {"status": "success", "status_description": "x"}}
    rich = least | {
        "payment_info": {"amount": 700, "currency": "RUB"},
        "redirect_data": {"url": "https://a", "body": {"0": "a", "1": "b"}},
        "unknown": "x",
        "flags": {"list": ["a", {"b": True}], "none": None},
    }
    return [body | {"project_id": PROJECT} for body in (least, rich, *bodies)]


def verifier_judge(scheme: Mapping[str, Any], *, detects: bool = False) -> Callable[[bytes, str], Said | None]:
    pinned = None if detects else SignatureScheme(**scheme)
    verifier = CallbackVerifier({PROJECT: KeyRing.from_hmac(HMAC_TEXT)}, pinned, clock=lambda: NOW)
    texts = [json.dumps(text) for text in ("None", "", scheme.get("null_text", ""))]

    def judge(raw: bytes, text: str) -> Said | None:
        try:
            event = verifier.verify(raw, {"x-access-signature": mac(text, scheme), "x-access-timestamp": str(NOW)})
        except CallbackRejected as error:
            # a rival with another string would inflate the counts of the search
            if error.reason not in (FIELDS, AMBIGUOUS, UNKNOWN_PROJECT):
                raise
            return None
        return {
            place: value for place, value in said(raw, CALLBACK_LEAVES).items() if not reads_absent(event, place, value)
        }

    def reads_absent(event: VerifiedCallback, place: str, value: str) -> bool:
        node: Any = event.body
        for key in place.split(" ", 1)[1].split(":"):
            node = node.get(key) if isinstance(node, dict) else ""
        assert node is not None or value in texts, "only a text of null is read as absent"
        return node is None

    return judge


@pytest.fixture
def bodies(request: pytest.FixtureRequest) -> int:
    """From how many bodies a search starts."""
    wanted: int = request.config.getoption("--bodies")
    return wanted


def run(search: Search, examples: list[dict[str, Any]], paths: Sequence[str], bodies: int) -> Search:
    """Start from the examples and, evenly chosen, from what is planted in them; end at the first collision."""
    made = [raw for body in examples for raw in planted(body, paths, search.scheme)]
    for raw in [*(json.dumps(body).encode() for body in examples), *made[:: max(1, len(made) // bodies)]]:
        if not search.collisions:
            search.group(raw, most=30)
    print(search.summary())
    return search


def check(search: Search, bodies: int) -> None:
    assert search.collisions == []
    assert search.tried > 20 * bodies
    assert search.shared > bodies // 40, "the search must meet strings that belong to more than one accepted body"


def search_callbacks(scheme: Mapping[str, Any], bodies: int) -> Search:
    return run(Search(verifier_judge(scheme), scheme), callbacks(), CALLBACK_LEAVES, bodies)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES.keys())
def test_callbacks_with_one_signature_say_the_same(scheme: dict[str, Any], bodies: int) -> None:
    wanted = bodies // 3 if scheme else bodies
    check(search_callbacks(scheme, wanted), wanted)


def search_forms(bodies: int) -> Search:
    """Bodies of one string where each is read in any of the forms that a verifier without a scheme accepts."""
    search = Search(verifier_judge({}, detects=True))
    texts = [raw for body in callbacks() for raw in planted(body, CALLBACK_LEAVES, {"null_text": ""})]
    bare = callbacks()[1] | {"status": {"status": "None", "sub_status": None, "status_description": ""}}
    bare |= {"redirect_data": {"url": "None", "body": {"0": "None", "1": ""}}, "requisites": {"bank_name": ""}}
    first = [json.dumps(body).encode() for body in (bare, *callbacks())]
    for raw in [*first, *texts[:: max(1, len(texts) // bodies)]]:
        if not search.collisions:
            search.group_of_forms(raw, FORMS, [*CALLBACK_LEAVES, "unknown", "general:unknown"], most=12)
    print(search.summary())
    return search


def test_no_two_callbacks_of_any_two_forms_say_different_things(bodies: int) -> None:
    check(search_forms(bodies // 6), bodies)


@pytest.mark.parametrize("rule", ["T", "N", "H", "S", "maps"])
def test_without_each_rule_two_forms_collide(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    take_away(monkeypatch, rule)
    assert search_forms(100).collisions


@pytest.mark.parametrize("rule", ["T", "K", "N", "H", "S", "O"])
def test_without_each_rule_the_search_finds_a_collision(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    take_away(monkeypatch, rule)
    assert search_callbacks({"joiner": "||"} if rule == "O" else {}, 400).collisions


def take_away(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """Break one of the rules of `highhelp_signing.ambiguity`."""
    read, init, authenticate = FieldRules.read, FieldRules.__init__, CallbackVerifier._authenticate

    def init_without_heads(self: FieldRules, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        self._follows = re.compile("(?!)")

    def init_without_texts(self: FieldRules, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        self._places = {
            parent: [(*place[:-1], frozenset()) for place in places] for parent, places in self._places.items()
        }

    def keep_nulls(value: Any) -> bool:
        return all(item is None or type(item) is str for item in value.values())

    if rule == "maps":
        monkeypatch.setattr("highhelp_signing.ambiguity._holds_texts", keep_nulls)
        return
    broken: dict[str, tuple[type, str, Callable[..., Any]]] = {
        "T": (FieldRules, "read", lambda self, body: KnownFields(read(self, body).values, None)),
        "K": (CallbackVerifier, "_authenticate", lambda *arguments: (*authenticate(*arguments)[:2], [])),
        "N": (FieldRules, "__init__", init_without_texts),
        "H": (FieldRules, "__init__", init_without_heads),
        "S": (FieldRules, "_can_end", lambda self, head, text: False),
        "O": (FieldRules, "_overlaps", lambda self, text: False),
    }
    owner, name, instead = broken[rule]
    monkeypatch.setattr(owner, name, instead)


# Hypothesis, where the list of what an attacker writes may have gaps.

PIECES = st.sampled_from(
    [";", ";", ":", "x", " ", "zone", "None", "1", "0:", *CALLBACK_LEAVES, *contract.CALLBACK_FIELDS]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=6).map("".join)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, TEXTS, TEXTS, st.integers(0, 2**16))
def test_no_collision_among_callbacks_made_up(one: str, two: str, three: str, seed: int) -> None:
    search = Search(JUDGE)
    body = {
        "project_id": PROJECT,
        "general": {"payment_id": one},
        "status": {"status": "success", "status_description": two},
        "redirect_data": {"body": {"k": three}},
        "extra": one + two,
    }
    search.group(json.dumps(body).encode(), most=40, seed=seed)
    assert search.collisions == []


JUDGE = verifier_judge({})


# Requests.


def requests() -> dict[str, list[dict[str, Any]]]:
    """The examples of each operation that creates, all of them for the project of the gateway."""
    found: dict[str, list[dict[str, Any]]] = {}
    for example in contract.EXAMPLES:
        operation = contract.OPERATIONS.get(example.of)
        if operation is not None and not example.status:
            body = json.loads(json.dumps(example.value))
            body["general"]["project_id"] = PROJECT
            found.setdefault(operation.id, []).append(body)
    return found


@cache
def gateway_keys() -> Keys:
    return replace(make_keys(), hmac_key=HMAC_TEXT)


class GatewayJudge:
    """Send a request to every operation that could accept it; it does what the body says."""

    def __init__(self, scheme: Mapping[str, Any]) -> None:
        self.scheme = scheme
        self.gateway = MockGateway(
            keys=gateway_keys(),
            project_id=PROJECT,
            scheme=SignatureScheme(**scheme),
            clock=lambda: NOW,
        )

    def __call__(self, raw: bytes, text: str) -> Said | None:
        answers = [self.send(path, raw, text) for path in self.takers(raw)]
        assert 401 not in answers, "a rival with another string would make the search look busier than it is"
        # 404: no such payment; 409: the payment_id is taken; both mean that the request was accepted as valid
        taken = [status for status in answers if status in (200, 404, 409)]
        return said(raw, None) if taken else None

    def takers(self, raw: bytes) -> list[str]:
        keys = json.loads(raw).keys()
        schemas = ((operation.path, contract.SCHEMAS[operation.request]) for operation in contract.OPERATIONS.values())
        return [path for path, schema in schemas if {*schema["required"]} <= keys <= schema["properties"].keys()]

    def send(self, path: str, raw: bytes, text: str) -> int:
        headers = {
            "content-type": "application/json",
            "x-access-merchant-id": PROJECT,
            "x-access-token": PROJECT,
            "x-access-timestamp": str(NOW),
            "x-access-signature": mac(text, self.scheme),
            "x-access-merchant-algorithm": "hmac-sha512",
        }
        return self.gateway.handle(Request("POST", path, headers, raw)).status


def search_requests(scheme: Mapping[str, Any], bodies: int) -> Search:
    examples = [body for found in requests().values() for body in found]
    return run(Search(GatewayJudge(scheme), scheme), examples, REQUEST_LEAVES, bodies)


@pytest.mark.parametrize("scheme", [{}, {"joiner": "||", "null_text": ""}], ids=["default", "joiner of two"])
def test_requests_with_one_signature_ask_for_the_same(scheme: dict[str, Any], bodies: int) -> None:
    wanted = bodies // (6 if scheme else 3)
    check(search_requests(scheme, wanted), wanted)


def test_without_the_guard_the_search_finds_two_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highhelp_mock.api.authentication.ambiguity_of_request", lambda *_, **__: None)
    assert search_requests({}, 100).collisions


def two_of_one_string() -> tuple[dict[str, Any], dict[str, Any]]:
    """A pay-in on the hosted page whose description holds the rest of a payout, and that payout."""
    general = {"project_id": PROJECT, "payment_id": "o-1"}
    payment = {"amount": 10000, "currency": "RUB", "description": "x"}
    rest = {"payment": payment | {"method": "card-p2p"}, "receiver": {"pan": "4000000000000002"}}
    hidden = "x;payment:method:card-p2p;receiver:pan:4000000000000002"
    return {"general": general, "payment": payment | {"description": hidden}}, {"general": general, **rest}


def test_the_signature_of_a_payin_pays_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    payin, payout = (json.dumps(body).encode() for body in two_of_one_string())
    text = normalized_of(payin, DEFAULTS)
    assert text == normalized_of(payout, DEFAULTS)

    def statuses() -> list[int]:
        paths = [contract.OPERATIONS[name].path for name in ("create_widget_payin", "create_p2p_payout")]
        return [GatewayJudge({}).send(path, raw, text) for path, raw in zip(paths, (payin, payout), strict=True)]

    assert statuses() == [400, 200]
    monkeypatch.setattr("highhelp_mock.api.authentication.ambiguity_of_request", lambda *_, **__: None)
    assert statuses() == [200, 200], "which is what the guard is there for"


def test_client_refuses_request_valid_as_another_request() -> None:
    gateway = MockGateway()
    payin, _ = two_of_one_string()
    payin["general"] = {"payment_id": "o-1"}
    client = HighHelp(base_url="https://gateway.example", project_id=gateway.project_id, signer=gateway.signer,
                      transport=gateway.transport, environ={})  # fmt: skip
    with client, pytest.raises(InvalidRequest) as caught:
        client.call("create_widget_payin", payin, dict)
    assert [problem.path for problem in caught.value.problems] == ["payment:description"]
    assert gateway.calls == ()


@pytest.mark.parametrize(
    "text", ["x; receiver:pan: 1", "x;receiver", "x;receiver:note", "None", "a;b:c", "https://a/;b:c"]
)
def test_an_ordinary_description_is_signed(text: str) -> None:
    payin, _ = two_of_one_string()
    payin["payment"]["description"] = text
    assert request_ambiguity(payin) is None


# The boundary between body and timestamp, which the message does not mark either.


def test_the_timestamps_digits_cannot_be_given_to_the_body() -> None:
    """base64url has digits: a message may end in a timestamp of ten digits or of six."""
    body = {"project_id": PROJECT, "general": {"payment_id": "o"}, "status": {"status": "success"}}
    text = normalized_of(json.dumps(body).encode(), DEFAULTS)
    whole = "success" + "!" * (-len(text.encode()) % 3)  # so that its base64 ends with a whole group
    text = normalized_of(json.dumps(body | {"status": {"status": whole}}).encode(), DEFAULTS)
    digits = str(NOW)
    other = body | {"status": {"status": whole + base64.urlsafe_b64decode(digits[:4]).decode()}}
    assert b64(normalized_of(json.dumps(other).encode(), DEFAULTS).encode()) == b64(text.encode()) + digits[:4]
    headers = {"x-access-signature": mac(text, {}), "x-access-timestamp": digits[4:]}
    verifier = CallbackVerifier({PROJECT: KeyRing.from_hmac(HMAC_TEXT)}, clock=lambda: NOW)
    with pytest.raises(CallbackRejected) as caught:
        verifier.verify(json.dumps(other).encode(), headers)
    assert not caught.value.genuine, "the gateway never said this, not even once"
