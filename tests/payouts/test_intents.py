"""The table of intents, one transaction at a time, without a gateway."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
import sqlalchemy as sa

from highhelp import NoSuchPayout, PayoutBook, PayoutBusy, PayoutConflict, PayoutUnsettled
from highhelp.errors import SettingsError
from highhelp.payouts import intents, lifecycle
from highhelp.payouts.intents import Facts, Intent, Payout, PayoutRefusal, UnsettledIntent, intent_key
from highhelp.storage.encryption import BodyCipher
from highhelp.storage.tables import PAYOUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT, CREATE = "project", "create_p2p_payout"
PAN = "2200000000000004"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER_KEY = "////////////////////////////////////////////"[:43] + "="
GATEWAY = "https://gateway.example:443"
BODY = {"payment": {"amount": 100, "currency": "RUB"}, "receiver": {"pan": PAN}}
RAW = json.dumps(BODY).encode()
OTHER_RAW = json.dumps({**BODY, "receiver": {"pan": "2200000000000012"}}).encode()
AGE = 120_000


@pytest.fixture
def write(sqlite: str) -> Iterator[Callable[..., Any]]:
    """Run a function in its own transaction."""
    with PayoutBook(sqlite, environ={}) as book:
        yield book._database.write


def intent(
    payment_id: str = "p-1",
    raw: bytes = RAW,
    cipher: BodyCipher | None = None,
    *,
    project: str = PROJECT,
    operation: str = CREATE,
    gateway: str = GATEWAY,
) -> Intent:
    return Intent(project, payment_id, operation, 100, "RUB", gateway, raw, cipher)


def prepare(connection: Any, one: Intent, *, now: int) -> Payout:
    (prepared,) = lifecycle.prepare(connection, [one], now=now)
    if isinstance(prepared, PayoutConflict):
        raise prepared
    return prepared


def key(payment_id: str = "p-1") -> str:
    return intent_key(PROJECT, payment_id)


def test_an_intent_of_the_bytes_that_will_be_sent() -> None:
    cipher = BodyCipher(KEY)
    made = intent(cipher=cipher)
    assert made.key == key()
    assert json.loads(made.columns["body"]) == {
        "payment": {"amount": 100, "currency": "RUB"},
        "receiver": {"pan": "***"},
    }
    sealed = made.columns["sealed"]
    assert sealed is not None
    assert cipher.decrypt(sealed, key()) == RAW
    with pytest.raises(SettingsError):
        cipher.decrypt(sealed, key("p-2"))
    assert intent().columns["sealed"] is None
    assert PAN not in repr(made)


# Fingerprints.


def test_fingerprints_stay_as_they_are() -> None:
    # with another one, no stored intent could be sent again: its body would seem to differ
    made = intent(cipher=BodyCipher(KEY))
    assert made.fingerprint("body") == "c61cbc991b3ccb9125262593219ba4125fd489923c3e29a7323ff4077cbdb7b9"
    assert made.fingerprint("slow") == "25ad3ad9b49500fe03d62c55c14ee3099866f5a364d7f876925b9aedb96d58c0"
    assert made.columns["fingerprint"] == "ec27b6a1d3643633478c7dc2911e0002e872a0cba3d23138339acdbb14c67d79"


def test_the_first_fingerprint_has_the_project_id_first() -> None:
    made = intent(raw='{"general": {"payment_id": "p-1"}, "receiver": {"name": "Иван"}}'.encode())
    old = '{"general":{"project_id":"project","payment_id":"p-1"},"receiver":{"name":"Иван"}}'
    assert made.fingerprint("body") == hashlib.pbkdf2_hmac("sha256", old.encode(), key().encode(), 10_000).hex()


@pytest.mark.parametrize("cipher", [None, BodyCipher(KEY)])
def test_two_payouts_have_two_fingerprints(cipher: BodyCipher | None) -> None:
    made = [intent(payment_id, raw, cipher) for payment_id in ("p-1", "p-2") for raw in (RAW, OTHER_RAW)]
    made.append(intent(project="another", cipher=cipher))
    assert len({one.columns["fingerprint"] for one in made}) == 5, "it shows which bodies are the same"


@pytest.mark.parametrize("cipher", [None, BodyCipher(KEY)])
def test_urls_and_the_order_of_keys_make_no_other_body(cipher: BodyCipher | None) -> None:
    def fingerprint(content: dict[str, Any]) -> str:
        made = intent(raw=json.dumps(content).encode(), cipher=cipher)
        return str(made.columns["fingerprint"])

    urls = {"general": {"payment_id": "p-1", "merchant_callback_url": "https://shop.example/callbacks"}}
    assert fingerprint(BODY | urls) == fingerprint(dict(reversed(BODY.items()))) == fingerprint(BODY)
    for block in ("payment", "receiver", "sender", "customer", "card"):
        assert fingerprint(BODY | {block: {"id": "5"}}) != fingerprint(BODY), block


def test_a_fingerprint_needs_the_key_that_it_was_made_with(write: Callable[..., Any]) -> None:
    old, new = BodyCipher(KEY), BodyCipher(OTHER_KEY)
    write(prepare, intent(cipher=old), now=1000)
    with pytest.raises(SettingsError, match=r"^HIGHHELP_DATABASE_KEY: is not set, and payout p-1 .*nothing was sent$"):
        write(lifecycle.acquire, intent(), now=2000, lease=4000)
    with pytest.raises(SettingsError, match="is not the key that this payout was stored with; nothing was sent"):
        write(lifecycle.acquire, intent(cipher=new), now=2000, lease=4000)
    assert [one.attempts for one in write(intents.list_payouts)] == [0]
    rotated = BodyCipher(f"{OTHER_KEY},{KEY}")
    assert intent(cipher=rotated).columns["fingerprint_key"] == new.key_name
    with pytest.raises(PayoutConflict):
        write(lifecycle.acquire, intent(raw=OTHER_RAW, cipher=rotated), now=2000, lease=4000)
    assert write(lifecycle.acquire, intent(cipher=rotated), now=2000, lease=4000).token


def test_a_row_without_a_key_is_compared_once_there_is_one(write: Callable[..., Any]) -> None:
    write(prepare, intent(), now=1000)
    with pytest.raises(PayoutConflict):
        write(lifecycle.acquire, intent(raw=OTHER_RAW, cipher=BodyCipher(KEY)), now=2000, lease=4000)
    assert write(lifecycle.acquire, intent(cipher=BodyCipher(KEY)), now=2000, lease=4000).token


def test_the_slow_fingerprint_is_made_once(write: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Mock(wraps=hashlib.pbkdf2_hmac)
    monkeypatch.setattr(hashlib, "pbkdf2_hmac", slow)
    one = intent()
    write(prepare, one, now=1000)
    write(lifecycle.acquire, one, now=2000, lease=4000)
    assert slow.call_count == 1


# Sending.


def test_the_right_to_send(write: Callable[..., Any]) -> None:
    begun = write(lifecycle.acquire, intent(), now=1000, lease=5000)
    assert (begun.settled, begun.row.doubtful) == (None, False), "it is new"
    assert len(begun.token) == 32
    with pytest.raises(
        PayoutBusy, match=r"^payout p-1: is being sent by another sender; this call sent nothing$"
    ) as busy:
        write(lifecycle.acquire, intent(), now=5999, lease=3001)
    assert (busy.value.payment_id, busy.value.until) == ("p-1", 6.0)
    with pytest.raises(
        PayoutUnsettled, match=r"^payout p-1: an earlier attempt may have arrived; call recover"
    ) as unsettled:
        write(lifecycle.acquire, intent(), now=6000, lease=3000)
    assert unsettled.value.payment_id == "p-1"
    with pytest.raises(PayoutConflict, match=r"^payout p-1: was prepared with another body; nothing was sent$"):
        write(lifecycle.acquire, intent(raw=OTHER_RAW), now=6000, lease=3000)
    with pytest.raises(PayoutConflict):
        write(lifecycle.acquire, intent(operation="create_ecom_payout"), now=6000, lease=3000)


def listed(function: Callable[..., Any], statements: list[str]) -> Callable[..., Any]:
    """A function of a transaction that lists its statements."""

    def listing(connection: sa.Connection, *given: Any, **named: Any) -> Any:
        sa.event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
        return function(connection, *given, **named)

    return listing


@pytest.mark.parametrize("prepared", [False, True])
def test_the_right_to_send_takes_one_statement(write: Callable[..., Any], *, prepared: bool) -> None:
    if prepared:
        write(prepare, intent(), now=1000)
    statements: list[str] = []
    assert write(listed(lifecycle.acquire, statements), intent(), now=2000, lease=4000).token
    assert len(statements) == 1
    (stored,) = write(intents.list_payouts)
    assert (stored.state, stored.attempts, stored.created_at) == ("sent", 1, 1.0 if prepared else 2.0)


def test_a_lease_from_a_wrong_clock_is_no_longer_than_ours(write: Callable[..., Any]) -> None:
    write(lifecycle.acquire, intent(), now=900_000_000, lease=5000)
    with pytest.raises(PayoutBusy) as busy:
        write(lifecycle.acquire, intent(), now=1000, lease=5000)
    assert busy.value.until == 6.0


def test_a_payout_is_sent_only_to_its_gateway(write: Callable[..., Any]) -> None:
    write(prepare, intent(), now=1000)
    there = intent(gateway="sandbox")
    with pytest.raises(PayoutConflict, match=f"`highhelp payouts move-gateway {GATEWAY} sandbox`") as refused:
        write(lifecycle.acquire, there, now=2000, lease=4000)
    assert refused.value.payment_id == "p-1"
    assert f"was prepared for {GATEWAY}, and this client sends to sandbox; nothing was sent" in str(refused.value)
    write(prepare, there, now=2000)
    assert write(lifecycle.move_gateway, "another", GATEWAY, "sandbox", now=3000) == 0
    assert write(lifecycle.move_gateway, PROJECT, GATEWAY, "sandbox", now=3000) == 1
    (moved,) = write(intents.list_payouts)
    assert (moved.gateway, moved.changed_at, moved.state) == ("sandbox", 3.0, "prepared")
    assert write(lifecycle.acquire, there, now=4000, lease=2000).token


def test_a_row_from_before_takes_the_gateway_that_settles_it(write: Callable[..., Any]) -> None:
    write(prepare, intent(), now=1000)
    write(change, gateway=None)
    begun = write(lifecycle.acquire, intent(gateway="sandbox"), now=2000, lease=4000)
    assert begun.token
    assert write(lifecycle.settle, key(), Facts("processing"), now=3000, gateway="sandbox").gateway == "sandbox"
    assert write(lifecycle.settle, key(), Facts("processing"), now=4000, gateway="x").gateway == "sandbox"


def test_only_its_token_ends_an_attempt(write: Callable[..., Any]) -> None:
    begun = write(lifecycle.acquire, intent(), now=1000, lease=5000)
    ends: dict[str, Any] = {"state": "refused", "reason": "invalid", "sent": True}
    left = write(lifecycle.end_attempt, intent(), "another token", now=2000, **ends)
    assert (left.state, left.reason, left.busy_until, left.changed_at) == ("sent", None, 6.0, 1.0)
    ended = write(lifecycle.end_attempt, intent(), begun.token, now=3000, **ends)
    assert (ended.state, ended.reason, ended.busy_until, ended.changed_at) == ("refused", "invalid", None, 3.0)
    again = write(lifecycle.end_attempt, intent(), begun.token, state="unknown", reason="x", sent=True, now=4000)
    assert again == ended
    with pytest.raises(PayoutUnsettled):
        write(lifecycle.acquire, intent(), now=5000, lease=4000)
    write(change, confirmed=True)
    anew = write(lifecycle.acquire, intent(), now=5000, lease=4000)
    assert (write(row).sent_before, anew.row.doubtful) == (True, False)
    assert anew.token != begun.token
    (sent,) = write(intents.list_payouts)
    assert (sent.state, sent.reason, sent.attempts, sent.busy_until) == ("sent", None, 2, 9.0)
    assert sent.changed_at == 5.0
    assert sent.confirmed is False, "the refusal that was confirmed is that of another attempt"


def change(connection: Any, **values: Any) -> None:
    """Set columns as a person, an older version or a wrong clock may leave them."""
    connection.execute(sa.update(PAYOUTS).values(**values))


def row(connection: Any) -> Any:
    return connection.execute(sa.select(PAYOUTS)).one()


def test_an_attempt_that_never_left_was_not_sent(write: Callable[..., Any]) -> None:
    begun = write(lifecycle.acquire, intent(), now=1000, lease=5000)
    write(lifecycle.end_attempt, intent(), begun.token, state="prepared", reason="down", sent=False, now=2000)
    again = write(lifecycle.acquire, intent(), now=3000, lease=3000)
    assert (write(row).sent_before, again.row.doubtful) == (False, False)


def settled(write: Callable[..., Any], facts: Facts, now: int = 2000) -> Payout:
    payout: Payout = write(lifecycle.settle, key(), facts, now=now)
    return payout


def of(payout: Payout) -> tuple[object, ...]:
    return (payout.state, payout.status, payout.sub_status, payout.request_id, payout.reason)


def test_what_the_gateway_says_is_followed_along_the_contract(write: Callable[..., Any]) -> None:
    assert write(lifecycle.settle, key(), Facts("success"), now=1) is None
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    first = settled(write, Facts("processing", "payout_process", 100, "rub", "r-1", "payout"))
    assert of(first) == ("settled", "processing", "payout_process", "r-1", None)
    assert (first.busy_until, first.changed_at) == (None, 2.0)
    late = settled(write, Facts("processing", "new"), now=3000)
    assert of(late) == of(first)
    assert late.changed_at == 2.0, "nothing has changed"
    end = settled(write, Facts("success", None, 100, "RUB", "r-1"), now=4000)
    assert of(end) == ("settled", "success", None, "r-1", None)
    assert settled(write, Facts("success"), now=5000) == end
    assert settled(write, Facts("processing", "new"), now=5000) == end
    contradicted = settled(write, Facts("decline"), now=6000)
    assert of(contradicted) == ("settled", "success", None, "r-1", "success, later decline")
    assert write(lifecycle.acquire, intent(), now=9000, lease=999).token is None


def test_an_answer_settles_the_row_of_its_lease(write: Callable[..., Any]) -> None:
    begun = write(lifecycle.acquire, intent(), now=1000, lease=500)
    statements: list[str] = []
    settle = listed(lifecycle.settle, statements)
    done = write(settle, key(), Facts("processing", "new"), now=2000, sent=intent(), lease=begun)
    assert len(statements) == 1
    assert of(done) == ("settled", "processing", "new", None, None)
    assert (done.created_at, done.changed_at, done.busy_until) == (1.0, 2.0, None)
    assert write(intents.get, PROJECT, "p-1") == done


def report(connection: Any, *, now: int) -> None:
    lifecycle.settle(connection, key(), Facts("success", request_id="r-1"), now=now)


def release(connection: Any, *, now: int) -> None:
    lifecycle.decide(connection, PROJECT, "p-1", "release", now=now)


def take_over(connection: Any, *, now: int) -> None:
    release(connection, now=now)
    lifecycle.acquire(connection, intent(), now=now, lease=500)


def lose(connection: Any, *, now: int) -> None:
    connection.execute(sa.delete(PAYOUTS))


@pytest.mark.parametrize(
    ("event", "status"), [(report, "success"), (release, "processing"), (take_over, "processing"), (lose, "processing")]
)
def test_an_answer_after_the_row_has_changed(write: Callable[..., Any], event: Callable[..., Any], status: str) -> None:
    begun = write(lifecycle.acquire, intent(), now=1000, lease=500)
    write(event, now=1600)
    late = write(lifecycle.settle, key(), Facts("processing"), now=2000, sent=intent(), lease=begun)
    assert of(late)[:2] == ("settled", status), "what the gateway reports holds, whoever received it"
    assert write(intents.get, PROJECT, "p-1") == late
    assert late.attempts == (2 if event is take_over else 1)
    if event is lose:
        assert write(row).attempt_over_at == 2000, "the answer has come since"


@pytest.mark.parametrize(("state", "sent"), [("unknown", True), ("prepared", False)])
def test_an_attempt_ends_although_its_row_is_gone(write: Callable[..., Any], state: str, sent: bool) -> None:
    begun = write(lifecycle.acquire, intent(), now=1000, lease=5000)
    write(lose, now=1500)
    ended = write(lifecycle.end_attempt, intent(), begun.token, state=state, reason="x", sent=sent, now=2000)
    assert (ended.state, ended.reason, ended.attempts, ended.busy_until) == (state, "x", 1, None)
    assert (write(row).attempt_over_at, write(row).sent_before, write(row).lease_token) == (2000, sent, None)


def test_a_row_without_a_gateway_takes_the_one_that_answers(write: Callable[..., Any]) -> None:
    write(prepare, intent(), now=1)
    write(change, gateway=None)
    begun = write(lifecycle.acquire, intent(), now=1000, lease=500)
    late = write(lifecycle.settle, key(), Facts("processing"), now=2000, gateway="x", sent=intent(), lease=begun)
    assert late.gateway == write(row).gateway == "x"


@pytest.mark.parametrize("sub_status", ["requisites", "awaiting_3ds_result"])
def test_a_status_of_a_payin_is_not_stored(write: Callable[..., Any], sub_status: str) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    settled(write, Facts("processing", "new"))
    assert of(settled(write, Facts("processing", sub_status)))[:3] == ("settled", "processing", "new")


def test_late_request_id_is_stored_and_a_changed_one_noted(write: Callable[..., Any]) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    assert of(settled(write, Facts("processing"))) == ("settled", "processing", None, None, None)
    assert settled(write, Facts("processing", request_id="r-1")).request_id == "r-1"
    assert settled(write, Facts("processing")).reason is None
    other = settled(write, Facts("processing", request_id="r-2"))
    assert (other.request_id, other.reason) == ("r-1", "another request_id")
    assert settled(write, Facts("processing", request_id="r-1")).reason == "another request_id", "it stays to be seen"


@pytest.mark.parametrize(
    "facts",
    [
        Facts("success", amount=101),
        Facts("success", amount=0),
        Facts("success", currency="KZT"),
        Facts("success", amount=100, currency="RUB", payment_type="payin"),
    ],
)
@pytest.mark.parametrize("state", ["prepared", "sent", "unknown", "refused", "settled"])
def test_another_payment_is_no_settlement(write: Callable[..., Any], facts: Facts, state: str) -> None:
    write(prepare, intent(), now=1000)
    if state != "prepared":
        begun = write(lifecycle.acquire, intent(), now=1000, lease=5000)
    if state in ("unknown", "refused"):
        write(lifecycle.end_attempt, intent(), begun.token, state=state, reason="x", sent=True, now=1500)
    if state == "settled":
        settled(write, Facts("processing", "new"))
    told = settled(write, facts, now=3000)
    expected = "settled" if state == "settled" else "needs_review"
    status = ("processing", "new") if state == "settled" else (None, None)
    assert (told.state, told.reason, told.status, told.sub_status) == (expected, "another payment", *status)
    assert (told.busy_until, told.changed_at) == (None, 3.0)
    assert settled(write, facts, now=4000) == told
    if state != "settled":
        with pytest.raises(
            PayoutUnsettled, match=r"another payment; decide with `highhelp payouts adopt` or `highhelp payouts ref"
        ):
            write(lifecycle.acquire, intent(), now=9000, lease=999)


SAME = Facts("success", None, 100, "rub", "r-1", "payout")
NOT_REPORTED = [
    Facts("success", amount=100, currency="rub"),
    Facts("success", currency="rub", payment_type="payout"),
    Facts("success", amount=100, payment_type="payout"),
    Facts("success"),
]


def attempted(write: Callable[..., Any], state: str) -> None:
    """An intent after one attempt that ended so."""
    begun = write(lifecycle.acquire, intent(), now=1000, lease=5000)
    write(lifecycle.end_attempt, intent(), begun.token, state=state, reason="x", sent=True, now=1500)


@pytest.mark.parametrize("facts", [SAME, *NOT_REPORTED])
def test_after_an_unknown_attempt_no_fact_must_be_reported(write: Callable[..., Any], facts: Facts) -> None:
    attempted(write, "unknown")
    assert of(settled(write, facts))[::4] == ("settled", None)


@pytest.mark.parametrize("facts", [SAME, *NOT_REPORTED])
def test_a_refused_payout_is_adopted_with_the_same_facts_alone(write: Callable[..., Any], facts: Facts) -> None:
    attempted(write, "refused")
    found = settled(write, facts)
    expected = ("settled", intents.ADOPTED) if facts is SAME else ("needs_review", intents.NOT_KNOWN_TO_BE_OURS)
    assert (found.state, found.reason, found.status) == (*expected, "success")


@pytest.mark.parametrize("refused", [True, False])
def test_what_this_guard_never_sent_needs_a_person(write: Callable[..., Any], refused: bool) -> None:
    if refused:
        write(lifecycle.acquire, intent(), now=1000, lease=5000)
    else:
        write(prepare, intent(), now=1000)
    found = write(lifecycle.settle, key(), SAME, now=2000, refused=refused)
    assert (found.state, found.reason, found.status) == ("needs_review", intents.NOT_KNOWN_TO_BE_OURS, "success")
    later = settled(write, Facts("decline", None, 100, "RUB", "r-1", "payout"), now=3000)
    assert (later.state, later.reason) == ("needs_review", "success, later decline"), "it takes statuses"
    with pytest.raises(PayoutUnsettled):
        write(lifecycle.acquire, intent(), now=9000, lease=999)


@pytest.mark.parametrize("is_sent", [True, False])
def test_what_a_person_refused_is_settled_if_it_was_sent(write: Callable[..., Any], is_sent: bool) -> None:
    if is_sent:
        attempted(write, "refused")
    else:
        write(prepare, intent(), now=1000)
    refused = write(lifecycle.decide, PROJECT, "p-1", "refuse", now=2000)
    found = settled(write, SAME, now=3000)
    assert (found.state, found.reason) == (("settled", intents.ADOPTED) if is_sent else ("refused", refused.reason))


@pytest.mark.parametrize("facts", [SAME, *NOT_REPORTED])
def test_a_reported_receiver_shows_whose_it_is(write: Callable[..., Any], facts: Facts) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    found = write(lifecycle.settle, key(), facts, now=2000, refused=True, receiver_matches=True)
    assert found.state == ("settled" if facts is SAME else "needs_review")


# Decisions of a person.


@pytest.mark.parametrize("state", ["prepared", "sent", "settled", "refused", "unknown", "needs_review"])
@pytest.mark.parametrize("decision", ["adopt", "refuse", "release"])
def test_what_a_person_may_decide(write: Callable[..., Any], state: str, decision: lifecycle.Decision) -> None:
    allowed = {
        "adopt": {"needs_review", "unknown", "refused"},
        "refuse": {"needs_review", "unknown", "refused", "prepared"},
        "release": {"unknown", "sent", "refused"},
    }
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    write(change, state=state, reason="x", lease_until=6000 if state == "sent" else None)
    if state not in allowed[decision]:
        with pytest.raises(PayoutRefusal, match=f"is {state}; it cannot be changed by `payouts {decision}`"):
            write(lifecycle.decide, PROJECT, "p-1", decision, now=7000)
        return
    after = {"adopt": "settled", "refuse": "refused", "release": "prepared"}[decision]
    decided = write(lifecycle.decide, PROJECT, "p-1", decision, now=7000)
    assert (decided.state, decided.confirmed, decided.busy_until) == (after, decision == "refuse", None)
    assert decided.changed_at == 7.0
    assert "by a person" in str(decided.reason)
    assert write(row).sent_before == (decision == "release"), "whoever asked, it was about an attempt"
    if decision == "refuse":
        with pytest.raises(
            PayoutUnsettled, match=r"was refused by a person; nothing was sent. `highhelp payouts release`"
        ):
            write(lifecycle.acquire, intent(), now=8000, lease=1000)
        return
    begun = write(lifecycle.acquire, intent(), now=8000, lease=1000)
    assert (begun.settled is not None) == (decision == "adopt")
    assert begun.row.doubtful == (decision == "release")


def test_nobody_decides_while_it_is_being_sent(write: Callable[..., Any]) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    with pytest.raises(
        PayoutRefusal, match="is being sent by another sender; it cannot be changed by `payouts release`"
    ):
        write(lifecycle.decide, PROJECT, "p-1", "release", now=5999)
    with pytest.raises(NoSuchPayout, match="payout p-9: "):
        write(lifecycle.decide, PROJECT, "p-9", "release", now=5999)
    assert write(lifecycle.decide, PROJECT, "p-1", "release", now=6000).state == "prepared"
    with pytest.raises(PayoutRefusal) as refused:
        write(lifecycle.decide, PROJECT, "p-1", "adopt", now=6000)
    assert refused.value.payment_id == "p-1"


def test_a_decision_waits_for_a_sender(url: str) -> None:
    asks = threading.Event()
    refusals: list[PayoutRefusal] = []

    def decide(write: Callable[..., Any]) -> None:
        asks.set()
        try:
            write(lifecycle.decide, PROJECT, "p-1", "refuse", now=2000)
        except PayoutRefusal as error:
            refusals.append(error)

    with PayoutBook(url, environ={}) as book:
        write = book._database.write
        write(prepare, intent(), now=1000)
        person = threading.Thread(target=decide, args=(write,))

        def acquire(connection: Any) -> None:
            lifecycle.acquire(connection, intent(), now=1500, lease=4500)
            person.start()
            assert asks.wait(20)
            time.sleep(0.2)  # long enough for the other one to read, if nothing prevents it

        write(acquire)
        person.join()
        assert [one.state for one in write(intents.list_payouts)] == ["sent"]
    assert "is being sent by another sender" in str(refusals[0])


# Payments not found.


def seen(write: Callable[..., Any], now: int = 6000, payment_id: str | None = None) -> list[UnsettledIntent]:
    found: list[UnsettledIntent] = write(lifecycle.unsettled, PROJECT, now=now, payment_id=payment_id)
    return found


def test_who_is_asked_about(write: Callable[..., Any]) -> None:
    for number in range(3):
        write(lifecycle.acquire, intent(f"p-{number}"), now=1000, lease=5000 + number)
    write(prepare, intent("p-9"), now=1000)
    assert seen(write, 5999) == []
    assert [one.payout.payment_id for one in seen(write, 6000)] == ["p-0"]
    assert [one.payout.payment_id for one in seen(write, 7000)] == ["p-0", "p-1", "p-2"]
    assert [one.payout.payment_id for one in seen(write, 7000, "p-1")] == ["p-1"]
    assert write(lifecycle.unsettled, "another", now=7000) == []
    (first,) = seen(write, 6000)
    assert (first.attempts, len(first.token or "")) == (1, 32)
    write(lifecycle.mark_unknown, first, reason="no answer", now=6500)
    (unknown,) = seen(write, 6000)
    assert (unknown.token, unknown.payout.state, unknown.payout.reason) == (None, "unknown", "no answer")
    assert (unknown.payout.busy_until, unknown.payout.changed_at) == (None, 6.5)


def not_found(write: Callable[..., Any], one: UnsettledIntent, asked_at: int) -> Payout:
    payout: Payout = write(lifecycle.mark_not_found, one, now=asked_at + 1000, asked_ago=1000, absence_age=AGE)
    return payout


def test_not_found_counts_a_while_after_the_lease(write: Callable[..., Any]) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    (one,) = seen(write)
    early = not_found(write, one, 6000 + AGE - 1)
    when = "not found yet, which counts from 1970-01-01 00:02:06 UTC on"
    assert (early.state, early.reason, early.busy_until) == ("unknown", f"the sender is gone; {when}", None)
    (one,) = seen(write)
    assert not_found(write, one, 6000).reason == early.reason, "the reason does not grow"
    (one,) = seen(write)
    absent = not_found(write, one, 6000 + AGE)
    assert (absent.state, absent.reason, absent.busy_until, absent.changed_at) == ("prepared", None, None, 127.0)
    begun = write(lifecycle.acquire, intent(), now=8000, lease=1000)
    assert (begun.row.doubtful, write(row).sent_before) == (True, True)


def test_not_found_counts_a_while_after_the_recorded_end(write: Callable[..., Any]) -> None:
    attempted(write, "unknown")
    (one,) = seen(write, 2000)
    assert (
        not_found(write, one, 1500 + AGE - 1).reason == "x; not found yet, which counts from 1970-01-01 00:02:02 UTC on"
    )
    (one,) = seen(write, 2000)
    assert not_found(write, one, 1500 + AGE).state == "prepared"


def test_a_refusal_is_confirmed_by_not_found_a_while_after(write: Callable[..., Any]) -> None:
    attempted(write, "refused")
    (one,) = seen(write, 2000)
    early = not_found(write, one, 1500 + AGE - 1)
    assert (early.state, early.confirmed) == ("refused", False)
    assert str(early.reason).startswith("x; not found yet, which counts from ")
    (one,) = seen(write, 2000)
    unknown = write(lifecycle.mark_unknown, one, reason="no answer", now=3000)
    assert (unknown.state, unknown.confirmed, unknown.reason) == ("refused", False, early.reason)
    confirmed = not_found(write, one, 1500 + AGE)
    assert (confirmed.state, confirmed.confirmed, confirmed.reason) == ("refused", True, "x")
    assert seen(write, 2000) == [], "it is not asked about again"
    assert settled(write, SAME, now=4000).state == "settled", "yet it can still change"


def test_a_refusal_may_be_confirmed_by_the_first_query(write: Callable[..., Any]) -> None:
    attempted(write, "refused")
    (one,) = seen(write, 2000)
    confirmed = not_found(write, one, 1500 + AGE)
    assert (confirmed.confirmed, confirmed.reason) == (True, "x")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system has one time zone for all processes")
def test_a_reason_names_a_time_in_utc(write: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_795_521_600_000
    write(lifecycle.acquire, intent(), now=now, lease=5000)
    (one,) = seen(write, now + 5000)
    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Almaty")
        time.tzset()
        reason = not_found(write, one, now + 6000).reason
    time.tzset()
    assert reason == "the sender is gone; not found yet, which counts from 2026-11-24 12:02:05 UTC on"


# Impossible times.


def test_a_lease_that_cannot_be_true_ends_a_lease_from_now(write: Callable[..., Any]) -> None:
    # cases/adversity/clock.py: a clock that was ahead while a sender died
    write(lifecycle.acquire, intent(), now=900_000_000, lease=5000)
    assert seen(write, 2000) == []
    write(lifecycle.correct_impossible_times, "another", now=2000, lease=5000)
    assert write(row).lease_until == 900_005_000
    write(lifecycle.correct_impossible_times, PROJECT, now=2000, lease=5000)
    assert seen(write, 6999) == []
    write(lifecycle.correct_impossible_times, PROJECT, now=6999, lease=5000)
    (one,) = seen(write, 7000)
    assert not_found(write, one, 7000 + AGE - 1).state == "unknown"
    (one,) = seen(write, 7000)
    assert not_found(write, one, 7000 + AGE).state == "prepared"


@pytest.mark.parametrize(
    ("stored", "corrected"), [(1499, 9000), (1500, 1500), (14_000, 14_000), (14_001, 9000), (900_000_000, 9000)]
)
def test_an_end_of_an_attempt_that_cannot_be_true(write: Callable[..., Any], stored: int, corrected: int) -> None:
    attempted(write, "unknown")
    write(change, created_at=1500, attempt_over_at=stored)
    write(lifecycle.correct_impossible_times, "another", now=9000, lease=5000)
    assert write(row).attempt_over_at == stored
    write(lifecycle.correct_impossible_times, PROJECT, now=9000, lease=5000)
    assert write(row).attempt_over_at == corrected


def test_an_attempt_cannot_end_before_a_payout_of_this_moment(write: Callable[..., Any]) -> None:
    attempted(write, "unknown")
    write(change, created_at=9000, attempt_over_at=1500)
    write(lifecycle.correct_impossible_times, PROJECT, now=9000, lease=5000)
    assert write(row).attempt_over_at == 9000


def test_the_lease_of_a_client_with_longer_calls_is_left(write: Callable[..., Any]) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=630_000)
    before = write(row)
    write(lifecycle.correct_impossible_times, PROJECT, now=2000, lease=120_000)
    assert write(row) == before, "its sender may send until then"


def test_times_that_can_be_true_are_left(write: Callable[..., Any]) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    before = write(row)
    write(lifecycle.correct_impossible_times, PROJECT, now=1000, lease=5000)
    assert write(row) == before


@pytest.mark.parametrize("what", ["state", "attempts", "token", "none"])
def test_what_has_changed_since_it_was_seen_is_left(write: Callable[..., Any], what: str) -> None:
    write(lifecycle.acquire, intent(), now=1000, lease=5000)
    (one,) = seen(write)
    if what == "state":
        settled(write, Facts("processing"))
    elif what == "attempts":
        not_found(write, one, 6000 + AGE)
        write(lifecycle.acquire, intent(), now=7000, lease=1000)
    elif what == "token":
        one = UnsettledIntent(one.payout, "another", one.attempts)
    else:
        one = UnsettledIntent(one.payout, None, one.attempts)
    (before,) = write(intents.list_payouts)
    assert not_found(write, one, 6000 + AGE) == before
    assert write(lifecycle.mark_unknown, one, reason="x", now=9000) == before
    assert write(intents.list_payouts) == [before]


def test_one_two_and_many(write: Callable[..., Any]) -> None:
    cipher = BodyCipher(KEY)
    write(prepare, intent("p-1", cipher=cipher), now=1000)
    write(prepare, intent("p-2"), now=2000)
    assert write(intents.get, PROJECT, "p-1").payment_id == "p-1"
    operation, body = write(intents.sealed, PROJECT, "p-1")
    assert (operation, cipher.decrypt(body, key())) == (CREATE, RAW)
    assert write(intents.sealed, PROJECT, "p-2") == (CREATE, None)
    assert write(intents.get_payout, "p-1")["sealed"] is True
    assert write(intents.get_payout, "p-1", PROJECT)["payment_id"] == "p-1"
    absent: list[tuple[Any, ...]] = [
        (intents.get, "another", "p-1"),
        (intents.get, PROJECT, "p-9"),
        (intents.sealed, PROJECT, "p-9"),
        (intents.get_payout, "p-9"),
        (intents.get_payout, "p-9", PROJECT),
    ]
    for ask in absent:
        with pytest.raises(NoSuchPayout, match=r"^payout p-\d: there is no intent of it$"):
            write(*ask)
    with pytest.raises(NoSuchPayout):
        write(intents.get_payout, "p-1", "another")
    # one statement cannot name all of a large batch
    for place in (0, 499, 500, 501, 999, 1000):
        ids = [f"x-{number}" for number in range(1001)]
        ids[place] = "p-2"
        assert list(write(intents.get_many, PROJECT, ids)) == ["p-2"]
        keys = [key(one) for one in ids]
        rows = write(intents.rows_of_keys, keys)
        assert list(rows) == [key("p-2")]
        assert intents.is_same_body(intent("p-2"), rows[key("p-2")])
        assert not intents.is_same_body(intent("p-2", OTHER_RAW), rows[key("p-2")])
    assert set(write(intents.get_many, PROJECT, ["p-1", "p-2"])) == {"p-1", "p-2"}
    assert write(intents.get_many, PROJECT, []) == {}


def test_of_two_projects_with_one_payment_id_the_newest_is_shown(write: Callable[..., Any]) -> None:
    write(prepare, intent(), now=1000)
    write(prepare, intent(project="another"), now=2000)
    assert write(intents.get_payout, "p-1")["project_id"] == "another"
    assert write(intents.get_payout, "p-1", PROJECT)["project_id"] == PROJECT


@pytest.mark.parametrize(
    ("state", "status", "outcome", "final"),
    [
        ("prepared", None, "prepared", False),
        ("settled", None, "settled", False),
        ("settled", "processing", "processing", False),
        ("settled", "success", "success", True),
        ("unknown", "processing", "unknown", False),
        ("needs_review", "success", "needs_review", True),
    ],
)
def test_how_a_payout_is_reported(
    write: Callable[..., Any], state: str, status: str | None, outcome: str, final: bool
) -> None:
    write(prepare, intent(), now=1000)
    write(change, state=state, status=status)
    (made,) = write(intents.list_payouts)
    assert (made.outcome, made.is_final, str(made.money), made.gateway) == (outcome, final, "1.00 RUB", GATEWAY)
    shown = intents.as_dict(made)
    assert (shown["payment_id"], shown["status"], shown["confirmed"]) == ("p-1", status, False)
    assert list(shown) == list(Payout.__slots__)
