"""The clients: the contract's operations over a signed connection, with what is known of the money told in types."""

from __future__ import annotations

import json
import platform
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from highhelp import check, flows
from highhelp._version import __version__
from highhelp.errors import FieldProblem, InvalidRequest, NotSent, OutcomeUnknown, SettingsError
from highhelp.flows import Call, Policy, Send
from highhelp.outcome import Answer, Failure
from highhelp.settings import Settings, Source
from highhelp.telemetry import Hook, Observer
from highhelp.transport import driver
from highhelp.transport.config import FAST, File, NetworkConfig, Pools
from highhelp_api.client.api import AsyncResources, Body, Resources
from highhelp_api.contract import OPERATIONS, REQUEST_FIELDS, VERSION, Operation
from highhelp_signing import (
    ECHO_PATHS,
    BodyNotSignable,
    SignatureScheme,
    Signer,
    echo_is_ambiguous,
    parse_body,
)
from highhelp_signing.ambiguity import ambiguity_of_request
from highhelp_signing.auth import SignatureAuth
from highhelp_signing.errors import BodyFault, RequestNotSignable, SchemeError
from highhelp_signing.normalize import DEFAULT_LIMITS, NotJsonValue, collect_entries, join_entries

if TYPE_CHECKING:
    import os
    import threading

T = TypeVar("T")

_PATH = re.compile(r"[!-~]+")
USER_AGENT = f"highhelp-python/{__version__} (contract {VERSION}; Python {platform.python_version()})"


