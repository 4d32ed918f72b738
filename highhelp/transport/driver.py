"""Run prepared calls over httpx, synchronously or asynchronously, and turn every failure into a value.

Every request goes through `httpx.Client.send` (or its async twin), signed by `SignatureAuth` as its auth hook. No
exception of an HTTP library leaves this module, since it carries the request with the signature and card data. Its kind
and a safe text become a `TransportFailure`.
"""

from __future__ import annotations

import time
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from highhelp.calls import flow
from highhelp.calls.drive import drive, drive_async
from highhelp.calls.flow import Result, Send, Sleep, Step
from highhelp.calls.outcome import RawResponse, TransportFailure
from highhelp.calls.policy import check_seconds
from highhelp.errors import FieldProblem, InvalidRequest, NotSent
from highhelp.redact import masked_text, masking
from highhelp.transport.config import CONNECT_SECONDS
from highhelp.transport.send_state import EXTENSION, SendState
from highhelp_api.contract import HEADERS
from highhelp_signing.errors import BodyNotSignable, SigningError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    import httpx

    from highhelp.calls.policy import Policy
    from highhelp.calls.prepare import RequestBuilder
    from highhelp.telemetry.observer import Observer
    from highhelp.transport.config import NetworkConfig, Pools
    from highhelp_signing.auth import SignatureAuth

    Pause = Callable[[float], object] | None

LARGEST_ANSWER = 8 * 1024 * 1024
"""Largest decompressed answer that is read, in bytes."""

GRACE = 0.25
"""Seconds between httpx's limits and the loop's deadline: httpx closes a half-open connection cleanly."""

# By name, so that httpx2's classes match too. Only errors that certainly precede the first byte of a request.
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})
_BEFORE_CONNECTED = frozenset({"PoolTimeoutError", "ClientConnectorError"})  # of pyreqwest, of aiohttp
_HOPELESS = frozenset({"UnsupportedProtocol", "LocalProtocolError"})
_AFTER_CONNECTING = {"ConnectError": "ReadError", "ConnectTimeout": "ReadTimeout"}


@dataclass(frozen=True)
class Wire:
    """Destination and context of requests.

    Attributes:
        base_url: Without a trailing slash.
        auth: Signs each attempt.
        user_agent: The User-Agent header.
        fast: Whether pyreqwest's transport is used, which adds httpx's four time limits up.
        clock: Unix seconds.
        now: Monotonic clock, in seconds.
        observer: Receives every attempt and pause; never raises.
    """

    base_url: str
    auth: SignatureAuth
    user_agent: str
    fast: bool
    clock: Callable[[], float]
    now: Callable[[], float]
    observer: Observer

    def request(self, library: Any, send: Send, state: SendState) -> Any:
        """Build the request of one attempt; the auth hook signs it.

        Args:
            library: `httpx`, or `httpx2` for a client of that library.
            send: The attempt.
            state: Where our transport records its progress.
        """
        connect = min(CONNECT_SECONDS, send.seconds)
        limits = {"connect": connect, "read": send.seconds, "write": send.seconds, "pool": connect}
        url, headers = _prepare(library, self.base_url + send.call.operation.path, self.user_agent)
        request = library.Request(
            "POST",
            url,
            headers=headers,
            stream=library.ByteStream(send.call.body),
            extensions={
                "timeout": {"read": send.seconds} if self.fast else limits,
                EXTENSION: state,
                self.auth.NORMALIZED: (send.call.body, send.call.normalized),
            },
        )
        request.headers["content-length"] = str(len(send.call.body))
        return request


@lru_cache(maxsize=256)
def _prepare(library: Any, url: str, user_agent: str) -> tuple[Any, Any]:
    """Prepare what all requests of an operation have in common: the URL and most headers, in the library's classes."""
    parsed = library.URL(url)
    headers = {
        "host": parsed.netloc.decode("ascii"),
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": user_agent,
    }
    return parsed, library.Headers(headers)


