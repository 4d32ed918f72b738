"""Check everything that a signed call needs."""

from __future__ import annotations

import difflib
import os
import secrets
import shlex
import stat
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from highhelp.calls.outcome import RawResponse, clock_skew
from highhelp.cli.key_rings import public_ring
from highhelp.cli.output import ExitCode, exit_code_of
from highhelp.cli.schemes import describe
from highhelp.cli.session import connect, database_in_use
from highhelp.errors import HighHelpError, Rejected, SettingsError
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

CheckState = Literal["ok", "warning", "wrong", "not checked"]
CLOCK_TOLERANCE = 30.0
"""Seconds of difference that are worth a warning; what the gateway tolerates is not documented."""
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SetupCheck:
    """The result of one check.

    Attributes:
        name: What was checked.
        state: How it is.
        detail: What was found, or what to do. Never holds a key or a token.
        code: Exit code of the command if the state is wrong.
    """

    name: str
    state: CheckState
    detail: str
    code: ExitCode = ExitCode.WRONG_USE


T = TypeVar("T")
Checks = Generator[SetupCheck, None, T]
"""Yields checks and returns the value that later checks need, or None."""


def check_setup() -> Iterator[SetupCheck]:
    """Run every check, after those that it depends on."""
    yield from _check_variables()
    source = yield from _load("home", Source.load)
    if source is None:
        return
    if source.home is None:
        yield SetupCheck("home", "warning", f"not set; {HOME} names one")
    else:
        yield SetupCheck("home", "ok", f"{source.home}")
    base_url = yield from _check_setting("base URL", source, BASE_URL, "base_url", checked_url)
    project_id = yield from _check_setting("project", source, PROJECT_ID, "project_id", lambda text, _: text)
    signer = yield from _check_key(source)
    yield from _check_database_file(source)
    yield from _check_database(source)
    scheme = yield from _check_scheme(source)
    if signer is not None:
        yield from _check_key_pair(source, signer)
    yield from _check_callback_keys(source, signer)
    if base_url is None:
        return
    through_proxy = yield from _check_proxy(base_url)
    reached = through_proxy or (yield from _check_connection(base_url))
    if project_id is None or signer is None or scheme is None or not reached:
        yield SetupCheck("signed call", "not checked", "correct what is wrong above first")
        return
    yield from _check_signed_call()


def _load(name: str, load: Callable[[], T]) -> Checks[T | None]:
    """Load a setting, or report its error."""
    try:
        return load()
    except (SettingsError, SigningError) as error:
        yield SetupCheck(name, "wrong", str(error))
        return None


def _check_variables() -> Iterator[SetupCheck]:
    """Warn about unknown HIGHHELP_* variables; a misspelt name is silently ignored."""
    for name in sorted(os.environ):
        if name.startswith("HIGHHELP") and name not in VARIABLES and not name.startswith("HIGHHELP_DATABASE"):
            close = difflib.get_close_matches(name, VARIABLES, 1, cutoff=0.85)
            if close:
                yield SetupCheck("environment", "warning", f"{name} is not read; is {close[0]} meant?")


def _check_setting(
    name: str, source: Source, variable: str, key: str, check: Callable[[str, str], str]
) -> Checks[str | None]:
    found = source.text(variable, key)
    if found is None:
        yield SetupCheck(name, "wrong", f"{variable} is not set, nor is there a project.json with {key}")
        return None
    value = yield from _load(name, lambda: check(*found))
    if value is not None:
        yield SetupCheck(name, "ok", f"{value} (from {found[1]})")
    return value


_SHORT = f"the HMAC key has fewer than {GOOD_HMAC_LENGTH} characters; is it the whole key?"


def _check_key(source: Source) -> Checks[Signer | None]:
    found = yield from _load("key", lambda: load_signer(source))
    if found is None:
        return None
    signer, where = found
    ring = public_ring(signer)
    name = f"RSA {ring.key_ids[0]}" if ring is not None else signer.algorithm.upper()
    # `where` is a file, or a variable that may hold a path
    exposed = _exposed(Path(where)) or _exposed(Path(source.environ.get(where, "")))
    short = _SHORT if isinstance(signer, HmacSigner) and signer.is_short else ""
    detail = "; ".join(filter(None, (f"{name} (from {where})", exposed, short)))
    yield SetupCheck("key", "warning" if exposed or short else "ok", detail)
    return signer


