"""The gateway along links: its reports on a payment are consistent, and contradictions are found."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from highhelp_api.contract import OPERATIONS
from highhelp_mock.api import operations
from highhelp_mock.simulation.engine import Engine
from highhelp_mock.simulation.representations import info_answer
from tests.contract import linked

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report() -> linked.Report:
    made = linked.run_until_followed(seed=42, examples=6, most=20)
    print(made.table())
    return made


def test_nothing_is_found_and_every_link_was_followed(report: linked.Report) -> None:
    assert report.failures == []
    assert report.never() == []


def test_every_create_has_its_links() -> None:
    names = {name for _, name in linked.links()}
    for operation in OPERATIONS.values():
        if operation.info is not None and operation.idempotency is not None:
            assert {f"{operation.id}_again", f"{operation.id}_to_{operation.info}"} <= names
    assert "create_ecom_payin_to_confirm_ecom_3ds" in names


def finds(text: str) -> bool:
    """Whether short runs find it eventually: which links are followed is random."""
    return any(text in failure for seed in range(10) for failure in linked.run(seed=seed, examples=4).failures)


def test_a_gateway_that_forgets_a_payment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "add", lambda self, payment: payment)
    assert finds("a payment that was created is not known")


def test_a_wrong_state_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def back_to_new(payment: Any, base_url: str) -> Any:
        return info_answer(dataclasses.replace(payment, state="processing:new"), base_url)

    monkeypatch.setattr(operations, "info_answer", back_to_new)
    assert finds(" was followed by processing:new")


def test_an_answer_about_another_payment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = operations._find_payment
    seen: dict[str, Any] = {}

    def first_of_its_kind(engine: Any, operation: Any, project: Any, body: Any, lag: float) -> Any:
        return seen.setdefault(operation.id, honest(engine, operation, project, body, lag))

    monkeypatch.setattr(operations, "_find_payment", first_of_its_kind)
    assert finds("the answer is about another payment")


def heard(*answers: tuple[str, int, Any, str]) -> None:
    story = linked.Story()
    for operation, status, answer, text in answers:
        asked = {"general": {"payment_id": "p"}, "payment": {"amount": 100, "currency": "RUB", "description": text}}
        story.hear(OPERATIONS[operation], asked, status, answer)


def test_what_contradicts_a_story() -> None:
    new = {"payment_id": "p", "request_id": "r", "status": "processing", "sub_status": "new"}
    ended = {**new, "status": "decline", "sub_status": None}
    created = ("create_p2p_payin", 200, new, "x")
    heard(created, created, ("get_p2p_payin", 200, ended, ""), ("create_p2p_payin", 409, None, "other"))
    for second, text in [
        (("create_p2p_payin", 200, new, "other"), "a second, different request was accepted"),
        (("get_p2p_payin", 200, {**new, "request_id": "s"}, ""), "another request_id"),
        (("get_p2p_payin", 200, {**new, "payment_info": {"amount": 101}}, ""), "another amount"),
        (("get_p2p_payin", 200, {**new, "payment_info": {"currency": "USD"}}, ""), "another currency"),
        (("get_p2p_payin", 404, None, ""), "is not known"),
    ]:
        with pytest.raises(AssertionError, match=text):
            heard(created, second)
    with pytest.raises(AssertionError, match="decline was followed by processing:new"):
        heard(created, ("get_p2p_payin", 200, ended, ""), ("get_p2p_payin", 200, new, ""))
    with pytest.raises(AssertionError, match="nobody created"):
        heard(("get_p2p_payin", 200, new, ""))


def test_links_that_are_not_followed_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked, "SAME_PAYMENT", {"general": {"payment_id": "$response.body#/no_such_field"}})
    failures = linked.run_until_followed(seed=42, examples=2, most=1).failures
    assert "the link create_p2p_payin_to_get_p2p_payin was never followed" in failures
