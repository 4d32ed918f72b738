"""Inspect a database without changing it, for `highhelp doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from highhelp.errors import SettingsError
from highhelp.settings import DATABASE_URL
from highhelp.storage import migrate
from highhelp.storage.engine import READ, cause, make_engine
from highhelp.storage.url import database_url, missing_file

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from highhelp.settings import Source


@dataclass(frozen=True)
class Inspection:
    """The state of a database.

    Attributes:
        version: Description of the tables' version.
        unprotected_standbys: Number of attached standbys for which no commit waits.
    """

    version: str
    unprotected_standbys: int


def inspect_database(source: Source) -> Inspection:
    """Connect, and inspect tables and replication.

    Raises:
        SettingsError: The database cannot be used, or the version of its tables differs from the code's.
    """
    engine = make_engine(database_url(None, source))
    if missing_file(engine.url) is not None:
        return Inspection("sqlite; the first use creates the file", 0)  # connecting would create it
    try:
        with engine.connect().execution_options(**{READ: True}) as connection, connection.begin():
            version = migrate.current_version(connection)
            standbys = _unprotected_standbys(connection)
    except DBAPIError as error:
        raise SettingsError(DATABASE_URL, f"cannot be used: {cause(error)}") from None
    finally:
        engine.dispose()
    if version is None:
        return Inspection(f"{engine.dialect.name}; no tables yet, the first use creates them", standbys)
    if version != migrate.REVISION:
        raise SettingsError(DATABASE_URL, migrate.difference(version))
    return Inspection(f"{engine.dialect.name}; tables of version {version}", standbys)


def _unprotected_standbys(connection: Connection) -> int:
    if connection.dialect.name != "postgresql":
        return 0
    if connection.execute(text("SELECT current_setting('synchronous_standby_names')")).scalar_one():
        return 0
    # without privileges, other roles' rows have empty columns, which is enough to count them
    return int(connection.execute(text("SELECT count(*) FROM pg_stat_replication")).scalar_one())
