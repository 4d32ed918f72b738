"""`highhelp explain`: say why the signature of a request or callback does not match."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from highhelp.cli.files import read_bytes
from highhelp.cli.options import AsJson
from highhelp.cli.output import ExitCode, UsageProblem, report_errors, show, show_json
from highhelp.cli.schemes import public_fields
from highhelp_api.contract import HEADERS

if TYPE_CHECKING:
    from highhelp_signing import Explanation, SignatureScheme


@report_errors
def explain(
    body: Annotated[
        str, typer.Option("--body", metavar="FILE", help="The body as it was sent or received, - for standard input.")
    ],
    headers: Annotated[
        str,
        typer.Option("--headers", metavar="FILE", help='Its headers: a JSON object, or lines like "name: value".'),
    ],
    now: Annotated[
        int | None, typer.Option(min=0, help="Unix seconds to judge the timestamp by; now, if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why the signature of a request or callback does not match. Offline; exit code 1 where it does not."""
    from highhelp.cli.key_rings import load_rings
    from highhelp.settings import PROJECT_ID, Source, load_callback_scheme, load_scheme
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
        pairs,  # type: ignore[arg-type]  # pairs are taken too, and keep what is there twice
        expected,
        others=others,
        scheme=scheme if of_request else load_callback_scheme(source),
        project_id=project[0] if project is not None else None,
        clock=time.time if now is None else lambda: now,
    )
    if as_json:
        show_json(
            {
                "matches": explanation.matches,
                "findings": [{"cause": finding.cause, "detail": finding.detail} for finding in explanation.findings],
                "scheme": None if explanation.scheme is None else public_fields(explanation.scheme),
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
    """The headers of a file, each as often as it is there."""
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
    # the hook makes a list of pairs of an object; a list may also be written as pairs
    if not isinstance(value, list) or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in value):
        raise UsageProblem(f"--headers: {path} must hold a JSON object")
    return [(str(name), item) for name, item in value]


def _is_request(pairs: list[tuple[str, Any]]) -> bool:
    """Whether the headers are those of a request to the gateway; a callback has neither token nor project."""
    names = {name.strip().lower() for name, _ in pairs}
    return bool(names & {HEADERS.token, HEADERS.merchant_id})
