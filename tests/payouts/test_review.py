"""Payouts held although refused, decisions of a person, two gateways, wrong clocks, fingerprint keys."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import (
    CallbackInbox,
    DuplicatePayment,
    NoSuchPayout,
    PayoutBusy,
    PayoutConflict,
    PayoutUnsettled,
    Rejected,
    SettingsError,
)
from highhelp.payouts.csv_file import RowsRefused
from highhelp.payouts.guard import gateway_of
from highhelp.payouts.intents import ADOPTED, NOT_KNOWN_TO_BE_OURS, PayoutRefusal
from highhelp.settings import Source
from tests.payouts.crasher import body
from tests.payouts.test_both_kinds import play as play
from tests.payouts.test_guard import BODY, CREATE, REFUSAL, answering, creates, die_before_sending, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp import PayoutGuard
    from highhelp_mock import MockGateway

ABSENT = (404, REFUSAL)
FACTS = {"amount": 10000, "currency": "RUB", "type": "payout"}
INFO = {"payment_info": FACTS}


def held(number: object = None, **changes: Any) -> tuple[int, dict[str, Any]]:
    """Info's report on a payout, with its masked receiver."""
    account = {} if number is None else {"account": {"number": number}}
    return 200, {"status": "processing", "payment_id": "p-1", "payment_info": FACTS, **account, **changes}


# Adoption.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "is_ours"),
    [
        ("220000******0004", True),
        ("2200********0004", True),
        ("220*********0004", False),
        ("2200 00** **** 0004", True),
        ("2200-0000-0000-0004", True),
        ("220000******0005", False),
        ("220100******0004", False),
        ("************0004", False),
        ("220000***0004", False),
        ("2200000000******", False),
        ("220000******000*", False),
        ("", False),
        (2200000000000004, False),
        (None, False),
    ],
)
@pytest.mark.parametrize("status", [409, 422, 401])
def test_a_reported_receiver_shows_that_it_is_ours(
    play: Any, gateway: MockGateway, number: object, is_ours: bool, status: int
) -> None:
    # cases/adversity/lb_retry.py: the first copy was accepted, the second one refused
    async def scenario(guard: Any) -> None:
        if is_ours:
            adopted = await guard.send(BODY, operation=CREATE)
            assert (adopted.state, adopted.reason, adopted.status) == ("settled", ADOPTED, "processing")
            return
        with pytest.raises(DuplicatePayment) as taken:
            await guard.send(BODY, operation=CREATE)
        assert taken.value.existing is not None
        (kept,) = await guard.list()
        assert (kept.state, kept.reason, kept.status) == ("needs_review", NOT_KNOWN_TO_BE_OURS, "processing")

    play(scenario, answering((status, REFUSAL), held(number), held(number)))


def test_the_newer_of_two_reports_is_stored(gateway: MockGateway, sqlite: str) -> None:
    before, after = (held("220000******0004", sub_status=one) for one in ("new", "payout_process"))
    with made(gateway, sqlite, answering((409, REFUSAL), before, after)) as guard:
        assert guard.send(BODY, operation=CREATE).sub_status == "payout_process"


def test_a_receiver_alone_is_not_enough(gateway: MockGateway, sqlite: str) -> None:
    for payment_id, facts in (("p-1", FACTS | {"type": None}), ("p-2", FACTS | {"amount": 9999})):
        answer = held("220000******0004", payment_id=payment_id, payment_info=facts)
        with made(gateway, sqlite, answering((409, REFUSAL), answer, answer)) as guard:
            with pytest.raises(DuplicatePayment):
                guard.send(body(payment_id, 10000, "RUB"), operation=CREATE)
            assert [one.state for one in guard.list(payment_id=payment_id)] == ["needs_review"]


@pytest.mark.parametrize("second", [ABSENT, (500, REFUSAL)])
def test_what_was_held_a_moment_ago_is_not_refused(
    gateway: MockGateway, sqlite: str, second: Any, naps: list[float]
) -> None:
    # two servers behind one address, of which one lags
    with made(gateway, sqlite, answering((409, REFUSAL), held("220000******0004"), *[second] * 4)) as guard:
        with pytest.raises(DuplicatePayment):
            guard.send(BODY, operation=CREATE)
        assert [(one.state, one.reason) for one in guard.list()] == [("needs_review", NOT_KNOWN_TO_BE_OURS)]


