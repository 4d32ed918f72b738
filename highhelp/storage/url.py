"""Database URLs: the path of a file, `sqlite:///path`, or a PostgreSQL URL as hosting providers write it."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from highhelp.errors import SettingsError
from highhelp.settings import DATABASE_URL, Source

_UNKNOWN = re.compile(r'invalid URI query parameter: "([a-z_]{1,40})"')
_ESCAPED = "write : / ? in a password as %3A %2F %3F"


def database_url(url: str | os.PathLike[str] | None, source: Source) -> str:
    """Return the database: an argument, `HIGHHELP_DATABASE_URL`, or `highhelp.db` in the home directory.

    Raises:
        SettingsError: No database is set.
    """
    if url is not None:
        return os.fspath(url)
    found = source.text(DATABASE_URL)
    if found is not None:
        return found[0]
    if source.home is not None:
        return str(source.home / "highhelp.db")
    raise SettingsError(DATABASE_URL, "is not set; set it to the path of a file or to postgresql://..., or pass a url")


def parse(text: str) -> tuple[URL, dict[str, str]]:
    """Split a URL into the database system, with an SQLite file, and the connection parameters of libpq.

    A driver named in the URL is dropped: the same URL serves synchronous and asynchronous code.

    Raises:
        SettingsError: It cannot be used, or is an in-memory database. The error's text contains no part of the URL,
            since a password may be anywhere in it.
    """
    if "://" not in text:
        text = f"sqlite:///{os.path.expanduser(text)}" if text.strip() else text  # noqa: PTH111 - may be relative
    scheme, _, rest = text.partition("://")
    name = scheme.partition("+")[0].lower()
    if name in ("postgresql", "postgres"):
        return _postgres(rest)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(DATABASE_URL, "is neither the path of a file nor a database URL") from None
    if name != "sqlite":
        raise SettingsError(DATABASE_URL, "must be the path of a file, sqlite:///path or postgresql://...")
    check_is_a_file(url, DATABASE_URL)
    return url.set(drivername=name), {}


def missing_file(url: URL) -> str | None:
    """Return the path of an SQLite database whose file does not exist yet; connecting creates it."""
    file = url.database or ""
    is_path = url.get_backend_name() == "sqlite" and not file.startswith("file:")
    return file if is_path and not os.path.exists(file) else None  # noqa: PTH110 - as SQLite will open it


def check_is_a_file(url: URL, setting: str) -> None:
    """Refuse an SQLite database that is in memory. Raises SettingsError, which names the setting."""
    if not url.database or any(text in unquote(str(url)) for text in (":memory:", "mode=memory", "vfs=memdb")):
        raise SettingsError(setting, "an in-memory database would lose acknowledged callbacks; use a file")


def _postgres(rest: str) -> tuple[URL, dict[str, str]]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    place, _, query = rest.partition("?")
    if place.count("@") > 1:
        raise SettingsError(DATABASE_URL, "write an @ that belongs to the user name or the password as %40")
    if "@" in place.partition("/")[2]:
        raise SettingsError(DATABASE_URL, _ESCAPED)
    try:
        found = conninfo_to_dict(f"postgresql://{rest}")
    except ProgrammingError as error:
        in_password = "@" in query and "@" not in place
        raise SettingsError(DATABASE_URL, _ESCAPED if in_password else _refusal(str(error))) from None
    parameters = {name: str(value) for name, value in found.items() if value}
    ports = filter(None, parameters.get("port", "").split(","))
    if not all(port.isascii() and port.isdigit() and int(port) < 65536 for port in ports):
        raise SettingsError(DATABASE_URL, f"the port must be a number; {_ESCAPED}")
    return URL.create("postgresql", database=parameters.get("dbname")), parameters


def _refusal(message: str) -> str:
    """Describe what libpq refuses; its own message may quote a password."""
    if found := _UNKNOWN.search(message):
        return f"has a parameter `{found[1]}` that PostgreSQL's libpq does not know"
    return "is not a URL that PostgreSQL's libpq can read; after the ? there must be name=value, joined by &"
