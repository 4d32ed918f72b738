"""Assemble the commands."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from highhelp._version import __version__
from highhelp.cli.commands import contract, inbox, keys, payouts
from highhelp.cli.commands.call import call
from highhelp.cli.commands.check_receiver import check_receiver
from highhelp.cli.commands.doctor import doctor
from highhelp.cli.commands.listen import listen
from highhelp.cli.commands.mock import demo, mock
from highhelp.cli.commands.payments import direction_app
from highhelp.cli.commands.queries import balance, banks, methods
from highhelp.cli.commands.reconcile import reconcile
from highhelp.cli.commands.recordings import drift, record
from highhelp.cli.commands.signatures import explain, sign, verify
from highhelp.cli.running import run_command
from highhelp_api.contract import VERSION

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="HighHelp payments from the command line. Settings come from HIGHHELP_... variables or HIGHHELP_HOME.",
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(typer.main.get_command(app), arguments)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"highhelp {__version__} (contract {VERSION}, Python {sys.version.split()[0]})")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Version of the package and contract.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log each attempt to standard error, redacted.")
    ] = False,
) -> None:
    """Options of every command."""
    log = logging.getLogger("highhelp")
    if verbose:
        logging.basicConfig(format="%(asctime)s %(message)s")
        log.setLevel(logging.INFO)
    else:
        # without a handler Python prints warnings on standard error, where the command reports errors itself
        log.addHandler(logging.NullHandler())


app.command()(demo)
app.command()(mock)
for query in (balance, banks, methods):
    app.command()(query)
app.add_typer(keys.app, name="keys")
for direction in ("payin", "payout"):
    app.add_typer(direction_app(direction), name=direction)
for other in (call, sign, verify, explain, doctor, drift):
    app.command()(other)
# the arguments after the options are another command
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(record)
app.add_typer(contract.app, name="contract")
app.command()(listen)
app.command()(check_receiver)
app.add_typer(inbox.app, name="inbox")
app.add_typer(inbox.database_app, name="db")
app.add_typer(payouts.app, name="payouts")
app.command()(reconcile)
