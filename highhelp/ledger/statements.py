"""Statements of SQLAlchemy Core that are put into words once for each kind of database, not at every execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, CursorResult, Dialect
    from sqlalchemy.sql.elements import ClauseElement


class Statement:
    """One statement, ready to be executed: its text and the order of its parameters.

    Its rows hold what the driver answers, so no column of them may have a type that SQLAlchemy would convert, such as
    a Boolean.

    Args:
        core: The statement; every value in it is a `bindparam`.
    """

    __slots__ = ("_core", "_told")

    def __init__(self, core: ClauseElement) -> None:
        self._core = core
        self._told: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}

    def __call__(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it. Of `values` those are taken that it has parameters for."""
        dialect = connection.dialect
        told = self._told.get((dialect.name, dialect.driver))
        if told is None:
            told = self._told[dialect.name, dialect.driver] = self._tell(dialect)
        text, names = told
        return connection.exec_driver_sql(text, tuple([values[name] for name in names]))

    def _tell(self, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
        compiled: Any = self._core.compile(dialect=dialect)
        return str(compiled), tuple(compiled.positiontup)
