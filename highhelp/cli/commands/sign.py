"""`highhelp sign`: sign a body and show the stages of its signature."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from highhelp.cli.files import read_bytes
from highhelp.cli.options import AsJson, BodyFile
from highhelp.cli.output import UsageProblem, report_errors, show_json


@report_errors
def sign(
    body: BodyFile,
    timestamp: Annotated[int | None, typer.Option(min=0, help="Unix seconds; now, if absent.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the signature's headers for a body, and the stages that lead to them. Sends nothing."""
    from highhelp.settings import Settings, Source
    from highhelp_signing import BodyNotSignable, normalize, parse_body, signature_headers, signing_message

    raw = read_bytes(body, "--body")
    # the base URL plays no part in a signature
    settings = Settings.load(base_url="https://not-used.invalid", source=Source.load())
    moment = int(time.time()) if timestamp is None else timestamp
    try:
        headers = signature_headers(
            raw, project_id=settings.project_id, signer=settings.signer, timestamp=moment, scheme=settings.scheme
        )
    except BodyNotSignable as error:
        raise UsageProblem(f"--body: {body}: {error}") from None
    parsed = parse_body(raw)
    stages = {
        "headers": headers,
        "normalized": normalize(parsed, settings.scheme),
        "message": signing_message(parsed, moment, settings.scheme).decode(),
    }
    if as_json:
        show_json(stages)
        return
    typer.echo(f"normalised  {stages['normalized']}")
    typer.echo(f"message     {stages['message']}")
    for name, value in headers.items():
        typer.echo(f"{name}: {value}")
