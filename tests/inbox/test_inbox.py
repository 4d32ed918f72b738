"""The inbox's handling of callbacks, on both databases and for both kinds of class."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from highhelp import AsyncCallbackInbox, CallbackEvent, CallbackInbox, Money, SettingsError
from highhelp.inbox import leases
from highhelp.inbox.admin import InboxRefusal
from highhelp.inbox.events import event_key
from highhelp.inbox.rejections import SAMPLE
from highhelp.states import SUCCESS
from highhelp_api.contract import FINAL_STATUSES
from highhelp_mock import MockGateway
from highhelp_signing import REFUSAL, SignatureScheme

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from highhelp_mock import Outgoing
    from highhelp_mock.simulation.projects import Keys

TAKEN = (200, b"OK")


def take(inbox: CallbackInbox, outgoing: Outgoing) -> tuple[int, bytes]:
    return inbox.receive(outgoing.body, outgoing.headers)


def states(inbox: CallbackInbox) -> list[tuple[str, str, str | None]]:
    rows = reversed(inbox.list())
    return [(":".join(filter(None, (row["status"], row["sub_status"]))), row["state"], row["reason"]) for row in rows]


class Seen:
    """Handlers that remember."""

    def __init__(self, fail: int = 0) -> None:
        self.finals: list[CallbackEvent] = []
        self.updates: list[CallbackEvent] = []
        self.fail = fail

    def final(self, event: CallbackEvent) -> None:
        self.finals.append(event)
        if self.fail:
            self.fail -= 1
            raise RuntimeError("no connection to the shop, card 4000001234567899")

    def update(self, event: CallbackEvent) -> None:
        self.updates.append(event)


def test_the_word_for_success_is_the_contracts() -> None:
    assert SUCCESS in FINAL_STATUSES


def test_each_is_handled_once_by_its_own_handler(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen()
    for state in (("processing", "new"), ("processing", "requisites"), ("success", None)):
        sent = gateway.signed_callback("order-1", *state)
        assert take(inbox, sent) == take(inbox, sent) == TAKEN
        gateway.travel(2)
        # the same body, signed again later
        assert take(inbox, gateway.signed_callback("order-1", *state)) == TAKEN
    assert inbox.process(seen.final, seen.update) == 3
    assert inbox.process(seen.final, seen.update) == 0
    (final,) = seen.finals
    assert (final.payment_id, final.money, final.is_final) == ("order-1", Money("100.00", "RUB"), True)
    assert [event.state for event in seen.updates] == ["processing:new", "processing:requisites"]


def test_lesson_two_deliveries_racing_are_stored_once(inbox: CallbackInbox, gateway: MockGateway) -> None:
    inbox.create_schema()
    sent = gateway.signed_callback("race", "success")
    start = threading.Barrier(8)

    def deliver(_: int) -> tuple[int, bytes]:
        start.wait()
        return take(inbox, sent)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(deliver, range(8))) == {TAKEN}
    assert len(inbox.list()) == 1
    with inbox.engine.connect() as connection:
        keys = sa.inspect(connection).get_unique_constraints("highhelp_events")
    assert ["event_key"] in [key["column_names"] for key in keys]


def test_lesson_a_crashed_handler_runs_again(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen(fail=2)
    take(inbox, gateway.signed_callback("order-1", "success"))
    inbox.process(seen.final)
    assert states(inbox) == [("success", "retry", "RuntimeError")]
    assert inbox.process(seen.final) == 0, "the pause"
    gateway.travel(1)
    inbox.process(seen.final)
    gateway.travel(2)
    assert inbox.process(seen.final) == 1
    assert [event.attempt for event in seen.finals] == [1, 2, 3]
    assert len({event.key for event in seen.finals}) == 1
    assert states(inbox) == [("success", "done", None)]


def test_lesson_a_late_event_does_not_flip_a_final_status(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen()
    for state in (
        ("success", None),
        ("processing", "paid"),
        ("decline", None),
        ("refunded", None),
        ("dispute", "no_payment"),
    ):
        assert take(inbox, gateway.signed_callback("order-1", *state)) == TAKEN
    inbox.process(seen.final, seen.update)
    assert [event.status for event in seen.finals] == ["success"]
    assert seen.updates == []
    assert states(inbox) == [
        ("success", "done", None),
        ("processing:paid", "superseded", "late"),
        ("decline", "parked", "conflict"),
        ("refunded", "parked", "after_final"),
        ("dispute:no_payment", "superseded", "late"),
    ]


def test_an_update_that_failed_does_not_run_after_the_final_one(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen()

    def fails(event: CallbackEvent) -> None:
        raise RuntimeError

    take(inbox, gateway.signed_callback("order-1", "processing", "paid"))
    inbox.process(seen.final, fails)
    take(inbox, gateway.signed_callback("order-1", "success"))
    inbox.process(seen.final, seen.update)
    gateway.travel(60)
    inbox.process(seen.final, seen.update)
    assert len(seen.finals) == 1
    assert seen.updates == []
    assert states(inbox)[0] == ("processing:paid", "superseded", "late")


def test_an_unknown_status_is_informative(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen()
    take(inbox, gateway.signed_callback("order-1", "brand_new", "thing"))
    take(inbox, gateway.signed_callback("order-1", "processing", "new"))
    take(inbox, gateway.signed_callback("order-1", "error"))
    take(inbox, gateway.signed_callback("order-1", "decline"))
    inbox.process(seen.final, seen.update)
    assert [event.state for event in seen.updates] == ["brand_new:thing", "processing:new", "error"]
    assert [event.state for event in seen.finals] == ["decline"]


def test_untrusted_callbacks_are_stored_and_never_handled(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen()
    old = int(gateway.clock()) - 1000
    stale = gateway.signed_callback("order-1", "success", timestamp=old)
    ambiguous = gateway.signed_callback("order-2", "success", body={"x": "1;status:status:decline"})
    broken = gateway.signed_callback("order-3", "success", body={"payment_info": {"amount": "1", "currency": "RUB"}})
    nameless = gateway.signed_callback("order-4", "success", body={"general": {"payment_id": 7}})
    negative = gateway.signed_callback("order-5", "success", body={"payment_info": {"amount": -1, "currency": "RUB"}})
    huge = gateway.signed_callback("order-6", "success", body={"payment_info": {"amount": 2**70, "currency": "RUB"}})
    nul = gateway.signed_callback("order\0-7", "success")
    for sent in (stale, ambiguous, broken, nameless, negative, huge, nul) * 2:
        assert take(inbox, sent) == TAKEN
    inbox.process(seen.final, seen.update)
    assert (seen.finals, seen.updates) == ([], [])
    reasons = [row["reason"] for row in reversed(inbox.list())]
    assert reasons == ["stale", "ambiguous", *["fields"] * 5]
    assert len(inbox.refused()) == 7
    for row in inbox.list():
        assert row["state"] == "parked"
        with pytest.raises(InboxRefusal, match="reconcile --payins"):
            inbox.replay(row["id"])
    # none of them blocks the real one
    assert take(inbox, gateway.signed_callback("order-1", "success")) == TAKEN
    assert take(inbox, gateway.signed_callback("order-2", "success")) == TAKEN
    assert inbox.process(seen.final) == 2
    assert states(inbox)[0] == ("success", "superseded", "said again")
    # and then a replay of an old one is a duplicate
    assert take(inbox, gateway.signed_callback("order-2", "success", timestamp=old)) == TAKEN
    assert len(inbox.list()) == 9


def test_a_wrong_sum_is_kept_from_the_handler(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen()
    project = gateway.project_id
    for payment_id in ("before", "after"):
        if payment_id == "before":
            inbox.expect(payment_id, Money("100.01", "RUB"), project_id=project)
        take(inbox, gateway.signed_callback(payment_id, "success"))
        if payment_id == "after":
            inbox.expect(payment_id, Money("100.01", "RUB"), project_id=project)
    inbox.expect("silent", Money("100.00", "RUB"), project_id=project)
    take(inbox, gateway.signed_callback("silent", "success", body={"payment_info": None}))
    inbox.process(seen.final)
    assert seen.finals == []
    assert states(inbox) == [("success", "parked", "amount")] * 3
    # the right sum may still come, and does not count as a second final event
    for payment_id in ("before", "after"):
        right = {"payment_info": {"amount": 10001, "currency": "RUB", "type": "payin"}}
        take(inbox, gateway.signed_callback(payment_id, "success", body=right))
    assert inbox.process(seen.final) == 2
    assert [event.amount for event in seen.finals] == [10001, 10001]
    rows = {row["payment_id"]: row["id"] for row in inbox.list(state="parked")}
    with pytest.raises(InboxRefusal, match="another final event"):
        inbox.replay(rows["before"])
    inbox.replay(rows["silent"])
    assert inbox.process(seen.final) == 1
    assert take(inbox, gateway.signed_callback("silent", "success", body={"payment_info": None})) == TAKEN
    assert inbox.process(seen.final) == 0
    with pytest.raises(InboxRefusal, match="done"):
        inbox.replay(rows["silent"])


def test_a_decline_is_not_held_to_the_expected_sum(inbox: CallbackInbox, gateway: MockGateway) -> None:
    inbox.expect("order-1", Money("1.00", "RUB"), project_id=gateway.project_id)
    take(inbox, gateway.signed_callback("order-1", "decline"))
    assert inbox.process(lambda event: None) == 1


def test_event_is_parked_after_its_attempts_and_can_be_replayed(gateway: MockGateway, url: str) -> None:
    seen = Seen(fail=2)
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, max_attempts=2, environ={}) as inbox:
        sent = gateway.signed_callback("order-1", "success")
        take(inbox, sent)
        for _ in range(4):
            inbox.process(seen.final)
            gateway.travel(60)
        assert states(inbox) == [("success", "parked", "attempts")]
        take(inbox, sent)
        assert len(inbox.list()) == 1, "a parked one keeps its key: coming again it must not be handled beside"
        inbox.replay(inbox.list()[0]["id"])
        assert inbox.process(seen.final) == 1


def test_an_event_that_kills_its_worker_is_parked_in_the_end(gateway: MockGateway, url: str) -> None:
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, max_attempts=2, environ={}) as inbox:
        take(inbox, gateway.signed_callback("order-1", "success"))

        def dies(event: CallbackEvent) -> None:
            raise KeyboardInterrupt  # is not caught, as a crash would not be

        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                inbox.process(dies)
            gateway.travel(61)
        assert inbox.process(dies) == 1
        assert states(inbox) == [("success", "parked", "attempts")]


def test_the_handler_shares_the_transaction(inbox: CallbackInbox, gateway: MockGateway) -> None:
    table = sa.Table("books", sa.MetaData(), sa.Column("payment_id", sa.Text))
    table.create(inbox.engine)
    take(inbox, gateway.signed_callback("order-1", "success"))
    ways = iter(["raise", "commit", "lose", "good"])

    def handler(event: CallbackEvent, connection: sa.Connection) -> None:
        connection.execute(table.insert().values(payment_id=event.payment_id))
        way = next(ways)
        if way == "raise":
            raise RuntimeError
        if way == "commit":
            connection.commit()
        if way == "lose":
            connection.exec_driver_sql("UPDATE highhelp_payments SET busy_token = 'other'")

    for left in (0, 0, 0, 1):
        inbox.process(handler)
        with inbox.engine.connect() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == left
        gateway.travel(70)
    assert states(inbox) == [("success", "done", None)]


def test_a_lost_lease_stores_nothing(inbox: CallbackInbox, gateway: MockGateway, url: str) -> None:
    """A worker that slept through its lease meets one that has finished meanwhile."""
    runs: list[str] = []
    take(inbox, gateway.signed_callback("order-1", "success"))

    def slow(event: CallbackEvent) -> None:
        gateway.travel(61)
        with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as other:
            assert other.process(lambda event: runs.append("other")) == 1
        runs.append("slow")

    assert inbox.process(slow) == 0
    assert runs == ["other", "slow"], "without the shared transaction a handler that overruns its lease is told apart"
    assert states(inbox) == [("success", "done", None)]


def test_of_two_that_claimed_it_only_the_later_may_go_on(inbox: CallbackInbox, gateway: MockGateway) -> None:
    take(inbox, gateway.signed_callback("order-1", "success"))
    claims = []
    for _ in range(2):
        now = int(gateway.clock() * 1000)
        options: dict[str, Any] = {"lease": 1000, "most": 1, "max_attempts": 9, "updates": True, "cipher": None}
        with inbox.engine.begin() as connection:
            claims.append(leases.claim(connection, now=now, **options).events[0])
        gateway.travel(2)
    first, second = claims
    with inbox.engine.begin() as connection, pytest.raises(leases.LeaseLost):
        leases.mark_done(connection, first, 0)
    with inbox.engine.begin() as connection:
        # if the payment's lease does not distinguish them, the event's does, and vice versa
        connection.exec_driver_sql(f"UPDATE highhelp_payments SET busy_token = '{first._lease.token}'")
        with pytest.raises(leases.LeaseLost):
            leases.mark_done(connection, first, 0)
        leases.mark_done(connection, second, 0)
        with pytest.raises(leases.LeaseLost):
            leases.finish(connection, second)
        connection.exec_driver_sql(f"UPDATE highhelp_payments SET busy_token = '{second._lease.token}'")
        leases.finish(connection, second)
    assert states(inbox) == [("success", "done", None)]


def test_what_a_callback_costs_the_database(inbox: CallbackInbox, gateway: MockGateway) -> None:
    """On PostgreSQL each statement is a round trip, so their number is what a callback costs."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement.split(maxsplit=1)[0])

    def cost(work: Callable[[], object]) -> list[str]:
        seen.clear()
        work()
        return list(seen)

    inbox.create_schema()
    sa.event.listen(inbox.engine, "before_cursor_execute", note)
    first, last = gateway.signed_callback("order-1", "pending"), gateway.signed_callback("order-1", "success")
    postgres = inbox.engine.dialect.name == "postgresql"
    tried = ["WITH"] if postgres else ["INSERT"]
    assert cost(lambda: take(inbox, first)) == (["WITH"] if postgres else ["INSERT", "UPDATE", "INSERT"])
    assert cost(lambda: take(inbox, first)) == [*tried, "SELECT"]
    assert cost(lambda: take(inbox, last)) == [*tried, "SELECT", "UPDATE", "INSERT"]
    # claimed with one statement for each table, however many there are; each done with one for each table
    handle = ["SELECT", "UPDATE", "UPDATE", *["UPDATE", "UPDATE"]]
    assert cost(lambda: inbox.process(lambda event, connection: None, limit=1)) == ["SELECT", "UPDATE", "UPDATE"]
    # if nothing is due, it looks for times stamped by a wrong clock
    assert cost(lambda: inbox.process(lambda event, connection: None)) == [*handle, "SELECT", "SELECT"]


