"""The client that the commands speak through, and what is recorded of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from highhelp.cli import output
from highhelp.redact import masked_text

if TYPE_CHECKING:
    from highhelp.client import HighHelp

Hook = Callable[..., object]

_RECORDER: ContextVar[Hook | None] = ContextVar("recorder", default=None)


def connected(*, on_answer: Hook | None = None, quiet: bool = False, **options: Any) -> HighHelp:
    """A client with the settings in force; its answers are recorded where `highhelp record` asks for that.

    Args:
        on_answer: Told of every answer too, with (operation, answer).
        quiet: Pauses between attempts are not told to the person at the terminal.
        options: Of the client.
    """
    # httpx is not needed to print help
    from highhelp.client import HighHelp

    hooks = [hook for hook in (_RECORDER.get(), on_answer) if hook is not None]

    def tell(operation: str, answer: object) -> None:
        for hook in hooks:
            hook(operation, answer)

    watched = not quiet and sys.stderr.isatty()
    return HighHelp(on_response=tell if hooks else None, on_retry=_told if watched else None, **options)


def _told(seconds: float, reason: str) -> None:
    """Say why nothing seems to happen: a call with its repetitions may take a minute and a half."""
    output.show(f"once more in {seconds:.1f} s: {output.one_line(masked_text(reason))}", err=True)


@contextmanager
def recording(hook: Hook) -> Iterator[None]:
    """Tell the hook of every answer, while the block runs."""
    token = _RECORDER.set(hook)
    try:
        yield
    finally:
        _RECORDER.reset(token)
