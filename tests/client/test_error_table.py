"""Each row of docs/errors.md is produced by the real client, of both kinds, over a real socket."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import DuplicatePayment, HighHelpError, OutcomeUnknown
from highhelp_api.contract import EXAMPLES, OPERATIONS
from highhelp_mock import MockGateway
from tests.client.listener import heard, server
from tests.client.test_money_is_safe import ERROR, PAYIN, PAYOUT

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
OTHERS = (302, 402, 408, 425, 499, 502, 503, 520, 599)
"""Statuses that the contract does not name, for its row "any other"."""

CONFIRMATION = next(example.value for example in EXAMPLES if example.of == "confirm_ecom_3ds" and not example.status)

CALLS: dict[str, Callable[[Any], Any]] = {
    "question": lambda client: client.p2p.get_payin("order-1"),
    "balance": lambda client: client.service.balance(),
    "payin": lambda client: client.p2p.create_payin(PAYIN),
    "payout": lambda client: client.p2p.create_payout(PAYOUT),
    "3ds": lambda client: client.ecom.confirm_3ds({**CONFIRMATION, "general": {"payment_id": "order-1"}}),
}
QUESTIONS = ("question", "balance")


def table(title: str) -> list[list[str]]:
    """The cells of a table of the page, without its header."""
    _, _, section = PAGE.partition(f"## {title}\n")
    rows = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


ANSWERS = table("An answer")
REFUSED = {
    row[0]: dict(zip(("payin", "payout", "later"), row[1:], strict=True)) for row in table("A create that was refused")
}
NO_ANSWER = {row[0]: dict(zip(("question", "payin", "payout"), row[1:], strict=True)) for row in table("No answer")}


def answers() -> list[tuple[int, bool, str, str]]:
    """Each row as status, whether the contract's JSON comes with it, and the two errors."""
    found = []
    for name, _, _, _, question, money, _, _ in ANSWERS:
        if name == "any other":
            found += [(status, True, question, money) for status in OTHERS]
        elif name.isdigit():
            found.append((int(name), True, question, money))
        else:
            found += [(status, False, question, money) for status in (200, 400, 404, 409, 422, 429, 500, *OTHERS)]
    return found


@pytest.fixture
def make(run: Callable[..., Any], naps: list[float]) -> Callable[..., Any]:
    """Make one call with a new client of either kind, without waiting."""
    return run


def told(error: str) -> str:
    """The name of the error in a cell."""
    found = re.match(r"`(\w+)`", error)
    assert found, error
    return found[1]


def test_the_page_has_a_row_for_every_status_of_the_contract() -> None:
    told_of = {row[0] for row in ANSWERS} - {"any other", "any, without the contract's JSON"}
    named = {status for operation in OPERATIONS.values() for status in operation.outcomes}
    assert told_of == {status for status in named if status.isdigit() and not status.startswith("2")}


