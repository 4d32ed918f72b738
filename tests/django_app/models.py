"""The shop's orders."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Order(models.Model):
    """An order and how often it was credited, which must be once."""

    payment_id: ClassVar = models.TextField(unique=True)
    credits: ClassVar = models.IntegerField(default=0)

    class Meta:
        """Without migrations."""

        app_label = "django_app"

    def __str__(self) -> str:
        return str(self.payment_id)
