"""The primary dies under load, the standby is promoted, and work goes on by the URL that names both."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from highhelp import AsyncCallbackInbox, CallbackInbox, HighHelp, HighHelpError, PayoutGuard, models
from highhelp.settings import Source
from highhelp.storage.engine import make_engine
from highhelp.storage.inspection import inspect_database
from highhelp.storage.tables import EVENTS
from highhelp_mock import MockGateway
from tests.payouts.conftest import keys as keys
from tests.storage.standby import Pair, pair
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp_mock.simulation.projects import Keys

CREDITS = "CREATE TABLE credits (payment_id text)"
LAG = 0.3
ENOUGH = 20
"""So many successes after the failover show that work goes on."""


@pytest.fixture(scope="session")
def failovers(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--failovers"))


class Traffic:
    """A shop under load: callbacks come in and are handled, payouts go out.

    Args:
        url: Of the database.
        gateway: Sends callbacks and accepts payouts.
    """

    def __init__(self, url: str, gateway: MockGateway, stack: ExitStack) -> None:
        self.gateway = gateway
        client = HighHelp(
            base_url=gateway.base_url,
            project_id=gateway.project_id,
            signer=gateway.project.signer,
            transport=gateway.transport,
            environ={},
            timeout=1,
            total_timeout=2,
            absence_delay=1,
        )
        self.inbox = stack.enter_context(CallbackInbox(url, verifier=gateway.verifier(), environ={}))
        self.guard = stack.enter_context(
            PayoutGuard(stack.enter_context(client), url, lease=2.5, absence_age=0, environ={})
        )
        self.inbox.create_schema()
        self.acknowledged: set[str] = set()
        self.settled: set[str] = set()
        self.sent: list[str] = []
        self.successes: dict[str, list[float]] = {"callbacks": [], "payouts": []}
        self.refused = 0
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        works = [(self._deliver, "a"), (self._deliver, "b"), (self._pay, "c"), (self._pay, "d"), (self._handle, "")]
        for work, name in works:
            thread = threading.Thread(target=work, args=(name,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End, and wait for all."""
        self._ended.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def pause(self, kind: str, moment: float) -> float:
        """Seconds without a success around a moment: the duration of the outage."""
        times = sorted(self.successes[kind])
        return max(after - before for before, after in pairwise(times) if after > moment)

    def _deliver(self, name: str) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            payment_id = f"in-{name}-{number}"
            sent = self.gateway.signed_callback(payment_id, "success")
            while not self._ended.is_set():
                if self.inbox.receive(sent.body, sent.headers)[0] == 200:
                    self.acknowledged.add(payment_id)
                    self.successes["callbacks"].append(time.monotonic())
                    break
                self.refused += 1
                time.sleep(0.02)

    def _pay(self, name: str) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            payment_id = f"out-{name}-{number}"
            self.sent.append(payment_id)
            try:
                payout = self.guard.send(request(payment_id))
            except HighHelpError:
                continue
            assert payout.state == "settled"
            self.settled.add(payment_id)
            self.successes["payouts"].append(time.monotonic())

    def _handle(self, _: str) -> None:
        while not self._ended.is_set():
            try:
                self.inbox.process(credit)
            except (HighHelpError, sa.exc.DBAPIError):
                time.sleep(0.02)
            time.sleep(0.01)


def credit(event: Any, connection: sa.Connection) -> None:
    connection.execute(sa.text("INSERT INTO credits VALUES (:id)"), {"id": event.payment_id})


def request(payment_id: str) -> models.P2PPayoutRequest:
    return models.P2PPayoutRequest(
        general=models.General(payment_id=payment_id),
        payment=models.P2PPayoutPayment(method=models.Method.CARD_P2P, amount=100, currency=models.Currency.RUB),
        receiver=models.Receiver(pan="4000000000000002"),
    )


def run(made: Pair, keys: Keys, stack: ExitStack) -> tuple[Traffic, float]:
    """Let the primary die under load; return when work goes on."""
    made.sql("a", CREDITS)
    gateway = MockGateway(keys=keys, duplicates="conflict", balances={"RUB": 10**12})
    traffic = Traffic(made.url, gateway, stack)
    traffic.start()
    eventually(lambda: all(len(times) >= ENOUGH for times in traffic.successes.values()))
    if not made.synchronous:
        made.lag()
        time.sleep(LAG)
    moment = made.fail_over()
    after: Callable[[str], int] = lambda kind: sum(at > moment for at in traffic.successes[kind])  # noqa: E731
    eventually(lambda: all(after(kind) >= ENOUGH for kind in traffic.successes))
    traffic.stop()
    return traffic, moment


def settle_all(traffic: Traffic) -> None:
    """Query everything whose sender is gone, once its lease is over."""
    eventually(lambda: traffic.guard.recover() == [] and not traffic.guard.list(limit=None, state="sent"))


