"""`manage.py highhelp_worker`: handle the callbacks that the inbox has received."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils.module_loading import import_string

from highhelp import CallbackStore, SettingsError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

_FINAL, _UPDATE = "HIGHHELP_HANDLER", "HIGHHELP_UPDATE_HANDLER"


class Command(BaseCommand):
    """Handle events until Ctrl-C or SIGTERM; the current event is finished first."""

    help = "Handle the callbacks in the inbox of HIGHHELP_DATABASE_URL, until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--handler", help=f"For final events, like shop.payments.credit; else settings.{_FINAL}.")
        parser.add_argument("--update-handler", help=f"For other events; else settings.{_UPDATE}.")
        parser.add_argument("--poll", type=float, default=1.0, help="Seconds between polls of an empty inbox.")
        parser.add_argument("--once", action="store_true", help="Handle what is due and exit.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the worker."""
        final = _load(options["handler"] or getattr(settings, _FINAL, None))
        update = _load(options["update_handler"] or getattr(settings, _UPDATE, None))
        if final is None:
            raise CommandError(f"--handler is missing, and so is settings.{_FINAL}")
        try:
            with CallbackStore() as store:
                if options["once"]:
                    store.process(final, update)
                    return
                with _stopped_by_signals() as stop:
                    store.run(final, update, stop=stop, poll=options["poll"])
        except SettingsError as error:
            raise CommandError(str(error)) from None


def _load(name: str | None) -> Callable[..., Any] | None:
    if not name:
        return None
    try:
        handler: Callable[..., Any] = import_string(name)
    except ImportError as error:
        raise CommandError(f"{name} cannot be imported: {error}") from None

    @wraps(handler)
    def run(*arguments: Any) -> Any:
        close_old_connections()  # as at the start of a request: the database may have been restarted
        return handler(*arguments)

    return run


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, was in before.items():
            signal.signal(number, was)
