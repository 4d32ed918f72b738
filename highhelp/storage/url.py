"""Database URLs: the path of a file, `sqlite:///path`, or a PostgreSQL URL as hosting providers write it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from highhelp.errors import SettingsError
from highhelp.settings import DATABASE_URL, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARAMETER = re.compile(r"[a-z_]{1,40}")


def database_url(url: str | os.PathLike[str] | None, source: Source) -> str:
    """Return the database: an argument, `HIGHHELP_DATABASE_URL`, or `highhelp.db` in the home directory.

    Raises:
        SettingsError: There is none.
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

    A driver that the URL names is left out: the same URL serves synchronous and asynchronous code.

    Raises:
        SettingsError: It cannot be used, or is a database in memory. No part of the URL is in the text of the error,
            since a password may stand anywhere in it.
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
    if (url.database or ":memory:") == ":memory:" or "mode=memory" in str(url.query):
        raise SettingsError(DATABASE_URL, "a database in memory forgets what it has acknowledged; name a file")
    return url.set(drivername=name), {}


def _postgres(rest: str) -> tuple[URL, dict[str, str]]:
    """Read what follows `postgresql://` as libpq does: several hosts, sockets, any of its parameters."""
    place, _, query = rest.partition("?")
    if place.count("@") > 1:
        raise SettingsError(DATABASE_URL, "write an @ that belongs to the user name or the password as %40")
    user_and_password, _, target = place.rpartition("@")
    user, _, password = user_and_password.partition(":")
    hosts, _, database = target.partition("/")
    parameters = {
        "user": unquote(user),
        "password": unquote(password),
        "dbname": unquote(database),
        **_hosts(hosts),
        **_query(query, place),
    }
    parameters = {name: value for name, value in parameters.items() if value}
    return URL.create("postgresql", database=parameters.get("dbname")), parameters


def _hosts(text: str) -> dict[str, str]:
    """Split `h1:p1,h2:p2` into the two lists that libpq takes as parameters."""
    hosts, ports = [], []
    for one in text.split(","):
        host, port = one, ""
        if one.startswith("["):  # IPv6
            host, _, port = one[1:].partition("]")
            port = port.removeprefix(":")
        elif ":" in one:
            host, _, port = one.rpartition(":")
        if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise SettingsError(DATABASE_URL, "the port must be a number; write : / ? in a password as %3A %2F %3F")
        hosts.append(unquote(host))
        ports.append(port)
    return {"host": ",".join(hosts).strip(","), "port": ",".join(ports) if any(ports) else ""}


def _query(text: str, before: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    except ValueError:
        raise SettingsError(DATABASE_URL, _unknown(text, before, None)) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        # SQLAlchemy's way to name several hosts
        again = name in ("host", "port") and name in found
        found[name] = f"{found[name]},{value}" if again else value
    known = _libpq_parameters() if found else frozenset()
    for name in found:
        if name not in known:
            raise SettingsError(DATABASE_URL, _unknown(text, before, name))
    hosts = found.get("host", "")
    if ":" in hosts and "port" not in found and not hosts.startswith("/"):
        found |= _hosts(hosts)
    return found


def _unknown(text: str, before: str, name: str | None) -> str:
    if "@" in text and "@" not in before:
        return "write a ? that belongs to the password as %3F"
    if name is None:
        return "what follows the ? must be name=value, joined by &"
    called = f" `{name}`" if _PARAMETER.fullmatch(name) else ""
    return f"has a parameter{called} that PostgreSQL's libpq does not know"


def _libpq_parameters() -> frozenset[str]:
    from psycopg import pq

    return frozenset(one.keyword.decode() for one in pq.Conninfo.get_defaults())
