# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The contract's catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CATALOGUES: Final[Mapping[str, Mapping[str, str]]] = {
    "Status": {
        "processing": "The payment is in progress; sub_status gives the details.",
        "dispute": "Something went wrong and is being investigated; sub_status gives the reason.",
        "error": "Rejected for its parameters, or failed before the scenario was completed. Not final.",
        "success": "Done. Final, never changes.",
        "decline": "Refused. Final, never changes.",
    },
    "SubStatus": {
        "new": "Accepted.",
        "requisites": "A provider and payment details are being chosen.",
        "awaiting_confirm": "The payer is awaited, on the payment page or in a linked scenario.",
        "awaiting_3ds_result": "The 3-D Secure result is awaited; in mobile commerce, a one-time code was asked for.",
        "awaiting_redirect_result": "The payer was sent to the bank, issuer or provider.",
        "sent_verification": "Mobile commerce, the one-time code is being checked.",
        "invalid_verification": "Mobile commerce, the one-time code was wrong; the third wrong one declines the payment.",
        "paid": "The payer says that the money was sent; in mobile commerce, the code was right.",
        "payout_process": "The payout is being made.",
        "no_payment": "Nothing was paid within the lifetime.",
        "different_amount": "Another amount was received.",
        "confirm_timeout": "The time for confirmation ran out.",
        "incorrect_requisites": "The details were wrong.",
        "payout_failed": "The payout failed and is being analysed.",
        "payout_timeout": "The payout was not made within its lifetime (the row is documented, its code was not legible).",
    },
    "PaymentType": {
        "payin": "From the payer to the merchant project.",
        "payout": "From the merchant project to a receiver.",
    },
    "Method": {
        "card-p2p": "Transfer to a card number.",
        "phone-p2p": "Transfer by phone number.",
        "sbp-p2p": "Transfer by phone number in the Russian faster payments system.",
        "mobile-p2p": "Top-up of a mobile account.",
        "international-p2p": "Transfer from abroad.",
        "account-number": "Transfer to a bank account.",
        "wallet-link": "Payment by a wallet's link.",
        "ussd": "Payment by a USSD code.",
        "card-ecom": "Card payment.",
        "card-international-p2p": "Transfer from abroad to a card number.",
        "qr-link-p2p": "Transfer by a link or QR code.",
        "sbp-qr": "QR code of the Russian faster payments system.",
        "mobile-money": "Mobile money.",
        "eft": "Electronic funds transfer.",
        "mobile-ecom": "Payment from a mobile account (mobile commerce).",
    },
    "WidgetMethod": {
        "payin-p2p-card": "Transfer to a card number.",
        "payin-p2p-sbp": "Transfer by phone number in the Russian faster payments system.",
        "payin-p2p-phone": "Transfer by phone number.",
        "payin-1-click": "Payment in one click.",
        "payin-p2p-international": "Transfer from abroad.",
        "payin-p2p-card-international": "Transfer from abroad to a card number.",
        "payin-qr-sbp": "QR code of the Russian faster payments system.",
        "payin-qr-link-p2p": "Transfer by a link or QR code.",
        "payin-p2p-mobile": "Transfer to a mobile account.",
        "payin-ecom-card": "Card payment.",
        "payin-ecom-mobile": "Payment from a mobile account (mobile commerce); in Kazakhstan of BEELINE, TELE2, ALTEL, KCELL or ACTIV.",
    },
    "Currency": {
        "RUB": "Russian rouble.",
        "UZS": "Uzbek som.",
        "KZT": "Kazakh tenge.",
        "KGS": "Kyrgyz som.",
        "TJS": "Tajik somoni.",
        "AZN": "Azerbaijani manat.",
        "ARS": "Argentine peso.",
        "NGN": "Nigerian naira.",
        "KES": "Kenyan shilling.",
    },
    "Country": {
        "RU": "Russia.",
        "UZ": "Uzbekistan.",
        "KZ": "Kazakhstan.",
        "KG": "Kyrgyzstan.",
        "TJ": "Tajikistan.",
        "AZ": "Azerbaijan.",
        "AR": "Argentina.",
        "NG": "Nigeria.",
        "KE": "Kenya.",
    },
}
"""Known values of each code with what they mean."""
