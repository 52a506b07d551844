"""What was found of each assumption at the panel and at the seller of a module, and what a person has said of it.

A row is written when a fact was looked at. `off` is what the rule says of a fact that does not hold: that what rests on
it is switched off (lifecycle/assumptions.py). A person who accepts the fact overrides that, and leaves `off` as it is.
Every process reads the rows that are off right before a call that changes something at a seller (reseller/context.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from reseller.assumption import needs
from reseller.db import Database, Row
from reseller.wire.errors import Unfounded
from reseller.wire.texts import fit

#: stands for the panel in place of a module's number
PANEL = 0
#: the row of the last look at the panel, or at a seller; no entry is called so
LOOK = "*"
_ROOM = {"found": 190, "rests": 190, "who": 64, "why": 500}
_COLUMNS = (
    "module, name, holds, found, rests, version, off, who, why, COALESCE(DATE_FORMAT(accepted, '%%Y-%%m-%%d'), ''), "
    "TIMESTAMPDIFF(SECOND, since, UTC_TIMESTAMP(3))"
)


class Verdict(NamedTuple):
    """One row; `rests` are the names of abilities (reseller/assumption.py).

    `version` is the digest of the entry that was last seen to hold (Assumption.digest), empty for none. `who` accepted
    on the day `accepted`, because `why`, that it does not hold; empty if nobody did. `seconds` is how long ago it was
    first found so.
    """

    module: int
    name: str
    holds: bool
    found: str
    rests: str = ""
    version: str = ""
    off: bool = False
    who: str = ""
    why: str = ""
    accepted: str = ""
    seconds: int = 0

    @classmethod
    def of_row(cls, row: Row) -> Verdict:
        """From the columns `_COLUMNS` of a row."""
        module, name, holds, found, rests, version, is_off, *said = row
        return cls(module, name, bool(holds), found, rests, version, bool(is_off), *said)

    @property
    def is_off(self) -> bool:
        """Whether it switches off what rests on it, which a person has not accepted."""
        return self.off and not self.who

    @property
    def is_open(self) -> bool:
        """Whether something rests on a fact that does not hold, and nobody has accepted that."""
        return not self.holds and bool(self.rests) and not self.who

    def stops(self, function: str) -> bool:
        """Whether a call of this function of the seller rests on the fact, and is switched off with it."""
        return self.is_off and any(needs(ability, function) for ability in self.rests.split())


class Look(NamedTuple):
    """The last look: the panel's `state` then, whether all could be seen, and how long ago."""

    state: str
    is_whole: bool
    seconds: int


def every(db: Database) -> list[Verdict]:
    """All rows, those of the panel first."""
    sql = f"SELECT {_COLUMNS} FROM reseller_verdict WHERE name <> %s ORDER BY module, name"  # noqa: S608 - words of this file
    return [Verdict.of_row(row) for row in db.rows(sql, LOOK)]


def off(db: Database, module: int) -> list[Verdict]:
    """The facts that do not hold at the panel, or at the seller of this module, and switch something off."""
    sql = f"SELECT {_COLUMNS} FROM reseller_verdict WHERE off = 1 AND who = '' AND module IN (%s, %s) ORDER BY name"  # noqa: S608 - words of this file
    return [Verdict.of_row(row) for row in db.rows(sql, PANEL, module)]


def require(db: Database, module: int, function: str) -> None:
    """Raise Unfounded if a call of this function rests on a fact that does not hold.

    Called before every call that changes something at the seller of `module`.
    """
    for each in off(db, module):
        if each.stops(function):
            raise Unfounded("reseller_unfounded", func=function, name=each.name, found=each.found)


def put(db: Database, verdict: Verdict) -> None:
    """Record what was found of a fact. It takes no lease: two who look find the same."""
    same = "holds = VALUES(holds) AND found = VALUES(found)"
    db.execute(
        "INSERT INTO reseller_verdict (module, name, holds, found, rests, version, off, who, why, since) "  # noqa: S608 - words of this function
        "VALUES (%s, %s, %s, %s, %s, %s, %s, '', '', UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE "
        f"since = IF({same}, since, VALUES(since)), "
        # What was accepted is what was found then; anything else has to be looked at anew. The columns that are
        # compared come last: an assignment reads what those before it have set.
        f"who = IF({same}, who, ''), why = IF({same}, why, ''), accepted = IF({same}, accepted, NULL), "
        "holds = VALUES(holds), found = VALUES(found), rests = VALUES(rests), version = VALUES(version), "
        "off = VALUES(off)",
        verdict.module,
        verdict.name,
        verdict.holds,
        fit(verdict.found, _ROOM["found"]),
        fit(verdict.rests, _ROOM["rests"]),
        verdict.version,
        verdict.off,
    )


def accept(db: Database, module: int, name: str, who: str, why: str) -> int:
    """Record that a person accepts that a fact does not hold at the panel or at this seller; how many rows (0, 1)."""
    return db.execute(
        "UPDATE reseller_verdict SET who = %s, why = %s, accepted = UTC_TIMESTAMP(3) "
        "WHERE module = %s AND name = %s AND holds = 0",
        fit(who, _ROOM["who"]),
        fit(why, _ROOM["why"]),
        module,
        name,
    )


def retract(db: Database, module: int, name: str) -> int:
    """Take back what was accepted: what the rule says counts again; how many rows (0, 1)."""
    sql = "UPDATE reseller_verdict SET who = '', why = '', accepted = NULL WHERE module = %s AND name = %s AND who > ''"
    return db.execute(sql, module, name)


def looked(db: Database, module: int, state: str, *, is_whole: bool) -> None:
    """Record that the panel (0) or the seller of a module is looked at now; see Look."""
    db.execute(
        "INSERT INTO reseller_verdict (module, name, holds, found, rests, version, off, who, why, since) "
        "VALUES (%s, %s, %s, %s, '', '', 0, '', '', UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE "
        "holds = VALUES(holds), found = VALUES(found), since = VALUES(since)",
        module,
        LOOK,
        is_whole,
        state,
    )


def last_look(db: Database, module: int) -> Look | None:
    """The last look at the panel (0) or at the seller of a module."""
    sql = (
        "SELECT found, holds, TIMESTAMPDIFF(SECOND, since, UTC_TIMESTAMP(3)) FROM reseller_verdict "
        "WHERE module = %s AND name = %s"
    )
    row = db.row(sql, module, LOOK)
    return Look(row[0], bool(row[1]), row[2]) if row else None


def forget(db: Database, module: int, names: Collection[str]) -> None:
    """Delete what was found of facts that are no assumptions any more, all but these names."""
    kept = (LOOK, *names)
    db.execute("DELETE FROM reseller_verdict WHERE module = %s AND name NOT IN %s", module, kept)
