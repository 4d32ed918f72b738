"""Log each attempt, redacted by the contract; emit spans; call hooks, which cannot break a call."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from highhelp.calls.flow import Result, Send, Step
from highhelp.calls.outcome import RawResponse, TransportFailure
from highhelp.errors import SettingsError
from highhelp.redact import masked_text, quoted

if TYPE_CHECKING:
    from highhelp.telemetry.otel import Tracing

LOG = logging.getLogger("highhelp")
# without this, a program with no logging set up would get warnings on its terminal
LOG.addHandler(logging.NullHandler())


def write_to_terminal(level: str) -> None:
    """Write the log to standard error from a level on, as set by `HIGHHELP_LOG`.

    Args:
        level: debug, info, warning or error; any other value is reported and ignored.
    """
    number = {"debug": 10, "info": 20, "warning": 30, "error": 40}.get(level.strip().lower())
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)
    if number is None:
        LOG.warning("HIGHHELP_LOG must be debug, info, warning or error; its value is ignored")
    else:
        LOG.setLevel(number)


if os.environ.get("HIGHHELP_LOG"):
    write_to_terminal(os.environ["HIGHHELP_LOG"])

Hook = Callable[..., object]


@dataclass
class Observer:
    """Report attempts and pauses to the log, the hooks and OpenTelemetry.

    Attributes:
        on_request: Called with (operation, payment_id, attempt) before each attempt.
        on_response: Called with (operation, answer) for each answer as it came, unredacted.
        on_retry: Called with (seconds, reason) before each pause.
        tracer_provider: An OpenTelemetry tracer provider to use instead of the global one.
        meter_provider: Likewise, for metrics.
        server: The gateway's host, for spans.

    Raises:
        SettingsError: A provider is given and OpenTelemetry is not installed.
    """

    on_request: Hook | None = None
    on_response: Hook | None = None
    on_retry: Hook | None = None
    tracer_provider: Any = None
    meter_provider: Any = None
    server: str = ""
    _tracing: Tracing | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.tracer_provider is not None or self.meter_provider is not None:
            self._load_tracing()

    @property
    def tracing(self) -> Tracing | None:
        """OpenTelemetry, once the program has imported it: the import takes as long as the rest of the start-up."""
        if self._tracing is None and "opentelemetry.trace" in sys.modules:
            self._load_tracing()
        return self._tracing

    def _load_tracing(self) -> None:
        from highhelp.telemetry.otel import Tracing

        try:
            self._tracing = Tracing(self.tracer_provider, self.meter_provider)
        except ImportError:
            if self.tracer_provider is not None or self.meter_provider is not None:
                text = "OpenTelemetry is missing: pip install 'highhelp[otel]'"
                raise SettingsError("tracer_provider", text) from None

    def call(self, operation: str, payment_id: str | None) -> contextlib.AbstractContextManager[None]:
        """Wrap a whole call, with its repetitions and look-ups, in a span."""
        tracing = self.tracing
        return contextlib.nullcontext() if tracing is None else tracing.call(operation, payment_id, self.server)

    def before(self, step: Step) -> None:
        """Report the next step."""
        if isinstance(step, Send):
            _call_hook(self.on_request, step.call.operation.id, step.call.payment_id, step.attempt)
            return
        write_log(logging.INFO, lambda: f"pause seconds={step.seconds:.1f} reason={quoted(_mask(step.reason))}")
        tracing = self.tracing
        if tracing is not None:
            tracing.step("pause", {"seconds": step.seconds, "reason": _mask(step.reason)})
        _call_hook(self.on_retry, step.seconds, step.reason)

    def after(self, send: Send, result: Result, seconds: float) -> None:
        """Report the result of an attempt."""
        level = logging.WARNING if isinstance(result, TransportFailure) else logging.INFO
        tracing = self.tracing
        traced = tracing is not None and tracing.recording
        if traced or LOG.isEnabledFor(level):
            fields = log_fields(send, result, seconds)
            write_log(level, lambda: log_line(send.call.operation.id, fields))
            if tracing is not None and traced:
                tracing.step("attempt", fields)
        if tracing is not None:
            tracing.attempt(send.call.operation.id)
        if isinstance(result, RawResponse):
            _call_hook(self.on_response, send.call.operation.id, result)


def write_log(level: int, text: Callable[[], str]) -> None:
    """Log a line. A filter or handler that raises cannot break a call that moves money or lose a callback."""
    if not LOG.isEnabledFor(level):
        return
    with contextlib.suppress(Exception):
        LOG.log(level, "%s", text())


def log_fields(send: Send, result: Result, seconds: float) -> dict[str, str | int]:
    """Collect the loggable fields of one attempt: identifiers, statuses and amounts, nothing sensitive."""
    fields: dict[str, Any] = {"payment_id": send.call.payment_id}
    if isinstance(result, RawResponse):
        fields["http"] = result.status
    elif isinstance(result, TransportFailure):
        fields["failure"] = result.reason
    facts = send.call.facts
    fields |= {"amount": facts.amount, "currency": facts.currency} | _response_fields(result)
    fields |= {"ms": round(seconds * 1000), "attempt": send.attempt}
    return {
        # the merchant's id is shown unmasked, even if it could be a card number
        name: value if isinstance(value, int) or name == "payment_id" else _mask(str(value))
        for name, value in fields.items()
        if isinstance(value, str | int)
    }


def log_line(what: str, fields: Mapping[str, object]) -> str:
    """Format an event and its fields as a log line."""
    return " ".join([what, *(f"{name}={quoted(str(value))}" for name, value in fields.items())])


def _response_fields(response: Result) -> dict[str, Any]:
    if not isinstance(response, RawResponse):
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    if not isinstance(body, Mapping):
        return {}
    info = body.get("payment_info")
    known = {name: body.get(name) for name in ("request_id", "status", "sub_status")}
    if isinstance(info, Mapping):
        known |= {name: info.get(name) for name in ("amount", "currency")}
    return {name: value for name, value in known.items() if isinstance(value, str | int)}


def _mask(text: str) -> str:
    return masked_text(text)[:300]


def _call_hook(hook: Hook | None, *arguments: object) -> None:
    if hook is None:
        return
    try:
        hook(*arguments)
    except Exception as error:  # noqa: BLE001  # a hook must not break a call that moves money
        name, kind = getattr(hook, "__name__", "?"), type(error).__name__
        write_log(logging.WARNING, lambda: f"hook {name} raised {kind}")
