"""Stops: a person's decision that nothing is bought from now on, at the seller of one module or at all sellers.

Every process reads it right before each call that spends (seller/transport.py). Only a person can end a stop (promise
12).
"""

from __future__ import annotations

from typing import NamedTuple

from reseller.db import Database
from reseller.wire.errors import Halted
from reseller.wire.texts import fit

#: stands for all modules in place of a module's number
ALL = 0
_CHARACTERS = {"who": 190, "why": 500}


class Stop(NamedTuple):
    """`module` is the stopped module, or ALL; `since` is a time in UTC, `why` the person's reason."""

    module: int
    since: str
    who: str
    why: str

    @property
    def error(self) -> Halted:
        """The error that reports the stop."""
        scope = str(self.module) if self.module else "*"
        return Halted("reseller_halted", scope=scope, since=self.since, who=self.who, why=self.why or "-")


def of(db: Database, module: int) -> Stop | None:
    """The stop that applies to a module: that of all modules before its own; None without one."""
    return next((found for found in every(db) if found.module in (ALL, module)), None)


def every(db: Database) -> list[Stop]:
    """Every stop, that of all modules first."""
    sql = "SELECT module, DATE_FORMAT(since, '%%Y-%%m-%%d %%H:%%i'), who, why FROM reseller_stop ORDER BY module"
    return [Stop(*row) for row in db.rows(sql)]


def put(db: Database, module: int, who: str, why: str) -> None:
    """Stop buying from now on; an existing stop keeps its first day and gets the newer reason.

    It takes no lease, so that no process can delay it.
    """
    db.execute(
        "INSERT INTO reseller_stop (module, who, why, since) VALUES (%s, %s, %s, UTC_TIMESTAMP(3)) "
        "ON DUPLICATE KEY UPDATE who = VALUES(who), why = VALUES(why)",
        module,
        fit(who, _CHARACTERS["who"]),
        fit(why, _CHARACTERS["why"]),
    )


def end(db: Database, module: int) -> None:
    """End the stop."""
    db.execute("DELETE FROM reseller_stop WHERE module = %s", module)
