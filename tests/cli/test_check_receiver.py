"""`highhelp check-receiver` finds each planted fault, and nothing in receivers that are right."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
import django.conf
import httpx
import pytest
import uvicorn
from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings
from django.urls import path
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Route

from highhelp import CallbackInbox, asgi_receiver, django_receiver, flask_receiver
from highhelp.cli import callback_server
from highhelp.cli.app import run
from highhelp.cli.output import UsageProblem
from highhelp.cli.receiver_checks.cases import Case, Cases, Expected, Signed
from highhelp.cli.receiver_checks.credits import credits_by_command
from highhelp.cli.receiver_checks.run import Endpoint, Finding, check_credits, check_damaged
from highhelp.settings import Source, load_callback_keys
from highhelp_mock import MockGateway
from highhelp_signing import CallbackRejected, CallbackVerifier
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KNOWN = ("processing", "success", "decline", "dispute", "error")


class Shop:
    """A receiver that is right, without a database: it credits each payment once."""

    def __init__(self, home: Path) -> None:
        project_id = MockGateway(home).project_id
        self.verifier = CallbackVerifier({project_id: load_callback_keys(Source.load({}, home))[0]})
        self.credits: Counter[str] = Counter()
        self.lock = threading.Lock()

    def receive(self, raw: bytes, headers: Any, /) -> tuple[int, bytes]:
        try:
            return self.answer(raw, headers)
        except Exception:  # noqa: BLE001 - as a web framework does
            return 500, b"oops"

    def answer(self, raw: bytes, headers: Any) -> tuple[int, bytes]:
        try:
            callback = self.verifier.verify(self.read(raw), headers)
        except CallbackRejected as refused:
            return (200, b"OK") if refused.genuine else (401, b"no")
        self.handle(callback.payment_id, callback.status, callback.body)
        return 200, b"OK"

    def read(self, raw: bytes) -> bytes:
        return raw

    def handle(self, payment_id: str, status: str, body: Any) -> None:
        with self.lock:
            if status == "success":
                self.credit(payment_id)

    def credit(self, payment_id: str) -> None:
        self.credits[payment_id] = 1


class AcceptsForgeries(Shop):
    def answer(self, raw: bytes, headers: Any) -> tuple[int, bytes]:
        try:
            body = json.loads(raw)
            self.handle(body["general"]["payment_id"], body["status"]["status"], body)
        except (ValueError, LookupError, TypeError, RecursionError):
            return 400, b"no"
        return 200, b"OK"


class FailsOnUnknownStatus(Shop):
    def handle(self, payment_id: str, status: str, body: Any) -> None:
        KNOWN.index(status)
        super().handle(payment_id, status, body)


class ParsesAndWritesAgain(Shop):
    def read(self, raw: bytes) -> bytes:
        try:
            return json.dumps(json.loads(raw)).encode()
        except (ValueError, RecursionError):
            return raw


class CreditsTwice(Shop):
    def credit(self, payment_id: str) -> None:
        self.credits[payment_id] += 1


class BreaksOnNull(Shop):
    def handle(self, payment_id: str, status: str, body: Any) -> None:
        body["payment_info"].get("amount")
        super().handle(payment_id, status, body)


@contextmanager
def counting(count: Callable[[str], int]) -> Iterator[str]:
    """Serve how often a payment was credited."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(str(count(self.path.rpartition("/")[2])).encode())

        def log_message(self, *_: object) -> None:
            pass

    with callback_server.running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield f"{url}credits/{{payment_id}}"


