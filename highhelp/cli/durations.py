"""Ages and moments as people write them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from highhelp.cli.output import UsageProblem

_AGE = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_age(text: str) -> int | None:
    """The seconds of an age such as 90d, 12h, 30m or 45s; None for any other text."""
    match = _AGE.fullmatch(text)
    return None if match is None else int(match[1]) * _SECONDS[match[2]]


def parse_moment(text: str, option: str) -> float:
    """The Unix seconds of an age before now, or of a date and time, in UTC unless it names another zone."""
    age = parse_age(text)
    if age is not None:
        return time.time() - age
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        problem = f"{option}: {text!r} is neither an age nor a moment; write it like 7d or 2026-11-24"
        raise UsageProblem(problem) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
