"""Observability of calls: log lines, hooks, spans and metrics. None can break the call or show a secret."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from highhelp import OutcomeUnknown, Rejected
from highhelp.calls.facts import PaymentFacts
from highhelp.telemetry.log import log_event
from highhelp.telemetry.observer import log_fields
from tests.client.test_money_is_safe import ABSENT, CREATED, DOWN, ERROR, LOST, payin, payout, replies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.client.conftest import Both


def test_a_line_names_the_payment_and_the_money(
    both: Both, naps: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "highhelp")
    both(replies([LOST, ABSENT, ABSENT, CREATED]), payin)
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("create_p2p_payin payment_id=order-1 failure=ReadTimeout amount=10000 currency=RUB ms=")
    assert lines[0].endswith(" attempt=1")
    assert lines[1].startswith("get_p2p_payin payment_id=order-1 http=404 status=error ms=")
    assert re.match(r"pause seconds=1[45]\.[0-9.]+ reason='not found yet'", lines[2])
    assert "http=200 amount=10000 currency=RUB status=processing sub_status=new" in lines[4]
    assert lines[4].endswith(" attempt=2")


def test_hooks_are_told_of_every_attempt(both: Both, naps: list[float]) -> None:
    told: list[Any] = []
    both(
        replies([LOST, ABSENT, ABSENT, CREATED]),
        payin,
        on_request=lambda *about: told.append(about),
        on_response=lambda operation, answer: told.append((operation, answer.status)),
        on_retry=lambda seconds, reason: told.append(reason),
    )
    assert told == [
        ("create_p2p_payin", "order-1", 1),
        ("get_p2p_payin", "order-1", 1),
        ("get_p2p_payin", 404),
        "not found yet",
        ("get_p2p_payin", "order-1", 1),
        ("get_p2p_payin", 404),
        ("create_p2p_payin", "order-1", 2),
        ("create_p2p_payin", 200),
    ]


@pytest.mark.parametrize("hook", ["on_request", "on_response", "on_retry"])
def test_a_hook_that_raises_breaks_no_call(
    both: Both, naps: list[float], hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    assert both(replies([DOWN, CREATED]), payin, **{hook: breaks}).payment_id == "order-1"
    assert "hook breaks raised ZeroDivisionError" in caplog.text


class Seen:
    """The recorded spans and metrics."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self.reader])

    @property
    def arguments(self) -> dict[str, Any]:
        return {"tracer_provider": self.tracer_provider, "meter_provider": self.meter_provider}

    @property
    def spans(self) -> Any:
        return self.exporter.get_finished_spans()

    def metrics(self) -> dict[str, Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def seen() -> Iterator[Seen]:
    made = Seen()
    yield made
    made.tracer_provider.shutdown()
    made.meter_provider.shutdown()


def test_a_call_is_a_span_with_its_attempts_as_events(both: Both, naps: list[float], seen: Seen) -> None:
    both(replies([LOST, ABSENT, ABSENT, CREATED]), payin, **seen.arguments)
    (span,) = seen.spans
    assert (span.name, span.kind, span.status.status_code) == ("create_p2p_payin", SpanKind.CLIENT, StatusCode.UNSET)
    assert dict(span.attributes) == {
        "highhelp.operation": "create_p2p_payin",
        "highhelp.payment_id": "order-1",
        "highhelp.outcome": "answered",
        "server.address": "gateway.example",
    }
    assert [event.name for event in span.events] == ["attempt", "attempt", "pause", "attempt", "attempt"]
    assert span.events[0].attributes["highhelp.amount"] == 10000
    assert span.events[-1].attributes["highhelp.status"] == "processing"


def test_an_error_is_told_by_what_is_known_of_the_money(both: Both, naps: list[float], seen: Seen) -> None:
    with pytest.raises(OutcomeUnknown):
        both(replies([LOST, ABSENT, ABSENT]), payout, **seen.arguments)
    (span,) = seen.spans
    assert span.attributes["highhelp.outcome"] == span.attributes["error.type"] == "OutcomeUnknown"
    assert span.status.status_code is StatusCode.ERROR
    assert "may have been carried out" in span.status.description


def test_metrics_count_attempts_and_time_calls(both: Both, naps: list[float], seen: Seen) -> None:
    both(replies([LOST, CREATED]), payin, **seen.arguments)
    with pytest.raises(Rejected):
        both(replies([httpx.Response(422, json=ERROR), ABSENT]), payin, **seen.arguments)
    metrics = seen.metrics()
    counted = {point.attributes["highhelp.operation"]: point.value for point in metrics["highhelp.attempts"]}
    assert counted == {"create_p2p_payin": 2, "get_p2p_payin": 2}
    timed = {point.attributes["highhelp.outcome"]: point.count for point in metrics["highhelp.call.duration"]}
    assert timed == {"answered": 1, "Rejected": 1}


def test_no_card_number_gets_into_a_span(both: Both, naps: list[float], seen: Seen) -> None:
    told = {**ERROR, "status_description": "card 2200000000000004 refused", "receiver": {"pan": "2200000000000004"}}
    with pytest.raises(Rejected):
        both(replies([httpx.Response(422, json=told), ABSENT]), payout, **seen.arguments)
    assert "2200000000000004" not in seen.spans[0].to_json()


def test_the_client_works_where_opentelemetry_is_missing() -> None:
    program = """
import sys
sys.modules["opentelemetry"] = None
import httpx
from highhelp import HighHelp, HmacSigner, SettingsError
answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"status": "success"}))
about = dict(base_url="https://x.example", project_id="p", signer=HmacSigner("k" * 16), environ={}, transport=answer)
assert HighHelp(**about).p2p.get_payin("x").status == "success"
try:
    HighHelp(tracer_provider=object(), **about)
except SettingsError as error:
    assert "highhelp[otel]" in str(error)
else:
    raise AssertionError
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_misplaced_card_number_is_masked_in_logs_and_spans(
    both: Both, naps: list[float], seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "highhelp")
    pan = "2200000000000004"
    odd = {"status": pan, "sub_status": f"card {pan}", "payment_id": "order-1", "request_id": pan}
    both(replies([httpx.Response(200, json=odd)]), payin, **seen.arguments)
    assert "status=" in caplog.text
    assert pan not in caplog.text
    assert pan not in seen.spans[0].to_json()


def test_a_payment_id_that_is_a_number_can_be_read(both: Both, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "highhelp")
    state = httpx.Response(200, json={"status": "success", "payment_id": "4111111111111111"})
    both(replies([state]), lambda client: client.p2p.get_payin("4111111111111111"))
    assert "payment_id=4111111111111111" in caplog.text


class Stopped(BaseException):
    """An interruption whose text nobody has checked."""


def test_span_of_an_interrupted_call_shows_no_text(both: Both, seen: Seen) -> None:
    def stops(_: httpx.Request) -> httpx.Response:
        raise Stopped("card 2200000000000004")

    with pytest.raises(Stopped):
        both(stops, payout, **seen.arguments)
    (span,) = seen.spans
    assert span.status.description == span.attributes["error.type"] == "Stopped"
    assert [event.name for event in span.events] == ["attempt"], "a recorded exception has a traceback"


def test_span_of_a_failed_call_counts_its_attempts(both: Both, naps: list[float], seen: Seen) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        both(replies([LOST, ABSENT, ABSENT, httpx.Response(422, json=ERROR), ABSENT]), payin, **seen.arguments)
    (span,) = seen.spans
    assert span.attributes["highhelp.attempts"] == caught.value.attempts == 2
    assert {event.name for event in span.events} == {"attempt", "pause"}


def test_duration_of_a_call_is_in_seconds(both: Both, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 102.5])
    monkeypatch.setattr("highhelp.telemetry.otel.time", SimpleNamespace(monotonic=lambda: next(moments)))
    both(replies([CREATED]), payin, **seen.arguments)
    (point,) = seen.metrics()["highhelp.call.duration"]
    assert point.sum == 2.5
    assert dict(point.attributes) == {"highhelp.operation": "create_p2p_payin", "highhelp.outcome": "answered"}


def test_lost_answer_is_logged_as_a_warning(both: Both, naps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "highhelp")
    both(replies([LOST, CREATED]), payin)
    attempts = [record for record in caplog.records if " attempt=" in record.getMessage()]
    assert [record.levelname for record in attempts] == ["WARNING", "INFO"]


def test_hook_is_told_how_long_the_pause_is(both: Both, naps: list[float]) -> None:
    told: list[float] = []
    both(replies([LOST, ABSENT, ABSENT, CREATED]), payin, on_retry=lambda seconds, _: told.append(seconds))
    assert told == naps
    assert told[0] > 0


def test_line_of_an_event_is_short_and_masked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "highhelp")
    pan = "2200000000000004"
    log_event(logging.INFO, "parked", payment_id=pan, status=None, reason=f"card {pan}", detail="x" * 400)
    line = caplog.records[-1].getMessage()
    assert line.startswith(f"parked payment_id={pan} reason=")
    assert line.count(pan) == 1, "only the merchant's id is shown"
    assert line.count("x") == 300


def test_long_status_is_cut_off_in_the_log(both: Both, naps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "highhelp")
    answer = {"status": "success", "sub_status": "x" * 400, "payment_id": "order-1"}
    both(replies([httpx.Response(200, json=answer)]), lambda client: client.p2p.get_payin("order-1"))
    assert "sub_status=" + "x" * 300 + " " in caplog.text


def test_line_gives_the_duration_in_milliseconds() -> None:
    call = SimpleNamespace(payment_id="order-1", facts=PaymentFacts("order-1"))
    send: Any = SimpleNamespace(call=call, attempt=1)
    assert log_fields(send, None, 1.5) == {"payment_id": "order-1", "ms": 1500, "attempt": 1}


def test_span_of_a_wait_is_named_after_it(both: Both, seen: Seen) -> None:
    done = httpx.Response(200, json={"status": "success", "payment_id": "order-1"})
    both(replies([done]), lambda client: client.p2p.wait_payin("order-1", timeout=60), **seen.arguments)
    assert [span.name for span in seen.spans] == ["wait get_p2p_payin"]
