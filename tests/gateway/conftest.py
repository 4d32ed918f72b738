"""A gateway and a merchant; everything that the gateway says in any test is checked against the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_api import contract
from highhelp_mock import MockGateway, Outgoing, Request, Response
from highhelp_mock.core import Core
from highhelp_mock.projects import Keys, make_keys
from tests.gateway.merchant import Merchant, fits
from tests.gateway.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_521_600.25
ON_PURPOSE = {"bad_json", "html_502", "unknown_status"}


@pytest.fixture(scope="session")
def keys() -> Keys:
    return make_keys()


@pytest.fixture(scope="session")
def other_keys() -> Keys:
    return make_keys()


@pytest.fixture
def gateway(keys: Keys) -> MockGateway:
    return MockGateway(keys=keys, clock=lambda: NOW)


@pytest.fixture
def merchant(gateway: MockGateway) -> Merchant:
    return Merchant(gateway, gateway.project)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running


@pytest.fixture(autouse=True)
def checked_against_the_contract(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whatever a test does: each answer and callback fits its schema, unless a fault breaks it on purpose."""
    wrong: list[str] = []
    handle, due = Core.handle, Core.due_callbacks
    operations = {operation.path: operation for operation in contract.OPERATIONS.values()}

    def recorded(core: Core, request: Request) -> Response:
        response = handle(core, request)
        operation = operations.get(request.path)
        broken = core.calls[-1].faults if operation and request.method == "POST" else ()
        if response.status and not ON_PURPOSE & set(broken) and request.method != "HEAD":
            if _is_page(request.path, response):
                pass  # for people; the pages' own tests look at it
            elif response.header("content-type") != "application/json":
                wrong.append(f"{request.path}: {response.header('content-type')}")
            else:
                wrong.extend(_wrong_answer(operation.response if operation else None, request.path, response))
        return response

    def taken(core: Core, most: int = 100) -> list[Outgoing]:
        found = due(core, most)
        for outgoing in found:
            body: dict[str, Any] = json.loads(outgoing.body)
            if body["status"]["status"] in contract.CATALOGUES["Status"]:
                wrong.extend(fits(contract.CALLBACK_SCHEMA, body))
        return found

    monkeypatch.setattr(Core, "handle", recorded)
    monkeypatch.setattr(Core, "due_callbacks", taken)
    yield wrong
    assert not wrong


def _wrong_answer(schema: str | None, path: str, response: Response) -> list[str]:
    if response.status < 400 and schema is None:
        return []
    expected = schema if response.status == 200 and schema else "Error"
    return [f"{path} {response.status} {problem}" for problem in fits(expected, response.json())]


def _is_page(path: str, response: Response) -> bool:
    return not path.startswith(("/api/", "/_mock/")) and response.header("content-security-policy") is not None
