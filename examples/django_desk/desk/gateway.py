"""The client and the guard, one of each per process."""

from django.conf import settings

from highhelp import HighHelp, PayoutGuard

client = HighHelp(callback_url=f"{settings.DESK_URL}/callbacks")
guard = PayoutGuard(client)
