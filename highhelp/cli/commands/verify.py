"""`highhelp verify`: verify a stored callback."""

from __future__ import annotations

from typing import Annotated

import typer

from highhelp.cli.files import read_bytes, read_object
from highhelp.cli.options import AsJson
from highhelp.cli.output import ExitCode, UsageProblem, report_errors, show_json, show_row


@report_errors
def verify(
    body: Annotated[
        str, typer.Option("--body", help="File with the callback's body as received, - for standard input.")
    ],
    headers: Annotated[str, typer.Option("--headers", help="File with the callback's headers as a JSON object.")],
    as_json: AsJson = False,
) -> None:
    """Verify a callback. Prints the event, or why it is refused (exit code 1)."""
    from highhelp.settings import PROJECT_ID, Source, load_callback_keys, load_callback_scheme
    from highhelp_signing import CallbackRejected, CallbackVerifier

    source = Source.load()
    project = source.text(PROJECT_ID, "project_id")
    if project is None:
        raise UsageProblem(f"{PROJECT_ID} is not set, nor is there a home directory with a project.json")
    ring, _ = load_callback_keys(source)
    verifier = CallbackVerifier({project[0]: ring}, scheme=load_callback_scheme(source))
    try:
        event = verifier.verify(read_bytes(body, "--body"), read_object(headers, "--headers"))
    except CallbackRejected as refusal:
        if as_json:
            show_json({"valid": False, "reason": str(refusal.reason), "detail": refusal.detail})
        else:
            typer.echo(f"refused: {refusal.reason}: {refusal.detail}", err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
    names = (
        "project_id", "payment_id", "request_id", "status", "sub_status", "amount", "currency", "key_id", "signed_at",
    )  # fmt: skip
    fields = {name: getattr(event, name) for name in names}
    if as_json:
        show_json({"valid": True, **fields})
    else:
        show_row(fields, as_json=False)
