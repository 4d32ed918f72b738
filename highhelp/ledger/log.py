"""One log line per callback: identifiers, statuses and sums, nothing that is sensitive."""

from __future__ import annotations

import contextlib
import logging
import re

from highhelp.redact import masked_text

LOG = logging.getLogger("highhelp")
_PLAIN = re.compile(r"[\w.:/@+-]+", re.ASCII)


def say(level: int, what: str, **fields: object) -> None:
    """Write a line. A filter or handler that raises must not keep a callback from being stored."""
    if not LOG.isEnabledFor(level):
        return
    told = " ".join([what, *(f"{name}={_value(value)}" for name, value in fields.items() if value is not None)])
    with contextlib.suppress(Exception):
        LOG.log(level, "%s", told)


def _value(value: object) -> str:
    text = masked_text(str(value))[:300]
    # what is not plain is quoted and escaped: a value must not forge a line of the log
    return text if _PLAIN.fullmatch(text) else ascii(text)
