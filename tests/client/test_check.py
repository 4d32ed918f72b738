"""The client's validation agrees with a JSON Schema library."""

from __future__ import annotations

import copy
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from highhelp import validation
from highhelp_api import contract

REQUESTS = sorted({operation.request for operation in contract.OPERATIONS.values()})
EXAMPLES = [example for example in contract.EXAMPLES if example.schema in REQUESTS]
VALIDATORS = {
    name: jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": contract.SCHEMAS}}
    )
    for name in REQUESTS
}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**14),
    st.text(max_size=40),
    st.sampled_from(
        ["card-p2p", "sbp-p2p", "account-number", "RUB", "rub", "RUB\n", "", "0" * 16, "http://localhost/"]
    ),
    st.sampled_from(["http://localhost.evil", "https://x", "http://127.0.0.1:80/a", "x" * 300, "١٢٣"]),
    st.just({}),
    st.just([]),
)


def places(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place of a body, itself included."""
    found = [path]
    if isinstance(value, dict):
        for name, item in value.items():
            found += places(item, (*path, name))
    return found


@st.composite
def nearly_valid(draw: st.DrawFn) -> tuple[str, Any]:
    """An example with a few places replaced, removed or added."""
    example = draw(st.sampled_from(EXAMPLES))
    body = copy.deepcopy(dict(example.value))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(places(body)))
        if not path:
            body[draw(st.sampled_from(["general", "payment", "receiver", "extra", "customer"]))] = draw(SCALARS)
            continue
        holder = body
        for name in path[:-1]:
            holder = holder[name]
        change = draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "remove":
            del holder[path[-1]]
        elif change == "add":
            known = sorted({name for schema in contract.SCHEMAS.values() for name in schema.get("properties", {})})
            holder[draw(st.sampled_from(known))] = draw(SCALARS)
        else:
            holder[path[-1]] = draw(SCALARS)
    return example.schema, body


@given(nearly_valid())
def test_it_agrees_with_a_json_schema_library(case: tuple[str, Any]) -> None:
    schema, body = case
    assert (validation.find_problems(schema, body) == []) == VALIDATORS[schema].is_valid(body), body


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"payment": {"method": "card-p2p"}, "receiver": {}}, "receiver:pan"),
        ({"payment": {"method": "sbp-p2p"}, "receiver": {"phone": "79000000001"}}, "receiver:bank_code"),
        ({"payment": {"method": "phone-p2p"}, "receiver": {}}, "receiver:phone"),
        ({"payment": {"method": "mobile-p2p"}, "receiver": {}}, "receiver:phone"),
        ({"payment": {"method": "account-number"}, "receiver": {"bank_code": "1"}}, "receiver:account_number"),
    ],
)
def test_what_a_method_needs_is_named(body: dict[str, Any], path: str) -> None:
    full = {
        "general": {"project_id": "p", "payment_id": "o"},
        **body,
        "payment": {"amount": 1, "currency": "RUB", **body["payment"]},
    }
    assert [problem.path for problem in validation.find_problems("P2PPayoutRequest", full)] == [path]


def test_floats_and_booleans_are_no_integers() -> None:
    for amount in (1.0, True, "1", None):
        body = {"general": {"project_id": "p", "payment_id": "o"}, "payment": {"amount": amount, "currency": "RUB"}}
        assert [str(problem) for problem in validation.find_problems("WidgetPayinRequest", body)] == [
            "payment:amount: must be an integer"
        ]


def test_a_problem_never_shows_the_value() -> None:
    body = {"general": {"project_id": "p", "payment_id": "o"}, "card": {"pan": "4000 0000 0000 0002", "cvv": "99999"}}
    text = " ".join(map(str, validation.find_problems("EcomPayinRequest", body)))
    assert "card:pan" in text
    assert "4000" not in text
    assert "99999" not in text


def test_problems_come_in_the_order_of_the_schema() -> None:
    body = {"zzz": 1, "payment": {"currency": 5, "amount": "x"}, "general": {"payment_id": 7}}
    ours = ["general:project_id", "general:payment_id", "payment:method", "payment:amount", "payment:currency", "zzz"]
    assert [problem.path for problem in validation.find_problems("P2PPayinRequest", body)] == ours


def test_a_keyword_applies_to_values_of_its_type_only() -> None:
    check = validation._check_of({"minLength": 2, "minimum": 3})
    values: tuple[object, ...] = ("a", "ab", 2, 3, 1.5, None, True, [], {})
    refused = [value for value in values if check(value)]
    assert refused == ["a", 2]


def test_a_value_of_a_subclass_counts_as_its_json_type() -> None:
    check = validation._check_of({"type": "integer", "minimum": 400})
    assert not check(HTTPStatus.NOT_FOUND)
    assert [problem.message for problem in check(HTTPStatus.OK)] == ["must be at least 400"]


def test_names_of_unknown_fields_are_not_kept() -> None:
    fields = validation._Fields({"known": {"type": "string"}}, validation._not_a_field)
    assert not fields["known"]("text")
    assert fields["unknown"]("text")
    assert list(fields) == ["known"]
