# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class Country(StrEnum):
    """Known countries, ISO 3166-1 alpha-2. The gateway may add others."""

    RU = "RU"
    """Russia."""
    UZ = "UZ"
    """Uzbekistan."""
    KZ = "KZ"
    """Kazakhstan."""
    KG = "KG"
    """Kyrgyzstan."""
    TJ = "TJ"
    """Tajikistan."""
    AZ = "AZ"
    """Azerbaijan."""
    AR = "AR"
    """Argentina."""
    NG = "NG"
    """Nigeria."""
    KE = "KE"
    """Kenya."""

    @classmethod
    def _missing_(cls, value: object) -> Country | None:
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
