"""`highhelp doctor`: is everything in place for a signed call, and if not, what is it that is missing."""

from __future__ import annotations

import difflib
import json
import os
import shlex
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from highhelp.calls.outcome import RawResponse, clock_skew
from highhelp.cli import output
from highhelp.cli.keysets import public_ring
from highhelp.cli.options import AsJson
from highhelp.cli.output import UsageProblem, guarded
from highhelp.cli.session import connected
from highhelp.cli.sign import shown_scheme
from highhelp.errors import NotSent, Rejected, SettingsError, Unavailable
from highhelp.settings import (
    ACCESS_TOKEN,
    BASE_URL,
    HOME,
    PROJECT_ID,
    VARIABLES,
    Source,
    checked_url,
    load_callback_keys,
    load_scheme,
    load_signer,
)
from highhelp.transport.config import check_proxy_url, environment_proxy
from highhelp_signing import HmacSigner, KeyRing, SignatureScheme, Signer
from highhelp_signing.errors import SigningError
from highhelp_signing.keyfiles import GOOD_HMAC_LENGTH
from highhelp_signing.keys import HmacVerificationKey
from highhelp_signing.normalize import TOLERANCE

if TYPE_CHECKING:
    from highhelp.cli.calibrate import Tried
    from highhelp_api.contract import Operation

State = Literal["ok", "warning", "wrong", "not checked"]
CLOCK_TOLERANCE = 30.0
"""Seconds of difference that are worth a word; what the gateway tolerates is not documented."""
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        name: What was looked at.
        state: How it is.
        detail: What was found, or what to do. Never holds a key or a token.
        code: Exit code that it leads to, where it is wrong.
    """

    name: str
    state: State
    detail: str
    code: int = output.WRONG_USE


@guarded
def doctor(
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Find the reading of the signature scheme that the gateway accepts: a few dozen read-only calls at "
            "most, one after the other.",
        ),
    ] = False,
    interval: Annotated[
        float, typer.Option(min=0, max=3600, help="With --calibrate: seconds between two calls.")
    ] = 2.0,
    yes: Annotated[bool, typer.Option("--yes", help="With --calibrate: do not ask before sending.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, keys, clock, TLS, proxy and reachability, and make one signed read-only call."""
    if calibrate:
        _calibrate(interval=interval, yes=yes, as_json=as_json)
        return
    checks = []
    for check in examine():
        checks.append(check)
        if not as_json:
            output.show(f"{check.state:12} {check.name:16} {output.one_line(check.detail)}".rstrip())
    wrong = [check for check in checks if check.state == "wrong"]
    if as_json:
        output.show_json(
            {
                "ok": not wrong,
                "checks": [{"name": c.name, "state": c.state, "detail": c.detail} for c in checks],
            }
        )
    if wrong:
        raise typer.Exit(wrong[0].code)


# --- the checks ----------------------------------------------------------------------------------------------------


def examine() -> Iterator[Check]:
    """Every check, in an order in which each builds on those before it."""
    yield from _variables()
    try:
        source = Source.load()
    except SettingsError as error:
        yield Check("home", "wrong", str(error))
        return
    where = f"{source.home}" if source.home is not None else f"none; {HOME} would name one"
    yield Check("home", "ok" if source.home is not None else "warning", where)
    url, base_url = _setting("base URL", source, BASE_URL, "base_url", checked_url)
    project, project_id = _setting("project", source, PROJECT_ID, "project_id", lambda text, _: text)
    yield url
    yield project
    key, signer = _key(source)
    yield key
    scheme, reading = _scheme(source)
    yield scheme
    if signer is not None:
        yield from _pair(source, signer)
    yield from _callback_keys(source, signer)
    if base_url is None:
        return
    way, through_proxy = _proxy(base_url)
    yield way
    reached = True
    if not through_proxy:
        for check in _reach(base_url):
            reached = reached and check.state != "wrong"
            yield check
    if project_id is None or signer is None or reading is None or not reached:
        yield Check("signed call", "not checked", "what is wrong above has to be mended first")
        return
    yield from _signed_call()


def _variables() -> Iterator[Check]:
    """Names that look like ours and are none: a setting with a typing error is a setting that is not set."""
    for name in sorted(os.environ):
        if name.startswith("HIGHHELP") and name not in VARIABLES and not name.startswith("HIGHHELP_DATABASE"):
            close = difflib.get_close_matches(name, VARIABLES, 1, cutoff=0.85)
            if close:
                yield Check("environment", "warning", f"{name} is not read; is {close[0]} meant?")


def _setting(
    what: str, source: Source, variable: str, key: str, check: Callable[[str, str], str]
) -> tuple[Check, str | None]:
    found = source.text(variable, key)
    if found is None:
        return Check(what, "wrong", f"{variable} is not set, nor is there a project.json with {key}"), None
    try:
        value = check(*found)
    except SettingsError as error:
        return Check(what, "wrong", str(error)), None
    return Check(what, "ok", f"{value} (from {found[1]})"), value


