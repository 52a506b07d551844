"""What was made of the seller's tariffs here: runs of an import, one outcome a line, and the values that they wrote.

A run has a number, by which it can be undone. The value of a part as the seller had it and as it was written here, when
that was last agreed, is kept apart: so it can be told later which side has changed it since, or both. These tables are
written under the lease of the module's tariffs, and carry no fence: a row only repeats what the panel has by then.
"""

from __future__ import annotations

from typing import NamedTuple

from reseller.db import Database
from reseller.log import correlation
from reseller.wire.texts import fit

_ROOM = {"part": 190, "there": 500, "here": 500, "outcome": 16, "text": 1000}


class Line(NamedTuple):
    """One part of a tariff in a run: its value there, what it becomes here, and what came of it."""

    remote: str
    pricelist: int
    part: str
    there: str
    here: str
    outcome: str
    text: str = ""


class Run(NamedTuple):
    """A run that was carried out."""

    id: int
    module: int
    what: str
    rule: str
    is_undone: bool


class Value(NamedTuple):
    """A part as the seller had it and as it was written here."""

    there: str
    here: str


def begin(db: Database, module: int, what: str, rule: str, who: str) -> int:
    """Record a run before its first write; its number."""
    return db.insert(
        "INSERT INTO reseller_tariff_run (module, what, rule, who, correlation, started) "
        "VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(3))",
        module,
        what,
        fit(rule, 190),
        fit(who, 190),
        correlation(),
    )


def of(db: Database, number: int) -> Run | None:
    """The run with this number."""
    row = db.row("SELECT id, module, what, rule, undone IS NOT NULL FROM reseller_tariff_run WHERE id = %s", number)
    return Run(row[0], row[1], row[2], row[3], bool(row[4])) if row else None


def set_undone(db: Database, number: int) -> None:
    """Record that a run was undone."""
    db.execute("UPDATE reseller_tariff_run SET undone = UTC_TIMESTAMP(3) WHERE id = %s", number)


def note(db: Database, run: int, line: Line) -> None:
    """Record the outcome of a part; texts are cut to the columns' lengths."""
    cut = {name: fit(getattr(line, name), room) for name, room in _ROOM.items()}
    db.execute(
        "INSERT INTO reseller_tariff_line (run, remote, pricelist, part, there, here, outcome, text) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        run,
        line.remote,
        line.pricelist,
        *cut.values(),
    )


def lines(db: Database, run: int) -> list[Line]:
    """The outcomes of a run, in the order in which they came about."""
    sql = (
        "SELECT remote, pricelist, part, there, here, outcome, text FROM reseller_tariff_line WHERE run = %s "
        "ORDER BY id"
    )
    return [Line(*row) for row in db.rows(sql, run)]


def keep(db: Database, run: int, line: Line) -> None:
    """Keep both values of a part, from now on."""
    db.execute(
        "REPLACE INTO reseller_tariff_value (pricelist, part, there, here, run, updated) "
        "VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(3))",
        line.pricelist,
        fit(line.part, 190),
        fit(line.there, 500),
        fit(line.here, 500),
        run,
    )


def values(db: Database, pricelist: int) -> dict[str, Value]:
    """What is kept of a tariff, by part."""
    rows = db.rows("SELECT part, there, here FROM reseller_tariff_value WHERE pricelist = %s ORDER BY part", pricelist)
    return {part: Value(there, here) for part, there, here in rows}


def drop(db: Database, pricelist: int, part: str) -> None:
    """Forget the values of a part."""
    sql = "DELETE FROM reseller_tariff_value WHERE pricelist = %s AND part = %s"
    db.execute(sql, pricelist, fit(part, 190))


def forget(db: Database, pricelist: int) -> None:
    """Forget all values of a tariff."""
    db.execute("DELETE FROM reseller_tariff_value WHERE pricelist = %s", pricelist)
