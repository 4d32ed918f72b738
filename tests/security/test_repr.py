"""Nothing sensitive in any `repr`: over all sensitive paths of the contract, by their names in the contract."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from highhelp import errors, models
from highhelp.redact import MASK, masked, masked_text
from highhelp_api import contract
from highhelp_api.client import AuthenticatedClient, Client

MARK = "4000001234567899"
CASES = [
    pytest.param(root, path, id=f"{root}-{path}") for root, paths in contract.SENSITIVE_PATHS.items() for path in paths
]


def a_body(root: str, path: str) -> dict[str, Any]:
    """A body with the mark at the path, made from the schemas alone."""
    *parents, last = path.split(":")
    value: Any = {last: MARK}
    schema = contract.SCHEMAS[root]
    for name in path.split(":")[:-1]:
        schema = target(schema["properties"][name])
    kind = target(schema["properties"][last]).get("type")
    if kind == "object":
        value = {last: {"field": MARK}}
    elif kind == "integer":
        value = {last: int(MARK)}
    for name in reversed(parents):
        value = {name: value}
    return required(contract.SCHEMAS[root], value)


def target(schema: Any) -> Any:
    for branch in (schema, *schema.get("anyOf", ())):
        if "$ref" in branch:
            return target(contract.SCHEMAS[branch["$ref"].rsplit("/", 1)[1]])
    return schema


def required(schema: Any, value: dict[str, Any]) -> dict[str, Any]:
    """The value with whatever else its schema demands."""
    full = dict(value)
    for name in schema.get("required", ()):
        child = target(schema["properties"][name])
        if child.get("type") == "object":
            full[name] = required(child, full.get(name, {}))
        elif child.get("type") == "integer":
            full.setdefault(name, 1)
        else:
            full.setdefault(name, child.get("x-extensible-enum", ["text"])[0])
    for name, item in value.items():
        child = target(schema["properties"].get(name, {}))
        if isinstance(item, dict) and child.get("properties"):
            full[name] = required(child, item)
    return full


@pytest.mark.parametrize(("root", "path"), CASES)
def test_no_repr_of_a_model_shows_it(root: str, path: str) -> None:
    body = a_body(root, path)
    model = getattr(models, root).from_dict(body)
    assert MARK in str(model.to_dict()), "the mark is in the model, or the test proves nothing"
    assert MARK not in repr(model)
    assert MARK not in str(model)


@pytest.mark.parametrize(("root", "path"), CASES)
def test_no_masked_body_holds_it(root: str, path: str) -> None:
    body = a_body(root, path)
    assert MARK not in str(masked(body, root))
    assert MASK in str(masked(body, root))
    assert MARK not in str(masked(body)), "by name alone too"


def test_an_unknown_field_is_not_shown() -> None:
    state = models.PaymentState.from_dict({"status": "success", "new_secret": MARK, "payment_info": {"x": MARK}})
    assert MARK not in repr(state)


def test_no_repr_of_a_plain_client_shows_headers_or_token() -> None:
    client = Client(base_url="https://x.example", headers={"x-access-token": MARK}, httpx_args={"auth": MARK})
    assert MARK not in repr(client)
    assert MARK not in repr(AuthenticatedClient(base_url="https://x.example", token=MARK))


@pytest.mark.parametrize(
    "text", [MARK, "pan 4000 0012 3456 7899.", "4000-0012-3456-7899", "(400000123456789)", "a4000001234567899b"]
)
def test_card_numbers_are_masked_in_free_text(text: str) -> None:
    assert MASK in masked_text(text)


def test_ordinary_numbers_are_not() -> None:
    for text in ("amount 10000", "2026-11-24 12:00:00", "request 7f0c3a52-6a3c"):
        assert masked_text(text) == text


def test_errors_that_carry_a_state_carry_it_masked() -> None:
    from highhelp.calls.flow import without_card_data

    state = models.PaymentState.from_dict({"status": "processing", "requisites": {"pan": MARK, "bank_name": "B"}})
    error = errors.WaitTimeout("late", operation="get_p2p_payin", attempts=1, last=without_card_data(state))
    assert MARK.encode() not in pickle.dumps(error)
    assert error.last is not None
    assert error.last.requisites is not None


def every_error() -> list[errors.HighHelpError]:
    about: dict[str, Any] = {"operation": "create_p2p_payin", "payment_id": "order-1"}
    problem = errors.FieldProblem("payment:amount", "is missing")
    return [
        errors.HighHelpError("text"),
        errors.SettingsError("HIGHHELP_BASE_URL", "is not set"),
        errors.MoneyError("no amount"),
        errors.CallError("text", **about),
        errors.NotSent("refused", attempts=2, **about),
        errors.InvalidRequest([problem], **about),
        errors.Rejected("HTTP 422", status=422, cause="invalid", problems=[problem], clock_skew=1.5, **about),
        errors.DuplicatePayment("HTTP 409", status=409, cause="duplicate", **about),
        errors.Unavailable("HTTP 503", attempts=4, status=503, retry_after=7.0, **about),
        errors.OutcomeUnknown("lost", attempts=2, found=False, **about),
        errors.WaitTimeout("late", attempts=9, last=None, **about),
        errors.PaymentEnded("it ended", last=None, attempts=2, **about),
    ]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_every_error_survives_pickling(error: errors.HighHelpError) -> None:
    # lessons: exceptions of the leading SDKs do not, and take worker processes down
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.args, again.__dict__) == (type(error), error.args, error.__dict__)


def test_every_error_class_is_in_that_list() -> None:
    classes = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.HighHelpError)
    }
    assert {type(error) for error in every_error()} == classes
