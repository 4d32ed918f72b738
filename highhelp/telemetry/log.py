"""Log lines of inbox and guard: identifiers, statuses and sums, nothing sensitive."""

from __future__ import annotations

import contextlib

from highhelp.redact import masked_text, quoted
from highhelp.telemetry.observer import LOG


def log_event(level: int, what: str, **fields: object) -> None:
    """Log a line. A filter or handler that raises must not keep a callback from being stored."""
    if not LOG.isEnabledFor(level):
        return
    told = " ".join([what, *(f"{name}={_value(name, value)}" for name, value in fields.items() if value is not None)])
    with contextlib.suppress(Exception):
        LOG.log(level, "%s", told)


def _value(name: str, value: object) -> str:
    # the merchant's own id is shown as it is, also where it is a number that could be a card's
    return quoted(str(value)[:300] if name == "payment_id" else masked_text(str(value))[:300])
