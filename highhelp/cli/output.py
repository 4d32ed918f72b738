"""What commands print, and the exit code of each outcome."""

from __future__ import annotations

import functools
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

from highhelp.calls.outcome import RawResponse, classify
from highhelp.errors import (
    CallError,
    DuplicatePayment,
    FieldProblem,
    HighHelpError,
    InvalidRequest,
    MoneyError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SettingsError,
    Unavailable,
    WaitTimeout,
)
from highhelp.money import Money
from highhelp_api.contract import OPERATIONS
from highhelp_signing.errors import SigningError

P = ParamSpec("P")
R = TypeVar("R")

OK, REFUSED, WRONG_USE, UNKNOWN, NOT_SENT, UNAVAILABLE = range(6)

# from the most to the least special
EXIT_CODES: Sequence[tuple[type[Exception], int]] = (
    (InvalidRequest, WRONG_USE),
    (NotSent, NOT_SENT),
    (Rejected, REFUSED),
    (OutcomeUnknown, UNKNOWN),
    (WaitTimeout, UNKNOWN),
    (Unavailable, UNAVAILABLE),
    (SettingsError, WRONG_USE),
    (HighHelpError, WRONG_USE),
    (SigningError, WRONG_USE),
)


EXTRAS: Mapping[str, str] = {
    "rich": "cli",
    **dict.fromkeys(("jinja2", "jsonschema_rs", "pydantic", "uvicorn"), "mock"),
    **dict.fromkeys(("aiosqlite", "alembic", "sqlalchemy"), "callbacks"),
    "psycopg": "postgres",
    "faststream": "publish",
}
"""Which extra brings a package that only some commands need."""


class UsageProblem(HighHelpError):
    """The command was given something that it cannot work with."""


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """A command that ends in a plain sentence and an exit code instead of a stack trace."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (HighHelpError, SigningError) as error:
            code = next(code for kind, code in EXIT_CODES if isinstance(error, kind))
            fail(error, code, as_json=bool(kwargs.get("as_json")))
        except KeyboardInterrupt:
            text = "interrupted; if a payment was under way its outcome is not known, ask the info operation"
            fail(UsageProblem(text), UNKNOWN, as_json=bool(kwargs.get("as_json")))
        except ModuleNotFoundError as missing:
            extra = EXTRAS.get((missing.name or "").partition(".")[0])
            if extra is None:
                raise
            text = f"this command needs the extra [{extra}]: pip install 'highhelp[{extra}]'"
            fail(UsageProblem(text), WRONG_USE, as_json=bool(kwargs.get("as_json")))
        except BrokenPipeError:
            # whoever read the output has seen enough; what was done is done
            _quiet_stdout()
            raise typer.Exit(OK) from None
        except OSError as error:
            # files and standard output; what happens on connections has an error of its own
            fail(UsageProblem(f"{error.filename or 'output'}: {error.strerror or error}"), WRONG_USE, as_json=False)

    return run


def exit_code(path: str, answer: RawResponse) -> int:
    """The exit code of a raw answer: what it means by the contract, by the rules of an operation that moves money."""
    operations = OPERATIONS.values()
    # a path that the contract does not know may move money
    careful = next(operation for operation in operations if operation.moves_money)
    operation = next((operation for operation in operations if operation.path == path), careful)
    verdict = classify(operation, answer, dict)
    if verdict.kind == "accepted":
        return REFUSED if (verdict.value or {}).get("status") in ("decline", "error") else OK
    if verdict.kind == "not_accepted" or (verdict.kind == "unknown" and not operation.moves_money):
        return UNAVAILABLE
    return UNKNOWN if verdict.kind == "unknown" else REFUSED


def _quiet_stdout() -> None:
    """Let the interpreter's own flush at exit go nowhere, so that it has nothing to complain about."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def next_step(error: Exception) -> str | None:
    """What to type next, where a call that moves money did not simply end."""
    if isinstance(error, Rejected) and error.cause == "unauthorized":
        return "`highhelp doctor` looks for the cause"
    if not isinstance(error, CallError) or error.payment_id is None:
        return None
    operation = OPERATIONS.get(error.operation)
    if isinstance(error, Rejected) and error.cause == "not_found" and operation is not None and operation.direction:
        return "--product tells whose payment it is, if it is another one's"
    if (
        operation is None
        or operation.direction is None
        or not (operation.moves_money or isinstance(error, WaitTimeout))
    ):
        return None
    payment = shlex.quote(error.payment_id)
    return _STEPS.get(type(error), "").format(
        info=f"`highhelp {operation.direction} info {payment} --product {operation.tag}`",
        wait=f"`highhelp {operation.direction} wait {payment} --product {operation.tag}`",
        payment=payment,
    )


