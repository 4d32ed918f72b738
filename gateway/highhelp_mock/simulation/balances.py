"""A project's money in minor units: available, and locked for payouts under way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LARGEST", "OPENING", "Account", "Balances", "InsufficientBalance"]

LARGEST = 9007199254740991
"""The contract's bound of a balance."""

OPENING: Mapping[str, int] = dict.fromkeys(contract.CATALOGUES["Currency"], 100_000_000)
"""Opening balance per currency, in minor units: 1,000,000.00 for currencies with two decimals."""


class InsufficientBalance(Exception):
    """The available balance does not cover the amount."""


@dataclass(frozen=True, slots=True)
class Account:
    """One currency of one project, minor units.

    Attributes:
        available: can be paid out.
        locked: held for payouts in progress, not part of ``available``.
    """

    available: int
    locked: int = 0

    def credit(self, amount: int) -> Account:
        """Book a successful pay-in."""
        return replace(self, available=self.available + amount)

    def lock(self, amount: int) -> Account:
        """Book an accepted payout.

        Raises:
            InsufficientBalance: more than available.
        """
        if amount > self.available:
            raise InsufficientBalance
        return Account(self.available - amount, self.locked + amount)

    def debit(self, amount: int) -> Account:
        """Book a successful payout."""
        return replace(self, locked=self.locked - amount)

    def release(self, amount: int) -> Account:
        """Book a declined payout."""
        return Account(self.available + amount, self.locked - amount)

    def has_room(self, amount: int) -> bool:
        """Whether a credit stays within the contract's bound, whatever is released later."""
        return self.available + self.locked + amount <= LARGEST


class Balances:
    """The accounts of one project.

    Args:
        opening: minor units per currency.

    Attributes:
        accounts: by currency.
    """

    def __init__(self, opening: Mapping[str, int]) -> None:
        self._opening = dict(opening)
        self.accounts: dict[str, Account] = {}
        self.reset()

    def reset(self) -> None:
        """Restore the opening balances."""
        self.accounts = {currency: Account(amount) for currency, amount in self._opening.items()}

    def account(self, currency: str) -> Account:
        """Return the account of a currency, empty if nothing was ever booked."""
        return self.accounts.get(currency, Account(0))
