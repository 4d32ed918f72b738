"""Authentication: keys, tokens, timestamps, signatures, projects."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from highhelp_api import contract
from highhelp_mock import MockGateway
from highhelp_signing import HmacSigner, RsaSigner, SignatureScheme
from tests.gateway.conftest import NOW
from tests.gateway.merchant import Merchant
from tests.openssl_verifier import verify

if TYPE_CHECKING:
    from highhelp_mock.simulation.projects import Keys


def valid(merchant: Merchant) -> dict[str, object]:
    return {"general": {"project_id": merchant.project.project_id}}


def test_an_rsa_signature_is_accepted(merchant: Merchant) -> None:
    assert merchant.send("get_balance", valid(merchant)).status == 200


def test_hmac_accepts_public_key_token(merchant: Merchant) -> None:
    assert merchant.send("get_balance", valid(merchant), signer=merchant.project.hmac_signer).status == 200


def test_an_hmac_signature_is_accepted_with_the_project_as_token(merchant: Merchant) -> None:
    signer = HmacSigner(merchant.project.keys.hmac_key)
    assert merchant.send("get_balance", valid(merchant), signer=signer).status == 200


def test_the_project_is_no_token_for_rsa(merchant: Merchant) -> None:
    headers = {contract.HEADERS.token: merchant.project.project_id}
    assert merchant.send("get_balance", valid(merchant), headers=headers).status == 401


def test_rsa_may_be_named_in_the_algorithm_header(merchant: Merchant) -> None:
    assert (
        merchant.send("get_balance", valid(merchant), headers={contract.HEADERS.algorithm: "rsa-sha256"}).status == 200
    )


@pytest.mark.parametrize("algorithm", ["hmac-sha512", "none", ""])
def test_an_rsa_signature_under_another_algorithm_is_refused(merchant: Merchant, algorithm: str) -> None:
    assert merchant.send("get_balance", valid(merchant), headers={contract.HEADERS.algorithm: algorithm}).status == 401


def test_an_hmac_signature_without_its_algorithm_is_refused(merchant: Merchant) -> None:
    response = merchant.send(
        "get_balance", valid(merchant), signer=merchant.project.hmac_signer, headers={contract.HEADERS.algorithm: None}
    )
    assert response.status == 401


@pytest.mark.parametrize(
    "scheme",
    [
        SignatureScheme(digest="single"),
        SignatureScheme(padding=True, null_text="null", joiner="|"),
        SignatureScheme(token="public_key_pem", rsa_algorithm="RS256", hmac_algorithm="HS512"),
        SignatureScheme(token="project_id"),
        SignatureScheme(token="key-17"),
        SignatureScheme(hmac_algorithm=None),
    ],
    ids=["single", "texts", "pem", "project", "literal", "no algorithm"],
)
def test_every_reading_of_the_scheme_works_with_both_algorithms(keys: Keys, scheme: SignatureScheme) -> None:
    gateway = MockGateway(keys=keys, scheme=scheme, clock=lambda: NOW, duplicates="stored")
    merchant = Merchant(gateway, gateway.project)
    body = merchant.p2p_payin() | {"customer": {"browser": {"java_enabled": True}}, "sender": {}}
    assert merchant.send("create_p2p_payin", body).status == 200
    assert merchant.send("create_p2p_payin", body, signer=merchant.project.hmac_signer).status == 200
    gateway.travel(10)
    gateway.deliver(merchant.receive)
    assert len(merchant.received) == 4


def test_gateway_refuses_another_scheme(keys: Keys) -> None:
    gateway = MockGateway(keys=keys, scheme=SignatureScheme(digest="single"), clock=lambda: NOW)
    merchant = Merchant(gateway, gateway.project)
    other = Merchant(MockGateway(keys=keys, project_id=gateway.project_id, clock=lambda: NOW), gateway.project)
    assert other.send("get_balance", valid(merchant)).status == 200
    other.gateway.dispatcher.handle = gateway.dispatcher.handle  # type: ignore[method-assign]  # one merchant asks the other gateway
    assert other.send("get_balance", valid(merchant)).status == 401


@pytest.mark.parametrize("operation", contract.OPERATIONS)
def test_every_operation_refuses_a_wrong_signature(merchant: Merchant, other_keys: Keys, operation: str) -> None:
    stranger = RsaSigner.from_pem(other_keys.private_key)
    for example in contract.EXAMPLES:
        if example.of == operation and not example.status:
            body = json.loads(json.dumps(example.value))
            body["general"]["project_id"] = merchant.project.project_id
            assert merchant.send(operation, body).status in (200, 404)
            assert merchant.send(operation, body, signer=stranger).status == 401


@pytest.mark.parametrize("name", ["merchant_id", "timestamp", "token", "signature"])
def test_each_header_is_needed(merchant: Merchant, name: str) -> None:
    header = getattr(contract.HEADERS, name)
    response = merchant.send("get_balance", valid(merchant), headers={header: None})
    assert response.status == 401
    assert header in response.json()["status_description"]


@pytest.mark.parametrize("name", ["merchant_id", "timestamp", "token", "signature", "algorithm"])
def test_a_header_that_is_there_twice_is_refused(merchant: Merchant, name: str) -> None:
    header = getattr(contract.HEADERS, name)
    signed = {contract.HEADERS.algorithm: "rsa-sha256"}
    assert merchant.send("get_balance", valid(merchant), headers=signed, more=((header, "x"),)).status == 401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("merchant_id", "another"),
        ("token", "AAAA"),
        ("token", ""),
        ("signature", "AAAA"),
        ("signature", "!"),
        ("signature", ""),
        ("timestamp", "1795521600.0"),
        ("timestamp", "+1795521600"),
        ("timestamp", "١٧"),
        ("timestamp", ""),
        ("timestamp", "9" * 5000),
    ],
)
def test_a_wrong_header_is_refused(merchant: Merchant, name: str, value: str) -> None:
    header = getattr(contract.HEADERS, name)
    assert merchant.send("get_balance", valid(merchant), headers={header: value}).status == 401


@pytest.mark.parametrize("age", [301, 86400, -301, -86400])
def test_a_stale_timestamp_is_refused_in_both_directions(merchant: Merchant, age: int) -> None:
    response = merchant.send("get_balance", valid(merchant), timestamp=int(NOW) - age)
    assert response.status == 401
    assert "stale" in response.json()["status_description"]


@pytest.mark.parametrize("age", [299, -300])
def test_a_timestamp_within_the_tolerance_is_accepted(merchant: Merchant, age: int) -> None:
    assert merchant.send("get_balance", valid(merchant), timestamp=int(NOW) - age).status == 200


def test_the_gateways_clock_judges_and_is_shown(merchant: Merchant) -> None:
    merchant.gateway.travel(86400)
    response = merchant.send("get_balance", valid(merchant), timestamp=int(NOW))
    assert response.status == 401
    assert response.header("date") == "Wed, 25 Nov 2026 12:00:00 GMT"


def test_another_project_in_the_body_is_forbidden(merchant: Merchant) -> None:
    response = merchant.send("get_balance", {"general": {"project_id": "another"}})
    assert response.status == 403
    assert response.json()["errors"][0]["field"] == "general:project_id"


def test_two_projects_do_not_see_each_other(merchant: Merchant, other_keys: Keys) -> None:
    gateway = merchant.gateway
    second = Merchant(gateway, gateway.add_project("second", keys=other_keys))
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    assert second.send("get_p2p_payin", second.info_general("p-1")).status == 404
    second.call("create_p2p_payin", second.p2p_payin(amount=500))
    gateway.travel(60)
    assert gateway.balance("RUB").available == 100_010_000
    assert gateway.balance("RUB", "second").available == 100_000_500


def test_a_key_of_another_project_is_refused(merchant: Merchant, other_keys: Keys) -> None:
    other = merchant.gateway.add_project("second", keys=other_keys)
    assert merchant.send("get_balance", valid(merchant), signer=other.signer).status == 401


def test_any_changed_byte_of_the_text_is_refused(merchant: Merchant) -> None:
    body = json.dumps(valid(merchant) | {"country": "RU"}).encode()
    assert merchant.raw("list_banks", body).status == 200
    timestamp = str(int(NOW))
    changed = body.replace(b'"RU"', b'"KZ"')
    sent = merchant.raw("list_banks", changed, headers=_headers(merchant, body, timestamp))
    assert sent.status == 401
    spaced = body.replace(b": ", b" :  ")
    assert merchant.raw("list_banks", spaced, headers=_headers(merchant, body, timestamp)).status == 200


def _headers(merchant: Merchant, body: bytes, timestamp: str) -> dict[str, str | None]:
    from highhelp_signing import signature_headers

    project = merchant.project
    return {**signature_headers(body, project_id=project.project_id, signer=project.signer, timestamp=int(timestamp))}


def node_sign(node: str, merchant: Merchant, body: bytes, tmp_path: Path, algorithm: str) -> dict[str, str | None]:
    keys = merchant.project.keys
    (tmp_path / "private_key.pem").write_text(keys.private_key)
    (tmp_path / "public_key.pem").write_text(keys.public_key)
    (tmp_path / "hmac_private_key.txt").write_text(keys.hmac_key)
    script = Path(__file__).with_name("sign.mjs")
    run = subprocess.run(
        [node, script, tmp_path, algorithm, merchant.project.project_id, str(int(NOW))],
        input=body, capture_output=True, check=True,
    )  # fmt: skip
    headers: dict[str, str | None] = json.loads(run.stdout)
    return headers


@pytest.mark.parametrize("algorithm", ["rsa", "hmac"])
def test_a_program_in_another_language_is_accepted(
    node: str, merchant: Merchant, tmp_path: Path, algorithm: str
) -> None:
    body = merchant.p2p_payin("заказ №1 ü") | {
        "customer": {"browser": {"java_enabled": False, "javascript_enabled": True, "time_zone": -180}},
        "sender": {},
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = node_sign(node, merchant, raw, tmp_path, algorithm)
    assert merchant.raw("create_p2p_payin", raw, headers=headers).status == 200
    position = raw.index(b"10000")
    assert merchant.raw("create_p2p_payin", raw[:position] + b"2" + raw[position + 1 :], headers=headers).status == 401


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("algorithm", ["rsa", "hmac"])
def test_callbacks_verify_with_the_openssl_command(keys: Keys, algorithm: Literal["rsa", "hmac"]) -> None:
    gateway = MockGateway(keys=keys, callback_algorithm=algorithm, clock=lambda: NOW)
    merchant = Merchant(gateway, gateway.project)
    merchant.call("create_p2p_payin", merchant.p2p_payin("заказ №1"))
    gateway.travel(60)
    gateway.deliver(merchant.receive)
    keys_of = (
        {"public_key_pem": keys.callback_public_key} if algorithm == "rsa" else {"hmac_key": keys.callback_hmac_key}
    )
    assert len(merchant.received) == 4
    for outgoing in merchant.received:
        assert verify(outgoing.body, outgoing.headers, **keys_of)
        assert not verify(outgoing.body.replace(b"10000", b"10001"), outgoing.headers, **keys_of)


def test_request_ids_of_refusals_differ(merchant: Merchant) -> None:
    ids = [merchant.send("get_balance", {}).json()["request_id"] for _ in range(3)]
    assert all(one != other for one, other in pairwise(ids))