def perform(step: Step, client: httpx.Client, wire: Wire, pause: Pause = None) -> Result:
    """Perform one step of a flow: wait, or make one attempt. `pause` waits for some seconds, or less."""
    wire.observer.before(step)
    if isinstance(step, Sleep):
        (pause or time.sleep)(step.seconds)
        return None
    began = wire.now()
    try:
        result = _attempt(client, step, wire)
    except BaseException as error:
        _note_interruption(error, step, wire, began)
        raise
    wire.observer.after(step, result, wire.now() - began)
    return result


async def perform_async(step: Step, client: httpx.AsyncClient, wire: Wire) -> Result:
    """Perform one step of a flow on an event loop."""
    wire.observer.before(step)
    if isinstance(step, Sleep):
        await _sleep(step.seconds)
        return None
    began = wire.now()
    try:
        result = await _attempt_async(client, step, wire)
    except BaseException as error:
        _note_interruption(error, step, wire, began)
        raise
    wire.observer.after(step, result, wire.now() - began)
    return result


async def _sleep(seconds: float) -> None:
    import asyncio  # lazy: not needed without an event loop

    await asyncio.sleep(seconds)


def _note_interruption(error: BaseException, send: Send, wire: Wire, began: float) -> None:
    """Report a call that was interrupted (Ctrl-C, a cancelled task) and did not fail: the money may have moved."""
    if isinstance(error, Exception):
        return
    failure = TransportFailure(sent=True, reason=f"interrupted by {type(error).__name__}")
    wire.observer.after(send, failure, wire.now() - began)
    if send.call.operation.moves_money:
        about = " ".join(filter(None, (send.call.operation.id, send.call.payment_id)))
        error.add_note(f"{about} was under way and may have been carried out: ask the info operation first")


@dataclass(frozen=True)
class _Executor(ABC):
    """Run calls; `Executor` returns their results, `AsyncExecutor` awaitables of them.

    Attributes:
        builder: Builds calls.
        policy: Time limits and repetitions.
        wire: Destination and context of requests.
        network: Connection settings.
        pools: The httpx clients.
        with_responses: Whether calls return the HTTP response with their result.
    """

    builder: RequestBuilder
    policy: Policy
    wire: Wire
    network: NetworkConfig
    pools: Pools
    with_responses: bool = False

    @abstractmethod
    def _run(self, call: flow.ClientCall[Any], steps: flow.CallFlow[Any], about: str = "", pause: Pause = None) -> Any:
        """Perform the steps of a call."""

    def execute(self, call: flow.ClientCall[Any], timeout: float | None = None) -> Any:
        """Run a prepared call, sending exactly its bytes."""
        steps: flow.CallFlow[Any] = flow.execute(call, self.policy.with_timeout(timeout))
        return self._run(call, flow.with_response(steps) if self.with_responses else steps)

    def query(self, call: flow.ClientCall[Any], timeout: float | None = None) -> Any:
        """Query the outcome of a create. See `highhelp.calls.flow.query`."""
        return self._run(call, flow.query(call, self.policy.with_timeout(timeout)), "look up ")

    def wait(
        self,
        call: flow.ClientCall[Any],
        timeout: float,
        on_change: Callable[[Any], object] | None = None,
        cancel: threading.Event | None = None,
        *,
        for_requisites: bool = False,
    ) -> Any:
        """Wait until a payment is final, or has payment details, or `cancel` is set.

        Only `Executor` can wait for `cancel`.
        """
        from highhelp.calls.wait import has_requisites, is_final, wait_until_final  # lazy: most programs use callbacks

        check_seconds("timeout", timeout)
        cancelled = cancel.is_set if cancel is not None else lambda: False
        awaited = has_requisites if for_requisites else is_final
        steps = wait_until_final(call, self.policy, timeout, on_change, cancelled, awaited)
        return self._run(call, steps, "wait ", None if cancel is None else cancel.wait)

    def send_raw(self, call: flow.ClientCall[Any], timeout: float | None) -> Any:
        """Send a request once and return the response as it came."""
        return self._run(call, flow.send_raw(call, self.policy.with_timeout(timeout).attempt))


