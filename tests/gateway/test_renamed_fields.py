"""If the document renames a field of an answer or callback, the recorder misses it in the mock."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_api import contract
from highhelp_mock import MockGateway
from highhelp_mock.simulation.scenarios import pan_of
from tests.gateway.merchant import CARD, Merchant
from tests.recorder import fits
from tools.generate import document
from tools.generate.contract import validation_schemas

if TYPE_CHECKING:
    from highhelp_mock import Outgoing
    from tests.recorder import Recorder

SPEC = document.load(Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml")
ANSWERS = {one.response_schema for one in document.endpoints(SPEC)} | {"ErrorResponse", contract.CALLBACK_SCHEMA}
FIELDS = sorted({(place.owner, place.name) for root in ANSWERS for place in document.places(SPEC, root)})
UNSAID = {
    ("Account", "expiry_month"),  # the mock keeps no more of a card than it shows
    ("Account", "expiry_year"),
    ("ThreeDS2", "iframe"),
}
"""Fields that the mock never sends, so renaming them has no effect."""


def renamed(owner: str, field: str) -> dict[str, Any]:
    """The data that generation makes of a copy of the document with another name for a field."""
    copied = copy.deepcopy(SPEC)
    schema = copied["components"]["schemas"][owner]
    schema["properties"]["renamed"] = schema["properties"].pop(field)
    schema["required"] = ["renamed" if name == field else name for name in schema.get("required", ())]
    return validation_schemas(copied)


@pytest.fixture(scope="module")
def said() -> list[tuple[str, Any]]:
    """The mock's answers and callbacks of all kinds: schema and body."""
    gateway = MockGateway()
    merchant = Merchant(gateway, gateway.project)
    project = {"general": {"project_id": gateway.project_id}}
    creates = {
        "create_p2p_payin": [
            merchant.p2p_payin(method=method, currency=currency)
            for method, currency in (("card-p2p", "RUB"), ("phone-p2p", "TJS"), ("account-number", "ARS"),
                                     ("wallet-link", "NGN"))
        ],
        "create_ecom_payin": [merchant.ecom_payin(card=CARD | {"pan": pan_of(code)}) for code in (21, 23, 24)],
        "create_widget_payin": [merchant.widget_payin()],
        "create_p2p_payout": [merchant.p2p_payout()],
    }  # fmt: skip
    found: list[tuple[str, Any]] = [("ErrorResponse", merchant.send("get_balance", project | {"x": 1}).json())]
    for operation, bodies in creates.items():
        for number, body in enumerate(bodies):
            body["general"]["payment_id"] = f"{operation}-{number}"
            found.append(("PaymentState", merchant.call(operation, body)))
    lists = ("get_balance", "list_banks", "list_payment_methods")
    found += [(contract.OPERATIONS[name].response, merchant.call(name, project)) for name in lists]

    def take(outgoing: Outgoing) -> int:
        found.append((contract.CALLBACK_SCHEMA, json.loads(outgoing.body)))
        return 200

    for _ in range(4):
        gateway.travel(1)
        gateway.deliver(take)
        found += [("PaymentState", merchant.info(payment.payment_id)) for payment in gateway.payments]
    return found


@pytest.mark.parametrize(("owner", "field"), FIELDS, ids=[f"{owner}.{field}" for owner, field in FIELDS])
def test_a_renamed_field_is_missed(
    owner: str, field: str, said: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(fits(f"Closed{schema}", body) for schema, body in said)
    monkeypatch.setattr(contract, "SCHEMAS", renamed(owner, field))
    missed = any(fits(f"Closed{schema}", body) for schema, body in said)
    assert missed is ((owner, field) not in UNSAID)


def test_a_renamed_field_turns_any_test_red(
    merchant: Merchant, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "SCHEMAS", renamed("Balance", "locked_amount"))
    merchant.call("get_balance", {"general": {"project_id": merchant.project.project_id}})
    assert "POST /api/v1/balance/info 200: balance/0: additionalProperties" in recorder.take()
