"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig


class HighHelpConfig(AppConfig):
    """Named after the whole package, so that no other app takes its label by accident."""

    name = "highhelp.django"
    label = "highhelp"
    verbose_name = "HighHelp"
    default_auto_field = "django.db.models.BigAutoField"
