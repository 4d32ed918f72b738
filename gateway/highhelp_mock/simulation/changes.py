"""Keep track of what has changed in memory since the state file was last written."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Changes"]


@dataclass(slots=True)
class Changes:
    """Filled by the engine, cleared by the state file.

    Attributes:
        enabled: whether there is a state file; without one nothing is recorded.
        payments: project and payment id.
        callbacks: numbers.
        accounts: project and currency.
        forgotten: payments that were dropped, with their callbacks.
        cleared: whether everything was dropped before.
    """

    enabled: bool = False
    payments: dict[tuple[str, str], None] = field(default_factory=dict)
    callbacks: dict[int, None] = field(default_factory=dict)
    accounts: dict[tuple[str, str], None] = field(default_factory=dict)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    cleared: bool = False

    def __bool__(self) -> bool:
        return bool(self.payments or self.callbacks or self.accounts or self.forgotten or self.cleared)

    def add_payment(self, key: tuple[str, str]) -> None:
        """A payment was created or changed."""
        if self.enabled:
            self.payments[key] = None

    def add_callback(self, number: int) -> None:
        """A callback was created or changed."""
        if self.enabled:
            self.callbacks[number] = None

    def add_account(self, project_id: str, currency: str) -> None:
        """An account's balance changed."""
        if self.enabled:
            self.accounts[project_id, currency] = None

    def forget(self, key: tuple[str, str]) -> None:
        """A payment was dropped."""
        self.payments.pop(key, None)
        if self.enabled:
            self.forgotten.append(key)

    def drop_all(self) -> None:
        """Everything was dropped."""
        self.clear()
        self.cleared = self.enabled

    def clear(self) -> None:
        """Everything is written."""
        self.payments.clear()
        self.callbacks.clear()
        self.accounts.clear()
        self.forgotten.clear()
        self.cleared = False
