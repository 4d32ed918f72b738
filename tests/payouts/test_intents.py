"""The table of intents, one transaction at a time, without a gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import NoSuchPayout, PayoutBook, PayoutBusy, PayoutConflict, PayoutUnsettled
from highhelp.errors import SettingsError
from highhelp.payouts import intents
from highhelp.payouts.intents import Facts, Intent, Payout, UnsettledIntent, intent_key
from highhelp.storage.encryption import BodyCipher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT, CREATE = "project", "create_p2p_payout"
PAN = "2200000000000004"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
RAW = json.dumps({"payment": {"amount": 100, "currency": "RUB"}, "receiver": {"pan": PAN}}).encode()


@pytest.fixture
def write(sqlite: str) -> Iterator[Callable[..., Any]]:
    """Carries out a function in a transaction of its own."""
    with PayoutBook(sqlite, environ={}) as book:
        yield book._database.write


def intent(payment_id: str = "p-1", raw: bytes = RAW, seal: BodyCipher | None = None) -> Intent:
    return Intent.of(PROJECT, payment_id, CREATE, raw, seal)


def key(payment_id: str = "p-1") -> str:
    return intent_key(PROJECT, payment_id)


def test_an_intent_of_the_bytes_that_will_be_sent() -> None:
    seal = BodyCipher(KEY)
    made = intent(seal=seal)
    assert (made.project_id, made.payment_id, made.operation) == (PROJECT, "p-1", CREATE)
    assert (made.amount, made.currency, made.key) == (100, "RUB", key())
    assert json.loads(made.body) == {"payment": {"amount": 100, "currency": "RUB"}, "receiver": {"pan": "***"}}
    assert made.sealed is not None
    assert seal.decrypt(made.sealed, key()) == RAW
    with pytest.raises(SettingsError):
        seal.decrypt(made.sealed, key("p-2"))
    assert intent().sealed is None
    assert PAN not in repr(made)


def test_the_fingerprint_of_a_body_stays_as_it_is() -> None:
    # with another one, no intent that is at rest could be sent again: its body would be another one
    assert intent().fingerprint == "bee896cfdf8f2e7763d7b9815cd273c5ac43782ebbed8de482b578263e20fb73"
    prints = {intent(payment_id, raw).fingerprint for payment_id in ("p-1", "p-2") for raw in (RAW, RAW + b" ")}
    assert len(prints) == 4, "it does not tell that two payouts have the same body"


def test_the_right_to_send(write: Callable[..., Any]) -> None:
    begun = write(intents.acquire, intent(), now=1000, until=6000)
    assert (begun.payout.state, begun.payout.attempts, begun.doubtful) == ("prepared", 0, False)
    assert len(begun.token) == 32
    with pytest.raises(PayoutBusy, match=r"^payout p-1: is being sent by somebody else$") as busy:
        write(intents.acquire, intent(), now=5999, until=9000)
    assert (busy.value.payment_id, busy.value.until) == ("p-1", 6.0)
    with pytest.raises(PayoutUnsettled, match=r"^payout p-1: an earlier attempt may have arrived; recover\(\) asks"):
        write(intents.acquire, intent(), now=6000, until=9000)
    with pytest.raises(PayoutConflict, match=r"^payout p-1: was prepared with another body; nothing was sent$"):
        write(intents.acquire, intent(raw=RAW + b" "), now=6000, until=9000)
    other = Intent.of(PROJECT, "p-1", "create_ecom_payout", RAW, None)
    with pytest.raises(PayoutConflict):
        write(intents.acquire, other, now=6000, until=9000)


def test_only_its_token_ends_an_attempt(write: Callable[..., Any]) -> None:
    begun = write(intents.acquire, intent(), now=1000, until=6000)
    ends: dict[str, Any] = {"state": "refused", "reason": "invalid"}
    left = write(intents.release, key(), "another token", now=2000, **ends)
    assert (left.state, left.reason, left.busy_until, left.changed_at) == ("sent", None, 6.0, 1.0)
    ended = write(intents.release, key(), begun.token, now=3000, **ends)
    assert (ended.state, ended.reason, ended.busy_until, ended.changed_at) == ("refused", "invalid", None, 3.0)
    again = write(intents.release, key(), begun.token, state="unknown", reason="x", now=4000)
    assert again == ended
    anew = write(intents.acquire, intent(), now=5000, until=9000)
    assert anew.token != begun.token
    (sent,) = write(intents.list_payouts)
    assert (sent.state, sent.reason, sent.attempts, sent.busy_until) == ("sent", None, 2, 9.0)


def settled(write: Callable[..., Any], facts: Facts, now: int = 2000) -> Payout:
    payout: Payout = write(intents.settle, key(), facts, now=now)
    return payout


def of(payout: Payout) -> tuple[object, ...]:
    return (payout.state, payout.status, payout.sub_status, payout.request_id, payout.reason)


def test_what_the_gateway_says_is_followed_along_the_contract(write: Callable[..., Any]) -> None:
    assert write(intents.settle, key(), Facts("success"), now=1) is None
    write(intents.acquire, intent(), now=1000, until=6000)
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
    assert write(intents.acquire, intent(), now=9000, until=9999).token is None


def test_an_id_that_is_told_later_is_kept_and_another_one_is_noted(write: Callable[..., Any]) -> None:
    write(intents.acquire, intent(), now=1000, until=6000)
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
    write(intents.prepare, intent(), now=1000)
    if state != "prepared":
        begun = write(intents.acquire, intent(), now=1000, until=6000)
    if state in ("unknown", "refused"):
        write(intents.release, key(), begun.token, state=state, reason="x", now=1500)
    if state == "settled":
        settled(write, Facts("processing", "new"))
    told = settled(write, facts, now=3000)
    expected = state if state in ("settled", "refused") else "unknown"
    status = ("processing", "new") if state == "settled" else (None, None)
    assert (told.state, told.reason, told.status, told.sub_status) == (expected, "another payment", *status)
    assert (told.busy_until, told.changed_at) == (None, 3.0)
    assert settled(write, facts, now=4000) == told


@pytest.mark.parametrize(
    "facts", [Facts("success", amount=100), Facts("success", currency="rub"), Facts("success", payment_type="new kind")]
)
def test_what_contradicts_nothing_settles(write: Callable[..., Any], facts: Facts) -> None:
    write(intents.prepare, intent(), now=1000)
    assert settled(write, facts).state == "settled"


def test_a_payment_of_somebody_else_is_not_ours(write: Callable[..., Any]) -> None:
    begun = write(intents.acquire, intent(), now=1000, until=6000)
    refused = write(intents.release, key(), begun.token, state="refused", reason="duplicate", now=2000)
    assert settled(write, Facts("success", amount=100)) == refused
    begun = write(intents.acquire, intent(), now=3000, until=6000)
    write(intents.release, key(), begun.token, state="refused", reason="invalid", now=4000)
    assert settled(write, Facts("success")).state == "settled"


def seen(write: Callable[..., Any], now: int = 6000, payment_id: str | None = None) -> list[UnsettledIntent]:
    found: list[UnsettledIntent] = write(intents.unsettled, PROJECT, now=now, payment_id=payment_id)
    return found


def test_who_is_asked_about(write: Callable[..., Any]) -> None:
    for number in range(3):
        write(intents.acquire, intent(f"p-{number}"), now=1000, until=6000 + number)
    write(intents.prepare, intent("p-9"), now=1000)
    assert seen(write, 5999) == []
    assert [one.payout.payment_id for one in seen(write, 6000)] == ["p-0"]
    assert [one.payout.payment_id for one in seen(write, 7000)] == ["p-0", "p-1", "p-2"]
    assert [one.payout.payment_id for one in seen(write, 7000, "p-1")] == ["p-1"]
    assert write(intents.unsettled, "another", now=7000) == []
    (first,) = seen(write, 6000)
    assert (first.attempts, len(first.token or "")) == (1, 32)
    write(intents.mark_unknown, first, reason="no answer", now=6500)
    (unknown,) = seen(write, 6000)
    assert (unknown.token, unknown.payout.state, unknown.payout.reason) == (None, "unknown", "no answer")
    assert (unknown.payout.busy_until, unknown.payout.changed_at) == (None, 6.5)


def test_what_is_absent_may_be_sent_again_and_is_doubtful(write: Callable[..., Any]) -> None:
    write(intents.acquire, intent(), now=1000, until=6000)
    (one,) = seen(write)
    absent = write(intents.mark_not_found, one, now=7000)
    assert (absent.state, absent.reason, absent.busy_until, absent.changed_at) == ("prepared", None, None, 7.0)
    assert write(intents.acquire, intent(), now=8000, until=9000).doubtful is True


@pytest.mark.parametrize("change", ["state", "attempts", "token", "none"])
def test_what_has_changed_since_it_was_seen_is_left(write: Callable[..., Any], change: str) -> None:
    write(intents.acquire, intent(), now=1000, until=6000)
    (one,) = seen(write)
    if change == "state":
        settled(write, Facts("processing"))
    elif change == "attempts":
        write(intents.mark_not_found, one, now=7000)
        write(intents.acquire, intent(), now=7000, until=8000)
    elif change == "token":
        one = UnsettledIntent(one.payout, "another", one.attempts)
    else:
        one = UnsettledIntent(one.payout, None, one.attempts)
    (before,) = write(intents.list_payouts)
    assert write(intents.mark_not_found, one, now=9000) == before
    assert write(intents.mark_unknown, one, reason="x", now=9000) == before
    assert write(intents.list_payouts) == [before]


def test_one_two_and_many(write: Callable[..., Any]) -> None:
    seal = BodyCipher(KEY)
    write(intents.prepare, intent("p-1", seal=seal), now=1000)
    write(intents.prepare, intent("p-2"), now=2000)
    assert write(intents.get, PROJECT, "p-1").payment_id == "p-1"
    operation, body = write(intents.sealed, PROJECT, "p-1")
    assert (operation, seal.decrypt(body, key())) == (CREATE, RAW)
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
        assert write(intents.fingerprints, keys) == {key("p-2"): intent("p-2").fingerprint}
    assert set(write(intents.get_many, PROJECT, ["p-1", "p-2"])) == {"p-1", "p-2"}
    assert write(intents.get_many, PROJECT, []) == {}


def test_of_two_projects_with_one_payment_id_the_newest_is_shown(write: Callable[..., Any]) -> None:
    write(intents.prepare, intent(), now=1000)
    write(intents.prepare, Intent.of("another", "p-1", CREATE, RAW, None), now=2000)
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
    ],
)
def test_how_a_payout_is_reported(state: str, status: str | None, outcome: str, final: bool) -> None:
    made = Payout(PROJECT, "p-1", CREATE, 100, "RUB", state, None, status, None, None, 1, None, 1.0, 2.0)
    assert (made.outcome, made.is_final, str(made.money)) == (outcome, final, "1.00 RUB")
    shown = intents.as_dict(made)
    assert (shown["payment_id"], shown["status"], shown["changed_at"]) == ("p-1", status, 2.0)
    assert list(shown) == list(Payout.__slots__)
