"""`highhelp sign`, `verify` and `explain`: signatures of requests and callbacks, offline."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from highhelp.cli.files import read_bytes, read_object
from highhelp.cli.options import AsJson, BodyFile, Unmasked
from highhelp.cli.output import ExitCode, UsageProblem, report_errors, show, show_json, show_row
from highhelp.cli.schemes import public_fields
from highhelp.redact import MASK, masked
from highhelp.settings import PROJECT_ID, Settings, Source, load_callback_keys, load_callback_scheme, load_scheme
from highhelp_api.contract import HEADERS
from highhelp_signing import BodyNotSignable, normalize, parse_body, signature_headers, signing_message

if TYPE_CHECKING:
    from highhelp_signing import Explanation, SignatureScheme

ExactBody = Annotated[
    str, typer.Option("--body", metavar="FILE", help="The body as it was sent or received, - for standard input.")
]

_EVENT_FIELDS = (
    "project_id", "payment_id", "request_id", "status", "sub_status", "amount", "currency", "key_id", "signed_at",
)  # fmt: skip


@report_errors
def sign(
    body: BodyFile,
    timestamp: Annotated[int | None, typer.Option(min=0, help="Unix seconds; now, if absent.")] = None,
    unmasked: Unmasked = False,
    as_json: AsJson = False,
) -> None:
    """Print the signature headers for a body.

    The normalised string and the message that is signed are printed too. Sends nothing.
    """
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
    normalized = normalize(parsed, settings.scheme)
    message = signing_message(parsed, moment, settings.scheme).decode()
    if not unmasked:
        shown = normalize(masked(parsed), settings.scheme)
        # the message encodes the string, so it is hidden where the string holds something sensitive
        normalized, message = shown, message if shown == normalized else MASK
    if as_json:
        show_json({"headers": headers, "normalized": normalized, "message": message})
        return
    show(f"normalised  {normalized}\nmessage     {message}")
    for name, value in headers.items():
        show(f"{name}: {value}")


@report_errors
def verify(
    body: ExactBody,
    headers: Annotated[str, typer.Option("--headers", help="File with the callback's headers as a JSON object.")],
    as_json: AsJson = False,
) -> None:
    """Verify a callback.

    Prints the event, or why it is refused (exit code 1).
    """
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
            show(f"refused: {refusal.reason}: {refusal.detail}", err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
    fields = {name: getattr(event, name) for name in _EVENT_FIELDS}
    show_row({"valid": True, **fields} if as_json else fields, as_json=as_json)


@report_errors
def explain(
    body: ExactBody,
    headers: Annotated[
        str,
        typer.Option("--headers", metavar="FILE", help='Its headers: a JSON object, or lines like "name: value".'),
    ],
    now: Annotated[
        int | None, typer.Option(min=0, help="Unix seconds to judge the timestamp by; now, if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a signature does not match.

    For requests and callbacks, offline. Exit code 1 where it does not match.
    """
    from highhelp.cli.key_rings import load_rings
    from highhelp_signing import explain as find_causes

    source = Source.load()
    raw = read_bytes(body, "--body")
    pairs = _parse_headers(read_bytes(headers, "--headers"), headers)
    of_request = _is_request(pairs)
    expected, others = load_rings(source, of_request=of_request)
    scheme = load_scheme(source)[0]
    project = source.text(PROJECT_ID, "project_id")
    explanation = find_causes(
        raw,
        pairs,
        expected,
        others=others,
        scheme=scheme if of_request else load_callback_scheme(source),
        project_id=project[0] if project is not None else None,
        clock=time.time if now is None else lambda: now,
    )
    if as_json:
        findings = [{"cause": finding.cause, "detail": finding.detail} for finding in explanation.findings]
        found = explanation.scheme
        show_json(
            {
                "matches": explanation.matches,
                "findings": findings,
                "scheme": None if found is None else public_fields(found),
                "key_id": explanation.key_id,
                "normalized_sha256": _sha256(explanation.normalized),
            }
        )
    else:
        _show_explanation(explanation, scheme)
    if not explanation.matches:
        raise typer.Exit(ExitCode.REFUSED)


def _show_explanation(explanation: Explanation, scheme: SignatureScheme) -> None:
    if explanation.matches:
        show(f"The signature matches; made by {explanation.key_id}.")
    for finding in explanation.findings:
        show(f"{finding.cause}: {finding.detail}")
    found = explanation.scheme
    if found is not None and not explanation.matches and public_fields(found) != public_fields(scheme):
        show("The signature scheme that matches:")
        show(f"HIGHHELP_SIGNATURE_SCHEME={json.dumps(public_fields(found), separators=(',', ':'))}")
    if explanation.normalized is not None and not explanation.matches:
        show(f"SHA-256 of the normalised string here, to compare: {_sha256(explanation.normalized)}")


def _sha256(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def _parse_headers(raw: bytes, path: str) -> list[tuple[str, Any]]:
    """Parse the headers of a file; one that stands twice is returned twice."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageProblem(f"--headers: {path} is not text in UTF-8") from None
    try:
        value = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        lines = [line.lstrip("<> ").split(":", 1) for line in text.splitlines()]
        pairs = [(line[0], line[1].lstrip(" ")) for line in lines if len(line) == 2]
        if not pairs or text.lstrip().startswith(("{", "[")):
            raise UsageProblem(f'--headers: {path} is neither a JSON object nor lines like "name: value"') from None
        return pairs
    # the hook turns an object into a list of pairs; a list may also be written as pairs
    if not isinstance(value, list) or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in value):
        raise UsageProblem(f"--headers: {path} must hold a JSON object")
    return [(str(name), item) for name, item in value]


def _is_request(pairs: list[tuple[str, Any]]) -> bool:
    """Whether the headers are those of a request to the gateway; a callback has neither token nor project."""
    names = {name.strip().lower() for name, _ in pairs}
    return bool(names & {HEADERS.token, HEADERS.merchant_id})
