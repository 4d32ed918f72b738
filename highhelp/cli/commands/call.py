"""`highhelp call`: any operation, with a body from a file."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from highhelp.calls.outcome import RawResponse, classify
from highhelp.cli.files import read_object
from highhelp.cli.options import AsJson, Unmasked
from highhelp.cli.output import FAILED_STATUSES, ExitCode, UsageProblem, report_errors, show, show_json
from highhelp.cli.session import connect
from highhelp.redact import masked, masked_text, masking
from highhelp.validation import find_problems, suggest
from highhelp_api.contract import OPERATIONS


@report_errors
def call(
    operation: Annotated[
        str,
        typer.Argument(
            help="An operationId of the contract, or a path such as /api/v1/balance/info.",
            autocompletion=lambda: list(OPERATIONS),
        ),
    ],
    body: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="The JSON body, - for standard input; {} if absent, where the operation takes that."
        ),
    ] = None,
    unmasked: Unmasked = False,
    as_json: AsJson = False,
) -> None:
    """Call any operation and print its answer.

    The body comes from a file. The answer is JSON whenever the gateway's is, with or without --json.
    """
    if not operation.startswith("/") and operation not in OPERATIONS:
        raise UsageProblem(f"no such operation {operation!r}; {suggest(operation, OPERATIONS)}")
    if body is None and not _takes_empty_body(operation):
        raise UsageProblem(f"--body: {operation} needs one; give a file, or - for standard input")
    content = {} if body is None else read_object(body, "--body")
    with connect() as client, masking(json.dumps(content).encode()):
        if operation.startswith("/"):
            answer = client.request(operation, content)
            if not as_json:
                show(f"HTTP {answer.status}", err=True)
            show(answer.content.decode("utf-8", "replace") if unmasked else _mask_answer(answer))
            raise typer.Exit(_exit_code(operation, answer))
        result: dict[str, Any] = client.call(operation, content, dict)
        show_json(result if unmasked else masked(result, OPERATIONS[operation].response))
    if result.get("status") in FAILED_STATUSES:
        raise typer.Exit(ExitCode.REFUSED)


def _takes_empty_body(operation: str) -> bool:
    """Whether an operation needs nothing but the project's id, which the client fills in."""
    if operation not in OPERATIONS:
        return False
    return not find_problems(OPERATIONS[operation].request, {"general": {"project_id": "p"}})


def _mask_answer(answer: RawResponse) -> str:
    """Mask sensitive names, and text that looks like a card number, in an answer of unknown form."""
    try:
        return json.dumps(masked(answer.json()), ensure_ascii=False, indent=2)
    except ValueError:
        return masked_text(answer.content.decode("utf-8", "replace"))


def _exit_code(path: str, answer: RawResponse) -> ExitCode:
    """Return the exit code of a raw answer by the contract; a path that is not in it may move money."""
    operations = OPERATIONS.values()
    careful = next(operation for operation in operations if operation.moves_money)
    operation = next((operation for operation in operations if operation.path == path), careful)
    verdict = classify(operation, answer, dict)
    if verdict.kind == "accepted":
        return ExitCode.REFUSED if (verdict.value or {}).get("status") in FAILED_STATUSES else ExitCode.OK
    if verdict.kind == "not_accepted" or (verdict.kind == "unknown" and not operation.moves_money):
        return ExitCode.UNAVAILABLE
    return ExitCode.UNKNOWN if verdict.kind == "unknown" else ExitCode.REFUSED