def events_in(url: str) -> set[str]:
    engine = make_engine(url)
    with engine.connect() as connection:
        found = set(connection.execute(sa.select(EVENTS.c.payment_id)).scalars())
    engine.dispose()
    return found


def accepted_creates(gateway: MockGateway) -> Counter[str | None]:
    return Counter(
        one.payment_id for one in gateway.calls if one.operation == "create_p2p_payout" and one.status == 200
    )


def report(traffic: Traffic, moment: float, mode: str) -> None:
    callbacks, payouts = (traffic.pause(kind, moment) for kind in ("callbacks", "payouts"))
    print(f"{mode}: no callback for {callbacks:.2f} s, no payout for {payouts:.2f} s, {traffic.refused} times 503")


@pytest.mark.slow
def test_synchronous_failover_loses_nothing_acknowledged(failovers: int, keys: Keys) -> None:
    for _ in range(failovers):
        with pair(synchronous=True) as made, ExitStack() as stack:
            traffic, moment = run(made, keys, stack)
            assert traffic.acknowledged <= events_in(made.url)
            while traffic.inbox.process(credit):
                pass
            credited = made.sql("b", "SELECT count(*) FROM credits")
            assert credited == made.sql("b", "SELECT count(DISTINCT payment_id) FROM credits")
            settle_all(traffic)
            states = {one.payment_id: one.state for one in traffic.guard.list(limit=None)}
            assert traffic.settled <= {one for one, state in states.items() if state == "settled"}
            held = accepted_creates(traffic.gateway)
            assert set(held.values()) == {1}
            assert {str(one) for one in held} <= {one for one, state in states.items() if state == "settled"}
            report(traffic, moment, "synchronous")


@pytest.mark.slow
def test_asynchronous_failover_is_healed_by_sending_again(failovers: int, keys: Keys) -> None:
    lost = 0
    for _ in range(failovers):
        with pair(synchronous=False) as made, ExitStack() as stack:
            traffic, moment = run(made, keys, stack)
            settle_all(traffic)
            known = {one.payment_id for one in traffic.guard.list(limit=None)}
            lost += len(traffic.settled - known)
            for payment_id in traffic.sent:  # the shop's own list of what it owes
                try:
                    traffic.guard.send(request(payment_id))
                except HighHelpError:
                    continue
            settle_all(traffic)
            report_of = traffic.guard.reconcile(since=0)
            states = {one.payment_id: one.state for one in traffic.guard.list(limit=None)}
            held = accepted_creates(traffic.gateway)
            assert set(held.values()) == {1}, "a payout was made twice"
            assert {states[str(one)] for one in held} <= {"settled", "needs_review"}
            reviewed = {one for one, state in states.items() if state == "needs_review"}
            assert reviewed <= {one.payment_id for one in report_of.differences}
            assert not [one.action for one in report_of.differences if "under a new payment_id" in one.action]
            report(traffic, moment, "asynchronous")
    assert lost > 0, "the standby was to lag behind"


@pytest.mark.slow
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_cancelled_commit_is_not_acknowledged(asynchronous: bool, keys: Keys) -> None:
    gateway = MockGateway(keys=keys)
    sent = gateway.signed_callback("in-1", "success")
    status: list[int] = []

    async def receive_async(url: str) -> None:
        async with AsyncCallbackInbox(url, verifier=gateway.verifier(), environ={}) as inbox:
            status.append((await inbox.receive(sent.body, sent.headers))[0])

    def receive(url: str) -> None:
        if asynchronous:
            asyncio.run(receive_async(url))
            return
        with CallbackInbox(url, verifier=gateway.verifier(), environ={}) as inbox:
            status.append(inbox.receive(sent.body, sent.headers)[0])

    with pair(synchronous=True) as made:
        with CallbackInbox(made.url, verifier=gateway.verifier(), environ={}) as inbox:
            inbox.create_schema()
        made.lag()
        thread = threading.Thread(target=receive, args=(made.url,), daemon=True)
        thread.start()
        cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        eventually(lambda: made.sql("a", cancel))
        thread.join(60)
        assert status == [503], "PostgreSQL acknowledges such a commit, with a warning"


@pytest.mark.slow
def test_doctor_warns_of_a_standby_that_no_commit_waits_for() -> None:
    with pair(synchronous=False) as made:
        source = Source.load({"HIGHHELP_DATABASE_URL": made.url})
        assert inspect_database(source).unprotected_standbys == 1
        made.sql("a", "ALTER SYSTEM SET synchronous_standby_names = 'b'")
        made.sql("a", "SELECT pg_reload_conf()")
        eventually(lambda: inspect_database(source).unprotected_standbys == 0)
