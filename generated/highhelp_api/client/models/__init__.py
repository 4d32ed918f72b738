# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""All models and enums of the contract, and the typed dicts of its requests. Each is imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..fields import BrowserFields as BrowserFields
    from ..fields import CardFields as CardFields
    from ..fields import CardReceiverFields as CardReceiverFields
    from ..fields import CountryValue as CountryValue
    from ..fields import CurrencyValue as CurrencyValue
    from ..fields import CustomerFields as CustomerFields
    from ..fields import MethodValue as MethodValue
    from ..fields import ReceiverFields as ReceiverFields
    from ..fields import SenderFields as SenderFields
    from ..fields import WidgetMethodValue as WidgetMethodValue
    from ..payable import PayableState as PayableState
    from .account import Account as Account
    from .acs import Acs as Acs
    from .balance import Balance as Balance
    from .balance_request import BalanceRequest as BalanceRequest
    from .balance_response import BalanceResponse as BalanceResponse
    from .bank import Bank as Bank
    from .bank_list_request import BankListRequest as BankListRequest
    from .bank_list_response import BankListResponse as BankListResponse
    from .browser import Browser as Browser
    from .callback_general import CallbackGeneral as CallbackGeneral
    from .callback_payment_info import CallbackPaymentInfo as CallbackPaymentInfo
    from .callback_status import CallbackStatus as CallbackStatus
    from .card import Card as Card
    from .card_receiver import CardReceiver as CardReceiver
    from .confirm_three_ds_request import ConfirmThreeDSRequest as ConfirmThreeDSRequest
    from .country import Country as Country
    from .currency import Currency as Currency
    from .customer import Customer as Customer
    from .ecom_payin_payment import EcomPayinPayment as EcomPayinPayment
    from .ecom_payin_request import EcomPayinRequest as EcomPayinRequest
    from .ecom_payout_payment import EcomPayoutPayment as EcomPayoutPayment
    from .ecom_payout_request import EcomPayoutRequest as EcomPayoutRequest
    from .error_response import ErrorResponse as ErrorResponse
    from .field_error import FieldError as FieldError
    from .form_fields import FormFields as FormFields
    from .general import General as General
    from .info_general import InfoGeneral as InfoGeneral
    from .integration import Integration as Integration
    from .method import Method as Method
    from .p2p_payin_payment import P2PPayinPayment as P2PPayinPayment
    from .p2p_payin_request import P2PPayinRequest as P2PPayinRequest
    from .p2p_payout_payment import P2PPayoutPayment as P2PPayoutPayment
    from .p2p_payout_request import P2PPayoutRequest as P2PPayoutRequest
    from .payment_callback import PaymentCallback as PaymentCallback
    from .payment_info import PaymentInfo as PaymentInfo
    from .payment_info_request import PaymentInfoRequest as PaymentInfoRequest
    from .payment_method import PaymentMethod as PaymentMethod
    from .payment_methods_request import PaymentMethodsRequest as PaymentMethodsRequest
    from .payment_methods_response import (
        PaymentMethodsResponse as PaymentMethodsResponse,
    )
    from .payment_state import PaymentState as PaymentState
    from .payment_type import PaymentType as PaymentType
    from .project_general import ProjectGeneral as ProjectGeneral
    from .receiver import Receiver as Receiver
    from .redirect_data import RedirectData as RedirectData
    from .requisites import Requisites as Requisites
    from .sender import Sender as Sender
    from .status import Status as Status
    from .sub_status import SubStatus as SubStatus
    from .three_ds2 import ThreeDS2 as ThreeDS2
    from .three_ds2_page import ThreeDS2Page as ThreeDS2Page
    from .widget_method import WidgetMethod as WidgetMethod
    from .widget_payin_request import WidgetPayinRequest as WidgetPayinRequest
    from .widget_payment import WidgetPayment as WidgetPayment

