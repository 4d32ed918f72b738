"""Ids that people cannot distinguish are refused before anything is stored or sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from highhelp import InvalidRequest, models
from highhelp.identifiers import id_problem
from highhelp.payouts.csv_file import RowsRefused, read_csv

if TYPE_CHECKING:
    from tests.client.conftest import Both

ALLOWED = ["order-1", "заказ №7", "тапсырыс-қ", "订单-7", "a b", "❤️-1", "👩‍👩‍👧-2", "👍🏽", "é", "أمر-7"]
REFUSED = [
    "z-1\u200b", "z\u00ad1", "\ufeffz", "z\u202e1", "z\u2066", "z\u0000", "z\n", "z\t1", " z", "z ", "z\u00a01",
    "z\u3164", "z\u2800", "z\u115f", "z\u034f", "z\ufe0f", "z\u200d", "\u200d", "z\U000e0041", "z\ue000", "z\u2028z",
    "z\ufe0f\ufe0f", "❤\ufe0f\ufe0f", "❤\u200dz", "z\u3000z", "z\ud800", "z\u061c", "z\U000e0100", "z\u180e",
]  # fmt: skip


@pytest.mark.parametrize("text", ALLOWED)
def test_ids_of_any_script_and_emoji_are_allowed(text: str) -> None:
    assert id_problem(text) is None


@pytest.mark.parametrize("text", REFUSED)
def test_ids_with_invisible_characters_are_refused(text: str) -> None:
    problem = id_problem(text)
    assert problem is not None
    assert problem.isascii(), "the id is not quoted: it would not show what is wrong"


def _payin(payment_id: str) -> models.P2PPayinRequest:
    return models.P2PPayinRequest(
        general=models.General(payment_id=payment_id),
        payment=models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=100, currency=models.Currency.RUB),
    )


def test_invisible_payment_id_is_refused_before_sending(both: Both) -> None:
    def handler(_: Any) -> Any:
        raise AssertionError("it was sent")

    with pytest.raises(InvalidRequest, match=r"general:payment_id: holds U\+200B at position 4"):
        both(handler, lambda client: client.p2p.create_payin(_payin("z-1\u200b")))
    with pytest.raises(InvalidRequest, match="general:payment_id"):
        both(handler, lambda client: client.p2p.create_payin(_payin("z\u202e")), check_requests=False)


def test_invisible_payment_id_in_a_file_names_its_cell() -> None:
    text = "payment_id;amount;currency;method;pan\nz-1;25.00;RUB;card-p2p;4000000000000002\n"
    again = text + "z-1\u200b;25.00;RUB;card-p2p;4000000000000002\n"
    with pytest.raises(RowsRefused, match=r"line 3, column payment_id: holds U\+200B"):
        read_csv(again.encode())
