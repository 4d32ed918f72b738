"""`MockGateway`: run the simulator in-process or on a port."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from highhelp_mock.adapters import server
from highhelp_mock.adapters.asgi import GatewayApp
from highhelp_mock.adapters.delivery import deliver_due
from highhelp_mock.adapters.transport import InProcessTransport
from highhelp_mock.api import control
from highhelp_mock.api.dispatch import Dispatcher, MockCall, PageHandler
from highhelp_mock.api.forged_callbacks import Defect, forge_callback
from highhelp_mock.api.operations import Consistency, Duplicates
from highhelp_mock.api.signed_callbacks import sign_bytes
from highhelp_mock.http import ApiError
from highhelp_mock.pages.router import answer
from highhelp_mock.payer_actions import PayerActions
from highhelp_mock.persistence.state_file import StateFile
from highhelp_mock.simulation.clock import Clock
from highhelp_mock.simulation.projects import Algorithm, Keys, Project, make_keys, read_home, write_base_url
from highhelp_signing import CallbackVerifier, HmacSigner, KeyRing, RsaSigner, SignatureScheme

if TYPE_CHECKING:
    import os
    import socket
    from collections.abc import Callable, Collection, Iterator, Mapping

    from highhelp_mock.api.signed_callbacks import Outgoing
    from highhelp_mock.http import Request, Response
    from highhelp_mock.simulation.balances import Account
    from highhelp_mock.simulation.callbacks import Delivery
    from highhelp_mock.simulation.faults import Fault
    from highhelp_mock.simulation.payments import Payment

__all__ = ["IN_PROCESS_URL", "MockGateway", "create_app"]

IN_PROCESS_URL = "https://highhelp.test"
"""The base URL of a gateway without a port; the name is reserved (RFC 2606) and never resolves."""


class MockGateway:
    """A HighHelp gateway for tests and development.

    In-process: `httpx.Client(transport=gateway.transport, base_url=gateway.base_url)`; time passes by itself and with
    :meth:`travel`; callbacks are listed in `callbacks` and sent by :meth:`deliver`, or at once to a `receiver`.
    On a port: `with gateway.serve(): ...`.

    Args:
        home: a home directory; one without `project.json` is filled with fresh keys. Without it keys are in memory.
        project_id: the first project's id without a home; default: a fresh UUID.
        keys: the first project's keys without a home; default: generated.
        scheme: the signature scheme; default: the home's, else the standard one.
        duplicates: the answer to a repeated payment_id: "conflict" (409), "invalid" (422), "malformed" (400), or
            "stored": the payment's state if the body is the same, else 409.
        info_lag: seconds after creation until the info operation finds a payment.
        uniqueness_lag: seconds after a creation during which the same payment_id creates another payment.
        callback_algorithm: "rsa" or "hmac".
        deliver_to: hosts beyond loopback to which callbacks may go; one host or several.
        balances: opening balances of each project, minor units per currency.
        clock: returns the real Unix seconds; tests may pass a constant.
        receiver: called with each due callback after every call, travel and advance; returns an HTTP status.
        base_url: the gateway's URL, for the links in its answers.
        pages: answers requests outside the API and the control API, instead of hosted page and dashboard; see
            :class:`~highhelp_mock.api.dispatch.Dispatcher`.
        state: an SQLite file that keeps payments, balances, callbacks and the clock over restarts and crashes;
            default: in memory. It does not hold keys: pass the home, or the keys, again. See :meth:`close`.

    Raises:
        KeyFormatError: a file of the home is missing or unreadable.
        StateError: the state file cannot be used, with the reason.
        ValueError: `duplicates` is unknown, or a lag is negative.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        project_id: str | None = None,
        keys: Keys | None = None,
        scheme: SignatureScheme | None = None,
        duplicates: Duplicates = "conflict",
        info_lag: float = 0.0,
        uniqueness_lag: float = 0.0,
        callback_algorithm: Algorithm = "rsa",
        deliver_to: str | Collection[str] = (),
        balances: Mapping[str, int] | None = None,
        clock: Callable[[], float] | None = None,
        receiver: Callable[[Outgoing], int] | None = None,
        base_url: str = IN_PROCESS_URL,
        pages: PageHandler | None = None,
        state: str | os.PathLike[str] | None = None,
    ) -> None:
        self.home: Path | None = None if home is None else Path(home)
        if self.home is not None:
            content = read_home(self.home, base_url)
            project_id, keys, scheme = content.project_id, content.keys, scheme or content.scheme
        self._state = None if state is None else StateFile(state)
        self.scheme = scheme or SignatureScheme()
        self.clock = Clock() if clock is None else Clock(clock)
        self.dispatcher = Dispatcher(
            scheme=self.scheme,
            clock=self.clock,
            consistency=Consistency(duplicates, info_lag, uniqueness_lag),
            deliver_to=(deliver_to,) if isinstance(deliver_to, str) else deliver_to,
            pages=answer if pages is None else pages,
            state=self._state,
        )
        self.dispatcher.base_url = base_url
        self._callback_algorithm: Algorithm = callback_algorithm
        self._balances = balances
        self._receiver = receiver
        self._delivering = False
        try:
            if self._state is not None:
                project_id = self._state.first_project(project_id)
            self.project = self.add_project(project_id, keys=keys)
        except BaseException:
            self.close()
            raise
        self.app = GatewayApp(self.dispatcher)
        self.transport = InProcessTransport(self.dispatcher, self._serve_receiver)

    @property
    def base_url(self) -> str:
        """The gateway's URL."""
        return self.dispatcher.base_url

    @property
    def project_id(self) -> str:
        """The first project's id."""
        return self.project.project_id

    @property
    def signer(self) -> RsaSigner:
        """The merchant's RSA signer of the first project."""
        return self.project.signer

    @property
    def hmac_signer(self) -> HmacSigner:
        """The merchant's HMAC signer of the first project."""
        return self.project.hmac_signer

    @property
    def callback_keys(self) -> dict[str, KeyRing]:
        """The keys that verify callbacks, by project: the first argument of `CallbackVerifier`."""
        return {project_id: project.callback_keys for project_id, project in self.dispatcher.projects.items()}

    def verifier(self) -> CallbackVerifier:
        """Make a verifier of this gateway's callbacks that shares its clock and scheme."""
        return CallbackVerifier(self.callback_keys, self.scheme, clock=self.clock)

    def add_project(
        self,
        project_id: str | None = None,
        *,
        keys: Keys | None = None,
        callback_algorithm: Algorithm | None = None,
        balances: Mapping[str, int] | None = None,
    ) -> Project:
        """Open another project.

        Args:
            project_id: default: a fresh UUID.
            keys: default: generated.
            callback_algorithm: default: the gateway's.
            balances: minor units per currency; default: the gateway's.
        """
        project = Project(
            str(uuid.uuid4()) if project_id is None else project_id,
            make_keys() if keys is None else keys,
            callback_algorithm=callback_algorithm or self._callback_algorithm,
            balances=self._balances if balances is None else balances,
        )
        self.dispatcher.add_project(project)
        return project

    def handle(self, request: Request) -> Response:
        """Answer one `request`."""
        response = self.dispatcher.handle(request)
        self._serve_receiver()
        return response

    @property
    def payments(self) -> tuple[Payment, ...]:
        """All payments in their current state, oldest first."""
        with self.dispatcher.engine() as engine:
            return tuple(engine)

    def payment(self, payment_id: str, project_id: str | None = None) -> Payment:
        """Return a payment in its current state.

        Args:
            payment_id: the merchant's id.
            project_id: default: the first project's.

        Raises:
            LookupError: there is no such payment.
        """
        with self.dispatcher.engine() as engine:
            payment = engine.find(project_id or self.project_id, payment_id)
        if payment is None:
            raise LookupError(f"no payment {payment_id!r}")
        return payment

    @property
    def callbacks(self) -> tuple[Delivery, ...]:
        """All callbacks with their attempts, oldest first."""
        with self.dispatcher.engine() as engine:
            return tuple(engine.outbox)

    @property
    def calls(self) -> tuple[MockCall, ...]:
        """The last ten thousand requests to operations."""
        with self.dispatcher.engine():
            return tuple(self.dispatcher.calls)

    def balance(self, currency: str, project_id: str | None = None) -> Account:
        """Return a project's balance in a currency, minor units.

        Args:
            currency: ISO 4217 code.
            project_id: default: the first project's.
        """
        with self.dispatcher.engine():
            return self.dispatcher.projects[project_id or self.project_id].balances.account(currency)

    def advance(
        self,
        payment_id: str,
        status: str,
        sub_status: str | None = None,
        *,
        description: str | None = None,
        project_id: str | None = None,
    ) -> Payment:
        """Move a payment to an allowed next state, and stop its automatic course.

        Args:
            payment_id: the merchant's id.
            status: the next status.
            sub_status: the next sub-status, if the state has one.
            description: its `status_description`.
            project_id: default: the first project's.

        Raises:
            LookupError: no such payment.
            ValueError: the state is not allowed; names the allowed ones.
        """
        state = f"{status}:{sub_status}" if sub_status else status
        with self.dispatcher.engine() as engine:
            payment = self.payment(payment_id, project_id)
            try:
                payment = control.advance(engine, payment, state, description)
            except ApiError as error:
                raise ValueError(error.message) from None
        self._serve_receiver()
        return payment

    def travel(self, seconds: float) -> float:
        """Move the clock forward, and run everything that becomes due.

        Args:
            seconds: seconds to move; not negative.

        Returns:
            Unix seconds of the gateway's clock.

        Raises:
            ValueError: negative or not finite.
        """
        self.clock.travel(seconds)
        with self.dispatcher.engine():
            pass
        self._serve_receiver()
        return self.clock()

    def fault(
        self,
        operation: str,
        fault: str,
        times: int = 1,
        *,
        seconds: float | None = None,
        after_commit: bool | None = None,
    ) -> Fault:
        """Arm a fault.

        Args:
            operation: an operation's id, a kind of callback (`payment_update`, `payment_success`, `payment_decline`),
                "callbacks", or "*" for all.
            fault: one of :data:`highhelp_mock.simulation.faults.DESCRIPTIONS`.
            times: number of occurrences.
            seconds: seconds for `delay`, or per byte for `slow_body`.
            after_commit: for `http_500` and `html_502`: whether the request is executed first.

        Raises:
            ValueError: operation or fault is unknown; names the allowed ones.
        """
        with self.dispatcher.engine() as engine:
            return engine.faults.arm(operation, fault, times, seconds=seconds, after_commit=after_commit)

    def reset(self) -> None:
        """Delete payments, callbacks and faults; restore opening balances and real time."""
        self.dispatcher.reset()

    def deliver(self, send: Callable[[Outgoing], int] | None = None) -> int:
        """Send the callbacks that are due.

        Args:
            send: takes a callback and returns the receiver's HTTP status; without it they are POSTed over HTTP.

        Returns:
            The number of attempts.
        """
        return deliver_due(self.dispatcher, send)

    def signed_callback(
        self,
        payment_id: str,
        status: str,
        sub_status: str | None = None,
        *,
        project_id: str | None = None,
        timestamp: int | None = None,
        wrong_signature: bool = False,
        wrong: Defect | None = None,
        algorithm: Algorithm | None = None,
        amount: int | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Outgoing:
        """Make a callback of any status, signed like the gateway's, whether or not there is such a payment.

        If there is one, amount, currency and the gateway's id are the payment's.

        Args:
            payment_id: the merchant's id.
            status: any text.
            sub_status: any text.
            project_id: default: the first project's.
            timestamp: Unix seconds of signing; default: the gateway's clock.
            wrong_signature: the same as `wrong="signature"`.
            wrong: the defect: "signature" (well-formed, does not match), "key" (signed with another key), "stale" and
                "future" (by an hour), "body" (amount changed after signing), "unsigned", "project" (an unknown one).
            algorithm: "rsa" or "hmac"; default: the project's.
            amount: minor units; default: the payment's, or 100.00.
            body: additional or changed members of the body. Objects are merged; for a body without the standard
                members use :meth:`sign`.

        Raises:
            ValueError: `wrong` is unknown.
            BodyNotSignable: the body with `body` merged cannot be signed.
        """
        return forge_callback(
            self.dispatcher,
            self.dispatcher.projects[project_id or self.project_id],
            payment_id,
            (status, sub_status),
            timestamp=timestamp,
            amount=amount,
            body=body,
            wrong="signature" if wrong_signature else wrong,
            algorithm=algorithm,
        )

    def sign(self, raw: bytes, timestamp: int | None = None, *, project_id: str | None = None) -> dict[str, str]:
        """Sign any bytes as a callback, including those that :meth:`signed_callback` cannot make.

        Args:
            raw: the body to be POSTed; it need not be JSON.
            timestamp: Unix seconds of signing; default: the gateway's clock.
            project_id: default: the first project's.

        Returns:
            The headers.
        """
        project = self.dispatcher.projects[project_id or self.project_id]
        return sign_bytes(project, raw, int(self.clock()) if timestamp is None else timestamp, self.scheme)

    @contextmanager
    def payer(self, payment_id: str, project_id: str | None = None) -> Iterator[PayerActions]:
        """Act as the payer of a payment on its hosted page.

        Args:
            payment_id: the merchant's id.
            project_id: default: the first project's.
        """
        yield PayerActions(self.dispatcher, self.payment(payment_id, project_id).token)
        self._serve_receiver()

    @contextmanager
    def serve(self, port: int = 0, host: str = "127.0.0.1") -> Iterator[Self]:
        """Serve on a port while the block runs, with real delivery of callbacks.

        Args:
            port: 0 chooses a free one.
            host: the address to listen on.

        Yields:
            The gateway itself, its `base_url` set; the home's `project.json` is rewritten.

        Raises:
            OSError: the address is taken.
        """
        bound = server.bind(host, port)
        before = self.base_url
        self._set_address(bound)
        try:
            with bound, server.running(self.app, bound):
                yield self
        finally:
            self.dispatcher.base_url = before

    def run(self, port: int = 8080, host: str = "127.0.0.1", started: Callable[[str], object] | None = None) -> None:
        """Serve in this thread until the process is asked to stop.

        Args:
            port: 0 chooses a free one.
            host: the address to listen on.
            started: called with the base URL before the first request is accepted.

        Raises:
            OSError: the address is taken.
        """
        bound = server.bind(host, port)
        self._set_address(bound)
        if started is not None:
            started(self.base_url)
        server.run(self.app, bound)

    def close(self) -> None:
        """Release the state file, so that another gateway may open it. Everything is already on disk."""
        if self._state is not None:
            self._state.close()

    def _set_address(self, bound: socket.socket) -> None:
        self.dispatcher.base_url = server.base_url_of(bound)
        if self.home is not None:
            write_base_url(self.home, self.base_url)

    def _serve_receiver(self) -> None:
        # a receiver may call the gateway, which must not start a nested delivery
        if self._receiver is None or self._delivering:
            return
        self._delivering = True
        try:
            deliver_due(self.dispatcher, self._receiver)
        finally:
            self._delivering = False

    def __repr__(self) -> str:
        return f"<MockGateway {self.base_url} project {self.project_id}>"


def create_app(gateway: MockGateway | None = None, **options: Any) -> GatewayApp:
    """Make the ASGI application of a gateway; its lifespan sends the callbacks.

    Args:
        gateway: the gateway; default: a new one.
        options: those of the new :class:`MockGateway`.

    Returns:
        The application. A fault that closes the connection raises in the middle of the answer.
    """
    return (gateway or MockGateway(**options)).app
