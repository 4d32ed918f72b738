"""One planted change of every kind: level, side, place and text; and no edit is missed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.contract_diff.changes import VERDICTS, Change, Effect, Level
from tools.contract_diff.documents import compare
from tools.contract_diff.schemas import Schemas
from tools.generate.document import DocumentError, load

SPEC = load(Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml")
BREAKING, RISKY, SAFE, DOC = (level.word for level in sorted(Level, reverse=True))

Json = dict[str, Any]
Plant = Callable[[Json], object]


def edited(plant: Plant) -> Json:
    document = copy.deepcopy(SPEC)
    plant(document)
    return document


def schema(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def operation(document: Json, path: str) -> Json:
    found: Json = document["paths"][f"/api/v1/{path}"]["post"]
    return found


def put(name: str, key: str, value: Any) -> Plant:
    """Give a schema's key another value."""
    return lambda document: schema(document, name).__setitem__(key, value)


def prop(name: str, field: str, key: str, value: Any) -> Plant:
    """Give a property's key another value."""
    return lambda document: schema(document, name)["properties"][field].__setitem__(key, value)


def without(name: str, field: str, key: str) -> Plant:
    """Take a property's key away."""
    return lambda document: schema(document, name)["properties"][field].pop(key)


def of_operation(path: str, key: str, value: Any) -> Plant:
    return lambda document: operation(document, path).__setitem__(key, value)


def add_value(name: str) -> Plant:
    def plant(document: Json) -> None:
        schema(document, name)["x-extensible-enum"].append("zebra")
        schema(document, name)["x-enumDescriptions"]["zebra"] = "New."

    return plant


def move(document: Json) -> None:
    document["paths"]["/api/v2/balance"] = document["paths"].pop("/api/v1/balance/info")


def rename_operation(document: Json) -> None:
    operation(document, "balance/info")["operationId"] = "get_funds"


def rename_schema(document: Json) -> None:
    document["components"]["schemas"]["Purse"] = document["components"]["schemas"].pop("Balance")
    schema(document, "BalanceResponse")["properties"]["balance"]["items"]["$ref"] = "#/components/schemas/Purse"


def other_schema(document: Json) -> None:
    schema(document, "ConfirmThreeDSRequest")["properties"]["general"]["$ref"] = "#/components/schemas/General"


def branch(document: Json, at: int) -> Json:
    """The condition at a place of the chain."""
    found: Json = schema(document, "P2PPayoutRequest")
    for _ in range(at):
        found = found["else"]
    return found


