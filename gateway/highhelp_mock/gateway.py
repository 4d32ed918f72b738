"""A mock gateway to hold in one's hand: in-process for tests, or served on a port."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from highhelp_mock import control, payer
from highhelp_mock.asgi import GatewayApp
from highhelp_mock.clock import Clock
from highhelp_mock.core import Call, Core, Duplicates, Outgoing, Page
from highhelp_mock.made_up import Wrong, made_up
from highhelp_mock.pages import answer as pages_of_the_gateway
from highhelp_mock.projects import Algorithm, Keys, Project, make_keys, new_project_id, read_home, write_base_url
from highhelp_mock.sender import deliver_due
from highhelp_mock.state import StateError, StateFile
from highhelp_mock.transport import InProcessTransport
from highhelp_signing import CallbackVerifier, HmacSigner, KeyRing, RsaSigner, SignatureScheme

if TYPE_CHECKING:
    import os
    import socket
    from collections.abc import Callable, Collection, Iterator, Mapping

    from highhelp_mock.books import Account
    from highhelp_mock.faults import Fault
    from highhelp_mock.messages import Request, Response
    from highhelp_mock.outbox import Delivery
    from highhelp_mock.payments import Payment

__all__ = ["IN_PROCESS_URL", "MockGateway", "create_app"]

IN_PROCESS_URL = "https://highhelp.test"
"""The base URL of a gateway without a port; the name is reserved (RFC 2606) and leads nowhere."""


class MockGateway:
    """A HighHelp on your own machine.

    In-process: `httpx.Client(transport=gateway.transport, base_url=gateway.base_url)`; time passes by itself and by
    :meth:`travel`, callbacks are listed in `callbacks` and go out with :meth:`deliver`, or by themselves to a
    `receiver`. On a port: `with gateway.serve(): ...`.

    Args:
        home: a home directory; one without `project.json` is filled with fresh keys. Without it they are in memory.
        project_id: the first project's id where there is no home; a fresh UUID when absent.
        keys: the first project's keys where there is no home; made when absent.
        scheme: how the gateway reads the open points of the signature; the home's, else the default.
        duplicates: "stored" answers a repeated create with the payment's state if the body is the same, else 409;
            "conflict" answers 409 to every repeated one.
        callback_algorithm: "rsa" or "hmac".
        deliver_to: hosts beyond loopback to which callbacks may go; one host or several.
        balances: opening balances of each project, minor units per currency.
        clock: answers the real Unix seconds; for tests that want a constant.
        receiver: takes each callback that is due and returns an HTTP status, after every call, travel and advance.
        base_url: where the gateway is reached, for the links in its answers.
        pages: answers what is neither API nor control instead of the hosted page and the dashboard; see
            :class:`~highhelp_mock.core.Core`.

        state: an SQLite file that keeps payments, books, callbacks and the clock over restarts, also over a sudden
            end; in memory when absent. Keys are not in it: give the home, or the keys, again. See :meth:`close`.

    Raises:
        KeyFormatError: a file of the home is missing or unreadable.
        StateError: the state file cannot be used; says why.
        ValueError: an unknown `duplicates`.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        project_id: str | None = None,
        keys: Keys | None = None,
        scheme: SignatureScheme | None = None,
        duplicates: Duplicates = "stored",
        callback_algorithm: Algorithm = "rsa",
        deliver_to: str | Collection[str] = (),
        balances: Mapping[str, int] | None = None,
        clock: Callable[[], float] | None = None,
        receiver: Callable[[Outgoing], int] | None = None,
        base_url: str = IN_PROCESS_URL,
        pages: Page | None = None,
        state: str | os.PathLike[str] | None = None,
    ) -> None:
        self.home: Path | None = None if home is None else Path(home)
        if self.home is not None:
            content = read_home(self.home, base_url)
            project_id, keys, scheme = content.project_id, content.keys, scheme or content.scheme
        self._state = None if state is None else StateFile(state)
        self.scheme = scheme or SignatureScheme()
        self.clock = Clock() if clock is None else Clock(clock)
        self.core = Core(
            scheme=self.scheme,
            clock=self.clock,
            duplicates=duplicates,
            deliver_to=(deliver_to,) if isinstance(deliver_to, str) else deliver_to,
            pages=pages_of_the_gateway if pages is None else pages,
            state=self._state,
        )
        self.core.base_url = base_url
        self._callback_algorithm: Algorithm = callback_algorithm
        self._balances = balances
        self._receiver = receiver
        self._delivering = False
        try:
            self.project = self.add_project(self._kept_project(project_id), keys=keys)
        except BaseException:
            self.close()
            raise
        self.app = GatewayApp(self.core)
        self.transport = InProcessTransport(self.core, self._settle)

    @property
    def base_url(self) -> str:
        """Where the gateway is reached."""
        return self.core.base_url

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
        """What verifies callbacks, by project: the first argument of `CallbackVerifier`."""
        return {project_id: project.callback_keys for project_id, project in self.core.projects.items()}

    def verifier(self) -> CallbackVerifier:
        """A verifier of this gateway's callbacks that shares its clock and scheme."""
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
            project_id: a fresh UUID when absent.
            keys: made when absent.
            callback_algorithm: the gateway's when absent.
            balances: minor units per currency; the gateway's when absent.
        """
        project = Project(
            new_project_id() if project_id is None else project_id,
            make_keys() if keys is None else keys,
            callback_algorithm=callback_algorithm or self._callback_algorithm,
            balances=self._balances if balances is None else balances,
        )
        self.core.add_project(project)
        return project

    def handle(self, request: Request) -> Response:
        """Answer one `request`, as it came over the wire."""
        response = self.core.handle(request)
        self._settle()
        return response

    @property
    def payments(self) -> tuple[Payment, ...]:
        """All payments as they stand now, in the order of their creation."""
        with self.core.engine() as engine:
            return tuple(engine)

    def payment(self, payment_id: str, project_id: str | None = None) -> Payment:
        """One payment as it stands now.

        Args:
            payment_id: the merchant's id.
            project_id: the first project's when absent.

        Raises:
            LookupError: there is none.
        """
        with self.core.engine() as engine:
            found = engine.find(project_id or self.project_id, payment_id)
        if found is None:
            raise LookupError(f"no payment {payment_id!r}")
        return found

    @property
    def callbacks(self) -> tuple[Delivery, ...]:
        """All callbacks with their attempts, in the order in which they came up."""
        with self.core.engine() as engine:
            return tuple(engine.outbox)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The last ten thousand requests to operations, as the gateway saw them."""
        with self.core.engine():
            return tuple(self.core.calls)

    def balance(self, currency: str, project_id: str | None = None) -> Account:
        """What a project holds in a currency now, minor units.

        Args:
            currency: ISO 4217 code.
            project_id: the first project's when absent.
        """
        with self.core.engine():
            return self.core.projects[project_id or self.project_id].books.account(currency)

    def advance(
        self,
        payment_id: str,
        status: str,
        sub_status: str | None = None,
        *,
        description: str | None = None,
        project_id: str | None = None,
    ) -> Payment:
        """Bring a payment into a state that may follow; it leaves its automatic course.

        Args:
            payment_id: the merchant's id.
            status: the next status.
            sub_status: the next sub-status, where the state has one.
            description: what `status_description` is to say.
            project_id: the first project's when absent.

        Raises:
            LookupError: no such payment.
            ValueError: the state may not follow; names those that may.
        """
        state = f"{status}:{sub_status}" if sub_status else status
        with self.core.engine() as engine:
            payment = engine.find(project_id or self.project_id, payment_id)
            if payment is None:
                raise LookupError(f"no payment {payment_id!r}")
            if state not in payment.allowed:
                allowed = ", ".join(payment.allowed) or "nothing, it is final"
                raise ValueError(f"{state} cannot follow {payment.state}; allowed: {allowed}")
            payment = control.advance(engine, payment, state, description)
        self._settle()
        return payment

    def travel(self, seconds: float) -> float:
        """Move the clock forward; everything that becomes due is done.

        Args:
            seconds: how many seconds; not negative.

        Returns:
            Unix seconds of the gateway's clock.

        Raises:
            ValueError: negative or not finite.
        """
        self.clock.travel(seconds)
        with self.core.engine():
            pass
        self._settle()
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
            fault: one of :data:`highhelp_mock.faults.DESCRIPTIONS`.
            times: how often.
            seconds: how many seconds `delay` and `slow_body` take (there per byte).
            after_commit: for `http_500` and `html_502`: whether the call is carried out first.

        Raises:
            ValueError: an unknown operation or fault; says what is allowed.
        """
        with self.core.engine() as engine:
            return engine.faults.arm(operation, fault, times, seconds=seconds, after_commit=after_commit)

    def reset(self) -> None:
        """Forget payments, callbacks and faults; opening balances and real time again."""
        self.core.reset()

    def deliver(self, send: Callable[[Outgoing], int] | None = None) -> int:
        """Send the callbacks that are due now.

        Args:
            send: takes a callback and returns the receiver's HTTP status; without it they are POSTed over HTTP.

        Returns:
            How many attempts were made.
        """
        return deliver_due(self.core, send)

    def signed_callback(
        self,
        payment_id: str,
        status: str,
        sub_status: str | None = None,
        *,
        project_id: str | None = None,
        timestamp: int | None = None,
        wrong_signature: bool = False,
        wrong: Wrong | None = None,
        algorithm: Algorithm | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Outgoing:
        """A callback of any status, signed as the gateway signs, whether there is such a payment or not.

        Where there is one, amount, currency and the gateway's id are its own.

        Args:
            payment_id: the merchant's id.
            status: any text.
            sub_status: any text.
            project_id: the first project's when absent.
            timestamp: Unix seconds of signing; the gateway's clock when absent.
            wrong_signature: the same as `wrong="signature"`.
            wrong: makes it wrong on purpose: "signature" (of the right form, does not match), "key" (signed with
                another key), "stale" and "future" (by an hour), "body" (another amount than was signed), "unsigned",
                "project" (an unknown one).
            algorithm: "rsa" or "hmac"; the project's when absent.
            body: further members of the body, or other values for those that are there.

        Raises:
            ValueError: an unknown `wrong`.
            BodyNotSignable: `body` makes a body that cannot be signed.
        """
        return made_up(
            self.core,
            self.core.projects[project_id or self.project_id],
            payment_id,
            (status, sub_status),
            timestamp=timestamp,
            body=body,
            wrong="signature" if wrong_signature else wrong,
            algorithm=algorithm,
        )

    @contextmanager
    def payer(self, payment_id: str, project_id: str | None = None) -> Iterator[PayerActions]:
        """What the payer of a payment can do on the hosted page.

        Args:
            payment_id: the merchant's id.
            project_id: the first project's when absent.
        """
        yield PayerActions(self.core, self.payment(payment_id, project_id).token)
        self._settle()

    @contextmanager
    def serve(self, port: int = 0, host: str = "127.0.0.1") -> Iterator[Self]:
        """Serve on a port while the block runs, with real delivery of callbacks.

        Args:
            port: 0 takes a free one.
            host: the address to listen on.

        Yields:
            The gateway itself, its `base_url` set; the home's `project.json` is rewritten.

        Raises:
            OSError: the address is taken.
        """
        from highhelp_mock import serving

        bound = serving.bind(host, port)
        before = self.base_url
        self._served_at(bound)
        try:
            with serving.running(self.app, bound):
                yield self
        finally:
            self.core.base_url = before

    def run(self, port: int = 8080, host: str = "127.0.0.1", started: Callable[[str], object] | None = None) -> None:
        """Serve in this thread until the process is told to stop.

        Args:
            port: 0 takes a free one.
            host: the address to listen on.
            started: is told the base URL before the first request is taken.

        Raises:
            OSError: the address is taken.
        """
        from highhelp_mock import serving

        bound = serving.bind(host, port)
        self._served_at(bound)
        if started is not None:
            started(self.base_url)
        serving.run(self.app, bound)

    def _served_at(self, bound: socket.socket) -> None:
        from highhelp_mock import serving

        self.core.base_url = serving.base_url_of(bound)
        if self.home is not None:
            write_base_url(self.home, self.base_url)

    def _settle(self) -> None:
        # a receiver may call the gateway, which must not start a second round within the first
        if self._receiver is None or self._delivering:
            return
        self._delivering = True
        try:
            deliver_due(self.core, self._receiver)
        finally:
            self._delivering = False

    def close(self) -> None:
        """Let go of the state file, so that another gateway may open it. Nothing has to be saved: all is on disk."""
        if self._state is not None:
            self._state.close()

    def _kept_project(self, project_id: str | None) -> str | None:
        kept = None if self._state is None else self._state.first_project
        if self._state is not None and kept is not None and project_id not in (None, kept):
            raise StateError(f"{self._state.path}: belongs to project {kept}, not to {project_id}")
        return kept or project_id

    def __repr__(self) -> str:
        return f"<MockGateway {self.base_url} project {self.project_id}>"


class PayerActions:
    """The payer of one payment.

    Args:
        core: the gateway.
        token: of the hosted page.
    """

    def __init__(self, core: Core, token: str) -> None:
        self._core = core
        self._token = token

    def open(self) -> Payment:
        """Open the page."""
        with self._core.engine() as engine:
            return payer.opened(engine, self._token)

    def choose(self, method: str) -> Payment:
        """Choose a method, where the request named none."""
        with self._core.engine() as engine:
            return payer.choose(engine, self._token, method)

    def pay(self) -> Payment:
        """Say that the money was sent."""
        with self._core.engine() as engine:
            return payer.pay(engine, self._token)

    def decline(self) -> Payment:
        """Give up."""
        with self._core.engine() as engine:
            return payer.decline(engine, self._token)

    def card(self, pan: str, expiry_month: str = "12", expiry_year: str = "2099") -> Payment:
        """Enter a card."""
        with self._core.engine() as engine:
            return payer.submit_card(engine, self._token, pan=pan, expiry_month=expiry_month, expiry_year=expiry_year)

    def code(self, code: str | None = None) -> Payment:
        """Ask for a one-time code, or type one."""
        with self._core.engine() as engine:
            return payer.submit_code(engine, self._token, code)

    def finish_3ds(self, *, accepted: bool = True) -> Payment:
        """Answer the issuer's page."""
        with self._core.engine() as engine:
            return payer.finish_3ds(engine, self._token, accepted=accepted)

    def finish_redirect(self, *, accepted: bool = True) -> Payment:
        """Come back from the bank."""
        with self._core.engine() as engine:
            return payer.finish_redirect(engine, self._token, accepted=accepted)


def create_app(gateway: MockGateway | None = None, **options: Any) -> GatewayApp:
    """The ASGI application of a gateway; its lifespan sends the callbacks.

    Args:
        gateway: the gateway; a new one when absent.
        options: of the new :class:`MockGateway`.

    Returns:
        The application. Without the project's own server, a fault that closes connections ends in an exception there.
    """
    return (gateway or MockGateway(**options)).app
