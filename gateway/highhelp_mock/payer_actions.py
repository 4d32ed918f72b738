"""The payer of one payment, as tests drive it without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highhelp_mock.simulation import payer

if TYPE_CHECKING:
    from highhelp_mock.api.dispatch import Dispatcher
    from highhelp_mock.simulation.payments import Payment

__all__ = ["PayerActions"]


class PayerActions:
    """The payer's actions on the hosted page of one payment; each returns the payment after it.

    Args:
        dispatcher: the gateway.
        token: of the hosted page.
    """

    def __init__(self, dispatcher: Dispatcher, token: str) -> None:
        self._dispatcher = dispatcher
        self._token = token

    def open(self) -> Payment:
        """Open the page."""
        with self._dispatcher.engine() as engine:
            return payer.open_page(engine, self._token)

    def choose(self, method: str) -> Payment:
        """Choose a method, where the request named none."""
        with self._dispatcher.engine() as engine:
            return payer.choose(engine, self._token, method)

    def pay(self) -> Payment:
        """Report the money as sent."""
        with self._dispatcher.engine() as engine:
            return payer.pay(engine, self._token)

    def decline(self) -> Payment:
        """Give up."""
        with self._dispatcher.engine() as engine:
            return payer.decline(engine, self._token)

    def card(self, pan: str, expiry_month: str = "12", expiry_year: str = "2099") -> Payment:
        """Enter a card."""
        with self._dispatcher.engine() as engine:
            return payer.submit_card(engine, self._token, pan=pan, expiry_month=expiry_month, expiry_year=expiry_year)

    def code(self, code: str | None = None) -> Payment:
        """Ask for a one-time code, or enter one."""
        with self._dispatcher.engine() as engine:
            return payer.submit_code(engine, self._token, code)

    def finish_3ds(self, *, accepted: bool = True) -> Payment:
        """Answer the issuer's page."""
        with self._dispatcher.engine() as engine:
            return payer.finish_3ds(engine, self._token, accepted=accepted)

    def finish_redirect(self, *, accepted: bool = True) -> Payment:
        """Come back from the bank."""
        with self._dispatcher.engine() as engine:
            return payer.finish_redirect(engine, self._token, accepted=accepted)