def respond(connection: socket.socket, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n"
    connection.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.slow
@pytest.mark.parametrize(("status", "contract", "question", "money"), answers())
def test_an_answer(make: Callable[..., Any], status: int, contract: bool, question: str, money: str) -> None:
    # lessons: settings and errors that say one thing while retries do another, a 409 that is repeated
    body = json.dumps(ERROR).encode() if contract else b"<html>on the way</html>"

    def behave(connection: socket.socket) -> None:
        request = heard(connection)
        asked_by_look_up = b"/info HTTP" in request and call not in QUESTIONS
        respond(connection, *((404, json.dumps(ERROR).encode()) if asked_by_look_up else (status, body)))

    with server(behave) as url:
        for call, what in CALLS.items():
            with pytest.raises(HighHelpError) as caught:
                make(url, what)
            expected = told(question if call in QUESTIONS else money)
            assert type(caught.value).__name__ == expected, f"{call}: {caught.value}"
            assert status == 200 or getattr(caught.value, "status", status) == status


def outcome(cell: str, result: Any) -> None:
    """Compare the result of a call with a cell of the later tables."""
    if not cell.startswith("`"):
        assert not isinstance(result, HighHelpError), f"{cell}: {result}"
        assert result.payment_id == "order-1"
        return
    assert type(result).__name__ == told(cell), f"{cell}: {result}"
    if "found=" in cell:
        assert f"found={result.found}" in cell
    if isinstance(result, DuplicatePayment | OutcomeUnknown):
        assert (result.existing is not None) == (".existing" in cell)
    assert getattr(result, "confirmed", False) is False


def attempt(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except HighHelpError as error:
        return error


FAULTS: dict[str, dict[str, list[tuple[str, str, int]]]] = {
    "the answer is lost, the look-up finds the payment": {
        "question": [("get_p2p_payin", "drop_response_after_commit", 1)],
        "payin": [("create_p2p_payin", "drop_response_after_commit", 1)],
        "payout": [("create_p2p_payout", "drop_response_after_commit", 1)],
    },
    "the request is lost, the look-up finds nothing": {
        "question": [("get_p2p_payin", "drop_request", 1)],
        "payin": [("create_p2p_payin", "drop_request", 1)],
        "payout": [("create_p2p_payout", "drop_request", 1)],
    },
    "the answer is lost, and the look-up fails too": {
        "question": [("get_p2p_payin", "drop_request", 99)],
        "payin": [("create_p2p_payin", "drop_response_after_commit", 1), ("get_p2p_payin", "drop_request", 99)],
        "payout": [("create_p2p_payout", "drop_response_after_commit", 1), ("get_p2p_payout", "drop_request", 99)],
    },
}


def test_every_row_without_an_answer_is_tried() -> None:
    assert set(NO_ANSWER) == {*FAULTS, "no connection", "the request breaks the contract"}


@pytest.mark.slow
@pytest.mark.parametrize(("row", "call"), [(row, call) for row, calls in FAULTS.items() for call in calls])
def test_no_answer(make: Callable[..., Any], row: str, call: str) -> None:
    gateway = MockGateway(duplicates="conflict")
    with gateway.serve(0) as served:
        about: dict[str, Any] = {"project_id": gateway.project_id, "signer": gateway.signer, "clock": gateway.clock}
        if call == "question":
            make(served.base_url, CALLS["payin"], **about)
        for operation, fault, times in FAULTS[row][call]:
            gateway.fault(operation, fault, times)
        result = attempt(lambda: make(served.base_url, CALLS[call], **about))
        outcome(NO_ANSWER[row][call], result)
        lost = call == "payout" and row.startswith("the request is lost")
        assert len(gateway.payments) == (0 if lost else 1), "one call, one payment"


def held(call: str, status: str = "processing", **info: Any) -> tuple[int, dict[str, Any]]:
    facts = {"amount": 10000, "currency": "RUB", "type": call, **info}
    return 200, {"status": status, "payment_id": "order-1", "payment_info": facts}


INFO: dict[str, Callable[[str], tuple[int, dict[str, Any]]]] = {
    "the payment, with the same facts, not final": held,
    "the payment, with the same facts, final": lambda call: held(call, "decline"),
    "the payment, a fact is not reported": lambda call: held(call, amount=None),
    "the payment, a fact differs": lambda call: held(call, amount=9999),
    "nothing": lambda call: (404, ERROR),
    "the same refusal (401, 403)": lambda call: (403, ERROR),
    "no usable answer": lambda call: (502, ERROR),
}


def test_every_row_of_a_refused_create_is_tried() -> None:
    assert set(REFUSED) == set(INFO)


@pytest.mark.parametrize("case", ["payin", "payout", "later"])
@pytest.mark.parametrize("row", INFO)
def test_a_refused_create(make: Callable[..., Any], row: str, case: str) -> None:
    call = "payout" if case == "payout" else "payin"
    creates: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        request = heard(connection)
        if not (asked := b"/info HTTP" in request):
            creates.append(request.partition(b"\r\n\r\n")[2])
        lost = case == "later" and len(creates) == 1
        if lost and not asked:
            return  # hangs up: the outcome of the create is unknown
        status, answer = (404 if lost else 403, ERROR) if lost or not asked else INFO[row](call)
        respond(connection, status, json.dumps(answer).encode())

    with server(behave) as url:
        outcome(REFUSED[row][case], attempt(lambda: make(url, CALLS[call])))
    assert len(creates) == (2 if case == "later" else 1)
    assert len(set(creates)) == 1


@pytest.mark.parametrize("call", ["question", "payin", "payout"])
def test_no_connection(make: Callable[..., Any], call: str) -> None:
    outcome(NO_ANSWER["no connection"][call], attempt(lambda: make("http://127.0.0.1:9", CALLS[call])))


@pytest.mark.parametrize("call", ["question", "payin", "payout"])
def test_a_request_that_breaks_the_contract(make: Callable[..., Any], call: str) -> None:
    def wrong(client: Any) -> Any:
        if call == "question":
            return client.p2p.get_payin("x" * 999)
        body = {**(PAYIN if call == "payin" else PAYOUT), "general": {"payment_id": ""}}
        return getattr(client.p2p, f"create_{call}")(body)

    outcome(NO_ANSWER["the request breaks the contract"][call], attempt(lambda: make("http://127.0.0.1:9", wrong)))