def test_the_key_of_an_event_knows_no_time(gateway: MockGateway) -> None:
    for state in (("success", None), ("processing", "new")):
        keys = set()
        for stamp in (0, 100):
            sent = gateway.signed_callback("order-1", *state, timestamp=int(gateway.clock()) - stamp)
            keys.add(event_key(gateway.verifier().verify(sent.body, sent.headers)))
        assert len(keys) == 1


def test_one_event_of_a_payment_at_a_time(inbox: CallbackInbox, gateway: MockGateway, url: str) -> None:
    take(inbox, gateway.signed_callback("order-1", "processing", "paid"))
    take(inbox, gateway.signed_callback("order-1", "success"))
    order: list[str] = []

    def update(event: CallbackEvent) -> None:
        with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as other:
            assert other.process(lambda event: order.append("too early")) == 0
        order.append(event.state)

    inbox.process(lambda event: order.append(event.state), update)
    assert order == ["processing:paid", "success"]


def test_operators_can_park_and_replay(inbox: CallbackInbox, gateway: MockGateway) -> None:
    take(inbox, gateway.signed_callback("order-1", "success"))
    number = inbox.list()[0]["id"]
    inbox.park(number)
    assert inbox.process(lambda event: None) == 0
    with pytest.raises(InboxRefusal, match="only a waiting event"):
        inbox.park(number)
    inbox.replay(number)
    assert inbox.process(lambda event: None) == 1
    with pytest.raises(InboxRefusal, match="no event 999"):
        inbox.show(999)