def _key(source: Source) -> tuple[Check, Signer | None]:
    try:
        signer, where = load_signer(source)
    except SettingsError as error:
        return Check("key", "wrong", str(error)), None
    ring = public_ring(signer)
    name = f"RSA {ring.key_ids[0]}" if ring is not None else signer.algorithm.upper()
    # the place is a file, or a variable that may hold a path
    exposed = _exposed(Path(where)) or _exposed(Path(source.environ.get(where, "")))
    if isinstance(signer, HmacSigner) and signer.is_short:
        exposed = f"{exposed}; {_SHORT}" if exposed else _SHORT
    if exposed:
        return Check("key", "warning", f"{name} (from {where}); {exposed}"), signer
    return Check("key", "ok", f"{name} (from {where})"), signer


_SHORT = f"the HMAC key has fewer than {GOOD_HMAC_LENGTH} characters; is it the whole key?"


def _exposed(path: Path) -> str:
    """What is wrong with the rights of a private file, "" where nothing is."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    if os.name == "posix" and stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"others may read it: chmod 600 {shlex.quote(str(path))}"
    return ""


def _scheme(source: Source) -> tuple[Check, SignatureScheme | None]:
    try:
        scheme, where = load_scheme(source)
    except SettingsError as error:
        return Check("scheme", "wrong", str(error)), None
    from highhelp.cli.calibrate import told

    points = ", ".join(told(scheme)) or "the default reading"
    token = source.text(ACCESS_TOKEN)
    also = f"; token from {token[1]}" if token is not None else ""
    return Check("scheme", "ok", f"{points} (from {where}){also}"), scheme


def _pair(source: Source, signer: Signer) -> Iterator[Check]:
    public, ring = source.file(lambda home: home.public_key), public_ring(signer)
    if public is None or ring is None:
        return
    try:
        theirs = KeyRing.from_pem(public)
    except SigningError as error:
        yield Check("key pair", "wrong", str(error))
        return
    if set(theirs.key_ids) & set(ring.key_ids):
        yield Check("key pair", "ok", f"{public} belongs to it")
    else:
        detail = f"{public} is {theirs.key_ids[0]}: private and public key are of different pairs"
        yield Check("key pair", "wrong", detail)


def _callback_keys(source: Source, signer: Signer | None) -> Iterator[Check]:
    try:
        ring, where = load_callback_keys(source)
    except SettingsError as error:
        missing = "is not set" in str(error)
        yield Check("callback keys", "warning" if missing else "wrong", f"{error}")
        return
    own = public_ring(signer) if signer is not None else None
    if own is not None and set(own.key_ids) & set(ring.key_ids):
        detail = f"{where} is the project's own key; the gateway signs callbacks with another one"
        yield Check("callback keys", "wrong", detail)
        return
    detail = f"{', '.join(ring.key_ids)} (from {where})"
    hmac_keys = [key for key in ring if isinstance(key, HmacVerificationKey)]
    if 0 < len(hmac_keys) < len(ring):
        detail += "; keys of both kinds, a callback signed with either is accepted"
    if any(key.is_short for key in hmac_keys):
        yield Check("callback keys", "warning", f"{detail}; {_SHORT}")
    else:
        yield Check("callback keys", "ok", detail)


def _proxy(base_url: str) -> tuple[Check, bool]:
    if urlsplit(base_url).scheme == "http":
        return Check("proxy", "ok", "none; plain http never goes through one"), False
    chosen = environment_proxy(base_url)
    if chosen is None:
        return Check("proxy", "ok", "none"), False
    variable, url = chosen
    try:
        check_proxy_url(variable, url)
    except SettingsError as error:
        return Check("proxy", "wrong", str(error)), True
    proxy = urlsplit(url)  # without the credentials, which must not be shown
    shown = f"{proxy.scheme}://{proxy.hostname}" + (f":{proxy.port}" if proxy.port else "")
    return Check("proxy", "ok", f"{variable} names {shown}; the way beyond it is not checked"), True


def _reach(base_url: str) -> Iterator[Check]:
    """Name, connection and TLS, each for itself, since each has another remedy."""
    import socket
    import ssl

    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except socket.gaierror as error:
        yield Check("reachable", "wrong", f"{host} is not known by name: {error.strerror}", output.NOT_SENT)
        return
    except (OSError, UnicodeError) as error:
        text = getattr(error, "strerror", None) or type(error).__name__
        yield Check("reachable", "wrong", f"{host}:{port} does not take connections: {text}", output.NOT_SENT)
        return
    with connection:
        yield Check("reachable", "ok", f"{host}:{port}")
        if parts.scheme != "https":
            yield Check("TLS", "warning", "none: plain http, for this machine alone")
            return
        import httpx

        try:
            with httpx.create_ssl_context().wrap_socket(connection, server_hostname=host) as secured:
                yield _certificate(secured.version(), secured.getpeercert())
        except ssl.SSLCertVerificationError as error:
            yield Check("TLS", "wrong", f"the certificate is not accepted: {error.verify_message}", output.NOT_SENT)
        except (OSError, ValueError) as error:
            yield Check("TLS", "wrong", f"no TLS connection: {type(error).__name__}", output.NOT_SENT)


def _certificate(version: str | None, certificate: Mapping[str, Any] | None) -> Check:
    import ssl

    end = (certificate or {}).get("notAfter")
    days = (ssl.cert_time_to_seconds(end) - time.time()) / 86400 if isinstance(end, str) else None
    if days is not None and days < 14:
        return Check("TLS", "warning", f"{version}; the certificate ends in {days:.0f} days")
    return Check("TLS", "ok", f"{version}" + (f"; the certificate is good for {days:.0f} days" if days else ""))


def _signed_call() -> Iterator[Check]:
    answers: list[RawResponse] = []
    try:
        with connected(on_answer=lambda _, answer: answers.append(answer)) as client:
            client.service.balance()
    except Rejected as error:
        hint = "; `highhelp doctor --calibrate` tries other readings of the signature" if error.status == 401 else ""
        yield Check("signed call", "wrong", f"{error}{hint}", output.REFUSED)
    except Unavailable as error:
        yield Check("signed call", "wrong", f"{error}", output.UNAVAILABLE)
    except NotSent as error:
        yield Check("signed call", "wrong", f"{error}", output.NOT_SENT)
    except SettingsError as error:
        yield Check("signed call", "wrong", f"{error}")
    else:
        yield Check("signed call", "ok", "the gateway accepted the signature")
    yield from _clock(answers)


def _clock(answers: list[RawResponse]) -> Iterator[Check]:
    skew = clock_skew(answers[-1]) if answers else None
    if skew is None:
        yield Check("clock", "not checked", "the gateway told no Date")
    elif abs(skew) <= CLOCK_TOLERANCE:
        yield Check("clock", "ok", f"within {abs(skew):.0f} s of the gateway's")
    else:
        where = "ahead of" if skew > 0 else "behind"
        state: State = "warning" if abs(skew) < TOLERANCE else "wrong"
        yield Check(
            "clock", state, f"{abs(skew):.0f} s {where} the gateway's: set this machine's clock", output.REFUSED
        )


# --- calibration ---------------------------------------------------------------------------------------------------


def _calibrate(*, interval: float, yes: bool, as_json: bool) -> None:
    import httpx

    from highhelp.cli import calibrate
    from highhelp.settings import Settings

    settings = Settings.load(source=Source.load())
    signer = settings.signer
    most = calibrate.most_calls(signer, settings.scheme)
    _permission(settings.base_url, most, interval, yes=yes)
    with httpx.Client(follow_redirects=False) as pool:

        def ask(scheme: SignatureScheme, operation: Operation, body: Mapping[str, Any]) -> RawResponse:
            return connected(scheme=scheme, http_client=pool).request(operation.path, body)

        try:
            found = calibrate.calibrate(
                ask,
                signer,
                settings.project_id,
                settings.scheme,
                pause=lambda: time.sleep(interval),
                watch=lambda tried: _watch(tried, most),
            )
        except calibrate.Stopped as stop:
            codes = {
                "refused": output.REFUSED,
                "not_sent": output.NOT_SENT,
                "unavailable": output.UNAVAILABLE,
            }
            output.fail(stop, codes[stop.kind], as_json=as_json)
    scheme = shown_scheme(found.scheme)
    if as_json:
        output.show_json({"scheme": scheme, "calls": found.calls, "not_determined": dict(found.open_points)})
        return
    output.show(f"Accepted after {found.calls} calls.", err=True)
    for name, reason in found.open_points.items():
        output.show(f"not determined: {name}: {reason}", err=True)
    if "token" not in scheme:
        output.show(f"the token stays a setting of its own: {ACCESS_TOKEN}", err=True)
    line = json.dumps(scheme, ensure_ascii=False, separators=(",", ":"))
    output.show(f"HIGHHELP_SIGNATURE_SCHEME={line}")
    output.show(f"For a shell: export HIGHHELP_SIGNATURE_SCHEME={shlex.quote(line)}", err=True)


def _permission(base_url: str, most: int, interval: float, *, yes: bool) -> None:
    text = f"This sends up to {most} read-only requests to {base_url}, one every {interval:g} s."
    if yes:
        output.show(text, err=True)
        return
    if not sys.stdin.isatty():
        raise UsageProblem(f"--calibrate: {text} Say --yes where nobody can be asked")
    typer.confirm(f"{text} Go on?", abort=True, err=True)


def _watch(tried: Tried, most: int) -> None:
    from highhelp.cli.calibrate import told

    points = ", ".join(told(tried.scheme)) or "the default reading"
    output.show(f"{tried.number:3}/{most} {tried.operation.id}: {points}: {output.one_line(tried.told)}", err=True)
