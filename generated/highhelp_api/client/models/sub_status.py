# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class SubStatus(StrEnum):
    """Where a payment is within its status. New values may be added."""

    NEW = "new"
    REQUISITES = "requisites"
    AWAITING_CONFIRM = "awaiting_confirm"
    AWAITING_3DS_RESULT = "awaiting_3ds_result"
    AWAITING_REDIRECT_RESULT = "awaiting_redirect_result"
    SENT_VERIFICATION = "sent_verification"
    INVALID_VERIFICATION = "invalid_verification"
    PAID = "paid"
    PAYOUT_PROCESS = "payout_process"
    NO_PAYMENT = "no_payment"
    DIFFERENT_AMOUNT = "different_amount"
    CONFIRM_TIMEOUT = "confirm_timeout"
    INCORRECT_REQUISITES = "incorrect_requisites"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_TIMEOUT = "payout_timeout"

    @classmethod
    def _missing_(cls, value: object) -> SubStatus | None:
        """Keep a value that this version does not know: the gateway adds values at any time."""
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
