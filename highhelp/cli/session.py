"""The client that the commands speak through, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from highhelp.client import HighHelp

Hook = Callable[..., object]

_RECORDER: ContextVar[Hook | None] = ContextVar("recorder", default=None)


def connected(*, on_answer: Hook | None = None, **options: Any) -> HighHelp:
    """A client with the settings in force; its answers are recorded where `highhelp record` asks for that.

    Args:
        on_answer: Told of every answer too, with (operation, answer).
        options: Of the client.
    """
    # httpx is not needed to print help
    from highhelp.client import HighHelp

    hooks = [hook for hook in (_RECORDER.get(), on_answer) if hook is not None]

    def tell(operation: str, answer: object) -> None:
        for hook in hooks:
            hook(operation, answer)

    return HighHelp(on_response=tell if hooks else None, **options)


@contextmanager
def recording(hook: Hook) -> Iterator[None]:
    """Tell the hook of every answer, while the block runs."""
    token = _RECORDER.set(hook)
    try:
        yield
    finally:
        _RECORDER.reset(token)
