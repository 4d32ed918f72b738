"""A shop on Django: `python shop.py DIRECTORY` works off the inbox, and is killed at the points that it is given.

Each point is the death of one worker process: before the handler, within it, after the commit of the ORM.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp import CallbackEvent

LEASE = 60


def configure(directory: Path) -> None:
    """Set Django up with an SQLite file in the directory."""
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(directory / "shop.db")}},
        INSTALLED_APPS=["highhelp.django", "tests.django_app"],
        HIGHHELP_HANDLER="tests.django_app.handlers.credit",
        USE_TZ=True,
    )
    django.setup()


def make_tables() -> None:
    """Make the tables of the app and of the shop."""
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)


def work(directory: Path, point: str, clock: Callable[[], float]) -> None:
    """Handle what is due, and die at a point."""
    from highhelp import CallbackStore
    from tests.django_app import handlers

    def credit(event: CallbackEvent) -> None:
        handlers.die_within = point == "within"
        if point == "before":
            os._exit(9)
        handlers.credit(event)
        if point == "after":
            os._exit(9)

    with CallbackStore(directory / "inbox.db", clock=clock, lease=LEASE, environ={}) as store:
        store.process(credit)


def main(directory: Path, points: list[str]) -> None:
    """Run one worker process for each point, and a last one that lives."""
    configure(directory)
    for number, point in enumerate([*points, ""]):
        now = time.time() + number * (LEASE + 1)  # by then the lease of the dead one is over
        child = os.fork()
        if not child:
            work(directory, point, lambda now=now: now)  # type: ignore[misc]  # bound in the loop
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    arguments: Any = sys.argv[1:]
    main(Path(arguments[0]), arguments[1:])
