# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class WidgetMethod(StrEnum):
    """Known codes of widget methods. New codes appear without notice."""

    PAYIN_P2P_CARD = "payin-p2p-card"
    PAYIN_P2P_SBP = "payin-p2p-sbp"
    PAYIN_P2P_PHONE = "payin-p2p-phone"
    PAYIN_1_CLICK = "payin-1-click"
    PAYIN_P2P_INTERNATIONAL = "payin-p2p-international"
    PAYIN_P2P_CARD_INTERNATIONAL = "payin-p2p-card-international"
    PAYIN_QR_SBP = "payin-qr-sbp"
    PAYIN_QR_LINK_P2P = "payin-qr-link-p2p"
    PAYIN_P2P_MOBILE = "payin-p2p-mobile"
    PAYIN_ECOM_CARD = "payin-ecom-card"
    PAYIN_ECOM_MOBILE = "payin-ecom-mobile"

    @classmethod
    def _missing_(cls, value: object) -> WidgetMethod | None:
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
