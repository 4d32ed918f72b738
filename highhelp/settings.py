"""Settings, taken in this order from an argument, the environment variable, the home directory, a default."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from highhelp.errors import SettingsError
from highhelp_signing import HmacSigner, RsaSigner, SignatureScheme, Signer
from highhelp_signing.errors import SigningError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from highhelp_signing import HomeDirectory, KeyRing

T = TypeVar("T")

_DEFAULT = "default"

HOME = "HIGHHELP_HOME"
"""Directory with project.json and the keys, as `highhelp keys generate` writes it."""
BASE_URL = "HIGHHELP_BASE_URL"
"""Base URL of the gateway, provided by the account manager."""
PROJECT_ID = "HIGHHELP_PROJECT_ID"
"""The merchant project."""
PRIVATE_KEY = "HIGHHELP_PRIVATE_KEY"
"""RSA private key of the project: PEM text or a path."""
HMAC_KEY = "HIGHHELP_HMAC_KEY"
"""HMAC key of the project: its text."""
HMAC_KEY_FILE = "HIGHHELP_HMAC_KEY_FILE"
"""HMAC key of the project: a path."""
CALLBACK_PUBLIC_KEY = "HIGHHELP_CALLBACK_PUBLIC_KEY"
"""RSA public key of the callbacks: PEM text or a path."""
CALLBACK_HMAC_KEY = "HIGHHELP_CALLBACK_HMAC_KEY"
"""HMAC key of the callbacks: its text."""
CALLBACK_HMAC_KEY_FILE = "HIGHHELP_CALLBACK_HMAC_KEY_FILE"
"""HMAC key of the callbacks: a path."""
ACCESS_TOKEN = "HIGHHELP_ACCESS_TOKEN"  # noqa: S105  # a name, not a token
"""Value of x-access-token, if it is not the public key."""
SIGNATURE_SCHEME = "HIGHHELP_SIGNATURE_SCHEME"
"""The signature scheme as JSON, as `highhelp doctor --calibrate` prints it."""
DATABASE_URL = "HIGHHELP_DATABASE_URL"
"""Database of the callback inbox: path of an SQLite file, or postgresql://..."""
DATABASE_KEY = "HIGHHELP_DATABASE_KEY"
"""Encrypts callbacks at rest: base64 of 32 bytes."""
CALLBACK_URL = "HIGHHELP_CALLBACK_URL"
"""Default callback URL of requests that do not set one."""
LOG = "HIGHHELP_LOG"
"""Log level for the terminal: debug, info, warning or error."""
GATEWAY = "HIGHHELP_GATEWAY"
"""A name for a gateway with several addresses; stored with payouts."""

VARIABLES = frozenset({
    HOME, BASE_URL, PROJECT_ID, PRIVATE_KEY, HMAC_KEY, HMAC_KEY_FILE, CALLBACK_PUBLIC_KEY, CALLBACK_HMAC_KEY,
    CALLBACK_HMAC_KEY_FILE, ACCESS_TOKEN, SIGNATURE_SCHEME, DATABASE_URL, DATABASE_KEY, CALLBACK_URL, LOG,
    GATEWAY,
})  # fmt: skip
"""Every environment variable that is read."""


@dataclass(frozen=True, repr=False)
class Source:
    """The environment and home directory that settings are read from. Its `repr` does not show the environment."""

    environ: Mapping[str, str]
    files: HomeDirectory | None
    project: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<Source {self.home}>"

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, home: str | os.PathLike[str] | None = None) -> Self:
        """Read `project.json` of the home directory, if there is one.

        Args:
            environ: Instead of the process's environment.
            home: Instead of `HIGHHELP_HOME`.

        Raises:
            SettingsError: The home directory or its project.json cannot be read.
        """
        environ = os.environ if environ is None else environ
        place = home if home is not None else _unquoted(environ.get(HOME, "")) or None
        if place is None:
            return cls(environ, None, {})
        from highhelp_signing import HomeDirectory

        try:
            directory = Path(place).expanduser()
        except (RuntimeError, TypeError, ValueError):
            raise SettingsError(HOME, "is not the path of a directory") from None
        if not directory.is_dir():
            raise SettingsError(HOME, f"{directory} is not a directory; `highhelp keys generate --out DIR` creates one")
        files = HomeDirectory(directory)
        return cls(environ, files, _project(files.project))

    @property
    def home(self) -> Path | None:
        """The home directory."""
        return None if self.files is None else self.files.directory

    def text(self, variable: str, project_key: str | None = None) -> tuple[str, str] | None:
        """Return a setting's value and its origin, or None. An empty variable counts as absent."""
        value = _unquoted(self.environ.get(variable, ""))
        if value:
            return value, variable
        found = None if project_key is None else self.member(project_key)
        return found if found is not None and isinstance(found[0], str) else None

    def member(self, key: str) -> tuple[Any, str] | None:
        """Return a member of project.json and its location, or None."""
        if self.files is None or key not in self.project:
            return None
        return self.project[key], f"{self.files.project} ({key})"

    def file(self, of: Callable[[HomeDirectory], Path]) -> tuple[Path, str] | None:
        """Return a file of the home directory and its display name, if something is there.

        A directory counts: a container's mount of a missing key leaves one, and its reader then says so.
        """
        path = None if self.files is None else of(self.files)
        return (path, str(path)) if path is not None and path.exists() else None


