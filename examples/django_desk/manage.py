"""A payout desk in Django: staff fill in a form, the guard pays once, callbacks say what became of it.

Run: `python manage.py migrate`, then `python manage.py runserver --noreload 8000` for the desk and the callbacks,
`python manage.py highhelp_worker` for the worker, and every few minutes `highhelp payouts recover`, which asks the
gateway about payouts whose sender died.

Settings come from `HIGHHELP_HOME`, `DESK_URL` (where the gateway reaches the desk), `DESK_PASSWORD` (asked for by HTTP
Basic, any user name), `DESK_SECRET` (signs Django's forms) and `DESK_DATABASE` (SQLite file of the desk). The database
of guard and inbox is that of `HIGHHELP_DATABASE_URL`.
"""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "desk.settings")
    execute_from_command_line(sys.argv)
