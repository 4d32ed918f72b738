"""Print results, and end each command with the exit code of its outcome."""

from __future__ import annotations

import functools
import json
import os
import shlex
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

from highhelp.errors import (
    CallError,
    DuplicatePayment,
    FieldProblem,
    HighHelpError,
    InvalidRequest,
    MoneyError,
    NotSent,
    OutcomeUnknown,
    PaymentEnded,
    Rejected,
    Unavailable,
    WaitTimeout,
)
from highhelp.money import Money
from highhelp_api.contract import OPERATIONS
from highhelp_signing.errors import SigningError

P = ParamSpec("P")
R = TypeVar("R")


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    REFUSED = 1
    """Refused or declined, or a check found something wrong."""
    WRONG_USE = 2
    """Wrong use or settings."""
    UNKNOWN = 3
    """A payment may have happened."""
    NOT_SENT = 4
    UNAVAILABLE = 5
    """Safe to repeat."""
    FAULT = 70
    """A bug in this package."""


# the first match counts; every other error is wrong use
EXIT_CODES: Sequence[tuple[type[Exception], ExitCode]] = (
    (InvalidRequest, ExitCode.WRONG_USE),
    (NotSent, ExitCode.NOT_SENT),
    (Rejected, ExitCode.REFUSED),
    (PaymentEnded, ExitCode.REFUSED),
    (OutcomeUnknown, ExitCode.UNKNOWN),
    (WaitTimeout, ExitCode.UNKNOWN),
    (Unavailable, ExitCode.UNAVAILABLE),
)

_TIMES = ("created_at", "changed_at", "received_at", "signed_at", "busy_until")
"""Fields of stored things in Unix seconds."""

FAILED_STATUSES = ("decline", "error")
"""Payment statuses that end a command with exit code 1."""

EXTRAS: Mapping[str, str] = {
    "rich": "cli",
    **dict.fromkeys(("jinja2", "jsonschema_rs", "pydantic", "uvicorn"), "mock"),
    **dict.fromkeys(("aiosqlite", "alembic", "sqlalchemy"), "callbacks"),
    "psycopg": "postgres",
    "faststream": "publish",
}
"""Which extra brings a package that only some commands need."""


class UsageProblem(HighHelpError):
    """An argument or option cannot be used."""


class Interrupted(HighHelpError):
    """Somebody pressed Ctrl-C."""


def report_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command so that an error ends it with one sentence and an exit code, not with a stack trace."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        as_json = bool(kwargs.get("as_json"))
        try:
            return command(*args, **kwargs)
        except (HighHelpError, SigningError) as error:
            fail(error, exit_code_of(error), as_json=as_json)
        except KeyboardInterrupt:
            text = "interrupted; if a payment was under way its outcome is not known, ask the info operation"
            fail(Interrupted(text), ExitCode.UNKNOWN, as_json=as_json)
        except ModuleNotFoundError as missing:
            extra = EXTRAS.get((missing.name or "").partition(".")[0])
            if extra is None:
                raise
            text = f"this command needs the extra [{extra}]: pip install 'highhelp[{extra}]'"
            fail(UsageProblem(text), ExitCode.WRONG_USE, as_json=as_json)
        except OSError as error:
            # files; connection errors have other types
            text = f"{error.filename or 'file'}: {error.strerror or error}"
            fail(UsageProblem(text), ExitCode.WRONG_USE, as_json=as_json)
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "sqlalchemy":
                raise
            from highhelp.storage.engine import cause

            # the error's text may hold the URL with its password
            text = f"HIGHHELP_DATABASE_URL: the database cannot be used: {cause(error)}"
            fail(UsageProblem(text), ExitCode.WRONG_USE, as_json=as_json)

    return run


def exit_code_of(error: Exception) -> ExitCode:
    """The exit code that an error leads to."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), ExitCode.WRONG_USE)


def _quiet(stream: Any) -> None:
    """Discard the rest of a stream: the interpreter's flush at exit would fail and change the exit code."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def next_step(error: Exception) -> str | None:
    """Return the command to run next after a failed call, if there is one."""
    if isinstance(error, Rejected) and error.cause == "unauthorized":
        return "`highhelp doctor` looks for the cause"
    if isinstance(error, Unavailable) and error.status is None and error.payment_id is None:
        return "`highhelp doctor` shows whether the gateway can be reached"
    operation = OPERATIONS.get(error.operation) if isinstance(error, CallError) else None
    if not isinstance(error, CallError) or error.payment_id is None or operation is None or not operation.direction:
        return None
    if isinstance(error, Rejected) and error.cause == "not_found":
        return "give --product if the payment is of another product"
    if not operation.moves_money and not isinstance(error, WaitTimeout):
        return None
    payment = shlex.quote(error.payment_id)
    return _STEPS.get(type(error), "").format(
        info=f"`highhelp {operation.direction} info {payment} --product {operation.tag}`",
        wait=f"`highhelp {operation.direction} wait {payment} --product {operation.tag}`",
        payment=payment,
    )


_STEPS: Mapping[type[CallError], str] = {
    WaitTimeout: "{wait} waits further",
    OutcomeUnknown: "run {info}: if it is found, it was made; if not, ask again later; never create it under another "
    "payment_id",
    DuplicatePayment: "{info} shows the payment that has this id",
    NotSent: "repeat it with --payment-id {payment}",
    Unavailable: "repeat it with --payment-id {payment}",
}


