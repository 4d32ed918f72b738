"""Classify the result of one attempt by the contract's `x-outcome`. Pure: a response in, an outcome out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, NamedTuple, TypeGuard, TypeVar

from highhelp.errors import DuplicatePayment, FieldProblem, Rejected
from highhelp.redact import masked_text
from highhelp_api.contract import Operation

T = TypeVar("T")

OutcomeKind = Literal["accepted", "refused", "duplicate", "not_accepted", "unknown", "not_sent"]

CAUSES: Mapping[int, str] = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "duplicate",
    422: "invalid",
}

RETRY_AFTER_LIMIT = 3600.0
"""Cap for `Retry-After`, in seconds."""


@dataclass(frozen=True, repr=False)
class RawResponse:
    """An HTTP response as it came.

    Attributes:
        status: HTTP status, any number.
        headers: By lower-case name; the values of a repeated header are joined with a comma.
        content: The body's bytes. Not in `repr`: it may hold card data.
        received: When the last byte came, in Unix seconds.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    received: float

    def __repr__(self) -> str:
        return f"<RawResponse HTTP {self.status}, {len(self.content)} bytes>"

    def json(self) -> Any:
        """Return the body as a JSON value. Characters that a database cannot hold become U+FFFD.

        Raises:
            ValueError: If it is not JSON, or nested deeper than any answer.
        """
        try:
            value = _JSON.decode(self.content.decode("utf-8").removeprefix("\ufeff"))
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if self.content.count(b"[") + self.content.count(b"{") > _DEEPEST and _is_deeper(value, _DEEPEST):
            raise ValueError("nested too deeply")
        return _storable(value) if b"\\u" in self.content else value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        nodes = [node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list)]
        level = [child for node in nodes for child in node]
    return any(isinstance(node, dict | list) for node in level)


def _storable(value: Any) -> Any:
    """Replace NUL and lone surrogates, which JSON can write as escapes."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


_DEEPEST = 64
_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


class TransportFailure(NamedTuple):
    """No usable response.

    Attributes:
        sent: Whether anything may have left the machine.
        reason: What happened, without secrets.
        retryable: Whether another attempt may help (it may for an unknown host, but not for a wrong certificate).
    """

    sent: bool
    reason: str
    retryable: bool = True


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The outcome of one attempt.

    Attributes:
        kind: "accepted", "refused", "duplicate", "not_accepted" (may be repeated), "unknown", or "not_sent".
        value: With "accepted", the answer as the contract types it.
        reason: In all other cases, what happened.
        body: With "accepted", the response's JSON object.
        error: The response's JSON object, where it is the contract's error.
        response: The response, where one came.
        retryable: Whether the same call may end differently.
    """

    kind: OutcomeKind
    value: T | None = None
    reason: str = ""
    body: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    response: RawResponse | None = None
    retryable: bool = True

    @property
    def status(self) -> int | None:
        """HTTP status, or None without an answer."""
        return None if self.response is None else self.response.status

    @property
    def is_not_found(self) -> bool:
        """Whether the gateway says, in the contract's words, that there is no such payment."""
        return self.kind == "refused" and self.status == 404


