"""`highhelp listen`: a callback receiver for development and for small installations."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from highhelp.cli import output
from highhelp.cli.inbox import output_of_database
from highhelp.cli.output import UsageProblem, guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 30
"""Seconds that a sender may be silent."""


@guarded
def listen(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8090,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    process: Annotated[
        bool, typer.Option("--process", help="Handle events too: print each and mark it as done.")
    ] = False,
    handler: Annotated[
        str | None, typer.Option(help="Handle events with this function, module:name; implies --process.")
    ] = None,
) -> None:
    """Receive callbacks into the inbox on any path, until Ctrl-C."""
    from highhelp import CallbackInbox

    final, update = (named(handler),) * 2 if handler is not None else (_show, _show)
    with output_of_database(), CallbackInbox() as inbox:
        inbox.create_schema()
        try:
            server = make_server(inbox, host, port)
        except OSError as error:
            raise UsageProblem(f"--port: {port} cannot be used: {error.strerror}") from None
        with running(server) as url:
            output.show(f"callbacks are received at {url}")
            output.show("Ctrl-C stops it.")
            sys.stdout.flush()
            with stopped_by_signals() as stop:
                if process or handler is not None:
                    inbox.run(final, update, stop=stop, poll=0.5)
                else:
                    stop.wait()
            output.show("stopped")


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM end the work after the event at hand; a second Ctrl-C at once."""
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
    amount = output.money(event.amount, event.currency)
    output.show(f"{event.payment_id}  {event.state}  {'' if amount is None else amount}".rstrip())
    sys.stdout.flush()


def named(name: str) -> Callable[..., Any]:
    """A function by its module and name."""
    module, colon, attribute = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute) if colon and module and attribute else None
    except (ImportError, AttributeError) as error:
        raise UsageProblem(f"--handler: {name} cannot be imported: {error}") from None
    finally:
        sys.path.remove(str(Path.cwd()))
    if not callable(found):
        raise UsageProblem(f"--handler: {name!r} is no function; write it like shop.payments:credit")
    return cast("Callable[..., Any]", found)


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """Serve in a thread of its own while the block runs; gives the URL."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="highhelp-listen")
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"http://{host!s}:{port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_server(inbox: Any, host: str, port: int) -> ThreadingHTTPServer:
    """A server over an inbox. Raises OSError where the address is taken."""
    from highhelp.inbox.receivers import LARGEST_BODY, content_type

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not (length.isascii() and length.isdigit()):
                self._answer(411, b'{"status":"error","status_description":"content-length is missing"}', close=True)
            elif int(length[:20]) > LARGEST_BODY:
                self._answer(413, b'{"status":"error","status_description":"body too large"}', close=True)
            else:
                self._answer(*inbox.receive(self.rfile.read(int(length)), list(self.headers.items())))

        def _answer(self, status: int, body: bytes, *, close: bool = False) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type(body))
            self.send_header("content-length", str(len(body)))
            if close:  # what was not read must not be taken for the next request
                self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The inbox writes the log."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

    return Server((host, port), Handler)