class Executor(_Executor):
    """Run calls in the caller's thread."""

    def _run(self, call: flow.ClientCall[Any], steps: flow.CallFlow[Any], about: str = "", pause: Pause = None) -> Any:
        with masking(call.body), self.wire.observer.call(about + call.operation.id, call.payment_id):
            return drive(steps, partial(perform, client=self.pools.get(), wire=self.wire, pause=pause))


class AsyncExecutor(_Executor):
    """Run calls on the running event loop."""

    async def _run(
        self, call: flow.ClientCall[Any], steps: flow.CallFlow[Any], about: str = "", pause: Pause = None
    ) -> Any:
        import asyncio

        if pause is not None:
            raise ValueError("cancel= is for HighHelp; cancel the task instead")
        with masking(call.body), self.wire.observer.call(about + call.operation.id, call.payment_id):
            # the loop itself is the key, not its id: another loop may get the same one
            client = self.pools.get(asyncio.get_running_loop())
            return await drive_async(steps, partial(perform_async, client=client, wire=self.wire))


def _attempt(client: httpx.Client, send: Send, wire: Wire) -> RawResponse | TransportFailure:
    if client.is_closed:
        return _CLOSED
    end = wire.now() + send.seconds
    state = SendState(send.seconds)
    library, auth = _hook(client, wire.auth)
    request = wire.request(library, send, state)
    try:
        response = client.send(request, auth=auth, stream=True, follow_redirects=False)
        try:
            headers = dict(response.headers.items())
            return _refused_answer(headers, state) or _collect(response, headers, wire, end)
        finally:
            response.close()
    except Exception as error:  # noqa: BLE001  # whatever happens, the caller learns what is known of the money
        result = _failure(error, request, state, send)
    if isinstance(result, NotSent):
        raise result  # outside of the handler: the cause holds the request
    return result


async def _attempt_async(client: httpx.AsyncClient, send: Send, wire: Wire) -> RawResponse | TransportFailure:
    import asyncio

    if client.is_closed:
        return _CLOSED
    state = SendState()
    library, auth = _hook(client, wire.auth)
    request = wire.request(library, send, state)
    try:
        async with asyncio.timeout(send.seconds + GRACE):
            response = await client.send(request, auth=auth, stream=True, follow_redirects=False)
            try:
                headers = dict(response.headers.items())
                return _refused_answer(headers, state) or await _collect_async(response, headers, wire)
            finally:
                await response.aclose()
    except TimeoutError:
        if _is_unsigned(request) or (state.carried and not state.started):
            return TransportFailure(sent=False, reason="no signature or no connection in time")
        return _TOO_SLOW
    except Exception as error:  # noqa: BLE001  # whatever happens, the caller learns what is known of the money
        result = _failure(error, request, state, send)
    if isinstance(result, NotSent):
        raise result  # outside of the handler: the cause holds the request
    return result


@lru_cache(maxsize=16)
def _is_of_httpx2(client_class: Any) -> bool:
    return any(kind.__module__.partition(".")[0] == "httpx2" for kind in client_class.__mro__)


def _hook(client: Any, auth: SignatureAuth) -> tuple[Any, Any]:
    """Return the library of a client, and the auth hook as its class."""
    client_class: Any = type(client)
    if _is_of_httpx2(client_class):
        import httpx2

        hook: Any = httpx2.Auth()  # its flows take requests of httpx2, which differ only in class
        hook.sync_auth_flow, hook.async_auth_flow = auth.sync_auth_flow, auth.async_auth_flow
        return httpx2, hook
    import httpx

    return httpx, auth


def _is_unsigned(request: Any) -> bool:
    """Whether an attempt ended before its request was signed, so that nothing of it was sent."""
    return HEADERS.signature not in request.headers


def _refused_answer(headers: Mapping[str, str], state: SendState) -> TransportFailure | None:
    """Refuse an answer that cannot belong to this request, or that may decompress to gigabytes."""
    if state.started and not state.answered:
        return TransportFailure(sent=True, reason="the answer came before the request was sent", retryable=False)
    if "," in headers.get("content-encoding", ""):
        return TransportFailure(sent=True, reason="the answer is compressed more than once", retryable=False)
    return None


