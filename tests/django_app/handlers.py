"""The shop's handler."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.db.models import F

from highhelp.django import exactly_once
from tests.django_app.models import Order

if TYPE_CHECKING:
    from highhelp import CallbackEvent

die_within = False


@exactly_once
def credit(event: CallbackEvent) -> None:
    """Count, so that a second call would show."""
    Order.objects.filter(payment_id=event.payment_id).update(credits=F("credits") + 1)
    if die_within:
        os._exit(9)
    if event.payment_id == "refused":
        raise RuntimeError("the shop is closed")
