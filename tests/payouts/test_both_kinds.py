"""One scenario for the guard and its asynchronous twin: they are two drivers of the same flows."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa

from highhelp import (
    AsyncHighHelp,
    AsyncPayoutGuard,
    DuplicatePayment,
    HighHelp,
    NoSuchPayout,
    NotSent,
    OutcomeUnknown,
    PayoutBook,
    PayoutConflict,
    PayoutGuard,
    Rejected,
    SettingsError,
    Unavailable,
)
from highhelp.payouts.flow import Read, Write
from highhelp.storage.tables import PAYOUTS
from tests.payouts.conftest import bound
from tests.payouts.crasher import body
from tests.payouts.test_guard import BODY, CREATE, REFUSAL, answering, die_before_sending

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from highhelp_mock import MockGateway

INFO = {"payment_info": {"amount": 10000, "currency": "RUB", "type": "payout"}}


class Plain:
    """A PayoutGuard in the form of an AsyncPayoutGuard."""

    def __init__(self, guard: PayoutGuard) -> None:
        self.guard = guard

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.guard, name)
        if not callable(attribute):
            return attribute

        async def call(*arguments: Any, **named: Any) -> Any:
            return attribute(*arguments, **named)

        return call


@pytest.fixture(params=["sync", "async"])
def play(request: pytest.FixtureRequest, gateway: MockGateway, sqlite: str, naps: list[float]) -> Callable[..., None]:
    """Run a scenario with a guard of either kind."""

    def play(
        scenario: Callable[[Any], Coroutine[Any, Any, None]],
        transport: httpx.MockTransport | None = None,
        **options: Any,
    ) -> None:
        about: dict[str, Any] = {
            "base_url": gateway.base_url,
            "project_id": gateway.project_id,
            "signer": gateway.project.signer,
            "transport": transport or gateway.transport,
            "clock": gateway.clock,
            "environ": {},
        }

        about_guard: dict[str, Any] = {"absence_age": 0, "environ": {}, **options}

        async def run() -> None:
            if request.param == "async":
                async with (
                    AsyncHighHelp(**about) as client,
                    AsyncPayoutGuard(client, sqlite, clock=gateway.clock, **about_guard) as guard,
                ):
                    await scenario(guard)
                return
            with (
                HighHelp(**about) as plain,
                PayoutGuard(plain, sqlite, clock=gateway.clock, **about_guard) as one,
            ):
                await scenario(Plain(one))

        asyncio.run(run())

    return play


def test_every_method(play: Any, gateway: MockGateway, sqlite: str) -> None:
    async def scenario(guard: Any) -> None:
        began = gateway.clock()
        for payment_id in ("p-1", "p-2"):
            prepared = await guard.prepare(body(payment_id, 10000, "RUB"), operation=CREATE)
            assert (prepared.payment_id, prepared.state) == (payment_id, "prepared")
        with pytest.raises(PayoutConflict):
            await guard.prepare(body("p-1", 1, "RUB"), operation=CREATE)
        assert [one.payment_id for one in await guard.list()] == ["p-2", "p-1"]
        assert [one.payment_id for one in await guard.list(limit=1)] == ["p-2"]
        assert [one.payment_id for one in await guard.list(payment_id="p-1")] == ["p-1"]
        assert (await guard.send(body("p-1", 10000, "RUB"), operation=CREATE)).status == "processing"
        assert [one.payment_id for one in await guard.list(state="settled")] == ["p-1"]
        assert (await guard.show("p-1"))["body"]["receiver"] == {"pan": "***"}
        gateway.advance("p-1", "processing", "payout_process")
        assert (await guard.status("p-1")).sub_status == "payout_process"
        # three were left by a dead process, of which one is queried
        for payment_id in ("p-3", "p-4", "p-5"):
            with (
                HighHelp(**bound(gateway)) as client,
                PayoutGuard(client, sqlite, clock=gateway.clock, environ={}) as dead,
            ):
                die_before_sending(dead, body(payment_id, 5, "RUB"))
        gateway.travel(121)
        assert [one.payment_id for one in await guard.recover("p-4")] == ["p-4"]
        assert [one.payment_id for one in await guard.recover()] == ["p-3", "p-5"]
        sent = gateway.signed_callback("p-1", "success", body=INFO)
        event = GatewayView(gateway.verifier().verify(sent.body, sent.headers))
        settled = await guard.settle(event)
        assert (settled.payment_id, settled.status, settled.changed_at) == ("p-1", "success", 17.0)
        event.payment_id = "nobody"
        assert await guard.settle(event) is None
        assert {one.payment_id for one in await guard.list(state="settled")} == {"p-1"}
        assert (await guard.reconcile(since=began - 9, until=began - 5)).differences == ()
        pages: list[Any] = []
        compared = await guard.reconcile(since=began, progress=lambda *about: pages.append(about))
        assert compared.differences != ()
        assert pages[-1][0] == pages[-1][1] > 0
        for wrong in ({"per_second": 0}, {"concurrency": 0}, {"concurrency": 13}):
            with pytest.raises(SettingsError, match=next(iter(wrong))):
                await guard.reconcile(since=began, **wrong)
        for number in range(50):
            await guard.prepare(body(f"many-{number}", 5, "RUB"), operation=CREATE)
        assert len(await guard.list()) == 50
        assert len(await guard.list(limit=None)) == 55

    play(scenario)


def test_a_batch_and_its_options(play: Any, gateway: MockGateway, sqlite: str) -> None:
    async def scenario(guard: Any) -> None:
        told: list[Any] = []
        rows = [body("b-1", 5, "RUB"), body("b-2", 6, "RUB")]
        report = await guard.send_batch(rows, operation=CREATE, progress=told.append)
        assert [(one.payment_id, one.state) for one in report.payouts] == [("b-1", "settled"), ("b-2", "settled")]
        assert len(told) == 2
        assert {one.gateway for one in report.payouts} == {"https://highhelp.test:443"}
        for wrong in ({"per_second": 0}, {"concurrency": 0}, {"concurrency": 13}):
            with pytest.raises(SettingsError, match=next(iter(wrong))):
                await guard.send_batch(rows, operation=CREATE, **wrong)
        with pytest.raises(SettingsError, match="operation"):
            await guard.send_batch(rows)
        step = next(guard._flows.send(body("b-3", 5, "RUB"), CREATE))
        await run(guard, step)
        report = await guard.send_batch([body("b-3", 5, "RUB")], operation=CREATE, wait_for_others=False)
        assert [one.state for one in report.payouts] == ["sent"]

    play(scenario)


class GatewayView:
    """A callback as an event."""

    def __init__(self, callback: Any) -> None:
        names = ("project_id", "payment_id", "status", "sub_status", "amount", "currency", "request_id")
        for name in names:
            setattr(self, name, getattr(callback, name))
        self.payment_id: str = callback.payment_id
        self.payment_type = "payout"
        self.received_at = 17.0


def test_a_guard_shows_nothing_of_itself(play: Any) -> None:
    async def scenario(guard: Any) -> None:
        shown = guard if isinstance(guard, AsyncPayoutGuard) else guard.guard
        assert repr(shown) == f"<{type(shown).__name__}>"

    play(scenario)


ABSENT = (404, REFUSAL)
TAKEN = (409, REFUSAL)
FAILS = (500, REFUSAL)


EARLIER = "an earlier attempt may have been carried out"


@pytest.mark.parametrize(
    ("script", "reason", "status"),
    [
        ([TAKEN, ABSENT], f"HTTP 409: no; {EARLIER}", 409),
        ([TAKEN, *[FAILS] * 4], f"HTTP 409: no; {EARLIER}", 409),
        ([(401, REFUSAL), (401, REFUSAL)], f"HTTP 401: no; {EARLIER}", 401),
        ([(422, REFUSAL), ABSENT], f"HTTP 422: no; {EARLIER}", 422),
    ],
)
@pytest.mark.parametrize("noted", [True, False])
def test_duplicate_after_unknown_attempt_may_be_our_own(
    play: Any,
    gateway: MockGateway,
    script: list[Any],
    reason: str,
    status: int,
    noted: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario(guard: Any) -> None:
        flow = guard._flows.send(BODY, CREATE)
        step = next(flow)
        assert isinstance(step, Write)
        await run(guard, step)
        flow.close()
        gateway.travel(121)
        assert [one.state for one in await guard.recover()] == ["prepared"]
        if not noted:
            monkeypatch.setattr("highhelp.payouts.lifecycle.end_attempt", away)
        with pytest.raises(OutcomeUnknown, match=reason) as caught:
            await guard.send(BODY, operation=CREATE)
        unknown = caught.value
        assert (unknown.operation, unknown.payment_id, unknown.status) == (CREATE, "p-1", status)
        notes = getattr(unknown, "__notes__", [])
        if noted:
            assert notes == []
            (kept,) = await guard.list()
            assert kept.state == "unknown"
            assert kept.reason == reason
        else:
            assert notes == ["this could not be stored (ConnectionError): the intent stays `sent` until recover()"]
            assert [one.state for one in await guard.list()] == ["sent"]

    play(scenario, answering(ABSENT, *script))


async def run(guard: Any, step: Any) -> Any:
    """Perform a step of a flow."""

    def one() -> Any:
        return (yield step)

    return await guard._run(one())


def away(*_: object, **__: object) -> None:
    raise ConnectionError("words of a driver")


@pytest.mark.parametrize(
    ("answer", "error", "state", "reason"),
    [
        ((422, REFUSAL), Rejected, "refused", "invalid"),
        ((400, REFUSAL), Rejected, "refused", "malformed"),
        ((404, REFUSAL), Rejected, "refused", "not_found"),
        ((401, REFUSAL), Rejected, "unknown", "unauthorized"),
        ((403, REFUSAL), Rejected, "unknown", "forbidden"),
        ((409, REFUSAL), DuplicatePayment, "refused", "duplicate"),
        ((429, REFUSAL), Unavailable, "unknown", "HTTP 429: no; safe to repeat"),
    ],
)
@pytest.mark.parametrize("noted", [True, False])
def test_end_of_an_attempt_is_stored_or_noted_on_the_error(
    play: Any,
    answer: Any,
    error: type[Exception],
    state: str,
    reason: str,
    noted: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not noted:
        monkeypatch.setattr("highhelp.payouts.lifecycle.end_attempt", away)

    async def scenario(guard: Any) -> None:
        with pytest.raises(error) as caught:
            await guard.send(BODY, operation=CREATE)
        (kept,) = await guard.list()
        expected = (state, reason, []) if noted else ("sent", None, [NOT_NOTED])
        assert (kept.state, kept.reason, getattr(caught.value, "__notes__", [])) == expected

    play(scenario, answering(answer, ABSENT))


NOT_NOTED = "this could not be stored (ConnectionError): the intent stays `sent` until recover()"


@pytest.mark.parametrize("noted", [True, False])
def test_an_attempt_that_never_left(play: Any, naps: list[float], noted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not noted:
        monkeypatch.setattr("highhelp.payouts.lifecycle.end_attempt", away)

    def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("words of a library")

    async def scenario(guard: Any) -> None:
        with pytest.raises(NotSent) as caught:
            await guard.send(BODY, operation=CREATE)
        (kept,) = await guard.list()
        if noted:
            assert kept.state == "prepared"
            assert str(caught.value) == f"{CREATE} p-1: {kept.reason}"
        else:
            assert (kept.state, caught.value.__notes__) == ("sent", [NOT_NOTED])

    play(scenario, httpx.MockTransport(dead))


def test_an_answer_that_cannot_be_noted(play: Any, gateway: MockGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(guard: Any) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("highhelp.payouts.lifecycle.settle", away)
            with pytest.raises(OutcomeUnknown) as caught:
                await guard.send(BODY, operation=CREATE)
        unknown = caught.value
        assert str(unknown) == (
            f"{CREATE} p-1: the gateway has answered, but that could not be stored (ConnectionError); "
            "call recover() later"
        )
        assert (unknown.operation, unknown.payment_id, unknown.attempts) == (CREATE, "p-1", 1)
        assert isinstance(unknown.__cause__, ConnectionError)

    play(scenario)


def test_an_answer_settles_an_intent_whose_row_is_gone(play: Any, gateway: MockGateway, sqlite: str) -> None:
    def fail_over(request: httpx.Request) -> httpx.Response:
        with PayoutBook(sqlite, environ={}) as book:
            book._database.write(lambda connection: connection.execute(sa.delete(PAYOUTS)))
        return gateway.transport.handle_request(request)

    async def scenario(guard: Any) -> None:
        sent = await guard.send(BODY, operation=CREATE)
        assert (sent.state, sent.status) == ("settled", "processing")
        assert await guard.list() == [sent]

    play(scenario, httpx.MockTransport(fail_over))


def test_the_time_of_a_transaction_is_the_clocks(gateway: MockGateway, sqlite: str) -> None:
    async def scenario() -> None:
        async with (
            AsyncHighHelp(**bound(gateway)) as client,
            AsyncPayoutGuard(client, sqlite, environ={}) as guard,
        ):
            began = time.time()
            prepared = await guard.prepare(BODY, operation=CREATE)
            assert began - 1 < prepared.created_at < time.time() + 1, "by default it is the machine's"

    asyncio.run(scenario())


def test_an_intent_that_cannot_be_stored_is_not_sent(
    play: Any, gateway: MockGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("highhelp.payouts.lifecycle.acquire", away)

    async def scenario(guard: Any) -> None:
        with pytest.raises(NotSent) as caught:
            await guard.send(BODY, operation=CREATE)
        about = f"{CREATE} p-1: the intent could not be stored (ConnectionError); nothing was sent"
        assert (str(caught.value), caught.value.operation, caught.value.payment_id) == (about, CREATE, "p-1")

    play(scenario)
    assert gateway.calls == ()


def test_reading_and_writing_are_apart(play: Any) -> None:
    async def scenario(guard: Any) -> None:
        for step in (Write(lambda connection, now: "written"), Read(lambda connection: "read")):
            assert await run(guard, step) == ("written" if isinstance(step, Write) else "read")

    play(scenario)


def test_the_lease_is_the_one_that_is_given(play: Any, gateway: MockGateway) -> None:
    async def scenario(guard: Any) -> None:
        await run(guard, next(guard._flows.send(BODY, CREATE)))
        assert [one.busy_until for one in await guard.list()] == [gateway.clock() + 100]

    play(scenario, lease=100)


def test_why_a_body_cannot_be_sent_from_rest(play: Any, gateway: MockGateway) -> None:
    missing = "its body is not stored in full; pass it again to send()"
    with_key = {"database_key": base64.b64encode(bytes(32)).decode()}

    async def prepare(guard: Any) -> None:
        await guard.prepare(BODY, operation=CREATE)

    async def sealed(guard: Any) -> None:
        await guard.prepare(body("p-2", 5, "RUB"), operation=CREATE)
        with pytest.raises(SettingsError, match=f"^HIGHHELP_DATABASE_KEY: {re.escape(missing)}$"):
            await guard.resume("p-1")
        with pytest.raises(NoSuchPayout, match=r"^payout p-9: there is no intent of it$"):
            await guard.resume("p-9")

    async def without(guard: Any) -> None:
        for payment_id in ("p-1", "p-2"):
            with pytest.raises(SettingsError, match=f"^HIGHHELP_DATABASE_KEY: is not set; {re.escape(missing)}$"):
                await guard.resume(payment_id)

    async def resume(guard: Any) -> None:
        assert (await guard.resume("p-2")).state == "settled"

    play(prepare)
    play(sealed, **with_key)
    play(without)
    play(resume, **with_key)


def test_a_taken_payment_id_that_is_our_own_is_the_payout(play: Any, gateway: MockGateway) -> None:
    held = {"status": "processing", "payment_id": "p-1", "payment_info": {"amount": 10000, "currency": "RUB"}}

    async def scenario(guard: Any) -> None:
        await run(guard, next(guard._flows.send(BODY, CREATE)))
        gateway.travel(121)
        await guard.recover()
        settled = await guard.send(BODY, operation=CREATE)
        assert (settled.state, settled.status, settled.attempts) == ("settled", "processing", 2)

    play(scenario, answering(ABSENT, TAKEN, FAILS, (200, held)))


def test_what_the_gateway_says_is_kept_short_and_storable(play: Any) -> None:
    words = {"status": "error", "status_description": "a\0b" + "x" * 500}

    async def scenario(guard: Any) -> None:
        with pytest.raises(OutcomeUnknown):
            await guard.send(BODY, operation=CREATE)
        (kept,) = await guard.list()
        assert kept.reason == ("HTTP 500: a\ufffdb" + "x" * 500)[:300]

    play(scenario, answering((500, words), ABSENT, ABSENT))