def is_contract_error(body: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a JSON value is the contract's error: its `status` is `error`, and it names no payment.

    Any other error body may come from a router, a firewall or an API gateway, and proves nothing. The form is inferred.
    """
    if not isinstance(body, Mapping) or body.get("status") != "error":
        return False
    return body.get("payment_id") is None and body.get("payment_info") is None


def classify(
    operation: Operation, result: RawResponse | TransportFailure, parse: Callable[[Mapping[str, Any]], T]
) -> Outcome[T]:
    """Classify the result of one attempt. Total: every response has an outcome."""
    if isinstance(result, TransportFailure):
        return Outcome("unknown" if result.sent else "not_sent", reason=result.reason, retryable=result.retryable)
    body, problem = _object(result)
    if 200 <= result.status < 300:
        return _success(result, body, problem, parse)
    meaning = operation.outcomes.get(str(result.status), operation.outcomes["default"])
    error = body if is_contract_error(body) else None
    if meaning == "unknown" or error is None:
        # a refusal in another form may come from an intermediary
        text = f"HTTP {result.status}" if error is not None else f"HTTP {result.status} without the contract's JSON"
        if 300 <= result.status < 400:
            text = f"{text} (a redirect, not followed)"
            return Outcome("unknown", reason=text, response=result, retryable=False)
        return Outcome("unknown", reason=_described(text, error), error=error, response=result)
    reason = _described(f"HTTP {result.status}", error)
    kind: OutcomeKind = "refused" if meaning == "refused" else "duplicate" if meaning == "duplicate" else "not_accepted"
    return Outcome(kind, reason=reason, error=error, response=result, retryable=kind == "not_accepted")


def _success(
    answer: RawResponse, body: Mapping[str, Any] | None, problem: str, parse: Callable[[Mapping[str, Any]], T]
) -> Outcome[T]:
    if body is None:
        return Outcome("unknown", reason=f"HTTP {answer.status}, but {problem}", response=answer)
    if is_contract_error(body) or body.get("status") == "":
        text = f"HTTP {answer.status}, but an error that names no payment"
        return Outcome("unknown", reason=text, response=answer)
    try:
        return Outcome("accepted", value=parse(body), body=body, response=answer)
    except Exception:  # noqa: BLE001  # a caller's own parse may raise anything, and the money has moved by now
        text = f"HTTP {answer.status}, but not the contract's JSON"
        return Outcome("unknown", reason=text, response=answer)


def _object(answer: RawResponse) -> tuple[Mapping[str, Any] | None, str]:
    if not answer.content:
        return None, "an empty body"
    try:
        body = answer.json()
    except ValueError:
        return None, "no JSON in the body"
    return (body, "") if isinstance(body, dict) else (None, "no JSON object in the body")


def _described(text: str, error: Mapping[str, Any] | None) -> str:
    description = _text(error.get("status_description")) if error else None
    return f"{text}: {description}" if description else text


def rejection(outcome: Outcome[T], operation: Operation, payment_id: str | None, attempts: int) -> Rejected:
    """The error of a refused or duplicate call."""
    response, error = outcome.response, outcome.error or {}
    status = response.status if response else 0
    skew = clock_skew(response) if response is not None and status == 401 else None
    kind = DuplicatePayment if outcome.kind == "duplicate" else Rejected
    problems = _field_problems(error.get("errors"))
    parts = [outcome.reason, *map(str, problems)]
    if skew is not None and abs(skew) >= 30:
        parts.append(f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the gateway's")
    return kind(
        "; ".join(parts),
        operation=operation.id,
        payment_id=payment_id,
        attempts=attempts,
        status=status,
        cause=CAUSES.get(status, "refused"),
        description=_text(error.get("status_description")),
        problems=problems,
        request_id=_text(error.get("request_id")),
        clock_skew=skew,
    )


_LONGEST_TEXT = 2000
_MOST_PROBLEMS = 50


def _text(value: object) -> str | None:
    # masked before it is cut: half of a card number would not be recognised
    return masked_text(value[: 2 * _LONGEST_TEXT])[:_LONGEST_TEXT] if isinstance(value, str) else None


def _field_problems(errors: object) -> tuple[FieldProblem, ...]:
    if not isinstance(errors, list):
        return ()
    return tuple(
        FieldProblem(_text(str(item.get("field", ""))) or "", _text(str(item.get("message", ""))) or "")
        for item in errors[:_MOST_PROBLEMS]
        if isinstance(item, dict)
    )


def clock_skew(response: RawResponse) -> float | None:
    """Seconds by which this machine's clock is ahead of the gateway's `Date` header, or None without one."""
    moment = _http_date(response.headers.get("date", ""))
    return None if moment is None else response.received - moment.timestamp()


def retry_after(response: RawResponse) -> float | None:
    """Seconds to wait by `Retry-After` (seconds or a date), or None without a usable one."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        # the length is bounded so that a hostile header costs nothing
        seconds = float(text) if len(text) <= 9 else RETRY_AFTER_LIMIT
    else:
        moment = _http_date(text)
        if moment is None:
            return None
        seconds = moment.timestamp() - response.received
    return min(max(seconds, 0.0), RETRY_AFTER_LIMIT)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