def fail(error: Exception, code: ExitCode, *, as_json: bool) -> NoReturn:
    """Print an error on standard error, as one line or one JSON document, and exit."""
    step = next_step(error)
    if as_json:
        show_error_json(error, code, step)
    else:
        show(f"highhelp: {one_line(error)}" + (f". Next: {step}" if step else ""), err=True)
    raise typer.Exit(code)


def show_error_json(error: Exception, code: ExitCode, step: str | None = None) -> None:
    """Print an error on standard error as one JSON document.

    Args:
        error: The error.
        code: With which the command ends.
        step: What to do next.
    """
    document: dict[str, Any] = {"error": type(error).__name__, "message": str(error), "exit_code": code}
    if step:
        document["next"] = step
    for name in ("operation", "payment_id", "status", "cause", "found", "retry_after", "setting"):
        if getattr(error, name, None) is not None:
            document[name] = getattr(error, name)
    problems: Iterable[FieldProblem] = getattr(error, "problems", ())
    document["problems"] = [{"field": problem.path, "message": problem.message} for problem in problems]
    show(json.dumps(document, ensure_ascii=not _is_unicode(sys.stderr)), err=True)


def check_choice(option: str, value: str | None, choices: Collection[str]) -> None:
    """Refuse a value that is not one of the choices."""
    if value is not None and value not in choices:
        raise UsageProblem(f"{option}: {value!r} is not one of {', '.join(choices)}")


def one_line(text: object) -> str:
    """Text on one line: what other programs wrote may hold line breaks and control characters."""
    return "".join(char if char.isprintable() else " " for char in str(text)).strip()


def show_json(value: object) -> None:
    """Print a JSON value."""
    show(json.dumps(value, ensure_ascii=not _is_unicode(sys.stdout), indent=2, default=str))


def _is_unicode(stream: Any) -> bool:
    """Whether a stream accepts every character. JSON is written in ASCII to others, which stays valid JSON."""
    return str(getattr(stream, "encoding", None) or "").lower().startswith("utf")


def json_line(value: object) -> str:
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def format_amount(minor: object, currency: object, *, bare: bool = False) -> object:
    """An amount of minor units in major units with its currency; `bare` leaves the currency out."""
    if not isinstance(minor, int) or not isinstance(currency, str):
        return minor
    try:
        amount = Money.from_minor(minor, currency)
    except MoneyError:
        return f"{minor} minor units"
    return str(amount).removesuffix(f" {currency}") if bare else str(amount)


def format_moment(seconds: object) -> object:
    """Unix seconds as date and time in UTC; an impossible time is returned unchanged."""
    if not isinstance(seconds, int | float):
        return seconds
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return seconds


def show(text: str, *, err: bool = False) -> None:
    """Print text. Never raises: a closed or full output must not turn a finished payment into a failure."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        # escaped here, since typer mistakes an ASCII stream for UTF-8
        typer.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)
    except BrokenPipeError:
        _quiet(stream)  # its reader, such as `head`, has seen enough
    except (OSError, ValueError) as error:
        _quiet(stream)
        if not err:
            show(f"highhelp: the output could not be written: {getattr(error, 'strerror', None) or error}", err=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their column names, numbers aligned to the right, fitted to the width of a terminal.

    Elsewhere nothing is cut or wrapped: the output is often another command's input.
    """
    texts = [[("" if cell is None else one_line(cell)) for cell in row] for row in rows]
    widths = [max([len(name), *(len(row[at]) for row in texts)]) for at, name in enumerate(columns)]
    numeric = [_is_numeric([row[at] for row in texts]) for at in range(len(columns))]
    if sys.stdout is not None and sys.stdout.isatty() and _fitted(columns, texts, widths, numeric):
        return
    for row in [list(columns), *texts]:
        cells = [cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(row, widths, numeric, strict=True)]
        show("  ".join(cells).rstrip())


def show_rows(document: object, columns: Sequence[str], rows: Iterable[Sequence[object]], *, as_json: bool) -> None:
    """Print a result as JSON or as a table."""
    if as_json:
        show_json(document)
    else:
        show_table(columns, rows)


def show_result(document: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Print a result as JSON or as one sentence."""
    if as_json:
        show_json(document)
    else:
        show(text)


def show_row(row: Mapping[str, object], *, as_json: bool) -> None:
    """Print one stored thing: as JSON as it is stored, or as a table with amounts and times for people."""
    if as_json:
        show_json(row)
    else:
        show_table(["field", "value"], [(path, value) for path, value in flatten(row) if value is not None])


def flatten(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the fields of an object by path, amounts with their currency and times as dates in UTC."""
    for name, item in value.items():
        path = f"{prefix}{name}"
        if isinstance(item, Mapping):
            yield from flatten(item, f"{path}.")
        elif isinstance(item, list):
            yield path, json_line(item)
        elif name == "amount" and "currency" in value:
            yield path, format_amount(item, value["currency"])
        elif not prefix and name in _TIMES:
            yield path, format_moment(item)
        else:
            yield path, item


def _fitted(
    columns: Sequence[str], texts: Sequence[Sequence[str]], widths: Sequence[int], numeric: Sequence[bool]
) -> bool:
    """Print a table that fits into the terminal; False where it is too narrow for that.

    A number is never broken: half of an amount is another amount.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    least = [width if right else min(width, 6) for width, right in zip(widths, numeric, strict=True)]
    if sum(least) + 2 * len(least) > console.width:
        return False
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in texts:
        table.add_row(*map(Text, row))  # a value is not markup
    console.print(table)
    return True


def _is_numeric(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text]
    return bool(filled) and all(text.replace(".", "", 1).isdigit() for text in filled)
