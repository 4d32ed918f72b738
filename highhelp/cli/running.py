"""Run the command line and report usage errors on one line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

import typer

from highhelp.cli.output import ExitCode, UsageProblem, one_line, show, show_error_json
from highhelp.redact import masked_text


def run_command(command: Any, arguments: Sequence[str] | None) -> int:
    """Run a command that typer has built and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # characters outside the console's code page are escaped: printing must not turn a made payment into a failure
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        result = command.main(args=given, prog_name="highhelp", standalone_mode=False)
    except typer.Abort:
        show("highhelp: stopped, nothing was done", err=True)
        return ExitCode.WRONG_USE
    except SystemExit as leaving:
        # shell completion exits this way
        return leaving.code if isinstance(leaving.code, int) else ExitCode.WRONG_USE if leaving.code else ExitCode.OK
    except Exception as error:  # noqa: BLE001 - every error ends with an exit code
        # recognised by its method: the class is not public in every version of typer
        if not hasattr(error, "format_message"):
            show(masked_text("".join(traceback.format_exception(error))), err=True)
            show("highhelp: this is a bug in the package; the command may have done its work", err=True)
            return ExitCode.FAULT
        _show_usage_error(error, as_json="--json" in given)
        return ExitCode.WRONG_USE
    return result if isinstance(result, int) else ExitCode.OK


def _show_usage_error(error: Any, *, as_json: bool) -> None:
    """Print a usage error on one line, with the command that shows the help."""
    context, text = getattr(error, "ctx", None), error.format_message()
    if context is not None and text == context.get_help():  # a group without a command
        show(text, err=True)
        return
    where = getattr(context, "command_path", "highhelp")
    message = f"{where}: {one_line(text).rstrip('.')}; see {where} --help"
    if as_json:
        show_error_json(UsageProblem(message), ExitCode.WRONG_USE)
    else:
        show(message, err=True)
