"""Signatures on the command line: make one, check one, say why one does not match."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson, BodyFile
from highhelp.cli.output import guarded


@guarded
def sign(
    body: BodyFile,
    timestamp: Annotated[int | None, typer.Option(min=0, help="Unix seconds; now, if absent.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the signature's headers for a body, and the stages that lead to them. Sends nothing."""
    from highhelp.settings import Settings, Source
    from highhelp_signing import normalize, parse_body, signature_headers, signing_message

    raw = output.read_bytes(body, "--body")
    # the base URL plays no part in a signature
    settings = Settings.load(base_url="https://not-used.invalid", source=Source.load())
    moment = int(time.time()) if timestamp is None else timestamp
    headers = signature_headers(
        raw, project_id=settings.project_id, signer=settings.signer, timestamp=moment, scheme=settings.scheme
    )
    parsed = parse_body(raw)
    stages = {
        "headers": headers,
        "normalized": normalize(parsed, settings.scheme),
        "message": signing_message(parsed, moment, settings.scheme).decode(),
    }
    if as_json:
        output.show_json(stages)
        return
    typer.echo(f"normalised  {stages['normalized']}")
    typer.echo(f"message     {stages['message']}")
    for name, value in headers.items():
        typer.echo(f"{name}: {value}")


@guarded
def verify(
    body: Annotated[
        str, typer.Option("--body", help="File with the callback's body as received, - for standard input.")
    ],
    headers: Annotated[str, typer.Option("--headers", help="File with the callback's headers as a JSON object.")],
    as_json: AsJson = False,
) -> None:
    """Verify a callback. Prints the event, or why it is refused (exit code 1)."""
    from highhelp.settings import PROJECT_ID, Source, load_callback_keys, load_scheme
    from highhelp_signing import CallbackRejected, CallbackVerifier

    source = Source.load()
    project = source.text(PROJECT_ID, "project_id")
    if project is None:
        raise output.UsageProblem(f"{PROJECT_ID} is not set, nor is there a home directory with a project.json")
    ring, _ = load_callback_keys(source)
    verifier = CallbackVerifier({project[0]: ring}, scheme=load_scheme(source)[0])
    try:
        event = verifier.verify(output.read_bytes(body, "--body"), output.read_object(headers, "--headers"))
    except CallbackRejected as refusal:
        if as_json:
            output.show_json({"valid": False, "reason": str(refusal.reason), "detail": refusal.detail})
        else:
            typer.echo(f"refused: {refusal.reason}: {refusal.detail}", err=True)
        raise typer.Exit(output.REFUSED) from None
    names = (
        "project_id", "payment_id", "request_id", "status", "sub_status", "amount", "currency", "key_id", "signed_at",
    )  # fmt: skip
    told = {name: getattr(event, name) for name in names}
    if as_json:
        output.show_json({"valid": True, **told})
    else:
        output.show_table(["field", "value"], [(name, value) for name, value in told.items() if value is not None])
