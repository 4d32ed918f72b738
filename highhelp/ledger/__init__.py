"""What must survive a crash: callbacks handled exactly once, payouts sent once. Needs the extra `[callbacks]`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from highhelp.ledger.events import CallbackEvent as CallbackEvent
    from highhelp.ledger.inbox import AsyncCallbackInbox as AsyncCallbackInbox
    from highhelp.ledger.inbox import CallbackInbox as CallbackInbox
    from highhelp.ledger.inbox import CallbackStore as CallbackStore
    from highhelp.ledger.intents import NoSuchPayout as NoSuchPayout
    from highhelp.ledger.intents import Payout as Payout
    from highhelp.ledger.intents import PayoutBusy as PayoutBusy
    from highhelp.ledger.intents import PayoutConflict as PayoutConflict
    from highhelp.ledger.intents import PayoutRefusal as PayoutRefusal
    from highhelp.ledger.intents import PayoutUnsettled as PayoutUnsettled
    from highhelp.ledger.payouts import AsyncPayoutGuard as AsyncPayoutGuard
    from highhelp.ledger.payouts import PayoutBook as PayoutBook
    from highhelp.ledger.payouts import PayoutGuard as PayoutGuard
    from highhelp.ledger.publish import OutboxPublisher as OutboxPublisher
    from highhelp.ledger.publish import nats_sender as nats_sender
    from highhelp.ledger.publish import rabbit_sender as rabbit_sender

_MODULES = {
    "AsyncCallbackInbox": "inbox",
    "AsyncPayoutGuard": "payouts",
    "CallbackEvent": "events",
    "CallbackInbox": "inbox",
    "CallbackStore": "inbox",
    "NoSuchPayout": "intents",
    "OutboxPublisher": "publish",
    "Payout": "intents",
    "PayoutBook": "payouts",
    "PayoutBusy": "intents",
    "PayoutConflict": "intents",
    "PayoutGuard": "payouts",
    "PayoutRefusal": "intents",
    "PayoutUnsettled": "intents",
    "nats_sender": "publish",
    "rabbit_sender": "publish",
}

__all__ = tuple(sorted(_MODULES))


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for; say which extra is missing, if one is."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in {"sqlalchemy", "faststream"}:
            raise
        from highhelp.errors import SettingsError

        extra = "publish" if missing.name.startswith("faststream") else "callbacks"
        raise SettingsError(name, f"needs the extra [{extra}]: pip install 'highhelp[{extra}]'") from None
    globals()[name] = value
    return value
