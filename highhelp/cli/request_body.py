"""Build the body of a create request from a file, options and standard input; name the options in refusals."""

from __future__ import annotations

import re
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from highhelp import validation
from highhelp.cli.fields import (
    BLOCKS,
    check_known,
    fields_of,
    node_at,
    parse_assignment,
    parse_value,
    set_at,
    value_at,
)
from highhelp.cli.files import read_object
from highhelp.cli.output import UsageProblem, show
from highhelp.errors import FieldProblem, InvalidRequest, MoneyError
from highhelp.money import Money
from highhelp_api.contract import SENSITIVE_PATHS, Operation

_AMOUNT = re.compile(r"(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?:\s*(?P<currency>[A-Za-z]{3}))?", re.ASCII)
_SENSITIVE = {"pan": "a card number", "secret": "a secret"}


def build_body(operation: Operation, given: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Build the request from the file, then the options, then --set, then prompts for secrets.

    Args:
        operation: The create.
        given: The values of body, amount, currency, assignments.
        options: The values of the contract's options by name, None for one that was not given.
    """
    body = read_object(given["body"], "--body") if given["body"] is not None else {}
    known = fields_of(operation)
    for name, value in options.items():
        if value is None:
            continue
        if name not in known:
            raise UsageProblem(f"--{name}: a {operation.tag} {operation.direction} has no such field")
        if isinstance(value, str):
            check_known(known[name], value)
        set_at(body, known[name].path, value, f"--{name}")
    amount = _parse_amount(given["amount"], given["currency"], body)
    if amount is not None:
        set_at(body, "payment:amount", amount.minor, "--amount")
        set_at(body, "payment:currency", amount.currency, "--currency")
    for text in given["assignments"] or ():
        path, value = parse_assignment(operation.request, text)
        set_at(body, path, parse_value(operation.request, path, _read_value(operation, path, value)), "--set")
    for block in BLOCKS:
        body.setdefault(block, {})  # refusals then name the missing fields, not only their block
    for path in _missing_secrets(operation, body) if sys.stdin.isatty() else ():
        set_at(body, path, parse_value(operation.request, path, _ask(path)), "input")
    return body


def set_payment_id(body: dict[str, Any], option: str | None) -> tuple[str, bool]:
    """Set the payment's id in the body; return it, and whether it was generated here."""
    present = value_at(body, "general:payment_id")
    if option is None and isinstance(present, str):
        return present, False
    payment_id = str(uuid.uuid4()) if option is None else option
    set_at(body, "general:payment_id", payment_id, "--payment-id")
    return payment_id, option is None


def _parse_amount(text: str | None, currency: str | None, body: Mapping[str, Any]) -> Money | None:
    if text is None:
        if currency is not None:
            raise UsageProblem('--currency: goes with --amount, like --amount "100.00 RUB"')
        return None
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise UsageProblem(f'--amount: {text!r} is not an amount; write it like "100.00 RUB", with a point')
    named, in_body = match["currency"], value_at(body, "payment:currency")
    if named and currency and named.upper() != currency.upper():
        raise UsageProblem(f"--amount is in {named.upper()} and --currency is {currency.upper()}")
    code = (named or currency or (in_body if isinstance(in_body, str) else "")).upper()
    if not code:
        raise UsageProblem(f'--amount: {text} of what? Write it like "{text} RUB"')
    if match["number"].startswith("-"):
        raise UsageProblem("--amount: must be above 0")
    try:
        amount = Money(match["number"], code)
    except MoneyError as error:
        raise UsageProblem(f"--amount {match['number']} {code}: {error}") from None
    if not amount.amount:
        raise UsageProblem("--amount: must be above 0")
    return amount


def _read_value(operation: Operation, path: str, value: str) -> str:
    """Return the value of a --set, read from standard input for `-`; warn about a secret on the command line."""
    if value == "-":
        return _ask(path)
    kind = SENSITIVE_PATHS[operation.request].get(path)
    if kind in _SENSITIVE:
        dotted = path.replace(":", ".")
        text = (
            f"warning: {dotted} is {_SENSITIVE[kind]}; on a command line others can read it, and the shell's history "
            f"keeps it. Use --set {dotted}=- or --body"
        )
        show(text, err=True)
    return value


def _ask(path: str) -> str:
    """Ask for a secret value on a terminal without echo, else read a line of standard input."""
    name = path.replace(":", ".")
    if sys.stdin.isatty():
        text: str = typer.prompt(name, hide_input=True, err=True)
        return text.strip()
    line = sys.stdin.readline().strip()
    if not line:
        raise UsageProblem(f"--set {name}=-: standard input has no line for it")
    return line


def _missing_secrets(operation: Operation, body: Mapping[str, Any]) -> list[str]:
    """Sensitive fields that the contract requires and the body lacks, by colon path."""
    sensitive = SENSITIVE_PATHS[operation.request]
    problems = _expand_missing_blocks(operation, body, validation.find_problems(operation.request, body))
    return [problem.path for problem in problems if problem.path in sensitive and value_at(body, problem.path) is None]


def name_options(operation: Operation, body: Mapping[str, Any], error: InvalidRequest) -> InvalidRequest:
    """Add to a refusal the options of its fields, and for a missing block the fields that it needs."""
    problems = [
        FieldProblem(problem.path, f"{problem.message}{_hint(operation, problem)}")
        for problem in _expand_missing_blocks(operation, body, error.problems)
    ]
    return InvalidRequest(problems, operation=error.operation, payment_id=error.payment_id)


def _hint(operation: Operation, problem: FieldProblem) -> str:
    """Say how to give the field of a problem, with its known values where it is missing."""
    path, dotted = problem.path, problem.path.replace(":", ".")
    fields = {field.path: (f"--{name}", field.known) for name, field in fields_of(operation).items()}
    fields |= {
        "payment:amount": ("--amount", ()),
        "payment:currency": ("--amount", ()),
        "general:payment_id": ("--payment-id", ()),
    }
    if path in fields:
        option, known = fields[path]
        return f" ({option})" + (f"; known are {', '.join(known)}" if known and problem.message == "is missing" else "")
    if ":" in path:
        return f" (--set {dotted}={'-' if SENSITIVE_PATHS[operation.request].get(path) in _SENSITIVE else '...'})"
    if path in ("", *BLOCKS):
        return ""
    needed = node_at(operation.request, path).get("required") or ["FIELD"]
    return f" ({', '.join(f'--set {path}.{name}=...' for name in needed)} or --body)"


def _expand_missing_blocks(
    operation: Operation, body: Mapping[str, Any], problems: Sequence[FieldProblem]
) -> Iterator[FieldProblem]:
    """Replace the problem of a missing block by those of its fields."""
    for problem in problems:
        deeper: list[FieldProblem] = []
        if problem.message == "is missing" and ":" not in problem.path and problem.path not in body:
            trial = validation.find_problems(operation.request, {**body, problem.path: {}})
            deeper = [found for found in trial if found.path.startswith(f"{problem.path}:")]
        yield from deeper or [problem]
