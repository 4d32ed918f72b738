"""One log line per attempt, redacted by the contract, and hooks that cannot break a call."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from highhelp.flows import Result, Send, Sleep, Step
from highhelp.outcome import Answer, Failure
from highhelp.redact import masked_text

LOG = logging.getLogger("highhelp")

Hook = Callable[..., object]
_PLAIN = re.compile(r"[\w.:/@+-]+", re.ASCII)


@dataclass(frozen=True)
class Observer:
    """Logs what happens and tells the hooks.

    Attributes:
        on_response: Called with (operation, answer) for each answer as it came, unredacted.
        on_retry: Called with (seconds, reason) before each pause.
    """

    on_response: Hook | None = None
    on_retry: Hook | None = None

    def __call__(self, step: Step, result: Result, seconds: float) -> None:
        """Take note of one step of a call."""
        if isinstance(step, Sleep):
            _log(logging.INFO, lambda: f"pause seconds={step.seconds:.1f} reason={_value(step.reason)}")
            _tell(self.on_retry, step.seconds, step.reason)
            return
        _log(logging.WARNING if isinstance(result, Failure) else logging.INFO, lambda: line(step, result, seconds))
        if isinstance(result, Answer):
            _tell(self.on_response, step.operation.id, result)


def _log(level: int, text: Callable[[], str]) -> None:
    if not LOG.isEnabledFor(level):
        return
    # a filter or handler that raises must not break a call that moves money
    with contextlib.suppress(Exception):
        LOG.log(level, "%s", text())


def line(send: Send, result: Result, seconds: float) -> str:
    """The log line of one attempt: identifiers, statuses and amounts, nothing that is sensitive."""
    fields: dict[str, Any] = {"payment_id": send.payment_id}
    if isinstance(result, Answer):
        fields |= {"http": result.status} | _told(result)
    elif isinstance(result, Failure):
        fields["failure"] = result.reason
    fields |= {"ms": round(seconds * 1000), "attempt": send.attempt}
    return " ".join([send.operation.id, *(f"{k}={_value(v)}" for k, v in fields.items() if v is not None)])


def _told(answer: Answer) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    if not isinstance(body, Mapping):
        return {}
    info = body.get("payment_info")
    told = {name: body.get(name) for name in ("request_id", "status", "sub_status")}
    if isinstance(info, Mapping):
        told |= {name: info.get(name) for name in ("amount", "currency")}
    return {name: value for name, value in told.items() if isinstance(value, str | int)}


def _value(value: object) -> str:
    text = masked_text(str(value))[:300]
    # what is not plain is quoted and escaped: a value must not forge a line of the log
    return text if _PLAIN.fullmatch(text) else ascii(text)


def _tell(hook: Hook | None, *arguments: object) -> None:
    if hook is None:
        return
    try:
        hook(*arguments)
    except Exception as error:  # noqa: BLE001  # a hook must not break a call that moves money
        name, kind = getattr(hook, "__name__", "?"), type(error).__name__
        _log(logging.WARNING, lambda: f"hook {name} raised {kind}")
