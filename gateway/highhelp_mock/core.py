"""The gateway itself: one request in, one answer out; no network, no waiting."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from highhelp_api import contract
from highhelp_mock import control
from highhelp_mock.answers import UNKNOWN
from highhelp_mock.engine import Engine
from highhelp_mock.guard import LIMITS, authenticate, check_form
from highhelp_mock.messages import Json, Refusal, Request, Response, encode, json_response
from highhelp_mock.operations import carry_out
from highhelp_mock.outbox import Attempt
from highhelp_mock.state import StateError
from highhelp_mock.validation import check_body
from highhelp_signing import SignatureScheme, parse_body, signing_message
from highhelp_signing.encoding import base64url_encode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from highhelp_api.contract import Operation
    from highhelp_mock.clock import Clock
    from highhelp_mock.faults import Fault
    from highhelp_mock.payments import Payment
    from highhelp_mock.projects import Project
    from highhelp_mock.state import StateFile

__all__ = ["Call", "Core", "Duplicates", "Outgoing", "Page", "sign"]

Duplicates: TypeAlias = Literal["stored", "conflict"]
Page: TypeAlias = "Callable[[Engine, Request], Response | None]"

_HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an operation, as the gateway saw it: enough to count and compare attempts.

    Attributes:
        at: Unix seconds.
        operation: its id.
        payment_id: as the body names it, where it could be read.
        body_sha256: hex SHA-256 of the raw body.
        status: HTTP status of the answer, also of one that was dropped.
        faults: names of the faults that it met.
    """

    at: float
    operation: str
    payment_id: str | None
    body_sha256: str = field(repr=False)
    status: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed callback, to be POSTed.

    Attributes:
        id: its number, to report the attempt under.
        payment_id: the merchant's id of the payment.
        kind: name of the contract's webhook.
        url: where it goes.
        headers: to send along.
        body: the raw bytes.
    """

    id: int
    payment_id: str
    kind: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Core:
    """A HighHelp gateway in memory. Safe between threads: one lock around everything.

    Args:
        scheme: how it reads the open points of the signature scheme.
        clock: its clock.
        duplicates: what a repeated payment_id gets: "stored" answers the payment's state if the body is the same, else
            409; "conflict" always 409.
        deliver_to: hosts beyond loopback to which callbacks may go.
        state: where the memory is written down; nowhere when absent.
        pages: answers GET and POST requests outside of the API and of control; None where there is no such page.
    """

    def __init__(
        self,
        *,
        scheme: SignatureScheme,
        clock: Clock,
        duplicates: Duplicates = "stored",
        deliver_to: Collection[str] = (),
        pages: Page | None = None,
        state: StateFile | None = None,
    ) -> None:
        if duplicates not in ("stored", "conflict"):
            raise ValueError('duplicates must be "stored" or "conflict"')
        self.scheme = scheme
        self.clock = clock
        self.duplicates = duplicates
        self.projects: dict[str, Project] = {}
        self.calls: deque[Call] = deque(maxlen=10_000)
        self._pages = pages
        self._lock = threading.RLock()
        self._engine = Engine(self.projects, clock, deliver_to)
        self._state = state
        self._engine.changes.wanted = state is not None
        if state is not None:
            clock.restore(state.clock_offset)
        self._numbers = count(1)
        self._run = secrets.token_hex(4)
        self._by_path = {operation.path: operation for operation in contract.OPERATIONS.values()}

    @property
    def base_url(self) -> str:
        """Where the gateway is reached, without a slash at the end; hosted pages are below it."""
        return self._engine.base_url

    @base_url.setter
    def base_url(self, value: str) -> None:
        self._engine.base_url = value.rstrip("/")

    def add_project(self, project: Project) -> None:
        """Open a project; what the state file holds of it comes back.

        Raises:
            StateError: the state file cannot be read or written.
        """
        with self._lock:
            payments: list[Payment] = []
            if self._state is not None:
                payments, deliveries = self._state.open_project(project)
                self._engine.outbox.restore(deliveries, self._state.next_callback)
            self.projects[project.project_id] = project
            self._engine.restore(payments)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The gateway's memory, brought up to now and locked while the block runs, then written down.

        Raises:
            StateError: the state file cannot be written.
        """
        with self._lock:
            try:
                self._engine.catch_up()
                yield self._engine
            finally:
                self._write()

    def _write(self) -> None:
        if self._state is not None:
            self._state.write(self._engine)

    def handle(self, request: Request) -> Response:
        """Answer one request. Never raises on account of what is in it."""
        try:
            with self.engine() as engine:
                try:
                    response = self._dispatch(engine, request)
                except Refusal as refusal:
                    response = refusal.response(self._request_id())
        except StateError:
            # what cannot be kept is not answered with success; the next answer tries to write it again
            response = Refusal(500, "The state file cannot be written").response(self._request_id())
        body = b"" if request.method == "HEAD" else response.body
        # a client compares its clock with this one, so it is the gateway's and not the server's
        date = ("date", _http_date(int(self.clock())))
        return replace(response, headers=(*response.headers, date), body=body)

    def reset(self) -> None:
        """Forget state and faults, and go back to real time."""
        with self._lock:
            self._engine.reset()
            self.calls.clear()
            self._write()

    def due_callbacks(self, most: int = 100) -> list[Outgoing]:
        """Take the callbacks that are to be sent now, signed and stamped by the gateway's clock.

        Each has to be reported with :meth:`report`; one that is not comes again after two minutes.
        """
        with self.engine() as engine:
            now = int(self.clock())
            return [
                self._signed(engine, delivery.id, now)
                for delivery in engine.outbox.due(self.clock(), most)
                if delivery.url is not None
            ]

    def report(self, number: int, status: int | None, error: str | None = None) -> None:
        """Tell what became of a callback: the receiver's HTTP status, or the name of the error."""
        with self.engine() as engine:
            engine.outbox.report(number, Attempt(self.clock(), status, error))

    def _signed(self, engine: Engine, number: int, now: int) -> Outgoing:
        delivery = engine.outbox.get(number)
        if delivery is None or delivery.url is None:
            raise KeyError(number)
        wrong = engine.faults.take_for_callback("wrong_signature", delivery.kind, delivery.operation)
        raw = delivery.raw
        headers = sign(self.projects[delivery.project_id], raw, now, self.scheme, wrong=wrong)
        return Outgoing(delivery.id, delivery.payment_id, delivery.kind, delivery.url, headers, raw)

    def _dispatch(self, engine: Engine, request: Request) -> Response:
        if request.path.startswith(control.PREFIX):
            if request.path == f"{control.PREFIX}reset":
                self.calls.clear()
            return json_response(200, control.handle(engine, request))
        operation = self._by_path.get(request.path)
        if operation is None:
            page = self._pages(engine, request) if self._pages else None
            if page is None:
                raise Refusal(404, f"No such endpoint; POST to one of {len(self._by_path)} paths of the API")
            return page
        if request.method != "POST":
            raise Refusal(405, "Only POST is allowed here", headers=(("allow", "POST"),))
        return self._with_faults(engine, operation, request)

    def _with_faults(self, engine: Engine, operation: Operation, request: Request) -> Response:
        faults = engine.faults.take_for_request(operation.id)
        names = tuple(fault.name for fault in faults)
        seen: dict[str, Any] = {}
        response = self._instead(faults)
        if response is None:
            try:
                response = json_response(200, self._call(engine, operation, request, seen))
            except Refusal as refusal:
                response = refusal.response(self._request_id())
            response = self._spoilt(faults, response) if faults else response
        if faults:
            pace = {fault.name: fault.seconds for fault in faults}
            response = replace(response, delay=pace.get("delay", 0), byte_interval=pace.get("slow_body", 0))
        digest = sha256(request.body).hexdigest()
        self.calls.append(Call(self.clock(), operation.id, seen.get("payment_id"), digest, response.status, names))
        return response

    def _call(self, engine: Engine, operation: Operation, request: Request, seen: dict[str, Any]) -> Json:
        check_form(request)
        project, body = authenticate(request, self.projects, self.scheme, self.clock())
        general = body.get("general")
        seen["payment_id"] = general.get("payment_id") if isinstance(general, dict) else None
        check_body(operation.request, body)
        return carry_out(engine, operation, project, body, conflict=self.duplicates == "conflict")

    def _instead(self, faults: tuple[Fault, ...]) -> Response | None:
        """The answer of a fault that keeps the call from being carried out."""
        for fault in faults:
            if fault.name == "drop_request":
                return Response(0, dropped=True)
            if fault.name == "http_429":
                return Refusal(429, "Too many requests", headers=(("retry-after", "1"),)).response(self._request_id())
            if fault.name in ("http_500", "html_502") and not fault.after_commit:
                return self._failure(fault)
        return None

    def _spoilt(self, faults: tuple[Fault, ...], response: Response) -> Response:
        """The answer of a call that was carried out, as its faults leave it."""
        names = {fault.name: fault for fault in faults}
        if "unknown_status" in names and response.status == 200:
            response = replace(response, body=_with_unknown_status(response.json()))
        if "bad_json" in names:
            response = replace(response, body=response.body[: len(response.body) // 2])
        failure = names.get("http_500") or names.get("html_502")
        if failure is not None:
            response = self._failure(failure)
        return replace(response, dropped="drop_response_after_commit" in names)

    def _failure(self, fault: Fault) -> Response:
        if fault.name == "html_502":
            return Response(502, (("content-type", "text/html; charset=utf-8"),), _HTML_502)
        return Refusal(500, "Internal error").response(self._request_id())

    def _request_id(self) -> str:
        return f"{self._run}-{next(self._numbers):06d}"


@lru_cache(maxsize=8)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def sign(
    project: Project, raw: bytes, timestamp: int, scheme: SignatureScheme, *, wrong: bool = False
) -> dict[str, str]:
    """The headers of a callback.

    Args:
        project: whose key signs.
        raw: the body.
        timestamp: Unix seconds.
        scheme: the open points of the signature.
        wrong: make a signature of the right form that does not match.
    """
    message = signing_message(parse_body(raw, limits=LIMITS), timestamp, scheme, limits=LIMITS)
    signature = project.callback_signer.sign(message + b"0" if wrong else message, scheme.digest)
    return {
        "content-type": "application/json",
        contract.HEADERS.timestamp: str(timestamp),
        contract.HEADERS.signature: base64url_encode(signature, padding=scheme.padding),
    }


def _with_unknown_status(body: Json) -> bytes:
    if "status" not in body:
        return encode(body)
    return encode(body | {"status": UNKNOWN[0], "sub_status": UNKNOWN[1]})
