"""Format amounts, times and states for people. Each function is a filter of the templates."""

from __future__ import annotations

from datetime import UTC, datetime

from highhelp_api import contract

__all__ = ["amount", "clock_time", "counted", "iso_time", "number", "state_kind", "state_words"]

_KINDS = {"success": "good", "decline": "bad", "error": "bad", "dispute": "warn"}


def amount(minor: int, currency: str, language: str = "en") -> str:
    """Format an amount in major units, such as 1 500.00 RUB."""
    return f"{number(minor, currency, language)}\N{NO-BREAK SPACE}{currency}"


def number(minor: int, currency: str, language: str = "en") -> str:
    """Format an amount in major units, without the currency."""
    exponent = contract.EXPONENTS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**exponent)
    text = f"{whole:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    if exponent:
        text += f"{',' if language == 'ru' else '.'}{rest:0{exponent}d}"
    return f"-{text}" if minor < 0 else text


def clock_time(seconds: float, *, day: bool = False) -> str:
    """Format Unix seconds as the time of day, UTC, optionally with the date."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M:%S" if day else "%H:%M:%S")


def iso_time(seconds: float) -> str:
    """Format Unix seconds for the attribute `datetime`."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def counted(count: int, name: str) -> str:
    """Format a count with its noun, such as 2 attempts."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def state_kind(state: str) -> str:
    """Return the CSS class of a state's colour."""
    return _KINDS.get(state.partition(":")[0], "open")


def state_words(state: str) -> str:
    """Format a state as words, such as processing / new."""
    return state.replace(":", " / ")
