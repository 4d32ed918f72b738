"""A project's money in whole minor units: what is available, and what is held for payouts under way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OPENING", "Account", "Books", "InsufficientError"]

LARGEST = 9007199254740991
"""The contract's bound of a balance."""

OPENING: Mapping[str, int] = dict.fromkeys(contract.CATALOGUES["Currency"], 100_000_000)
"""What a project holds at the start, per currency, in minor units: 1,000,000.00 where there are two decimals."""


class InsufficientError(Exception):
    """The available balance does not cover the sum."""


@dataclass(frozen=True, slots=True)
class Account:
    """One currency of one project, minor units.

    Attributes:
        available: may be paid out.
        locked: held for payouts under way, apart from ``available``.
    """

    available: int
    locked: int = 0

    def credit(self, amount: int) -> Account:
        """A pay-in has succeeded."""
        return replace(self, available=self.available + amount)

    def lock(self, amount: int) -> Account:
        """A payout has been accepted.

        Raises:
            InsufficientError: more than is available.
        """
        if amount > self.available:
            raise InsufficientError
        return Account(self.available - amount, self.locked + amount)

    def debit(self, amount: int) -> Account:
        """A payout has succeeded."""
        return replace(self, locked=self.locked - amount)

    def release(self, amount: int) -> Account:
        """A payout was declined."""
        return Account(self.available + amount, self.locked - amount)

    def has_room(self, amount: int) -> bool:
        """Whether a credit stays within the contract's bound, whatever is released later."""
        return self.available + self.locked + amount <= LARGEST


class Books:
    """The accounts of one project.

    Args:
        opening: minor units per currency.
    """

    def __init__(self, opening: Mapping[str, int]) -> None:
        self._opening = dict(opening)
        self.accounts: dict[str, Account] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the opening balances."""
        self.accounts = {currency: Account(amount) for currency, amount in self._opening.items()}

    def account(self, currency: str) -> Account:
        """The account of a currency, empty where nothing was ever booked."""
        return self.accounts.get(currency, Account(0))

    def book(self, currency: str, account: Account) -> None:
        """Replace an account by what a booking made of it."""
        self.accounts[currency] = account
