"""`highhelp mock` and `demo`: a gateway on this machine, until Ctrl-C or for one pay-in."""

from __future__ import annotations

import gc
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Literal

import typer

from highhelp.cli.files import read_bytes
from highhelp.cli.output import ExitCode, UsageProblem, report_errors, show


@report_errors
def mock(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    host: Annotated[
        str, typer.Option(help="Address to listen on; only a container needs another than loopback.")
    ] = "127.0.0.1",
    home: Annotated[Path | None, typer.Option(help="Home directory for gateway and client; created if absent.")] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="SQLite file that keeps payments and callbacks over restarts; keys stay in the home."),
    ] = None,
    duplicates: Annotated[
        Literal["conflict", "stored", "invalid", "malformed"],
        typer.Option(help="Answer to a repeated payment_id: 409, the stored payment, 422 or 400."),
    ] = "conflict",
    info_lag: Annotated[float, typer.Option(min=0, help="Seconds until info finds a new payment.")] = 0.0,
    uniqueness_lag: Annotated[
        float, typer.Option(min=0, help="Seconds in which the same payment_id creates another payment.")
    ] = 0.0,
    scheme: Annotated[Path | None, typer.Option(help="JSON file with the variant of the signature scheme.")] = None,
    deliver_to: Annotated[list[str] | None, typer.Option(help="Host besides loopback that may get callbacks.")] = None,
) -> None:
    """Run a mock gateway on this machine until Ctrl-C."""
    from highhelp_mock import MockGateway, StateError
    from highhelp_signing import HomeDirectory, SignatureScheme, generate_home

    reading = SignatureScheme.from_json(read_bytes(str(scheme), "--scheme")) if scheme is not None else None
    with tempfile.TemporaryDirectory() as temporary:
        if home is None and state is not None:
            home = state.with_name(f"{state.name}.home")  # a state is useless without its keys
        directory = home.resolve() if home is not None else Path(temporary) / "home"
        if not HomeDirectory(directory).private_key.exists():
            generate_home(directory, base_url=f"http://127.0.0.1:{port}")
        try:
            gateway = MockGateway(
                directory,
                scheme=reading,
                duplicates=duplicates,
                info_lag=info_lag,
                uniqueness_lag=uniqueness_lag,
                deliver_to=tuple(deliver_to or ()),
                state=state,
            )
        except StateError as error:
            raise UsageProblem(f"--state: {error}") from None
        try:
            # Every payment is kept, so full garbage collections find nothing, and each delays answers by a fifth of a
            # second with 16,000 payments. Those of young objects stay as they are.
            gc.set_threshold(*gc.get_threshold()[:2], 100)
            with gateway.serve(port, host):
                show(f"HighHelp mock gateway: {gateway.base_url}\nDashboard: {gateway.base_url}/")
                show(f"export HIGHHELP_HOME={directory}\nCtrl-C stops it.")
                threading.Event().wait()
        except KeyboardInterrupt:
            show("stopped")
        except OSError as error:
            raise UsageProblem(f"--port: {port} cannot be used on {host}: {error.strerror}") from None
        finally:
            gateway.close()


@report_errors
def demo() -> None:
    """Create a pay-in at an embedded gateway and follow it.

    It is signed like a real one. Nothing else has to run.
    """
    from highhelp.cli.demonstration import run_demo

    raise typer.Exit(ExitCode.OK if run_demo(show) else ExitCode.REFUSED)
