"""Planted differences of every kind between guard, inbox and gateway are found, named, and left as they are."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from highhelp import CallbackInbox, DuplicatePayment, OutcomeUnknown, SettingsError
from highhelp.payouts.intents import Facts, Payout
from highhelp.payouts.reconcile import KINDS, Reconciliation, StoredCallback, Unreachable, compare
from highhelp.storage.tables import EVENTS, PAYOUTS
from tests.gateway.merchant import Merchant
from tests.payouts.crasher import body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from highhelp import PayoutGuard
    from highhelp_mock import MockGateway

CREATE = "create_p2p_payout"
PAYOUT = {"payment_info": {"amount": 100, "currency": "RUB", "type": "payout"}}


@pytest.fixture
def inbox(gateway: MockGateway, sqlite: str) -> Iterator[CallbackInbox]:
    with CallbackInbox(sqlite, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as made:
        yield made


class Books:
    """Plant differences; each payout is consistent before."""

    def __init__(self, guard: PayoutGuard, inbox: CallbackInbox, gateway: MockGateway) -> None:
        self.guard, self.inbox, self.gateway = guard, inbox, gateway

    def send(self, payment_id: str) -> None:
        self.guard.send(body(payment_id, 100, "RUB"), operation=CREATE)

    def hear(self, payment_id: str, status: str, info: dict[str, Any] | None = None, **how: Any) -> None:
        sent = self.gateway.signed_callback(payment_id, status, body=info or PAYOUT, **how)
        assert self.inbox.receive(sent.body, list(sent.headers.items()))[0] == 200

    def handle(self) -> None:
        self.inbox.process(self.guard.settle)

    def end(self, payment_id: str, status: str = "success") -> None:
        self.gateway.advance(payment_id, "processing", "payout_process")
        self.gateway.advance(payment_id, status)

    def change(self, payment_id: str, **values: Any) -> None:
        with self.guard._database.engine.begin() as connection:
            connection.execute(sa.update(PAYOUTS).where(PAYOUTS.c.payment_id == payment_id).values(**values))

    def forget_at_the_gateway(self, payment_id: str) -> None:
        with self.gateway.dispatcher.engine() as engine:
            engine._payments.pop((self.gateway.project_id, payment_id))


@pytest.fixture
def books(guard: PayoutGuard, inbox: CallbackInbox, gateway: MockGateway) -> Books:
    return Books(guard, inbox, gateway)


def sound(books: Books) -> None:
    """A payout in progress and a final one, both without a difference."""
    books.send("sound-1")
    books.send("sound-2")
    books.end("sound-2")
    books.hear("sound-2", "success")
    books.handle()


def not_sent(books: Books) -> None:
    books.guard.prepare(body("x", 100, "RUB"), operation=CREATE)


def not_arrived(books: Books) -> None:
    books.gateway.fault(CREATE, "drop_request")
    with pytest.raises(OutcomeUnknown):
        books.send("x")


def lost_answer(books: Books) -> None:
    books.send("x")
    books.change("x", state="sent", status=None, sub_status=None)


def held_though_prepared(books: Books) -> None:
    books.send("x")
    books.change("x", state="prepared", status=None, sub_status=None)


def held_though_refused(books: Books) -> None:
    books.send("x")
    books.change("x", state="refused", reason="invalid", sent_before=True, status=None, sub_status=None)


def refusal_not_confirmed(books: Books) -> None:
    not_sent(books)
    books.change("x", state="refused", reason="invalid")


def review_not_found(books: Books) -> None:
    needs_review(books)
    books.forget_at_the_gateway("x")


def needs_review(books: Books) -> None:
    merchant = Merchant(books.gateway, books.gateway.project)
    merchant.call(CREATE, merchant.p2p_payout("x", amount=7))
    with pytest.raises(DuplicatePayment):
        books.send("x")


def gone(books: Books) -> None:
    books.send("x")
    books.forget_at_the_gateway("x")


def other_amount(books: Books) -> None:
    books.send("x")
    books.change("x", amount=99)


def other_payment(books: Books) -> None:
    books.send("x")
    books.change("x", request_id="another")


def stale_status(books: Books) -> None:
    books.send("x")
    books.gateway.advance("x", "processing", "payout_process")


def contradicting_end(books: Books) -> None:
    books.send("x")
    books.end("x", "decline")
    books.hear("x", "decline")
    books.handle()
    books.change("x", status="success")
    with books.guard._database.engine.begin() as connection:
        connection.execute(sa.delete(EVENTS).where(EVENTS.c.payment_id == "x"))


def callback_not_applied(books: Books) -> None:
    books.send("x")
    books.end("x")
    books.hear("x", "success")
    books.inbox.process(lambda event: None)


def callback_waiting(books: Books) -> None:
    books.send("x")
    books.end("x")
    books.hear("x", "success")


def callback_parked(books: Books) -> None:
    books.send("x")
    books.end("x")
    books.guard.status("x")
    books.hear("x", "success", wrong="stale")


def callback_other_amount(books: Books) -> None:
    books.send("x")
    books.end("x")
    books.guard.status("x")
    books.hear("x", "success", {"payment_info": {"amount": 101, "currency": "RUB", "type": "payout"}})
    books.handle()


def callback_contradicts(books: Books) -> None:
    books.send("x")
    books.end("x", "decline")
    books.guard.status("x")
    books.hear("x", "success")


def callback_missing(books: Books) -> None:
    books.send("x")
    books.end("x")
    books.guard.status("x")


def unknown_payout(books: Books) -> None:
    merchant = Merchant(books.gateway, books.gateway.project)
    merchant.call(CREATE, merchant.p2p_payout("x", amount=100))
    books.hear("x", "success")


def not_asked(books: Books) -> None:
    books.send("x")
    books.gateway.fault("get_p2p_payout", "http_500", times=12)


PLANTED = {name: globals()[name] for name in KINDS}
"""A planter for every kind: a kind without one fails here."""

BESIDE = {
    # differences that follow from the planted one
    "callback_not_applied": {"stale_status"},
    "callback_waiting": {"stale_status"},
    "contradicting_end": {"callback_missing"},
    "callback_contradicts": {"callback_waiting"},
}


def found(guard: PayoutGuard, gateway: MockGateway) -> Reconciliation:
    return guard.reconcile(since=gateway.clock() - 3600)


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_is_found_and_nothing_is_done(
    books: Books, guard: PayoutGuard, gateway: MockGateway, kind: str
) -> None:
    sound(books)
    before = found(guard, gateway)
    assert (before.compared, before.differences) == (2, ())
    assert before.success == {"guard": {"RUB": 100}, "inbox": {"RUB": 100}, "gateway": {"RUB": 100}}
    PLANTED[kind](books)
    rows, calls = everything(guard), len(gateway.calls)
    told = found(guard, gateway)
    kinds = {one.kind for one in told.differences}
    if kind == "not_asked":
        assert kinds == {"not_asked"}
        return
    assert {one.payment_id for one in told.differences} == {"x"}, "a sound payout is named"
    assert kind in kinds
    assert kinds <= {kind} | BESIDE.get(kind, set())
    assert all(one.meaning and one.action and "{" not in one.action for one in told.differences)
    if kind == "held_though_refused":
        assert [one.state for one in guard.list(payment_id="x")] == ["settled"]
    else:
        assert everything(guard) == rows, "it has acted"
    assert {call.operation for call in gateway.calls[calls:]} <= {"get_p2p_payout", "get_ecom_payout"}


def everything(guard: PayoutGuard) -> list[Any]:
    with guard._database.engine.connect() as connection:
        return [tuple(row) for table in (PAYOUTS, EVENTS) for row in connection.execute(sa.select(table))]


def test_what_is_being_sent_is_left_out(books: Books, guard: PayoutGuard, gateway: MockGateway) -> None:
    books.send("x")
    books.change("x", state="sent", lease_until=int(gateway.clock() * 1000) + 60_000)
    told = found(guard, gateway)
    assert (told.compared, told.being_sent, told.differences) == (0, 1, ())


def test_only_the_period_is_compared(books: Books, guard: PayoutGuard, gateway: MockGateway) -> None:
    not_sent(books)
    gateway.travel(100)
    now = gateway.clock()
    assert guard.reconcile(since=now - 50).compared == 0
    assert guard.reconcile(since=now - 150).compared == 1
    assert guard.reconcile(since=now - 150, until=now - 120).compared == 0
    with pytest.raises(SettingsError, match="since"):
        guard.reconcile(since=now + 1)


def test_without_an_inbox_no_callback_is_missed(books: Books, guard: PayoutGuard, gateway: MockGateway) -> None:
    callback_missing(books)
    assert found(guard, gateway).differences == ()


def ask(books: Books) -> None:
    books.guard.status("x")


def recover(books: Books) -> None:
    books.guard.recover("x")


def recover_and_send(books: Books) -> None:
    recover(books)
    books.send("x")


def hear_and_handle(books: Books) -> None:
    books.hear("x", "success")
    books.handle()


def wait(books: Books) -> None:
    """Check that nothing is left to do."""


ACTIONS: dict[str, tuple[Callable[[Books], object], set[str]]] = {
    "not_sent": (lambda books: books.send("x"), set()),
    "not_arrived": (recover_and_send, set()),
    "lost_answer": (recover, set()),
    "held_though_prepared": (ask, {"needs_review"}),
    "held_though_refused": (wait, set()),
    "refusal_not_confirmed": (recover, set()),
    "review_not_found": (lambda books: books.guard.refuse("x"), set()),
    "stale_status": (ask, set()),
    "callback_not_applied": (ask, set()),
    "callback_waiting": (Books.handle, set()),
    "callback_missing": (hear_and_handle, set()),
    "not_asked": (wait, set()),
}
"""Kind -> the proposed action, and the differences left after it. The other kinds need a person's inquiry."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ACTIONS)
def test_the_actions_do_what_they_say(books: Books, guard: PayoutGuard, gateway: MockGateway, kind: str) -> None:
    sound(books)
    PLANTED[kind](books)
    assert kind in {one.kind for one in found(guard, gateway).differences}
    act, left = ACTIONS[kind]
    act(books)
    assert {one.kind for one in found(guard, gateway).differences} == left


