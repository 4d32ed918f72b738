# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The status of the payment. New values may be added; an unknown one is not final."""

    PROCESSING = "processing"
    """The payment is in progress; sub_status gives the details."""
    DISPUTE = "dispute"
    """Something went wrong and is being investigated; sub_status gives the reason."""
    ERROR = "error"
    """Rejected for its parameters, or failed before the scenario was completed. Not final."""
    SUCCESS = "success"
    """Done. Final, never changes."""
    DECLINE = "decline"
    """Refused. Final, never changes."""

    @classmethod
    def _missing_(cls, value: object) -> Status | None:
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
