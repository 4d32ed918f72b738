# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""A payment whose payer can be shown where to pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.payment_state import PaymentState

if TYPE_CHECKING:
    from .models.requisites import Requisites

__all__ = ("PayableState",)


class PayableState(PaymentState):
    """A `PaymentState` that has payment details: what `wait_requisites` returns."""

    requisites: Requisites
    """ Where the payer sends the money. (inferred) """
