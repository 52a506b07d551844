"""What was found of each assumption at the panel and at the seller of a module, and what a person has said of it.

A row is written when a fact was looked at. A fact that does not hold switches off what rests on it (`off`), unless a
person has accepted that, or it has worked here until now (lifecycle/assumptions.py). Every process reads the rows that
are off right before a call that changes something at a seller (reseller/context.py).
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
_ROOM = {"found": 190, "rests": 190, "who": 64, "why": 500}
_COLUMNS = (
    "module, name, holds, found, rests, version, off, who, why, COALESCE(DATE_FORMAT(accepted, '%%Y-%%m-%%d'), '')"
)


class Verdict(NamedTuple):
    """One row; `rests` are the names of abilities (reseller/assumption.py).

    `version` is the program that last saw it hold, empty for none. `who` accepted on the day `accepted`, because `why`,
    that it does not hold; empty if nobody did.
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

    def stops(self, function: str) -> bool:
        """Whether a call of this function of the seller rests on the fact, and is switched off with it."""
        return self.off and any(needs(ability, function) for ability in self.rests.split())


def every(db: Database) -> list[Verdict]:
    """All rows, those of the panel first."""
    return [_verdict(row) for row in db.rows(f"SELECT {_COLUMNS} FROM reseller_verdict ORDER BY module, name")]  # noqa: S608 - words of this file


def off(db: Database, module: int) -> list[Verdict]:
    """The facts that do not hold at the panel, or at the seller of this module, and switch something off."""
    sql = f"SELECT {_COLUMNS} FROM reseller_verdict WHERE off = 1 AND module IN (%s, %s) ORDER BY name"  # noqa: S608 - words of this file
    return [_verdict(row) for row in db.rows(sql, PANEL, module)]


def require(db: Database, module: int, function: str) -> None:
    """Raise Unfounded if a call of this function rests on a fact that does not hold.

    Called before every call that changes something at the seller of `module`.
    """
    for each in off(db, module):
        if each.stops(function):
            raise Unfounded("reseller_unfounded", func=function, name=each.name, found=each.found)


def put(db: Database, verdict: Verdict) -> None:
    """Record what was found of a fact. It takes no lease: two who look find the same."""
    db.execute(
        "INSERT INTO reseller_verdict (module, name, holds, found, rests, version, off, who, why, since) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, '', '', UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE "
        "since = IF(holds = VALUES(holds) AND found = VALUES(found), since, VALUES(since)), "
        # What was accepted is what was found then; anything else has to be looked at anew.
        "who = IF(found = VALUES(found), who, ''), why = IF(found = VALUES(found), why, ''), "
        "accepted = IF(found = VALUES(found), accepted, NULL), "
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


def accept(db: Database, name: str, who: str, why: str) -> int:
    """Record that a person accepts that a fact does not hold, and switch on what rests on it; how many rows."""
    return db.execute(
        "UPDATE reseller_verdict SET off = 0, who = %s, why = %s, accepted = UTC_TIMESTAMP(3) "
        "WHERE name = %s AND holds = 0",
        fit(who, _ROOM["who"]),
        fit(why, _ROOM["why"]),
        name,
    )


def retract(db: Database, name: str) -> int:
    """Take back what was accepted, and switch off what rests on the fact; how many rows."""
    sql = (
        "UPDATE reseller_verdict SET off = rests > '', who = '', why = '', accepted = NULL WHERE name = %s AND who > ''"
    )
    return db.execute(sql, name)


def forget(db: Database, module: int, names: Collection[str]) -> None:
    """Delete what was found of facts that are no assumptions any more, all but these names."""
    kept = tuple(names) or ("",)
    db.execute("DELETE FROM reseller_verdict WHERE module = %s AND name NOT IN %s", module, kept)


def _verdict(row: Row) -> Verdict:
    module, name, holds, found, rests, version, is_off, who, why, accepted = row
    return Verdict(module, name, bool(holds), found, rests, version, bool(is_off), who, why, accepted)
