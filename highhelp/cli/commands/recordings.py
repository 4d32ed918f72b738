"""`highhelp record` and `highhelp drift`: record the gateway's answers and compare them with the contract."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from highhelp.cli import output
from highhelp.cli.files import read_bytes
from highhelp.cli.options import AsJson
from highhelp.cli.output import ExitCode, UsageProblem, report_errors
from highhelp.cli.running import run_command
from highhelp.cli.session import record_answers


@report_errors
def record(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to append to.")],
    callback: Annotated[
        list[Path] | None,
        typer.Option("--callback", metavar="FILE", help="File with a callback's body, to be recorded."),
    ] = None,
) -> None:
    """Run another command and record the gateway's answers.

    For example: `highhelp record --out FILE -- payin info order-1`. Fields that are sensitive, and fields that are not
    in the contract, keep their type and lose their value. Requests are not recorded. The exit code is the command's.
    """
    from highhelp.drift import Recorder

    words = context.args
    if words and Path(words[0]).name == "highhelp":
        words = words[1:]  # as people type it
    if not words and not callback:
        raise UsageProblem("record: no command; write it like: highhelp record --out FILE -- balance")
    bodies = [read_bytes(str(path), "--callback") for path in callback or ()]
    try:
        recorder = Recorder(out)
    except OSError as error:
        raise UsageProblem(f"--out: {out} cannot be written: {error.strerror}") from None
    with recorder:
        for body in bodies:
            recorder.callback(body)
        with record_answers(recorder):
            code = run_command(context.find_root().command, words) if words else ExitCode.OK
    output.show(f"recorded {recorder.count} {'line' if recorder.count == 1 else 'lines'} in {out}", err=True)
    raise typer.Exit(code)


@report_errors
def drift(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A recording, - for standard input.")],
    as_json: AsJson = False,
) -> None:
    """Compare a recording with the contract.

    Each deviation comes with the edit of the contract that describes it. Exit code 1 where there is one.
    """
    from highhelp.drift import compare, read

    try:
        lines = read_bytes(file, "FILE").decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise UsageProblem(f"FILE: {file} is not a recording: it is not text in UTF-8") from None
    seen = list(read(lines, file))
    found = compare(seen)
    if as_json:
        deviations = [asdict(deviation) | {"suggestion": deviation.suggestion} for deviation in found]
        output.show_json({"answers": len(seen), "deviations": deviations})
    elif not found:
        counted = "1 answer or callback" if len(seen) == 1 else f"{len(seen)} answers and callbacks"
        output.show(f"{counted}, all as the contract says.")
    else:
        rows = [(d.kind, d.place, d.count, d.detail) for d in found]
        output.show_table(["kind", "place", "seen", "what"], rows)
        output.show("\nEdits of spec/openapi.yaml that describe this (then scripts/generate):")
        for deviation in found:
            output.show(f"\n# {deviation.kind} {deviation.place} ({', '.join(deviation.operations)})")
            output.show(deviation.suggestion)
    if found:
        raise typer.Exit(ExitCode.REFUSED)
