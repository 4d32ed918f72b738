"""What can go wrong, told by what is then known about the money.

| error | what is known | may the call be repeated? |
| --- | --- | --- |
| `NotSent`, `InvalidRequest` | nothing left the machine | yes, once the cause is mended |
| `Rejected`, `DuplicatePayment` | the gateway refused for good, nothing was done | not as it is |
| `Unavailable` | nothing was done, or nothing could be (a read) | yes, with the same payment_id |
| `OutcomeUnknown` | it may have happened | no: ask the info operation first |
| `WaitTimeout` | the payment exists, its end was not seen | wait again |
| `PaymentEnded` | the payment is final | it has ended: there is nothing to wait for |
| `SettingsError` | the client could not be made | |

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
        """What every error of a call takes by name, as `CallError` has it."""

        operation: Required[str]
        payment_id: str | None
        attempts: int


class FieldProblem(NamedTuple):
    """What is wrong with one field.

    Attributes:
        path: The field's colon path, such as `payment:amount`; empty for the body as a whole.
        message: What is wrong with it. Never holds the value.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class HighHelpError(Exception):
    """The base of every error of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        # the default calls the class with args, which fails for constructors with keywords
        return _restore, (type(self), self.args, self.__dict__.copy())


def _restore(kind: type[HighHelpError], args: tuple[object, ...], state: dict[str, Any]) -> HighHelpError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


_OURS = frozenset({"highhelp", "highhelp_api", "highhelp_signing"})


class cleared_frames(ContextDecorator):  # noqa: N801 - used like a function
    """Clear our frames of each exception that leaves a `with` block or a function, as their variables hold card data.

    Error trackers send the local variables of each frame of a traceback, of causes and contexts too. Files and lines
    of the frames stay, and so do frames of the caller's own code.
    """

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        errors = [] if error is None else [error]
        for each in errors:  # which grows
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
    """An amount that is no amount: a float, too many decimals, an unknown currency, or two currencies at once."""


class CallError(HighHelpError):
    """A call did not end with an answer that can be used.

    Attributes:
        operation: The operation's id, or the path of a raw request.
        payment_id: The payment it was about, if it was about one.
        attempts: How often it was sent.

    Args:
        message: What happened, in words.
        about: What its subclasses take besides their own: `operation`, `payment_id` and `attempts`, by name.
    """

    def __init__(self, message: str, *, operation: str, payment_id: str | None = None, attempts: int = 0) -> None:
        about = f"{operation} {payment_id}" if payment_id is not None else operation
        super().__init__(f"{about}: {message}")
        self.operation = operation
        self.payment_id = payment_id
        self.attempts = attempts


class NotSent(CallError):
    """Nothing left the machine: the gateway could not be reached, or the request could not be made."""


class InvalidRequest(NotSent):
    """The request breaks the contract, so it was not sent.

    Attributes:
        problems: What is wrong, field by field.
    """

    def __init__(self, problems: Sequence[FieldProblem], **about: Unpack[About]) -> None:
        super().__init__("; ".join(map(str, problems)), **about)
        self.problems = tuple(problems)


class Rejected(CallError):
    """The gateway refused the call, and holds no such payment as far as it says.

    A refusal describes one exchange: something on the way may have delivered the request twice, and info may lag.

    Attributes:
        confirmed: Whether info said "not found" long enough after the attempt. A client cannot wait so long, so it is
            False here; the payout guard confirms refusals later.
        status: HTTP status.
        cause: "malformed" (400), "unauthorized" (401), "forbidden" (403), "not_found" (404), "duplicate" (409) or
            "invalid" (422).
        description: The gateway's words.
        problems: The fields that the gateway names.
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
        existing: The payment that has it, as the info operation reports it (without card data), or None where info
            does not find it.
    """

    existing: PaymentState | None = None


class Unavailable(CallError):
    """No usable answer, and it is safe to repeat the call: it was a read, or the gateway took nothing in (429).

    Attributes:
        status: HTTP status of the last answer, or None if there was none.
        retry_after: Seconds that the gateway asks to wait, if it does.
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
            it said that it holds none, None if it could not be asked.
        existing: With `found`, the payment that it holds, without card data.
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
    """The payment did not come to its end in time, or the wait for it was cancelled.

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
    """The payment ended before it had the payment details that were waited for.

    Attributes:
        last: Its final state (without card data).
    """

    def __init__(self, message: str, *, last: PaymentState | None, **about: Unpack[About]) -> None:
        super().__init__(message, **about)
        self.last = last
