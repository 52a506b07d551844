"""The panel's MariaDB or MySQL, as one connection of one process.

Both the panel's own tables (read only, see mgr5/items.py) and the ledger's go through it. Every statement is
parameterised; rows come as tuples, named once where they are read. Statements commit one by one unless they stand in
`transaction()`; counts are of rows matched, so a compare-and-set can trust them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reseller.wire.errors import ResellerError

if TYPE_CHECKING:
    from pymysql.connections import Connection

Row = tuple[Any, ...]
#: by the server on its way down, and by the client when it is gone
_LOST = (0, 1053, 1927, 2003, 2006, 2013, 2055)
#: lock wait timeout, deadlock
_LOCKED = (1205, 1213)
#: the server, or the replica that took over, takes no writing (--read-only, --super-read-only, a read-only transaction)
_READ_ONLY = (1290, 1792, 1836)
#: what the user may not do, and a disk or table that is full
_REFUSED = (1021, 1044, 1114, 1142, 1143, 1227)


class Database:
    """A connection with the few verbs this program needs."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def rows(self, sql: str, *args: object) -> Sequence[Row]:
        """All rows of a query."""
        with self._errors(), self._connection.cursor() as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def row(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        found = self.rows(sql, *args)
        return found[0] if found else None

    def named(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """All rows of a query, by the names of its columns."""
        with self._errors(), self._connection.cursor() as cursor:
            cursor.execute(sql, args)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    def column(self, sql: str, *args: object) -> list[Any]:
        """The first column of all rows."""
        return [first for first, *_ in self.rows(sql, *args)]

    def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - whatever the column holds
        """The first column of the first row, or None."""
        found = self.row(sql, *args)
        return found[0] if found else None

    def execute(self, sql: str, *args: object) -> int:
        """Run a statement; how many rows it matched."""
        with self._errors(), self._connection.cursor() as cursor:
            return int(cursor.execute(sql, args))

    def insert(self, sql: str, *args: object) -> int:
        """Run an INSERT; the id of the new row, 0 when it inserted none."""
        with self._errors(), self._connection.cursor() as cursor:
            return int(cursor.lastrowid or 0) if cursor.execute(sql, args) else 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the statements inside together, or none of them."""
        with self._errors():
            self._connection.begin()
        try:
            yield
        except BaseException:
            # Of a connection that is lost nothing is kept either; what went wrong is said, not this.
            with contextlib.suppress(ResellerError), self._errors():
                self._connection.rollback()
            raise
        with self._errors():
            self._connection.commit()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """What an operator can mend is an error in words; every other database error stays what it is."""
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
            raise


def error_text(error: Exception) -> str:
    """What the server said, without the number before it."""
    return str(error.args[-1]) if error.args else error.__class__.__name__
