# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class WidgetMethod(StrEnum):
    """Known codes of widget methods. New codes appear without notice."""

    PAYIN_P2P_CARD = "payin-p2p-card"
    """Transfer to a card number."""
    PAYIN_P2P_SBP = "payin-p2p-sbp"
    """Transfer by phone number in the Russian faster payments system."""
    PAYIN_P2P_PHONE = "payin-p2p-phone"
    """Transfer by phone number."""
    PAYIN_1_CLICK = "payin-1-click"
    """Payment in one click."""
    PAYIN_P2P_INTERNATIONAL = "payin-p2p-international"
    """Transfer from abroad."""
    PAYIN_P2P_CARD_INTERNATIONAL = "payin-p2p-card-international"
    """Transfer from abroad to a card number."""
    PAYIN_QR_SBP = "payin-qr-sbp"
    """QR code of the Russian faster payments system."""
    PAYIN_QR_LINK_P2P = "payin-qr-link-p2p"
    """Transfer by a link or QR code."""
    PAYIN_P2P_MOBILE = "payin-p2p-mobile"
    """Transfer to a mobile account."""
    PAYIN_ECOM_CARD = "payin-ecom-card"
    """Card payment."""
    PAYIN_ECOM_MOBILE = "payin-ecom-mobile"
    """Payment from a mobile account (mobile commerce); in Kazakhstan of BEELINE, TELE2, ALTEL, KCELL or ACTIV."""

    @classmethod
    def _missing_(cls, value: object) -> WidgetMethod | None:
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
