"""The drivers: they run a flow over httpx, synchronously or asynchronously, and turn every failure into a value.

No exception of the HTTP library leaves this module: such an exception carries the request, and with it the signature
and card data. What is known of it (its kind, a safe text) becomes a `Failure`.
"""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from highhelp.connections import was_connecting
from highhelp.errors import FieldProblem, InvalidRequest, NotSent
from highhelp.flows import Flow, Result, Send, Sleep
from highhelp.outcome import Answer, Failure
from highhelp.redact import masked_text
from highhelp.trace import Trace
from highhelp_signing.errors import BodyNotSignable, SigningError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from highhelp.telemetry import Observer
    from highhelp_signing.auth import SignatureAuth

T = TypeVar("T")

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer, decompressed; more is not read."""

GRACE = 0.25
"""Seconds by which the loop's deadline comes after httpx's own limits, which close a half-made connection cleanly."""

# By name, so that httpx2's classes are known too. Only what surely happens before the first byte of a request is sent.
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})
_BEFORE_CONNECTED = frozenset({"PoolTimeoutError", "ClientConnectorError"})  # of pyreqwest, of aiohttp
_HOPELESS = frozenset({"UnsupportedProtocol", "LocalProtocolError"})


class Wire(NamedTuple):
    """Where and how requests go.

    Attributes:
        base_url: Without a slash at its end.
        auth: Signs each attempt anew.
        signs_apart: Whether signing would hold an event loop for long; HMAC with a key in memory does not.
        user_agent: The User-Agent header.
        connect: Seconds to connect.
        clock: Unix seconds.
        now: A clock that never goes back, in seconds.
        observer: Told of every attempt and pause; never raises.
    """

    base_url: str
    auth: SignatureAuth
    signs_apart: bool
    user_agent: str
    connect: float
    clock: Callable[[], float]
    now: Callable[[], float]
    observer: Observer

    def request(self, client: Any, send: Send, signature: Mapping[str, str]) -> Any:
        """The request of one attempt with its signature.

        Raises:
            RequestNotSignable: It would go to another origin than the one that the signature is for.
        """
        connect = min(self.connect, send.seconds)
        request = client.build_request(
            "POST",
            self.base_url + send.operation.path,
            content=send.body,
            headers={
                "content-type": "application/json",
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": self.user_agent,
                **signature,
            },
            # connect, read, write, pool: a tuple, which every version of httpx and httpx2 takes
            timeout=(connect, send.seconds, send.seconds, connect),
        )
        self.auth.check_origin(request.url)
        return request


def drive(flow: Flow[T], client: httpx.Client, wire: Wire, pause: Callable[[float], object] | None = None) -> T:
    """Run a flow to its end. Raises what the flow raises. `pause` waits for some seconds, or less."""
    result: Result = None
    while True:
        try:
            step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        wire.observer.before(step)
        if isinstance(step, Sleep):
            (pause or time.sleep)(step.seconds)
            result = None
            continue
        began = wire.now()
        try:
            result = _attempt(client, step, wire)
        except Exception:
            raise
        except BaseException as stop:
            _interrupted(stop, step, wire, began)
            raise
        wire.observer.after(step, result, wire.now() - began)


async def drive_async(flow: Flow[T], client: httpx.AsyncClient, wire: Wire) -> T:
    """The same on an event loop."""
    result: Result = None
    while True:
        try:
            step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        wire.observer.before(step)
        if isinstance(step, Sleep):
            await _sleep(step.seconds)
            result = None
            continue
        began = wire.now()
        try:
            result = await _attempt_async(client, step, wire)
        except Exception:
            raise
        except BaseException as stop:
            _interrupted(stop, step, wire, began)
            raise
        wire.observer.after(step, result, wire.now() - began)


async def _sleep(seconds: float) -> None:
    import asyncio  # a program without an event loop does not load it

    await asyncio.sleep(seconds)


def _interrupted(stop: BaseException, send: Send, wire: Wire, began: float) -> None:
    """Says what is known when a caller ends a call half-way (Ctrl-C, a cancelled task): the money may have moved."""
    wire.observer.after(send, Failure(sent=True, reason=f"interrupted by {type(stop).__name__}"), wire.now() - began)
    if send.operation.moves_money:
        about = " ".join(filter(None, (send.operation.id, send.payment_id)))
        stop.add_note(f"{about} was under way and may have been carried out: ask the info operation first")


def _attempt(client: httpx.Client, send: Send, wire: Wire) -> Answer | Failure:
    trace = Trace(watched=_is_watched(client), seconds=send.seconds)
    request = _request(client, send, wire, trace, _signature(send, wire))
    if isinstance(request, Failure):
        return request
    end = wire.now() + send.seconds
    try:
        with trace:
            response = client.send(request, auth=None, stream=True, follow_redirects=False)
            try:
                return _stacked(response) or _collect(response, wire, response.iter_bytes(), end)
            finally:
                response.close()
    except Exception as error:  # noqa: BLE001  # whatever happens, the caller learns what is known of the money
        return _failure(error, request, trace)


async def _attempt_async(client: httpx.AsyncClient, send: Send, wire: Wire) -> Answer | Failure:
    import asyncio

    from highhelp.apart import apart

    trace = Trace(watched=_is_watched(client))
    signature = await apart(lambda: _signature(send, wire), like=wire) if wire.signs_apart else _signature(send, wire)
    request = _request(client, send, wire, trace.tell, signature)
    if isinstance(request, Failure):
        return request
    try:
        async with asyncio.timeout(send.seconds + GRACE):
            with trace:
                response = await client.send(request, auth=None, stream=True, follow_redirects=False)
                try:
                    return _stacked(response) or await _collect_async(response, wire)
                finally:
                    await response.aclose()
    except TimeoutError:
        if trace.seen and not trace.started:
            return Failure(sent=False, reason="no connection in time")
        return _TOO_SLOW
    except Exception as error:  # noqa: BLE001  # whatever happens, the caller learns what is known of the money
        return _failure(error, request, trace)


def _signature(send: Send, wire: Wire) -> dict[str, str] | Failure:
    return _made(lambda: wire.auth.headers(send.body, send.normalized), send)


def _request(client: Any, send: Send, wire: Wire, trace: object, signature: dict[str, str] | Failure) -> Any:
    """The request of one attempt, signed; a Failure where it cannot be made."""
    if isinstance(signature, Failure):
        return signature
    if client.is_closed:
        return Failure(sent=False, reason="the connection pool is closed", retryable=False)
    request = _made(lambda: wire.request(client, send, signature), send)
    if not isinstance(request, Failure) and getattr(client, "traceable", True):  # a user's client may be httpcore's
        request.extensions["trace"] = trace
    return request


def _is_watched(client: Any) -> bool:
    return getattr(client, "watched", False)


def _made(make: Callable[[], T], send: Send) -> T | Failure:
    """What `make` makes; a Failure where it raises. Whatever goes wrong here, nothing left the machine."""
    try:
        return make()
    except SigningError as error:
        refused = _refused(error, send)
    except Exception as error:  # noqa: BLE001  # a signer of the user's own may raise anything
        return Failure(sent=False, reason=f"the request could not be made and signed: {_place(error)}", retryable=False)
    raise refused


def _stacked(response: Any) -> Failure | None:
    """Refuses an answer that is compressed twice: a few kilobytes of it may unpack to gigabytes."""
    if "," not in response.headers.get("content-encoding", ""):
        return None
    return Failure(sent=True, reason="the answer is compressed more than once", retryable=False)


HighHelpRefusal = InvalidRequest | NotSent
_TOO_LARGE = Failure(sent=True, reason=f"the answer is larger than {LARGEST_ANSWER} bytes", retryable=False)
_TOO_SLOW = Failure(sent=True, reason="the answer was not complete in time")


def _collect(response: Any, wire: Wire, body: Any, end: float) -> Answer | Failure:
    size, chunks = 0, []
    for chunk in body:
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return _TOO_LARGE
        if wire.now() > end:
            return _TOO_SLOW
        chunks.append(chunk)
    return _answer(response, chunks, wire)


async def _collect_async(response: Any, wire: Wire) -> Answer | Failure:
    size, chunks = 0, []
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return _TOO_LARGE
        chunks.append(chunk)
    return _answer(response, chunks, wire)


def _answer(response: Any, chunks: list[bytes], wire: Wire) -> Answer:
    # httpx and our own pools give the names in lower case
    return Answer(response.status_code, dict(response.headers.items()), b"".join(chunks), wire.clock())


def _failure(error: Exception, request: Any, trace: Trace) -> Failure:
    names = {kind.__name__ for kind in type(error).__mro__}
    if "HTTPError" not in names:
        return Failure(sent=trace.started or not trace.seen, reason=f"unexpected {_place(error)}")
    # an error of another request is one of a hook's own calls: ours may long have been answered
    ours = getattr(error, "_request", None) is request
    sent = trace.started or not ours or not names & _NOT_SENT or not (trace.seen or _while_connecting(error))
    text = masked_text(str(error))[:200] if names & {"ConnectError", "ProxyError"} else ""
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return Failure(sent=sent, reason=reason, retryable=not names & _HOPELESS and "CERTIFICATE" not in text)


def _while_connecting(error: Exception) -> bool:
    """Whether a transport that is not httpcore's surely failed before the first byte.

    The name alone does not say it: pyreqwest calls an answer that is lost after sending a ConnectError, httpx-aiohttp
    a ConnectTimeout. Their own errors tell; one that stems from no other was meant as it is. pyreqwest counts its
    connections before it begins a request, so that PoolTimeoutError is what it says.
    """
    cause = error.__cause__
    if cause is None:
        return error.__context__ is None
    return was_connecting(cause) or not _BEFORE_CONNECTED.isdisjoint(kind.__name__ for kind in type(cause).__mro__)


def _place(error: Exception) -> str:
    """What and where, without the error's text, which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _refused(error: SigningError, send: Send) -> HighHelpRefusal:
    operation, payment_id = send.operation.id, send.payment_id
    if isinstance(error, BodyNotSignable):
        return InvalidRequest([FieldProblem(error.path, str(error))], operation=operation, payment_id=payment_id)
    return NotSent(str(error), operation=operation, payment_id=payment_id, attempts=send.attempt)