@pytest.mark.parametrize(("reported", "state"), [(FACTS, "settled"), ({"amount": 10000}, "needs_review")])
def test_what_was_sent_before_is_adopted_with_the_same_facts(
    gateway: MockGateway, sqlite: str, reported: dict[str, Any], state: str, naps: list[float]
) -> None:
    there = held(payment_info=reported)
    transport = answering((422, REFUSAL), ABSENT, ABSENT, (409, REFUSAL), there, there)
    with made(gateway, sqlite, transport) as guard:
        with pytest.raises(Rejected):
            guard.send(BODY, operation=CREATE)
        assert [one.confirmed for one in guard.recover()] == [True]
        if state == "settled":
            assert guard.send(BODY, operation=CREATE).reason == ADOPTED
        else:
            with pytest.raises(DuplicatePayment):
                guard.send(BODY, operation=CREATE)
        assert [one.state for one in guard.list()] == [state]


@pytest.mark.parametrize("asked", ["recover", "status", "callback"])
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_refused_payout_can_still_change(
    gateway: MockGateway, sqlite: str, asked: str, confirmed: bool, naps: list[float]
) -> None:
    with made(gateway, sqlite, answering((422, REFUSAL), *[ABSENT] * (1 + confirmed), held())) as guard:
        with pytest.raises(Rejected):
            guard.send(BODY, operation=CREATE)
        if confirmed:
            guard.recover()
        if asked == "recover":
            assert len(guard.recover()) == (not confirmed)
        elif asked == "status":
            guard.status("p-1")
        else:
            call_back(guard, gateway, sqlite, "success")
        (payout,) = guard.list()
        expected = ("refused", None) if asked == "recover" and confirmed else ("settled", ADOPTED)
        assert (payout.state, payout.reason if payout.state == "settled" else None) == expected


def call_back(guard: PayoutGuard, gateway: MockGateway, url: str, status: str, info: dict[str, Any] = INFO) -> None:
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        sent = gateway.signed_callback("p-1", status, body=info)
        assert inbox.receive(sent.body, list(sent.headers.items()))[0] == 200
        assert inbox.process(guard.settle) == 1


def test_a_repeating_load_balancer_leaves_no_refused_payout(gateway: MockGateway, sqlite: str) -> None:
    def second_answer(request: httpx.Request) -> httpx.Response:
        first = gateway.transport.handle_request(request)
        return first if request.url.path.endswith("/info") else httpx.Response(409, json=REFUSAL)

    with made(gateway, sqlite, httpx.MockTransport(second_answer)) as guard:
        report = guard.send_batch([BODY], operation=CREATE)
        (payout,) = report.payouts
        assert payout.state in ("settled", "needs_review")
        assert report.complete == (payout.state == "settled")
        call_back(guard, gateway, sqlite, "success")
        assert [one.status for one in guard.list()] == ["success"]
        if payout.state == "needs_review":
            assert not guard.send_batch([BODY], operation=CREATE).complete
            assert guard.adopt("p-1").state == "settled"
        assert guard.send_batch([BODY], operation=CREATE).complete
    assert len(gateway.payments) == 1


# Decisions of a person.


def test_the_methods_of_a_person(play: Any, gateway: MockGateway) -> None:
    async def scenario(guard: Any) -> None:
        with pytest.raises(DuplicatePayment):
            await guard.send(BODY, operation=CREATE)
        with pytest.raises(PayoutRefusal, match="is needs_review; it cannot be changed by `payouts release`"):
            await guard.release("p-1")
        refused = await guard.refuse("p-1")
        assert (refused.state, refused.confirmed) == ("refused", True)
        assert (await guard.status("p-1")).state == "refused", "it is the payment at which the person has looked"
        released = await guard.release("p-1")
        assert (released.state, released.confirmed) == ("prepared", False)
        with pytest.raises(PayoutRefusal, match="is prepared; it cannot be changed by `payouts adopt`"):
            await guard.adopt("p-1")
        await guard.refuse("p-1")
        adopted = await guard.adopt("p-1")
        assert (adopted.state, adopted.reason) == ("settled", "adopted by a person")
        for decide in (guard.adopt, guard.refuse, guard.release):
            with pytest.raises(NoSuchPayout):
                await decide("p-9")

    other = held(payment_info=FACTS | {"amount": 1})
    play(scenario, answering((409, REFUSAL), other, other, other))


