"""The handler of final callbacks; `manage.py highhelp_worker` runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F

from highhelp.django import exactly_once

from .gateway import guard
from .models import Payout

if TYPE_CHECKING:
    from highhelp import CallbackEvent


@exactly_once
def settle(event: CallbackEvent) -> None:
    """Store the final status. What the ORM writes here is stored once, whenever the worker dies."""
    guard.settle(event)  # in a transaction of the guard's database; repeating it changes nothing
    Payout.objects.filter(payment_id=event.payment_id).update(status=event.status, settled=F("settled") + 1)