@pytest.mark.slow
def test_purged_events_stay_known_and_forged_sample_is_bounded(inbox: CallbackInbox, gateway: MockGateway) -> None:
    seen = Seen()
    take(inbox, gateway.signed_callback("order-1", "success"))
    take(inbox, gateway.signed_callback("order-2", "success", timestamp=1_000_000_000))
    inbox.process(seen.final)
    for number in range(3 * SAMPLE):
        assert take(inbox, gateway.signed_callback(f"f-{number}", "success", wrong_signature=True)) == (
            REFUSAL.status,
            REFUSAL.body,
        )
        gateway.travel(1)
    assert inbox.stats()["refused"] == {"signature": 3 * SAMPLE}
    with inbox.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM highhelp_refused").scalar_one() == SAMPLE
    assert inbox.purge(10_000) == 0
    gateway.travel(1000)
    assert inbox.purge(500) == 1
    assert [row["reason"] for row in inbox.list()] == ["stale"]
    assert inbox.refused()[0]["genuine"]
    assert len(inbox.refused()) == 1
    # months later it comes again, and then a different end is reported
    assert take(inbox, gateway.signed_callback("order-1", "success")) == TAKEN
    assert take(inbox, gateway.signed_callback("order-1", "decline")) == TAKEN
    assert inbox.process(seen.final) == 0
    assert len(seen.finals) == 1
    gateway.travel(1000)
    assert inbox.purge(500, parked=True) == 2


