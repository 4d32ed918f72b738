"""The drivers: they run a flow over httpx, synchronously or asynchronously, and turn every failure into a value.

No exception of the HTTP library leaves this module: such an exception carries the request, and with it the signature
and card data. What is known of it (its kind, a safe text) becomes a `Failure`.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from highhelp.errors import FieldProblem, InvalidRequest, NotSent
from highhelp.flows import Flow, Result, Send, Sleep, Step
from highhelp.outcome import Answer, Failure
from highhelp.redact import masked_text
from highhelp_signing.errors import BodyNotSignable, SigningError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from highhelp_signing.auth import SignatureAuth

T = TypeVar("T")

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer, decompressed; more is not read."""

# By name, so that httpx2's classes are known too. Only what surely happens before the first byte of a request is sent.
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})
_HOPELESS = frozenset({"UnsupportedProtocol", "InvalidURL", "LocalProtocolError"})


@dataclass(frozen=True)
class Wire:
    """Where and how requests go.

    Attributes:
        base_url: Without a slash at its end.
        auth: Signs each attempt anew.
        user_agent: The User-Agent header.
        connect: Seconds to connect.
        clock: Unix seconds.
        now: A clock that never goes back, in seconds.
        observe: Told of every attempt; must not raise.
    """

    base_url: str
    auth: SignatureAuth
    user_agent: str
    connect: float
    clock: Callable[[], float]
    now: Callable[[], float]
    observe: Callable[[Step, Result, float], None]

    def request(self, client: Any, send: Send) -> Any:
        """The request of one attempt, not yet signed."""
        connect = min(self.connect, send.seconds)
        return client.build_request(
            "POST",
            self.base_url + send.operation.path,
            content=send.body,
            headers={
                "content-type": "application/json",
                "accept": "application/json",
                "user-agent": self.user_agent,
            },
            # connect, read, write, pool: a tuple, which every version of httpx and httpx2 takes
            timeout=(connect, send.seconds, send.seconds, connect),
        )


def drive(flow: Flow[T], client: httpx.Client, wire: Wire) -> T:
    """Run a flow to its end. Raises what the flow raises."""
    result: Result = None
    while True:
        try:
            step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        began = wire.now()
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
            result = None
        else:
            result = _attempt(client, step, wire)
        wire.observe(step, result, wire.now() - began)


async def drive_async(flow: Flow[T], client: httpx.AsyncClient, wire: Wire) -> T:
    """The same on an event loop."""
    result: Result = None
    while True:
        try:
            step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        began = wire.now()
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
            result = None
        else:
            result = await _attempt_async(client, step, wire)
        wire.observe(step, result, wire.now() - began)


def _attempt(client: httpx.Client, send: Send, wire: Wire) -> Answer | Failure:
    refused: HighHelpRefusal | None = None
    try:
        from highhelp.deadline import within

        with within(send.seconds):
            response = client.send(wire.request(client, send), auth=wire.auth, stream=True, follow_redirects=False)
            try:
                return _collect(response, wire, response.iter_bytes(), wire.now() + send.seconds)
            finally:
                response.close()
    except SigningError as error:
        refused = _refused(error, send)
    except Exception as error:  # noqa: BLE001  # whatever happens, the caller learns what is known of the money
        return _failure(error)
    raise refused


async def _attempt_async(client: httpx.AsyncClient, send: Send, wire: Wire) -> Answer | Failure:
    refused: HighHelpRefusal | None = None
    try:
        async with asyncio.timeout(send.seconds):
            response = await client.send(
                wire.request(client, send), auth=wire.auth, stream=True, follow_redirects=False
            )
            try:
                size, chunks = 0, []
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    if size > LARGEST_ANSWER:
                        return _TOO_LARGE
                    chunks.append(chunk)
                return _answer(response, chunks, wire)
            finally:
                await response.aclose()
    except SigningError as error:
        refused = _refused(error, send)
    except TimeoutError:
        return _TOO_SLOW
    except Exception as error:  # noqa: BLE001  # whatever happens, the caller learns what is known of the money
        return _failure(error)
    raise refused


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


def _answer(response: Any, chunks: list[bytes], wire: Wire) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, b"".join(chunks), wire.clock())


def _failure(error: Exception) -> Failure:
    names = {kind.__name__ for kind in type(error).__mro__}
    kind = type(error).__name__
    text = masked_text(str(error))[:200] if names & {"ConnectError", "ProxyError"} else ""
    reason = f"{kind}: {text}" if text else kind
    if "HTTPError" not in names and error.__traceback__ is not None:
        # not one of the HTTP library's own: say where, without the text, which may hold anything
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"unexpected {kind} at {Path(place.filename).name}:{place.lineno}"
    return Failure(sent=not names & _NOT_SENT, reason=reason, retryable=not names & _HOPELESS)


def _refused(error: SigningError, send: Send) -> HighHelpRefusal:
    operation, payment_id = send.operation.id, send.payment_id
    if isinstance(error, BodyNotSignable):
        return InvalidRequest([FieldProblem(error.path, str(error))], operation=operation, payment_id=payment_id)
    return NotSent(str(error), operation=operation, payment_id=payment_id, attempts=send.attempt)
