"""The commands, put together. Each room registers with a line below."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from highhelp._version import __version__
from highhelp.cli import db, inbox, listen, output, payouts, query, reconcile, sign
from highhelp.cli.contract import contract
from highhelp.cli.doctor import doctor
from highhelp.cli.keys import keys
from highhelp.cli.output import guarded
from highhelp.cli.pay import flow_app
from highhelp.cli.recording import drift, record
from highhelp_api.contract import VERSION

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="HighHelp payments from the command line. Settings come from HIGHHELP_... variables or HIGHHELP_HOME.",
)

Duplicates = Literal["stored", "conflict"]

# what is wrong with the words of a command; typer does not export the base of these
_WrongUse = cast("type[Exception]", typer.BadParameter.__mro__[2])


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        result = app(args=None if arguments is None else list(arguments), prog_name="highhelp", standalone_mode=False)
    except typer.Abort:
        output.show("highhelp: stopped, nothing was done", err=True)
        return output.WRONG_USE
    except _WrongUse as problem:
        return _wrong_use(problem)
    except SystemExit as leaving:
        # the shell's completion leaves so
        return leaving.code if isinstance(leaving.code, int) else output.WRONG_USE if leaving.code else output.OK
    return result if isinstance(result, int) else output.OK


def _wrong_use(problem: Exception) -> int:
    """Say in one line what was wrong with a command's words, and where its help is."""
    context = getattr(problem, "ctx", None)
    where = getattr(context, "command_path", "highhelp")
    if type(problem).__name__ == "NoArgsIsHelpError":
        output.show(context.get_help() if context is not None else "", err=True)
    else:
        text = output.one_line(problem.format_message()).rstrip(".")  # type: ignore[attr-defined]  # see _WrongUse
        for technical, plain in (("valid int range", "integer"), ("valid int", "integer"), ("valid float", "number")):
            text = text.replace(f"is not a {technical}", f"is not {'an' if plain[0] == 'i' else 'a'} {plain}")
        output.show(f"{where}: {text}; see {where} --help", err=True)
    return output.WRONG_USE


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
    duplicates: Annotated[Duplicates, typer.Option(help="Answer to a repeated payment_id.")] = "stored",
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
