"""Impossible times, expected sums that change late, and what a purge must keep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from highhelp import CallbackInbox, Money
from highhelp.inbox import admin, leases
from highhelp.storage.tables import EVENTS
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp import CallbackEvent
    from highhelp_mock import Outgoing
    from highhelp_mock.simulation.projects import Keys

YEARS = 4 * 365 * 86_400.0
NOW = 1_795_521_600.25


class Died(BaseException):
    """A worker ends in the middle of a handler."""


class Wrong:
    """A clock that can be set wrong."""

    def __init__(self) -> None:
        self.seconds = NOW
        self.off = 0.0

    def __call__(self) -> float:
        return self.seconds + self.off


@pytest.fixture
def clock() -> Wrong:
    return Wrong()


@pytest.fixture
def gateway(keys: Keys, clock: Wrong) -> MockGateway:
    return MockGateway(keys=keys, clock=clock)


def take(inbox: CallbackInbox, sent: Outgoing) -> None:
    assert inbox.receive(sent.body, sent.headers)[0] == 200


def dies(event: CallbackEvent) -> None:
    raise Died


def fails(event: CallbackEvent) -> None:
    raise RuntimeError


def handled(inbox: CallbackInbox) -> list[str]:
    seen: list[str] = []
    inbox.process(lambda event: seen.append(event.payment_id))
    return seen


def rows(inbox: CallbackInbox) -> list[tuple[Any, ...]]:
    return [(row["payment_id"], row["state"], row["reason"]) for row in reversed(inbox.list())]


@pytest.mark.parametrize("off", [3 * 3600, YEARS])
def test_callback_stored_by_a_clock_ahead_is_handled(
    inbox: CallbackInbox, gateway: MockGateway, clock: Wrong, off: float
) -> None:
    clock.off = off
    take(inbox, gateway.signed_callback("order-1", "success"))
    clock.off = 0
    clock.seconds += 60
    assert inbox.stats()["oldest_due_seconds"] == 0, "something waits"
    assert handled(inbox) == ["order-1"]
    assert inbox.stats()["oldest_due_seconds"] is None


@pytest.mark.parametrize("off", [3 * 3600, YEARS, -20 * 365 * 86_400])
def test_lease_of_a_wrong_clock_counts_from_first_sight(
    inbox: CallbackInbox, gateway: MockGateway, clock: Wrong, off: float
) -> None:
    take(inbox, gateway.signed_callback("order-1", "success"))
    clock.off = off
    with pytest.raises(Died):
        inbox.process(dies)
    clock.off = 0
    assert handled(inbox) == [], "its worker may be alive"
    clock.seconds += 59
    assert handled(inbox) == []
    clock.seconds += 2
    assert handled(inbox) == ["order-1"]


def test_pause_of_a_clock_ahead_counts_from_first_sight(
    inbox: CallbackInbox, gateway: MockGateway, clock: Wrong
) -> None:
    take(inbox, gateway.signed_callback("order-1", "success"))
    clock.off = YEARS
    inbox.process(fails)
    clock.off = 0
    assert handled(inbox) == []
    clock.seconds += 1.5
    assert handled(inbox) == ["order-1"]


def test_due_time_beyond_the_longest_pause_is_not_waited_for(
    inbox: CallbackInbox, gateway: MockGateway, clock: Wrong
) -> None:
    take(inbox, gateway.signed_callback("order-1", "success"))
    with inbox.engine.begin() as connection:
        connection.execute(sa.update(EVENTS).values(due_at=EVENTS.c.due_at + 601_000))
    assert handled(inbox) == ["order-1"]


def test_longer_lease_of_another_worker_is_kept(
    inbox: CallbackInbox, url: str, gateway: MockGateway, clock: Wrong
) -> None:
    take(inbox, gateway.signed_callback("order-1", "success"))
    with (
        CallbackInbox(url, verifier=gateway.verifier(), clock=clock, environ={}, lease=7200) as other,
        pytest.raises(Died),
    ):
        other.process(dies)
    for seconds in (100, 7000):
        clock.seconds += seconds
        assert handled(inbox) == []
    clock.seconds += 101
    assert handled(inbox) == ["order-1"]


def test_postgresql_stamps_leases_by_its_own_clock(keys: Keys, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = MockGateway(keys=keys)
    with CallbackInbox(postgres, verifier=gateway.verifier(), environ={}) as inbox:
        take(inbox, gateway.signed_callback("order-1", "success"))
        monkeypatch.setattr(inbox._database, "now", lambda: 0)
        before = time.time() * 1000
        with pytest.raises(Died):
            inbox.process(dies)
        with inbox.engine.connect() as connection:
            due_at = connection.execute(sa.select(EVENTS.c.due_at)).scalar_one()
        assert before + 30_000 < due_at, "a lease by the clock of 1970 would have ended"
        assert handled(inbox) == []


def test_event_in_a_pause_waits(inbox: CallbackInbox, gateway: MockGateway, clock: Wrong) -> None:
    take(inbox, gateway.signed_callback("order-1", "success"))
    inbox.process(fails)
    assert inbox.stats()["oldest_due_seconds"] == 0
    clock.seconds += 3
    assert inbox.stats()["oldest_due_seconds"] == 2


@pytest.fixture
def expected_late(monkeypatch: pytest.MonkeyPatch, gateway: MockGateway) -> None:
    """Have a sum expected of order-2 as soon as it is claimed."""
    claim = leases.claim

    def then_expect(connection: sa.Connection, **named: Any) -> leases.Claimed:
        claimed = claim(connection, **named)
        admin.expect(connection, gateway.project_id, "order-2", Money("100.00", "RUB"))
        return claimed

    monkeypatch.setattr(leases, "claim", then_expect)


@pytest.mark.usefixtures("expected_late")
def test_sum_expected_after_the_claim_keeps_the_handler_away(inbox: CallbackInbox, gateway: MockGateway) -> None:
    for number in (1, 2):
        body = {"payment_info": {"amount": 1, "currency": "RUB", "type": "payin"}}
        take(inbox, gateway.signed_callback(f"order-{number}", "success", body=body))
    seen: list[str] = []
    handler: Callable[..., None] = lambda event, connection: seen.append(event.payment_id)  # noqa: E731
    inbox.process(handler)
    assert seen == ["order-1"]
    assert rows(inbox) == [("order-1", "done", None), ("order-2", "parked", "amount")]


@pytest.mark.usefixtures("expected_late")
def test_right_sum_expected_after_the_claim_is_handled(inbox: CallbackInbox, gateway: MockGateway) -> None:
    body = {"payment_info": {"amount": 10_000, "currency": "RUB", "type": "payin"}}
    take(inbox, gateway.signed_callback("order-2", "success", body=body))
    attempts: list[int] = []
    inbox.process(lambda event, connection: attempts.append(event.attempt))
    assert attempts == [1]


def test_payout_does_not_pass_for_an_expected_payin(inbox: CallbackInbox, gateway: MockGateway) -> None:
    inbox.expect("order-1", Money("100.00", "RUB"), project_id=gateway.project_id)
    body = {"payment_info": {"amount": 10_000, "currency": "RUB", "type": "payout"}}
    take(inbox, gateway.signed_callback("order-1", "success", body=body))
    assert handled(inbox) == []
    assert rows(inbox) == [("order-1", "parked", "amount")]


def test_purge_keeps_what_may_be_sent_again(inbox: CallbackInbox, gateway: MockGateway, clock: Wrong) -> None:
    sent = gateway.signed_callback("order-1", "processing", "new")
    take(inbox, sent)
    seen: list[str] = []
    inbox.process(fails, lambda event: seen.append(event.state))
    clock.seconds += 299
    assert inbox.purge(0) == 0
    take(inbox, sent)
    inbox.process(fails, lambda event: seen.append(event.state))
    assert seen == ["processing:new"]
    clock.seconds += 302
    assert inbox.purge(0) == 1
