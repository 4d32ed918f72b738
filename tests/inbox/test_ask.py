"""A pay-in whose callbacks were lost, late or parked: its end is queried, and handled once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import (
    AskedPayin,
    AsyncCallbackInbox,
    AsyncHighHelp,
    CallbackEvent,
    CallbackInbox,
    HighHelp,
    InboxRefusal,
    Money,
    Rejected,
    SettingsError,
    Unavailable,
    models,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import sqlalchemy as sa

    from highhelp_mock import MockGateway, Outgoing

RUB = Money("100.00", "RUB")
REPORTED = {
    "status": "success",
    "sub_status": None,
    "status_description": None,
    "payment_id": "order-1",
    "request_id": "r-1",
    "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"},
}


class Info:
    """A client whose info operation answers as a test says."""

    def __init__(self, project_id: str, **changes: Any) -> None:
        self.settings = SimpleNamespace(project_id=project_id)
        self.body = {name: value for name, value in (REPORTED | changes).items() if value != "absent"}
        self.asked: list[str] = []

    def call(self, operation: str, body: Any, parse: Callable[..., Any]) -> Any:
        self.asked.append(operation)
        return parse(self.body)


@pytest.fixture
def client(gateway: MockGateway) -> Iterator[HighHelp]:
    about: dict[str, Any] = {"base_url": gateway.base_url, "project_id": gateway.project_id, "signer": gateway.signer}
    with HighHelp(**about, transport=gateway.transport, clock=gateway.clock, environ={}) as made:
        yield made


@pytest.fixture
def info(gateway: MockGateway) -> Callable[..., Any]:
    return lambda **changes: Info(gateway.project_id, **changes)


def pay(gateway: MockGateway, client: HighHelp, payment_id: str = "order-1", seconds: float = 600) -> None:
    client.p2p.create_payin(payment_id=payment_id, amount=RUB, method="card-p2p")
    gateway.travel(seconds)


def take(inbox: CallbackInbox, sent: Outgoing) -> None:
    assert inbox.receive(sent.body, sent.headers)[0] == 200


def credited(inbox: CallbackInbox) -> list[CallbackEvent]:
    seen: list[CallbackEvent] = []

    def credit(event: CallbackEvent, _: sa.Connection) -> None:
        seen.append(event)

    inbox.process(credit)
    return seen


def states(inbox: CallbackInbox) -> list[tuple[str, str | None]]:
    return sorted((row["state"], row["reason"]) for row in inbox.list())


def test_a_lost_end_is_handled_once(inbox: CallbackInbox, gateway: MockGateway, client: HighHelp) -> None:
    pay(gateway, client)
    assert inbox.ask(client, "order-1").status is models.Status.SUCCESS
    (event,) = credited(inbox)
    assert (event.source, event.money, event.is_final) == ("info", RUB, True)
    assert event.callback.status.status is models.Status.SUCCESS
    inbox.ask(client, "order-1")
    assert credited(inbox) == []


def test_a_late_callback_after_the_question_is_a_duplicate(
    inbox: CallbackInbox, gateway: MockGateway, client: HighHelp
) -> None:
    pay(gateway, client)
    inbox.ask(client, "order-1")
    assert len(credited(inbox)) == 1
    take(inbox, gateway.signed_callback("order-1", "success"))
    take(inbox, gateway.signed_callback("order-1", "processing", "paid"))
    assert credited(inbox) == []
    assert "parked" not in {state for state, _ in states(inbox)}


def test_a_question_after_the_callback_is_a_duplicate(
    inbox: CallbackInbox, gateway: MockGateway, client: HighHelp
) -> None:
    pay(gateway, client)
    take(inbox, gateway.signed_callback("order-1", "success"))
    inbox.ask(client, "order-1")
    (event,) = credited(inbox)
    assert event.source == "callback"
    inbox.ask(client, "order-1")
    assert credited(inbox) == []


def test_a_stale_callback_is_settled_by_the_question(
    inbox: CallbackInbox, gateway: MockGateway, client: HighHelp
) -> None:
    pay(gateway, client)
    take(inbox, gateway.signed_callback("order-1", "success", timestamp=int(gateway.clock()) - 9999))
    assert states(inbox) == [("parked", "stale")]
    assert "reconcile --payins" in inbox.show(inbox.list()[0]["id"])["remedy"]
    with pytest.raises(InboxRefusal, match="reconcile --payins"):
        inbox.replay(inbox.list()[0]["id"])
    inbox.ask(client, "order-1")
    assert len(credited(inbox)) == 1


def test_a_state_that_is_not_final_is_returned_and_not_stored(
    inbox: CallbackInbox, gateway: MockGateway, client: HighHelp
) -> None:
    pay(gateway, client, seconds=2)
    assert inbox.ask(client, "order-1").status is models.Status.PROCESSING
    assert inbox.list() == []


@pytest.mark.parametrize("absent", ["sub_status", "request_id", "payment_info"])
def test_what_info_does_not_report_contradicts_nothing(
    inbox: CallbackInbox, gateway: MockGateway, info: Callable[..., Any], absent: str
) -> None:
    sent = gateway.signed_callback(
        "order-1", "success", body={"general": {"payment_id": "order-1", "request_id": "r-1"}}
    )
    inbox.ask(info(**{absent: "absent"}), "order-1")
    take(inbox, sent)
    assert len(credited(inbox)) == 1
    assert states(inbox) == [("done", None)]


@pytest.mark.parametrize(
    "changes", [{"status": "decline"}, {"request_id": "r-2"}, {"payment_info": {"amount": 9, "currency": "RUB"}}]
)
def test_another_end_than_the_callbacks_is_parked(
    inbox: CallbackInbox, gateway: MockGateway, info: Callable[..., Any], changes: dict[str, Any]
) -> None:
    take(
        inbox,
        gateway.signed_callback("order-1", "success", body={"general": {"payment_id": "order-1", "request_id": "r-1"}}),
    )
    inbox.ask(info(**changes), "order-1")
    assert len(credited(inbox)) == 1
    assert states(inbox) == [("done", None), ("parked", "conflict")]


@pytest.mark.parametrize("payment_info", ["absent", {"currency": "RUB"}, {"amount": 9999, "currency": "RUB"}])
def test_an_expected_sum_that_info_does_not_report_parks_the_end(
    inbox: CallbackInbox, gateway: MockGateway, info: Callable[..., Any], payment_info: Any
) -> None:
    inbox.expect("order-1", RUB, project_id=gateway.project_id)
    inbox.ask(info(payment_info=payment_info), "order-1")
    inbox.ask(info(payment_info=payment_info), "order-1")
    assert credited(inbox) == []
    assert states(inbox) == [("parked", "amount")]
    take(inbox, gateway.signed_callback("order-1", "success"))
    assert len(credited(inbox)) == 1, "the callback reports the sum"


@pytest.mark.parametrize("payment_id", ["absent", "order-2", None])
def test_an_answer_that_names_no_payment_is_not_filed(
    inbox: CallbackInbox, info: Callable[..., Any], payment_id: str | None
) -> None:
    with pytest.raises(InboxRefusal, match="does not name the payment"):
        inbox.ask(info(payment_id=payment_id), "order-1")
    assert inbox.list() == []


@pytest.mark.parametrize("body", [{}, {"status": 5}, {"payment_id": "order-1"}, []])
def test_an_answer_that_is_no_state_is_no_answer(inbox: CallbackInbox, gateway: MockGateway, body: Any) -> None:
    with (
        HighHelp(
            base_url=gateway.base_url,
            project_id=gateway.project_id,
            signer=gateway.signer,
            transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body)),
            total_timeout=0.1,
            environ={},
        ) as client,
        pytest.raises(Unavailable),
    ):
        inbox.ask(client, "order-1")
    assert inbox.list() == []


def test_a_payin_of_any_product_is_found(inbox: CallbackInbox, gateway: MockGateway, client: HighHelp) -> None:
    client.widget.create_payin(payment_id="w-1", amount=RUB)
    assert inbox.ask(client, "w-1").payment_id == "w-1"
    assert inbox.ask(client, "w-1", product="widget").payment_id == "w-1"
    with pytest.raises(Rejected) as caught:
        inbox.ask(client, "nobody's")
    assert caught.value.cause == "not_found"
    with pytest.raises(SettingsError, match="product"):
        inbox.ask(client, "w-1", product="mobile")


@pytest.mark.parametrize("commits", [True, False])
def test_an_expectation_joins_the_transaction_of_the_order(
    inbox: CallbackInbox, gateway: MockGateway, *, commits: bool
) -> None:
    inbox.create_schema()
    with inbox.engine.connect() as connection, connection.begin() as transaction:
        inbox.expect("order-1", Money("5.00", "RUB"), project_id=gateway.project_id, connection=connection)
        if not commits:
            transaction.rollback()
    take(inbox, gateway.signed_callback("order-1", "success"))
    assert states(inbox) == [("parked", "amount") if commits else ("received", None)]


def test_expected_payins_without_an_end_are_reconciled(
    inbox: CallbackInbox, gateway: MockGateway, client: HighHelp
) -> None:
    expected = {"paid": RUB, "told": RUB, "wrong": Money("1.00", "RUB"), "none": RUB}
    for payment_id, money in expected.items():
        inbox.expect(payment_id, money, project_id=gateway.project_id)
    for payment_id in ("paid", "told", "wrong"):
        client.p2p.create_payin(payment_id=payment_id, amount=RUB, method="card-p2p")
    gateway.travel(600)
    inbox.expect("open", RUB, project_id=gateway.project_id)
    pay(gateway, client, "open", seconds=1)
    take(inbox, gateway.signed_callback("told", "success"))
    assert inbox.reconcile(client) == [
        AskedPayin("paid", "success", "filed"),
        AskedPayin("wrong", "success", "parked"),
        AskedPayin("none", None, "not_found"),
        AskedPayin("open", "processing:requisites", "open"),
    ]
    assert sorted(event.payment_id for event in credited(inbox)) == ["paid", "told"]
    assert [each.result for each in inbox.reconcile(client)] == ["parked", "not_found", "open"]
    gateway.fault("get_p2p_payin", "http_500", times=100)
    client = client.with_options(timeout=0.2, total_timeout=0.2)
    assert {each.result for each in inbox.reconcile(client)} == {"unavailable"}
    with pytest.raises(Unavailable):
        inbox.ask(client, "open")


def test_all_of_it_works_on_an_event_loop(url: str, gateway: MockGateway) -> None:
    seen = []

    async def credit(event: CallbackEvent) -> None:
        seen.append((event.payment_id, event.source))

    async def main() -> None:
        about: dict[str, Any] = {"clock": gateway.clock, "environ": {}}
        inbox = AsyncCallbackInbox(url, verifier=gateway.verifier(), **about)
        client = AsyncHighHelp(
            base_url=gateway.base_url,
            project_id=gateway.project_id,
            signer=gateway.signer,
            transport=gateway.transport,
            **about,
        )
        await inbox.create_schema()
        async with client, inbox:
            for payment_id in ("a", "b"):
                await client.p2p.create_payin(payment_id=payment_id, amount=RUB, method="card-p2p")
            gateway.travel(600)
            async with inbox.engine.begin() as connection:
                await inbox.expect("b", RUB, project_id=gateway.project_id, connection=connection)
            assert (await inbox.ask(client, "a")).status is models.Status.SUCCESS
            assert [each.result for each in await inbox.reconcile(client)] == ["filed"]
            for payment_id in ("a", "b"):
                sent = gateway.signed_callback(payment_id, "success")
                assert (await inbox.receive(sent.body, sent.headers))[0] == 200
            await inbox.process(credit)

    asyncio.run(main())
    assert sorted(seen) == [("a", "info"), ("b", "info")]


def test_questions_and_callbacks_that_race_credit_once(
    inbox: CallbackInbox, gateway: MockGateway, client: HighHelp
) -> None:
    inbox.create_schema()
    orders = [f"order-{number}" for number in range(6)]
    for payment_id in orders:
        client.p2p.create_payin(payment_id=payment_id, amount=RUB, method="card-p2p")
    gateway.travel(600)
    sent = {payment_id: gateway.signed_callback(payment_id, "success") for payment_id in orders}
    start = threading.Barrier(6)
    seen: list[str] = []

    def credit(event: CallbackEvent) -> None:
        seen.append(event.payment_id)

    def work(number: int) -> None:
        start.wait()
        for payment_id in orders:
            if number % 3 == 0:
                inbox.ask(client, payment_id)
            elif number % 3 == 1:
                take(inbox, sent[payment_id])
            else:
                inbox.process(credit)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    inbox.process(credit)
    assert sorted(seen) == orders
    assert {state for state, _ in states(inbox)} == {"done"}
