"""A create is never sent twice blindly: requests, their order, and results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import DuplicatePayment, HighHelp, NotSent, OutcomeUnknown, Unavailable
from highhelp.calls.outcome import Outcome
from highhelp.calls.policy import Budget, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.client.conftest import Both

ERROR = {"status": "error", "sub_status": None, "status_description": "no"}
NEW = {"status": "processing", "sub_status": "new", "payment_id": "order-1"}
CREATED = httpx.Response(200, json=NEW)
HELD = httpx.Response(200, json={**NEW, "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"}})
ABSENT = httpx.Response(404, json=ERROR)
CONFLICT = httpx.Response(409, json=ERROR)
LOST = httpx.ReadTimeout("lost")
DOWN = httpx.ConnectError("refused")

PAYIN = {"general": {"payment_id": "order-1"}, "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"}}
PAYOUT = {**PAYIN, "receiver": {"pan": "2200000000000004"}}

Reply = httpx.Response | Exception


def replies(script: Sequence[Reply]) -> Callable[[httpx.Request], httpx.Response]:
    left = list(script)

    def answer(_: httpx.Request) -> httpx.Response:
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, content=reply.content, headers=dict(reply.headers))

    return answer


def payin(client: Any) -> Any:
    return client.p2p.create_payin(PAYIN)


def payout(client: Any) -> Any:
    return client.p2p.create_payout(PAYOUT)


def paths(both: Both) -> list[str]:
    return ["info" if request.url.path.endswith("/info") else "create" for request in both.seen]


def creates(both: Both) -> list[httpx.Request]:
    return [request for request in both.seen if not request.url.path.endswith("/info")]


def test_a_lost_answer_is_settled_by_info(both: Both, naps: list[float]) -> None:
    state = both(replies([LOST, CREATED]), payin)
    assert state.payment_id == "order-1"
    assert paths(both) == ["create", "info"]


def test_lost_payin_is_sent_once_more_with_the_same_bytes(both: Both, naps: list[float]) -> None:
    # lessons: a timed-out create must not become five attempts with five keys
    assert both(replies([LOST, ABSENT, ABSENT, CREATED]), payin).payment_id == "order-1"
    assert paths(both) == ["create", "info", "info", "create"]
    first, second = creates(both)
    assert first.content == second.content
    assert json.loads(first.content)["general"]["payment_id"] == "order-1"
    assert max(naps) == pytest.approx(15, abs=1)


def test_a_payout_is_never_sent_again(both: Both, naps: list[float]) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        both(replies([LOST, ABSENT, ABSENT]), payout)
    assert caught.value.found is False
    assert paths(both) == ["create", "info", "info"]


def test_not_found_counts_only_after_the_delay(both: Both, naps: list[float]) -> None:
    # lessons: info lags behind the create
    both(replies([LOST, ABSENT, LOST, ABSENT, CREATED]), payin)
    assert paths(both) == ["create", "info", "info", "info", "create"]
    naps.clear()
    with pytest.raises(OutcomeUnknown) as caught:
        both(replies([LOST, ABSENT]), payin, total_timeout=10, timeout=10)
    assert caught.value.found is False
    assert naps == []
    both(replies([LOST, ABSENT, ABSENT, CREATED]), payin, absence_delay=3)
    assert max(naps) == pytest.approx(3, abs=1)


def test_a_404_without_the_contracts_json_is_no_absence(both: Both, naps: list[float]) -> None:
    page = httpx.Response(404, content=b"<html>not found</html>")
    with pytest.raises(OutcomeUnknown) as caught:
        both(replies([LOST, *[page] * 9]), payin)
    assert caught.value.found is None
    assert paths(both).count("create") == 1


def test_a_late_conflict_is_settled_by_info(both: Both, naps: list[float]) -> None:
    assert both(replies([LOST, ABSENT, ABSENT, CONFLICT, CREATED]), payin).payment_id == "order-1"


def test_refusal_after_a_deferred_attempt_is_looked_up(both: Both, naps: list[float]) -> None:
    slow = httpx.Response(429, json=ERROR)
    assert both(replies([slow, ABSENT, CONFLICT, HELD]), payin).payment_id == "order-1"
    scripts: list[list[Reply]] = [[slow, CREATED], [DOWN, CONFLICT, CREATED]]
    for script in scripts:
        with pytest.raises(DuplicatePayment) as caught:
            both(replies(script), payout)
        assert caught.value.existing is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_no_refusal_after_a_lost_request_is_definite(both: Both, naps: list[float], status: int) -> None:
    refusal = httpx.Response(status, json=ERROR)
    with pytest.raises(OutcomeUnknown) as caught:
        both(replies([LOST, ABSENT, ABSENT, refusal, ABSENT]), payin)
    assert (caught.value.found, caught.value.status) == (False, status)
    assert both(replies([LOST, ABSENT, ABSENT, refusal, CREATED]), payin).payment_id == "order-1"


def test_another_payment_under_the_id_is_not_taken_for_ours(both: Both, naps: list[float]) -> None:
    other = httpx.Response(200, json={**NEW, "payment_info": {"amount": 99, "currency": "RUB"}})
    with pytest.raises(OutcomeUnknown, match="another payment") as caught:
        both(replies([LOST, other]), payin)
    assert caught.value.found is True


def test_a_first_conflict_carries_the_existing_payment(both: Both) -> None:
    # lessons: a 409 is repeated against the README
    with pytest.raises(DuplicatePayment) as caught:
        both(replies([CONFLICT, CREATED]), payin)
    assert caught.value.existing is not None
    assert caught.value.existing.payment_id == "order-1"


def test_a_dead_port_is_not_sent(both: Both, naps: list[float]) -> None:
    with pytest.raises(NotSent):
        both(replies([DOWN] * 9), payin)
    assert len(both.seen) == 4


def test_too_many_requests_is_repeated_as_the_gateway_asks(both: Both, naps: list[float]) -> None:
    slow = httpx.Response(429, json=ERROR, headers={"retry-after": "7"})
    assert both(replies([slow, ABSENT, CREATED]), payin).payment_id == "order-1"
    assert naps == [7.0]
    with pytest.raises(Unavailable):
        both(replies([slow, ABSENT]), payout)


def test_endless_429_is_unavailable_and_bounded(both: Both, naps: list[float]) -> None:
    slow = httpx.Response(429, json=ERROR, headers={"retry-after": "86400"})
    with pytest.raises(Unavailable) as caught:
        both(replies([slow, ABSENT]), payin)
    assert caught.value.retry_after == 3600
    assert naps == []


def test_an_answer_without_our_payment_id_is_asked_about(both: Both, naps: list[float]) -> None:
    nameless = httpx.Response(200, json={"status": "success"})
    for call in (payin, payout):
        both.seen.clear()
        assert both(replies([nameless, CREATED]), call).payment_id == "order-1"
        assert paths(both) == ["create", "info"]
        with pytest.raises(OutcomeUnknown):
            both(replies([nameless, ABSENT]), call)


def test_an_answer_with_another_sum_is_no_success(both: Both, naps: list[float]) -> None:
    info = {"amount": 1, "currency": "KZT", "type": "payin"}
    other = httpx.Response(200, json={**NEW, "status": "success", "payment_info": info})
    for call in (payin, payout):
        with pytest.raises(OutcomeUnknown) as caught:
            both(replies([other]), call)
        assert (caught.value.found, caught.value.status) == (True, 200)
        assert caught.value.existing is not None
        assert caught.value.existing.to_dict()["payment_info"] == info


def test_a_confirmation_is_sent_once(both: Both, naps: list[float]) -> None:
    with pytest.raises(OutcomeUnknown):
        both(
            replies([LOST]),
            lambda client: client.ecom.confirm_3ds({"general": {"payment_id": "order-1"}, "cres": "value"}),
        )


def test_each_attempt_is_signed_anew(both: Both, naps: list[float]) -> None:
    moments = iter(range(1_700_000_000, 1_800_000_000))
    both(replies([LOST, ABSENT, ABSENT, CREATED]), payin, clock=lambda: float(next(moments)))
    first, second = creates(both)
    assert first.headers["x-access-signature"] != second.headers["x-access-signature"]


def test_reads_are_repeated_and_bounded(both: Both, naps: list[float]) -> None:
    with pytest.raises(Unavailable):
        both(replies([LOST] * 9), lambda client: client.service.balance())
    assert len(both.seen) == 4
    assert naps == sorted(naps)


def test_the_pause_overflows_at_no_number_of_attempts() -> None:
    # lessons: back-off without an attempt limit overflows at attempt 1025
    policy = Policy(attempts=10**9, total=1e9, jitter=lambda: 1.0)
    verdict: Outcome[None] = Outcome("unknown")
    assert [Budget(policy).pause(tries, verdict) for tries in (1, 2, 1025, 10**8)] == [0.5, 1.0, 30.0, 30.0]


def test_wait_goes_on_until_the_end(both: Both, naps: list[float]) -> None:
    seen: list[str] = []
    done = httpx.Response(200, json={"status": "success"})
    state = both(
        replies([CREATED, LOST, CREATED, httpx.Response(200, json={"status": "frozen"}), done]),
        lambda client: client.p2p.wait_payin("order-1", timeout=60, on_change=lambda s: seen.append(str(s.status))),
    )
    assert state.status == "success"
    assert seen == ["processing", "frozen", "success"]


def test_the_clients_projects_do_not_mix(signer: Any) -> None:
    client = HighHelp(base_url="https://gateway.example", project_id="one", signer=signer, environ={})
    with pytest.raises(NotSent, match="general:project_id: is not the project of this client"):
        client.p2p.create_payin({**PAYIN, "general": {"project_id": "two", "payment_id": "order-1"}})
