"""Versions of the tables: created on first use, refused if it is not the code's, upgraded by Alembic."""

from __future__ import annotations

import threading
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, text

from highhelp.errors import SettingsError
from highhelp.settings import DATABASE_URL
from highhelp.storage.engine import READ, make_engine
from highhelp.storage.tables import METADATA, VERSION
from highhelp.storage.tables import REVISION as REVISION

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK = 4_812_047_001  # PostgreSQL advisory lock: one process at a time creates or changes tables
_ALEMBIC = threading.Lock()  # its context is global to the process


def current_version(connection: Connection) -> str | None:
    """Return the version of the tables, None if there are none."""
    if not inspect(connection).has_table(VERSION.name):
        return None
    return connection.execute(select(VERSION.c.version_num)).scalar_one_or_none()


def create_schema(connection: Connection) -> None:
    """Create the tables if there are none. The caller commits.

    Raises:
        SettingsError: The tables have another version.
    """
    version = current_version(connection)
    if version is None:
        _lock(connection)
        version = current_version(connection)
    if version is None:
        METADATA.create_all(connection)
        connection.execute(VERSION.insert().values(version_num=REVISION))
    elif version != REVISION:
        raise SettingsError(DATABASE_URL, difference(version))


def difference(version: str) -> str:
    """Describe what to do about tables of another version."""
    if version in revisions():
        return f"the tables have version {version}, this code needs {REVISION}: run `highhelp db upgrade`"
    return f"the tables have version {version}, which this code does not know: use a newer version of highhelp"


def revisions() -> tuple[str, ...]:
    """List the versions that this code knows, oldest first."""
    folder = files("highhelp.storage") / "migrations" / "versions"
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".py") and one.name[0].isdigit())
    return tuple(name.partition("_")[0] for name in names)


def upgrade(url: str) -> tuple[str | None, str]:
    """Upgrade the tables of a database to the code's version.

    Returns:
        The version before and after.

    Raises:
        SettingsError: The tables are newer than the code, or the database cannot be used.
    """
    from alembic import command
    from alembic.config import Config

    engine = make_engine(url)
    try:
        with engine.connect().execution_options(**{READ: True}) as connection, connection.begin():
            before = current_version(connection)
        if before is not None and before not in revisions():
            raise SettingsError(DATABASE_URL, difference(before))
        with as_file(files("highhelp.storage") / "migrations") as folder, _ALEMBIC, engine.begin() as connection:
            _lock(connection)
            config = Config()
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            after = current_version(connection)
    finally:
        engine.dispose()
    return before, str(after)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
