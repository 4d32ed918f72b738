"""Everything that the inbox stores, shows and logs, field by field; the same for both kinds of class."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import inspect
import json
import threading
from typing import TYPE_CHECKING, Any, Self

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from highhelp import AsyncCallbackInbox, CallbackEvent, CallbackInbox, Money, SettingsError
from highhelp.inbox.admin import InboxRefusal
from highhelp.inbox.events import (
    associated_data,
    event_key,
    facts_from,
    final_key,
    fingerprint,
    parked_key,
    payment_key,
)
from highhelp.inbox.receivers import MAX_BODY
from highhelp.inbox.store import AsyncCallbackStore, CallbackStore
from highhelp.storage.tables import EVENTS, OUTBOX, PAYMENTS
from highhelp_signing import REFUSAL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from highhelp_mock import MockGateway, Outgoing

TAKEN = (200, b"OK")
UNAVAILABLE = (503, b'{"status":"error","status_description":"not stored, send it again"}')


def at(sqlite: str) -> sa.Engine:
    """Inspect the file; nothing stays open."""
    return sa.create_engine(f"sqlite:///{sqlite}", poolclass=sa.NullPool)


class Plain:
    """A CallbackInbox with the interface of an AsyncCallbackInbox, so that one scenario serves both."""

    def __init__(self, inbox: CallbackInbox) -> None:
        self.inbox = inbox

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.inbox, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            return attribute(*map(_plain, arguments), **named)

        return call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.inbox.close()


def _plain(handler: Any) -> Any:
    if not inspect.iscoroutinefunction(handler):
        return handler

    def finished(coroutine: Coroutine[Any, Any, Any]) -> None:
        with pytest.raises(StopIteration):
            coroutine.send(None)

    if len(inspect.signature(handler).parameters) == 1:
        return lambda event: finished(handler(event))
    return lambda event, connection: finished(handler(event, connection))


@pytest.fixture(params=["sync", "async"])
def play(request: pytest.FixtureRequest, gateway: MockGateway, sqlite: str) -> Callable[..., None]:
    """Run a scenario with an inbox of either kind."""

    def play(scenario: Callable[[Any], Coroutine[Any, Any, None]], **options: Any) -> None:
        about = {"verifier": gateway.verifier(), "clock": gateway.clock, "environ": {}, **options}

        async def run() -> None:
            kind: Any = (
                AsyncCallbackInbox if request.param == "async" else lambda *a, **n: Plain(CallbackInbox(*a, **n))
            )
            async with kind(sqlite, **about) as inbox:
                await scenario(inbox)

        asyncio.run(run())

    return play


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(one.levelname, one.getMessage()) for one in caplog.records if one.name == "highhelp"]


async def take(inbox: Any, sent: Outgoing) -> Any:
    return await inbox.receive(sent.body, sent.headers)


async def ignore(event: CallbackEvent) -> None:
    pass


async def fail(event: CallbackEvent) -> None:
    raise RuntimeError("words of a handler")


def test_every_field_of_an_event(
    play: Any, gateway: MockGateway, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="highhelp")
    sent = gateway.signed_callback("order-1", "success")
    body = json.loads(sent.body)
    callback = gateway.verifier().verify(sent.body, sent.headers)
    info, request_id = body["payment_info"], body["general"]["request_id"]
    came = gateway.clock()

    async def scenario(inbox: Any) -> None:
        assert await take(inbox, sent) == TAKEN
        gateway.travel(2)
        seen: list[CallbackEvent] = []

        async def handler(event: CallbackEvent) -> None:
            seen.append(event)

        assert await inbox.process(handler) == 1
        (event,) = seen
        key = final_key(gateway.project_id, "order-1")
        expected = {
            "id": 1,
            "key": key,
            "project_id": gateway.project_id,
            "payment_id": "order-1",
            "request_id": request_id,
            "status": "success",
            "sub_status": None,
            "is_final": True,
            "amount": info["amount"],
            "currency": info["currency"],
            "payment_type": info["type"],
            "attempt": 1,
            "received_at": int(came * 1000) / 1000,
        }
        assert {name: getattr(event, name) for name in expected} == expected
        assert event.body == body
        row = {
            "id": 1,
            "event_key": key,
            "project_id": gateway.project_id,
            "payment_id": "order-1",
            "request_id": request_id,
            "status": "success",
            "sub_status": None,
            "final": True,
            "amount": info["amount"],
            "currency": info["currency"],
            "payment_type": info["type"],
            "state": "done",
            "reason": None,
            "attempts": 1,
            "key_id": callback.key_id,
            "signed_at": callback.signed_at,
            "received_at": int(came * 1000) / 1000,
            "changed_at": int((came + 2) * 1000) / 1000,
        }
        assert await inbox.list() == [row]
        assert await inbox.show(1) == {**row, "body": body, "sealed": False}

    play(scenario)
    about = f"payment_id=order-1 request_id={request_id} status=success amount=10000 currency=RUB"
    assert lines(caplog) == [
        ("INFO", f"callback {about} inbox=received"),
        ("INFO", f"callback handled {about} attempt=1 inbox=done"),
    ]


def test_what_is_said_of_the_rest(play: Any, gateway: MockGateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="highhelp")

    async def scenario(inbox: Any) -> None:
        sent = gateway.signed_callback("order-1", "processing", "new", body={"general": {"payment_id": "order-1"}})
        await take(inbox, sent)
        await take(inbox, sent)
        await take(
            inbox, gateway.signed_callback("order-1", "success", timestamp=1_000_000_000, body={"payment_info": None})
        )
        await take(inbox, gateway.signed_callback("order-1", "success", wrong_signature=True))
        await inbox.process(ignore, fail)
        gateway.travel(1)
        await inbox.process(ignore, fail)

    play(scenario, max_attempts=2)
    said = [
        (level, " ".join(part for part in line.split() if "request_id=" not in part)) for level, line in lines(caplog)
    ]
    about = "payment_id=order-1 status=processing sub_status=new amount=10000 currency=RUB"
    assert said == [
        ("INFO", f"callback {about} inbox=received"),
        ("INFO", f"callback {about} inbox=duplicate"),
        ("WARNING", "callback payment_id=order-1 status=success inbox=parked reason=stale"),
        ("WARNING", "callback refused reason=signature"),
        ("WARNING", f"callback handled {about} attempt=1 inbox=retry error=RuntimeError"),
        ("ERROR", f"callback handled {about} attempt=2 inbox=parked error=RuntimeError"),
    ]


def test_a_handler_that_lost_its_lease_is_said(
    play: Any, gateway: MockGateway, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="highhelp")

    async def scenario(inbox: Any) -> None:
        async def slow(event: CallbackEvent) -> None:
            with at(sqlite).begin() as connection:
                connection.execute(sa.update(EVENTS).values(lease_token="another"))

        await take(inbox, gateway.signed_callback("order-1", "success"))
        assert await inbox.process(slow) == 0
        await take(inbox, gateway.signed_callback("order-2", "success"))

        async def slow_and_failing(event: CallbackEvent) -> None:
            await slow(event)
            raise RuntimeError

        assert await inbox.process(slow_and_failing) == 0

    play(scenario)
    said = [line for _, line in lines(caplog) if "lease" in line or "handled" in line]
    assert said == [f"callback lease lost payment_id=order-{number} event={number}" for number in (1, 2)]


def test_a_callback_that_cannot_be_stored(
    play: Any, gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent = gateway.signed_callback("order-1", "processing", "new")

    def away(*_: object, **__: object) -> None:
        raise ConnectionError("words of a driver")

    async def scenario(inbox: Any) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("highhelp.inbox.inbox.store", away)
            assert await take(inbox, sent) == UNAVAILABLE
            patched.setattr("highhelp.inbox.admin.add_rejections", away)
            forged = gateway.signed_callback("order-1", "success", wrong_signature=True)
            assert await take(inbox, forged) == (REFUSAL.status, REFUSAL.body)
        assert await take(inbox, sent) == TAKEN

    play(scenario)
    request_id = json.loads(sent.body)["general"]["request_id"]
    about = f"payment_id=order-1 request_id={request_id} status=processing sub_status=new amount=10000 currency=RUB"
    assert lines(caplog) == [
        ("ERROR", f"callback not stored {about} error=ConnectionError"),
        ("WARNING", "callback refused reason=signature"),
        ("WARNING", "refused callbacks not counted error=ConnectionError"),
    ]


def test_a_delivery_that_was_faster_is_found_at_the_second_look(
    play: Any, gateway: MockGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from highhelp.inbox import receive

    tries: list[dict[str, Any]] = []

    def second(connection: Any, callback: Any, **named: Any) -> Any:
        tries.append(named)
        if len(tries) == 1:
            raise IntegrityError("INSERT", {}, Exception("UNIQUE"))
        return receive.store(connection, callback, **named)

    monkeypatch.setattr("highhelp.inbox.inbox.store", second)

    async def scenario(inbox: Any) -> None:
        assert await take(inbox, gateway.signed_callback("order-1", "success")) == TAKEN
        assert [row["state"] for row in await inbox.list()] == ["received"]

    play(scenario)
    assert tries[0] == tries[1]


def test_the_size_of_a_body_is_bounded_before_anything_else(play: Any, gateway: MockGateway) -> None:
    headers = gateway.signed_callback("order-1", "success").headers

    async def scenario(inbox: Any) -> None:
        assert await inbox.receive(b"x" * MAX_BODY, headers) == (REFUSAL.status, REFUSAL.body)
        too_large = (413, b'{"status":"error","status_description":"body too large"}')
        assert await inbox.receive(b"x" * (MAX_BODY + 1), headers) == too_large
        assert (await inbox.stats())["refused"] == {"malformed": 1}

    play(scenario)


def test_the_refused_ones_are_shown(play: Any, gateway: MockGateway) -> None:
    began = gateway.clock()

    async def scenario(inbox: Any) -> None:
        await take(inbox, gateway.signed_callback("old", "success", timestamp=int(began) - 500))
        forged = gateway.signed_callback("forged", "success", wrong_signature=True)
        gateway.travel(2)
        await take(inbox, forged)
        gateway.travel(2)
        await take(inbox, gateway.signed_callback("older", "success", timestamp=int(began) - 600))
        first, second, third = await inbox.refused()
        assert [one["genuine"] for one in (first, second, third)] == [True, False, True]
        assert (first["payment_id"], third["payment_id"]) == ("older", "old")
        assert (first["reason"], first["state"], first["received_at"]) == ("stale", "parked", began + 4)
        assert second == {
            "genuine": False,
            "reason": "signature",
            "detail": "no key of the project made this signature",
            "size": len(forged.body),
            "body_sha256": hashlib.sha256(forged.body).hexdigest(),
            "body": json.dumps(json.loads(forged.body)),
            "received_at": began + 2,
        }
        assert await inbox.refused(limit=2) == [first, second]
        assert await inbox.refused(limit=1) == [first]

    play(scenario)


def test_forged_bodies_are_kept_if_they_are_small_objects(play: Any, gateway: MockGateway) -> None:
    headers = gateway.signed_callback("order-1", "success").headers
    fits = json.dumps({"x": "y" * 4087}).encode()
    assert len(fits) == 4096
    cases = [(fits, fits.decode()), (fits + b" ", None), (b"[]", None), (b"{", None), (b"\xff", None)]

    async def scenario(inbox: Any) -> None:
        for raw, kept in cases:
            await inbox.receive(raw, headers)
            gateway.travel(2)
            assert [one["body"] for one in await inbox.refused(limit=1)] == [kept]

    play(scenario)


def test_forged_ones_are_stored_once_a_second_and_on_close(play: Any, gateway: MockGateway, sqlite: str) -> None:
    async def forge(inbox: Any, number: int) -> None:
        for _ in range(number):
            await take(inbox, gateway.signed_callback("x", "success", wrong_signature=True))

    async def scenario(inbox: Any) -> None:
        await forge(inbox, 12)
        assert (await inbox.stats())["refused"] == {"signature": 1}
        gateway.travel(0.999)
        await forge(inbox, 1)
        assert (await inbox.stats())["refused"] == {"signature": 1}
        gateway.travel(0.001)
        await forge(inbox, 1)
        assert (await inbox.stats())["refused"] == {"signature": 14}
        assert len(await inbox.refused()) == 11, "the newest ten of thirteen, and the first"
        await forge(inbox, 2)

    play(scenario)
    with CallbackStore(sqlite, environ={}) as store:
        assert store.stats()["refused"] == {"signature": 16}


def test_the_list_is_filtered(play: Any, gateway: MockGateway) -> None:
    async def scenario(inbox: Any) -> None:
        for number in range(52):
            await take(inbox, gateway.signed_callback(f"order-{number}", "success"))
        await inbox.process(ignore, limit=2)
        ids = [row["payment_id"] for row in await inbox.list()]
        assert ids == [f"order-{number}" for number in range(51, 1, -1)]
        assert [row["id"] for row in await inbox.list(state="done")] == [2, 1]
        assert [row["id"] for row in await inbox.list(payment_id="order-7")] == [8]
        assert [row["id"] for row in await inbox.list(limit=1)] == [52]
        for number in range(52):
            await take(inbox, gateway.signed_callback(f"old-{number}", "success", timestamp=1_000_000_000))
        assert len(await inbox.refused()) == 50

    play(scenario)


def test_the_numbers(play: Any, gateway: MockGateway) -> None:
    async def scenario(inbox: Any) -> None:
        none = {"received": 0, "claimed": 0, "done": 0, "retry": 0, "superseded": 0, "parked": 0}
        empty = {"states": none, "parked": {}, "refused": {}, "outbox": 0, "oldest_due_seconds": None}
        assert await inbox.stats() == empty
        await take(inbox, gateway.signed_callback("order-0", "success"))
        await inbox.process(ignore)
        await take(inbox, gateway.signed_callback("order-1", "success"))
        await inbox.process(fail)
        await take(inbox, gateway.signed_callback("order-2", "success"))
        await take(inbox, gateway.signed_callback("order-2", "processing", "new"))
        for number in range(2):
            await take(inbox, gateway.signed_callback(f"old-{number}", "success", timestamp=1_000_000_000))
        await take(inbox, gateway.signed_callback("order-2", "decline"))
        assert (await inbox.stats())["oldest_due_seconds"] == 0
        gateway.travel(0.5)
        await take(inbox, gateway.signed_callback("order-3", "success"))
        assert await inbox.stats() == {
            "states": {**none, "received": 2, "done": 1, "retry": 1, "superseded": 1, "parked": 3},
            "parked": {"stale": 2, "conflict": 1},
            "refused": {},
            "outbox": 4,
            "oldest_due_seconds": 0.5,
        }

    play(scenario, outbox=True)


def test_operators_park_and_replay(play: Any, gateway: MockGateway) -> None:
    began = gateway.clock()

    async def scenario(inbox: Any) -> None:
        await take(inbox, gateway.signed_callback("order-1", "success"))
        await inbox.process(fail)
        gateway.travel(5)
        await inbox.park(1)
        (parked,) = await inbox.list()
        assert (parked["state"], parked["reason"], parked["changed_at"]) == ("parked", "operator", began + 5)
        assert (await inbox.stats())["oldest_due_seconds"] is None
        with pytest.raises(InboxRefusal, match=r"^event 1 is parked; only a waiting event can be parked$"):
            await inbox.park(1)
        gateway.travel(5)
        await inbox.replay(1)
        (again,) = await inbox.list()
        values = (again["state"], again["reason"], again["attempts"], again["changed_at"])
        assert values == ("received", None, 0, began + 10)
        with pytest.raises(InboxRefusal, match=r"^event 1 is received and cannot be replayed$"):
            await inbox.replay(1)
        assert await inbox.process(ignore) == 1
        for refused in (inbox.park, inbox.replay):
            with pytest.raises(InboxRefusal, match=r"^event 1 is done"):
                await refused(1)
        for absent in (inbox.park, inbox.replay, inbox.show):
            with pytest.raises(InboxRefusal, match=r"^there is no event 999$"):
                await absent(999)
        await take(inbox, gateway.signed_callback("order-1", "decline"))
        with pytest.raises(InboxRefusal) as told_off:
            await inbox.replay(2)
        assert str(told_off.value) == (
            "event 2 is parked: conflict and cannot be replayed; query the payment's state with the info operation"
        )

    play(scenario)


@pytest.mark.parametrize("reason", ["amount", "transition"])
def test_an_end_that_was_parked_is_the_end_once_it_is_replayed(
    play: Any, gateway: MockGateway, sqlite: str, reason: str
) -> None:
    async def scenario(inbox: Any) -> None:
        sent = gateway.signed_callback("order-1", "success")
        await inbox.expect("order-1", Money("1.00", "RUB"), project_id=gateway.project_id)
        await take(inbox, sent)
        engine = at(sqlite)
        with engine.begin() as connection:
            connection.execute(sa.update(EVENTS).values(reason=reason))
            assert connection.execute(sa.select(EVENTS.c.approved, EVENTS.c.state)).one() == (False, "parked")
        await inbox.replay(1)
        callback = gateway.verifier().verify(sent.body, sent.headers)
        with engine.begin() as connection:
            row = connection.execute(sa.select(EVENTS)).one()
            assert (row.event_key, row.approved, row.payment_ref) == (final_key(gateway.project_id, "order-1"), True, 1)
            payment = connection.execute(sa.select(PAYMENTS)).one()
            assert (payment.state, payment.final_print) == ("success", facts_from(callback).final_fingerprint)
            assert connection.execute(sa.select(OUTBOX.c.event_id, OUTBOX.c.due_at)).all() == [(1, row.changed_at)]
        engine.dispose()
        assert await inbox.process(ignore) == 1, "though the sum is another one: a person has said so"
        await take(inbox, sent)
        assert [row["state"] for row in await inbox.list()] == ["done"], "it is known when it comes again"

    play(scenario, outbox=True)


def test_what_was_put_out_before_is_not_put_out_again(play: Any, gateway: MockGateway, sqlite: str) -> None:
    async def scenario(inbox: Any) -> None:
        await take(inbox, gateway.signed_callback("order-0", "success"))
        await take(inbox, gateway.signed_callback("order-1", "success"))
        await inbox.expect("order-1", Money("1.00", "RUB"), project_id=gateway.project_id)
        assert await inbox.process(ignore) == 2
        assert [row["reason"] for row in await inbox.list(state="parked")] == ["amount"]
        await inbox.replay(2)
        with at(sqlite).connect() as connection:
            assert connection.execute(sa.select(OUTBOX.c.event_id).order_by(OUTBOX.c.id)).scalars().all() == [1, 2]
        assert await inbox.process(ignore) == 1

    play(scenario, outbox=True)


@pytest.mark.slow
def test_purging(play: Any, gateway: MockGateway, sqlite: str) -> None:
    async def scenario(inbox: Any) -> None:
        await take(inbox, gateway.signed_callback("done", "success"))
        await inbox.process(ignore)
        await take(inbox, gateway.signed_callback("done", "processing", "new"))
        await take(inbox, gateway.signed_callback("parked", "success", timestamp=1_000_000_000))
        await take(inbox, gateway.signed_callback("forged", "success", wrong_signature=True))
        await take(inbox, gateway.signed_callback("waits", "success"))
        engine = at(sqlite)
        gateway.travel(600)
        assert await inbox.purge(10) == 0, "nothing younger than twice the tolerance"
        gateway.travel(0.001)
        assert len(await inbox.refused()) == 2
        assert await inbox.purge(10) == 1, "what is not published yet is kept"
        assert len(await inbox.refused()) == 1, "the sample of the forged ones goes too"
        with engine.begin() as connection:
            connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.event_id == 1))
        assert await inbox.purge(10) == 1
        assert [row["payment_id"] for row in await inbox.list()] == ["waits", "parked"]
        assert await inbox.purge(10, parked=True) == 1
        assert [row["payment_id"] for row in await inbox.list()] == ["waits"]
        with engine.begin() as connection:
            connection.execute(sa.delete(OUTBOX))
        engine.dispose()
        for number in range(501):
            await take(inbox, gateway.signed_callback(f"many-{number}", "success", timestamp=1_000_000_000))
        gateway.travel(601)
        assert await inbox.purge(10, parked=True) == 501

    play(scenario, outbox=True)


def test_expecting_for_the_project_of_the_settings(gateway: MockGateway, sqlite: str) -> None:
    about: Any = {"verifier": gateway.verifier(), "clock": gateway.clock}
    with CallbackInbox(sqlite, environ={"HIGHHELP_PROJECT_ID": gateway.project_id}, **about) as inbox:
        inbox.expect("order-1", Money("1.00", "RUB"))
        inbox.receive(*_parts(gateway.signed_callback("order-1", "success")))
        assert [row["reason"] for row in inbox.list()] == ["amount"]
    with CallbackStore(sqlite, environ={}) as inbox:
        said = "^HIGHHELP_PROJECT_ID: is not set; set it, pass project_id, or pass keys by project$"
        with pytest.raises(SettingsError, match=said):
            inbox.expect("order-1", Money("1.00", "RUB"))


def _parts(sent: Outgoing) -> tuple[bytes, Any]:
    return sent.body, sent.headers


def test_a_sealed_body_is_read_with_its_key(play: Any, gateway: MockGateway, sqlite: str) -> None:
    keys = [base64.b64encode(bytes([number]) * 32).decode() for number in range(2)]
    sent = gateway.signed_callback("order-1", "success", body={"requisites": {"pan": "4000001234567899"}, "rate": 1})
    seen: list[Any] = []

    async def remember(event: CallbackEvent) -> None:
        seen.append(event.body)

    async def scenario(inbox: Any) -> None:
        await take(inbox, sent)
        assert (await inbox.show(1))["sealed"] is True
        assert await inbox.process(remember) == 1

    play(scenario, database_key=keys[0])
    assert seen == [json.loads(sent.body)]
    with at(sqlite).begin() as connection:
        connection.execute(sa.update(EVENTS).values(state="parked", reason="operator"))

    async def again(inbox: Any) -> None:
        await inbox.replay(1)
        assert await inbox.process(remember) == 0
        assert [row["reason"] for row in await inbox.list()] == ["SettingsError"]

    play(again, database_key=keys[1])


@pytest.mark.parametrize("wrong", [{"lease": 0}, {"lease": -1}, {"max_attempts": 0}])
@pytest.mark.parametrize("kind", [CallbackStore, AsyncCallbackStore])
def test_settings_that_cannot_be(kind: Any, sqlite: str, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(SettingsError, match=f"^{name}: must be above zero$"):
        kind(sqlite, environ={}, **wrong)


def test_the_least_settings_that_can_be(play: Any, gateway: MockGateway) -> None:
    async def scenario(inbox: Any) -> None:
        await take(inbox, gateway.signed_callback("order-1", "success"))
        await inbox.process(fail)
        assert [(row["state"], row["reason"]) for row in await inbox.list()] == [("parked", "attempts")]

    play(scenario, max_attempts=1, lease=0.5)


def test_twelve_attempts_and_a_minute_of_lease_by_default(play: Any, gateway: MockGateway, sqlite: str) -> None:
    due: list[float] = []

    async def look(event: CallbackEvent) -> None:
        with at(sqlite).connect() as connection:
            event_due = connection.execute(sa.select(EVENTS.c.due_at)).scalar_one()
            busy = connection.execute(sa.select(PAYMENTS.c.busy_until)).scalar_one()
        assert event_due == busy
        due.append(event_due / 1000 - gateway.clock())
        raise RuntimeError

    async def scenario(inbox: Any) -> None:
        await take(inbox, gateway.signed_callback("order-1", "success"))
        for _ in range(20):
            await inbox.process(look)
            gateway.travel(700)
        assert [(row["state"], row["attempts"]) for row in await inbox.list()] == [("parked", 12)]

    play(scenario)
    assert [round(seconds, 3) for seconds in due] == [60.0] * 12


def test_of_several_events_of_a_payment_one_is_claimed_at_a_time(play: Any, gateway: MockGateway) -> None:
    order: list[str] = []

    async def note(event: CallbackEvent, connection: Any) -> None:
        order.append(f"{event.payment_id} {event.state}")

    async def scenario(inbox: Any) -> None:
        for payment_id in ("a", "b"):
            for state in (("processing", "new"), ("processing", "requisites"), ("success", None)):
                await take(inbox, gateway.signed_callback(payment_id, *state))
        assert await inbox.process(note, note) == 6

    play(scenario)
    for payment_id in ("a", "b"):
        mine = [line for line in order if line.startswith(payment_id)]
        assert mine == [f"{payment_id} {state}" for state in ("processing:new", "processing:requisites", "success")]


def test_without_a_handler_for_updates_they_are_done(play: Any, gateway: MockGateway, sqlite: str) -> None:
    async def scenario(inbox: Any) -> None:
        await take(inbox, gateway.signed_callback("order-1", "processing", "paid"))
        gateway.travel(1)
        assert await inbox.process(ignore) == 1
        (row,) = await inbox.list()
        assert (row["state"], row["reason"], row["attempts"], row["changed_at"]) == ("done", None, 0, gateway.clock())
        with at(sqlite).connect() as connection:
            payment = connection.execute(sa.select(PAYMENTS)).one()
        values = (payment.state, payment.handled, payment.busy_token, payment.busy_until, payment.final_print)
        assert values == ("processing:paid", "processing:paid", None, None, None)

    play(scenario)


def test_a_limit_is_kept(play: Any, gateway: MockGateway) -> None:
    seen: list[str] = []

    async def note(event: CallbackEvent, connection: Any) -> None:
        seen.append(event.payment_id)

    async def scenario(inbox: Any) -> None:
        for number in range(25):
            await take(inbox, gateway.signed_callback(f"order-{number}", "success"))
        assert await inbox.process(note, limit=0) == 0
        assert await inbox.process(note, limit=12) == 12
        assert await inbox.process(note) == 13

    play(scenario)
    assert len(seen) == 25
    assert seen == [f"order-{number}" for number in range(25)], "the oldest first"


def test_released_event_keeps_its_failed_attempts(gateway: MockGateway, sqlite: str) -> None:
    stop = threading.Event()

    def fails(event: CallbackEvent, connection: Any) -> None:
        raise RuntimeError

    def stops(event: CallbackEvent, connection: Any) -> None:
        stop.set()

    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        for number in range(3):
            inbox.receive(*_parts(gateway.signed_callback(f"order-{number}", "success")))
            if number < 2:
                inbox.process(fails)
        gateway.travel(1)
        inbox.run(stops, stop=stop)
        rows = [(row["payment_id"], row["state"], row["attempts"]) for row in reversed(inbox.list())]
        assert rows == [("order-0", "retry", 1), ("order-1", "retry", 1), ("order-2", "done", 1)]
        gateway.travel(1)
        assert inbox.process(lambda event: None) == 2


def test_a_genuine_one_without_ids_is_kept_for_a_person(play: Any, gateway: MockGateway) -> None:
    sent = gateway.signed_callback("order-1", "success", body={"general": {"payment_id": 7}})

    async def scenario(inbox: Any) -> None:
        assert await take(inbox, sent) == TAKEN
        (row,) = await inbox.list()
        told_of = {name: row[name] for name in ("project_id", "payment_id", "status", "state", "reason", "signed_at")}
        assert told_of == {
            "project_id": gateway.project_id,
            "payment_id": "",
            "status": "",
            "state": "parked",
            "reason": "fields",
            "signed_at": 0,
        }
        rest = ("request_id", "sub_status", "amount", "currency", "payment_type")
        assert {row[name] for name in rest} == {None, "payin"}
        assert (row["key_id"], row["final"]) == ("", False)
        assert (await inbox.show(1))["body"]["general"]["payment_id"] == 7

    play(scenario)


def test_the_project_of_the_home_directory_is_expected(gateway: MockGateway, sqlite: str, tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text(json.dumps({"project_id": gateway.project_id, "base_url": "http://x"}))
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}, home=tmp_path) as inbox:
        inbox.expect("order-1", Money("1.00", "RUB"))
        inbox.receive(*_parts(gateway.signed_callback("order-1", "success")))
        assert [row["reason"] for row in inbox.list()] == ["amount"]


class Stop(threading.Event):
    """End a run at the second pause; record the pauses."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        if len(self.pauses) == 2:
            self.set()
        return self.is_set()


