"""Pay-ins over time: each product's course, the payer's and the merchant's part, lifetimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from highhelp_api import contract
from highhelp_mock.http import ApiError
from highhelp_mock.simulation.cards import mask
from highhelp_mock.simulation.scenarios import amount_of, pan_of
from highhelp_mock.simulation.state_machine import is_final, shortest_path
from tests.gateway.merchant import CARD, Merchant

if TYPE_CHECKING:
    from highhelp_mock import MockGateway

NEW, REQUISITES, CONFIRM = "processing:new", "processing:requisites", "processing:awaiting_confirm"
CHALLENGE, PAID = "processing:awaiting_3ds_result", "processing:paid"
CHECKING, WRONG = "processing:sent_verification", "processing:invalid_verification"


def card_payin(merchant: Merchant, code: int) -> dict[str, Any]:
    return merchant.ecom_payin(card=CARD | {"pan": pan_of(code)})


def test_a_p2p_payin_succeeds_by_itself(merchant: Merchant) -> None:
    answer = merchant.call("create_p2p_payin", merchant.p2p_payin())
    assert (answer["status"], answer["sub_status"], answer["payment_id"]) == ("processing", "new", "p-1")
    merchant.gateway.travel(0.9)
    assert merchant.state() == NEW
    merchant.gateway.travel(0.1)
    assert merchant.state() == REQUISITES
    merchant.gateway.travel(600)
    assert merchant.states() == [NEW, REQUISITES, CONFIRM, PAID, "success"]
    assert merchant.gateway.balance("RUB").available == 100_010_000


def test_the_course_keeps_its_times_however_far_the_clock_jumps(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(10**6)
    events = merchant.gateway.payment("p-1").history
    assert [round(event.at - events[0].at) for event in events] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("method", "currency", "fields"),
    [
        ("card-p2p", "RUB", {"pan", "card_holder", "bank_name", "expires_at"}),
        ("phone-p2p", "TJS", {"phone", "card_holder", "bank_name", "bank_code", "expires_at"}),
        ("account-number", "NGN", {"account_number", "card_holder", "bank_name", "bank_code", "expires_at"}),
        ("wallet-link", "NGN", {"qr_link", "bank_name", "expires_at"}),
        ("ussd", "NGN", {"qr_link", "bank_name", "expires_at"}),
    ],
)
def test_requisites_are_shown_while_the_payer_is_awaited(
    merchant: Merchant, method: str, currency: str, fields: set[str]
) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(method=method, currency=currency))
    shown = {}
    for _ in range(6):
        shown[merchant.state()] = merchant.info()
        merchant.gateway.travel(1)
    assert set(shown[CONFIRM]["requisites"]) == fields
    assert shown[CONFIRM]["requisites"] == shown[PAID]["requisites"]
    assert not any("requisites" in shown[state] for state in (NEW, REQUISITES, "success"))
    assert shown[CONFIRM]["payment_info"] == {
        "amount": 10000, "currency": currency, "type": "payin", "method": method,
    }  # fmt: skip


def test_a_card_payin_without_a_challenge_succeeds(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", merchant.ecom_payin())
    merchant.gateway.travel(1)
    assert merchant.states() == [NEW, "success"]
    account = {"number": "400000******0002", "type": "visa", "card_holder": "A B"}
    assert merchant.info()["account"] == account


def test_a_3ds_2_challenge_waits_for_its_result(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", card_payin(merchant, 21))
    merchant.gateway.travel(500)
    assert merchant.state() == CHALLENGE
    assert set(merchant.info()["threeds2"]["redirect"]["params"]) == {"creq"}
    confirm = merchant.info_general("p-1") | {"cres": "anything"}
    assert merchant.call("confirm_ecom_3ds", confirm)["status"] == "success"
    assert merchant.call("confirm_ecom_3ds", confirm)["status"] == "success"
    assert merchant.gateway.balance("RUB").available == 100_010_000
    other = merchant.info_general("p-1") | {"cres": "something else"}
    assert merchant.send("confirm_ecom_3ds", other).status == 409


def test_a_3ds_2_challenge_may_fail(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", card_payin(merchant, 22))
    merchant.gateway.travel(1)
    confirm = merchant.info_general("p-1") | {"cres": "x"}
    answer = merchant.call("confirm_ecom_3ds", confirm)
    assert (answer["status"], answer["status_description"]) == ("decline", "3-D Secure authentication failed")


@pytest.mark.parametrize(("md", "status"), [(None, "success"), ("of another payment", "decline")])
def test_a_3ds_1_challenge_wants_its_own_md(merchant: Merchant, md: str | None, status: str) -> None:
    merchant.call("create_ecom_payin", card_payin(merchant, 23))
    merchant.gateway.travel(1)
    challenge = merchant.info()["acs"]
    assert set(challenge) == {"acs_url", "pa_req", "md", "term_url"}
    result = {"pares": "x", "md": md or challenge["md"]}
    assert merchant.call("confirm_ecom_3ds", merchant.info_general("p-1") | result)["status"] == status


def test_a_3ds_result_is_refused_where_none_is_awaited(merchant: Merchant) -> None:
    confirm = merchant.info_general("p-1") | {"cres": "x"}
    assert merchant.send("confirm_ecom_3ds", confirm).status == 404
    merchant.call("create_ecom_payin", merchant.ecom_payin())
    assert merchant.send("confirm_ecom_3ds", confirm).status == 409
    merchant.call("create_p2p_payin", merchant.p2p_payin("p-2"))
    assert merchant.send("confirm_ecom_3ds", confirm | merchant.info_general("p-2")).status == 404


def test_a_redirect_sends_the_payer_away_and_back(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", card_payin(merchant, 24))
    merchant.gateway.travel(1)
    info = merchant.info()
    assert info["sub_status"] == "awaiting_redirect_result"
    assert info["redirect_data"]["url"] == info["integration"]["redirect_url"]
    merchant.gateway.travel(10)
    assert merchant.state() == "success"


def test_the_payer_may_come_back_from_the_bank_early_or_in_vain(merchant: Merchant) -> None:
    for payment_id, accepted, state in (("p-1", True, "success"), ("p-2", False, "decline")):
        body = merchant.ecom_payin(payment_id, card=CARD | {"pan": pan_of(24)})
        merchant.call("create_ecom_payin", body)
        merchant.gateway.travel(1)
        with merchant.gateway.payer(payment_id) as payer:
            assert payer.finish_redirect(accepted=accepted).state == state


def test_the_hosted_page_has_an_address_of_its_own(merchant: Merchant) -> None:
    answers = [merchant.call("create_widget_payin", merchant.widget_payin(f"p-{n}")) for n in (1, 2)]
    urls = [answer["integration"]["form_url"] for answer in answers]
    start = f"{merchant.gateway.base_url}/pay/"
    tokens = [url.removeprefix(start) for url in urls]
    assert all(len(token) == 40 and int(token, 16) >= 0 for token in tokens)
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize(
    ("method", "currency", "states"),
    [
        (None, "RUB", [NEW, CONFIRM, PAID, "success"]),
        ("payin-p2p-card", "RUB", [NEW, CONFIRM, PAID, "success"]),
        ("payin-ecom-card", "RUB", [NEW, CONFIRM, "success"]),
        ("payin-ecom-mobile", "KZT", [NEW, CONFIRM, CHALLENGE, CHECKING, PAID, "success"]),
    ],
)
def test_unopened_widget_payin_continues_by_itself(
    merchant: Merchant, method: str | None, currency: str, states: list[str]
) -> None:
    chosen = {} if method is None else {"widget_method": method}
    merchant.call("create_widget_payin", merchant.widget_payin(currency=currency, **chosen))
    merchant.gateway.travel(14)
    assert merchant.states() == states[:2]
    merchant.gateway.travel(10)
    assert merchant.states() == states


def test_an_open_page_waits_for_its_payer(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin(widget_method="payin-p2p-card"))
    with merchant.gateway.payer("p-1") as payer:
        payer.open()
        merchant.gateway.travel(599)
        assert merchant.state() == CONFIRM
        assert payer.pay().state == PAID
    merchant.gateway.travel(0.9)
    assert merchant.state() == PAID
    merchant.gateway.travel(0.1)
    assert merchant.state() == "success"


def test_the_payer_may_choose_how_to_pay(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin())
    with merchant.gateway.payer("p-1") as payer:
        payer.open()
        assert payer.choose("payin-ecom-card").machines == ("hosted_page", "card_payin")
        with pytest.raises(ApiError):
            payer.choose("payin-p2p-card")
        with pytest.raises(ApiError):
            payer.pay()
        assert payer.card(pan_of(21)).state == CHALLENGE
        assert payer.finish_3ds().state == "success"
    assert merchant.info()["account"]["number"] == mask(pan_of(21))


@pytest.mark.parametrize(
    ("code", "state"), [(20, "success"), (0, "success"), (21, CHALLENGE), (24, "processing:awaiting_redirect_result"),
                        (1, "decline"), (26, "decline"), (4, "error")],
)  # fmt: skip
def test_a_card_on_the_page_does_what_its_number_says(merchant: Merchant, code: int, state: str) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin(widget_method="payin-ecom-card"))
    with merchant.gateway.payer("p-1") as payer:
        assert payer.card(pan_of(code)).state == state


@pytest.mark.parametrize(
    "card",
    [
        ("4000000000000003", 12, 2099),
        ("", 12, 2099),
        (pan_of(20), 13, 2099),
        (pan_of(20), 1, 2020),
        (pan_of(20), 12, 99),
    ],
)
def test_a_wrong_card_on_the_page_can_be_entered_again(merchant: Merchant, card: tuple[str, int, int]) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin(widget_method="payin-ecom-card"))
    with merchant.gateway.payer("p-1") as payer:
        with pytest.raises(ApiError) as refused:
            payer.card(*card)
        assert refused.value.status == 422
        assert payer.card(pan_of(20)).state == "success"


def mobile(merchant: Merchant) -> dict[str, Any]:
    return merchant.widget_payin(widget_method="payin-ecom-mobile", currency="KZT")


def test_the_right_code_pays_from_a_mobile_account(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", mobile(merchant))
    with merchant.gateway.payer("p-1") as payer:
        assert payer.code().state == CHALLENGE
        assert payer.code("000000").state == WRONG
        assert payer.code(" 123456 ").state == PAID
    merchant.gateway.travel(1)
    assert merchant.states() == [NEW, CONFIRM, CHALLENGE, CHECKING, WRONG, CHECKING, PAID, "success"]


def test_the_third_wrong_code_declines(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", mobile(merchant))
    with merchant.gateway.payer("p-1") as payer:
        payer.code()
        assert [payer.code("1").state for _ in range(3)] == [WRONG, WRONG, "decline"]
        with pytest.raises(ApiError):
            payer.code("123456")


@pytest.mark.parametrize(("code", "state"), [("222222", "decline"), ("333333", "error")])
def test_an_operator_may_refuse_after_the_right_code(merchant: Merchant, code: str, state: str) -> None:
    merchant.call("create_widget_payin", mobile(merchant))
    with merchant.gateway.payer("p-1") as payer:
        payer.code()
        assert payer.code(code).state == PAID
    merchant.gateway.travel(1)
    assert merchant.state() == state


def test_the_payer_may_give_up(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    with merchant.gateway.payer("p-1") as payer:
        declined = payer.decline()
        assert (declined.state, declined.schedule) == ("decline", ())
        with pytest.raises(ApiError):
            payer.decline()
        assert payer.open().state == "decline"


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([], "decline"),
        ([REQUISITES], "decline"),
        ([REQUISITES, CONFIRM], "dispute:no_payment"),
        ([REQUISITES, CONFIRM, PAID], "dispute:confirm_timeout"),
        ([REQUISITES, CONFIRM, PAID, "dispute:different_amount"], "dispute:different_amount"),
        (["error"], "error"),
    ],
)
def test_a_lifetime_runs_out_to_what_fits(merchant: Merchant, steps: list[str], state: str) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(7)))
    for step in steps:
        merchant.gateway.advance("p-1", *step.split(":"))
    before = merchant.state()
    merchant.gateway.travel(599.9)
    assert merchant.state() == before
    merchant.gateway.travel(0.2)
    assert merchant.state() == state


def test_the_request_sets_the_lifetime(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(7), lifetime=300))
    merchant.gateway.travel(300)
    assert merchant.state() == "decline"
    assert merchant.info()["status_description"] == "The lifetime has run out"


def test_a_challenge_runs_out(merchant: Merchant) -> None:
    merchant.call("create_ecom_payin", card_payin(merchant, 21))
    merchant.gateway.travel(600)
    assert merchant.states() == [NEW, CHALLENGE, "decline"]


def test_page_without_choice_expires_without_dispute(merchant: Merchant) -> None:
    merchant.call("create_widget_payin", merchant.widget_payin())
    with merchant.gateway.payer("p-1") as payer:
        payer.open()
    merchant.gateway.travel(600)
    assert merchant.states() == [NEW, CONFIRM, "decline"]


def test_advanced_payment_keeps_its_lifetime(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.advance("p-1", "processing", "requisites")
    merchant.gateway.travel(599)
    assert merchant.state() == REQUISITES
    merchant.gateway.travel(1)
    assert merchant.state() == "decline"


def test_every_state_of_the_contract_is_reached_and_told(gateway: MockGateway, merchant: Merchant) -> None:
    """Each state of each operation's machines, by way of the contract's transitions, in an answer and a callback."""

    def states_of(operation: contract.Operation) -> set[str]:
        tables = [contract.TRANSITIONS[name] for name in operation.machines]
        return {state for table in tables for before, after in table.items() for state in (before, *after)}

    bodies = {
        "create_p2p_payin": merchant.p2p_payin,
        "create_ecom_payin": lambda payment_id: merchant.ecom_payin(payment_id, card=CARD | {"pan": pan_of(7)}),
        "create_p2p_payout": merchant.p2p_payout,
        "create_ecom_payout": merchant.ecom_payout,
        "create_widget_payin": merchant.widget_payin,
    }
    answered, told = set(), set()
    for operation in contract.OPERATIONS.values():
        for index, target in enumerate(sorted(states_of(operation))):
            payment_id = f"{operation.id}-{index}"
            merchant.call(operation.id, bodies[operation.id](payment_id))
            for state in shortest_path(operation.machines, NEW, target) or ():
                gateway.advance(payment_id, *state.split(":"))
            info = merchant.info(payment_id)
            answered.add(info["status"] + (f":{info['sub_status']}" if info["sub_status"] else ""))
            assert merchant.state(payment_id) == target
            if is_final(target):
                for other in states_of(operation):
                    with pytest.raises(ValueError, match="final"):
                        gateway.advance(payment_id, *other.split(":"))
    gateway.deliver(merchant.receive)
    for callback in gateway.callbacks:
        assert callback.outcome == "delivered"
        told.add(callback.state)
    assert answered == set(contract.STATES)
    assert told == set(contract.STATES) - {NEW}


def test_a_final_status_never_changes(merchant: Merchant) -> None:
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(10)
    merchant.gateway.travel(10**7)
    assert merchant.state() == "success"
    assert merchant.gateway.payment("p-1").history[-1].at == merchant.gateway.payment("p-1").created_at + 4


def test_a_success_that_the_books_cannot_hold_is_declined(merchant: Merchant) -> None:
    from highhelp_mock.simulation.balances import LARGEST, Account

    merchant.project.balances.accounts["RUB"] = Account(LARGEST - 10000, 1)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(10)
    assert merchant.state() == "decline"
    assert merchant.send("get_balance", {"general": {"project_id": merchant.project.project_id}}).status == 200


def test_sum_that_just_fits_the_balance_succeeds(merchant: Merchant) -> None:
    from highhelp_mock.simulation.balances import LARGEST, Account

    merchant.project.balances.accounts["RUB"] = Account(LARGEST - 10000)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(10)
    assert merchant.state() == "success"
    assert merchant.gateway.balance("RUB").available == LARGEST


def test_declined_payment_has_no_page_to_send_the_payer_to(merchant: Merchant) -> None:
    declined = merchant.call("create_p2p_payin", merchant.p2p_payin(amount=amount_of(2)))
    assert declined["status"] == "decline"
    assert "integration" not in declined
    assert "integration" not in merchant.info()
