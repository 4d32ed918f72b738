"""Execute the contract's operations, told apart by what the contract says about them, not by their names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from highhelp_api import contract
from highhelp_mock.http import ApiError, Json, block
from highhelp_mock.simulation.create_payment import create_payment, fingerprint, payment_methods
from highhelp_mock.simulation.representations import create_answer, example_rows, info_answer
from highhelp_mock.simulation.state_machine import AWAITING_3DS, DECLINE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from highhelp_api.contract import Operation
    from highhelp_mock.simulation.engine import Engine
    from highhelp_mock.simulation.payments import Payment
    from highhelp_mock.simulation.projects import Project

__all__ = ["Consistency", "Duplicates", "execute"]

Duplicates: TypeAlias = Literal["conflict", "stored", "invalid", "malformed"]

_3DS_RESULT = ("cres", "pares")
_TAKEN = "There is a payment with this payment_id"
_REFUSALS: Mapping[str, int] = {"conflict": 409, "stored": 409, "invalid": 422, "malformed": 400}


@dataclass(frozen=True, slots=True)
class Consistency:
    """The answers to repeated payment_ids, and simulated lags.

    Attributes:
        duplicates: the answer to a repeated payment_id: 409, 422 ("invalid") or 400 ("malformed"); "stored" answers
            with the payment's state if the body is the same, else with 409.
        info_lag: seconds after creation until the info operation finds a payment.
        uniqueness_lag: seconds after a creation during which the same payment_id creates another payment.

    Raises:
        ValueError: `duplicates` is unknown, or a lag is negative.
    """

    duplicates: Duplicates = "conflict"
    info_lag: float = 0.0
    uniqueness_lag: float = 0.0

    def __post_init__(self) -> None:
        if self.duplicates not in _REFUSALS:
            raise ValueError(f"duplicates must be one of {', '.join(_REFUSALS)}")
        if min(self.info_lag, self.uniqueness_lag) < 0:
            raise ValueError("a lag must be a non-negative number of seconds")


def execute(
    engine: Engine, operation: Operation, project: Project, body: Mapping[str, Any], consistency: Consistency
) -> Json:
    """Execute an authenticated, valid request.

    Args:
        engine: the simulation.
        operation: the operation.
        project: the caller's project.
        body: the request, valid against the contract.
        consistency: answers to repeated payment_ids, and simulated lags.

    Returns:
        The body of the answer with HTTP 200.

    Raises:
        ApiError: 404 for an unknown payment, 409 (422, 400) for a duplicate, 409 for a state that forbids the call.
    """
    if operation.idempotency is not None and operation.response == "PaymentState":
        return _create(engine, operation, project, body, consistency)
    if operation.response == "PaymentState" and "payment_id" in block(body, "general"):
        payment = _find_payment(engine, operation, project, body, consistency.info_lag)
        if not body.keys().isdisjoint(_3DS_RESULT):
            payment = _confirm(engine, operation, project, payment, body)
        return info_answer(payment, engine.base_url)
    make_list = _LISTS.get(operation.response)
    return _example(operation) if make_list is None else make_list(project, body)


def _create(
    engine: Engine, operation: Operation, project: Project, body: Mapping[str, Any], consistency: Consistency
) -> Json:
    now = engine.clock()
    stored = engine.find(project.project_id, str(block(body, "general").get("payment_id", "")))
    if stored is None or stored.created_at > now - consistency.uniqueness_lag:
        payment = create_payment(operation, project, body, now)
        return create_answer(engine.add(payment), engine.base_url)
    same = stored.fingerprint == fingerprint(project, operation.id, body)
    if consistency.duplicates == "stored" and same:
        return create_answer(stored, engine.base_url)
    raise ApiError(_REFUSALS[consistency.duplicates], _TAKEN, [("general:payment_id", "is taken")])


def _find_payment(
    engine: Engine, operation: Operation, project: Project, body: Mapping[str, Any], lag: float
) -> Payment:
    payment = engine.find(project.project_id, str(block(body, "general")["payment_id"]))
    seen = payment is not None and payment.created_at <= engine.clock() - lag
    if payment is None or not seen or payment.info not in (operation.id, operation.info):
        raise ApiError(404, "No such payment", [("general:payment_id", "is not known")])
    return payment


def _confirm(
    engine: Engine, operation: Operation, project: Project, payment: Payment, body: Mapping[str, Any]
) -> Payment:
    given = fingerprint(project, operation.id, body)
    if payment.confirmed == given:
        return payment
    challenge = payment.challenge
    if payment.state != AWAITING_3DS or challenge is None or payment.confirmed is not None:
        raise ApiError(
            409, "The payment is not waiting for a 3-D Secure result", [("general:payment_id", "is not waiting")]
        )
    payment = engine.stop_schedule(replace(payment, confirmed=given))
    matches = "cres" in body if challenge.version == 2 else body.get("md") == challenge.md
    if not matches:
        return engine.move(payment, DECLINE, "The 3-D Secure result does not belong to the payment")
    return engine.move(payment, payment.scenario.after_payer, payment.scenario.after_text)


def _balance(project: Project, _: Mapping[str, Any]) -> Json:
    rows = [
        {"currency": currency, "amount": account.available, "locked_amount": account.locked}
        for currency, account in project.balances.accounts.items()
    ]
    return {"balance": rows}


def _banks(_: Project, body: Mapping[str, Any]) -> Json:
    method = body.get("method")
    rows = _filter(example_rows("list_banks", "banks"), body, ("country", "currency"))
    return {"banks": [row for row in rows if method is None or method in row.get("methods", ())]}


def _methods(_: Project, body: Mapping[str, Any]) -> Json:
    return {"methods": _filter(payment_methods(), body, ("country", "currency", "flow"))}


def _filter(
    rows: tuple[Mapping[str, Any], ...], body: Mapping[str, Any], names: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    return [row for row in rows if all(name not in body or row.get(name) == body[name] for name in names)]


_LISTS: Mapping[str, Callable[[Project, Mapping[str, Any]], Json]] = {
    "BalanceResponse": _balance,
    "BankListResponse": _banks,
    "PaymentMethodsResponse": _methods,
}


def _example(operation: Operation) -> Json:
    """Answer an operation that the gateway does not simulate with the document's example; each has one."""
    examples = (example for example in contract.EXAMPLES if example.of == operation.id and example.status == "200")
    return dict(next(examples).value)
