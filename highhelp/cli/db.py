"""`highhelp db`: the tables of the inbox."""

from __future__ import annotations

from typing import Annotated

import typer

from highhelp.cli import output
from highhelp.cli.inbox import output_of_database
from highhelp.cli.output import guarded

app = typer.Typer(no_args_is_help=True, help="The database of callbacks.")


@app.callback()
def common() -> None:
    """The database of callbacks."""


@app.command()
@guarded
def upgrade(as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False) -> None:
    """Bring the tables to the version of this code."""
    from highhelp import CallbackStore

    with output_of_database():
        before, after = CallbackStore.upgrade()
    if as_json:
        output.show_json({"before": before, "after": after})
    else:
        output.show(f"the tables are of version {after}" + (f", before {before}" if before != after else ""))
