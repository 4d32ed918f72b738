"""The commands."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from highhelp._version import __version__
from highhelp.cli import db, inbox, listen, output, payouts, reconcile
from highhelp.cli.output import guarded
from highhelp.money import Money
from highhelp.outcome import Answer
from highhelp.redact import masked, masked_text
from highhelp_api.contract import FACTS, OPERATIONS, VERSION

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="HighHelp payments from the command line. Settings come from HIGHHELP_... variables or HIGHHELP_HOME.",
)
keys = typer.Typer(no_args_is_help=True, help="Keys.")
app.add_typer(keys, name="keys")
contract_app = typer.Typer(no_args_is_help=True, help="The contract that this package was made from.")
app.add_typer(contract_app, name="contract")
app.add_typer(inbox.app, name="inbox")
app.add_typer(db.app, name="db")
app.command("listen")(listen.listen)
app.add_typer(payouts.app, name="payouts")
app.command("reconcile")(reconcile.reconcile)

Duplicates = Literal["stored", "conflict"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
BodyFile = Annotated[str, typer.Option("--body", help="File with the JSON body, - for standard input.")]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        result = app(args=None if arguments is None else list(arguments), prog_name="highhelp", standalone_mode=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else output.WRONG_USE if leaving.code else output.OK
    return result if isinstance(result, int) else output.OK


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"highhelp {__version__} (contract {VERSION}, Python {sys.version.split()[0]})")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Version of the package and contract.")
    ] = False,
) -> None:
    """Options of every command."""


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


@keys.command("generate")
@guarded
def keys_generate(
    out: Annotated[Path, typer.Option(help="Directory to write; must not hold keys yet.")],
    base_url: Annotated[str, typer.Option(help="Base URL that goes into project.json.")] = "http://127.0.0.1:8080",
    as_json: AsJson = False,
) -> None:
    """Write a home directory with fresh keys, for gateway and client."""
    from highhelp.settings import checked_url
    from highhelp_signing import generate_home

    home = generate_home(out, base_url=checked_url(base_url, "--base-url"))
    if as_json:
        output.show_json({"home": str(home.directory), "project_id": home.project_id, "base_url": home.base_url})
        return
    typer.echo(f"Wrote {home.directory} for project {home.project_id}.")
    typer.echo(f"Use it with: export HIGHHELP_HOME={home.directory}")


@app.command()
@guarded
def balance(as_json: AsJson = False) -> None:
    """Balances of the project."""
    from highhelp.client import HighHelp

    with HighHelp() as client:
        answer = client.service.balance()
    if as_json:
        output.show_json(answer.to_dict())
        return
    rows = [
        (row.currency, _major(row.amount, row.currency), _major(row.locked_amount, row.currency))
        for row in answer.balance
    ]
    output.show_table(["currency", "available", "locked"], rows)


def _major(minor: object, currency: str) -> str:
    if not isinstance(minor, int):
        return ""
    try:
        return f"{Money.from_minor(minor, currency).amount:f}"
    except ValueError:
        return f"{minor} minor units"


@app.command()
@guarded
def call(
    operation: Annotated[
        str, typer.Argument(help="An operationId of the contract, or a path such as /api/v1/balance/info.")
    ],
    body: BodyFile,
    unmasked: Annotated[bool, typer.Option(help="Show card numbers and other sensitive fields too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Call any operation with a body from a file and print the answer."""
    from highhelp.client import HighHelp

    content = output.read_object(body, "--body")
    if not operation.startswith("/") and operation not in OPERATIONS:
        raise output.UsageProblem(f"no operation {operation!r}; known are {', '.join(OPERATIONS)}")
    with HighHelp() as client:
        if operation.startswith("/"):
            answer = client.request(operation, content)
            if not as_json:
                output.show(f"HTTP {answer.status}", err=True)
            output.show(answer.content.decode("utf-8", "replace") if unmasked else shown(answer))
            raise typer.Exit(output.exit_code(operation, answer))
        result: dict[str, Any] = client.call(operation, content, dict)
    output.show_json(result if unmasked else masked(result, OPERATIONS[operation].response))
    if result.get("status") in ("decline", "error"):
        raise typer.Exit(output.REFUSED)


def shown(answer: Answer) -> str:
    """An answer of an unknown form, without what is sensitive by its name or looks like a card number."""
    try:
        return json.dumps(masked(answer.json()), ensure_ascii=False, indent=2)
    except ValueError:
        return masked_text(answer.content.decode("utf-8", "replace"))


@app.command()
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


@app.command()
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


@contract_app.command("provenance")
@guarded
def contract_provenance(
    known: Annotated[
        str | None, typer.Option(help="Only what is known so: documented, integrator, inferred ...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How each operation, schema and property of the contract is known."""
    facts = [fact for fact in FACTS if known is None or fact.provenance == known]
    if not facts:
        words = sorted({fact.provenance for fact in FACTS})
        raise output.UsageProblem(f"--known: nothing is {known!r}; there is {', '.join(words)}")
    if as_json:
        output.show_json(
            [{"part": f.part, "name": f.name, "provenance": f.provenance, "source": f.source} for f in facts]
        )
        return
    output.show_table(["part", "name", "known", "source"], [(f.part, f.name, f.provenance, f.source) for f in facts])
