"""Amounts, times and states as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from highhelp_api import contract
from highhelp_mock.pages.html import Html, tag

if TYPE_CHECKING:
    from highhelp_mock.pages.html import Child

__all__ = ["amount", "badge", "clock_time", "given", "head", "number"]

_SPACE = "\N{NARROW NO-BREAK SPACE}"


def amount(minor: int, currency: str, language: str = "en") -> str:
    """An amount in major units, such as 1 500.00 RUB; the exponent is the currency's own."""
    return f"{number(minor, currency, language)}\N{NO-BREAK SPACE}{currency}"


def number(minor: int, currency: str, language: str = "en") -> str:
    """The same without the currency's name."""
    exponent = contract.EXPONENTS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**exponent)
    text = f"{whole:,}".replace(",", _SPACE)
    if exponent:
        text += f"{',' if language == 'ru' else '.'}{rest:0{exponent}d}"
    return f"-{text}" if minor < 0 else text


def clock_time(seconds: float, *, day: bool = False) -> Html:
    """A moment of the gateway's clock, UTC."""
    moment = datetime.fromtimestamp(int(seconds), UTC)
    text = moment.strftime("%Y-%m-%d %H:%M:%S" if day else "%H:%M:%S")
    return tag("time", text, datetime=moment.isoformat())


def given(text: str) -> Html:
    """Text that somebody else wrote: it must not change the direction of what stands beside it."""
    return tag("bdi", text)


def badge(state: str) -> Html:
    """A state, coloured by its kind; the words say the same."""
    return tag("span", state.replace(":", " / "), class_=f"badge {_KINDS.get(state.partition(':')[0], 'open')}")


_KINDS = {"success": "good", "delivered": "good", "decline": "bad", "not_delivered": "bad", "error": "bad"}
_KINDS |= {"dispute": "warn", "pending": "open"}


def head(title: str, *more: Child, live: bool) -> list[Child]:
    """The head of every page."""
    return [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href="/static/style.css"),
        tag("script", src="/static/live.js", defer=True) if live else None,
        *more,
    ]