def _exposed(path: Path) -> str:
    """Describe a private file that others may read; "" for any other file."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    if os.name == "posix" and stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"others may read it: chmod 600 {shlex.quote(str(path))}"
    return ""


def _check_database_file(source: Source) -> Iterator[SetupCheck]:
    """Warn about a database that others may read: it holds names, and bodies where there is no key."""
    exposed = _exposed(Path((database_in_use(source) or "").removeprefix("sqlite:///")))
    if exposed:
        yield SetupCheck("database file", "warning", exposed)


def _check_scheme(source: Source) -> Checks[SignatureScheme | None]:
    found = yield from _load("scheme", lambda: load_scheme(source))
    if found is None:
        return None
    scheme, where = found
    token = source.text(ACCESS_TOKEN)
    also = f"; token from {token[1]}" if token is not None else ""
    yield SetupCheck("scheme", "ok", f"{describe(scheme)} (from {where}){also}")
    return scheme


def _check_key_pair(source: Source, signer: Signer) -> Iterator[SetupCheck]:
    public, ring = source.file(lambda home: home.public_key), public_ring(signer)
    if public is None or ring is None:
        return
    theirs = yield from _load("key pair", lambda: KeyRing.from_pem(public[0]))
    if theirs is None:
        return
    if set(theirs.key_ids) & set(ring.key_ids):
        yield SetupCheck("key pair", "ok", f"{public[1]} belongs to it")
    else:
        detail = f"{public[1]} is {theirs.key_ids[0]}: private and public key are of different pairs"
        yield SetupCheck("key pair", "wrong", detail)


def _check_callback_keys(source: Source, signer: Signer | None) -> Iterator[SetupCheck]:
    try:
        ring, where = load_callback_keys(source)
    except SettingsError as error:
        missing = "is not set" in str(error)
        yield SetupCheck("callback keys", "warning" if missing else "wrong", f"{error}")
        return
    own = public_ring(signer) if signer is not None else None
    if own is not None and set(own.key_ids) & set(ring.key_ids):
        detail = f"{where} is the project's own key; the gateway signs callbacks with another one"
        yield SetupCheck("callback keys", "wrong", detail)
        return
    detail = f"{', '.join(ring.key_ids)} (from {where})"
    hmac_keys = [key for key in ring if isinstance(key, HmacVerificationKey)]
    if 0 < len(hmac_keys) < len(ring):
        detail += "; keys of both kinds, a callback signed with either is accepted"
    if any(key.is_short for key in hmac_keys):
        yield SetupCheck("callback keys", "warning", f"{detail}; {_SHORT}")
    else:
        yield SetupCheck("callback keys", "ok", detail)


def _check_database(source: Source) -> Iterator[SetupCheck]:
    """Check the database of inbox and guard, where there is one, without changing it."""
    if database_in_use(source) is None:
        return
    try:
        from highhelp.storage.inspection import inspect_database
    except ImportError:
        yield SetupCheck("database", "wrong", "needs the extra: pip install 'highhelp[callbacks]'")
        return
    try:
        found = inspect_database(source)
    except HighHelpError as error:
        yield SetupCheck("database", "wrong", str(error))
        return
    yield SetupCheck("database", "ok", found.version)
    if found.unprotected_standbys:
        detail = (
            f"{found.unprotected_standbys} standby(s) are attached and synchronous_standby_names is empty: a failover "
            "can lose acknowledged callbacks and intents of payouts"
        )
        yield SetupCheck("standby", "warning", detail)


def _check_proxy(base_url: str) -> Checks[bool]:
    """Check the proxy for this URL; return whether there is one."""
    if urlsplit(base_url).scheme == "http":
        yield SetupCheck("proxy", "ok", "none; plain http never goes through one")
        return False
    chosen = environment_proxy(base_url)
    if chosen is None:
        yield SetupCheck("proxy", "ok", "none")
        return False
    variable, url = chosen
    try:
        check_proxy_url(variable, url)
    except SettingsError as error:
        yield SetupCheck("proxy", "wrong", str(error))
        return True
    proxy = urlsplit(url)  # without the credentials, which must not be shown
    shown = f"{proxy.scheme}://{proxy.hostname}" + (f":{proxy.port}" if proxy.port else "")
    yield SetupCheck("proxy", "ok", f"{variable} names {shown}; connections beyond it are not checked")
    return True


def _check_connection(base_url: str) -> Checks[bool]:
    """Check name, connection and TLS separately: each has a different remedy."""
    import socket
    import ssl

    import httpx

    def wrong(name: str, detail: str) -> SetupCheck:
        return SetupCheck(name, "wrong", detail, ExitCode.NOT_SENT)

    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except socket.gaierror as error:
        yield wrong("reachable", f"{host} cannot be resolved: {error.strerror}")
        return False
    except (OSError, UnicodeError) as error:
        text = getattr(error, "strerror", None) or type(error).__name__
        yield wrong("reachable", f"{host}:{port} does not accept connections: {text}")
        return False
    with connection:
        yield SetupCheck("reachable", "ok", f"{host}:{port}")
        if parts.scheme != "https":
            yield SetupCheck("TLS", "warning", "none: plain http, only for this machine")
            return True
        try:
            with httpx.create_ssl_context().wrap_socket(connection, server_hostname=host) as secured:
                yield _check_certificate(secured.version(), secured.getpeercert())
                return True
        except ssl.SSLCertVerificationError as error:
            yield wrong("TLS", f"the certificate is not accepted: {error.verify_message}")
        except (OSError, ValueError) as error:
            yield wrong("TLS", f"no TLS connection: {type(error).__name__}")
    return False


def _check_certificate(version: str | None, certificate: Mapping[str, Any] | None) -> SetupCheck:
    import ssl

    end = (certificate or {}).get("notAfter")
    days = (ssl.cert_time_to_seconds(end) - time.time()) / 86400 if isinstance(end, str) else None
    if days is not None and days < 14:
        return SetupCheck("TLS", "warning", f"{version}; the certificate ends in {days:.0f} days")
    return SetupCheck("TLS", "ok", f"{version}" + (f"; the certificate is good for {days:.0f} days" if days else ""))


def _check_signed_call() -> Iterator[SetupCheck]:
    answers: list[RawResponse] = []
    try:
        with connect(on_answer=lambda _, answer: answers.append(answer)) as client:
            client.service.balance()
    except HighHelpError as error:
        hint = ""
        if isinstance(error, Rejected) and error.status == 401:
            hint = "; `highhelp doctor --calibrate` tries other variants of the signature scheme"
        yield SetupCheck("signed call", "wrong", f"{error}{hint}", exit_code_of(error))
    else:
        yield SetupCheck("signed call", "ok", "the gateway accepted the signature")
        yield _check_not_found()
    yield from _check_clock(answers)


def _check_not_found() -> SetupCheck:
    """Ask for a payout that cannot exist: the guard sends again only after a "not found" that it recognises."""
    name = "not found"
    try:
        with connect() as client:
            client.p2p.get_payout(f"highhelp-doctor-{secrets.token_hex(16)}")
    except Rejected as error:
        if error.status == 404:
            return SetupCheck(name, "ok", "the gateway reports a missing payout in the contract's form")
        detail = f"the gateway answers HTTP {error.status} for a payout that does not exist"
    except HighHelpError as error:
        detail = f"the gateway's answer for a payout that does not exist is not recognised: {error}"
    else:
        detail = "the gateway reports a payout that does not exist"
    return SetupCheck(name, "warning", f"{detail}; unknown payouts will wait for `highhelp payouts release`")


def _check_clock(answers: list[RawResponse]) -> Iterator[SetupCheck]:
    skew = clock_skew(answers[-1]) if answers else None
    if skew is None:
        yield SetupCheck("clock", "not checked", "the gateway sent no Date")
    elif abs(skew) <= CLOCK_TOLERANCE:
        yield SetupCheck("clock", "ok", f"within {abs(skew):.0f} s of the gateway's")
    else:
        detail = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the gateway's: set this machine's clock"
        state: CheckState = "warning" if abs(skew) < TOLERANCE else "wrong"
        yield SetupCheck("clock", state, detail, ExitCode.REFUSED)
