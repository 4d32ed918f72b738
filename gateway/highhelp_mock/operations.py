"""The contract's operations: what each one does, told from the contract's data and not from a list of names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock.answers import create_answer, example_rows, info_answer
from highhelp_mock.creation import fingerprint, methods, new_payment
from highhelp_mock.machine import DECLINE
from highhelp_mock.messages import Json, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from highhelp_api.contract import Operation
    from highhelp_mock.engine import Engine
    from highhelp_mock.payments import Payment
    from highhelp_mock.projects import Project

__all__ = ["carry_out"]

_CHALLENGE = "processing:awaiting_3ds_result"
_TAKEN = "There is a payment with this payment_id"


def carry_out(
    engine: Engine, operation: Operation, project: Project, body: Mapping[str, Any], *, conflict: bool
) -> Json:
    """Do what an authenticated, valid request asks for.

    Args:
        engine: the gateway's memory.
        operation: which operation.
        project: who asks.
        body: the request, valid against the contract.
        conflict: answer 409 to every repeated payment_id, also with the same body.

    Returns:
        The body of the answer with HTTP 200.

    Raises:
        Refusal: 404 for an unknown payment, 409 for a duplicate or a state that does not allow the call.
    """
    if operation.idempotency is not None and operation.response == "PaymentState":
        return _create(engine, operation, project, body, conflict=conflict)
    if operation.response == "PaymentState" and "payment_id" in _general(body):
        payment = _stored(engine, operation, project, body)
        if "threeds" in body:
            payment = _confirm(engine, operation, project, payment, body)
        return info_answer(payment, engine.base_url)
    listed = _LISTS.get(operation.response)
    return _example(operation) if listed is None else listed(project, body)


def _create(engine: Engine, operation: Operation, project: Project, body: Mapping[str, Any], *, conflict: bool) -> Json:
    stored = engine.find(project.project_id, str(_general(body).get("payment_id", "")))
    if stored is None:
        payment = new_payment(operation, project, body, engine.clock())
        return create_answer(engine.add(payment), engine.base_url)
    if conflict or stored.fingerprint != fingerprint(project, operation.id, body):
        raise Refusal(409, _TAKEN, [("general:payment_id", "is taken")])
    return create_answer(stored, engine.base_url)


def _stored(engine: Engine, operation: Operation, project: Project, body: Mapping[str, Any]) -> Payment:
    payment = engine.find(project.project_id, str(_general(body)["payment_id"]))
    if payment is None or payment.info not in (operation.id, operation.info):
        raise Refusal(404, "No such payment", [("general:payment_id", "is not known")])
    return payment


def _confirm(
    engine: Engine, operation: Operation, project: Project, payment: Payment, body: Mapping[str, Any]
) -> Payment:
    given = fingerprint(project, operation.id, body)
    if payment.confirmed == given:
        return payment
    challenge = payment.challenge
    if payment.state != _CHALLENGE or challenge is None or payment.confirmed is not None:
        raise Refusal(
            409, "The payment does not wait for a 3-D Secure result", [("general:payment_id", "is not waiting")]
        )
    result = body["threeds"]
    payment = engine.hold(payment.but(confirmed=given))
    fits = "cres" in result if challenge.version == 2 else result.get("md") == challenge.md
    if not fits:
        return engine.move(payment, DECLINE, "The 3-D Secure result does not belong to the payment")
    return engine.move(payment, payment.scenario.after_payer, payment.scenario.says)


def _balance(project: Project, _: Mapping[str, Any]) -> Json:
    rows = [
        {"currency": currency, "amount": account.available, "locked_amount": account.locked}
        for currency, account in project.books.accounts.items()
    ]
    return {"balance": rows}


def _banks(_: Project, body: Mapping[str, Any]) -> Json:
    wanted = body.get("method")
    rows = _filtered(example_rows("list_banks", "banks"), body, ("country", "currency"))
    return {"banks": [row for row in rows if wanted is None or wanted in row.get("methods", ())]}


def _methods(_: Project, body: Mapping[str, Any]) -> Json:
    return {"methods": _filtered(methods(), body, ("country", "currency", "flow"))}


def _filtered(
    rows: tuple[Mapping[str, Any], ...], body: Mapping[str, Any], names: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    return [row for row in rows if all(name not in body or row.get(name) == body[name] for name in names)]


_LISTS: Mapping[str, Callable[[Project, Mapping[str, Any]], Json]] = {
    "BalanceResponse": _balance,
    "BankListResponse": _banks,
    "PaymentMethodsResponse": _methods,
}


def _general(body: Mapping[str, Any]) -> Mapping[str, Any]:
    general = body.get("general")
    return general if isinstance(general, dict) else {}


def _example(operation: Operation) -> Json:
    """A plausible answer of an operation that the gateway has no behaviour for: the document's own example."""
    examples = (one for one in contract.EXAMPLES if one.of == operation.id and one.status == "200")
    found = next(examples, None)
    return dict(found.value) if found else sample(operation.response)


def sample(schema: str) -> Json:
    """A smallest value of an object schema: its required fields, each in the plainest form that fits."""
    value = _sample(contract.SCHEMAS.get(schema, {}))
    return value if isinstance(value, dict) else {}


def _sample(schema: Mapping[str, Any]) -> Any:
    schema = contract.resolve(schema)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _sample(schema[choice][0])
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", [None]))))
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        fields = schema.get("properties", {})
        return {name: _sample(fields.get(name, {})) for name in schema.get("required", ())}
    plain: Mapping[Any, Any] = {"integer": schema.get("minimum", 0), "boolean": False, "array": [], "null": None}
    return plain.get(kind, "0" * schema.get("minLength", 1))
