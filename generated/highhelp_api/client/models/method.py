# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """Known codes of host-to-host methods. New codes appear without notice."""

    CARD_P2P = "card-p2p"
    PHONE_P2P = "phone-p2p"
    SBP_P2P = "sbp-p2p"
    MOBILE_P2P = "mobile-p2p"
    INTERNATIONAL_P2P = "international-p2p"
    ACCOUNT_NUMBER = "account-number"
    WALLET_LINK = "wallet-link"
    USSD = "ussd"
    CARD_ECOM = "card-ecom"
    CARD_INTERNATIONAL_P2P = "card-international-p2p"
    QR_LINK_P2P = "qr-link-p2p"
    SBP_QR = "sbp-qr"
    MOBILE_MONEY = "mobile-money"
    EFT = "eft"
    MOBILE_ECOM = "mobile-ecom"

    @classmethod
    def _missing_(cls, value: object) -> Method | None:
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
