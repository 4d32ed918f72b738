"""OpenTelemetry: a span for each call, counts of attempts and durations of calls. Needs the extra `[otel]`.

Without a configured SDK the API does nothing. As in log lines, only identifiers, statuses and amounts of a request or
answer get into a span; no header is added to requests.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from highhelp._version import __version__
from highhelp.errors import CallError, WaitTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "highhelp"


class Tracing:
    """Spans and metrics of a client's calls.

    A span has the operation's name, kind CLIENT, and the attributes `highhelp.operation`, `highhelp.payment_id`,
    `highhelp.outcome` ("answered", or the name of the error), `highhelp.attempts`, `server.address`; each attempt and
    each pause is an event. Metrics: `highhelp.call.duration` (histogram, seconds) and `highhelp.attempts` (counter), by
    operation and outcome.
    """

    def __init__(self, tracer_provider: Any = None, meter_provider: Any = None) -> None:
        from opentelemetry import metrics, trace

        self._trace = trace
        self._tracer = trace.get_tracer(NAME, __version__, tracer_provider)
        meter = metrics.get_meter(NAME, __version__, meter_provider)
        self._seconds = meter.create_histogram("highhelp.call.duration", unit="s", description="Duration of calls.")
        self._attempts = meter.create_counter("highhelp.attempts", unit="{attempt}", description="Requests sent.")

    @contextmanager
    def call(self, operation: str, payment_id: str | None, server: str) -> Iterator[None]:
        """The span of one call."""
        about: dict[str, Any] = {"highhelp.operation": operation, "server.address": server}
        if payment_id is not None:
            about["highhelp.payment_id"] = payment_id
        outcome, began = "answered", time.monotonic()
        with self._tracer.start_as_current_span(
            operation,
            kind=self._trace.SpanKind.CLIENT,
            attributes=about,
            record_exception=False,  # its traceback may show the caller's local variables
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                outcome = type(error).__name__
                text = str(error) if isinstance(error, CallError) else outcome
                span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, text))
                span.set_attribute("error.type", outcome)
                if isinstance(error, CallError) and not isinstance(error, WaitTimeout):
                    span.set_attribute("highhelp.attempts", error.attempts)
                raise
            finally:
                span.set_attribute("highhelp.outcome", outcome)
                by = {"highhelp.operation": operation, "highhelp.outcome": outcome}
                self._seconds.record(time.monotonic() - began, by)

    @property
    def recording(self) -> bool:
        """Whether the current span is recorded; without an SDK it is not."""
        return bool(self._trace.get_current_span().is_recording())

    def step(self, name: str, fields: Mapping[str, object]) -> None:
        """Add an attempt or a pause to the current span as an event."""
        attributes = {f"highhelp.{key}": value for key, value in fields.items() if isinstance(value, str | int | float)}
        self._trace.get_current_span().add_event(name, attributes)

    def attempt(self, operation: str) -> None:
        """Count an attempt."""
        self._attempts.add(1, {"highhelp.operation": operation})