def test_no_action_proposes_to_pay_what_may_be_held() -> None:
    for kind, (_, action) in KINDS.items():
        assert "new payment_id" not in action, kind
        if "pay it under another" in action:
            assert "do not pay it" in action, kind
    sends = {kind for kind, (_, action) in KINDS.items() if "payouts send" in action or "send it again" in action}
    assert sends == {"not_sent", "not_arrived"}


@pytest.mark.parametrize("decision", ["adopt", "refuse"])
def test_a_person_resolves_what_needs_review(
    books: Books, guard: PayoutGuard, gateway: MockGateway, decision: str
) -> None:
    held_though_prepared(books)
    ask(books)
    assert [one.kind for one in found(guard, gateway).differences] == ["needs_review"]
    getattr(guard, decision)("x")
    kinds = [one.kind for one in found(guard, gateway).differences]
    assert kinds == ([] if decision == "adopt" else ["held_though_refused"])
    (payout,) = guard.list()
    assert payout.state == ("settled" if decision == "adopt" else "refused"), "what was decided stays so"


def test_a_person_refuses_another_payment_once(books: Books, guard: PayoutGuard, gateway: MockGateway) -> None:
    needs_review(books)
    guard.refuse("x")
    for look in (ask, recover, wait):
        look(books)
        assert [one.kind for one in found(guard, gateway).differences] == ["other_amount"]
        assert [(one.state, one.confirmed) for one in guard.list()] == [("refused", True)]