AMOUNT = "/components/schemas/Amount"
PLANTS: dict[str, tuple[Plant, set[tuple[str, str]], str]] = {
    # name: the plant; the exact set of (level, side) to report; words that must be found
    # --- operations, paths, names ---
    "operation gone": (lambda d: d["paths"].pop("/api/v1/balance/info"), {(BREAKING, "api")}, "is gone"),
    "operation new": (
        lambda d: d["paths"].__setitem__("/api/v1/x", {"post": {**operation(d, "balance/info"), "operationId": "x"}}),
        {(SAFE, "api")}, "POST /api/v1/x is new",
    ),
    "path moved": (move, {(BREAKING, "api")}, "POST /api/v1/balance/info becomes POST /api/v2/balance"),
    "operationId": (rename_operation, {(BREAKING, "api")}, '"get_balance" becomes "get_funds"'),
    "x-method-name": (of_operation("balance/info", "x-method-name", "funds"), {(BREAKING, "api")}, "method is named"),
    "tag": (of_operation("balance/info", "tags", ["money"]), {(BREAKING, "api")}, "resource is named"),
    "second tag": (of_operation("balance/info", "tags", ["service", "money"]), {(DOC, "api")}, "tags"),
    "summary": (of_operation("balance/info", "summary", "Other"), {(DOC, "api")}, "summary"),
    "deprecated": (of_operation("balance/info", "deprecated", True), {(RISKY, "api")}, "will be taken away"),
    "unknown key of an operation": (of_operation("balance/info", "x-speed", 3), {(BREAKING, "api")}, "not known here"),
    "unknown key of the document": (lambda d: d.__setitem__("x-speed", 3), {(BREAKING, "api")}, "not known here"),
    "OAS callbacks": (of_operation("balance/info", "callbacks", {}), {(BREAKING, "api")}, "not known here"),
    # --- behaviour ---
    "x-retry looser": (of_operation("payment/p2p/payin", "x-retry", "safe"),
                    {(BREAKING, "api")}, '"reconcile" becomes "safe"'),
    "x-retry stricter": (of_operation("balance/info", "x-retry", "never"), {(RISKY, "api")}, "other calls"),
    "x-retry unheard of": (of_operation("balance/info", "x-retry", "twice"), {(BREAKING, "api")}, "twice"),
    "x-idempotency": (of_operation("payment/p2p/payin", "x-idempotency", "general:id"),
                    {(BREAKING, "api")}, "finds a payment"),
    "x-outcome": (
        lambda d: d["components"]["responses"]["Conflict"].__setitem__("x-outcome", "refused"),
        {(BREAKING, "response")}, "another error is raised",
    ),
    "x-final": (put("Status", "x-final", ["success", "decline", "error"]),
                {(BREAKING, "response"), (BREAKING, "callback"), (BREAKING, "callback answer")}, "another status"),
    "transition new": (
        lambda d: d["x-transitions"]["payout"]["error"].append("processing:new"), {(RISKY, "api")}, "is new",
    ),
    "transition gone": (
        lambda d: d["x-transitions"]["payout"]["error"].remove("decline"), {(BREAKING, "api")}, "is gone",
    ),
    "state new": (
        lambda d: d["x-transitions"]["payout"].__setitem__("frozen", ["success"]), {(RISKY, "api")}, "frozen is new",
    ),
    "state gone": (lambda d: d["x-transitions"]["payout"].pop("error"), {(BREAKING, "api")}, "payout: error is gone"),
    "machine gone": (lambda d: d["x-transitions"].pop("payout"), {(BREAKING, "api")}, "payout is gone"),
    "machine new": (lambda d: d["x-transitions"].__setitem__("loan", {}), {(RISKY, "api")}, "loan is new"),
    "machine of an operation gone": (
        of_operation("widget/payin", "x-transitions", ["hosted_page"]), {(BREAKING, "api")}, "no longer follow",
    ),
    "machine of an operation new": (
        of_operation("payment/p2p/payin", "x-transitions", ["p2p_payin", "hosted_page"]),
        {(RISKY, "api")}, "may follow",
    ),
    # --- keywords that the generator does not take ---
    "parameters": (of_operation("balance/info", "parameters", [{"name": "trace"}]), {(BREAKING, "api")}, "not known"),
    "uniqueItems": (put("Amount", "uniqueItems", True), {(BREAKING, "request")}, "not known here"),
    "oneOf": (put("Amount", "oneOf", [{"minimum": 2}]), {(BREAKING, "request")}, "not known here"),
    "minProperties": (put("Customer", "minProperties", 1), {(BREAKING, "request")}, "not known here"),
    "multipleOf": (put("Amount", "multipleOf", 10), {(BREAKING, "request")}, "not known here"),
    # --- schemas ---
    "ruled out": (put("Amount", "not", {"const": 5}), {(BREAKING, "request")}, "is demanded now"),
    "listed": (put("PaymentId", "enum", ["a"]), {(BREAKING, "request")}, "only listed values"),
    "type by a choice in a response": (
        lambda d: schema(d, "Balance")["properties"]["currency"].pop("type") and None,
        {(BREAKING, "response")}, "type",
    ),
    "media type new": (
        lambda d: operation(d, "balance/info")["responses"]["200"]["content"].__setitem__("text/plain", {}),
        {(RISKY, "response")}, "text/plain is new",
    ),
    # --- requests ---
    "field new and required": (
        lambda d: (schema(d, "Card")["properties"].__setitem__("pin", {"type": "string"}),
                   schema(d, "Card")["required"].append("pin")),
        {(BREAKING, "request")}, "pin is new and required",
    ),
    "field new and optional": (
        lambda d: schema(d, "Card")["properties"].__setitem__("pin", {"type": "string"}),
        {(SAFE, "request")}, "pin is new, and optional",
    ),
    "field of a request gone": (
        lambda d: schema(d, "Card")["properties"].pop("card_holder"), {(BREAKING, "request")}, "card_holder is gone",
    ),
    "required now": (lambda d: schema(d, "Card")["required"].append("card_holder"),
                    {(BREAKING, "request")}, "required"),
    "optional now": (lambda d: schema(d, "Card")["required"].remove("cvv"), {(SAFE, "request")}, "cvv is optional now"),
    "type of a request": (prop("Browser", "java_enabled", "type", "string"),
                    {(BREAKING, "request")}, "boolean becomes"),
    "null in a request": (prop("Browser", "java_enabled", "type", ["boolean", "null"]), {(SAFE, "request")}, "null"),
    "maximum lower": (put("Amount", "maximum", 5000), {(BREAKING, "request")}, "maximum 10000000000000 becomes 5000"),
    "maximum higher": (put("Amount", "maximum", 10**14), {(SAFE, "request")}, "maximum"),
    "minimum higher": (put("Amount", "minimum", 100), {(BREAKING, "request")}, "minimum 1 becomes 100"),
    "minimum gone": (lambda d: schema(d, "Amount").pop("minimum"), {(SAFE, "request")}, "minimum 1 becomes nothing"),
    "maxLength lower": (put("PaymentId", "maxLength", 64), {(BREAKING, "request")}, "maxLength 255 becomes 64"),
    "pattern other": (prop("Card", "cvv", "pattern", "^[0-9]{3}$"), {(BREAKING, "request")}, "the pattern"),
    "pattern gone": (without("Card", "cvv", "pattern"), {(SAFE, "request")}, "no longer demanded"),
    "format": (prop("Customer", "email", "format", "email"), {(BREAKING, "request")}, "the format"),
    "const": (prop("Customer", "language", "const", "ru"), {(BREAKING, "request")}, 'const "ru" is demanded'),
    "default": (prop("Customer", "language", "default", "ru"), {(RISKY, "request")}, "means something else now"),
    "opened": (put("ProjectGeneral", "additionalProperties", True), {(SAFE, "request")}, "fields are allowed now"),
    "value of a request new": (add_value("Country"), {(SAFE, "request"), (DOC, "api")}, "zebra is new"),
    "value of a request gone": (
        lambda d: schema(d, "Country")["x-extensible-enum"].remove("KE"), {(BREAKING, "request")}, "KE is gone",
    ),
    "pattern of a code": (put("Currency", "pattern", "^X"), {(BREAKING, "request")}, "pattern"),
    "condition new": (
        lambda d: branch(d, 3).__setitem__("else", {"required": ["customer"]}),
        {(BREAKING, "request")}, "is demanded now",
    ),
    "condition gone": (lambda d: branch(d, 2).pop("else"), {(SAFE, "request")}, "no longer demanded"),
    "condition other": (
        lambda d: branch(d, 0)["if"]["properties"]["payment"]["properties"]["method"].__setitem__("const", "eft"),
        {(BREAKING, "request")}, "the if",
    ),
    "consequence stricter": (
        lambda d: branch(d, 0)["then"]["properties"]["receiver"]["required"].append("card_holder"),
        {(BREAKING, "request")}, "card_holder is required now",
    ),
    "consequence looser": (
        lambda d: branch(d, 1)["then"]["properties"]["receiver"]["required"].remove("bank_code"),
        {(SAFE, "request")}, "bank_code is optional now",
    ),
    "not": (lambda d: schema(d, "ConfirmThreeDSRequest")["then"].pop("not"), {(SAFE, "request")}, "no longer demanded"),
    "body optional": (
        lambda d: operation(d, "balance/info")["requestBody"].__setitem__("required", False),
        {(BREAKING, "request")}, "left out by it",
    ),
    "media type gone": (
        lambda d: operation(d, "balance/info")["requestBody"].__setitem__("content", {}),
        {(BREAKING, "request")}, "application/json is gone",
    ),
    "body of another model": (other_schema, {(BREAKING, "request"), (SAFE, "request")},
                              "InfoGeneral becomes General"),
    "unknown keyword": (put("Amount", "x-step", 5), {(BREAKING, "request")}, "not known here"),
    "dependentRequired": (put("Card", "dependentRequired", {}), {(BREAKING, "request")}, "not known here"),
    "readOnly": (prop("Card", "cvv", "writeOnly", True), {(BREAKING, "request")}, "not known here"),
    # --- responses and callbacks ---
    "field of a response gone": (
        lambda d: schema(d, "Balance")["properties"].pop("locked_amount"), {(BREAKING, "response")}, "is gone",
    ),
    "field of a response new": (
        lambda d: schema(d, "Balance")["properties"].__setitem__("at", {"type": "string"}),
        {(SAFE, "response")}, "readers keep unknown fields",
    ),
    "optional in a response": (
        lambda d: schema(d, "Balance")["required"].remove("amount"), {(RISKY, "response")}, "ready for its absence",
    ),
    "required in a response": (
        lambda d: schema(d, "Balance")["required"].append("locked_amount"), {(SAFE, "response")}, "required now",
    ),
    "null in a response": (
        prop("Balance", "amount", "type", ["integer", "null"]), {(RISKY, "response")}, "null is possible now",
    ),
    "null by anyOf": (
        lambda d: schema(d, "CallbackStatus")["properties"].__setitem__(
            "status", {"anyOf": [{"$ref": "#/components/schemas/Status"}, {"type": "null"}]}),
        {(RISKY, "callback")}, "null is possible now",
    ),
    "no null by anyOf": (
        lambda d: schema(d, "PaymentMethod")["properties"].__setitem__(
            "flow", {"$ref": "#/components/schemas/PaymentType", "description": "The direction."}),
        {(SAFE, "response")}, "null is no longer possible",
    ),
    "type of a response": (prop("Balance", "currency", "type", "integer"), {(BREAKING, "response")}, "becomes integer"),
    "type more in a response": (
        prop("Balance", "currency", "type", ["string", "integer"]), {(BREAKING, "response")}, "integer is possible now",
    ),
    "maximum of a response": (prop("Balance", "amount", "maximum", 2**62), {(RISKY, "response")}, "not met before"),
    "minimum of a response": (prop("Balance", "amount", "minimum", 1), {(SAFE, "response")}, "could come before"),
    "open response closed": (put("Balance", "additionalProperties", False), {(RISKY, "response")}, "ruled out"),
    "items": (
        lambda d: schema(d, "Bank")["properties"]["methods"]["items"].__setitem__("type", "integer"),
        {(BREAKING, "response")}, "string becomes integer",
    ),
    "model renamed": (rename_schema,
                    {(BREAKING, "response"), (BREAKING, "api"), (SAFE, "api")}, "Balance becomes Purse"),
    "answer gone": (
        lambda d: operation(d, "balance/info")["responses"].pop("409"), {(BREAKING, "response")}, "409 is gone",
    ),
    "answer new": (
        lambda d: operation(d, "balance/info")["responses"].__setitem__("202", {"description": "Later."}),
        {(RISKY, "response")}, "202 is new",
    ),
    "header gone": (
        lambda d: d["components"]["responses"]["TooManyRequests"].pop("headers"),
        {(RISKY, "response")}, "retry-after",
    ),
    "header's maximum": (
        lambda d: d["components"]["responses"]["TooManyRequests"]["headers"]["retry-after"]["schema"].__setitem__(
            "maximum", 99999),
        {(RISKY, "response")}, "the headers is another one",
    ),
    "links": (
        lambda d: operation(d, "balance/info")["responses"]["200"].__setitem__("links", {}),
        {(BREAKING, "response")}, "not known here",
    ),
    "callback gone": (lambda d: d["webhooks"].pop("payment_update"),
                    {(BREAKING, "callback")}, "payment_update is gone"),
    "callback new": (
        lambda d: d["webhooks"].__setitem__("payment_frozen", d["webhooks"]["payment_update"]),
        {(RISKY, "callback")}, "payment_frozen is new",
    ),
    "callback's field": (
        lambda d: schema(d, "CallbackGeneral")["properties"].pop("request_id"), {(BREAKING, "callback")}, "is gone",
    ),
    "callback's signature": (
        lambda d: d["webhooks"]["payment_update"]["post"].__setitem__("security", [{"signature": []}]),
        {(BREAKING, "callback")}, "signed by it",
    ),
    "answer to a callback": (
        lambda d: d["components"]["responses"]["CallbackTaken"]["content"]["text/plain"]["schema"].__setitem__(
            "const", "OK"),
        {(BREAKING, "callback answer")}, "may be refused now",
    ),
    # --- one schema, several sides ---
    "value of a status": (add_value("Status"), {
        (RISKY, "response"), (RISKY, "callback"), (SAFE, "callback answer"), (DOC, "api")}, "zebra is new"),
    # --- what people read, what is hidden, who signs ---
    "description": (put("Amount", "description", "Other."), {(DOC, "api")}, "description"),
    "provenance": (put("Amount", "x-provenance", "observed"), {(DOC, "api")}, "x-provenance"),
    "description beside a reference": (
        prop("P2PPayinPayment", "payment_system", "description", "Other."), {(DOC, "api")}, "description",
    ),
    "description beside null": (
        prop("PaymentState", "sub_status", "description", "Other."), {(DOC, "api")}, "description",
    ),
    "source": (put("Status", "x-source", "seen"), {(DOC, "api")}, "x-source"),
    "example": (
        lambda d: operation(d, "balance/info")["responses"]["200"]["content"]["application/json"].__setitem__(
            "examples", {}),
        {(DOC, "api")}, "examples",
    ),
    "title": (put("Amount", "title", "Sum"), {(RISKY, "request")}, "name a class"),
    "info": (lambda d: d["info"].__setitem__("version", "0.2.0"), {(DOC, "api")}, "the info"),
    "OpenAPI's version": (lambda d: d.__setitem__("openapi", "3.2.0"), {(RISKY, "api")}, "another version"),
    "no longer sensitive": (without("Card", "cvv", "x-sensitive"),
                    {(BREAKING, "request")}, "shown where it was masked"),
    "sensitive": (prop("Bank", "name", "x-sensitive", "pii"), {(SAFE, "response")}, "masked"),
    "otherwise sensitive": (prop("Card", "pan", "x-sensitive", "pii"), {(BREAKING, "request")}, "pan"),
    "member names": (
        put("PaymentType", "x-enum-varnames", ["IN", "OUT"]),
        {(BREAKING, side) for side in ("request", "response", "callback")}, "x-enum-varnames",
    ),
    "server gone": (lambda d: d.__setitem__("servers", []), {(RISKY, "api")}, "servers"),
    "server new": (lambda d: d["servers"].append({"url": "https://b.example"}), {(RISKY, "api")}, "servers"),
    "way to sign gone": (lambda d: d["security"].pop(), {(BREAKING, "api")}, "signed by it"),
    "way to sign new": (lambda d: d["security"].append({"token": []}), {(BREAKING, "api")}, "signed by it"),
    "operation's own security": (
        of_operation("balance/info", "security", [{"token": []}]), {(BREAKING, "api")}, "security: nothing becomes",
    ),
    "signature's header": (
        lambda d: d["components"]["securitySchemes"]["token"].__setitem__("name", "x-token"),
        {(BREAKING, "api")}, "signed by it",
    ),
    "security scheme gone": (
        lambda d: d["components"]["securitySchemes"].pop("token"), {(BREAKING, "api")}, "becomes nothing",
    ),
    "unknown components": (
        lambda d: d["components"].__setitem__("links", {}), {(BREAKING, "api")}, "not known here",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_change_is_judged(name: str) -> None:
    plant, expected, words = PLANTS[name]
    found = compare(SPEC, edited(plant))
    assert {(one.level.word, str(one.side)) for one in found} == expected, "\n".join(map(str, found))
    assert words in "\n".join(map(str, found))


def test_nothing_is_changed_by_nothing() -> None:
    assert compare(SPEC, copy.deepcopy(SPEC)) == []
    # the order of keys and values means nothing
    turned = edited(lambda d: schema(d, "Status")["x-extensible-enum"].reverse())
    turned["components"]["schemas"] = dict(reversed(turned["components"]["schemas"].items()))
    assert compare(SPEC, turned) == []


def test_a_shared_schema_is_told_once_with_all_its_users() -> None:
    (change,) = compare(SPEC, edited(put("Amount", "maximum", 5000)))
    assert change.pointer == "#/components/schemas/Amount/maximum"
    assert set(change.users) == {
        f"create_{kind} payment:amount"
        for kind in ("p2p_payin", "p2p_payout", "ecom_payin", "ecom_payout", "widget_payin")
    }
    assert str(change).startswith(
        "breaking, request: create_p2p_payin payment:amount, create_p2p_payout payment:amount"
    )
    assert " and 3 more: the maximum 10000000000000 becomes 5000; what could be sent may be refused now" in str(change)


def test_a_schema_of_both_sides_is_judged_on_both() -> None:
    def shared(document: Json, maximum: int) -> Json:
        # the response takes the request's schema of an amount
        made = copy.deepcopy(document)
        schema(made, "Balance")["properties"]["amount"] = {"$ref": "#/components/schemas/Amount"}
        schema(made, "Amount")["maximum"] = maximum
        return made

    lower, higher = shared(SPEC, 10), shared(SPEC, 20)
    assert {(one.level.word, str(one.side)) for one in compare(lower, higher)} == {
        (SAFE, "request"),
        (RISKY, "response"),
    }
    assert {(one.level.word, str(one.side)) for one in compare(higher, lower)} == {
        (BREAKING, "request"), (SAFE, "response"),
    }  # fmt: skip


def test_a_component_that_nothing_uses_is_judged_for_both_sides() -> None:
    spare = edited(lambda d: d["components"]["schemas"].__setitem__("Spare", {"type": "string", "maxLength": 9}))
    other = copy.deepcopy(spare)
    schema(other, "Spare")["maxLength"] = 8
    found = {(one.level.word, str(one.side)) for one in compare(spare, other)}
    assert found == {(BREAKING, "request"), (SAFE, "response")}


def test_a_circle_ends() -> None:
    def tree(limit: int) -> Json:
        node = {"type": "object", "properties": {
            "name": {"type": "string", "maxLength": limit},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Account"}},
        }}  # fmt: skip
        return edited(lambda d: d["components"]["schemas"].__setitem__("Account", node))

    found = compare(tree(9), tree(8))
    assert [one.pointer for one in found] == ["#/components/schemas/Account/properties/name/maxLength"] * 2
    assert compare(tree(9), tree(9)) == []


def test_what_stands_beside_a_reference_binds_and_is_seen() -> None:
    def beside(limit: int, other: int) -> Json:
        def plant(document: Json) -> None:
            schema(document, "Card")["properties"]["card_holder"] = {
                "$ref": "#/components/schemas/PaymentId", "maxLength": limit}  # fmt: skip
            schema(document, "PaymentId")["maxLength"] = other

        return edited(plant)

    assert {str(one.level.word) for one in compare(beside(9, 99), beside(8, 99))} == {BREAKING}
    # the reference's bound falls below its sibling's: nothing hides it
    assert any("card:card_holder" in user for one in compare(beside(9, 99), beside(9, 5)) for user in one.users)


@pytest.mark.parametrize("reference", ["#/components/schemas/Nowhere", "other.yaml#/X", 5])
def test_a_reference_that_cannot_be_followed_is_an_error(reference: Any) -> None:
    with pytest.raises(DocumentError):
        compare(SPEC, edited(prop("BalanceResponse", "balance", "items", {"$ref": reference})))


def test_every_effect_has_a_verdict_and_unknown_is_breaking() -> None:
    assert set(VERDICTS) == {(written, effect) for written in (True, False) for effect in Effect}
    assert {VERDICTS[written, Effect.UNKNOWN][0] for written in (True, False)} == {Level.BREAKING}


# --- no edit goes unseen ---------------------------------------------------------------------------------------------


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of the document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


WAYS = [way for way in places(SPEC) if way]
TEXTS = {"description", "summary", "externalDocs", "x-provenance", "x-source", "examples", "example", "tags", "info",
         "x-enumDescriptions", "x-enum-provenance"}  # fmt: skip


def holder(document: Json, way: tuple[Any, ...]) -> Any:
    found: Any = document
    for key in way[:-1]:
        found = found[key]
    return found


def means_something(way: tuple[Any, ...]) -> bool:
    """Whether a key of the document stands there which is more than text. A field may be called `description`."""
    keys = [key for key, before in zip(way, ("", *way), strict=False) if before != "properties"]
    return not TEXTS & {key for key in keys if isinstance(key, str)}


def told(way: tuple[Any, ...], change: Callable[[Any, Any], object]) -> list[Change] | None:
    """The changes reported for an edit at a place; None if the document is no longer valid."""
    document = copy.deepcopy(SPEC)
    change(holder(document, way), way[-1])
    try:
        return compare(SPEC, document)
    except DocumentError:
        return None


def replaced(there: Any, key: Any) -> None:
    value = there[key]
    there[key] = f"{value}x" if isinstance(value, str) else not value if isinstance(value, bool) else 987654


def removed(there: Any, key: Any) -> None:
    del there[key]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WAYS), st.sampled_from([replaced, removed]))
