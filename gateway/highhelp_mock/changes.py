"""What has changed in the gateway's memory since it was last written down."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Changes"]


@dataclass(slots=True)
class Changes:
    """Noted by the engine, cleared by whoever writes it down.

    Attributes:
        wanted: whether anybody writes anything down; if not, nothing is noted.
        payments: project and payment id.
        callbacks: numbers.
        accounts: project and currency.
        forgotten: payments that were dropped, with their callbacks.
        cleared: whether everything was dropped before.
    """

    wanted: bool = False
    payments: dict[tuple[str, str], None] = field(default_factory=dict)
    callbacks: dict[int, None] = field(default_factory=dict)
    accounts: dict[tuple[str, str], None] = field(default_factory=dict)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    cleared: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.payments or self.callbacks or self.accounts or self.forgotten or self.cleared)

    def payment(self, key: tuple[str, str]) -> None:
        """A payment is new or another one."""
        if self.wanted:
            self.payments[key] = None

    def callback(self, number: int) -> None:
        """A callback is new, or something became of it."""
        if self.wanted:
            self.callbacks[number] = None

    def account(self, project_id: str, currency: str) -> None:
        """Something was booked."""
        if self.wanted:
            self.accounts[project_id, currency] = None

    def forget(self, key: tuple[str, str]) -> None:
        """A payment was dropped."""
        self.payments.pop(key, None)
        if self.wanted:
            self.forgotten.append(key)

    def clear_all(self) -> None:
        """Everything was dropped."""
        self.clear()
        self.cleared = self.wanted

    def clear(self) -> None:
        """All is written."""
        self.payments.clear()
        self.callbacks.clear()
        self.accounts.clear()
        self.forgotten.clear()
        self.cleared = False
