"""What was made of the seller's tariffs here: runs of an import, one outcome a line, and the values that they wrote.

A run has a number, by which it can be undone. The value of a part as the seller had it and as it was written here, when
that was last agreed, is kept apart: so it can be told later which side has changed it since, or both. These tables are
written under the lease of the module's tariffs, and carry no fence: a row only repeats what the panel has by then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import NamedTuple

from reseller.db import Database
from reseller.log import correlation
from reseller.wire.texts import fit

#: outcomes of a line. `begun` is one whose part is being made, or whose process died; `other` a price that was set, and
#: not to what was planned
PLANNED, BEGUN, DONE, OTHER, THERE, LEFT, REFUSED, FAILED, SKIPPED = (
    *("planned", "begun", "done", "other"),
    *("there", "left", "refused", "failed", "skipped"),
)
#: the part that stands for the tariff itself
TARIFF = "tariff"
#: values that a person's word about the tariff map leaves, and no import: for which of the seller's tariffs the map was
#: made, and an add-on whose two units are one (`unit mem`)
MAPPED_TO, UNIT = "map", "unit"
_ROOM = {"part": 190, "there": 500, "here": 500, "outcome": 16, "text": 1000, "was": 500}


class Line(NamedTuple):
    """One part of a tariff in a run: its value there, what it becomes here, and what came of it.

    `was` is the seller's cost that was agreed until a run set a price.
    """

    remote: str
    pricelist: int
    part: str
    there: str
    here: str
    outcome: str
    text: str = ""
    was: str = ""

    @property
    def cut(self) -> list[str]:
        """Its texts, from `part` on, cut to the columns' lengths."""
        return [fit(getattr(self, name), room) for name, room in _ROOM.items()]


class Run(NamedTuple):
    """A run that was carried out; `started` is in UTC, `parts` counts what it has made or set."""

    id: int
    module: int
    what: str
    rule: str
    who: str
    started: dt.datetime
    parts: int
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
    return next(iter(_runs(db, "r.id = %s", number)), None)


def of_modules(db: Database, modules: Collection[int]) -> list[Run]:
    """The runs of these modules, the newest first."""
    return _runs(db, "r.module IN %s", tuple(modules)) if modules else []


def _runs(db: Database, which: str, *args: object) -> list[Run]:
    rows = db.rows(
        "SELECT r.id, r.module, r.what, r.rule, r.who, r.started, "  # noqa: S608 - words of this file
        "(SELECT COUNT(*) FROM reseller_tariff_line l WHERE l.run = r.id AND l.outcome IN (%s, %s, %s)), "
        f"r.undone IS NOT NULL FROM reseller_tariff_run r WHERE {which} ORDER BY r.id DESC",
        BEGUN,
        DONE,
        OTHER,
        *args,
    )
    return [Run._make((*row[:7], bool(row[7]))) for row in rows]


def has_made(db: Database, module: int, remote: str) -> bool:
    """Whether a run has made, or begun to make, the tariff here of one of the seller's."""
    sql = (
        "SELECT COUNT(*) FROM reseller_tariff_line l JOIN reseller_tariff_run r ON r.id = l.run "
        "WHERE r.module = %s AND l.remote = %s AND l.part = %s AND l.outcome IN (%s, %s, %s)"
    )
    return bool(db.value(sql, module, remote, TARIFF, BEGUN, DONE, FAILED))


def set_undone(db: Database, number: int) -> None:
    """Record that a run was undone."""
    db.execute("UPDATE reseller_tariff_run SET undone = UTC_TIMESTAMP(3) WHERE id = %s", number)


def note(db: Database, run: int, line: Line) -> int:
    """Record a part, before it is made; texts are cut to the columns' lengths. The number of its line."""
    return db.insert(
        "INSERT INTO reseller_tariff_line (run, remote, pricelist, part, there, here, outcome, text, was) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        run,
        line.remote,
        line.pricelist,
        *line.cut,
    )


def settle(db: Database, number: int, line: Line) -> None:
    """Record what came of the part whose line has this number."""
    db.execute(
        "UPDATE reseller_tariff_line SET pricelist = %s, part = %s, there = %s, here = %s, outcome = %s, text = %s, "
        "was = %s WHERE id = %s",
        line.pricelist,
        *line.cut,
        number,
    )


def lines(db: Database, run: int) -> list[Line]:
    """The outcomes of a run, in the order in which they came about."""
    sql = (
        "SELECT remote, pricelist, part, there, here, outcome, text, was FROM reseller_tariff_line WHERE run = %s "
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


def agree(db: Database, pricelist: int, part: str, there: str, here: str) -> None:
    """Keep both values of a part by a person's word, outside of all runs."""
    keep(db, 0, Line("", pricelist, part, there, here, DONE))


def imported(known: Mapping[str, Value]) -> dict[str, Value]:
    """What an import has kept, without what a person's word about the tariff map has."""
    return {part: value for part, value in known.items() if part.partition(" ")[0] not in (MAPPED_TO, UNIT)}


def values(db: Database, pricelist: int) -> dict[str, Value]:
    """What is kept of a tariff, by part."""
    return values_of(db, [pricelist]).get(pricelist, {})


def values_of(db: Database, numbers: Collection[int]) -> dict[int, dict[str, Value]]:
    """What is kept of these tariffs, by part; those of which nothing is kept are missing."""
    if not numbers:
        return {}
    found: dict[int, dict[str, Value]] = {}
    sql = "SELECT pricelist, part, there, here FROM reseller_tariff_value WHERE pricelist IN %s ORDER BY part"
    for pricelist, part, there, here in db.rows(sql, tuple(numbers)):
        found.setdefault(pricelist, {})[part] = Value(there, here)
    return found


def drop(db: Database, pricelist: int, part: str) -> None:
    """Forget the values of a part."""
    sql = "DELETE FROM reseller_tariff_value WHERE pricelist = %s AND part = %s"
    db.execute(sql, pricelist, fit(part, 190))


def forget(db: Database, pricelist: int) -> None:
    """Forget all values of a tariff."""
    db.execute("DELETE FROM reseller_tariff_value WHERE pricelist = %s", pricelist)