@pytest.mark.slow
def test_no_edit_goes_unseen(way: tuple[Any, ...], change: Callable[[Any, Any], object]) -> None:
    found = told(way, change)
    assert found != [], way
    if found is not None and means_something(way):
        assert max(one.level for one in found) > Level.DOCUMENTATION, (way, found)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([way for way in WAYS if isinstance(holder(SPEC, (*way, "x")), dict)]),
    st.from_regex(r"\Ax-[a-z]{3}\Z").filter(lambda key: key not in Schemas(SPEC, SPEC).judges),
)
@pytest.mark.slow
def test_an_unknown_key_is_never_safe(way: tuple[Any, ...], key: str) -> None:
    found = told((*way, key), lambda there, name: there.__setitem__(name, 1))
    assert found != []
    if found is not None and means_something(way):
        assert {one.level for one in found} & {Level.RISKY, Level.BREAKING} or way[-1] in PLACES_OF_NAMES, (way, found)


# below these an unknown key is a new name, whose kind is known
PLACES_OF_NAMES = {
    "properties", "schemas", "responses", "securitySchemes", "x-transitions", "paths", "webhooks", "content", "headers",
}  # fmt: skip


def test_a_branch_of_a_request_is_judged() -> None:
    either = [{"type": "string", "maxLength": 5}, {"type": "integer"}]
    old = edited(prop("Customer", "city", "anyOf", either))
    fewer = edited(prop("Customer", "city", "anyOf", either[:1]))
    for before, after, level, words in ((old, fewer, BREAKING, "a branch less"), (fewer, old, SAFE, "a branch more")):
        (change,) = compare(before, after)
        assert change.level.word == level
        assert words in change.text


