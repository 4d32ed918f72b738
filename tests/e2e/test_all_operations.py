"""Every operation of the contract, through every way that leads to it; the list is the contract's."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import AsyncHighHelp, HighHelp, cli, models
from highhelp_api.contract import EXAMPLES, OPERATIONS, SCHEMAS, Operation
from highhelp_mock import MockGateway
from highhelp_mock.simulation.scenarios import SCENARIOS
from highhelp_signing import generate_home
from tests.contract.fuzzing import BY_PATH, payment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUESTS = {example.of: dict(example.value) for example in EXAMPLES if not example.status}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("home") / "h"
    generate_home(directory, base_url="http://127.0.0.1:9")
    return directory


@pytest.fixture(scope="module")
def gateway(home: Path) -> Iterator[MockGateway]:
    with MockGateway(home).serve() as served:
        yield served


def request_of(operation: Operation, gateway: MockGateway, client: HighHelp) -> dict[str, Any]:
    """A request that the gateway takes: a new payment, or one about a payment that exists and waits for it."""
    body: dict[str, Any] = json.loads(json.dumps(REQUESTS[operation.id]))
    body["general"] = {"payment_id": str(uuid.uuid4())} if "payment_id" in body["general"] else {}
    if operation.direction is not None and operation.idempotency is None:
        create = BY_PATH[operation.path.rsplit("/", 1)[0]]
        first = payment(create, gateway.project_id, body["general"]["payment_id"])
        client.call(create.id, first, models.PaymentState.from_dict)
        gateway.travel(2)
    return body


def facade(client: Any, operation: Operation, body: dict[str, Any]) -> Any:
    """Call the method that the contract names, with the request as its signature wants it."""
    method = getattr(getattr(client, operation.tag), operation.method_name)
    names = inspect.signature(method).parameters
    if "body" in names:
        return method(body)
    flat = {**body.pop("general"), **body}
    return method(**{name: value for name, value in flat.items() if name in names})


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_through_the_facade_sync_and_async(operation: Operation, gateway: MockGateway, home: Path) -> None:
    with HighHelp(home=home, environ={}, clock=gateway.clock) as client:
        result = facade(client, operation, request_of(operation, gateway, client))
        assert type(result).__name__ == operation.response
        again = request_of(operation, gateway, client)

    async def run() -> Any:
        async with AsyncHighHelp(home=home, environ={}, clock=gateway.clock) as other:
            return await facade(other, operation, again)

    assert type(asyncio.run(run())).__name__ == operation.response


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_through_the_command_line(
    operation: Operation,
    gateway: MockGateway,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gateway.reset()
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    # the command has the machine's clock; two seconds of travel are within what the gateway tolerates
    with HighHelp(home=home, environ={}) as client:
        body = request_of(operation, gateway, client)
    file = tmp_path / "body.json"
    file.write_text(json.dumps(body))
    code = cli.main(["call", operation.id, "--body", str(file)])
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) >= set(SCHEMAS[operation.response]["required"])
    # the example's 3-D Secure result is not the one of this payment, so that one is declined
    assert code == (1 if answer.get("status") == "decline" else 0)


@pytest.mark.parametrize("client", [HighHelp, AsyncHighHelp])
def test_every_flow_with_an_info_operation_can_be_waited_for(client: type) -> None:
    for operation in OPERATIONS.values():
        if operation.retry == "safe" and operation.direction is not None:
            resource = inspect.getattr_static(client, operation.tag).func(type("Any", (), {"_calls": None})())
            assert callable(getattr(resource, operation.method_name.replace("get_", "wait_")))


def test_each_scenario_has_a_name_of_its_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


HAND_KEPT: Callable[[str], list[str]] = re.compile(r"\b(?:create|get|confirm|list)_(?:p2p|ecom|widget)_\w+").findall


def test_no_code_keeps_a_list_of_operations() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = [path for folder in ("highhelp", "gateway") for path in (root / folder).rglob("*.py")]
    named = {path.name: sorted(set(HAND_KEPT(path.read_text(encoding="utf-8")))) for path in sources}
    assert {name: ids for name, ids in named.items() if len(ids) > 2} == {}
