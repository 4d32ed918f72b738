"""Amounts with their currency, exact to the minor unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import total_ordering
from typing import Self

from highhelp.errors import MoneyError
from highhelp_api.contract import EXPONENTS

# amounts must not depend on the caller's decimal context, whose precision may be anything
_EXACT = Context(prec=64)
_LIMIT = Decimal(10**26)
# 1.000 may mean a thousand or one, so zeros count as decimals; 1e3, 1_000 and non-ASCII digits are refused
_WRITTEN = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?", re.ASCII)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units with its ISO 4217 currency: `Money("100.00", "RUB")`.

    Floats are refused, and so is an amount with more decimals than the currency has, zeros included.

    Args:
        amount: In major units, such as 100.00: a string, a Decimal or an int.
        currency: ISO 4217 code, which determines the number of decimals.

    Raises:
        MoneyError: If the amount or the currency is invalid.
    """

    amount: Decimal
    currency: str

    def __init__(self, amount: str | Decimal | int, currency: str) -> None:
        exponent = exponent_of(currency)
        if isinstance(amount, bool) or not isinstance(amount, str | Decimal | int):
            raise MoneyError(f"an amount must be a string, a Decimal or an int, not a {type(amount).__name__}")
        if isinstance(amount, str) and not _WRITTEN.fullmatch(amount):
            raise MoneyError("not an amount; write it like 100.00")
        value = Decimal(amount)
        if not value.is_finite():
            raise MoneyError("an amount must be finite")
        if value.copy_abs() >= _LIMIT:
            raise MoneyError("an amount has at most 26 digits")
        decimals = -int(value.as_tuple().exponent)
        if decimals > exponent:
            raise MoneyError(f"{currency} has {exponent} decimals, not {decimals}")
        exact = value.quantize(Decimal(1).scaleb(-exponent, _EXACT), context=_EXACT)
        object.__setattr__(self, "amount", exact)
        object.__setattr__(self, "currency", str(currency))

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Self:
        """Create an amount from minor units: `Money.from_minor(10000, "RUB")` is 100.00 RUB.

        Args:
            minor: A whole number of minor units.
            currency: ISO 4217 code.

        Raises:
            MoneyError: If the amount is not an int, or the currency is not listed.
        """
        if isinstance(minor, bool) or not isinstance(minor, int):
            raise MoneyError(f"minor units must be an int, not a {type(minor).__name__}")
        return cls(Decimal(minor).scaleb(-exponent_of(currency), _EXACT), currency)

    @property
    def minor(self) -> int:
        """The amount in minor units, as the API expects it."""
        return int(self.amount.scaleb(exponent_of(self.currency), _EXACT))

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(_EXACT.minus(self.amount), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def _same(self, other: object) -> Decimal:
        if not isinstance(other, Money):
            raise MoneyError(f"expected Money, got a {type(other).__name__}")
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} do not mix")
        return other.amount

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


def exponent_of(currency: str) -> int:
    """Return the decimals of a currency by ISO 4217. Raises MoneyError if the list has none."""
    exponent = EXPONENTS.get(currency) if isinstance(currency, str) else None
    if exponent is None:
        raise MoneyError("not an ISO 4217 currency; write it like RUB")
    return exponent