def test_run_goes_on_after_a_failure_and_pauses_between(
    gateway: MockGateway, sqlite: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("words of a driver")

    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        with monkeypatch.context() as patched:
            patched.setattr("highhelp.inbox.leases.claim", away)
            stop = Stop()
            inbox.run(lambda event: None, stop=stop, poll=7)
            assert stop.pauses == [7, 7]
            assert lines(caplog) == [("ERROR", "callbacks cannot be handled now error=ConnectionError")] * 2
        inbox.receive(*_parts(gateway.signed_callback("order-1", "success")))
        seen: list[str] = []
        stop = Stop()
        inbox.run(lambda event: seen.append(event.payment_id), stop=stop)
        assert stop.pauses == [1, 1]
        assert seen == ["order-1"]

        def refuses(*_: object, **__: object) -> None:
            raise SettingsError("tables", "are newer than the code")

        monkeypatch.setattr("highhelp.inbox.leases.claim", refuses)
        with pytest.raises(SettingsError, match="newer"):
            inbox.run(lambda event: None, stop=threading.Event(), poll=0)


def test_an_asynchronous_run_does_the_same(
    gateway: MockGateway, sqlite: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [ConnectionError("words of a driver")] * 2
    real = asyncio.wait_for
    pauses: list[float | None] = []

    async def wait_for(waiting: Any, timeout: float | None) -> Any:
        pauses.append(timeout)
        return await real(waiting, 0)

    async def run() -> None:
        from highhelp.inbox import leases

        claim = leases.claim

        def sometimes(*arguments: Any, **named: Any) -> Any:
            if failures:
                raise failures.pop()
            return claim(*arguments, **named)

        monkeypatch.setattr("highhelp.inbox.leases.claim", sometimes)
        monkeypatch.setattr("highhelp.inbox.store.asyncio.wait_for", wait_for)
        stop = asyncio.Event()
        about: Any = {"verifier": gateway.verifier(), "clock": gateway.clock, "environ": {}}
        async with AsyncCallbackInbox(sqlite, **about) as inbox:
            await take(inbox, gateway.signed_callback("order-1", "processing", "new"))
            await take(inbox, gateway.signed_callback("order-1", "success"))
            seen: list[str] = []

            async def handler(event: CallbackEvent) -> None:
                seen.append(event.state)
                if event.is_final:
                    stop.set()

            await inbox.run(handler, handler, stop=stop, poll=7)
            assert seen == ["processing:new", "success"]
            failures.append(SettingsError("tables", "are newer than the code"))  # type: ignore[arg-type]  # any error
            with pytest.raises(SettingsError, match="newer"):
                await inbox.run(handler)

    asyncio.run(run())
    assert pauses == [7, 7, 7]
    assert lines(caplog) == [("ERROR", "callbacks cannot be handled now error=ConnectionError")] * 2


def test_an_asynchronous_run_that_is_stopped_gives_back_the_rest(gateway: MockGateway, sqlite: str) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        seen: list[str] = []

        async def handler(event: CallbackEvent, connection: Any) -> None:
            seen.append(event.payment_id)
            stop.set()

        about: Any = {"verifier": gateway.verifier(), "clock": gateway.clock, "environ": {}}
        async with AsyncCallbackInbox(sqlite, **about) as inbox:
            for number in range(3):
                await take(inbox, gateway.signed_callback(f"order-{number}", "success"))
            await inbox.run(handler, stop=stop)
            assert seen == ["order-0"]
            rows = [(row["state"], row["attempts"]) for row in reversed(await inbox.list())]
            assert rows == [("done", 1), ("received", 0), ("received", 0)]
            assert await inbox.process(handler) == 2

    asyncio.run(run())


def test_keys_stay_as_they_are(gateway: MockGateway) -> None:
    # they are stored in users' databases: with other keys, handled events would be handled again
    assert payment_key("project", "order-1") == "d565870ea0cb8919e7353b641cb56c1f674e19bda84f30f80692aa76f287d24f"
    assert final_key("project", "order-1") == "7fd4dff2a95759ace9145d0c33e0e3374d2ce2ec2a7aa461f4db57beb4407418"
    assert parked_key("stale", "project", "abc") == "07e165764e5c1cfa67d4554025354999475b753f8a16fd8412d9b1859f6a027e"
    assert (
        fingerprint("success", None, 100, "RUB", "payin", "r-1")
        == "d0dd75349205e3e900be6a4cf0815eaea4554460c3062d7c2102fc0f05dc60c3"
    )
    assert associated_data("project", "abc") == "project\nabc"
    sent = gateway.signed_callback("order-1", "processing", "new")
    callback = gateway.verifier().verify(sent.body, sent.headers)
    parts = ("update", gateway.project_id, "order-1", "processing", "new", callback.normalized_sha256)
    assert event_key(callback) == hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    sent = gateway.signed_callback("order-1", "success")
    assert event_key(gateway.verifier().verify(sent.body, sent.headers)) == final_key(gateway.project_id, "order-1")
