"""What the ledger holds when the add-on is taken away, and the end of its tables.

It is asked by whoever removes the package too, so it neither makes nor migrates tables, and reads those of any version.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from reseller.db import Database, NoTableError
from reseller.ledger.kept_licences import FREE, KEEPING
from reseller.ledger.schema import MIGRATIONS

#: the table with the version goes last: a removal that was cut off is carried on, instead of tables being made anew
_LAST = "reseller_schema"
_CREATED = re.compile(r"CREATE TABLE IF NOT EXISTS (reseller_\w+)")


class Left(NamedTuple):
    """What stays at sellers and is not looked after any more, over all modules."""

    #: services with a live link, by the module's number
    linked: dict[int, int]
    #: licences that were kept for the next order, and are paid for
    kept: int
    #: requests whose end is not known yet
    requests: int

    @property
    def living(self) -> int:
        """How many services stay."""
        return sum(self.linked.values()) + self.kept


def left(db: Database) -> Left:
    """What stays; a table that is not there has no rows."""
    linked = _counted(db, "SELECT module, COUNT(*) FROM reseller_link WHERE live = 1 GROUP BY module ORDER BY module")
    kept = _counted(db, "SELECT 0, COUNT(*) FROM reseller_free WHERE state IN (%s, %s)", FREE, KEEPING)
    requests = _counted(db, "SELECT 0, COUNT(*) FROM reseller_request WHERE live = 1")
    return Left(linked, kept.get(0, 0), requests.get(0, 0))


def _counted(db: Database, sql: str, *args: object) -> dict[int, int]:
    try:
        return {row[0]: row[1] for row in db.rows(sql, *args)}
    except NoTableError:
        return {}


def tables(db: Database) -> list[str]:
    """Those of our tables that are there, in the order in which they may go."""
    ours = {name for version in MIGRATIONS for statement in version for name in _CREATED.findall(statement)}
    found = {row[0] for row in db.rows("SHOW TABLES LIKE 'reseller\\_%%'")} & ours
    return sorted(found, key=lambda name: (name == _LAST, name))


def drop(db: Database) -> list[str]:
    """Take the tables away, and say which; nothing brings their rows back."""
    gone = tables(db)
    for name in gone:
        db.execute(f"DROP TABLE IF EXISTS {name}")
    return gone