def check(shop: Shop, home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    server = callback_server.CallbackServer(shop, "127.0.0.1", 0)
    with callback_server.running(server) as url, counting(lambda payment_id: shop.credits[payment_id]) as credits_url:
        options = ["--home", str(home), "--credits-url", credits_url, "--wait", "0", "--json", *words]
        code = run(["check-receiver", url, *options])
    return code, json.loads(capsys.readouterr().out)


def problems(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["problem"] for check in report["checks"] if not check["ok"]}


@pytest.mark.parametrize("algorithm", ["rsa", "hmac"])
def test_a_right_receiver_passes(pattern: Path, capsys: pytest.CaptureFixture[str], algorithm: str) -> None:
    code, report = check(Shop(pattern), pattern, capsys, "--algorithm", algorithm)
    assert (code, problems(report), report["ok"]) == (0, {}, True)
    assert report["credits_checked"]
    assert all(check["payment_id"].startswith("check-") for check in report["checks"])


def test_accepted_forgeries_are_found(pattern: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = check(AcceptsForgeries(pattern), pattern, capsys)
    found = problems(report)
    assert code == 1
    for defect in ("signature", "key", "body", "unsigned", "project"):
        assert "answered HTTP 200, not 4xx: anybody can credit a payment" in found[f"forged: {defect}"]
        assert "credited once instead of never" in found[f"forged: {defect}"]
    assert found["stale"] == found["future"] == "credited once instead of never"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (FailsOnUnknownStatus, {"unknown status": "HTTP 500"}),
        (ParsesAndWritesAgain, {"numbers as sent": "verify the bytes as received"}),
        (CreditsTwice, {"repeated": "credited 3 times", "at once": "credited 8 times"}),
        (BreaksOnNull, {"nulls in processing": "HTTP 500", "nulls in success": "HTTP 500"}),
    ],
)
def test_a_planted_fault_is_found_alone(
    pattern: Path, capsys: pytest.CaptureFixture[str], kind: type[Shop], found: dict[str, str]
) -> None:
    code, report = check(kind(pattern), pattern, capsys)
    assert code == 1
    assert problems(report).keys() == found.keys()
    for name, text in found.items():
        assert text in problems(report)[name]


@pytest.mark.slow
def test_random_damage_finds_a_fault(pattern: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = check(BreaksOnNull(pattern), pattern, capsys, "--minutes", "1", "--seed", "7")
    assert code == 1
    (text,) = [text for name, text in problems(report).items() if name.startswith("damaged")]
    assert "seed 7" in text


def test_random_damage_lasts_for_its_minutes(pattern: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, int]] = []

    def damage(*given: Any, seed: int) -> list[Any]:
        asked.append((given[2], seed))
        return []

    monkeypatch.setattr("highhelp.cli.receiver_checks.run.check_cases", lambda *_: [])
    monkeypatch.setattr("highhelp.cli.receiver_checks.run.check_damaged", damage)
    words = ["check-receiver", "http://127.0.0.1:9/", "--home", str(pattern), "--json"]
    assert run([*words, "--minutes", "1.5", "--seed", "7"]) == 0
    assert asked == [(90.0, 7)]


def test_a_moment_is_long_enough_for_one_damaged_callback(pattern: Path) -> None:
    times = iter([0.0, 9.0])
    with endpoint(400) as (checked, _):
        ((_, finding),) = check_damaged(
            checked, Cases(MockGateway(pattern), "run"), 1e-9, seed=7, clock=lambda: next(times)
        )
    assert (finding.name, finding.problem) == ("1 damaged at random", None)


