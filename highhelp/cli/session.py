"""Create clients and guards from the settings, and record answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from highhelp.cli import output
from highhelp.redact import masked_text
from highhelp.settings import DATABASE_URL

if TYPE_CHECKING:
    from highhelp import PayoutBook, PayoutGuard
    from highhelp.client import HighHelp
    from highhelp.settings import Source

AnswerHook = Callable[..., object]

_RECORDER: ContextVar[AnswerHook | None] = ContextVar("recorder", default=None)


def connect(*, on_answer: AnswerHook | None = None, quiet: bool = False, **options: Any) -> HighHelp:
    """Create a client; `highhelp record` records its answers.

    Args:
        on_answer: Called with (operation, answer) for every answer.
        quiet: Do not print pauses between attempts.
        options: Of the client.
    """
    # httpx is not needed to print help
    from highhelp.client import HighHelp

    hooks = [hook for hook in (_RECORDER.get(), on_answer) if hook is not None]

    def call_hooks(operation: str, answer: object) -> None:
        for hook in hooks:
            hook(operation, answer)

    watched = not quiet and sys.stderr.isatty()
    return HighHelp(on_response=call_hooks if hooks else None, on_retry=print_pause if watched else None, **options)


@contextmanager
def open_book() -> Iterator[PayoutBook]:
    """Open the guard's table, which needs no client."""
    from highhelp import PayoutBook

    note_new_database()
    with PayoutBook() as book:
        yield book


@contextmanager
def open_guard(*, quiet: bool = True, **options: Any) -> Iterator[PayoutGuard]:
    """Open the payout guard over a client with these options of :func:`connect`."""
    from highhelp import PayoutGuard

    with connect(quiet=quiet, **options) as client, PayoutGuard(client) as guard:
        yield guard


def note_new_database() -> None:
    """Say that a database is created where one is expected: its path may be mistyped."""
    from highhelp.settings import Source
    from highhelp.storage.url import database_url, missing_file, parse

    file = missing_file(parse(database_url(None, Source.load()))[0])
    if file is not None:
        output.show(f"note: there was no database {output.one_line(file)}; it is created now", err=True)


def database_in_use(source: Source) -> str | None:
    """The database of inbox and guard: `HIGHHELP_DATABASE_URL`, or the file that the home directory holds already."""
    found = source.text(DATABASE_URL)
    if found is not None:
        return found[0]
    file = None if source.home is None else source.home / "highhelp.db"
    return str(file) if file is not None and file.exists() else None


def print_pause(seconds: float, reason: str) -> None:
    """Report a pause: a call with its retries may take a minute and a half."""
    output.show(f"next attempt in {seconds:.1f} s: {output.one_line(masked_text(reason))}", err=True)


@contextmanager
def record_answers(hook: AnswerHook) -> Iterator[None]:
    """Pass every answer to the hook while the block runs."""
    token = _RECORDER.set(hook)
    try:
        yield
    finally:
        _RECORDER.reset(token)
