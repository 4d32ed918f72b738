"""The gateway against the document: valid and invalid requests of every operation, seeded."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_api.contract import OPERATIONS
from highhelp_mock import MockGateway
from highhelp_signing.keys import RsaVerificationKey
from tests.contract import fuzzing

if TYPE_CHECKING:
    from highhelp_mock.http import Request, Response

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report() -> fuzzing.Report:
    made = fuzzing.run(seed=42, examples=25)
    print(made.table())
    return made


def test_nothing_is_found(report: fuzzing.Report) -> None:
    assert report.failures == []


def test_the_report_can_be_kept_and_added_up(report: fuzzing.Report) -> None:
    total = fuzzing.Report(failures=["one"])
    total.add(report)
    total.add(report)
    kept = json.loads(total.to_json())
    assert kept["valid"]["get_balance"] == 2 * report.valid["get_balance"]
    assert kept["failures"] == ["one"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_valid_requests_are_really_accepted(report: fuzzing.Report, operation: str) -> None:
    assert report.valid[operation] > 0
    assert report.accepted[operation] * 5 >= report.valid[operation], report.table()
    assert report.invalid[operation] > 0


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_wrong_signature_was_tried(report: fuzzing.Report, operation: str) -> None:
    assert report.resent[operation] == report.accepted[operation] > 0


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[MockGateway], object]], fuzzing.Report]:
    """A short run against a gateway that something was done to."""

    def run(plant: Callable[[MockGateway], object]) -> fuzzing.Report:
        honest = MockGateway.__init__

        def made(self: MockGateway, *args: Any, **kwargs: Any) -> None:
            honest(self, *args, **kwargs)
            plant(self)

        monkeypatch.setattr(MockGateway, "__init__", made)
        return fuzzing.run(seed=42, examples=2)

    return run


Planted = Callable[[Callable[[MockGateway], object]], fuzzing.Report]


def test_a_gateway_that_skips_the_signature_is_found(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RsaVerificationKey, "matches", lambda *_: True)
    found = planted(lambda _: None)
    assert any("wrong_signature_is_refused" in failure for failure in found.failures)


def test_a_status_outside_the_document_is_found(planted: Planted) -> None:
    found = planted(lambda gateway: gateway.fault("get_p2p_payin", "unknown_status", times=10_000))
    assert any("get_p2p_payin: response_schema_conformance" in failure for failure in found.failures)


def test_a_field_dropped_from_an_answer_is_found(planted: Planted) -> None:
    def drop(gateway: MockGateway) -> None:
        handle = gateway.dispatcher.handle

        def without_it(request: Request) -> Response:
            answer = handle(request)
            return dataclasses.replace(answer, body=answer.body.replace(b'"balance":', b'"balances":'))

        gateway.dispatcher.handle = without_it  # type: ignore[method-assign]  # a plant

    found = planted(drop)
    assert any("get_balance: response_schema_conformance" in failure for failure in found.failures)