def test_a_released_payout_is_sent_and_doubtful(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    gateway.fault(CREATE, "drop_response_after_commit")
    gateway.fault("get_p2p_payout", "http_500", times=4)
    with made(gateway, sqlite, gateway.transport) as guard:
        report = guard.send_batch([BODY], operation=CREATE)
        assert [one.state for one in report.payouts] == ["unknown"]
        guard.release("p-1")
        # the person was wrong: the gateway holds it, and the payout is settled and not refused
        assert guard.send(BODY, operation=CREATE).state == "settled"
    assert len(gateway.payments) == 1


# Two gateways.


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://gateway.example", "https://gateway.example:443"),
        ("HTTPS://Gateway.Example:443/api", "https://gateway.example:443"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
def test_a_gateway_is_its_origin(url: str, name: str) -> None:
    assert gateway_of(url, Source.load({})) == name
    assert gateway_of(url, Source.load({"HIGHHELP_GATEWAY": "production"})) == "production"


@pytest.mark.parametrize("state", ["prepared", "settled"])
def test_only_sending_is_refused_at_another_gateway(
    play: Callable[..., None], gateway: MockGateway, state: str
) -> None:
    # cases/adversity/two_gateways.py
    here, there = {"HIGHHELP_GATEWAY": "sandbox"}, {"HIGHHELP_GATEWAY": "production"}
    before: list[int] = []

    async def at_home(guard: Any) -> None:
        await getattr(guard, "prepare" if state == "prepared" else "send")(BODY, operation=CREATE)
        assert [one.gateway for one in await guard.list()] == ["sandbox"]
        before.append(creates(gateway))

    async def elsewhere(guard: Any) -> None:
        named = "was prepared for sandbox, and this client sends to production; nothing was sent"
        with pytest.raises(PayoutConflict, match=named) as refused:
            await guard.send(BODY, operation=CREATE)
        assert "`highhelp payouts move-gateway sandbox production`" in str(refused.value)
        rows = [BODY, body("p-2", 5, "RUB")]
        for batch in (guard.send_batch, guard.check_batch):
            with pytest.raises(RowsRefused, match="row 1, column payment_id: was prepared for sandbox"):
                await batch(rows, operation=CREATE)
        assert creates(gateway) == before[0]
        assert (await guard.prepare(BODY, operation=CREATE)).state == state
        assert (await guard.status("p-1")).state == state
        assert await guard.recover() == []
        assert await guard.move_gateway("production", "sandbox") == 0
        assert await guard.move_gateway("sandbox", "production") == 1
        assert (await guard.send(BODY, operation=CREATE)).state == "settled"
        assert [one.gateway for one in await guard.list()] == ["production"]

    play(at_home, environ=here)
    play(elsewhere, environ=there)
    assert creates(gateway) == 1


@pytest.mark.parametrize("refused", [False, True])
def test_what_another_gateway_says_proves_nothing(
    play: Callable[..., None], gateway: MockGateway, refused: bool
) -> None:
    here, there = {"HIGHHELP_GATEWAY": "sandbox"}, {"HIGHHELP_GATEWAY": "production"}
    states = ("refused", "refused") if refused else ("unknown", "prepared")

    async def at_home(guard: Any) -> None:
        with pytest.raises(Rejected):
            await guard.send(BODY, operation=CREATE)

    async def elsewhere(guard: Any) -> None:
        gateway.travel(86_400)
        (left,) = await guard.recover()
        assert (left.state, left.confirmed, left.attempts) == (states[0], False, 1)
        if not refused:
            assert "not asked about: it was prepared for sandbox, and this client asks production" in str(left.reason)
            assert "`highhelp payouts move-gateway sandbox production`" in str(left.reason)
        with pytest.raises(PayoutConflict):
            await guard.send(BODY, operation=CREATE)
        assert await guard.move_gateway("sandbox", "production") == 1
        (found,) = await guard.recover()
        assert (found.state, found.confirmed) == (states[1], refused)

    play(at_home, answering((422 if refused else 403, REFUSAL), ABSENT), environ=here)
    play(elsewhere, answering(ABSENT), environ=there)


def test_a_payment_of_another_gateway_settles_nothing(play: Callable[..., None], gateway: MockGateway) -> None:
    async def at_home(guard: Any) -> None:
        with pytest.raises(Rejected):
            await guard.send(BODY, operation=CREATE)

    async def elsewhere(guard: Any) -> None:
        assert [one.state for one in await guard.recover()] == ["unknown"]
        assert (await guard.status("p-1")).state == "unknown"
        compared = await guard.reconcile(since=gateway.clock() - 9)
        assert [one.kind for one in compared.differences] == ["not_asked"]
        assert [one.state for one in await guard.list()] == ["unknown"]

    play(at_home, answering((403, REFUSAL), ABSENT), environ={"HIGHHELP_GATEWAY": "sandbox"})
    play(elsewhere, answering(held()), environ={"HIGHHELP_GATEWAY": "production"})


# Clocks.


def test_a_sender_that_died_in_another_year(gateway: MockGateway, sqlite: str) -> None:
    # cases/adversity/clock.py
    years = 4 * 365 * 86_400
    ahead = [years]
    clock = lambda: gateway.clock() + ahead[0]  # noqa: E731
    with made(gateway, sqlite, gateway.transport, absence_age=60, lease=100, clock=clock) as guard:
        die_before_sending(guard, BODY)
        ahead[0] = 0
        assert guard.recover() == [], "it may have been stored a moment ago"
        with pytest.raises(PayoutBusy):
            guard.send(BODY, operation=CREATE)
        told = guard.reconcile(since=0, until=gateway.clock() + 2 * years)
        assert (told.compared, told.being_sent) == (0, 1)
        gateway.travel(100)
        with pytest.raises(PayoutUnsettled):
            guard.send(BODY, operation=CREATE)
        told = guard.reconcile(since=0, until=gateway.clock() + 2 * years)
        assert [one.kind for one in told.differences] == ["not_arrived"]
        assert [one.state for one in guard.recover()] == ["unknown"]
        gateway.travel(60)
        assert [one.state for one in guard.recover()] == ["prepared"]
        assert guard.send(BODY, operation=CREATE).state == "settled"


def test_an_attempt_that_ended_in_another_year(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    years = 4 * 365 * 86_400
    gateway.fault(CREATE, "drop_request")
    ahead = [years]
    clock = lambda: gateway.clock() + ahead[0]  # noqa: E731
    with made(gateway, sqlite, gateway.transport, absence_age=60, lease=100, clock=clock) as guard:
        assert [one.state for one in guard.send_batch([BODY], operation=CREATE).payouts] == ["unknown"]
        ahead[0] = 0
        for seconds, state in ((0, "unknown"), (59, "unknown"), (1, "prepared")):
            gateway.travel(seconds)
            assert [one.state for one in guard.recover()] == [state]


# Keys of fingerprints.


def test_without_the_key_of_its_row_nothing_is_sent(gateway: MockGateway, sqlite: str) -> None:
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    with made(gateway, sqlite, gateway.transport, database_key=old) as guard:
        guard.prepare(BODY, operation=CREATE)
    for key, text in ((None, "is not set, and payout p-1 was stored with it"), (new, "is not the key")):
        with made(gateway, sqlite, gateway.transport, database_key=key) as guard:
            for call in (guard.send, guard.prepare):
                with pytest.raises(SettingsError, match=f"^HIGHHELP_DATABASE_KEY: {text}.*; nothing was sent$"):
                    call(BODY, operation=CREATE)
            with pytest.raises(SettingsError, match=text):
                guard.send_batch([BODY], operation=CREATE)
            assert [(one.state, one.attempts) for one in guard.list()] == [("prepared", 0)]
    assert gateway.calls == ()
    with made(gateway, sqlite, gateway.transport, database_key=f"{new},{old}") as guard:
        with pytest.raises(PayoutConflict):
            guard.send(BODY | {"receiver": {"pan": "2200000000000012"}}, operation=CREATE)
        assert guard.send(BODY, operation=CREATE).state == "settled"


@pytest.mark.parametrize("key", [None, base64.b64encode(bytes(32)).decode()])
def test_another_callback_address_is_the_same_body(gateway: MockGateway, sqlite: str, key: str | None) -> None:
    with made(gateway, sqlite, gateway.transport, database_key=key) as guard:
        for call, host in ((guard.prepare, "old"), (guard.send, "new")):
            address = {"merchant_callback_url": f"https://{host}.example/callbacks"}
            assert call(BODY | {"general": BODY["general"] | address}, operation=CREATE).payment_id == "p-1"
    (payment,) = gateway.payments
    assert payment.payment_id == "p-1"
