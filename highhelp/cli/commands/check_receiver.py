"""`highhelp check-receiver`: test a callback endpoint, in whatever language it is written."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson
from highhelp.cli.output import ExitCode, UsageProblem, report_errors
from highhelp.settings import HOME, Source
from highhelp_signing.loopback import is_loopback

if TYPE_CHECKING:
    import httpx

    from highhelp.cli.receiver_checks.cases import Cases
    from highhelp.cli.receiver_checks.credits import CountCredits
    from highhelp.cli.receiver_checks.run import Finding

NOT_PRODUCTION = "--yes-this-is-not-production"
_UNCOUNTED = "credits: not checked; --credits or --credits-url says how often a payment was credited"


@report_errors
def check_receiver(
    url: Annotated[str, typer.Argument(help="The endpoint, like http://127.0.0.1:8000/callbacks.")],
    *,
    home: Annotated[
        Path | None, typer.Option(help="Home directory with the keys of both sides; default HIGHHELP_HOME.")
    ] = None,
    algorithm: Annotated[Literal["rsa", "hmac"], typer.Option(help="How the callbacks are signed.")] = "rsa",
    credits_command: Annotated[
        str | None,
        typer.Option("--credits", metavar="COMMAND", help="Prints how often {payment_id} was credited; no shell."),
    ] = None,
    credits_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Answers GET with how often {payment_id} was credited.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, max=600, help="Seconds that a worker may take to credit.")] = 10.0,
    minutes: Annotated[
        float, typer.Option(min=0, max=1440, help="Then send randomly damaged callbacks for this long.")
    ] = 0.0,
    seed: Annotated[int | None, typer.Option(help="With --minutes: repeat the damage of an earlier run.")] = None,
    not_production: Annotated[
        bool, typer.Option(NOT_PRODUCTION, help="Send to an address beyond this machine.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a callback endpoint in any language.

    Sends right, repeated, forged and damaged callbacks. Exit code 1 if an answer is wrong.
    """
    import httpx

    from highhelp.cli.receiver_checks.cases import Cases
    from highhelp.cli.receiver_checks.run import TIMEOUT
    from highhelp_mock import MockGateway

    _check_url(url, not_production=not_production)
    gateway = MockGateway(_home_with_keys(home), callback_algorithm=algorithm)
    with httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
        count = _counter(credits_command, credits_url, client)
        cases = Cases(gateway, secrets.token_hex(4))
        seed = secrets.randbelow(1 << 31) if seed is None else seed
        findings = _check(url, client, cases, count, wait=wait, seconds=60 * minutes, seed=seed)
    wrong = [finding for finding in findings if finding.problem is not None]
    if as_json:
        checks = [{"ok": finding.problem is None} | asdict(finding) for finding in findings]
        output.show_json({"ok": not wrong, "url": url, "credits_checked": count is not None, "checks": checks})
    else:
        _show(findings, counted=count is not None)
    if wrong:
        raise typer.Exit(ExitCode.REFUSED)


def _check(
    url: str,
    client: httpx.Client,
    cases: Cases,
    count: CountCredits | None,
    *,
    wait: float,
    seconds: float,
    seed: int,
) -> list[Finding]:
    from highhelp.cli.receiver_checks.run import Endpoint, check_cases, check_credits, check_damaged

    endpoint = Endpoint(url, client)
    checked = list(check_cases(endpoint, cases))
    if seconds:
        checked += check_damaged(endpoint, cases, seconds, seed=seed)
    if count is None:
        return [finding for _, finding in checked]
    return check_credits(checked, count, wait=wait)


def _show(findings: list[Finding], *, counted: bool) -> None:
    for finding in findings:
        state = "ok" if finding.problem is None else "wrong"
        output.show(f"{state:6} {finding.name:22} {output.one_line(finding.problem or '')}".rstrip())
    if not counted:
        output.show(_UNCOUNTED)
    wrong = sum(finding.problem is not None for finding in findings)
    output.show(f"{len(findings)} checks, {wrong} wrong; every payment_id begins with {_common(findings)}")
    if findings[0].problem is not None and 401 in findings[0].answers:
        output.show("A right callback was refused: does the endpoint use the callback keys of the same home directory?")


def _common(findings: list[Finding]) -> str:
    return "-".join(findings[0].payment_id.split("-")[:2])


def _check_url(url: str, *, not_production: bool) -> None:
    try:
        parts = urlsplit(url)
        host, port_is_valid = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        host, port_is_valid = None, False
    if not host or not port_is_valid or parts.scheme not in ("http", "https"):
        raise UsageProblem(f"{output.one_line(url)} is not a URL; write it like http://127.0.0.1:8000/callbacks")
    if not is_loopback(host) and not not_production:
        raise UsageProblem(
            f"{host} is not this machine: the callbacks are signed like real ones and credit payments there. "
            f"If it is a test system, say {NOT_PRODUCTION}"
        )


def _home_with_keys(home: Path | None) -> Path:
    source = Source.load(home=home)
    if source.files is None:
        raise UsageProblem(
            f"--home: the keys that sign callbacks are missing; set {HOME}, or make them with `highhelp keys generate "
            "--out DIR` and give DIR to the endpoint too"
        )
    if not source.files.gateway_callback_private_key.exists():
        raise UsageProblem(
            f"--home: {source.files.directory} holds no key of the gateway, which signs callbacks; only a home that "
            "`highhelp keys generate` made for tests has it"
        )
    return source.files.directory


def _counter(command: str | None, url: str | None, client: httpx.Client) -> CountCredits | None:
    from highhelp.cli.receiver_checks.credits import credits_by_command, credits_by_url

    if command is not None and url is not None:
        raise UsageProblem("--credits and --credits-url: one of them is enough")
    if command is not None:
        return credits_by_command(command)
    return credits_by_url(url, client) if url is not None else None