def _is_plain(response: Any, headers: Mapping[str, str]) -> bool:
    """Whether the body needs no decoding, and no hook of the caller has read it."""
    return not headers.get("content-encoding") and not response.is_stream_consumed


_CLOSED = TransportFailure(sent=False, reason="the connection pool is closed", retryable=False)
_TOO_LARGE = TransportFailure(sent=True, reason=f"the answer is larger than {LARGEST_ANSWER} bytes", retryable=False)
_TOO_SLOW = TransportFailure(sent=True, reason="the answer was not complete in time")


def _collect(response: Any, headers: Mapping[str, str], wire: Wire, end: float) -> RawResponse | TransportFailure:
    size, chunks = 0, []
    for chunk in response.iter_raw() if _is_plain(response, headers) else response.iter_bytes():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return _TOO_LARGE
        if wire.now() > end:
            return _TOO_SLOW
        chunks.append(chunk)
    return RawResponse(response.status_code, headers, b"".join(chunks), wire.clock())


async def _collect_async(response: Any, headers: Mapping[str, str], wire: Wire) -> RawResponse | TransportFailure:
    size, chunks = 0, []
    async for chunk in response.aiter_raw() if _is_plain(response, headers) else response.aiter_bytes():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return _TOO_LARGE
        chunks.append(chunk)
    return RawResponse(response.status_code, headers, b"".join(chunks), wire.clock())


def _failure(error: Exception, request: Any, state: SendState, send: Send) -> TransportFailure | NotSent:
    if _is_unsigned(request):
        if isinstance(error, SigningError):
            return _not_signed(error, send)
        # the signer raised; it may be the user's
        return TransportFailure(sent=False, reason=f"the request could not be signed: {_place(error)}", retryable=False)
    names = {kind.__name__ for kind in type(error).__mro__}
    if state.carried:
        sent = state.started
    else:
        # an error of another request comes from a hook's own call: ours may have been answered already
        ours = getattr(error, "_request", None) is request
        sent = not (ours and names & _NOT_SENT and _while_connecting(error))
    if "HTTPError" not in names:
        return TransportFailure(sent=sent, reason=f"unexpected {_place(error)}")
    name = type(error).__name__
    if sent:
        name = _AFTER_CONNECTING.get(name, name)
    text = masked_text(str(error))[:200] if names & {"ConnectError", "ProxyError"} and not sent else ""
    reason = f"{name}: {text}" if text else name
    return TransportFailure(sent=sent, reason=reason, retryable=not names & _HOPELESS and "CERTIFICATE" not in text)


def _while_connecting(error: Exception) -> bool:
    """Whether a transport that is not ours certainly failed before the first byte.

    The class name alone is not proof: for an answer lost after sending, pyreqwest raises ConnectError, httpx-aiohttp
    ConnectTimeout. The underlying errors are proof, as are httpcore's; without a cause the name is trusted.
    """
    cause = error.__cause__
    if cause is None:
        return error.__context__ is None
    names = {kind.__name__ for kind in type(cause).__mro__}
    httpcore = type(cause).__module__.partition(".")[0] in ("httpcore", "httpcore2")
    return httpcore or not _BEFORE_CONNECTED.isdisjoint(names) or _was_connecting(cause)


def _was_connecting(error: BaseException) -> bool:
    """Whether an error of pyreqwest arose before there was a connection, which its class does not show."""
    details = getattr(error, "details", None)
    causes = details.get("causes") if isinstance(details, dict) else None
    return any(isinstance(each, dict) and each.get("message") == "client error (Connect)" for each in causes or ())


def _place(error: Exception) -> str:
    """Describe an error by its type and location, without its text, which may contain anything."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _not_signed(error: SigningError, send: Send) -> NotSent:
    operation, payment_id = send.call.operation.id, send.call.payment_id
    if isinstance(error, BodyNotSignable):
        return InvalidRequest([FieldProblem(error.path, str(error))], operation=operation, payment_id=payment_id)
    return NotSent(str(error), operation=operation, payment_id=payment_id, attempts=send.attempt)