class Core(NamedTuple):
    """What both clients share: settings in, calls out. No I/O.

    Attributes:
        settings: Where requests go and how they are signed.
        policy: How long and how often.
        check_requests: Whether requests are checked against the contract before they are sent.
        wire: What the drivers need.
    """

    settings: Settings
    policy: Policy
    check_requests: bool
    wire: driver.Wire

    def prepare(
        self, operation: str, body: Body | Mapping[str, Any], parse: Callable[[Mapping[str, Any]], T]
    ) -> Call[T]:
        """A call, ready to be carried out: body completed, checked and turned into bytes once.

        Raises:
            InvalidRequest: The body breaks the contract, names another project, or cannot be signed.
        """
        known = OPERATIONS.get(operation)
        if known is None:
            raise InvalidRequest([FieldProblem("", f"there is no operation {operation!r}")], operation=str(operation))
        content = self.completed(known, _as_dict(known, body))
        raw = self._raw(known, content)
        # A model has made a dict of its own just now. A mapping is the caller's: another thread may change it, and its
        # classes may show an encoder something else than us. What is checked and signed is what will be sent.
        content, normalized = self._sent(known, raw, content, own=not isinstance(body, Mapping))
        given = _at(content, _ID)
        payment_id = given if isinstance(given, str) else None
        info = OPERATIONS[known.info] if known.retry == "reconcile" and known.info else None
        payment = content.get("payment")
        expected = (payment.get("amount"), payment.get("currency")) if isinstance(payment, dict) else (None, None)
        return Call(
            operation=known,
            body=raw,
            payment_id=payment_id,
            parse=parse,
            info=None if info is None else partial(self._info, info, given, parse),
            expected=expected,
            project_id=self.settings.project_id,
            normalized=normalized,
        )

    def _info(self, info: Operation, payment_id: object, parse: Callable[[Mapping[str, Any]], T]) -> Call[T]:
        known = payment_id if isinstance(payment_id, str) else None
        body = _bytes(info, {"general": {"project_id": self.settings.project_id, "payment_id": payment_id}}, known)
        return Call(info, body, known, parse, project_id=self.settings.project_id)

    def inquiry(
        self,
        operation: str,
        payment_id: str,
        expected: tuple[int, str],
        parse: Callable[[Mapping[str, Any]], T],
    ) -> Call[T]:
        """A create of an earlier process, without its body: to be asked about, never to be sent."""
        known = OPERATIONS[operation]
        info = partial(self._info, OPERATIONS[str(known.info)], payment_id, parse)
        return Call(known, b"", payment_id, parse, info, expected, self.settings.project_id)

    def completed(self, operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
        """The body with the client's project id; refused where it names another one."""
        general = body.get("general", {})
        if not isinstance(general, dict):
            return body  # the check says what is wrong with it
        project = general.get("project_id")
        if project is not None and project != self.settings.project_id:
            problem = FieldProblem("general:project_id", "is not the project of this client")
            raise InvalidRequest([problem], operation=operation.id, payment_id=_payment_id(body))
        completed = {"project_id": self.settings.project_id, **{k: v for k, v in general.items() if k != "project_id"}}
        return {**body, "general": completed}

    def _echoes(self, operation: Operation, body: dict[str, Any]) -> list[FieldProblem]:
        """Values that come back in callbacks and would make those callbacks unacceptable."""
        if operation.idempotency is None:
            return []
        return [
            FieldProblem(
                path, "would make the payment's callbacks ambiguous: a ';' is followed by what reads as a field"
            )
            for path, at in ECHO_PATHS.items()
            for value in [_at(body, _ECHOED[path])]
            if isinstance(value, str) and echo_is_ambiguous(value, at=at, scheme=self.settings.scheme)
        ]

    def _raw(self, operation: Operation, body: dict[str, Any]) -> bytes:
        try:
            return _bytes(operation, body, _payment_id(body))
        except InvalidRequest:
            self._check(operation, body)  # which may say which field it is
            raise

    def _sent(self, operation: Operation, raw: bytes, body: dict[str, Any], *, own: bool) -> tuple[dict[str, Any], str]:
        """The body that these bytes are, checked, and what is signed of it.

        The bytes were made of `body`, which nobody else has where it is our `own`. Made of nothing but what a parser
        makes, it is what reading the bytes would give (`tests/client/test_signed_bytes.py`), which takes as long as
        signing.
        """
        if own:
            self._check(operation, body)
            try:
                return body, self._normalized(operation, body, plain=True)
            except NotJsonValue:
                pass
        try:
            read = parse_body(raw)
        except BodyNotSignable as error:
            problem = FieldProblem(error.path, str(error))
            raise InvalidRequest([problem], operation=operation.id, payment_id=_payment_id(body)) from None
        self._check(operation, read)
        return read, self._normalized(operation, read, plain=False)

    def _check(self, operation: Operation, body: dict[str, Any]) -> None:
        problems = check.problems(operation.request, body) if self.check_requests else []
        problems += self._echoes(operation, body)
        if problems:
            raise InvalidRequest(problems, operation=operation.id, payment_id=_payment_id(body))

    def _normalized(self, operation: Operation, body: dict[str, Any], *, plain: bool) -> str:
        """What is signed of a body; refused where it could be signed for another request too."""
        scheme = self.settings.scheme
        try:
            entries = collect_entries(body, scheme, plain=plain)
            normalized = join_entries(body, entries, scheme)
            place = ambiguity_of_request(body, entries, normalized, scheme)
        except BodyNotSignable as error:
            problem = FieldProblem(error.path, str(error))
        else:
            if place is None:
                return normalized
            text = "can be read in two ways: the request's signature would hold for another request too"
            problem = FieldProblem(place if place in REQUEST_FIELDS else "", text)
        raise InvalidRequest([problem], operation=operation.id, payment_id=_payment_id(body))

    def limited(self, timeout: float | None) -> Policy:
        """The policy of one call."""
        if timeout is None:
            return self.policy
        _check_seconds("timeout", timeout)
        return self.policy._replace(total=float(timeout), attempt=min(self.policy.attempt, float(timeout)))


LONGEST_SECONDS = 86400.0


def _check_seconds(name: str, value: object) -> None:
    """Refuse what is no time limit: also NaN and infinity, which would never end."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_SECONDS:
        raise SettingsError(name, f"must be a number of seconds above 0 and at most {LONGEST_SECONDS:.0f}")


def _as_dict(operation: Operation, body: Body | Mapping[str, Any]) -> dict[str, Any]:
    problem = "must be a request of the contract or a mapping"
    if isinstance(body, Mapping):
        return dict(body)
    try:
        content = body.to_dict()
    except (AttributeError, TypeError, ValueError, KeyError):
        problem = "cannot be turned into JSON: a field holds something else than its model or value"
    else:
        if isinstance(content, dict):
            return content
    raise InvalidRequest([FieldProblem("", problem)], operation=operation.id)


_ID = ("general", "payment_id")
_ECHOED = {path: tuple(path.split(":")) for path in ECHO_PATHS}


def _at(body: Mapping[str, Any], path: tuple[str, ...]) -> object:
    """What stands below these keys; None where nothing does."""
    value: object = body
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _payment_id(body: Mapping[str, Any]) -> str | None:
    value = _at(body, _ID)
    return value if isinstance(value, str) else None


# a circle ends in a RecursionError too, and need not be looked for in every request
_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))


def _bytes(operation: Operation, body: Mapping[str, Any], payment_id: str | None) -> bytes:
    try:
        raw = _JSON.encode(body).encode("utf-8")
    except UnicodeEncodeError:
        problem = "holds text that has no UTF-8 form"
    except (TypeError, ValueError, RecursionError):
        problem = "holds a value that has no JSON form"
    else:
        if len(raw) <= DEFAULT_LIMITS.raw:
            return raw
        problem = str(BodyNotSignable("", BodyFault.SIZE))
    raise InvalidRequest([FieldProblem("", problem)], operation=operation.id, payment_id=payment_id)


def _core(
    *,
    settings: Settings,
    attempt_timeout: float,
    total_timeout: float,
    check_requests: bool,
    allow_plain_http: bool,
    clock: Callable[[], float],
    observer: Observer,
    fast: bool,
) -> Core:
    for name, value in (("timeout", attempt_timeout), ("total_timeout", total_timeout)):
        _check_seconds(name, value)
    try:
        auth = SignatureAuth(
            settings.project_id,
            settings.signer,
            origin=settings.base_url,
            scheme=settings.scheme,
            clock=clock,
            allow_plain_http=allow_plain_http,
        )
    except RequestNotSignable as error:
        raise SettingsError(settings.sources["base_url"], error.problem) from None
    except SchemeError as error:
        raise SettingsError(settings.sources["project_id"], str(error)) from None
    policy = Policy(attempt=float(attempt_timeout), total=float(total_timeout))
    wire = driver.Wire(
        base_url=settings.base_url,
        auth=auth,
        user_agent=USER_AGENT,
        fast=fast,
        clock=clock,
        now=policy.now,
        observer=replace(observer, server=urlsplit(settings.base_url).hostname or ""),
    )
    return Core(settings, policy, check_requests, wire)


class _Client:
    """Construction and settings, the same for both clients."""

    _asynchronous = False

    def __init__(
        self,
        *,
        base_url: str | None = None,
        project_id: str | None = None,
        signer: Signer | None = None,
        scheme: SignatureScheme | None = None,
        timeout: float = 30.0,
        total_timeout: float = 90.0,
        check_requests: bool = True,
        allow_plain_http: bool = False,
        clock: Callable[[], float] = time.time,
        transport: Any = None,
        http_client: Any = None,
        proxy: str | None = None,
        ca_file: File | None = None,
        client_certificate: str
        | os.PathLike[str]
        | tuple[str | os.PathLike[str], str | os.PathLike[str]]
        | None = None,
        max_connections: int = 100,
        on_request: Hook | None = None,
        on_response: Hook | None = None,
        on_retry: Hook | None = None,
        tracer_provider: Any = None,
        meter_provider: Any = None,
        home: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        if signer is not None and not isinstance(signer, Signer):
            raise SettingsError("signer", "must be a signer, such as RsaSigner.from_pem(...)")
        if scheme is not None and not isinstance(scheme, SignatureScheme):
            raise SettingsError("scheme", "must be a SignatureScheme")
        callables = {"clock": clock, "on_request": on_request, "on_response": on_response, "on_retry": on_retry}
        for name, hook in callables.items():
            if hook is not None and not callable(hook):
                raise SettingsError(name, "must be callable")
        settings = Settings.load(
            base_url=base_url,
            project_id=project_id,
            signer=signer,
            scheme=scheme,
            source=Source.load(environ, home),
        )
        network = NetworkConfig(
            base_url=settings.base_url,
            transport=transport,
            http_client=http_client,
            proxy=proxy,
            ca_file=ca_file,
            client_certificate=client_certificate,
            max_connections=max_connections,
            asynchronous=self._asynchronous,
        ).checked()
        self._core = _core(
            settings=settings,
            attempt_timeout=timeout,
            total_timeout=total_timeout,
            check_requests=check_requests,
            allow_plain_http=allow_plain_http,
            clock=clock,
            observer=Observer(on_request, on_response, on_retry, tracer_provider, meter_provider),
            fast=network.transport == FAST,
        )
        self._network = network
        self._pools = Pools(network)
        self._calls: Any = self

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """A client from the environment and the home directory.

        Args:
            arguments: As those of the constructor; they win.
        """
        return cls(**arguments)

    @property
    def settings(self) -> Settings:
        """The settings in force and where each came from."""
        return self._core.settings

    @property
    def unbounded(self) -> str | None:
        """The argument because of which a synchronous call may take longer than `longest_call`, or None."""
        return self._network.unbounded

    @property
    def longest_call(self) -> float:
        """Seconds that a call may take with its repetitions and look-ups, where it is not told otherwise."""
        return self._core.policy.total

    def prepare(
        self, operation: str, body: Body | Mapping[str, Any], parse: Callable[[Mapping[str, Any]], T]
    ) -> Call[T]:
        """A call with its bytes, checked and ready for `carry_out`. Sends nothing.

        Args:
            operation: Its id, such as `create_p2p_payin`.
            body: The request.
            parse: Makes the result of the answer's JSON object.

        Raises:
            InvalidRequest: The body breaks the contract, names another project, or cannot be signed.
        """
        return self._core.prepare(operation, body, parse)

    def inquiry(
        self, operation: str, payment_id: str, expected: tuple[int, str], parse: Callable[[Mapping[str, Any]], T]
    ) -> Call[T]:
        """A create of an earlier process, known by its ids: for `look_up`.

        Args:
            operation: Id of the create operation.
            payment_id: The payment that it was to make.
            expected: Its amount in minor units and its currency.
            parse: Makes a state of the answer's JSON object.
        """
        return self._core.inquiry(operation, payment_id, expected, parse)

    def __repr__(self) -> str:
        settings = self._core.settings
        return f"<{type(self).__name__} {settings.base_url} project {settings.project_id} {settings.signer!r}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} holds a key and connections and cannot be pickled or copied")


class HighHelp(_Client, Resources):
    """The HighHelp API.

    Each setting comes from its argument, else from its environment variable, else from the home directory. Safe
    between threads; one pool of connections per client.

    Args:
        base_url: The gateway's base URL (`HIGHHELP_BASE_URL`); plain http only on the machine itself.
        project_id: The merchant project (`HIGHHELP_PROJECT_ID`).
        signer: The project's key (`HIGHHELP_PRIVATE_KEY`, `HIGHHELP_HMAC_KEY`); RSA where both are at hand.
        scheme: The signature's open points (`HIGHHELP_SIGNATURE_SCHEME`).
        timeout: Seconds for one attempt, from the first byte sent to the last one received.
        total_timeout: Seconds for a whole call with its repetitions and look-ups.
        check_requests: Whether requests are checked against the contract before they are sent.
        allow_plain_http: Permits http beyond the machine itself, for a closed network such as a compose file's.
        clock: Answers Unix seconds.
        transport: An `httpx` transport, such as that of a mock gateway, or "fast" for that of the extra `[fast]`. A
            transport of your own must not follow redirects by itself, nor send a request twice.
        http_client: An `httpx.Client` (or `httpx2.Client`) of your own; it is not closed by this client, and never
            follows redirects here.
        proxy: URL of a proxy (http, https, socks5) for an https gateway; absent, `HTTPS_PROXY`, `ALL_PROXY` and
            `NO_PROXY` are read. Plain http is never sent through a proxy.
        ca_file: PEM file of certificate authorities to trust beside the usual ones.
        client_certificate: PEM file with a client certificate and its key, or a pair of files.
        max_connections: Connections that may be open at once.
        on_request: Called with (operation, payment_id, attempt) before every attempt.
        on_response: Called with (operation, answer) for every answer as it came.
        on_retry: Called with (seconds, reason) before every pause. A hook that raises breaks no call.
        tracer_provider: Of OpenTelemetry, instead of the global one (extra `[otel]`).
        meter_provider: The same for metrics.
        home: Instead of `HIGHHELP_HOME`.
        environ: Instead of the process's environment.

    Raises:
        SettingsError: Names the setting that is missing or wrong.
    """

    def call(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float | None = None,
    ) -> T:
        """Carry out an operation of the contract by its id. The resources (`client.p2p`, ...) call this.

        Args:
            operation: Its id, such as `create_p2p_payin`.
            body: The request.
            parse: Makes the result of the answer's JSON object.
            timeout: Seconds for the whole call.

        Raises:
            NotSent, InvalidRequest, Rejected, DuplicatePayment, Unavailable, OutcomeUnknown: See `highhelp.errors`.
        """
        return self.carry_out(self._core.prepare(operation, body, parse), timeout=timeout)

    def carry_out(self, call: Call[T], *, timeout: float | None = None) -> T:
        """Carry out a prepared call: exactly its bytes are sent. Raises as `call` does.

        Args:
            call: Of `prepare`.
            timeout: Seconds for the whole call.
        """
        core = self._core
        with core.wire.observer.call(call.operation.id, call.payment_id):
            return driver.drive(flows.carry_out(call, core.limited(timeout)), self._pools.get(), core.wire)

    def look_up(self, call: Call[T], *, timeout: float | None = None) -> T | None:
        """Ask the info operation what became of a create, and send nothing else.

        Args:
            call: Of `prepare` or `inquiry`, for a create operation.
            timeout: Seconds for all questions together.

        Returns:
            The payment, or None where the gateway has said twice, two seconds apart, that it holds none.

        Raises:
            OutcomeUnknown: It could not be asked, or it holds another payment under this payment_id (`found`).
        """
        core = self._core
        with core.wire.observer.call(f"look up {call.operation.id}", call.payment_id):
            flow = flows.look_up(call, core.limited(timeout))
            return driver.drive(flow, self._pools.get(), core.wire)

    def wait(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
        on_change: Callable[[T], object] | None = None,
        cancel: threading.Event | None = None,
    ) -> T:
        """Ask an info operation until the payment is final. The resources' `wait_...` call this.

        Args:
            operation: Id of the info operation, such as `get_p2p_payin`.
            body: The request.
            parse: Makes a state of an answer's JSON object.
            timeout: Seconds until the wait is given up.
            on_change: Called with each new state, also with the last one.
            cancel: Ends the wait when another thread sets it.

        Raises:
            WaitTimeout: The payment did not come to its end in time, or `cancel` was set.
            NotSent, InvalidRequest, Rejected, Unavailable: See `highhelp.errors`.
        """
        core = self._core
        call = core.prepare(operation, body, parse)
        _check_seconds("timeout", timeout)
        if cancel is None:
            flow, pause = flows.wait(call, core.policy, timeout, on_change), None
        else:
            flow, pause = flows.wait(call, core.policy, timeout, on_change, cancel.is_set), cancel.wait
        with core.wire.observer.call(f"wait {operation}", call.payment_id):
            return driver.drive(flow, self._pools.get(), core.wire, pause)

    def request(self, path: str, body: Mapping[str, Any], *, timeout: float | None = None) -> Answer:
        """Send a signed request to any path, once, and return the answer as it came, whatever it says.

        For what the contract does not know yet. The project id is filled in; nothing else is checked.

        Args:
            path: From the root, such as `/api/v1/balance/info`.
            body: The JSON object; amounts in minor units, no floats.
            timeout: Seconds for the attempt.

        Raises:
            NotSent: Nothing left the machine.
            OutcomeUnknown: No whole answer came.
        """
        send = raw_request(self._core, path, body, timeout)
        with self._core.wire.observer.call(send.operation.id, send.payment_id):
            return driver.drive(_raw(send), self._pools.get(), self._core.wire)

    def close(self) -> None:
        """Close the connections. A client that was given as `http_client` stays open."""
        pool = self._pools.close()
        if pool is not None:
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncHighHelp(_Client, AsyncResources):
    """The HighHelp API on an event loop. Arguments and behaviour are those of `HighHelp`."""

    _asynchronous = True

    async def call(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float | None = None,
    ) -> T:
        """Carry out an operation of the contract by its id. See `HighHelp.call`."""
        return await self.carry_out(self._core.prepare(operation, body, parse), timeout=timeout)

    async def carry_out(self, call: Call[T], *, timeout: float | None = None) -> T:
        """Carry out a prepared call. See `HighHelp.carry_out`."""
        core = self._core
        with core.wire.observer.call(call.operation.id, call.payment_id):
            return await driver.drive_async(flows.carry_out(call, core.limited(timeout)), self._pool(), core.wire)

    async def look_up(self, call: Call[T], *, timeout: float | None = None) -> T | None:
        """Ask the info operation what became of a create. See `HighHelp.look_up`."""
        core = self._core
        with core.wire.observer.call(f"look up {call.operation.id}", call.payment_id):
            flow = flows.look_up(call, core.limited(timeout))
            return await driver.drive_async(flow, self._pool(), core.wire)

    async def wait(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
        on_change: Callable[[T], object] | None = None,
    ) -> T:
        """Ask an info operation until the payment is final. See `HighHelp.wait`."""
        core = self._core
        call = core.prepare(operation, body, parse)
        _check_seconds("timeout", timeout)
        with core.wire.observer.call(f"wait {operation}", call.payment_id):
            return await driver.drive_async(flows.wait(call, core.policy, timeout, on_change), self._pool(), core.wire)

    async def request(self, path: str, body: Mapping[str, Any], *, timeout: float | None = None) -> Answer:
        """Send a signed request to any path, once. See `HighHelp.request`."""
        send = raw_request(self._core, path, body, timeout)
        with self._core.wire.observer.call(send.operation.id, send.payment_id):
            return await driver.drive_async(_raw(send), self._pool(), self._core.wire)

    def _pool(self) -> Any:
        import asyncio

        # the loop itself is kept, not its id: another loop may get the same one
        return self._pools.get(asyncio.get_running_loop())

    async def aclose(self) -> None:
        """Close the connections. A client that was given as `http_client` stays open."""
        import asyncio

        pool = self._pools.close(asyncio.get_running_loop())
        if pool is not None:
            await pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def raw_request(core: Core, path: str, body: Mapping[str, Any], timeout: float | None) -> Send:
    """One attempt at any path, for `request`."""
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//") or not _PATH.fullmatch(path):
        raise InvalidRequest(
            [FieldProblem("", "the path starts with one slash, like /api/v1/balance/info")], operation=str(path)
        )
    known = next((operation for operation in OPERATIONS.values() if operation.path == path), None)
    # an unknown path may move money, so a lost answer leaves its outcome open
    operation = known or OPERATIONS["get_balance"]._replace(id=path, path=path, retry="never")
    content = core.completed(operation, _as_dict(operation, body))
    payment_id = _payment_id(content)
    return Send(operation, _bytes(operation, content, payment_id), core.limited(timeout).attempt, payment_id, 1)


def _raw(send: Send) -> flows.Flow[Answer]:
    result = yield send
    if isinstance(result, Answer):
        return result
    reason = result.reason if isinstance(result, Failure) else "no answer"
    if isinstance(result, Failure) and not result.sent:
        raise NotSent(
            f"{reason}; nothing was sent", operation=send.operation.id, payment_id=send.payment_id, attempts=1
        )
    raise OutcomeUnknown(
        f"{reason}; it may have been carried out", operation=send.operation.id, payment_id=send.payment_id, attempts=1
    )
