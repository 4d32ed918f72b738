"""Create the table of payouts."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first version."""

    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("payment_id", models.CharField(max_length=255, unique=True)),
                ("amount", models.BigIntegerField(help_text="Kopecks.")),
                ("status", models.CharField(default="under way", max_length=32)),
                (
                    "settled",
                    models.IntegerField(default=0, help_text="How often it was settled; never more than once."),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
    ]
