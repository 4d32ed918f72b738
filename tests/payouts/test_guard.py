"""The guard's promises, one per test; with both answers to duplicates where a gateway is involved."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import pickle
import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa

from highhelp import (
    AsyncCallbackInbox,
    AsyncHighHelp,
    AsyncPayoutGuard,
    CallbackInbox,
    DuplicatePayment,
    HighHelp,
    HmacSigner,
    HTTPTransport,
    InvalidRequest,
    NoSuchPayout,
    NotSent,
    OutcomeUnknown,
    PayoutBook,
    PayoutBusy,
    PayoutConflict,
    PayoutGuard,
    PayoutUnsettled,
    Rejected,
    SettingsError,
    Unavailable,
    models,
)
from highhelp.payouts.flow import Execute
from highhelp.payouts.guard import gateway_of
from highhelp.payouts.intents import ANOTHER, NOT_KNOWN_TO_BE_OURS, Facts, intent_key, list_payouts
from highhelp.payouts.lifecycle import settle as settle_facts
from highhelp.storage.tables import PAYOUTS
from tests.gateway.merchant import Merchant
from tests.payouts.conftest import bound
from tests.payouts.crasher import body
from tests.payouts.crashing import repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from highhelp_mock import MockGateway

CREATE = "create_p2p_payout"
PAN = "2200000000000004"
BODY = body("p-1", 10000, "RUB")
PAYOUT_INFO = {"payment_info": {"amount": 10000, "currency": "RUB", "type": "payout"}}


def creates(gateway: MockGateway) -> int:
    return sum(call.operation == CREATE for call in gateway.calls)


def die_before_sending(guard: PayoutGuard, request: dict[str, Any]) -> None:
    """The intent is `sent`, and its process is gone."""
    flow = guard._flows.send(request, CREATE)
    step: Any = next(flow)
    flow_step: Any = flow.send(guard._database.write(step.function, now=guard._database.now()))
    assert isinstance(flow_step, Execute)
    flow.close()


def test_a_payout_is_sent_once(guard: PayoutGuard, gateway: MockGateway) -> None:
    first = guard.send(BODY, operation=CREATE)
    assert (first.state, first.status, first.sub_status) == ("settled", "processing", "new")
    assert first.request_id == gateway.payment("p-1").request_id
    assert str(first.money) == "100.00 RUB"
    assert guard.send(BODY, operation=CREATE) == first
    assert creates(gateway) == 1


def test_models_name_their_operation_and_mappings_need_one(guard: PayoutGuard) -> None:
    request = models.EcomPayoutRequest(
        general=models.General(payment_id="e-1"),
        payment=models.EcomPayoutPayment(method=models.Method.CARD_ECOM, amount=100, currency=models.Currency.RUB),
        receiver=models.CardReceiver(pan="4000000000000002"),
    )
    assert guard.send(request).operation == "create_ecom_payout"
    with pytest.raises(SettingsError, match="create_ecom_payout, create_p2p_payout"):
        guard.send(BODY)
    with pytest.raises(SettingsError, match="operation"):
        guard.send(BODY, operation="create_p2p_payin")
    with pytest.raises(InvalidRequest):
        guard.send(body("p-9", 0, "RUB"), operation=CREATE)
    assert [one.payment_id for one in guard.list()] == ["e-1"]


@pytest.mark.parametrize("change", [{"amount": 10001}, {"currency": "KZT"}, {"description": "x"}])
def test_payment_id_with_another_body_is_refused_locally(
    guard: PayoutGuard, gateway: MockGateway, change: dict[str, Any]
) -> None:
    guard.send(BODY, operation=CREATE)
    with pytest.raises(PayoutConflict, match="p-1") as refused:
        guard.send({**BODY, "payment": BODY["payment"] | change}, operation=CREATE)
    assert refused.value.payment_id == "p-1"
    assert creates(gateway) == 1


def test_fingerprint_depends_on_card_but_not_on_key_order(guard: PayoutGuard, gateway: MockGateway) -> None:
    guard.prepare(BODY, operation=CREATE)
    with pytest.raises(PayoutConflict):
        guard.send({**BODY, "receiver": {"pan": "2200000000000012"}}, operation=CREATE)
    turned = {name: dict(reversed(block.items())) for name, block in reversed(BODY.items())}
    assert guard.send(turned, operation=CREATE).state == "settled"
    first, second = (guard._flows.build(one, CREATE)[0] for one in (BODY, turned))
    assert first.raw == second.raw, "the same payout is always sent as the same bytes"


@pytest.mark.parametrize(("error", "left"), [(httpx.ConnectError("refused"), False), (httpx.ReadError("cut"), True)])
def test_a_row_knows_whether_a_byte_may_have_left(
    gateway: MockGateway, sqlite: str, error: Exception, left: bool
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with made(gateway, sqlite, httpx.MockTransport(fail)) as guard:
        with pytest.raises(OutcomeUnknown if left else NotSent):
            guard.send(BODY, operation=CREATE)
        assert guard._database.read(lambda it: it.execute(sa.select(PAYOUTS.c.sent_before)).scalar_one()) is left


def test_a_payout_takes_two_statements(guard: PayoutGuard) -> None:
    guard.send(body("p-0", 1, "RUB"), operation=CREATE)
    statements: list[str] = []
    sa.event.listen(guard._database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    guard.send(BODY, operation=CREATE)
    assert [one.split()[0] for one in statements if not one.startswith("BEGIN")] == ["INSERT", "UPDATE"]


def test_sent_is_on_disk_before_the_first_byte_leaves(gateway: MockGateway, sqlite: str) -> None:
    seen: list[str] = []

    def look(request: httpx.Request) -> httpx.Response:
        with PayoutBook(sqlite, environ={}) as book:
            seen.extend(one.state for one in book.list())
        return gateway.transport.handle_request(request)

    with made(gateway, sqlite, httpx.MockTransport(look)) as guard:
        guard.send(BODY, operation=CREATE)
    assert seen == ["sent"]


class made:  # noqa: N801 - used like a function
    """A guard with the test's transport. "Not found" counts at once by default."""

    def __init__(self, gateway: MockGateway, url: str, transport: Any, **options: Any) -> None:
        self.stack = ExitStack()
        usual: dict[str, Any] = {"absence_age": 0, "environ": {}, "clock": gateway.clock}
        self.arguments = (gateway, url, transport, usual | options)

    def __enter__(self) -> PayoutGuard:
        gateway, url, transport, options = self.arguments
        client = HighHelp(
            base_url=gateway.base_url,
            project_id=gateway.project_id,
            signer=gateway.project.signer,
            transport=transport,
            clock=gateway.clock,
            environ={},
        )
        self.stack.enter_context(client)
        return self.stack.enter_context(PayoutGuard(client, url, **options))

    def __exit__(self, *error: object) -> None:
        self.stack.close()