def rename(name: str, field: str, other: str) -> Plant:
    def plant(document: Json) -> None:
        fields = schema(document, name)["properties"]
        fields[other] = fields.pop(field)

    return plant


@pytest.mark.parametrize(
    ("name", "field"), [("Balance", "locked_amount"), ("Account", "number"), ("Customer", "zip"), ("Bank", "name")]
)
def test_a_renamed_field_is_named_as_one(name: str, field: str) -> None:
    found = compare(SPEC, edited(rename(name, field, "other_name")))
    assert {(one.level.word, one.text) for one in found} == {(BREAKING, f"the field {field} is called other_name now")}


def test_a_renamed_field_that_is_needed_on_one_side_only_is_two() -> None:
    found = compare(SPEC, edited(rename("Card", "cvv", "cvc")))
    assert {one.text for one in found} == {
        "the field cvv is gone", "the field cvc is new, and optional",
    }  # fmt: skip


def test_a_choice_of_values_or_text_is_an_open_code() -> None:
    values = schema(SPEC, "Currency")["x-extensible-enum"]
    free = {"type": "string", "pattern": "^[A-Z]{3}$"}

    def as_a_choice(document: Json) -> None:
        document["components"]["schemas"]["Currency"] = {"type": "string", "enum": values}
        document["components"]["schemas"]["CurrencyCode"] = {"anyOf": [{"$ref": "#/components/schemas/Currency"}, free]}
        for name in ("P2PPayinPayment", "WidgetPayment"):
            schema(document, name)["properties"]["currency"]["$ref"] = "#/components/schemas/CurrencyCode"

    found = compare(edited(as_a_choice), SPEC)
    assert not [one for one in found if "P2PPayinPayment" in one.pointer and one.level > Level.SAFE], found


def test_opened_enum_is_risky_for_readers() -> None:
    def close(document: Json) -> None:
        codes = schema(document, "Status")
        codes["enum"] = codes.pop("x-extensible-enum")

    found = compare(edited(close), SPEC)
    assert {(one.level.word, one.text) for one in found if one.level > Level.SAFE} == {(RISKY, "any value is possible")}


def test_a_type_more_in_a_choice_of_an_answer_is_breaking() -> None:
    either = [{"type": "string"}]
    old = edited(prop("Balance", "currency", "anyOf", either))
    new = edited(prop("Balance", "currency", "anyOf", [*either, {"type": "integer"}]))
    assert [(one.level.word, str(one.side)) for one in compare(old, new)] == [(BREAKING, "response")]