def test_random_damage_passes_a_right_receiver(pattern: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = check(Shop(pattern), pattern, capsys, "--minutes", "0.01")
    assert (code, problems(report)) == (0, {})
    assert "damaged at random" in report["checks"][-1]["name"]


@contextmanager
def served_by_asgi(app: Any) -> Iterator[str]:
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/callbacks"
    finally:
        server.should_exit = True
        thread.join()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served_by_wsgi(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callbacks"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def starlette_app(inbox: CallbackInbox) -> Iterator[str]:
    with served_by_asgi(Starlette(routes=[Route("/callbacks", asgi_receiver(inbox))])) as url:
        yield url


@contextmanager
def fastapi_app(inbox: CallbackInbox) -> Iterator[str]:
    app = FastAPI()
    app.router.routes.append(Route("/callbacks", asgi_receiver(inbox)))
    with served_by_asgi(app) as url:
        yield url


@contextmanager
def flask_app(inbox: CallbackInbox) -> Iterator[str]:
    app = Flask(__name__)
    app.add_url_rule("/callbacks", view_func=flask_receiver(inbox), methods=["POST"])
    with served_by_wsgi(app) as url:
        yield url


@contextmanager
def django_app(inbox: CallbackInbox) -> Iterator[str]:
    if not django.conf.settings.configured:
        django.conf.settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], SECRET_KEY="only for this test")
        django.setup()
    urls: Any = ModuleType("urls")
    urls.urlpatterns = [path("callbacks", django_receiver(inbox))]
    with override_settings(ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"]), served_by_wsgi(WSGIHandler()) as url:
        yield url


@contextmanager
def working(inbox: CallbackInbox, handler: Callable[[Any], object]) -> Iterator[None]:
    """Handle what is received, in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=inbox.run, args=(handler,), kwargs={"stop": stop, "poll": 0.05})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("serve", [starlette_app, fastapi_app, flask_app, django_app])
def test_our_own_receivers_pass(
    pattern: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[[CallbackInbox], Any],
) -> None:
    monkeypatch.setenv("HIGHHELP_HOME", str(pattern))
    credited: Counter[str] = Counter()

    def credit(event: Any) -> None:
        credited[event.payment_id] += event.status == "success"

    with ExitStack() as stack:
        inbox = stack.enter_context(CallbackInbox(tmp_path / "inbox.db"))
        inbox.create_schema()
        url = stack.enter_context(serve(inbox))
        stack.enter_context(working(inbox, credit))
        credits_url = stack.enter_context(counting(lambda payment_id: credited[payment_id]))
        code = run(["check-receiver", url, "--credits-url", credits_url, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, problems(report)) == (0, {})


def test_the_report_for_people(pattern: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with callback_server.running(callback_server.CallbackServer(CreditsTwice(pattern), "127.0.0.1", 0)) as url:
        assert run(["check-receiver", url, "--home", str(pattern)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok     right"
    assert "credits: not checked" in lines[-2]
    assert "0 wrong; every payment_id begins with check-" in lines[-1]


def test_other_keys_are_named_as_the_likely_cause(
    pattern: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Shop(tmp_path / "other")
    with callback_server.running(callback_server.CallbackServer(other, "127.0.0.1", 0)) as url:
        assert run(["check-receiver", url, "--home", str(pattern)]) == 1
    assert "does the endpoint use the callback keys of the same home directory?" in capsys.readouterr().out


def success(*, expected: Expected = Expected.ACCEPTED, credits: int | None = 1, at_once: bool = False) -> Case:  # noqa: A002 - the name of the case's attribute
    return Case("success", "check-1", (Signed(b"{}", {}),), expected, "harm", credits, at_once)


@contextmanager
def endpoint(*statuses: int) -> Iterator[tuple[Endpoint, list[float]]]:
    """One that answers with these statuses, the last one again and again, and the pauses that are made."""
    left, slept = list(statuses), list[float]()

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(left.pop(0) if len(left) > 1 else left[0])

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        yield Endpoint("http://127.0.0.1/", client, sleep=slept.append), slept


@pytest.mark.parametrize(
    ("statuses", "last", "pauses"),
    [((200,), 200, 0), ((503, 503, 503, 200), 200, 3), ((503,), 503, 3), ((500, 200), 500, 0)],
)
def test_only_503_is_repeated_and_three_times_at_most(statuses: tuple[int, ...], last: int, pauses: int) -> None:
    with endpoint(*statuses) as (checked, slept):
        finding = checked.check(success())
    assert (finding.answers, slept) == ((last,), [0.5] * pauses)
    assert (finding.problem is None) is (last == 200)


def test_a_forgery_is_never_repeated() -> None:
    with endpoint(503, 401) as (checked, slept):
        finding = checked.check(success(expected=Expected.REFUSED))
    assert (finding.answers, slept) == ((503,), [])
    assert finding.problem is not None


def test_eight_are_sent_at_once() -> None:
    with endpoint(200) as (checked, _):
        assert checked.check(success(at_once=True)).answers == (200,) * 8


@pytest.mark.parametrize(
    ("due", "credited", "problem"),
    [
        (1, 1, None),
        (1, 0, "credited never instead of once"),
        (1, 2, "credited twice instead of once"),
        (0, 1, "credited once instead of never"),
        (None, 0, None),
        (None, 1, None),
        (None, 2, "credited 2 times"),
    ],
)
def test_a_payment_is_credited_as_often_as_it_is_due(due: int | None, credited: int, problem: str | None) -> None:
    checked = [(success(credits=due), Finding("success", "check-1", (200,)))]
    (finding,) = check_credits(checked, lambda _: credited, wait=0, clock=lambda: 0.0)
    assert (finding.credited, finding.problem) == (credited, problem)


@pytest.mark.parametrize(("wait", "problem"), [(10.0, None), (2.0, "credited never instead of once")])
def test_a_worker_gets_time_to_credit(wait: float, problem: str | None) -> None:
    slept: list[float] = []
    checked = [(success(), Finding("success", "check-1", (200,)))]
    found = check_credits(
        checked,
        lambda _: int(sum(slept) >= 5),
        wait=wait,
        clock=lambda: sum(slept),
        sleep=slept.append,
    )
    assert found[0].problem == problem


def test_the_time_to_credit_is_the_given_one(pattern: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def check(*_: object, wait: float) -> list[Finding]:
        waited.append(wait)
        return []

    monkeypatch.setattr("highhelp.cli.receiver_checks.run.check_cases", lambda *_: [])
    monkeypatch.setattr("highhelp.cli.receiver_checks.run.check_credits", check)
    words = ["check-receiver", "http://127.0.0.1:9/", "--home", str(pattern), "--json", "--credits", "x {payment_id}"]
    assert run([*words, "--wait", "7"]) == run(words) == 0
    assert waited == [7.0, 10.0]


def test_a_command_counts_credits() -> None:
    count = credits_by_command(f"{sys.executable} -c 'import sys; print(sys.argv[1].count(\"right\"))' {{payment_id}}")
    assert (count("check-1-right"), count("check-1-stale")) == (1, 0)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["http://shop.example/callbacks"], "--yes-this-is-not-production"),
        (["http://10.0.0.1:8000/"], "10.0.0.1 is not this machine"),
        (["ftp://127.0.0.1/"], "is not a URL"),
        (["http://127.0.0.1:99999/"], "is not a URL"),
        (["http://127.0.0.1:9/"], "http://127.0.0.1:9/ cannot be reached"),
        (["http://127.0.0.1:9/", "--credits", "count"], "write {payment_id} where the payment's id belongs"),
        (["http://127.0.0.1:9/", "--credits", "a 'b"], "--credits: No closing quotation"),
        (["http://127.0.0.1:9/", "--credits", "a {payment_id}", "--credits-url", "b"], "one of them is enough"),
    ],
)
def test_wrong_use_is_named(pattern: Path, capsys: pytest.CaptureFixture[str], words: list[str], text: str) -> None:
    assert run(["check-receiver", *words, "--home", str(pattern)]) == 2
    assert text in capsys.readouterr().err


def test_a_home_without_the_gateways_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "project.json").write_text('{"project_id": "p", "base_url": "http://127.0.0.1:9"}')
    assert run(["check-receiver", "http://127.0.0.1:9/", "--home", str(tmp_path)]) == 2
    assert "holds no key of the gateway" in capsys.readouterr().err


def test_a_counter_that_fails_is_named() -> None:
    for program, text in (("print('many')", "expected a whole number"), ("raise SystemExit(3)", "ended with 3")):
        with pytest.raises(UsageProblem, match=text):
            credits_by_command(f'{sys.executable} -c "{program}" {{payment_id}}')("check-1")