def test_many_forged_ones_cause_one_transaction_a_second(inbox: CallbackInbox, gateway: MockGateway) -> None:
    inbox.create_schema()
    commits: list[object] = []
    sa.event.listen(inbox.engine, "commit", commits.append)
    for number in range(50):
        take(inbox, gateway.signed_callback(f"f-{number}", "success", wrong_signature=True))
    assert len(commits) == 1


def test_several_projects_in_one_inbox(inbox: CallbackInbox, gateway: MockGateway, url: str) -> None:
    other = gateway.add_project()
    seen = Seen()
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as both:
        for project in (gateway.project_id, other.project_id):
            assert take(both, gateway.signed_callback("order-1", "success", project_id=project)) == TAKEN
        assert both.process(seen.final) == 2
    assert {event.project_id for event in seen.finals} == {gateway.project_id, other.project_id}
    # an inbox without the other project's keys refuses it
    sent = gateway.signed_callback("order-2", "success", project_id=other.project_id)
    assert take(inbox, sent)[0] == REFUSAL.status


def test_without_a_key_there_is_no_inbox(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HIGHHELP_PROJECT_ID"):
        CallbackInbox(tmp_path / "x.db", environ={})
    with pytest.raises(SettingsError, match="HIGHHELP_CALLBACK_PUBLIC_KEY"):
        CallbackInbox(tmp_path / "x.db", environ={"HIGHHELP_PROJECT_ID": "p"})
    with pytest.raises(SettingsError, match="HIGHHELP_DATABASE_URL"):
        CallbackInbox(environ={})
    for wrong in ("sqlite://", "sqlite:///:memory:", "", "mysql://user:secret@host/x", "http://["):
        with pytest.raises(SettingsError, match="HIGHHELP_DATABASE_URL") as caught:
            CallbackInbox(wrong, environ={})
        assert "secret" not in str(caught.value)


def test_a_handler_of_a_wrong_form_is_refused(inbox: CallbackInbox) -> None:
    with pytest.raises(SettingsError, match="handler"):
        inbox.process(lambda: None)  # type: ignore[arg-type]  # that is the point


def test_asynchronous(gateway: MockGateway, url: str) -> None:
    async def scenario() -> list[str]:
        log: list[str] = []
        table = sa.Table("books", sa.MetaData(), sa.Column("payment_id", sa.Text))
        async with AsyncCallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
            async with inbox.engine.begin() as connection:
                await connection.run_sync(table.create)

            async def final(event: CallbackEvent, connection: Any) -> None:
                await connection.execute(table.insert().values(payment_id=event.payment_id))
                log.append(f"{event.state} {event.attempt}")
                if event.attempt == 1:
                    raise RuntimeError
                if event.attempt == 2:
                    await connection.commit()

            async def update(event: CallbackEvent) -> None:
                log.append(event.state)

            for state in (("processing", "new"), ("success", None), ("success", None)):
                sent = gateway.signed_callback("order-1", *state)
                assert set(await asyncio.gather(*[inbox.receive(sent.body, sent.headers) for _ in range(3)])) == {TAKEN}
            forged = gateway.signed_callback("order-1", "decline", wrong_signature=True)
            assert (await inbox.receive(forged.body, forged.headers))[0] == REFUSAL.status
            for _ in range(4):
                await inbox.process(final, update)
                gateway.travel(10)
            async with inbox.engine.connect() as connection:
                number = (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
            assert number == 1
            assert {row["state"] for row in await inbox.list()} == {"done"}
            assert (await inbox.stats())["refused"] == {"signature": 1}
            stop = asyncio.Event()
            stop.set()
            await inbox.run(final, update, stop=stop)
        return log

    assert asyncio.run(scenario()) == ["processing:new", "success 1", "success 2", "success 3"]


def test_run_stops_after_current_event_and_releases_the_rest(inbox: CallbackInbox, gateway: MockGateway) -> None:
    stop = threading.Event()
    for number in range(3):
        take(inbox, gateway.signed_callback(f"order-{number}", "success"))

    def handler(event: CallbackEvent, connection: sa.Connection) -> None:
        stop.set()

    inbox.run(handler, stop=stop)
    assert sorted(row["state"] for row in inbox.list()) == ["done", "received", "received"]
    assert {row["attempts"] for row in inbox.list(state="received")} == {0}


@pytest.mark.parametrize("handler", [lambda event, connection: None, lambda event: None], ids=["shared", "alone"])
def test_three_durable_commits_at_most(inbox: CallbackInbox, gateway: MockGateway, handler: Any) -> None:
    inbox.create_schema()
    commits: list[object] = []
    sa.event.listen(inbox.engine, "commit", commits.append)
    sent = gateway.signed_callback("order-1", "success")
    take(inbox, sent)
    assert len(commits) == 1
    assert inbox.process(handler, limit=1) == 1
    assert len(commits) == 3
    commits.clear()
    take(inbox, sent)
    with inbox.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT attempts, state FROM highhelp_events").all()
    assert [tuple(row) for row in rows] == [(1, "done")]


def test_fork_safe(inbox: CallbackInbox) -> None:
    inbox.create_schema()
    before = inbox.engine.pool
    inbox._database._pid = -1
    assert inbox.engine.pool is not before
    before.dispose()  # the other side of the fork's


def test_events_show_no_card_data(inbox: CallbackInbox, gateway: MockGateway) -> None:
    body = {"requisites": {"pan": "4000001234567899"}, "other": 4000001234567899}
    take(inbox, gateway.signed_callback("123456789012345", "processing", "requisites", body=body))
    seen = Seen()
    inbox.process(seen.final, seen.update)
    (event,) = seen.updates
    assert "4000001234567899" not in repr(event) + json.dumps(event.body)
    assert event.body["general"]["payment_id"] == event.payment_id == "123456789012345"
    assert replace(event, attempt=2) != event


def test_keys_scheme_and_tolerance_are_those_that_are_given(keys: Keys, tmp_path: Path) -> None:
    scheme = SignatureScheme(digest="single", joiner="&")
    gateway = MockGateway(keys=keys, scheme=scheme, clock=lambda: 1_795_521_600.25)
    about: dict[str, Any] = {"keys": gateway.callback_keys, "environ": {}}
    late = gateway.clock() + 100
    for tolerance, reading, state in ((300, scheme, "received"), (50, scheme, "stale"), (300, SignatureScheme(), None)):
        made: dict[str, Any] = {"scheme": reading, "tolerance": tolerance, "clock": lambda: late}
        with CallbackInbox(tmp_path / f"{tolerance}-{state}.db", **made, **about) as inbox:
            answer = take(inbox, gateway.signed_callback("p-1", "success"))
            assert answer == (TAKEN if state else (REFUSAL.status, REFUSAL.body))
            assert [row["reason"] or row["state"] for row in inbox.list()] == ([state] if state else [])


def test_end_that_came_in_between_is_not_overwritten(gateway: MockGateway, postgres: str) -> None:
    about: dict[str, Any] = {"verifier": gateway.verifier(), "clock": gateway.clock, "environ": {}}
    with CallbackInbox(postgres, **about) as inbox, CallbackInbox(postgres, **about) as other:
        assert take(inbox, gateway.signed_callback("order-1", "pending")) == TAKEN
        end = iter([gateway.signed_callback("order-1", "success")])

        def faster(connection: object, cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("UPDATE highhelp_payments"):
                for sent in end:
                    assert take(other, sent) == TAKEN

        sa.event.listen(inbox.engine, "before_cursor_execute", faster)
        assert take(inbox, gateway.signed_callback("order-1", "processing", "new")) == TAKEN
        assert ("processing:new", "superseded", "late") in states(inbox)
        with inbox.engine.connect() as connection:
            known = connection.exec_driver_sql("SELECT state, final_print IS NULL FROM highhelp_payments").one()
        assert known == ("success", False)
