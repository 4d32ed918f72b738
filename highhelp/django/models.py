"""The only table of the app."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class HandledEvent(models.Model):
    """An event whose handler has run, stored in the same transaction as the handler's writes."""

    key: ClassVar = models.CharField(max_length=64, primary_key=True)
    payment_id: ClassVar = models.TextField()
    handled_at: ClassVar = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Name the table independently of the app's label."""

        db_table = "highhelp_handled_events"

    def __str__(self) -> str:
        return f"{self.payment_id} {self.key}"
