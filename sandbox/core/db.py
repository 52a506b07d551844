"""The panel's own access to its database: short transactions, never one around a foreign program.

A handler or module calls back into the panel while the panel waits for it, so a transaction held meanwhile would lock
out its own child. Every function therefore commits before it starts anything outside.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pymysql

from sandbox.core import clock
from sandbox.database import Login, connect

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import DictCursor

MOST_CONNECTIONS = 80
_CHANGES_ITEMS = re.compile(r"\s*(INSERT\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+`?item`?\s", re.IGNORECASE)


class Tx:
    """One transaction. Values are always passed apart from the statement."""

    def __init__(self, connection: Connection[DictCursor]) -> None:
        self._connection = connection
        self.items_changed = False

    def run(self, sql: str, *values: object) -> int:
        with self._connection.cursor() as cursor:
            changed = int(cursor.execute(sql, values or None))
        if changed and _CHANGES_ITEMS.match(sql):
            self.items_changed = True
        return changed

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def row(self, sql: str, *values: object) -> dict[str, Any] | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    def value(self, sql: str, *values: object) -> Any:
        found = self.row(sql, *values)
        return None if found is None else next(iter(found.values()))

    def insert(self, table: str, **columns: object) -> int:
        names = ", ".join(f"`{name}`" for name in columns)
        marks = ", ".join(["%s"] * len(columns))
        with self._connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))
            self.items_changed = self.items_changed or table == "item"
            return int(cursor.lastrowid)

    def update(self, table: str, key: Mapping[str, object], **columns: object) -> int:
        sets = ", ".join(f"`{name}` = %s" for name in columns)
        where = " AND ".join(f"`{name}` = %s" for name in key)
        return self.run(f"UPDATE {table} SET {sets} WHERE {where}", *columns.values(), *key.values())

    def put(self, table: str, key: Mapping[str, object], **columns: object) -> None:
        """Insert, or change what the key already names."""
        names = [*key, *columns]
        marks = ", ".join(["%s"] * len(names))
        changes = ", ".join(f"`{name}` = VALUES(`{name}`)" for name in columns)
        quoted = ", ".join(f"`{name}`" for name in names)
        sql = f"INSERT INTO {table} ({quoted}) VALUES ({marks}) ON DUPLICATE KEY UPDATE {changes}"
        self.run(sql, *key.values(), *columns.values())


class Database:
    """A pool that grows as needed and hands out transactions."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self.item_changes = 0
        """How many transactions changed services: what was derived from them before is out of date."""
        self._idle: list[Connection[DictCursor]] = []
        self._guard = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        with self._places:
            connection = self._take()
            try:
                self._tell_the_time(connection)
                transaction = Tx(connection)
                yield transaction
                connection.commit()
                if transaction.items_changed:
                    with self._guard:
                        self.item_changes += 1
            except BaseException:
                self._roll_back(connection)
                raise
            with self._guard:
                self._idle.append(connection)

    def _take(self) -> Connection[DictCursor]:
        with self._guard:
            while self._idle:
                connection = self._idle.pop()
                if connection.open:
                    return connection
        return connect(self._login, autocommit=False)

    def _tell_the_time(self, connection: Connection[DictCursor]) -> None:
        """NOW() and CURDATE() by the panel's clock."""
        if clock.ever_moved():
            with connection.cursor() as cursor:
                cursor.execute(f"SET timestamp = {f'{clock.now():.3f}' if clock.ahead() else 'DEFAULT'}")

    def _roll_back(self, connection: Connection[DictCursor]) -> None:
        try:
            connection.rollback()
        except pymysql.err.Error:
            connection.close()
            return
        with self._guard:
            self._idle.append(connection)
