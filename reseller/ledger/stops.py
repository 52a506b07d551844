"""Stops: a person's word that nothing is bought from now on, at the seller of one module or at all of them.

It is read right before each call that spends, by every process (seller/transport.py). Only a person takes it back.
"""

from __future__ import annotations

from typing import NamedTuple

from reseller.db import Database
from reseller.wire.errors import Halted
from reseller.wire.texts import fit

#: in place of a module's number
ALL = 0
_CHARACTERS = {"who": 190, "why": 500}


class Stop(NamedTuple):
    """`module` is ALL or the one that it is about, `since` a time in UTC, `why` what the person has said."""

    module: int
    since: str
    who: str
    why: str

    @property
    def error(self) -> Halted:
        """What is to be said of it."""
        scope = str(self.module) if self.module else "*"
        return Halted("reseller_halted", scope=scope, since=self.since, who=self.who, why=self.why or "-")


def of(db: Database, module: int) -> Stop | None:
    """The stop that a module is under: the one of all modules before its own; None without one."""
    return next((found for found in every(db) if found.module in (ALL, module)), None)


def every(db: Database) -> list[Stop]:
    """Every stop, that of all modules first."""
    sql = "SELECT module, DATE_FORMAT(since, '%%Y-%%m-%%d %%H:%%i'), who, why FROM reseller_stop ORDER BY module"
    return [Stop(*row) for row in db.rows(sql)]


def require_none(db: Database, module: int) -> None:
    """To be asked before anything is sent that spends; raises Halted."""
    found = of(db, module)
    if found is not None:
        raise found.error


def put(db: Database, module: int, who: str, why: str) -> None:
    """From now on nothing is bought; a stop that is there keeps its first day, and says the newer reason.

    Under no lease: nobody who is at something else may hold it up.
    """
    db.execute(
        "INSERT INTO reseller_stop (module, who, why, since) VALUES (%s, %s, %s, UTC_TIMESTAMP(3)) "
        "ON DUPLICATE KEY UPDATE who = VALUES(who), why = VALUES(why)",
        module,
        fit(who, _CHARACTERS["who"]),
        fit(why, _CHARACTERS["why"]),
    )


def end(db: Database, module: int) -> None:
    """It is taken back."""
    db.execute("DELETE FROM reseller_stop WHERE module = %s", module)
