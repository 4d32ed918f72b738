# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """Known codes of host-to-host methods. New codes appear without notice."""

    CARD_P2P = "card-p2p"
    """Transfer to a card number."""
    PHONE_P2P = "phone-p2p"
    """Transfer by phone number."""
    SBP_P2P = "sbp-p2p"
    """Transfer by phone number in the Russian faster payments system."""
    MOBILE_P2P = "mobile-p2p"
    """Top-up of a mobile account."""
    INTERNATIONAL_P2P = "international-p2p"
    """Transfer from abroad."""
    ACCOUNT_NUMBER = "account-number"
    """Transfer to a bank account."""
    WALLET_LINK = "wallet-link"
    """Payment by a wallet's link."""
    USSD = "ussd"
    """Payment by a USSD code."""
    CARD_ECOM = "card-ecom"
    """Card payment."""
    CARD_INTERNATIONAL_P2P = "card-international-p2p"
    """Transfer from abroad to a card number. (inferred)"""
    QR_LINK_P2P = "qr-link-p2p"
    """Transfer by a link or QR code. (inferred)"""
    SBP_QR = "sbp-qr"
    """QR code of the Russian faster payments system. (family)"""
    MOBILE_MONEY = "mobile-money"
    """Mobile money. (inferred)"""
    EFT = "eft"
    """Electronic funds transfer. (inferred)"""
    MOBILE_ECOM = "mobile-ecom"
    """Payment from a mobile account (mobile commerce). (inferred)"""

    @classmethod
    def _missing_(cls, value: object) -> Method | None:
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