_STEPS: Mapping[type[CallError], str] = {
    WaitTimeout: "{wait} goes on waiting",
    OutcomeUnknown: "run {info}: if it is there, that is the truth; if it is not, ask again later, and never create it "
    "under another payment_id",
    DuplicatePayment: "{info} shows the payment that has this id",
    NotSent: "repeat it with --payment-id {payment}",
    Unavailable: "repeat it with --payment-id {payment}",
}


def fail(error: Exception, code: int, *, as_json: bool) -> NoReturn:
    """Say what went wrong on standard error, in one line or one JSON document, and leave."""
    step = next_step(error)
    if as_json:
        document: dict[str, Any] = {"error": type(error).__name__, "message": str(error), "exit_code": code}
        if step:
            document["next"] = step
        for name in ("operation", "payment_id", "status", "cause", "found", "retry_after", "setting"):
            if getattr(error, name, None) is not None:
                document[name] = getattr(error, name)
        problems: Iterable[FieldProblem] = getattr(error, "problems", ())
        document["problems"] = [{"field": problem.path, "message": problem.message} for problem in problems]
        show(json.dumps(document, ensure_ascii=False), err=True)
    else:
        show(f"highhelp: {one_line(error)}" + (f". Next: {step}" if step else ""), err=True)
    raise typer.Exit(code)


def one_line(text: object) -> str:
    """Text on one line: what other programs wrote may hold line breaks and control characters."""
    return "".join(char if char.isprintable() else " " for char in str(text)).strip()


def show_json(value: object) -> None:
    """Print a JSON value."""
    show(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def json_line(value: object) -> str:
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def money(minor: object, currency: object, *, bare: bool = False) -> object:
    """An amount in minor units as people write it; `bare` leaves the currency out."""
    if not isinstance(minor, int) or not isinstance(currency, str):
        return minor
    try:
        amount = Money.from_minor(minor, currency)
    except MoneyError:
        return f"{minor} minor units"
    return f"{amount.amount:f}" if bare else str(amount)


def show(text: str, *, err: bool = False) -> None:
    """Print text; what has no UTF-8 form is escaped."""
    typer.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"), err=err)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their column names, numbers to the right; on a terminal it fits into its width.

    Elsewhere nothing is cut or wrapped: the output of a command is often another one's input.
    """
    texts = [[("" if cell is None else one_line(cell)) for cell in row] for row in rows]
    widths = [max([len(name), *(len(row[at]) for row in texts)]) for at, name in enumerate(columns)]
    numeric = [_is_numeric([row[at] for row in texts]) for at in range(len(columns))]
    if sys.stdout.isatty() and _fitted(columns, texts, widths, numeric):
        return
    for row in [list(columns), *texts]:
        cells = [cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(row, widths, numeric, strict=True)]
        show("  ".join(cells).rstrip())


def show_row(row: Mapping[str, object], *, as_json: bool) -> None:
    """Print one thing with its fields; a table leaves out those that are not there."""
    if as_json:
        show_json(row)
    else:
        show_table(["field", "value"], [(name, value) for name, value in row.items() if value is not None])


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
        table.add_row(*map(Text, row))  # as it is: a value is no markup
    console.print(table)
    return True


def _is_numeric(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text]
    return bool(filled) and all(text.replace(".", "", 1).isdigit() for text in filled)


def read_bytes(path: str, what: str) -> bytes:
    """The content of a file, or of standard input for `-`."""
    if path == "-":
        if sys.stdin.isatty():
            show(f"{what}: reading from the terminal; Ctrl-D ends it", err=True)
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageProblem(f"{what}: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageProblem(f"{what}: not the name of a file") from None


def read_object(path: str, what: str) -> dict[str, Any]:
    """A JSON object from a file."""
    try:
        value = json.loads(read_bytes(path, what).decode("utf-8"))
    except json.JSONDecodeError as error:
        # its own text names the place and shows nothing of the content
        text = "it begins with a byte order mark" if "BOM" in error.msg else f"{error.msg} at line {error.lineno}"
        raise UsageProblem(f"{what}: {path} is not JSON: {text}") from None
    except (ValueError, RecursionError):
        raise UsageProblem(f"{what}: {path} is not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise UsageProblem(f"{what}: {path} must hold a JSON object")
    return value
