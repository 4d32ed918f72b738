"""Dispatch requests to operations, control API and pages, under one lock; without network or waiting."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from highhelp_api import contract
from highhelp_mock.api import control
from highhelp_mock.api.authentication import authenticate, check_form
from highhelp_mock.api.fault_responses import apply_faults, replacement_response
from highhelp_mock.api.operations import Consistency, execute
from highhelp_mock.api.signed_callbacks import Outgoing, sign_callback
from highhelp_mock.api.validation import check_body
from highhelp_mock.http import ApiError, Request, Response, block, json_response
from highhelp_mock.persistence.state_file import StateError
from highhelp_mock.simulation.callbacks import Attempt
from highhelp_mock.simulation.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from highhelp_api.contract import Operation
    from highhelp_mock.persistence.state_file import StateFile
    from highhelp_mock.simulation.callbacks import Delivery
    from highhelp_mock.simulation.clock import Clock
    from highhelp_mock.simulation.payments import Payment
    from highhelp_mock.simulation.projects import Project
    from highhelp_signing import SignatureScheme

__all__ = ["Dispatcher", "MockCall", "PageHandler"]

PageHandler: TypeAlias = "Callable[[Engine, Request], Response | None]"


@dataclass(frozen=True, slots=True)
class MockCall:
    """One request to an operation, as received: enough to count and compare attempts.

    Attributes:
        at: Unix seconds.
        operation: its id.
        payment_id: as named in the body, if readable.
        body_sha256: hex SHA-256 of the raw body.
        status: HTTP status of the answer, even if it was dropped.
        faults: names of the faults that it triggered.
    """

    at: float
    operation: str
    payment_id: str | None
    body_sha256: str = field(repr=False)
    status: int
    faults: tuple[str, ...] = ()


class Dispatcher:
    """A HighHelp gateway in memory. Thread-safe: one lock around everything.

    Args:
        scheme: the signature scheme.
        clock: its clock.
        consistency: answers to repeated payment_ids, and simulated lags.
        deliver_to: hosts beyond loopback to which callbacks may go.
        pages: answers requests outside the API and the control API; returns None if there is no page.
        state: persists the state over restarts; without it nothing is kept.
    """

    def __init__(
        self,
        *,
        scheme: SignatureScheme,
        clock: Clock,
        consistency: Consistency,
        deliver_to: Collection[str] = (),
        pages: PageHandler | None = None,
        state: StateFile | None = None,
    ) -> None:
        self.scheme = scheme
        self.clock = clock
        self.consistency = consistency
        self.projects: dict[str, Project] = {}
        self.calls: deque[MockCall] = deque(maxlen=10_000)
        self._pages = pages
        self._lock = threading.RLock()
        self._engine = Engine(self.projects, clock, deliver_to)
        self._state = state
        if state is not None:
            clock.offset = state.clock_offset
        self._run = secrets.token_hex(4)
        self._request_numbers = count(1)
        self._by_path = {operation.path: operation for operation in contract.OPERATIONS.values()}

    @property
    def base_url(self) -> str:
        """The gateway's URL, without a trailing slash; hosted pages are below it."""
        return self._engine.base_url

    @base_url.setter
    def base_url(self, value: str) -> None:
        self._engine.base_url = value.rstrip("/")

    def add_project(self, project: Project) -> None:
        """Open a project, restored from the state file if it is known there.

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
        """Lock the simulation for a block; it catches up with the clock before, and is written to disk afterwards.

        Raises:
            StateError: the state file cannot be written.
        """
        with self._lock:
            try:
                self._engine.catch_up()
                yield self._engine
            finally:
                self._write()

    def handle(self, request: Request) -> Response:
        """Answer one request. Never raises for anything in the request."""
        try:
            with self.engine() as engine:
                try:
                    response = self._dispatch(engine, request)
                except ApiError as error:
                    response = error.response(self._next_request_id())
        except StateError:
            # changes that are not on disk must not be acknowledged; the next request tries to write them again
            response = ApiError(500, "The state file cannot be written").response(self._next_request_id())
        body = b"" if request.method == "HEAD" else response.body
        # clients compare their clock with this header, so it shows the gateway's clock, not the server's
        date = ("date", formatdate(self.clock(), usegmt=True))
        return replace(response, headers=(*response.headers, date), body=body)

    def reset(self) -> None:
        """Delete state and faults, and return to real time."""
        with self._lock:
            self._engine.reset()
            self.calls.clear()
            self._write()

    def due_callbacks(self, limit: int = 100) -> list[Outgoing]:
        """Take the callbacks that are due, signed now.

        Report each with :meth:`report`; otherwise it is due again after two minutes.
        """
        with self.engine() as engine:
            return [self._sign(engine, delivery) for delivery in engine.outbox.take_due(self.clock(), limit)]

    def report(self, number: int, status: int | None, error: str | None = None) -> None:
        """Record a delivery attempt of a callback: the receiver's HTTP status, or the name of the error."""
        with self.engine() as engine:
            engine.outbox.report(number, Attempt(self.clock(), status, error))

    def _sign(self, engine: Engine, delivery: Delivery) -> Outgoing:
        wrong = engine.faults.take_for_callback("wrong_signature", delivery.kind, delivery.operation)
        project, raw = self.projects[delivery.project_id], delivery.raw
        headers = sign_callback(project, raw, int(self.clock()), self.scheme, wrong=wrong)
        return Outgoing(delivery.id, delivery.payment_id, delivery.kind, delivery.url or "", headers, raw)

    def _dispatch(self, engine: Engine, request: Request) -> Response:
        if request.path.startswith(control.PREFIX):
            if request.path == f"{control.PREFIX}reset":
                self.calls.clear()
            return json_response(200, control.handle(engine, request))
        operation = self._by_path.get(request.path)
        if operation is not None:
            if request.method != "POST":
                raise ApiError(405, "Only POST is allowed here", headers=(("allow", "POST"),))
            return self._call(engine, operation, request)
        page = self._pages(engine, request) if self._pages else None
        if page is None:
            raise ApiError(404, f"No such endpoint; POST to one of {len(self._by_path)} paths of the API")
        return page

    def _call(self, engine: Engine, operation: Operation, request: Request) -> Response:
        faults = engine.faults.take_for_request(operation.id)
        request_id = self._next_request_id()
        payment_id = None
        response = replacement_response(faults, request_id)
        if response is None:
            try:
                check_form(request)
                project, body = authenticate(request, self.projects, self.scheme, self.clock())
                payment_id = block(body, "general").get("payment_id")
                check_body(operation.request, body)
                if any(fault.name == "repeated_delivery" for fault in faults):
                    execute(engine, operation, project, body, self.consistency)  # its answer is lost on the way
                response = json_response(200, execute(engine, operation, project, body, self.consistency))
            except ApiError as error:
                response = error.response(request_id)
        if faults:
            response = apply_faults(faults, response, request_id)
        digest = sha256(request.body).hexdigest()
        names = tuple(fault.name for fault in faults)
        self.calls.append(MockCall(self.clock(), operation.id, payment_id, digest, response.status, names))
        return response

    def _next_request_id(self) -> str:
        return f"{self._run}-{next(self._request_numbers):06d}"

    def _write(self) -> None:
        if self._state is None:
            self._engine.changes.clear()
        else:
            self._state.write(self._engine)
