"""`highhelp demo`: one pay-in from request to callback."""

from __future__ import annotations

import typer

from highhelp.cli.output import ExitCode, report_errors


@report_errors
def demo() -> None:
    """Send a signed pay-in to an embedded gateway and watch it to its end; nothing else has to run."""
    from highhelp.cli.demonstration import run_demo

    raise typer.Exit(ExitCode.OK if run_demo(typer.echo) else ExitCode.REFUSED)
