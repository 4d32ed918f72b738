"""`highhelp keys`: a home directory with fresh keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson
from highhelp.cli.output import report_errors

app = typer.Typer(no_args_is_help=True, help="Key pairs for gateway and client.")


@app.command("generate")
@report_errors
def keys_generate(
    out: Annotated[Path, typer.Option(help="Directory to write; must not hold keys yet.")],
    base_url: Annotated[str, typer.Option(help="Base URL that goes into project.json.")] = "http://127.0.0.1:8080",
    as_json: AsJson = False,
) -> None:
    """Write a home directory with fresh keys, for gateway and client."""
    from highhelp.settings import checked_url
    from highhelp_signing import generate_home

    try:
        home = generate_home(out, base_url=checked_url(base_url, "--base-url"))
    except OSError as error:
        raise output.UsageProblem(f"--out: {out} cannot be created: {error.strerror}") from None
    output.show_result(
        {"home": str(home.directory), "project_id": home.project_id, "base_url": home.base_url},
        f"Wrote {home.directory} for project {home.project_id}.\nUse it with: export HIGHHELP_HOME={home.directory}",
        as_json=as_json,
    )
