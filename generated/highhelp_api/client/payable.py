# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""A payment with payment details to show to the payer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.payment_state import PaymentState

if TYPE_CHECKING:
    from .models.requisites import Requisites

__all__ = ("PayableState",)


class PayableState(PaymentState):
    """A `PaymentState` that has payment details, as returned by `wait_requisites`."""

    requisites: Requisites
    """ Where the payer sends the money. (inferred) """