def _unquoted(value: str) -> str:
    """Remove a byte order mark or quotes that an editor or env file has left, and expand `~`."""
    value = value.strip().removeprefix("\ufeff").strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    return str(Path(value).expanduser()) if value.startswith(("~/", "~\\")) else value


def _project(path: Path) -> Mapping[str, Any]:
    from highhelp_signing.json_text import read_json  # not needed without a home directory

    try:
        project = read_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(str(path), f"cannot be read as JSON: {problem}") from None
    if not isinstance(project, dict):
        raise SettingsError(str(path), 'must be a JSON object like {"project_id": "...", "base_url": "https://..."}')
    return project


@dataclass(frozen=True)
class Settings:
    """The settings of a client.

    Attributes:
        base_url: Without a trailing slash.
        project_id: The merchant project.
        signer: The project's key.
        scheme: The signature scheme.
        callback_url: For requests that do not set a callback URL.
        sources: The origin of each setting, by name, for people to read.
    """

    base_url: str
    project_id: str
    signer: Signer
    scheme: SignatureScheme
    sources: Mapping[str, str]
    callback_url: str | None = None

    @classmethod
    def load(
        cls,
        *,
        base_url: str | None = None,
        project_id: str | None = None,
        signer: Signer | None = None,
        scheme: SignatureScheme | None = None,
        callback_url: str | None = None,
        source: Source | None = None,
    ) -> Self:
        """Resolve every setting. Raises SettingsError that names the missing or wrong one."""
        source = Source.load() if source is None else source
        url, url_from = _required("base_url", base_url, source.text(BASE_URL, "base_url"), BASE_URL)
        url = checked_url(url, url_from)
        project, project_from = _required("project_id", project_id, source.text(PROJECT_ID, "project_id"), PROJECT_ID)
        key, key_from = (signer, "argument signer") if signer is not None else load_signer(source)
        points, points_from = (scheme, "argument scheme") if scheme is not None else load_scheme(source)
        found = source.text(CALLBACK_URL, "callback_url") if callback_url is None else (callback_url, "callback_url")
        token = source.text(ACCESS_TOKEN) if scheme is None else None
        if token is not None:
            literal = token[0]
            points = _guarded(token[1], lambda: replace(points, token=literal))
        return cls(
            base_url=url,
            project_id=project,
            signer=key,
            scheme=points,
            sources={"base_url": url_from, "project_id": project_from, "signer": key_from, "scheme": points_from}
            | ({"token": token[1]} if token is not None else {})
            | ({"callback_url": found[1]} if found is not None else {}),
            callback_url=None if found is None else checked_callback_url(*found),
        )


def _required(name: str, argument: str | None, found: tuple[str, str] | None, variable: str) -> tuple[str, str]:
    if argument is not None:
        if not isinstance(argument, str) or not argument.strip():
            raise SettingsError(name, "must be a non-empty string")
        return argument, f"argument {name}"
    if found is None:
        raise SettingsError(
            variable, f"is not set; set it, pass {name}=..., or point {HOME} to a directory with a project.json"
        )
    return found


