"""The payer of one payment, for tests without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec

from highhelp_mock.simulation import payer

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp_mock.api.dispatch import Dispatcher
    from highhelp_mock.simulation.engine import Engine
    from highhelp_mock.simulation.payments import Payment

__all__ = ["PayerActions"]

_P = ParamSpec("_P")


class PayerActions:
    """The payer's actions on the hosted page of one payment; each returns the updated payment.

    Args:
        dispatcher: the gateway.
        token: of the hosted page.
    """

    def __init__(self, dispatcher: Dispatcher, token: str) -> None:
        self._dispatcher = dispatcher
        self._token = token

    def open(self) -> Payment:
        """Open the page."""
        return self._act(payer.open_page)

    def choose(self, method: str) -> Payment:
        """Choose a method, if the request named none."""
        return self._act(payer.choose, method)

    def pay(self) -> Payment:
        """Report the money as sent."""
        return self._act(payer.pay)

    def decline(self) -> Payment:
        """Give up."""
        return self._act(payer.decline)

    def card(self, pan: str, month: int = 12, year: int = 2099) -> Payment:
        """Enter a card."""
        return self._act(payer.submit_card, pan=pan, month=month, year=year)

    def code(self, code: str | None = None) -> Payment:
        """Request a one-time code, or enter one."""
        return self._act(payer.submit_code, code)

    def finish_3ds(self, *, accepted: bool = True) -> Payment:
        """Answer the issuer's page."""
        return self._act(payer.finish_3ds, accepted=accepted)

    def finish_redirect(self, *, accepted: bool = True) -> Payment:
        """Return from the bank."""
        return self._act(payer.finish_redirect, accepted=accepted)

    def _act(
        self, action: Callable[Concatenate[Engine, str, _P], Payment], *args: _P.args, **more: _P.kwargs
    ) -> Payment:
        with self._dispatcher.engine() as engine:
            return action(engine, self._token, *args, **more)
