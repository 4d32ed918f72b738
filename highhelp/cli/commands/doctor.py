"""`highhelp doctor`: check the setup, or find the signature scheme that the gateway accepts."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson
from highhelp.cli.output import ExitCode, UsageProblem, report_errors
from highhelp.cli.schemes import describe, public_fields
from highhelp.cli.session import connect
from highhelp.settings import ACCESS_TOKEN, Settings, Source

if TYPE_CHECKING:
    from highhelp.calls.outcome import RawResponse
    from highhelp.cli.calibration import Calibrated
    from highhelp_api.contract import Operation
    from highhelp_signing import SignatureScheme


@report_errors
def doctor(
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Find the variant of the signature scheme that the gateway accepts: a few dozen read-only calls at "
            "most, one after the other.",
        ),
    ] = False,
    interval: Annotated[
        float, typer.Option(min=0, max=3600, help="With --calibrate: seconds between two calls.")
    ] = 2.0,
    yes: Annotated[bool, typer.Option("--yes", help="With --calibrate: do not ask before sending.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the settings and the way to the gateway.

    Checks settings, keys, database, clock, TLS and proxy, and makes one signed read-only call.
    """
    if calibrate:
        _calibrate(interval=interval, yes=yes, as_json=as_json)
        return
    from highhelp.cli.setup_checks import check_setup

    checks = []
    for check in check_setup():
        checks.append(check)
        if not as_json:
            output.show(f"{check.state:12} {check.name:16} {output.one_line(check.detail)}".rstrip())
    wrong = [check for check in checks if check.state == "wrong"]
    if as_json:
        shown = [{"name": check.name, "state": check.state, "detail": check.detail} for check in checks]
        output.show_json({"ok": not wrong, "checks": shown})
    if wrong:
        raise typer.Exit(wrong[0].code)


def _calibrate(*, interval: float, yes: bool, as_json: bool) -> None:
    import httpx

    from highhelp.cli.calibration import Stopped, calibrate, max_calls

    settings = Settings.load(source=Source.load())
    signer = settings.signer
    most = max_calls(signer, settings.scheme)
    _ask_permission(settings.base_url, most, interval, yes=yes)
    with httpx.Client(follow_redirects=False) as pool:

        def ask(scheme: SignatureScheme, operation: Operation, body: Mapping[str, Any]) -> RawResponse:
            return connect(scheme=scheme, http_client=pool).request(operation.path, body)

        def pause() -> None:
            time.sleep(interval)

        def show_attempt(number: int, operation: Operation, scheme: SignatureScheme, outcome: str) -> None:
            text = f"{operation.id}: {describe(scheme)}: {output.one_line(outcome)}"
            output.show(f"{number:3}/{most} {text}", err=True)

        try:
            found = calibrate(ask, signer, settings.project_id, settings.scheme, pause=pause, watch=show_attempt)
        except Stopped as stop:
            output.fail(stop, ExitCode[stop.kind.upper()], as_json=as_json)
    _show_scheme(found, as_json=as_json)


def _show_scheme(found: Calibrated, *, as_json: bool) -> None:
    scheme = public_fields(found.scheme)
    if as_json:
        output.show_json({"scheme": scheme, "calls": found.calls, "not_determined": dict(found.open_points)})
        return
    output.show(f"Accepted after {found.calls} calls.", err=True)
    for name, reason in found.open_points.items():
        output.show(f"not determined: {name}: {reason}", err=True)
    if "token" not in scheme:
        output.show(f"the token stays a separate setting: {ACCESS_TOKEN}", err=True)
    line = json.dumps(scheme, ensure_ascii=False, separators=(",", ":"))
    output.show(f"HIGHHELP_SIGNATURE_SCHEME={line}")
    output.show(f"For a shell: export HIGHHELP_SIGNATURE_SCHEME={shlex.quote(line)}", err=True)


def _ask_permission(base_url: str, most: int, interval: float, *, yes: bool) -> None:
    text = f"This sends up to {most} read-only requests to {base_url}, one every {interval:g} s."
    if not yes and not sys.stdin.isatty():
        raise UsageProblem(f"--calibrate: {text} Use --yes where nobody can be asked")
    output.show(text, err=True)
    if not yes:
        typer.confirm("Go on?", abort=True, err=True)