_MODULES = {
    "Account": ".account",
    "Acs": ".acs",
    "Balance": ".balance",
    "BalanceRequest": ".balance_request",
    "BalanceResponse": ".balance_response",
    "Bank": ".bank",
    "BankListRequest": ".bank_list_request",
    "BankListResponse": ".bank_list_response",
    "Browser": ".browser",
    "CallbackGeneral": ".callback_general",
    "CallbackPaymentInfo": ".callback_payment_info",
    "CallbackStatus": ".callback_status",
    "Card": ".card",
    "CardReceiver": ".card_receiver",
    "ConfirmThreeDSRequest": ".confirm_three_ds_request",
    "Country": ".country",
    "Currency": ".currency",
    "Customer": ".customer",
    "EcomPayinPayment": ".ecom_payin_payment",
    "EcomPayinRequest": ".ecom_payin_request",
    "EcomPayoutPayment": ".ecom_payout_payment",
    "EcomPayoutRequest": ".ecom_payout_request",
    "ErrorResponse": ".error_response",
    "FieldError": ".field_error",
    "FormFields": ".form_fields",
    "General": ".general",
    "InfoGeneral": ".info_general",
    "Integration": ".integration",
    "Method": ".method",
    "P2PPayinPayment": ".p2p_payin_payment",
    "P2PPayinRequest": ".p2p_payin_request",
    "P2PPayoutPayment": ".p2p_payout_payment",
    "P2PPayoutRequest": ".p2p_payout_request",
    "PaymentCallback": ".payment_callback",
    "PaymentInfo": ".payment_info",
    "PaymentInfoRequest": ".payment_info_request",
    "PaymentMethod": ".payment_method",
    "PaymentMethodsRequest": ".payment_methods_request",
    "PaymentMethodsResponse": ".payment_methods_response",
    "PaymentState": ".payment_state",
    "PaymentType": ".payment_type",
    "ProjectGeneral": ".project_general",
    "Receiver": ".receiver",
    "RedirectData": ".redirect_data",
    "Requisites": ".requisites",
    "Sender": ".sender",
    "Status": ".status",
    "SubStatus": ".sub_status",
    "ThreeDS2": ".three_ds2",
    "ThreeDS2Page": ".three_ds2_page",
    "WidgetMethod": ".widget_method",
    "WidgetPayinRequest": ".widget_payin_request",
    "WidgetPayment": ".widget_payment",
    "PayableState": "..payable",
    "BrowserFields": "..fields",
    "CardFields": "..fields",
    "CardReceiverFields": "..fields",
    "CountryValue": "..fields",
    "CurrencyValue": "..fields",
    "CustomerFields": "..fields",
    "MethodValue": "..fields",
    "ReceiverFields": "..fields",
    "SenderFields": "..fields",
    "WidgetMethodValue": "..fields",
}

__all__ = (
    "Account",
    "Acs",
    "Balance",
    "BalanceRequest",
    "BalanceResponse",
    "Bank",
    "BankListRequest",
    "BankListResponse",
    "Browser",
    "CallbackGeneral",
    "CallbackPaymentInfo",
    "CallbackStatus",
    "Card",
    "CardReceiver",
    "ConfirmThreeDSRequest",
    "Country",
    "Currency",
    "Customer",
    "EcomPayinPayment",
    "EcomPayinRequest",
    "EcomPayoutPayment",
    "EcomPayoutRequest",
    "ErrorResponse",
    "FieldError",
    "FormFields",
    "General",
    "InfoGeneral",
    "Integration",
    "Method",
    "P2PPayinPayment",
    "P2PPayinRequest",
    "P2PPayoutPayment",
    "P2PPayoutRequest",
    "PaymentCallback",
    "PaymentInfo",
    "PaymentInfoRequest",
    "PaymentMethod",
    "PaymentMethodsRequest",
    "PaymentMethodsResponse",
    "PaymentState",
    "PaymentType",
    "ProjectGeneral",
    "Receiver",
    "RedirectData",
    "Requisites",
    "Sender",
    "Status",
    "SubStatus",
    "ThreeDS2",
    "ThreeDS2Page",
    "WidgetMethod",
    "WidgetPayinRequest",
    "WidgetPayment",
    "PayableState",
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


if not TYPE_CHECKING:  # with __getattr__ a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(_MODULES)
