"""Absent fields of an answer are `None`, times are datetimes, and no model accepts a float as an amount."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from highhelp import models

if TYPE_CHECKING:
    from tests.client.conftest import Both

ANSWERS = [
    each
    for name in models.__all__
    if attrs.has(each := getattr(models, name))
    and any(field.name == "additional_properties" for field in attrs.fields(each))
]


def state(both: Both, **fields: Any) -> models.PaymentState:
    body = {"status": "processing", "payment_id": "o", **fields}
    result: models.PaymentState = both(
        lambda _: httpx.Response(200, json=body), lambda client: client.p2p.get_payin("o")
    )
    return result


def test_an_absent_field_of_an_answer_is_none(both: Both) -> None:
    read = state(both)
    assert (read.sub_status, read.requisites, read.payment_info, read.redirect_data) == (None, None, None, None)
    assert read.status is models.Status.PROCESSING


def test_a_null_is_the_same_as_no_field(both: Both) -> None:
    assert state(both, requisites=None, sub_status=None) == state(both)


@pytest.mark.parametrize("model", ANSWERS, ids=lambda model: model.__name__)
def test_no_field_of_an_answer_knows_unset(model: Any) -> None:
    assert len(ANSWERS) > 10
    assert [field.name for field in attrs.fields(model) if field.default is models.UNSET] == []


@pytest.mark.parametrize(
    ("written", "hours"),
    [("2026-11-24T12:10:00Z", 0), ("2026-11-24T15:10:00+03:00", 3), ("2026-11-24 12:10:00+00:00", 0)],
)
def test_a_moment_is_a_datetime(both: Both, written: str, hours: int) -> None:
    requisites = state(both, requisites={"expires_at": written}).requisites
    assert requisites is not None
    assert requisites.expires_at == datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
    assert requisites.expires_at.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("written", ["soon", 1764000000, ""])
def test_a_moment_that_cannot_be_read_is_kept_as_it_came(both: Both, written: object) -> None:
    requisites = state(both, requisites={"expires_at": written}).requisites
    assert requisites is not None
    assert requisites.expires_at is None
    assert requisites["expires_at"] == written


def test_constructors_refuse_a_float_amount() -> None:
    with pytest.raises(TypeError, match="amount is a whole number, not a float"):
        models.P2PPayinPayment(method="card-p2p", amount=100.0, currency="RUB")  # type: ignore[arg-type]  # the point
    payment = models.P2PPayinPayment(method="card-p2p", amount=100, currency="RUB")
    with pytest.raises(TypeError, match="not a float"):
        payment.amount = 1.5  # type: ignore[assignment]  # that is the point
