"""Track changes in memory since the state was last written."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Changes"]


@dataclass(slots=True)
class Changes:
    """Changes, added by the engine and cleared by its owner once written. Keys are in the order of the changes.

    Attributes:
        payments: project and payment id of created or changed ones.
        callbacks: their numbers.
        accounts: project and currency.
        forgotten: payments that were dropped, with their callbacks.
        cleared: whether everything was dropped before these changes.
    """

    payments: dict[tuple[str, str], None] = field(default_factory=dict)
    callbacks: dict[int, None] = field(default_factory=dict)
    accounts: dict[tuple[str, str], None] = field(default_factory=dict)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    cleared: bool = False

    def __bool__(self) -> bool:
        return bool(self.payments or self.callbacks or self.accounts or self.forgotten or self.cleared)

    def clear(self, *, dropped: bool = False) -> None:
        """Start over: everything is written, or was `dropped`."""
        for kind in (self.payments, self.callbacks, self.accounts, self.forgotten):
            kind.clear()
        self.cleared = dropped