def test_nothing_is_sent_after_a_crash_before_a_query(
    guard: PayoutGuard, gateway: MockGateway, naps: list[float]
) -> None:
    die_before_sending(guard, BODY)
    with pytest.raises(PayoutBusy, match="p-1") as busy:
        guard.send(BODY, operation=CREATE)
    assert busy.value.until == gateway.clock() + 120
    assert guard.recover() == [], "its sender may be alive"
    gateway.travel(121)
    with pytest.raises(PayoutUnsettled, match="recover"):
        guard.send(BODY, operation=CREATE)
    assert [one.state for one in guard.recover()] == ["prepared"]
    assert naps == []
    assert [call.operation for call in gateway.calls] == ["get_p2p_payout"]
    assert guard.send(BODY, operation=CREATE).attempts == 2


def test_a_lost_request(guard: PayoutGuard, gateway: MockGateway) -> None:
    gateway.fault(CREATE, "drop_request")
    with pytest.raises(OutcomeUnknown) as lost:
        guard.send(BODY, operation=CREATE)
    assert lost.value.found is False
    assert [one.state for one in guard.list()] == ["unknown"]
    with pytest.raises(PayoutUnsettled):
        guard.send(BODY, operation=CREATE)
    assert [one.state for one in guard.recover("p-1")] == ["prepared"]
    assert guard.send(BODY, operation=CREATE).state == "settled"
    assert repeated(gateway) == []


def test_a_lost_answer_while_the_gateway_cannot_be_asked(guard: PayoutGuard, gateway: MockGateway) -> None:
    gateway.fault(CREATE, "drop_response_after_commit")
    gateway.fault("get_p2p_payout", "http_500", times=8)
    with pytest.raises(OutcomeUnknown) as lost:
        guard.send(BODY, operation=CREATE)
    assert lost.value.found is None
    (unknown,) = guard.recover()
    assert (unknown.state, "500" in str(unknown.reason)) == ("unknown", True)
    (settled,) = guard.recover()
    assert (settled.state, settled.status, settled.reason) == ("settled", "processing", None)
    assert guard.recover() == []
    assert creates(gateway) == 1


def test_a_request_that_arrives_after_the_gateway_said_absent(
    guard: PayoutGuard, gateway: MockGateway, naps: list[float]
) -> None:
    sent: list[bytes] = []
    flow = guard._flows.send(BODY, CREATE)
    step: Any = next(flow)
    late: Any = flow.send(guard._database.write(step.function, now=guard._database.now()))
    sent.append(late.call.body)
    flow.close()
    gateway.travel(121)
    assert [one.state for one in guard.recover()] == ["prepared"]
    answer = Merchant(gateway, gateway.project).raw(CREATE, sent[0])
    assert answer.status == 200
    settled = guard.send(BODY, operation=CREATE)
    assert (settled.state, settled.request_id) == ("settled", answer.json()["request_id"])
    assert len(gateway.payments) == 1
    assert len({call.body_sha256 for call in gateway.calls if call.operation == CREATE}) == 1


def test_a_payment_of_somebody_else_under_this_payment_id(guard: PayoutGuard, gateway: MockGateway) -> None:
    merchant = Merchant(gateway, gateway.project)
    merchant.call(CREATE, merchant.p2p_payout(amount=1))
    with pytest.raises(DuplicatePayment):
        guard.send(BODY, operation=CREATE)
    (held,) = guard.list()
    assert (held.state, held.reason) == ("needs_review", ANOTHER)
    assert guard.status("p-1").state == "needs_review"


def test_another_sum_at_the_gateway_is_never_sent_again(guard: PayoutGuard, gateway: MockGateway) -> None:
    die_before_sending(guard, BODY)
    merchant = Merchant(gateway, gateway.project)
    merchant.call(CREATE, merchant.p2p_payout(amount=1))
    gateway.travel(121)
    (held,) = guard.recover()
    assert (held.state, held.reason) == ("needs_review", ANOTHER)
    assert guard.recover() == []
    assert guard.status("p-1").state == "needs_review"
    with pytest.raises(PayoutUnsettled):
        guard.send(BODY, operation=CREATE)


def test_another_sum_that_is_reported_during_the_call(gateway: MockGateway, sqlite: str) -> None:
    def report_another_sum(_: httpx.Request) -> httpx.Response:
        facts = Facts("success", amount=1, currency="RUB", payment_type="payout")
        guard._database.write(settle_facts, intent_key(guard._flows.project_id, "p-1"), facts, now=1)
        return httpx.Response(200, json={"status": "processing", "payment_id": "p-1", **PAYOUT_INFO})

    with made(gateway, sqlite, answering(report_another_sum)) as guard:
        with pytest.raises(OutcomeUnknown, match="the gateway holds another payment under this payment_id") as unknown:
            guard.send(BODY, operation=CREATE)
        error = unknown.value
        assert (error.operation, error.payment_id, error.attempts, error.found) == (CREATE, "p-1", 1, True)
        assert [(one.state, one.reason) for one in guard.list()] == [("needs_review", ANOTHER)]


