"""Every example of the document is valid, by a library that shares no code with what is generated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from highhelp import validation
from highhelp_api import contract
from highhelp_api.client import models
from highhelp_api.strict import models as strict
from tests.closed import closed_schemas

if TYPE_CHECKING:
    from pydantic import BaseModel

EXAMPLES = [pytest.param(example, id=f"{example.of}-{example.status}-{example.name}") for example in contract.EXAMPLES]


def validator(schema: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {
            "$ref": f"#/components/schemas/{schema}",
            "components": {"schemas": {**contract.SCHEMAS, **closed_schemas(contract.SCHEMAS)}},
        }
    )


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_valid(example: contract.Example) -> None:
    answered = example.of not in contract.OPERATIONS or example.status
    schema = f"Closed{example.schema}" if answered else example.schema
    assert [error.message for error in validator(schema).iter_errors(example.value)] == []
    assert validation.find_problems(example.schema, example.value) == []
    model: type[BaseModel] = getattr(strict, example.schema)
    model.model_validate(example.value)


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_round_trips_through_the_client(example: contract.Example) -> None:
    read = getattr(models, example.schema).from_dict(example.value).to_dict()
    assert as_read(read) == as_read(example.value)


def as_read(value: Any) -> Any:
    """Normalise as a model does: a null is not a field, and times have two spellings."""
    if isinstance(value, dict):
        return {name: as_read(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [as_read(inner) for inner in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


def test_every_operation_has_a_request_a_success_and_failures() -> None:
    of_requests = {example.of for example in contract.EXAMPLES if not example.status}
    of_answers = {example.of for example in contract.EXAMPLES if example.status == "200"}
    failures = {example.status for example in contract.EXAMPLES if example.schema == "ErrorResponse"}
    assert set(contract.OPERATIONS) <= of_requests
    assert set(contract.OPERATIONS) <= of_answers
    assert failures >= {"400", "401", "403", "404", "409", "422", "429", "500", "default"}


def test_examples_of_creates_have_payment_ids_of_their_own() -> None:
    ids = [
        example.value["general"]["payment_id"]
        for example in contract.EXAMPLES
        if not example.status and example.of in contract.OPERATIONS and contract.OPERATIONS[example.of].idempotency
    ]
    assert len(ids) == len(set(ids))


def test_an_example_that_no_longer_fits_is_found() -> None:
    example = next(example for example in contract.EXAMPLES if example.schema == "P2PPayoutRequest")
    unfit = {**example.value, "receiver": {}}
    assert not validator(example.schema).is_valid(unfit)
    assert validation.find_problems(example.schema, unfit) != []
    widened = {"status": "frozen"}
    assert validator("PaymentState").is_valid(widened)
    assert not validator("ClosedPaymentState").is_valid(widened)
