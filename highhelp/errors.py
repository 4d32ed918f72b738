"""Errors, classified by what is known about the money.

| error | what is known | may the call be repeated? |
| --- | --- | --- |
| `NotSent`, `InvalidRequest` | nothing left the machine | yes, once the cause is fixed |
| `Rejected`, `DuplicatePayment` | the gateway refused for good, nothing was done | not as it is |
| `Unavailable` | nothing was done, or the call was a read | yes, with the same payment_id |
| `OutcomeUnknown` | it may have happened | no: ask the info operation first |
| `WaitTimeout` | the payment was not seen to end in time | wait again |
| `PaymentEnded` | the payment is final | there is nothing left to wait for |
| `SettingsError` | the client could not be created | |

All of them survive pickling, and none holds a key, a token, a signature or card data.
"""

from __future__ import annotations

from contextlib import ContextDecorator, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Required, TypedDict, Unpack

    from highhelp_api.client.models import PaymentState

    class About(TypedDict, total=False):
        """Keyword arguments of every `CallError`."""

        operation: Required[str]
        payment_id: str | None
        attempts: int


class FieldProblem(NamedTuple):
    """A problem with one field.

    Attributes:
        path: The field's colon path, such as `payment:amount`; empty for the body as a whole.
        message: The problem. Never holds the value.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class HighHelpError(Exception):
    """The base of every error of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        # the default calls the class with args only, which fails for constructors with keywords
        return _restore, (type(self), self.args, self.__dict__.copy())


def _restore(kind: type[HighHelpError], args: tuple[object, ...], state: dict[str, Any]) -> HighHelpError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


_OURS = frozenset({"highhelp", "highhelp_api", "highhelp_signing"})


class cleared_frames(ContextDecorator):  # noqa: N801 - used like a function
    """Clear our frames of exceptions that leave a `with` block or a function, as local variables may hold card data.

    Error trackers send the local variables of each frame of a traceback, including causes and contexts. Files and
    lines of the frames stay, and so do the frames of the caller's code.
    """

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        errors = [] if error is None else [error]
        for each in errors:  # the list grows
            errors += [other for other in (each.__cause__, each.__context__) if other and other not in errors]
            trace = each.__traceback__
            while trace is not None:
                if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
                    with suppress(RuntimeError):  # this frame, and those above it, are still running
                        trace.tb_frame.clear()
                trace = trace.tb_next


class SettingsError(HighHelpError):
    """A setting is missing or wrong.

    Attributes:
        setting: Its name: an argument, an environment variable or a file of the home directory.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{setting}: {message}")
        self.setting = setting


class MoneyError(HighHelpError, ValueError):
    """Invalid amount: a float, too many decimals, an unknown currency, or two currencies at once."""


class CallError(HighHelpError):
    """A call ended without a usable answer.

    Attributes:
        operation: The operation's id, or the path of a raw request.
        payment_id: The payment concerned, if any.
        attempts: How often it was sent.

    Args:
        message: What happened.
        about: Keyword arguments of subclasses: `operation`, `payment_id` and `attempts`.
    """

    def __init__(self, message: str, *, operation: str, payment_id: str | None = None, attempts: int = 0) -> None:
        about = f"{operation} {payment_id}" if payment_id is not None else operation
        super().__init__(f"{about}: {message}")
        self.operation = operation
        self.payment_id = payment_id
        self.attempts = attempts


class NotSent(CallError):
    """Nothing left the machine: the gateway could not be reached, or the request could not be built."""


class InvalidRequest(NotSent):
    """The request breaks the contract, so it was not sent.

    Attributes:
        problems: The problems, field by field.
    """

    def __init__(self, problems: Sequence[FieldProblem], **about: Unpack[About]) -> None:
        super().__init__("; ".join(map(str, problems)), **about)
        self.problems = tuple(problems)


class Rejected(CallError):
    """The gateway refused the call, and does not report such a payment.

    A refusal describes one exchange: an intermediary may have delivered the request twice, and info may lag.

    Attributes:
        confirmed: Whether info said "not found" long enough after the attempt. A client does not wait that long, so it
            is False here; the payout guard confirms refusals later.
        status: HTTP status.
        cause: "malformed" (400), "unauthorized" (401), "forbidden" (403), "not_found" (404), "duplicate" (409) or
            "invalid" (422).
        description: The gateway's explanation.
        problems: The fields that the gateway objects to.
        request_id: The gateway's id of the call, if it gave one.
        clock_skew: With 401: seconds by which this machine's clock is ahead of the gateway's `Date`, if it sent one.
    """

    confirmed: bool = False

    def __init__(
        self,
        message: str,
        *,
        status: int,
        cause: str,
        description: str | None = None,
        problems: Sequence[FieldProblem] = (),
        request_id: str | None = None,
        clock_skew: float | None = None,
        **about: Unpack[About],
    ) -> None:
        about.setdefault("attempts", 1)
        super().__init__(message, **about)
        self.status = status
        self.cause = cause
        self.description = description
        self.problems = tuple(problems)
        self.request_id = request_id
        self.clock_skew = clock_skew


class DuplicatePayment(Rejected):
    """The payment_id is taken.

    Attributes:
        existing: The payment that has it, as info reports it (without card data), or None if info does not find it.
    """

    existing: PaymentState | None = None


class Unavailable(CallError):
    """No usable answer, but it is safe to repeat the call: it was a read, or the gateway deferred it (429).

    Attributes:
        status: HTTP status of the last answer, or None if there was none.
        retry_after: Seconds that the gateway asks to wait, if given.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None, **about: Unpack[About]
    ) -> None:
        super().__init__(message, **about)
        self.status = status
        self.retry_after = retry_after


class OutcomeUnknown(CallError):
    """A call that moves money may or may not have been carried out. Ask the info operation before anything else.

    Attributes:
        found: True if the gateway holds a payment under this id whose facts differ from those that were sent, False if
            it reported that it holds none, None without a usable answer.
        existing: With `found`, that payment, without card data.
        status: HTTP status of the last answer to the call itself, or None if there was none.
    """

    def __init__(
        self,
        message: str,
        *,
        found: bool | None = None,
        status: int | None = None,
        existing: PaymentState | None = None,
        **about: Unpack[About],
    ) -> None:
        super().__init__(message, **about)
        self.found = found
        self.existing = existing
        self.status = status


class WaitTimeout(CallError):
    """The awaited state was not seen in time, or the wait was cancelled.

    Attributes:
        last: Its last state (without card data), or None if none was seen.
        cancelled: Whether the caller ended the wait.
    """

    def __init__(
        self, message: str, *, last: PaymentState | None, cancelled: bool = False, **about: Unpack[About]
    ) -> None:
        super().__init__(message, **about)
        self.last = last
        self.cancelled = cancelled


class PaymentEnded(CallError):
    """The payment ended before it had payment details.

    Attributes:
        last: Its final state (without card data).
    """

    def __init__(self, message: str, *, last: PaymentState | None, **about: Unpack[About]) -> None:
        super().__init__(message, **about)
        self.last = last
