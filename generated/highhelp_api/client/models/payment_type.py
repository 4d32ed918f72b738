# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class PaymentType(StrEnum):
    """The direction of a payment."""

    PAYIN = "payin"
    """From the payer to the merchant project."""
    PAYOUT = "payout"
    """From the merchant project to a receiver."""

    @classmethod
    def _missing_(cls, value: object) -> PaymentType | None:
        """Keep a value unknown to this version: the gateway may add values at any time."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = "UNKNOWN_VALUE"
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether this version of the client knows the value."""
        return self._value_ in type(self)._value2member_map_

    def __str__(self) -> str:
        return str(self.value)
