"""The connection of one process to the panel's MariaDB or MySQL.

It serves the panel's own tables (read only, see mgr5/items.py) and the ledger's. Every statement is parameterised; rows
are tuples, which the reading code turns into named values. Each statement is committed by itself, unless it is inside
`transaction()`. Counts are of matched rows, not of changed ones, so a compare-and-set can rely on them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reseller.wire.errors import ResellerError

if TYPE_CHECKING:
    from pymysql.connections import Connection

Row = tuple[Any, ...]
#: error numbers of a lost connection: from a server that shuts down, and from the client library
_LOST = (0, 1053, 1927, 2003, 2006, 2013, 2055)
#: error numbers of a lock wait timeout and a deadlock
_LOCKED = (1205, 1213)
#: error numbers of a server that refuses to write, such as a replica (--read-only, --super-read-only, read-only
#: transaction)
_READ_ONLY = (1290, 1792, 1836)
#: error numbers of a missing right, and of a full disk or table
_REFUSED = (1021, 1044, 1114, 1142, 1143, 1227)
#: error numbers of a column and a table that are not there
_NO_COLUMN, _NO_TABLE = 1054, 1146


class NoTableError(ResellerError):
    """A statement names a table that the database does not have."""


class Database:
    """A connection with the few operations that this program needs."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def rows(self, sql: str, *args: object) -> Sequence[Row]:
        """All rows of a query."""
        with self._errors(), self._connection.cursor() as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def row(self, sql: str, *args: object) -> Row | None:
        """The first row of a query, or None."""
        rows = self.rows(sql, *args)
        return rows[0] if rows else None

    def named(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """All rows of a query as dictionaries by column name."""
        with self._errors(), self._connection.cursor() as cursor:
            cursor.execute(sql, args)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    def column(self, sql: str, *args: object) -> list[Any]:
        """The first column of all rows of a query."""
        return [first for first, *_ in self.rows(sql, *args)]

    def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - whatever the column holds
        """The first column of the first row of a query, or None."""
        row = self.row(sql, *args)
        return row[0] if row else None

    def execute(self, sql: str, *args: object) -> int:
        """Run a statement; the number of rows that it matched."""
        with self._errors(), self._connection.cursor() as cursor:
            return int(cursor.execute(sql, args))

    def insert(self, sql: str, *args: object) -> int:
        """Run an INSERT; the id of the new row, 0 if none was inserted."""
        with self._errors(), self._connection.cursor() as cursor:
            return int(cursor.lastrowid or 0) if cursor.execute(sql, args) else 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the statements inside the block together, or none of them."""
        with self._errors():
            self._connection.begin()
        try:
            yield
        except BaseException:
            # On a lost connection the server rolls back by itself; report the first error, not that of the rollback.
            with contextlib.suppress(ResellerError), self._errors():
                self._connection.rollback()
            raise
        with self._errors():
            self._connection.commit()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn database errors that an operator can mend into ResellerError; all others are raised unchanged."""
        import pymysql

        try:
            yield
        except (pymysql.err.OperationalError, pymysql.err.InterfaceError) as error:
            code = error.args[0] if error.args else 0
            if code in _LOST or isinstance(error, pymysql.err.InterfaceError):
                raise ResellerError("reseller_database", text=error_text(error)) from error
            if code in _LOCKED:
                raise ResellerError("reseller_locked", text=error_text(error)) from error
            if code in _READ_ONLY:
                raise ResellerError("reseller_database_read_only", text=error_text(error)) from error
            if code in _REFUSED:
                raise ResellerError("reseller_database_refused", text=error_text(error)) from error
            if code == _NO_COLUMN:
                raise ResellerError("reseller_database_unknown", text=error_text(error)) from error
            raise
        except pymysql.err.ProgrammingError as error:
            if error.args and error.args[0] == _NO_TABLE:
                raise NoTableError("reseller_database_unknown", text=error_text(error)) from error
            raise


def error_text(error: Exception) -> str:
    """The server's message without its number."""
    return str(error.args[-1]) if error.args else error.__class__.__name__
