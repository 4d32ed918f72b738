"""Check everything that gateways send during the run, in-process or served, against the contract.

Nothing of the gateway's own validation is used: the document's schema, closed (`tests/closed.py`), and the strict
models decide. So a field or a code that the contract does not name is wrong. Faults injected on purpose are exempt.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from pydantic import BaseModel, ValidationError

from highhelp_api import contract
from highhelp_api.strict import models
from tests.closed import closed_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_mock import Outgoing, Request, Response
    from highhelp_mock.api.dispatch import Dispatcher

ON_PURPOSE = {"bad_json", "html_502", "unknown_status"}

_validators: dict[tuple[str, int], tuple[object, jsonschema_rs.Draft202012Validator]] = {}


def fits(schema: str, value: object) -> list[str]:
    """The document's objections to a value; `Closed` before a schema's name selects its closed copy."""
    key = schema, id(contract.SCHEMAS)  # a test may put another document in place
    if key not in _validators:
        schemas = {**contract.SCHEMAS, **closed_schemas(contract.SCHEMAS)}
        document = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": schemas}}
        # kept with its source, since the id of a dead object is reused
        _validators[key] = contract.SCHEMAS, jsonschema_rs.Draft202012Validator(document)
    _, validator = _validators[key]
    return [f"{'/'.join(map(str, e.instance_path))}: {e.kind.name}" for e in validator.iter_errors(value)]


def fits_the_model(schema: str, value: object) -> list[str]:
    """The strict model's objections to a value, never the value itself."""
    model = getattr(models, schema, None)
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        return []
    try:
        model.model_validate(value)
    except ValidationError as error:
        return [f"{'/'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors(include_input=False)]
    return []


class Recorder:
    """Count answers and callbacks, and keep the violations.

    Attributes:
        answers: per operation and HTTP status; other paths count as "other".
        callbacks: per kind and state.
        wrong: violations of the contract, one text each.
    """

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.callbacks: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []

    def take(self) -> list[str]:
        """The findings since the last time."""
        found, self.wrong = self.wrong, []
        return found

    def answer(self, request: Request, response: Response, faults: tuple[str, ...]) -> None:
        """An answer is about to be sent."""
        operations = {operation.path: operation for operation in contract.OPERATIONS.values()}
        operation = operations.get(request.path)
        if not response.status or request.method == "HEAD" or _is_page(request.path, response):
            return
        if ON_PURPOSE & set(faults):
            return
        self.answers[operation.id if operation else "other", response.status] += 1
        where = f"{request.method} {request.path[:80]} {response.status}"
        if response.header("content-type") != "application/json":
            self.wrong.append(f"{where}: {response.header('content-type')}")
            return
        if response.status == 200 and operation is None:
            return  # control
        schema = operation.response if response.status == 200 and operation else "ErrorResponse"
        body = response.json()
        # the control API is the mock's own, and says more
        judge = schema if request.path.startswith("/_mock/") else f"Closed{schema}"
        found = (*fits(judge, body), *fits_the_model(schema, body))
        self.wrong += [f"{where}: {problem}" for problem in found]

    def callback(self, outgoing: Outgoing) -> None:
        """A callback is about to be sent."""
        body: dict[str, Any] = json.loads(outgoing.body)
        status = body["status"]["status"]
        if status not in contract.CATALOGUES["Status"]:
            return  # the fault of that name
        self.callbacks[outgoing.kind, status] += 1
        found = (*fits(f"Closed{contract.CALLBACK_SCHEMA}", body), *fits_the_model(contract.CALLBACK_SCHEMA, body))
        self.wrong += [f"{outgoing.kind} {status}: {problem}" for problem in found]

    @contextmanager
    def listening(self) -> Iterator[Recorder]:
        """Record every gateway of this process while the block runs."""
        from highhelp_mock.adapters import asgi
        from highhelp_mock.api.dispatch import Dispatcher
        from highhelp_mock.http import Request

        handle, due, refuse = Dispatcher.handle, Dispatcher.due_callbacks, asgi.refuse

        def recorded(dispatcher: Dispatcher, request: Request) -> Response:
            response = handle(dispatcher, request)
            known = {operation.path for operation in contract.OPERATIONS.values()}
            called = request.method == "POST" and request.path in known and dispatcher.calls
            self.answer(request, response, dispatcher.calls[-1].faults if called else ())
            return response

        def taken(dispatcher: Dispatcher, limit: int = 100) -> list[Outgoing]:
            found = due(dispatcher, limit)
            for outgoing in found:
                self.callback(outgoing)
            return found

        def refused(status: int, message: str) -> Response:
            response = refuse(status, message)
            self.answer(Request("POST", "/"), response, ())
            return response

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Dispatcher, "handle", recorded)
            patch.setattr(Dispatcher, "due_callbacks", taken)
            patch.setattr(asgi, "refuse", refused)
            yield self

    def summary(self) -> str:
        """For people."""
        operations = len({name for name, _ in self.answers} - {"other"})
        states = len({state for _, state in self.callbacks})
        return (
            f"{self.answers.total()} answers of {operations} operations and {self.callbacks.total()} callbacks of "
            f"{states} statuses were checked against the contract"
        )


def _is_page(path: str, response: Response) -> bool:
    return not path.startswith(("/api/", "/_mock/")) and response.header("content-security-policy") is not None
