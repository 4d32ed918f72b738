"""Signatures on the command line: make one, check one, say why one does not match."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson, BodyFile
from highhelp.cli.output import guarded
from highhelp_api.contract import HEADERS

if TYPE_CHECKING:
    from highhelp_signing import Explanation, SignatureScheme


@guarded
def sign(
    body: BodyFile,
    timestamp: Annotated[int | None, typer.Option(min=0, help="Unix seconds; now, if absent.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the signature's headers for a body, and the stages that lead to them. Sends nothing."""
    from highhelp.settings import Settings, Source
    from highhelp_signing import BodyNotSignable, normalize, parse_body, signature_headers, signing_message

    raw = output.read_bytes(body, "--body")
    # the base URL plays no part in a signature
    settings = Settings.load(base_url="https://not-used.invalid", source=Source.load())
    moment = int(time.time()) if timestamp is None else timestamp
    try:
        headers = signature_headers(
            raw, project_id=settings.project_id, signer=settings.signer, timestamp=moment, scheme=settings.scheme
        )
    except BodyNotSignable as error:
        raise output.UsageProblem(f"--body: {body}: {error}") from None
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
    from highhelp.settings import PROJECT_ID, Source, load_callback_keys, load_callback_scheme
    from highhelp_signing import CallbackRejected, CallbackVerifier

    source = Source.load()
    project = source.text(PROJECT_ID, "project_id")
    if project is None:
        raise output.UsageProblem(f"{PROJECT_ID} is not set, nor is there a home directory with a project.json")
    ring, _ = load_callback_keys(source)
    verifier = CallbackVerifier({project[0]: ring}, scheme=load_callback_scheme(source))
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


@guarded
def explain(
    body: Annotated[
        str, typer.Option("--body", metavar="FILE", help="The body as it was sent or received, - for standard input.")
    ],
    headers: Annotated[
        str,
        typer.Option("--headers", metavar="FILE", help='Its headers: a JSON object, or lines like "name: value".'),
    ],
    now: Annotated[
        int | None, typer.Option(min=0, help="Unix seconds to classify the timestamp by; now, if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why the signature of a request or callback does not match. Offline; exit code 1 where it does not."""
    from highhelp.cli.keysets import keys_at_hand
    from highhelp.settings import PROJECT_ID, Source, load_callback_scheme, load_scheme
    from highhelp_signing import explain as explained

    source = Source.load()
    raw = output.read_bytes(body, "--body")
    pairs = _pairs(output.read_bytes(headers, "--headers"), headers)
    of_request = _is_request(pairs)
    expected, others = keys_at_hand(source, of_request=of_request)
    scheme = load_scheme(source)[0]
    project = source.text(PROJECT_ID, "project_id")
    found = explained(
        raw,
        pairs,  # type: ignore[arg-type]  # pairs are taken too, and keep what is there twice
        expected,
        others=others,
        scheme=scheme if of_request else load_callback_scheme(source),
        project_id=project[0] if project is not None else None,
        clock=time.time if now is None else lambda: now,
    )
    if as_json:
        output.show_json(
            {
                "matches": found.matches,
                "findings": [{"cause": finding.cause, "detail": finding.detail} for finding in found.findings],
                "scheme": None if found.scheme is None else shown_scheme(found.scheme),
                "key_id": found.key_id,
                "normalized_sha256": _sha256(found.normalized),
            }
        )
    else:
        _show_explanation(found, scheme)
    if not found.matches:
        raise typer.Exit(output.REFUSED)


def shown_scheme(scheme: SignatureScheme) -> dict[str, Any]:
    """The JSON form of a scheme without a token of its own, which is a credential and set by a variable of its own."""
    fields: dict[str, Any] = json.loads(scheme.to_json())
    return {name: value for name, value in fields.items() if name != "token" or value in TOKEN_FORMS}


TOKEN_FORMS = ("public_key", "public_key_pem", "project_id")


def _show_explanation(found: Explanation, scheme: SignatureScheme) -> None:
    if found.matches:
        output.show(f"The signature matches; made by {found.key_id}.")
    for finding in found.findings:
        output.show(f"{finding.cause}: {finding.detail}")
    if found.scheme is not None and not found.matches and shown_scheme(found.scheme) != shown_scheme(scheme):
        output.show("The signature scheme that matches:")
        output.show(f"HIGHHELP_SIGNATURE_SCHEME={json.dumps(shown_scheme(found.scheme), separators=(',', ':'))}")
    if found.normalized is not None and not found.matches:
        output.show(f"SHA-256 of the normalised string here, to compare: {_sha256(found.normalized)}")


def _sha256(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def _pairs(raw: bytes, path: str) -> list[tuple[str, Any]]:
    """The headers of a file, each as often as it is there."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise output.UsageProblem(f"--headers: {path} is not text in UTF-8") from None
    try:
        value = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        lines = [line.lstrip("<> ").split(":", 1) for line in text.splitlines()]
        pairs = [(line[0], line[1].lstrip(" ")) for line in lines if len(line) == 2]
        if not pairs or text.lstrip().startswith(("{", "[")):
            raise output.UsageProblem(
                f'--headers: {path} is neither a JSON object nor lines like "name: value"'
            ) from None
        return pairs
    # the hook makes a list of pairs of an object; a list may also be written as pairs
    if not isinstance(value, list) or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in value):
        raise output.UsageProblem(f"--headers: {path} must hold a JSON object")
    return [(str(name), item) for name, item in value]


def _is_request(pairs: list[tuple[str, Any]]) -> bool:
    """Whether the headers are those of a request to the gateway; a callback has neither token nor project."""
    names = {name.strip().lower() for name, _ in pairs}
    return bool(names & {HEADERS.token, HEADERS.merchant_id})
