# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class SubStatus(StrEnum):
    """The detailed state within a status. New values may be added."""

    NEW = "new"
    """Accepted."""
    REQUISITES = "requisites"
    """A provider and payment details are being chosen."""
    AWAITING_CONFIRM = "awaiting_confirm"
    """The payer is awaited, on the payment page or in a linked scenario."""
    AWAITING_3DS_RESULT = "awaiting_3ds_result"
    """The 3-D Secure result is awaited; in mobile commerce, a one-time code was asked for."""
    AWAITING_REDIRECT_RESULT = "awaiting_redirect_result"
    """The payer was sent to the bank, issuer or provider."""
    SENT_VERIFICATION = "sent_verification"
    """Mobile commerce, the one-time code is being checked."""
    INVALID_VERIFICATION = "invalid_verification"
    """Mobile commerce, the one-time code was wrong; the third wrong one declines the payment."""
    PAID = "paid"
    """The payer says that the money was sent; in mobile commerce, the code was right."""
    PAYOUT_PROCESS = "payout_process"
    """The payout is being made."""
    NO_PAYMENT = "no_payment"
    """Nothing was paid within the lifetime."""
    DIFFERENT_AMOUNT = "different_amount"
    """Another amount was received."""
    CONFIRM_TIMEOUT = "confirm_timeout"
    """The time for confirmation ran out."""
    INCORRECT_REQUISITES = "incorrect_requisites"
    """The details were wrong."""
    PAYOUT_FAILED = "payout_failed"
    """The payout failed and is being analysed."""
    PAYOUT_TIMEOUT = "payout_timeout"
    """The payout was not made within its lifetime (the row is documented, its code was not legible). (inferred)"""

    @classmethod
    def _missing_(cls, value: object) -> SubStatus | None:
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
