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
    from highhelp.errors import Rejected as Rejected
    from highhelp.errors import SettingsError as SettingsError
    from highhelp.errors import Unavailable as Unavailable
    from highhelp.errors import WaitTimeout as WaitTimeout
    from highhelp.ledger import AsyncCallbackInbox as AsyncCallbackInbox
    from highhelp.ledger import AsyncPayoutGuard as AsyncPayoutGuard
    from highhelp.ledger import CallbackEvent as CallbackEvent
    from highhelp.ledger import CallbackInbox as CallbackInbox
    from highhelp.ledger import PayoutGuard as PayoutGuard
    from highhelp.money import Money as Money
    from highhelp.transport.httpx_transport import AsyncHTTPTransport as AsyncHTTPTransport
    from highhelp.transport.httpx_transport import HTTPTransport as HTTPTransport
    from highhelp_signing import HmacSigner as HmacSigner
    from highhelp_signing import RsaSigner as RsaSigner

_ERRORS = (
    "CallError", "DuplicatePayment", "FieldProblem", "HighHelpError", "InvalidRequest", "MoneyError", "NotSent",
    "OutcomeUnknown", "Rejected", "SettingsError", "Unavailable", "WaitTimeout",
)  # fmt: skip

_MODULES = {
    **dict.fromkeys(_ERRORS, "highhelp.errors"),
    "AsyncCallbackInbox": "highhelp.ledger",
    "AsyncHTTPTransport": "highhelp.transport.httpx_transport",
    "AsyncHighHelp": "highhelp.client",
    "AsyncPayoutGuard": "highhelp.ledger",
    "CallbackEvent": "highhelp.ledger",
    "CallbackInbox": "highhelp.ledger",
    "HTTPTransport": "highhelp.transport.httpx_transport",
    "HighHelp": "highhelp.client",
    "HmacSigner": "highhelp_signing",
    "Money": "highhelp.money",
    "PayoutGuard": "highhelp.ledger",
    "RawResponse": "highhelp.calls.outcome",
    "RsaSigner": "highhelp_signing",
}

__all__ = (*sorted(_MODULES), "models")


if not TYPE_CHECKING:  # type checkers would take any name for good

    def __getattr__(name: str) -> object:
        """Load a name when it is first asked for, so that importing one does not cost the others."""
        if name == "models":
            return import_module("highhelp.models")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
