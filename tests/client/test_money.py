"""Amounts: exact, by ISO 4217, never a float."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from highhelp import Money, MoneyError
from highhelp_api.contract import EXPONENTS


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_one_major_unit_by_the_whole_table(currency: str) -> None:
    assert Money(1, currency).minor == 10 ** EXPONENTS[currency]
    assert Money.from_minor(10 ** EXPONENTS[currency], currency) == Money("1", currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("100.00", "RUB", 10000), ("100", "JPY", 100), ("1.234", "KWD", 1234), ("0.01", "RUB", 1)],
)
def test_minor_units_follow_the_exponent(amount: str, currency: str, minor: int) -> None:
    # lessons: JPY divided by 100, 100 sent as 100.00
    assert Money(amount, currency).minor == minor


@given(st.integers(-(10**20), 10**20), st.sampled_from(sorted(EXPONENTS)))
def test_minor_units_round_trip(minor: int, currency: str) -> None:
    money = Money.from_minor(minor, currency)
    assert money.minor == minor
    assert pickle.loads(pickle.dumps(money)) == money
    assert Money(str(money).split()[0], currency) == money


@pytest.mark.parametrize(
    "amount", [1.0, True, None, "", "1,00", "NaN", "Infinity", "-Infinity", "0.001", "100.005", b"1", "1e99", "sNaN"]
)
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(MoneyError):
        Money(amount, "RUB")  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("currency", ["rub", "XXX", "", "RUR", None, 643, ["RUB"]])
def test_what_is_no_currency_is_refused(currency: object) -> None:
    with pytest.raises(MoneyError):
        Money("1", currency)  # type: ignore[arg-type]  # that is the point


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MoneyError, match="RUB and UZS do not mix"):
        Money("1", "RUB") + Money("1", "UZS")
    with pytest.raises(MoneyError):
        _ = Money("1", "RUB") < Money("2", "UZS")
    assert Money("1", "RUB") != Money("1", "UZS")


def test_arithmetic_is_exact() -> None:
    assert Money("0.10", "RUB") + Money("0.20", "RUB") == Money("0.30", "RUB")
    assert str(Money("0.30", "RUB") - Money("0.10", "RUB")) == "0.20 RUB"
    assert Money(Decimal("5.00"), "RUB") >= Money(5, "RUB")


def test_amounts_are_ordered_and_have_a_sign() -> None:
    less, more = Money("9.99", "RUB"), Money("10.00", "RUB")
    assert less < more
    assert more > less
    assert sorted([more, -more, less]) == [-more, less, more]
    assert (-less).minor == -999


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_amount_has_26_digits_at_most(sign: str) -> None:
    assert Money(f"{sign}{'9' * 26}", "JPY").minor == int(f"{sign}{'9' * 26}")
    with pytest.raises(MoneyError, match="at most 26 digits"):
        Money(f"{sign}1{'0' * 26}", "JPY")


@pytest.mark.parametrize(
    "amount", ["1.000", "25.000", "1e3", "1_000", "+1", " 1", "1 ", "1,00", ".5", "1.", "\u0661", ""]
)
def test_ambiguous_amounts_are_refused(amount: str) -> None:
    # a point for thousands, an exponent, other digits: the intended amount is unknown
    with pytest.raises(MoneyError):
        Money(amount, "RUB")


def test_trailing_zeros_of_a_decimal_count_as_decimals() -> None:
    with pytest.raises(MoneyError, match="RUB has 2 decimals, not 3"):
        Money(Decimal("1.000"), "RUB")
    assert Money(Decimal("1E+3"), "RUB").minor == 100_000
