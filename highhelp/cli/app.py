"""The commands, put together. Each room registers with a line below."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from highhelp._version import __version__
from highhelp.cli import db, inbox, listen, output, payouts, query, reconcile, sign
from highhelp.cli.contract import contract
from highhelp.cli.doctor import doctor
from highhelp.cli.keys import keys
from highhelp.cli.output import guarded
from highhelp.cli.pay import flow_app
from highhelp.cli.recording import drift, record
from highhelp.cli.running import run_command
from highhelp_api.contract import VERSION

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="HighHelp payments from the command line. Settings come from HIGHHELP_... variables or HIGHHELP_HOME.",
)

Duplicates = Literal["stored", "conflict"]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(typer.main.get_command(app), arguments)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"highhelp {__version__} (contract {VERSION}, Python {sys.version.split()[0]})")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[  # noqa: ARG001 - its callback does it all
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Version of the package and contract.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell each attempt on standard error, redacted.")
    ] = False,
) -> None:
    """Options of every command."""
    log = logging.getLogger("highhelp")
    if verbose:
        logging.basicConfig(format="%(asctime)s %(message)s")
        log.setLevel(logging.INFO)
    else:
        # without a handler, Python writes warnings to standard error, where the command says it itself
        log.addHandler(logging.NullHandler())


@app.command()
@guarded
def demo() -> None:
    """Send a signed pay-in to an embedded gateway and watch it to its end; nothing else has to run."""
    from highhelp.cli.demo import run_demo

    raise typer.Exit(output.OK if run_demo(typer.echo) else output.REFUSED)


@app.command()
@guarded
def mock(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on the loopback address; 0 takes a free one.")
    ] = 8080,
    home: Annotated[Path | None, typer.Option(help="Home directory for gateway and client; made if absent.")] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="SQLite file that keeps payments and callbacks over restarts; keys stay in the home."),
    ] = None,
    duplicates: Annotated[Duplicates, typer.Option(help="RawResponse to a repeated payment_id.")] = "stored",
    scheme: Annotated[Path | None, typer.Option(help="JSON file with the reading of the signature scheme.")] = None,
    deliver_to: Annotated[list[str] | None, typer.Option(help="Host that callbacks may go to beside loopback.")] = None,
) -> None:
    """Run a mock gateway on this machine until Ctrl-C."""
    from highhelp.cli.mock import run_mock

    run_mock(port=port, home=home, state=state, duplicates=duplicates, scheme=scheme, deliver_to=deliver_to or [])


app.add_typer(keys, name="keys")
for question in (query.balance, query.banks, query.methods):
    app.command()(question)
for flow in ("payin", "payout"):
    app.add_typer(flow_app(flow), name=flow)
for other in (query.call, sign.sign, sign.verify, sign.explain, doctor, drift):
    app.command()(other)
# the words after the options are those of another command
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(record)
app.add_typer(contract, name="contract")
app.command()(listen.listen)
app.add_typer(inbox.app, name="inbox")
app.add_typer(db.app, name="db")
app.add_typer(payouts.app, name="payouts")
app.command()(reconcile.reconcile)