def test_an_answer_about_another_sum_is_no_settlement(gateway: MockGateway, sqlite: str) -> None:
    def lie(request: httpx.Request) -> httpx.Response:
        info = {"amount": 1, "currency": "RUB"}
        return httpx.Response(200, json={"status": "processing", "payment_id": "p-1", "payment_info": info})

    with made(gateway, sqlite, httpx.MockTransport(lie)) as guard:
        with pytest.raises(OutcomeUnknown) as unknown:
            guard.send(BODY, operation=CREATE)
        assert unknown.value.found is True
        assert [one.state for one in guard.list()] == ["needs_review"]


def test_of_two_senders_one_sends(gateway: MockGateway, url: str) -> None:
    told: list[str] = []

    def meanwhile(request: httpx.Request) -> httpx.Response:
        with made(gateway, url, gateway.transport) as other, pytest.raises(PayoutBusy):
            other.send(BODY, operation=CREATE)
        told.append("busy")
        return gateway.transport.handle_request(request)

    with made(gateway, url, httpx.MockTransport(meanwhile)) as guard:
        assert guard.send(BODY, operation=CREATE).state == "settled"
    assert told == ["busy"]
    assert creates(gateway) == 1


def test_many_threads_send_one_payout_once(gateway: MockGateway, url: str) -> None:
    start = threading.Barrier(6)
    results: list[str] = []

    def work(guard: PayoutGuard) -> None:
        start.wait()
        try:
            results.append(guard.send(BODY, operation=CREATE).state)
        except PayoutBusy:
            results.append("busy")

    with made(gateway, url, gateway.transport) as guard:
        threads = [threading.Thread(target=work, args=(guard,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 6
    assert "settled" in results
    assert set(results) <= {"busy", "settled"}
    assert creates(gateway) == 1


def answering(*answers: Callable[[httpx.Request], httpx.Response] | tuple[int, dict[str, Any]]) -> httpx.MockTransport:
    left: Iterator[Any] = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        one = next(left)
        return one(request) if callable(one) else httpx.Response(one[0], json=one[1])

    return httpx.MockTransport(answer)


REFUSAL = {"status": "error", "status_description": "no"}


@pytest.mark.parametrize(
    ("status", "state", "after"),
    [
        (400, "refused", "refused"),
        (422, "refused", "refused"),
        (404, "refused", "refused"),
        (401, "unknown", "prepared"),
        (403, "unknown", "prepared"),
    ],
)
def test_a_refusal_and_when_it_may_be_sent_again(
    gateway: MockGateway, sqlite: str, status: int, state: str, after: str, naps: list[float]
) -> None:
    absent = (404, REFUSAL)
    transport = answering((status, REFUSAL), absent, absent, absent, gateway.transport.handle_request)
    with made(gateway, sqlite, transport, absence_age=60) as guard:
        with pytest.raises(Rejected) as refused:
            guard.send(BODY, operation=CREATE)
        assert refused.value.confirmed is False
        for wait in (0, 59.9):
            gateway.travel(wait)
            assert [(one.state, one.confirmed) for one in guard.list()] == [(state, False)]
            with pytest.raises(PayoutUnsettled):
                guard.send(BODY, operation=CREATE)
            (one,) = guard.recover() if wait else [None]
            assert one is None or "not found yet, which counts from" in str(one.reason)
        gateway.travel(0.1)
        assert [(one.state, one.confirmed) for one in guard.recover()] == [(after, after == "refused")]
        assert guard.send(BODY, operation=CREATE).state == "settled"


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_after_an_unknown_attempt_no_refusal_counts(
    gateway: MockGateway, sqlite: str, status: int, naps: list[float]
) -> None:
    # cases/adversity/more_guard.py: uniqueness as a rule of fields, a gateway that answers the repetition with 422
    absent = (404, REFUSAL)
    with made(gateway, sqlite, answering(absent, (status, REFUSAL), absent)) as guard:
        die_before_sending(guard, BODY)
        gateway.travel(121)
        guard.recover()
        with pytest.raises(OutcomeUnknown):
            guard.send(BODY, operation=CREATE)
        assert [one.state for one in guard.list()] == ["unknown"]


def test_not_found_counts_only_after_the_age(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    # cases/adversity/absent.py
    gateway.fault(CREATE, "drop_request")
    with made(gateway, sqlite, gateway.transport, absence_age=120) as guard:
        with pytest.raises(OutcomeUnknown):
            guard.send(BODY, operation=CREATE)
        for seconds, state in ((0, "unknown"), (119, "unknown"), (1, "prepared")):
            gateway.travel(seconds)
            assert [one.state for one in guard.recover()] == [state]
            assert creates(gateway) == 1
        assert guard.send(BODY, operation=CREATE).state == "settled"


@pytest.mark.parametrize(("seconds", "is_sent"), [(9, True), (11, False)])
def test_nothing_is_sent_when_its_lease_might_end_meanwhile(
    gateway: MockGateway, sqlite: str, seconds: int, is_sent: bool
) -> None:
    with made(gateway, sqlite, gateway.transport, lease=100) as guard:
        flow = guard._flows.send(BODY, CREATE)
        step: Any = next(flow)
        begun = guard._database.write(step.function, now=guard._database.now())
        gateway.travel(seconds)  # it waited for a lock, or its COMMIT for a standby
        after: Any = flow.send(begun)
        assert isinstance(after, Execute) == is_sent
        if not is_sent:
            stored = guard._database.write(after.function, now=guard._database.now())
            assert (stored.state, stored.busy_until) == ("prepared", None)
            with pytest.raises(NotSent, match="the database took 11 seconds to store the intent, so nothing was sent"):
                flow.send(stored)


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "\udfff" * 3])
def test_text_that_no_database_holds_stops_nothing(gateway: MockGateway, url: str, text: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        content = {"status": "processing", "sub_status": text, "request_id": text, "payment_id": "p-1", **PAYOUT_INFO}
        return httpx.Response(200, content=json.dumps(content))

    with made(gateway, url, httpx.MockTransport(answer)) as guard:
        sent = guard.send(BODY, operation=CREATE)
        assert (sent.state, "\ufffd" in str(sent.request_id)) == ("settled", True)


@pytest.mark.parametrize("depth", [60, 70, 700])
def test_an_answer_nested_deeply_is_no_answer(gateway: MockGateway, sqlite: str, depth: int, naps: list[float]) -> None:
    nested: Any = "x"
    for _ in range(depth):
        nested = [nested]

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/info"):
            return httpx.Response(409, json=REFUSAL)
        return httpx.Response(200, json={"status": "processing", "payment_id": "p-1", "more": nested, **PAYOUT_INFO})

    with made(gateway, sqlite, httpx.MockTransport(answer)) as guard:
        with pytest.raises(DuplicatePayment if depth < 64 else OutcomeUnknown):
            guard.send(BODY, operation=CREATE)
        assert [one.state for one in guard.list()] == ["needs_review" if depth < 64 else "unknown"]


def test_a_database_that_cannot_be_used_is_named(guard: PayoutGuard, sqlite: str, monkeypatch: Any) -> None:
    guard.prepare(BODY, operation=CREATE)

    def locked(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("UPDATE", None, RuntimeError("database is locked"))

    monkeypatch.setattr("highhelp.payouts.lifecycle.correct_impossible_times", locked)
    monkeypatch.setattr("highhelp.payouts.lifecycle.prepare", locked)
    for call in (guard.recover, lambda: guard.prepare(BODY, operation=CREATE), lambda: guard.reconcile(since=1)):
        with pytest.raises(SettingsError, match="the database cannot be used: RuntimeError: database is locked"):
            call()


def test_not_found_counts_as_of_the_moment_it_was_asked(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    def answer_slowly(request: httpx.Request) -> httpx.Response:
        gateway.travel(2)
        return gateway.transport.handle_request(request)

    gateway.fault(CREATE, "drop_request")
    with made(gateway, sqlite, httpx.MockTransport(answer_slowly), absence_age=60) as guard:
        with pytest.raises(OutcomeUnknown):
            guard.send(BODY, operation=CREATE)
        for seconds, state in ((59, "unknown"), (0, "prepared")):
            gateway.travel(seconds)
            assert [one.state for one in guard.recover()] == [state]


def test_not_found_counts_from_the_end_of_a_dead_senders_lease(gateway: MockGateway, sqlite: str) -> None:
    with made(gateway, sqlite, gateway.transport, absence_age=60, lease=100) as guard:
        die_before_sending(guard, BODY)
        for seconds, states in ((99, []), (1, ["unknown"]), (59, ["unknown"]), (1, ["prepared"])):
            gateway.travel(seconds)
            assert [one.state for one in guard.recover()] == states


@pytest.mark.parametrize("age", [-1, 86_400.5, float("nan"), True, "60"])
def test_a_wrong_age_is_refused(client: HighHelp, sqlite: str, age: Any) -> None:
    with pytest.raises(SettingsError, match=r"^absence_age: must be a number of seconds from 0 to 86400$"):
        PayoutGuard(client, sqlite, absence_age=age, environ={})


@pytest.mark.parametrize(("given", "age"), [({}, 120_000), ({"absence_age": 86_400}, 86_400_000)])
def test_the_age_is_two_minutes_if_none_is_given(
    client: HighHelp, sqlite: str, given: dict[str, Any], age: int
) -> None:
    with PayoutGuard(client, sqlite, environ={}, **given) as guard:
        assert guard._flows.absence_age == age


def test_recover_leaves_what_has_changed_since_it_asked(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    absent = httpx.Response(404, json=REFUSAL)

    def meanwhile(request: httpx.Request) -> httpx.Response:
        with made(gateway, sqlite, gateway.transport) as other:
            assert [one.state for one in other.recover()] == ["prepared"]
            die_before_sending(other, BODY)
        return absent

    with made(gateway, sqlite, answering(meanwhile)) as guard:
        die_before_sending(guard, BODY)
        gateway.travel(121)
        (one,) = guard.recover()
        assert (one.state, one.attempts) == ("sent", 2), "a sender that may be alive lost its right"


@pytest.mark.parametrize("lags", [False, True])
def test_sender_after_its_lease_does_not_undo_newer_facts(
    gateway: MockGateway, sqlite: str, lags: bool, naps: list[float]
) -> None:
    def late(request: httpx.Request) -> httpx.Response:
        gateway.travel(121)
        with made(gateway, sqlite, gateway.transport) as other:
            assert [one.state for one in other.recover()] == ["prepared"]
            assert other.send(BODY, operation=CREATE).state == "settled"
        return httpx.Response(422, json=REFUSAL)

    asked = gateway.transport.handle_request
    with made(gateway, sqlite, answering(late, *([(404, REFUSAL)] if lags else [asked, asked]))) as guard:
        if lags:
            with pytest.raises(Rejected):
                guard.send(BODY, operation=CREATE)
        else:
            assert guard.send(BODY, operation=CREATE).state == "settled"
        assert [one.state for one in guard.list()] == ["settled"]


def test_status_follows_the_gateway_and_never_leaves_an_end(guard: PayoutGuard, gateway: MockGateway) -> None:
    guard.prepare(BODY, operation=CREATE)
    assert guard.status("p-1").state == "prepared"
    guard.send(BODY, operation=CREATE)
    gateway.advance("p-1", "processing", "payout_process")
    assert guard.status("p-1").sub_status == "payout_process"
    gateway.advance("p-1", "success")
    assert guard.status("p-1").is_final
    with pytest.raises(NoSuchPayout, match="p-2"):
        guard.status("p-2")


@pytest.mark.parametrize("before", ["sent", "unknown", "settled", "prepared"])
def test_callback_settles_intent_in_the_handlers_transaction(
    guard: PayoutGuard, gateway: MockGateway, sqlite: str, before: str
) -> None:
    if before == "prepared":
        guard.prepare(BODY, operation=CREATE)
    elif before == "sent":
        die_before_sending(guard, BODY)
    else:
        if before == "unknown":
            gateway.fault(CREATE, "drop_request")
        try:
            guard.send(BODY, operation=CREATE)
        except OutcomeUnknown:
            assert before == "unknown"
    assert [one.state for one in guard.list()] == [before]
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        sent = gateway.signed_callback("p-1", "success", body=PAYOUT_INFO)
        assert inbox.receive(sent.body, list(sent.headers.items()))[0] == 200
        foreign = gateway.signed_callback("nobody", "success", body=PAYOUT_INFO)
        inbox.receive(foreign.body, list(foreign.headers.items()))

        def fails_once(event: Any, connection: Any) -> None:
            assert guard.settle(event, connection) is not None
            raise RuntimeError("rolled back")

        inbox.process(fails_once)
        assert [one.state for one in guard.list()] == [before], "half of the handler's work was stored"
        gateway.travel(5)
        shared: Any = lambda event, connection: guard.settle(event, connection)  # noqa: E731, PLW0108
        inbox.process(shared)
    (settled,) = guard.list()
    if before == "prepared":  # this guard has sent nothing: whose payment is it?
        assert (settled.state, settled.status, settled.reason) == ("needs_review", "success", NOT_KNOWN_TO_BE_OURS)
        with pytest.raises(PayoutUnsettled):
            guard.send(BODY, operation=CREATE)
        return
    assert (settled.state, settled.status) == ("settled", "success")
    assert guard.send(BODY, operation=CREATE) == settled


def test_a_callback_brings_status_and_sub_status(guard: PayoutGuard, gateway: MockGateway, sqlite: str) -> None:
    die_before_sending(guard, BODY)
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        sent = gateway.signed_callback("p-1", "processing", "payout_process", body=PAYOUT_INFO)
        inbox.receive(sent.body, list(sent.headers.items()))
        inbox.process(guard.settle, on_update=guard.settle)
    (one,) = guard.list()
    assert (one.state, one.status, one.sub_status) == ("settled", "processing", "payout_process")
    assert one.request_id is not None
    assert one.request_id == gateway.verifier().verify(sent.body, sent.headers).request_id


@pytest.mark.parametrize("way", ["send", "status", "recover"])
def test_an_old_row_takes_the_gateway_that_answers(guard: PayoutGuard, gateway: MockGateway, way: str) -> None:
    if way == "recover":
        gateway.fault(CREATE, "drop_response_after_commit")
        gateway.fault("get_p2p_payout", "http_500", times=4)
        with pytest.raises(OutcomeUnknown):
            guard.send(BODY, operation=CREATE)
    elif way == "status":
        guard.send(BODY, operation=CREATE)
    else:
        guard.prepare(BODY, operation=CREATE)
    guard._database.write(lambda connection: connection.execute(sa.update(PAYOUTS).values(gateway=None)))
    if way == "send":
        guard.send(BODY, operation=CREATE)
    elif way == "status":
        guard.status("p-1")
    else:
        guard.recover()
    (one,) = guard.list()
    assert (one.state, one.gateway) == ("settled", guard._flows.gateway)


def test_a_status_that_names_no_payment_is_no_answer(gateway: MockGateway, sqlite: str) -> None:
    with made(gateway, sqlite, answering((200, {"status": "success"}))) as guard:
        guard.prepare(BODY, operation=CREATE)
        with pytest.raises(Unavailable, match=r"^get_p2p_payout p-1: an answer that names no payment$") as failed:
            guard.status("p-1")
        assert (failed.value.operation, failed.value.payment_id, failed.value.attempts) == ("get_p2p_payout", "p-1", 1)
        assert [one.state for one in guard.list()] == ["prepared"]


def test_a_callback_with_another_sum_does_not_settle(guard: PayoutGuard, gateway: MockGateway, sqlite: str) -> None:
    die_before_sending(guard, BODY)
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        sent = gateway.signed_callback("p-1", "success", body={"payment_info": {"amount": 1, "currency": "RUB"}})
        inbox.receive(sent.body, list(sent.headers.items()))
        inbox.process(guard.settle)
    (one,) = guard.list()
    assert (one.state, one.reason, one.status) == ("needs_review", ANOTHER, None)


def test_another_request_id_is_noted_and_the_status_goes_on(guard: PayoutGuard, gateway: MockGateway) -> None:
    first = guard.send(BODY, operation=CREATE)
    facts = Facts("success", amount=10000, currency="rub", request_id="another", payment_type="payout")
    key = intent_key(first.project_id, "p-1")
    settled = guard._database.write(settle_facts, key, facts, now=1)
    assert settled is not None
    assert (settled.status, settled.request_id, settled.reason) == ("success", first.request_id, "another request_id")
    later = guard._database.write(settle_facts, key, Facts("decline"), now=2)
    assert later is not None
    assert (later.status, later.reason) == ("success", "success, later decline")
    payin = guard._database.write(settle_facts, key, Facts("success", payment_type="payin"), now=3)
    assert payin is not None
    assert (payin.state, payin.reason) == ("settled", "another payment")


def test_a_client_that_checks_nothing_still_needs_an_amount(gateway: MockGateway, sqlite: str) -> None:
    with (
        HighHelp(**bound(gateway), check_requests=False) as client,
        PayoutGuard(client, sqlite, environ={}) as guard,
        pytest.raises(InvalidRequest, match="payment:amount"),
    ):
        guard.send({"general": {"payment_id": "p-1"}, "payment": {"amount": True, "currency": "RUB"}}, operation=CREATE)


def test_no_card_number_at_rest_without_the_key(guard: PayoutGuard, sqlite: str) -> None:
    guard.prepare(BODY, operation=CREATE)
    shown = guard.show("p-1")
    assert shown["body"]["receiver"]["pan"] == "***"
    assert shown["sealed"] is False
    with pytest.raises(SettingsError, match="HIGHHELP_DATABASE_KEY"):
        guard.resume("p-1")
    guard.close()
    for suffix in ("", "-wal"):
        path = sqlite + suffix
        if os.path.exists(path):  # noqa: PTH110
            with open(path, "rb") as file:  # noqa: PTH123
                assert PAN.encode() not in file.read()
    assert PAN not in repr(guard._flows.build(BODY, CREATE))


def test_with_the_key_the_sealed_body_is_sent(gateway: MockGateway, sqlite: str) -> None:
    keys = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
    with made(gateway, sqlite, gateway.transport, database_key=keys[0]) as guard:
        guard.prepare(BODY, operation=CREATE)
        assert PAN not in json.dumps(guard.show("p-1"))
    with made(gateway, sqlite, gateway.transport, database_key=keys[1]) as guard, pytest.raises(SettingsError):
        guard.resume("p-1")
    with made(gateway, sqlite, gateway.transport, database_key=",".join(reversed(keys))) as guard:
        assert guard.resume("p-1").state == "settled"
        assert guard.send(BODY, operation=CREATE).attempts == 1


@pytest.mark.parametrize(
    "error", [PayoutBusy("p-1", 5.0), PayoutConflict("p-1", "x"), PayoutUnsettled("p-1", "x"), NoSuchPayout("p-1", "x")]
)
def test_errors_survive_pickling(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.__dict__) == (type(error), str(error), error.__dict__)


def test_the_lease_outlasts_the_longest_call(client: HighHelp, sqlite: str) -> None:
    with pytest.raises(SettingsError, match="90 seconds"):
        PayoutGuard(client, sqlite, lease=90, environ={})


def test_the_asynchronous_guard(gateway: MockGateway, url: str, naps: list[float]) -> None:
    async def run() -> None:
        key = base64.b64encode(os.urandom(32)).decode()
        async with (
            AsyncHighHelp(**bound(gateway)) as client,
            AsyncPayoutGuard(client, url, clock=gateway.clock, environ={}, database_key=key, absence_age=0) as guard,
            AsyncCallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox,
        ):
            gateway.fault(CREATE, "drop_request")
            with pytest.raises(OutcomeUnknown):
                await guard.send(BODY, operation=CREATE)
            assert [one.state for one in await guard.recover()] == ["prepared"]
            assert (await guard.resume("p-1")).state == "settled"
            with pytest.raises(PayoutConflict):
                await guard.send(body("p-1", 1, "RUB"), operation=CREATE)
            gateway.advance("p-1", "processing", "payout_process")
            assert (await guard.status("p-1")).sub_status == "payout_process"
            sent = gateway.signed_callback("p-1", "success", body=PAYOUT_INFO)
            await inbox.receive(sent.body, list(sent.headers.items()))

            async def handler(event: Any, connection: Any) -> None:
                await guard.settle(event, connection)

            assert await inbox.process(handler) == 1
            assert [one.status for one in await guard.list()] == ["success"]
            assert (await guard.show("p-1"))["sealed"] is True
            found = await guard.reconcile(since=gateway.clock() - 100)
            assert [one.kind for one in found.differences] == ["contradicting_end", "callback_contradicts"]

    asyncio.run(run())
    assert creates(gateway) == 2


class Broken(Exception):
    """Possible errors of a driver."""


@pytest.mark.parametrize("writes", [0, 1])
@pytest.mark.parametrize("accepted", [True, False])
def test_a_database_that_goes_away(
    gateway: MockGateway,
    sqlite: str,
    writes: int,
    accepted: bool,
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transport = gateway.transport if accepted else answering((422, REFUSAL), (404, REFUSAL), (404, REFUSAL))
    with made(gateway, sqlite, transport) as guard:
        guard._database.create_schema()
        write, left = guard._database.write, [None] * writes

        def fails(function: Any) -> Any:
            if not left:
                raise Broken
            left.pop()
            return write(function)

        monkeypatch.setattr(guard._database, "write", fails)
        told = NotSent if writes == 0 else OutcomeUnknown if accepted else Rejected
        with pytest.raises(told) as raised:
            guard.send(BODY, operation=CREATE)
        assert "Broken" in f"{raised.value} {getattr(raised.value, '__notes__', '')}"
        monkeypatch.undo()
        assert [one.state for one in guard.list()] == ["sent"] * writes
        monkeypatch.setattr(
            "highhelp.transport.driver.time", SimpleNamespace(sleep=naps.append, monotonic=time.monotonic)
        )
        gateway.travel(121)
        assert [one.state for one in guard.recover()] == ["settled" if accepted else "prepared"] * writes
    assert creates(gateway) == int(accepted and writes > 0)


def test_a_database_of_the_inbox_alone_is_brought_up_to_date(gateway: MockGateway, url: str) -> None:
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        sent = gateway.signed_callback("p-1", "success")
        inbox.receive(sent.body, list(sent.headers.items()))
        with inbox.engine.begin() as connection:  # as version 0001 has left it
            connection.exec_driver_sql("DROP TABLE highhelp_payouts")
            connection.exec_driver_sql("UPDATE highhelp_schema_version SET version_num = '0001'")
    with PayoutBook(url, environ={}) as book, pytest.raises(SettingsError, match="highhelp db upgrade"):
        book.list()
    assert CallbackInbox.upgrade(url) == ("0001", "0003")
    with made(gateway, url, gateway.transport) as guard:
        assert guard.send(BODY, operation=CREATE).state == "settled"
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        assert [one["payment_id"] for one in inbox.list()] == ["p-1"]


# Reports on a payout.


def lines(caplog: pytest.LogCaptureFixture, first: str) -> list[tuple[str, str]]:
    return [(one.levelname, one.getMessage()) for one in caplog.records if one.getMessage().split(" ")[0] == first]


def test_each_end_of_a_sending_is_a_log_line(
    guard: PayoutGuard, gateway: MockGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="highhelp")
    sent = guard.send(BODY, operation=CREATE)
    about = f"payment_id=p-1 request_id={sent.request_id}"
    told = f"payout {about} guard=settled status=processing sub_status=new amount=10000 currency=RUB"
    assert lines(caplog, "payout") == [("INFO", told)]
    caplog.clear()
    die_before_sending(guard, body("p-2", 5, "RUB"))
    gateway.travel(121)
    guard.recover()
    assert lines(caplog, "payout") == [("INFO", "payout payment_id=p-2 guard=prepared amount=5 currency=RUB")]
    caplog.clear()
    die_before_sending(guard, body("p-3", 5, "RUB"))
    merchant = Merchant(gateway, gateway.project)
    merchant.call(CREATE, merchant.p2p_payout(payment_id="p-3", amount=1))
    gateway.travel(121)
    guard.recover()
    told = "payout payment_id=p-3 guard=needs_review reason='another payment' amount=5 currency=RUB"
    assert lines(caplog, "payout") == [("WARNING", told)]


def test_the_whole_of_what_is_known_of_a_payout(guard: PayoutGuard, gateway: MockGateway) -> None:
    now = gateway.clock()
    guard.prepare(BODY, operation=CREATE)
    (prepared,) = guard.list()
    about = (gateway.project_id, "p-1", CREATE, 10000, "RUB")
    where = gateway_of(gateway.base_url, guard._database.source)
    nothing = (None, False, where, None, None, None)
    assert tuple(getattr(prepared, name) for name in prepared.__slots__) == (
        *about, "prepared", *nothing, 0, None, now, now,
    )  # fmt: skip
    assert (prepared.outcome, prepared.is_final) == ("prepared", False)
    gateway.travel(10)
    die_before_sending(guard, BODY)
    (sent,) = guard.list()
    assert tuple(getattr(sent, name) for name in sent.__slots__) == (
        *about, "sent", *nothing, 1, now + 130, now, now + 10,
    )  # fmt: skip
    gateway.travel(121)
    guard.recover()
    settled = guard.send(BODY, operation=CREATE)
    request_id = gateway.payment("p-1").request_id
    assert tuple(getattr(settled, name) for name in settled.__slots__) == (
        *about, "settled", None, False, where, "processing", "new", request_id, 2, None, now, now + 131,
    )  # fmt: skip
    assert settled.outcome == "processing"
    assert guard.show("p-1") == {
        **{name: getattr(settled, name) for name in settled.__slots__},
        "body": {**BODY, "general": {**BODY["general"], "project_id": gateway.project_id}, "receiver": {"pan": "***"}},
        "sealed": False,
    }


def test_the_key_of_an_intent_stays_as_it_is() -> None:
    # it is stored in users' databases: with another one, all intents would be new and be sent again
    assert intent_key("project", "p-1") == "401da0d95b697b6ad6f0216366c8aef01cb7e45747cb59ef86d7a403c7ba7d91"
    assert len({intent_key("a", "b"), intent_key("ab", ""), intent_key("", "ab"), intent_key("b", "a")}) == 4


def test_the_list_is_filtered(guard: PayoutGuard, gateway: MockGateway) -> None:
    start = int(gateway.clock() * 1000)
    for place in range(3):
        guard.prepare(body(f"p-{place}", 100, "RUB"), operation=CREATE)
        gateway.travel(1)
    guard.send(body("p-1", 100, "RUB"), operation=CREATE)

    def ids(**wanted: Any) -> list[str]:
        return [one.payment_id for one in guard._database.read(list_payouts, **wanted)]

    assert ids() == [one.payment_id for one in guard.list()] == ["p-2", "p-1", "p-0"]
    assert ids(limit=1) == ids(limit=1, state="prepared") == [one.payment_id for one in guard.list(limit=1)] == ["p-2"]
    assert ids(state="settled") == [one.payment_id for one in guard.list(state="settled")] == ["p-1"]
    assert ids(payment_id="p-0") == [one.payment_id for one in guard.list(payment_id="p-0")] == ["p-0"]
    assert ids(since=start + 1000) == ["p-2", "p-1"]
    assert ids(until=start + 1000) == ["p-0"]
    assert ids(project_id="another") == []
    assert len(ids(project_id=gateway.project_id)) == 3
    for place in range(3, 52):
        guard.prepare(body(f"p-{place}", 100, "RUB"), operation=CREATE)
    assert len(ids()) == len(guard.list()) == 50
    assert len(ids(limit=None)) == len(guard.list(limit=None)) == 52


def test_what_an_unknown_outcome_says(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    absent = (404, REFUSAL)
    with made(gateway, sqlite, answering(absent, (401, REFUSAL), absent)) as guard:
        die_before_sending(guard, BODY)
        gateway.travel(121)
        guard.recover()
        with pytest.raises(OutcomeUnknown, match="HTTP 401: no; an earlier attempt") as doubtful:
            guard.send(BODY, operation=CREATE)
        unknown = doubtful.value
        assert (unknown.operation, unknown.payment_id, unknown.attempts, unknown.status) == (CREATE, "p-1", 1, 401)
        assert unknown.found is False
        assert [one.reason for one in guard.list()] == ["HTTP 401: no; an earlier attempt may have been carried out"]


def test_an_error_that_names_no_payout_settles_nothing(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    nothing = {"status": "error", "status_description": "later"}
    with made(gateway, sqlite, answering(*[(200, nothing)] * 9)) as guard:
        with pytest.raises(OutcomeUnknown, match="an error that names no payment") as caught:
            guard.send(BODY, operation=CREATE)
        unknown = caught.value
        assert (unknown.operation, unknown.payment_id, unknown.attempts, unknown.found) == (CREATE, "p-1", 1, None)
        (kept,) = guard.list()
        text = "HTTP 200, but an error that names no payment"
        assert (kept.state, kept.reason) == ("unknown", f"{text}; info gave no usable answer: {text}")
        with pytest.raises(Unavailable, match=text) as asked:
            guard.status("p-1")
        about = (asked.value.operation, asked.value.payment_id, asked.value.attempts)
        assert about == ("get_p2p_payout", "p-1", 4)
        assert guard.list() == [kept], "nothing of it was noted"


def test_a_question_that_is_refused_is_told(gateway: MockGateway, sqlite: str) -> None:
    with made(gateway, sqlite, answering((403, REFUSAL), (404, REFUSAL))) as guard:
        guard.prepare(BODY, operation=CREATE)
        with pytest.raises(Rejected) as refused:
            guard.status("p-1")
        assert refused.value.status == 403
        assert guard.status("p-1").state == "prepared"


def test_what_another_payment_under_this_id_says(gateway: MockGateway, sqlite: str) -> None:
    info = {"amount": 1, "currency": "RUB"}
    lie = (200, {"status": "processing", "payment_id": "p-1", "payment_info": info})
    with made(gateway, sqlite, answering(lie)) as guard:
        with pytest.raises(OutcomeUnknown, match="holds another payment") as caught:
            guard.send(BODY, operation=CREATE)
        unknown = caught.value
        assert (unknown.operation, unknown.payment_id, unknown.attempts, unknown.found) == (CREATE, "p-1", 1, True)


@pytest.mark.parametrize("lease", [90.5, 864_000])
def test_the_lease_may_be_set(client: HighHelp, gateway: MockGateway, sqlite: str, lease: float) -> None:
    with PayoutGuard(client, sqlite, lease=lease, clock=gateway.clock, environ={}) as guard:
        die_before_sending(guard, BODY)
        assert [one.busy_until for one in guard.list()] == [gateway.clock() + lease]


@pytest.mark.parametrize("lease", [0, 90, 864_000.5, float("nan")])
def test_a_lease_that_is_too_short_or_too_long_is_refused(client: HighHelp, sqlite: str, lease: float) -> None:
    with pytest.raises(SettingsError, match=r"^lease: must be longer than a call may take, 90 seconds$"):
        PayoutGuard(client, sqlite, lease=lease, environ={})


def test_what_a_client_that_checks_nothing_leaves_out_is_named(gateway: MockGateway, sqlite: str) -> None:
    with (
        HighHelp(**bound(gateway), check_requests=False) as client,
        PayoutGuard(client, sqlite, environ={}) as guard,
    ):
        wrong: list[Any] = [{"amount": "1", "currency": 5}, None, []]
        for payment in wrong:
            with pytest.raises(InvalidRequest) as refused:
                guard.send({"general": {"payment_id": "p-1"}, "payment": payment}, operation=CREATE)
            assert (refused.value.operation, refused.value.payment_id) == (CREATE, "p-1")
            assert [str(one) for one in refused.value.problems] == [
                "payment:amount: is missing or wrong",
                "payment:currency: is missing or wrong",
            ]
        with pytest.raises(InvalidRequest, match="general:payment_id: is missing or wrong"):
            guard.send({"general": {}, "payment": {"amount": 1, "currency": "RUB"}}, operation=CREATE)
        assert guard.list() == []


def test_a_client_whose_calls_cannot_be_bounded_is_refused(tmp_path: Path) -> None:
    signer = HmacSigner("k" * 32)
    about: dict[str, Any] = {"base_url": "https://gateway.example", "project_id": "p", "signer": signer, "environ": {}}

    def guard(**options: Any) -> PayoutGuard:
        return PayoutGuard(HighHelp(**about, **options), tmp_path / "guard.db", environ={})

    with httpx.Client(transport=HTTPTransport()) as own, pytest.raises(SettingsError, match=r"^http_client: .*HTTPTr"):
        guard(http_client=own)
    with httpx.HTTPTransport() as usual, pytest.raises(SettingsError, match=r"^transport: .*highhelp.HTTPTransport"):
        guard(transport=usual)
    for bounded in (None, "fast", HTTPTransport(), httpx.MockTransport(lambda _: httpx.Response(200))):
        guard(transport=bounded).close()
    late = AsyncHighHelp(**about, http_client=httpx.AsyncClient())  # asyncio.timeout bounds every attempt
    AsyncPayoutGuard(late, tmp_path / "guard.db", environ={})
