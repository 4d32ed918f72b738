"""The clients: the contract's operations over a signed connection; errors state what is known about the money."""

from __future__ import annotations

import platform
import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from highhelp._version import __version__
from highhelp.calls.policy import Policy, check_seconds
from highhelp.calls.prepare import RequestBuilder
from highhelp.errors import SettingsError, cleared_frames
from highhelp.settings import Settings, Source, checked_callback_url, load_callback_keys, load_callback_scheme
from highhelp.telemetry.observer import Hook, Observer
from highhelp.transport.config import FAST, File, NetworkConfig, Pools
from highhelp.transport.driver import AsyncExecutor, Executor, Wire
from highhelp_api.client.api import AsyncResources, Body, Resources
from highhelp_api.contract import VERSION
from highhelp_signing import SignatureScheme, Signer
from highhelp_signing.auth import SignatureAuth
from highhelp_signing.errors import RequestNotSignable, SchemeError
from highhelp_signing.loopback import is_loopback

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Mapping

    from highhelp.calls.outcome import RawResponse
    from highhelp_signing import CallbackVerifier, KeyRing

T = TypeVar("T")

USER_AGENT = f"highhelp-python/{__version__} (contract {VERSION}; Python {platform.python_version()})"


def _sign_for(settings: Settings, clock: Callable[[], float], *, allow_plain_http: bool) -> SignatureAuth:
    try:
        return SignatureAuth(
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


def _check_arguments(signer: object, scheme: object, **callables: object) -> None:
    if signer is not None and not isinstance(signer, Signer):
        raise SettingsError("signer", "must be a signer, such as RsaSigner.from_pem(...)")
    if scheme is not None and not isinstance(scheme, SignatureScheme):
        raise SettingsError("scheme", "must be a SignatureScheme")
    for name, value in callables.items():
        if value is not None and not callable(value):
            raise SettingsError(name, "must be callable")


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
        callback_url: str | None = None,
        timeout: float = 30.0,
        total_timeout: float = 90.0,
        absence_delay: float = 15.0,
        check_requests: bool = True,
        allow_plain_http: bool = False,
        clock: Callable[[], float] = time.time,
        transport: Any = None,
        http_client: Any = None,
        proxy: str | None = None,
        ca_file: File | None = None,
        client_certificate: File | tuple[File, File] | None = None,
        max_connections: int = 100,
        on_request: Hook | None = None,
        on_response: Hook | None = None,
        on_retry: Hook | None = None,
        tracer_provider: Any = None,
        meter_provider: Any = None,
        home: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        _check_arguments(signer, scheme, clock=clock, on_request=on_request, on_response=on_response, on_retry=on_retry)
        self._source = Source.load(environ, home)
        self._pinned_scheme = scheme
        self._settings = Settings.load(
            base_url=base_url,
            project_id=project_id,
            signer=signer,
            scheme=scheme,
            callback_url=callback_url,
            source=self._source,
        )
        network = NetworkConfig(
            base_url=self._settings.base_url,
            transport=transport,
            http_client=http_client,
            proxy=proxy,
            ca_file=ca_file,
            client_certificate=client_certificate,
            max_connections=max_connections,
            asynchronous=self._asynchronous,
        ).checked()
        check_seconds("timeout", timeout)
        check_seconds("total_timeout", total_timeout)
        check_seconds("absence_delay", absence_delay)
        policy = Policy(attempt=float(timeout), total=float(total_timeout), absence_delay=float(absence_delay))
        server = urlsplit(self._settings.base_url).hostname or ""
        wire = Wire(
            base_url=self._settings.base_url,
            auth=_sign_for(self._settings, clock, allow_plain_http=allow_plain_http),
            user_agent=USER_AGENT,
            fast=network.transport == FAST,
            clock=clock,
            now=policy.now,
            observer=Observer(on_request, on_response, on_retry, tracer_provider, meter_provider, server),
        )
        settings = self._settings
        builder = RequestBuilder(
            settings.project_id, settings.scheme, check_requests, settings.callback_url, is_loopback(server)
        )
        self._executor: Any = (AsyncExecutor if self._asynchronous else Executor)(
            builder, policy, wire, network, Pools(network)
        )
        self._calls: Any = self

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Create a client from the environment and the home directory.

        Args:
            arguments: Those of the constructor; they take precedence.
        """
        return cls(**arguments)

    @property
    def settings(self) -> Settings:
        """The effective settings and the origin of each."""
        return self._settings

    @cached_property
    def callback_keys(self) -> Mapping[str, KeyRing]:
        """The keys that verify callbacks of this project, by project id, as an inbox takes them.

        Raises:
            SettingsError: There is no key, or one cannot be read.
        """
        return {self._settings.project_id: load_callback_keys(self._source)[0]}

    @cached_property
    def callbacks(self) -> CallbackVerifier:
        """The verifier of this project's callbacks: `client.callbacks.verify(raw_body, headers)`.

        Raises:
            SettingsError: There is no key, or one cannot be read.
        """
        from highhelp_signing import CallbackVerifier  # lazy: not needed for sending

        scheme = self._pinned_scheme if self._pinned_scheme is not None else load_callback_scheme(self._source)
        return CallbackVerifier(self.callback_keys, scheme, clock=self._executor.wire.clock)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        total_timeout: float | None = None,
        callback_url: str | None = None,
    ) -> Self:
        """Create a client with other options over the same connections. Closing either closes both.

        Args:
            timeout: As in the constructor.
            total_timeout: As in the constructor.
            callback_url: As in the constructor.

        Raises:
            SettingsError: A value is invalid.
        """
        policy, builder, settings = self._executor.policy, self._executor.builder, self._settings
        if timeout is not None:
            check_seconds("timeout", timeout)
            policy = replace(policy, attempt=float(timeout))
        if total_timeout is not None:
            check_seconds("total_timeout", total_timeout)
            policy = replace(policy, total=float(total_timeout))
        if callback_url is not None:
            settings = replace(settings, callback_url=checked_callback_url(callback_url, "callback_url"))
            builder = replace(builder, callback_url=callback_url)
        return self._with(settings, replace(self._executor, policy=policy, builder=builder))

    def returning_responses(self) -> Self:
        """Create a client over the same connections whose calls return an `ApiResponse`.

        `client.p2p.with_raw_response` does the same with precise types.
        """
        return self._with(self._settings, replace(self._executor, with_responses=True))

    def _with(self, settings: Settings, executor: Any) -> Self:
        other = object.__new__(type(self))
        other._source, other._pinned_scheme, other._settings = self._source, self._pinned_scheme, settings
        other._executor, other._calls = executor, other
        return other

    def __repr__(self) -> str:
        settings = self._settings
        return f"<{type(self).__name__} {settings.base_url} project {settings.project_id} {settings.signer!r}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} holds a key and connections and cannot be pickled or copied")


class HighHelp(_Client, Resources):
    """The HighHelp API.

    Each setting comes from its argument, else from its environment variable, else from the home directory.
    Thread-safe; one connection pool per client.

    Args:
        base_url: The gateway's base URL (`HIGHHELP_BASE_URL`); plain http only on the same machine.
        project_id: The merchant project (`HIGHHELP_PROJECT_ID`).
        signer: The project's key (`HIGHHELP_PRIVATE_KEY`, `HIGHHELP_HMAC_KEY`); RSA if there are both.
        scheme: The signature scheme (`HIGHHELP_SIGNATURE_SCHEME`).
        callback_url: Fills each callback URL that a request leaves out (`HIGHHELP_CALLBACK_URL`).
        timeout: Seconds for one attempt, from the first byte sent to the last one received.
        total_timeout: Seconds for a whole call with its repetitions and look-ups.
        absence_delay: Seconds after an attempt until the gateway's "not found" counts, since info may lag behind the
            create; only then a pay-in whose outcome is unknown is sent again.
        check_requests: Whether requests are checked against the contract before they are sent.
        allow_plain_http: Permits http to other machines, for a closed network such as a compose file's.
        clock: Returns Unix seconds.
        transport: An `httpx` transport, such as that of a mock gateway, or "fast" for that of the extra `[fast]`. Your
            own transport must neither follow redirects nor send a request twice.
        http_client: Your own `httpx.Client` (or `httpx2.Client`); this client does not close it, and never follows
            redirects with it.
        proxy: URL of a proxy (http, https, socks5) for an https gateway; default: from `HTTPS_PROXY`, `ALL_PROXY` and
            `NO_PROXY`. Plain http is never sent through a proxy.
        ca_file: PEM file of additional trusted certificate authorities.
        client_certificate: PEM file with a client certificate and its key, or a pair of files.
        max_connections: Connections that may be open at once.
        on_request: Called with (operation, payment_id, attempt) before every attempt.
        on_response: Called with (operation, answer) for every answer as it came.
        on_retry: Called with (seconds, reason) before every pause. A hook that raises cannot break a call.
        tracer_provider: OpenTelemetry's, instead of the global one (extra `[otel]`).
        meter_provider: Likewise, for metrics.
        home: Instead of `HIGHHELP_HOME`.
        environ: Instead of the process's environment.

    Raises:
        SettingsError: Names the missing or wrong setting.
    """

    def call(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float | None = None,
    ) -> T:
        """Call an operation of the contract by its id. The resources (`client.p2p`, ...) call this.

        Args:
            operation: Its id, such as `create_p2p_payin`.
            body: The request.
            parse: Converts the answer's JSON object, which it must not change, to the result.
            timeout: Seconds for the whole call.

        Raises:
            NotSent, InvalidRequest, Rejected, DuplicatePayment, Unavailable, OutcomeUnknown: See `highhelp.errors`.
        """
        try:
            with cleared_frames():
                result: T = self._executor.execute(self._executor.builder.build(operation, body, parse), timeout)
        finally:
            del body  # this frame would hold the request
        return result

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
        """Poll an info operation until the payment is final. The resources' `wait_...` call this.

        Args:
            operation: Id of the info operation, such as `get_p2p_payin`.
            body: The request.
            parse: Converts an answer's JSON object to a state.
            timeout: Seconds to wait at most.
            on_change: Called with each new state, including the last one.
            cancel: Ends the wait when another thread sets it.

        Raises:
            WaitTimeout: The payment was not final in time, or `cancel` was set.
            NotSent, InvalidRequest, Rejected, Unavailable: See `highhelp.errors`.
        """
        with cleared_frames():
            call = self._executor.builder.build(operation, body, parse)
            state: T = self._executor.wait(call, timeout, on_change, cancel)
        return state

    def wait_requisites(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
        cancel: threading.Event | None = None,
    ) -> T:
        """Poll an info operation until the payment has payment details. The resources' `wait_requisites` call this.

        Args:
            operation: Id of the info operation, such as `get_p2p_payin`.
            body: The request.
            parse: Converts an answer's JSON object to a state.
            timeout: Seconds to wait at most.
            cancel: Ends the wait when another thread sets it.

        Raises:
            PaymentEnded: The payment is final.
            WaitTimeout: The details did not come in time, or `cancel` was set.
            NotSent, InvalidRequest, Rejected, Unavailable: See `highhelp.errors`.
        """
        with cleared_frames():
            call = self._executor.builder.build(operation, body, parse)
            state: T = self._executor.wait(call, timeout, None, cancel, for_requisites=True)
        return state

    def request(self, path: str, body: Mapping[str, Any], *, timeout: float | None = None) -> RawResponse:
        """Send a signed request to any path, once, and return the response as it came, whatever it says.

        For paths that the contract does not know yet. The project id is filled in and checked, nothing else.

        Args:
            path: From the root, such as `/api/v1/balance/info`.
            body: The JSON object; amounts in minor units, no floats.
            timeout: Seconds for the attempt.

        Raises:
            NotSent: Nothing left the machine.
            OutcomeUnknown: No complete answer came.
        """
        with cleared_frames():
            response: RawResponse = self._executor.send_raw(self._executor.builder.build_raw(path, body), timeout)
        return response

    def close(self) -> None:
        """Close the connections, but not a client that was passed as `http_client`."""
        client = self._executor.pools.close()
        if client is not None:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncHighHelp(_Client, AsyncResources):
    """The HighHelp API for asyncio. Arguments and behaviour are those of `HighHelp`."""

    _asynchronous = True

    async def call(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float | None = None,
    ) -> T:
        """Call an operation of the contract by its id. See `HighHelp.call`."""
        try:
            with cleared_frames():
                result: T = await self._executor.execute(self._executor.builder.build(operation, body, parse), timeout)
        finally:
            del body  # this frame would hold the request
        return result

    async def wait(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
        on_change: Callable[[T], object] | None = None,
    ) -> T:
        """Poll an info operation until the payment is final. See `HighHelp.wait`."""
        with cleared_frames():
            call = self._executor.builder.build(operation, body, parse)
            state: T = await self._executor.wait(call, timeout, on_change)
        return state

    async def wait_requisites(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
    ) -> T:
        """Poll an info operation until the payment has payment details. See `HighHelp.wait_requisites`."""
        with cleared_frames():
            call = self._executor.builder.build(operation, body, parse)
            state: T = await self._executor.wait(call, timeout, for_requisites=True)
        return state

    async def request(self, path: str, body: Mapping[str, Any], *, timeout: float | None = None) -> RawResponse:
        """Send a signed request to any path, once. See `HighHelp.request`."""
        with cleared_frames():
            call = self._executor.builder.build_raw(path, body)
            response: RawResponse = await self._executor.send_raw(call, timeout)
        return response

    async def aclose(self) -> None:
        """Close the connections, but not a client that was passed as `http_client`."""
        import asyncio

        client = self._executor.pools.close(asyncio.get_running_loop())
        if client is not None:
            await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
