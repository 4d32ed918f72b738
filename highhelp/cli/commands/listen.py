"""`highhelp listen`: a callback receiver for development and for small installations."""

from __future__ import annotations

import pkgutil
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from highhelp.cli import output
from highhelp.cli.output import UsageProblem, format_amount, report_errors

if TYPE_CHECKING:
    from collections.abc import Iterator


@report_errors
def listen(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8090,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    process: Annotated[
        bool, typer.Option("--process", help="Handle events too: print each and mark it as done.")
    ] = False,
    handler: Annotated[
        str | None, typer.Option(help="Handle final events with this function, module:name; implies --process.")
    ] = None,
    update_handler: Annotated[
        str | None, typer.Option(help="With --handler: handle the others; else they are printed.")
    ] = None,
) -> None:
    """Receive callbacks into the inbox until Ctrl-C.

    Callbacks are accepted on any path.
    """
    from highhelp import CallbackInbox
    from highhelp.cli.callback_server import CallbackServer, running

    if update_handler is not None and handler is None:
        raise UsageProblem("--update-handler: give --handler for the final events too")
    final = _show if handler is None else load_function(handler, "--handler")
    update = _show if update_handler is None else load_function(update_handler, "--update-handler")
    with CallbackInbox() as inbox:
        inbox.create_schema()
        try:
            server = CallbackServer(inbox, host, port)
        except OSError as error:
            raise UsageProblem(f"--port: {port} cannot be used: {error.strerror}") from None
        with running(server) as url:
            output.show(f"callbacks are received at {url}")
            output.show("Ctrl-C stops it.")
            with stopped_by_signals() as stop:
                if process or handler is not None:
                    inbox.run(final, update, stop=stop, poll=0.5)
                else:
                    stop.wait()
            output.show("stopped")


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Stop after the current event on Ctrl-C or SIGTERM, at once on a second one."""
    stop = threading.Event()

    def ask(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _show(event: Any) -> None:
    amount = format_amount(event.amount, event.currency)
    output.show(f"{event.payment_id}  {event.state}  {'' if amount is None else amount}".rstrip())


def load_function(name: str, option: str) -> Callable[..., Any]:
    """Import a function by its module and name, also from the current directory."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageProblem(f"{option}: {name} cannot be imported: {error}") from None
    finally:
        sys.path.remove(str(Path.cwd()))
    if not callable(found):
        raise UsageProblem(f"{option}: {name!r} is not a function; write it like shop.payments:credit")
    return cast("Callable[..., Any]", found)
