"""Log lines of inbox and guard: identifiers, statuses and sums, nothing sensitive."""

from __future__ import annotations

from highhelp.redact import masked_text
from highhelp.telemetry.observer import log_line, write_log


def log_event(level: int, what: str, **fields: object) -> None:
    """Log a line."""
    known = {name: value for name, value in fields.items() if value is not None}
    write_log(level, lambda: log_line(what, {name: _value(name, value) for name, value in known.items()}))


def _value(name: str, value: object) -> str:
    # the merchant's id is shown unmasked, even if it could be a card number
    return (str(value) if name == "payment_id" else masked_text(str(value)))[:300]
