"""`highhelp mock`: a gateway on this machine until Ctrl-C."""

from __future__ import annotations

import gc
import tempfile
import threading
from pathlib import Path
from typing import Literal

import typer

from highhelp.cli.output import UsageProblem, read_bytes
from highhelp_signing import HomeDirectory, SignatureScheme, generate_home


def run_mock(
    *,
    port: int,
    home: Path | None,
    state: Path | None,
    duplicates: Literal["stored", "conflict"],
    scheme: Path | None,
    deliver_to: list[str],
) -> None:
    """Serve until interrupted. A home directory is made where there is none; one of a state file stays beside it."""
    try:
        from highhelp_mock import MockGateway, StateError
    except ModuleNotFoundError as missing:
        raise UsageProblem(f"the mock gateway needs the extra [mock] ({missing.name} is missing)") from None
    reading = SignatureScheme.from_json(read_bytes(str(scheme), "--scheme")) if scheme is not None else None
    with tempfile.TemporaryDirectory() as temporary:
        if home is None and state is not None:
            home = state.with_name(f"{state.name}.home")  # a state without its keys would be of no use
        directory = home.resolve() if home is not None else Path(temporary) / "home"
        if not HomeDirectory(directory).private_key.exists():
            generate_home(directory, base_url=f"http://127.0.0.1:{port}")
        try:
            gateway = MockGateway(
                directory, scheme=reading, duplicates=duplicates, deliver_to=tuple(deliver_to), state=state
            )
        except StateError as error:
            raise UsageProblem(f"--state: {error}") from None
        try:
            # Every payment is kept, so that a look through all memory for garbage finds none, and no answer goes out
            # meanwhile: a fifth of a second with 16,000 payments. Looks at what is young stay as they are.
            gc.set_threshold(*gc.get_threshold()[:2], 100)
            with gateway.serve(port):
                typer.echo(f"HighHelp mock gateway: {gateway.base_url}")
                typer.echo(f"Dashboard: {gateway.base_url}/")
                typer.echo(f"export HIGHHELP_HOME={directory}")
                typer.echo("Ctrl-C stops it.")
                threading.Event().wait()
        except KeyboardInterrupt:
            typer.echo("stopped")
        except OSError as error:
            raise UsageProblem(f"--port: {port} cannot be used: {error.strerror}") from None
        finally:
            gateway.close()
