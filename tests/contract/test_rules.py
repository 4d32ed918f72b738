"""Each rule of the contract refuses violations, and says where and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.generate import document, main, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    Edit = Callable[[dict[str, Any]], object]

SPEC = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"
CARD_PAYIN = "/api/v1/payment/ecom/payin"


@pytest.fixture
def contract() -> dict[str, Any]:
    return document.load(SPEC)


def at(*keys: str, value: Any = None, drop: bool = False) -> Edit:
    """An edit: another value at a place, or nothing."""

    def edit(contract: dict[str, Any]) -> None:
        place = contract
        for key in keys[:-1]:
            place = place[key]
        if drop:
            del place[keys[-1]]
        else:
            place[keys[-1]] = value

    return edit


def schema(name: str, *keys: str, value: Any = None, drop: bool = False) -> Edit:
    return at("components", "schemas", name, *keys, value=value, drop=drop)


def prop(name: str, field: str, *keys: str, value: Any = None, drop: bool = False) -> Edit:
    return schema(name, "properties", field, *keys, value=value, drop=drop)


def payin(*keys: str, value: Any = None, drop: bool = False) -> Edit:
    return at("paths", CARD_PAYIN, "post", *keys, value=value, drop=drop)


def new_value(contract: dict[str, Any]) -> None:
    codes = contract["components"]["schemas"]["SubStatus"]
    codes["x-extensible-enum"].append("manual_review")
    codes["x-enumDescriptions"]["manual_review"] = "A person looks at it."


TEXT = {"type": "string", "description": "A text."}
CASES: dict[str, tuple[Edit, str]] = {
    "provenance gone": (schema("Card", "x-provenance", drop=True), "schema Card: x-provenance is one of"),
    "provenance of an answer gone": (
        at("components", "responses", "Conflict", "x-provenance", drop=True), "response Conflict: x-provenance",
    ),
    "provenance misspelt": (payin("x-provenance", value="documentd"), "create_ecom_payin: x-provenance is one of"),
    "provenance of a webhook": (
        at("webhooks", "payment_update", "post", "x-provenance", value="heard"), "payment_update: x-provenance",
    ),
    "provenance of a header": (
        at("components", "securitySchemes", "token", "x-provenance", drop=True), "securityScheme token: x-provenance",
    ),
    "provenance of a property": (prop("Card", "cvv", "x-provenance", value="heard"), "Card.cvv: x-provenance"),
    "provenance of a value": (schema("Method", "x-enum-provenance", value={"eft": "heard"}), "x-enum-provenance"),
    "provenance of no value": (schema("Method", "x-enum-provenance", value={"x": "family"}), "x-enum-provenance"),
    "key unknown": (schema("Card", "x-mystery", value=True), "x-mystery has no row in spec/README.md; register it"),
    "two tags": (payin("tags", value=["ecom", "p2p"]), "create_ecom_payin: has one tag, declared at the root"),
    "tag undeclared": (payin("tags", value=["nope"]), "has one tag, declared at the root: p2p, ecom"),
    "webhook's tag": (at("webhooks", "payment_update", "post", "tags", value=["nope"]), "payment_update: has one tag"),
    "create without machines": (payin("x-transitions", drop=True), "creates a payment and names no x-transitions"),
    "description gone": (prop("PaymentState", "account", "description", drop=True), "PaymentState.account: has no"),
    "request's string": (prop("Card", "note", value=TEXT), "Card.note: a request's string is bounded; give it"),
    "request's shared string": (schema("PaymentId", "maxLength", drop=True), "General.payment_id: a request's string"),
    "closed answer": (schema("Requisites", "additionalProperties", value=False), "Requisites: an answer may hold more"),
    "closed list of codes": (schema("Status", "enum", value=["success"]), "list the known ones in x-extensible-enum"),
    "allOf": (schema("Card", "allOf", value=[{"required": ["pan"]}]), "Card: other generators lose the type"),
    "required": (schema("Bank", "required", value=["bic"]), "Bank: required names bic, which is no property"),
    "required in a condition": (
        schema("P2PPayoutRequest", "then", value={"properties": {"receiver": {"required": ["pin"]}}}),
        "P2PPayoutRequest: required names pin",
    ),
    "31 bits": (schema("Amount", "format", drop=True), "Amount: needs more than 31 bits"),
    "31 bits of a field": (prop("Balance", "amount", "format", drop=True), "Balance.amount: needs more than 31 bits"),
    "integer without bounds": (prop("Card", "month", "maximum", drop=True), "Card.month: an integer has a minimum"),
    "number": (prop("Balance", "amount", "type", value="number"), "Balance.amount: no number but integers"),
    "value without description": (
        schema("Status", "x-extensible-enum", value=["new"]), "Status: x-enumDescriptions describes every value",
    ),
    "value without a place": (new_value, "manual_review is in a machine of x-transitions or, while"),
    "place of a value known and unknown": (schema("SubStatus", "x-unplaced", value=["paid"]), "paid is in a machine"),
    "example": (
        payin("requestBody", "content", "application/json", "examples", "card", "value", "card", "month", value=13),
        "the example card is no EcomPayinRequest: card:month: maximum",
    ),
    "example of an error": (
        at("components", "responses", "Conflict", "content", "application/json", "examples", "duplicate", "value",
           "errors", value=7), "the example duplicate is no ErrorResponse: errors: type",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("edit", "words"), CASES.values(), ids=CASES)
def test_a_broken_rule_is_named(contract: dict[str, Any], edit: Edit, words: str) -> None:
    assert rules.check(contract) == []
    edit(contract)
    found = [violation.text for violation in rules.check(contract)]
    assert any(words in text for text in found), found


def test_a_value_whose_place_is_not_known_can_be_entered(contract: dict[str, Any]) -> None:
    new_value(contract)
    schema("SubStatus", "x-unplaced", value=["manual_review"])(contract)
    assert rules.check(contract) == []


def test_generation_names_file_line_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = SPEC.read_text(encoding="utf-8").splitlines()
    (number,) = [index for index, line in enumerate(lines) if line == "    Card:"]
    field = next(index for index in range(number, len(lines)) if lines[index].lstrip().startswith("month:"))
    lines[field] = lines[field].replace("maximum: 12, ", "")
    spec = tmp_path / "changed.yaml"
    spec.write_text("\n".join(lines), encoding="utf-8")
    assert main.main(["--spec", str(spec), "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert f"{spec}:{field + 1}: Card.month: an integer has a minimum and a maximum" in error


def test_an_example_that_is_not_there_is_an_error() -> None:
    text = SPEC.read_text(encoding="utf-8")
    with pytest.raises(document.DocumentError, match="components/examples has no 'CardPayin'"):
        document.parse(text.replace("    CardPayin:\n", "    OtherPayin:\n"), "x.yaml")


def test_schemas_that_contain_each_other_are_an_error() -> None:
    text = SPEC.read_text(encoding="utf-8")
    holder = "    Browser:\n"
    start = text.index("properties:\n", text.index(holder)) + len("properties:\n")
    owner = "        owner: {anyOf: [{$ref: '#/components/schemas/Customer'}, {type: 'null'}]}\n"
    with pytest.raises(document.DocumentError, match=r"in a circle: (Customer in Browser|Browser in Customer)"):
        document.parse(text[:start] + owner + text[start:], "x.yaml")


def test_the_line_of_what_is_missing_is_that_of_its_holder(tmp_path: Path) -> None:
    spec = tmp_path / "x.yaml"
    spec.write_text("a:\n  b:\n    - c: 1\n    - d: 2\n", encoding="utf-8")
    places = [("a", "b", 1, "d"), ("a", "b", 0, "x"), ("a", "x"), ("x",), ("a", "b", "x")]
    found = document.located(spec, [document.Violation(place, str(index)) for index, place in enumerate(places)])
    assert [re.sub(r".*:(\d+): ", r"\1 ", text) for text in found] == ["1 2", "1 3", "2 4", "3 1", "4 0"]