def test_a_refused_payout_with_other_facts_needs_review(books: Books, guard: PayoutGuard, gateway: MockGateway) -> None:
    held_though_refused(books)
    books.change("x", amount=99)
    assert [one.kind for one in found(guard, gateway).differences] == ["other_amount"]
    assert [(one.state, one.reason) for one in guard.list()] == [("needs_review", "another payment")]


# Many.


def many(books: Books) -> None:
    """Create five payouts, and callbacks of three that the guard does not know."""
    for number in range(5):
        books.send(f"p-{number}")
    merchant = Merchant(books.gateway, books.gateway.project)
    for number in range(3):
        merchant.call(CREATE, merchant.p2p_payout(f"s-{number}", amount=100))
        for status in ("processing", "success"):
            books.hear(f"s-{number}", status)


@pytest.mark.parametrize(("size", "pages"), [(2, [2, 4, 5, 7, 8]), (5, [5, 8]), (4, [4, 5, 8]), (200, [5, 8])])
def test_no_more_than_a_page_is_held(
    books: Books,
    guard: PayoutGuard,
    gateway: MockGateway,
    size: int,
    pages: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many(books)
    whole = found(guard, gateway)
    assert (whole.compared, [one.payment_id for one in whole.differences]) == (8, ["s-0", "s-1", "s-2"])
    monkeypatch.setattr("highhelp.payouts.reconcile._PAGE", size)
    seen: list[tuple[int, int]] = []
    paged = guard.reconcile(since=gateway.clock() - 3600, progress=lambda *about: seen.append(about))
    assert paged == whole
    assert seen == [(done, 8) for done in pages]


def test_a_payout_is_compared_for_its_callback_alone(books: Books, guard: PayoutGuard, gateway: MockGateway) -> None:
    books.send("old")
    books.send("older")
    gateway.travel(1000)
    books.end("old")
    books.hear("old", "success")
    told = guard.reconcile(since=gateway.clock() - 10)
    assert told.compared == 1
    assert {one.payment_id for one in told.differences} == {"old"}


@pytest.mark.parametrize("concurrency", [1, 3])
def test_so_many_are_asked_at_once(
    books: Books, guard: PayoutGuard, gateway: MockGateway, concurrency: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        books.send(f"p-{number}")
    together = threading.Barrier(concurrency, timeout=20)
    lock, now, most = threading.Lock(), [0], [0]
    query = guard._executor.execute

    def asked(call: Any, *about: Any) -> Any:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        together.wait()  # as many as may be asked at once are
        try:
            return query(call, *about)
        finally:
            with lock:
                now[0] -= 1

    monkeypatch.setattr(guard._executor, "execute", asked)
    assert guard.reconcile(since=gateway.clock() - 10, concurrency=concurrency).compared == 6
    assert most == [concurrency]


def test_the_pace_of_questions(
    books: Books, guard: PayoutGuard, gateway: MockGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        books.send(f"p-{number}")
    waited: list[float] = []
    monkeypatch.setattr("highhelp.payouts.guard.time", SimpleNamespace(sleep=waited.append, time=time.time))
    guard.reconcile(since=gateway.clock() - 10, concurrency=1, per_second=0.01)
    assert [round(seconds, -1) for seconds in sorted(waited)] == [0, 100, 200, 300]
    refused: list[dict[str, Any]] = [{"concurrency": 0}, {"concurrency": 13}, {"per_second": 0}]
    for wrong in refused:
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            guard.reconcile(since=gateway.clock() - 10, **wrong)


BASE = Payout(
    project_id="p", payment_id="x", operation=CREATE, amount=100, currency="RUB", state="settled", reason=None,
    confirmed=False, gateway=None, status="success", sub_status=None, request_id="r", attempts=1, busy_until=None,
    created_at=0, changed_at=0,
)  # fmt: skip


def test_several_differences_of_one_payout_are_all_named() -> None:
    heard = [
        StoredCallback(1, "x", "parked", "conflict", Facts("decline")),
        StoredCallback(2, "x", "done", None, Facts("decline", amount=100, currency="rub")),
    ]
    told = Facts("success", amount=100, currency="RUB", request_id="s")
    kinds = [one.kind for one in compare(BASE, heard, told)]
    assert kinds == ["other_payment", "callback_parked", "callback_contradicts", "callback_not_applied"]
    assert compare(BASE, heard[1:], Unreachable())[0].kind == "not_asked"
    assert compare(replace(BASE, state="refused", status=None, confirmed=True), [], None) == []


def test_the_page_names_every_kind_and_its_action() -> None:
    page = (Path(__file__).parents[2] / "docs" / "payouts.md").read_text(encoding="utf-8")
    for kind, (meaning, action) in KINDS.items():
        assert f"| `{kind}` | {meaning} | {action.format(id='ID', event='N')} |" in page
