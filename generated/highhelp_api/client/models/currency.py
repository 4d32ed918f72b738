# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class Currency(StrEnum):
    """Known currencies, ISO 4217. The gateway may add others."""

    RUB = "RUB"
    """Russian rouble."""
    UZS = "UZS"
    """Uzbek som."""
    KZT = "KZT"
    """Kazakh tenge."""
    KGS = "KGS"
    """Kyrgyz som."""
    TJS = "TJS"
    """Tajik somoni."""
    AZN = "AZN"
    """Azerbaijani manat."""
    ARS = "ARS"
    """Argentine peso."""
    NGN = "NGN"
    """Nigerian naira."""
    KES = "KES"
    """Kenyan shilling."""

    @classmethod
    def _missing_(cls, value: object) -> Currency | None:
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
