"""The desk's own record of its payouts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Payout(models.Model):
    """A payout that staff asked for. Holds no card number."""

    payment_id: ClassVar = models.CharField(max_length=255, unique=True)
    amount: ClassVar = models.BigIntegerField(help_text="Kopecks.")
    status: ClassVar = models.CharField(max_length=32, default="under way")
    settled: ClassVar = models.IntegerField(default=0, help_text="How often it was settled; never more than once.")

    class Meta:
        """Show the newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.payment_id)
