# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What became of the payment. New values may be added; one that is not known is not final."""

    PROCESSING = "processing"
    """The payment is on its way; sub_status tells where."""
    DISPUTE = "dispute"
    """Something went wrong and is being cleared up; sub_status tells what."""
    ERROR = "error"
    """Rejected for its parameters, or failed before the scenario was completed. Not final."""
    SUCCESS = "success"
    """Done. Final, never changes."""
    DECLINE = "decline"
    """Refused. Final, never changes."""

    @classmethod
    def _missing_(cls, value: object) -> Status | None:
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
