"""Typed client for the HighHelp payment API. Errors state what is known about the payment."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from highhelp._version import __version__ as __version__

if TYPE_CHECKING:
    from highhelp import models as models
    from highhelp.calls.outcome import RawResponse as RawResponse
    from highhelp.client import AsyncHighHelp as AsyncHighHelp
    from highhelp.client import HighHelp as HighHelp
    from highhelp.errors import CallError as CallError
    from highhelp.errors import DuplicatePayment as DuplicatePayment
    from highhelp.errors import FieldProblem as FieldProblem
    from highhelp.errors import HighHelpError as HighHelpError
    from highhelp.errors import InvalidRequest as InvalidRequest
    from highhelp.errors import MoneyError as MoneyError
    from highhelp.errors import NotSent as NotSent
    from highhelp.errors import OutcomeUnknown as OutcomeUnknown
    from highhelp.errors import PaymentEnded as PaymentEnded
    from highhelp.errors import Rejected as Rejected
    from highhelp.errors import SettingsError as SettingsError
    from highhelp.errors import Unavailable as Unavailable
    from highhelp.errors import WaitTimeout as WaitTimeout
    from highhelp.inbox.admin import InboxRefusal as InboxRefusal
    from highhelp.inbox.asking import AskedPayin as AskedPayin
    from highhelp.inbox.events import CallbackEvent as CallbackEvent
    from highhelp.inbox.inbox import AsyncCallbackInbox as AsyncCallbackInbox
    from highhelp.inbox.inbox import CallbackInbox as CallbackInbox
    from highhelp.inbox.outbox import OutboxPublisher as OutboxPublisher
    from highhelp.inbox.outbox import nats_sender as nats_sender
    from highhelp.inbox.outbox import rabbit_sender as rabbit_sender
    from highhelp.inbox.receivers import asgi_receiver as asgi_receiver
    from highhelp.inbox.receivers import django_receiver as django_receiver
    from highhelp.inbox.receivers import flask_receiver as flask_receiver
    from highhelp.inbox.receivers import wsgi_receiver as wsgi_receiver
    from highhelp.inbox.store import AsyncCallbackStore as AsyncCallbackStore
    from highhelp.inbox.store import CallbackStore as CallbackStore
    from highhelp.money import Money as Money
    from highhelp.payouts.csv_file import RowsRefused as RowsRefused
    from highhelp.payouts.guard import AsyncPayoutGuard as AsyncPayoutGuard
    from highhelp.payouts.guard import PayoutBook as PayoutBook
    from highhelp.payouts.guard import PayoutGuard as PayoutGuard
    from highhelp.payouts.intents import NoSuchPayout as NoSuchPayout
    from highhelp.payouts.intents import Payout as Payout
    from highhelp.payouts.intents import PayoutBusy as PayoutBusy
    from highhelp.payouts.intents import PayoutConflict as PayoutConflict
    from highhelp.payouts.intents import PayoutRefusal as PayoutRefusal
    from highhelp.payouts.intents import PayoutUnsettled as PayoutUnsettled
    from highhelp.storage.engine import HandlerCommits as HandlerCommits
    from highhelp.transport.httpx_transport import AsyncHTTPTransport as AsyncHTTPTransport
    from highhelp.transport.httpx_transport import HTTPTransport as HTTPTransport
    from highhelp_api.client.api import ApiResponse as ApiResponse
    from highhelp_signing import CallbackRejected as CallbackRejected
    from highhelp_signing import CallbackVerifier as CallbackVerifier
    from highhelp_signing import HmacSigner as HmacSigner
    from highhelp_signing import KeyRing as KeyRing
    from highhelp_signing import RsaSigner as RsaSigner
    from highhelp_signing import SignatureAuth as SignatureAuth
    from highhelp_signing import SignatureScheme as SignatureScheme
    from highhelp_signing import Signer as Signer
    from highhelp_signing import VerifiedCallback as VerifiedCallback
    from highhelp_signing import explain as explain
    from highhelp_signing import normalize as normalize
    from highhelp_signing import signing_message as signing_message

_NAMES = {
    "highhelp.calls.outcome": ["RawResponse"],
    "highhelp.client": ["AsyncHighHelp", "HighHelp"],
    "highhelp.errors": [
        "CallError", "DuplicatePayment", "FieldProblem", "HighHelpError", "InvalidRequest", "MoneyError", "NotSent",
        "OutcomeUnknown", "PaymentEnded", "Rejected", "SettingsError", "Unavailable", "WaitTimeout",
    ],
    "highhelp.inbox.admin": ["InboxRefusal"],
    "highhelp.inbox.asking": ["AskedPayin"],
    "highhelp.inbox.events": ["CallbackEvent"],
    "highhelp.inbox.inbox": ["AsyncCallbackInbox", "CallbackInbox"],
    "highhelp.inbox.outbox": ["OutboxPublisher", "nats_sender", "rabbit_sender"],
    "highhelp.inbox.receivers": ["asgi_receiver", "django_receiver", "flask_receiver", "wsgi_receiver"],
    "highhelp.inbox.store": ["AsyncCallbackStore", "CallbackStore"],
    "highhelp.money": ["Money"],
    "highhelp.payouts.csv_file": ["RowsRefused"],
    "highhelp.payouts.guard": ["AsyncPayoutGuard", "PayoutBook", "PayoutGuard"],
    "highhelp.payouts.intents": [
        "NoSuchPayout", "Payout", "PayoutBusy", "PayoutConflict", "PayoutRefusal", "PayoutUnsettled",
    ],
    "highhelp.storage.engine": ["HandlerCommits"],
    "highhelp.transport.httpx_transport": ["AsyncHTTPTransport", "HTTPTransport"],
    "highhelp_api.client.api": ["ApiResponse"],
    "highhelp_signing": [
        "CallbackRejected", "CallbackVerifier", "HmacSigner", "KeyRing", "RsaSigner", "SignatureAuth",
        "SignatureScheme", "Signer", "VerifiedCallback", "explain", "normalize", "signing_message",
    ],
}  # fmt: skip
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = (*sorted(_MODULES), "models")


if not TYPE_CHECKING:  # with __getattr__ a type checker would accept any name

    def __getattr__(name: str) -> object:
        """Load a name on first use, so that importing one does not load the others."""
        if name == "models":
            return import_module("highhelp.models")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(_MODULES[name]), name)
        except ModuleNotFoundError as missing:
            if missing.name is None or missing.name.partition(".")[0] != "sqlalchemy":
                raise
            from highhelp.errors import SettingsError

            raise SettingsError(name, "needs the extra [callbacks]: pip install 'highhelp[callbacks]'") from None
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