def checked_url(url: str, where: str) -> str:
    """Check a base URL and return it without its trailing slash. Raises SettingsError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")
        is_url = parts.scheme in ("https", "http") and host and url.isascii() and not any(map(str.isspace, url))
    except ValueError:
        is_url = False
    if not is_url:
        raise SettingsError(where, "is not a URL; write it like https://api.example.com")
    # even an empty query or fragment: the path of an operation would become part of it
    if "?" in url or "#" in url or parts.username is not None or "%" in host:
        raise SettingsError(where, "must have no user, query or fragment, nor a % in its host")
    return url.rstrip("/")


def checked_callback_url(url: object, where: str) -> str:
    """Check a URL that the gateway is to call. Raises SettingsError."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        is_url = parts is not None and parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not isinstance(url, str) or not is_url or not url.isascii() or any(map(str.isspace, url)):
        raise SettingsError(where, "is not a URL; write it like https://shop.example/callbacks")
    return url


def load_each(*candidates: tuple[tuple[Any, str] | None, Callable[[Any], T]]) -> Iterator[tuple[T, str]]:
    """Load the candidates that exist, in this order, each with its origin.

    Args:
        candidates: A value with its origin, or None, and the function that loads it.
    """
    for found, load in candidates:
        if found is not None:
            value, where = found
            yield _guarded(where, partial(load, value)), where


def load_signer(source: Source) -> tuple[Signer, str]:
    """Load the project's key: RSA if there are both kinds, but an explicit HMAC variable beats a file of the home."""
    public, _ = source.file(lambda home: home.public_key) or (None, "")

    def from_file(path: str | Path) -> Signer:
        return HmacSigner.from_file(path, public_key=public)

    keys: Iterator[tuple[Signer, str]] = load_each(
        (source.text(PRIVATE_KEY), RsaSigner.from_pem),
        (source.text(HMAC_KEY), lambda key: HmacSigner(key, public_key=public)),
        (source.text(HMAC_KEY_FILE), from_file),
        (source.file(lambda home: home.private_key), RsaSigner.from_pem),
        (source.file(lambda home: home.hmac_private_key), from_file),
    )
    found = next(keys, None)
    if found is None:
        raise SettingsError(
            PRIVATE_KEY,
            f"is not set, nor is {HMAC_KEY} or {HMAC_KEY_FILE}, and there is no home directory with a key ({HOME})",
        )
    return found


def load_scheme(source: Source) -> tuple[SignatureScheme, str]:
    """Load the signature scheme, or the default."""
    given = source.text(SIGNATURE_SCHEME) or source.member("scheme")
    return next(load_each((given, SignatureScheme.from_json)), (SignatureScheme(), _DEFAULT))


def load_callback_scheme(source: Source) -> SignatureScheme | None:
    """Load the only accepted scheme of callbacks, or None: without a setting every form is accepted."""
    scheme, where = load_scheme(source)
    return None if where == _DEFAULT else scheme


def load_callback_keys(source: Source) -> tuple[KeyRing, str]:
    """Load every available key that verifies the gateway's callbacks.

    Raises:
        SettingsError: There is no key, or one cannot be read.
    """
    from highhelp_signing import KeyRing  # lazy: not needed for sending

    rings = list(
        load_each(
            (source.text(CALLBACK_PUBLIC_KEY), KeyRing.from_pem),
            (source.text(CALLBACK_HMAC_KEY), KeyRing.from_hmac),
            (source.text(CALLBACK_HMAC_KEY_FILE), KeyRing.from_hmac_file),
        )
    ) or list(
        load_each(
            (source.file(lambda home: home.callback_public_key), KeyRing.from_pem),
            (source.file(lambda home: home.hmac_callback_key), KeyRing.from_hmac_file),
        )
    )
    if not rings:
        raise SettingsError(CALLBACK_PUBLIC_KEY, f"is not set, nor is {CALLBACK_HMAC_KEY} or {CALLBACK_HMAC_KEY_FILE}")
    return reduce(KeyRing.__add__, (ring for ring, _ in rings)), ", ".join(where for _, where in rings)


def _guarded(where: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except SigningError as error:
        hint = f"; the name of a key file belongs in {where}_FILE" if where in (HMAC_KEY, CALLBACK_HMAC_KEY) else ""
        problem = str(error).removeprefix(f"{where}: ")  # a file of the home directory is named by both
        raise SettingsError(where, f"{problem}{hint}") from None
