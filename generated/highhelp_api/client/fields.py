# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Blocks of requests as typed dicts, and the known codes, for the keyword form of a create.

A literal in the call is type-checked directly. A variable needs the annotation:
`customer: CustomerFields = {"id": "42"}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Required, TypeAlias, TypedDict

if TYPE_CHECKING:
    from .models.browser import Browser

__all__ = (
    "BrowserFields",
    "CardFields",
    "CardReceiverFields",
    "CountryValue",
    "CurrencyValue",
    "CustomerFields",
    "MethodValue",
    "ReceiverFields",
    "SenderFields",
    "WidgetMethodValue",
)

MethodValue: TypeAlias = (
    Literal[
        "card-p2p",
        "phone-p2p",
        "sbp-p2p",
        "mobile-p2p",
        "international-p2p",
        "account-number",
        "wallet-link",
        "ussd",
        "card-ecom",
        "card-international-p2p",
        "qr-link-p2p",
        "sbp-qr",
        "mobile-money",
        "eft",
        "mobile-ecom",
    ]
    | str
)
"""Known codes of host-to-host methods. New codes appear without notice."""
WidgetMethodValue: TypeAlias = (
    Literal[
        "payin-p2p-card",
        "payin-p2p-sbp",
        "payin-p2p-phone",
        "payin-1-click",
        "payin-p2p-international",
        "payin-p2p-card-international",
        "payin-qr-sbp",
        "payin-qr-link-p2p",
        "payin-p2p-mobile",
        "payin-ecom-card",
        "payin-ecom-mobile",
    ]
    | str
)
"""Known codes of widget methods. New codes appear without notice."""
CurrencyValue: TypeAlias = (
    Literal[
        "RUB",
        "UZS",
        "KZT",
        "KGS",
        "TJS",
        "AZN",
        "ARS",
        "NGN",
        "KES",
    ]
    | str
)
"""Known currencies, ISO 4217. The gateway may add others."""
CountryValue: TypeAlias = (
    Literal[
        "RU",
        "UZ",
        "KZ",
        "KG",
        "TJ",
        "AZ",
        "AR",
        "NG",
        "KE",
    ]
    | str
)
"""Known countries, ISO 3166-1 alpha-2. The gateway may add others."""


class BrowserFields(TypedDict, total=False):
    """The payer's browser, as required by 3-D Secure 2."""

    user_agent: str
    """The User-Agent header."""
    accept_header: str
    """The Accept header."""
    language: str
    """The browser's language, such as ru-RU."""
    color_depth: int
    """Bits per pixel."""
    screen_width: int
    """Pixels."""
    screen_height: int
    """Pixels."""
    time_zone: int
    """Minutes between UTC and the browser's time."""
    java_enabled: bool
    """Whether Java runs."""
    javascript_enabled: bool
    """Whether JavaScript runs."""


class CustomerFields(TypedDict, total=False):
    """The payer or receiver, as known to the merchant. All fields are optional."""

    id: str
    """The merchant's id of the customer."""
    ip_address: str
    """IPv4 or IPv6."""
    country: CountryValue
    """Known countries, ISO 3166-1 alpha-2. The gateway may add others."""
    language: str
    """The language of the payment page, ISO 639-1."""
    first_name: str
    """First name."""
    last_name: str
    """Last name."""
    middle_name: str
    """Middle name."""
    email: str
    """E-mail address."""
    phone: str
    """Phone number in digits."""
    address: str
    """Street and house."""
    city: str
    """City."""
    zip: str
    """Postal code."""
    browser: Browser | BrowserFields
    """The payer's browser, as required by 3-D Secure 2."""


class SenderFields(TypedDict, total=False):
    """The sender of a P2P pay-in, as far as the merchant knows. May be empty."""

    pan: str
    """Card number."""
    card_holder: str
    """Name on the card."""
    phone: str
    """Phone number in digits."""
    account_number: str
    """Bank account."""
    bank_code: str
    """The bank's code in the list of banks, which may be a number."""
    first_name: str
    """First name."""
    last_name: str
    """Last name."""
    middle_name: str
    """Middle name."""
    address: str
    """Street and house."""
    city: str
    """City."""
    country: CountryValue
    """Known countries, ISO 3166-1 alpha-2. The gateway may add others."""


class ReceiverFields(TypedDict, total=False):
    """The receiver of a payout. The required fields depend on the method."""

    pan: str
    """Card number."""
    card_holder: str
    """Name on the card."""
    phone: str
    """Phone number in digits."""
    account_number: str
    """Bank account."""
    bank_code: str
    """The bank's code in the list of banks, which may be a number."""
    bank_name: str
    """The bank's name."""
    first_name: str
    """First name."""
    last_name: str
    """Last name."""


class CardFields(TypedDict, total=False):
    """The card to charge."""

    pan: Required[str]
    """Card number."""
    month: Required[int]
    """Month of expiry."""
    year: Required[int]
    """Year of expiry, four digits."""
    cvv: Required[str]
    """Security code."""
    card_holder: str
    """Name on the card."""


class CardReceiverFields(TypedDict, total=False):
    """The card that a payout goes to."""

    pan: Required[str]
    """Card number."""
    card_holder: str
    """Name on the card."""
