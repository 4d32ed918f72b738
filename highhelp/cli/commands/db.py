"""`highhelp db`: the tables of the inbox."""

from __future__ import annotations

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson
from highhelp.cli.output import report_errors

app = typer.Typer(no_args_is_help=True, help="The database of callbacks.")


@app.callback()
def common() -> None:
    """The database of callbacks."""


@app.command()
@report_errors
def upgrade(as_json: AsJson = False) -> None:
    """Bring the tables to the version of this code."""
    from highhelp import CallbackStore

    before, after = CallbackStore.upgrade()
    text = f"the tables are of version {after}" + (f", before {before}" if before != after else "")
    output.show_result({"before": before, "after": after}, text, as_json=as_json)
