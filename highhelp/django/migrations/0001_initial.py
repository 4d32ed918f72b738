"""Create the table of handled events."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the table."""

    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="HandledEvent",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("payment_id", models.TextField()),
                ("handled_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"db_table": "highhelp_handled_events"},
        ),
    ]
