"""No frame of ours that an error carries shows card data: error trackers send the local variables of every frame.

For models. A mapping belongs to the caller, whose frames hold it anyway.
"""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

import highhelp
import highhelp_api
import highhelp_signing
from highhelp import AsyncHighHelp, AsyncPayoutGuard, HighHelp, HighHelpError, PayoutGuard, models
from highhelp.payouts.csv_file import read_csv
from highhelp_api.contract import OPERATIONS
from highhelp_signing import HmacSigner
from tests.security.test_leaks import PAN, REQUESTS, marked, ways_to_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = tuple(str(Path(str(package.__file__)).parent) for package in (highhelp, highhelp_api, highhelp_signing))
OTHER_MARKS = ("951", "IVAN MARKED")
CREATES = [operation for operation in OPERATIONS.values() if operation.idempotency is not None]


def errors_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error, its cause, its context, and theirs."""
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        each = todo.pop()
        if each is None or each in seen:
            continue
        seen.append(each)
        yield each
        todo += [each.__cause__, each.__context__]


def shown_in(error: BaseException) -> list[str]:
    """Each local variable of a frame of ours that shows a mark."""
    found = []
    for each in errors_of(error):
        trace = each.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename.startswith(OURS):
                for name, value in trace.tb_frame.f_locals.items():
                    if any(mark in repr(value) for mark in (PAN, *OTHER_MARKS)):
                        found.append(f"{type(each).__name__}: {code.co_filename}:{code.co_name}: {name}")
            trace = trace.tb_next
    return found


def request_of(operation: str, **payment: Any) -> Any:
    """A request of an operation with a mark at every sensitive path, as a model."""
    known = OPERATIONS[operation]
    body = marked(known.request, REQUESTS[operation])
    body["general"]["project_id"] = "p"
    body.get("payment", {}).update(payment)
    return getattr(models, known.request).from_dict(body)


class BrokenSigner(HmacSigner):
    def sign(self, *_: Any) -> bytes:
        raise RuntimeError(f"the HSM says no to {PAN}")


def clients(transport: Any, **options: Any) -> dict[str, Any]:
    about: Any = {
        "base_url": "http://127.0.0.1:9",
        "project_id": "p",
        "signer": HmacSigner("k" * 32),
        "transport": httpx.MockTransport(transport),
        "environ": {},
    } | options
    return {"sync": HighHelp(**about), "async": AsyncHighHelp(**about)}


def caught_from(client: Any, operation: str, request: Any) -> BaseException | None:
    parse = getattr(models, OPERATIONS[operation].response).from_dict
    try:
        if isinstance(client, AsyncHighHelp):
            asyncio.run(client.call(operation, request, parse))
        else:
            client.call(operation, request, parse)
    except Exception as error:  # noqa: BLE001 - whatever it is, its frames are looked at
        return error
    return None


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    monkeypatch.setattr("highhelp.transport.driver._sleep", at_once)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_frame_of_an_error_shows_a_mark(operation: str, kind: str) -> None:
    kinds: set[str] = set()
    for transport in ways_to_answer(OPERATIONS[operation].response).values():
        for check in (True, False):
            client = clients(transport, check_requests=check)[kind]
            error = caught_from(client, operation, request_of(operation))
            if error is not None:
                assert isinstance(error, HighHelpError)
                assert shown_in(error) == []
                kinds.add(type(error).__name__)
    broken = clients(lambda _: httpx.Response(500), signer=BrokenSigner("k" * 32), check_requests=False)[kind]
    error = caught_from(broken, operation, request_of(operation))
    assert error is not None
    assert shown_in(error) == []
    kinds.add(type(error).__name__)
    assert kinds >= {"NotSent", "Rejected"}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation", [operation.id for operation in CREATES])
def test_no_frame_of_an_invalid_request_shows_a_mark(operation: str, kind: str) -> None:
    client = clients(lambda _: httpx.Response(500))[kind]
    for payment in ({"amount": -1}, {"currency": "nothing"}, {"amount": 1 << 80}, {"description": "x\ud800"}):
        error = caught_from(client, operation, request_of(operation, **payment))
        assert isinstance(error, HighHelpError)
        assert shown_in(error) == []


@pytest.mark.parametrize("operation", [str(operation.info) for operation in CREATES])
def test_no_frame_of_a_wait_shows_a_mark(operation: str) -> None:
    parse = getattr(models, OPERATIONS[operation].response).from_dict
    for transport in ways_to_answer("PaymentState").values():
        client = clients(transport)["sync"]
        with pytest.raises(HighHelpError) as caught:
            client.wait(operation, request_of(operation), parse, timeout=0.01)
        assert shown_in(caught.value) == []


PAYOUTS = [operation.id for operation in CREATES if operation.direction == "payout"]


async def send_async(client: Any, url: str, request: Any, operation: str) -> None:
    async with AsyncPayoutGuard(client, url, environ={}) as guard:
        await guard.send(request, operation=operation)


def guard_error(kind: str, transport: Any, url: Path, request: Any, operation: str) -> Exception | None:
    client = clients(transport)[kind]
    try:
        if kind == "async":
            asyncio.run(send_async(client, str(url), request, operation))
        else:
            with PayoutGuard(client, str(url), environ={}) as guard:
                guard.send(request, operation=operation)
    except Exception as error:  # noqa: BLE001 - those of the database too
        return error
    return None


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation", PAYOUTS)
def test_no_frame_of_the_guard_shows_a_mark(operation: str, kind: str, tmp_path: Path) -> None:
    for number, transport in enumerate(ways_to_answer("PaymentState").values()):
        for payment in ({}, {"amount": -1}):
            error = guard_error(kind, transport, tmp_path / f"{number}.db", request_of(operation, **payment), operation)
            assert error is None or shown_in(error) == []


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("operation", PAYOUTS)
@pytest.mark.parametrize("step", ["acquire", "_new_row"])
def test_no_frame_of_a_failing_database_shows_a_mark(
    operation: str, kind: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {"a": 1}, RuntimeError("disk full"))

    monkeypatch.setattr(f"highhelp.payouts.lifecycle.{step}", fail)
    transport = ways_to_answer("PaymentState")["accepted"]
    request = request_of(operation, amount=100, currency="RUB", method="card-p2p")
    client = clients(transport, check_requests=False)[kind]
    monkeypatch.setattr(f"{__name__}.clients", lambda *_: {kind: client})
    error = guard_error(kind, transport, tmp_path / "x.db", request, operation)
    assert isinstance(error, Exception)
    assert shown_in(error) == []
    assert "flow.py" in "".join(traceback.format_exception(error))  # files and lines are still there


COLUMNS = "payment_id,amount,currency,method,receiver.pan,receiver.card_holder"


@pytest.mark.parametrize("row", ["x-1,-1,RUB,card-p2p", "x-1,1.00,RUB,card-p2p", "x-1,1.00,RUB,nothing"])
def test_no_frame_of_a_payout_file_shows_a_mark(row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "payouts.csv"
    file.write_text(f"{COLUMNS}\n{row},{PAN},IVAN MARKED\n", "utf-8")
    monkeypatch.setattr("highhelp.payouts.lifecycle.prepare", None)
    with pytest.raises(Exception) as caught:
        pay_file(file)
    assert shown_in(caught.value) == []


def pay_file(file: Path) -> None:
    with PayoutGuard(clients(lambda _: httpx.Response(500))["sync"], f"{file}.db", environ={}) as guard:
        guard.send_batch(read_csv(file.read_bytes()))


def test_a_mark_in_a_frame_of_ours_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highhelp.errors.cleared_frames.__exit__", lambda *_: None)
    client = clients(lambda _: httpx.Response(500))["sync"]
    error = caught_from(client, "create_p2p_payout", request_of("create_p2p_payout", amount=-1))
    assert error is not None
    assert shown_in(error) != []
