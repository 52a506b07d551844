"""Observe only: modules that read, compare and show, and send nothing that changes or costs anything at a seller.

A new module observes until a person says that it may act: by the box of its settings, or by `resellerctl observe`. A
module that has linked a service, or has sent an order that is still under way, acts, unless a person, or a restored
database, has put it back. Every process asks here right before each call that changes something (reseller/context.py).

A database that was restored from yesterday knows nothing of what was sent since. The number of the newest request is
therefore also kept in a file beside the log: when the table is behind it, all modules observe until a person has
looked.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from reseller import files
from reseller.db import Database
from reseller.ledger import links, requests
from reseller.wire import numbers
from reseller.wire.errors import Observing
from reseller.wire.texts import fit

#: stands for all modules in place of a module's number
ALL = 0
#: the file with the number of the newest request that may have been sent
MARK = "var/reseller.newest"
_CHARACTERS = {"who": 190, "why": 500}


class Observer(NamedTuple):
    """A module (0 for all) that was put back to observing: since when (UTC), by whom and why."""

    module: int
    since: str
    who: str
    why: str


def every(db: Database) -> list[Observer]:
    """Every module that was put back, and all of them first."""
    sql = "SELECT module, DATE_FORMAT(since, '%%Y-%%m-%%d %%H:%%i'), who, why FROM reseller_observing ORDER BY module"
    return [Observer(*row) for row in db.rows(sql)]


def of(db: Database, module: int, *, acts: bool) -> Observing | None:
    """The error for a module that observes; None if it acts. `acts` is the box of its settings."""
    put_back = next((each for each in every(db) if each.module in (ALL, module)), None)
    if put_back is not None:
        told = {"since": put_back.since, "who": put_back.who or "-", "why": put_back.why or "-"}
        return Observing("reseller_observing_again", module=module, **told)
    if acts or links.is_any(db, module) or requests.is_any_sent(db, module):
        return None
    return Observing("reseller_observing", module=module)


def watch(db: Database, base: Path) -> None:
    """Notice a restored database: the file keeps the highest number of a request. If the table's is lower, all modules
    observe from now on; if it is higher, it is written into the file.

    The file is never brought down here, so a database that is restored a second time is noticed a second time.
    """
    # In this order: a number is written into the file after its row is in the table.
    kept = 0
    with contextlib.suppress(OSError):
        kept = numbers.whole(files.read(base / MARK).decode("ascii", "replace").strip())
    newest = _newest(db)
    if newest < kept:
        if not any(each.module == ALL for each in every(db)):
            told = f"the database was restored: its newest request is {newest}, and {kept} was sent from here"
            put(db, ALL, "", told)
    elif newest > kept:
        # A file that cannot be written only keeps an older number.
        with contextlib.suppress(OSError):
            files.replace(base / MARK, f"{newest}\n", 0o600)


def believe(db: Database, base: Path) -> None:
    """Take the table of requests for whole, as a person has looked; raises OSError if that cannot be written down."""
    files.replace(base / MARK, f"{_newest(db)}\n", 0o600)


def is_restored(db: Database, module: int) -> bool:
    """Whether this module observes because the database was restored, and not because a person said so."""
    return any(not each.who for each in every(db) if each.module in (ALL, module))


def put(db: Database, module: int, who: str, why: str) -> None:
    """Let a module, or ALL, observe from now on."""
    db.execute(
        "INSERT INTO reseller_observing (module, who, why, since) VALUES (%s, %s, %s, UTC_TIMESTAMP(3)) "
        "ON DUPLICATE KEY UPDATE who = VALUES(who), why = VALUES(why)",
        module,
        fit(who, _CHARACTERS["who"]),
        fit(why, _CHARACTERS["why"]),
    )


def end(db: Database, module: int) -> None:
    """Let a module, or ALL, act again."""
    db.execute("DELETE FROM reseller_observing WHERE module = %s", module)


def _newest(db: Database) -> int:
    return int(db.value("SELECT COALESCE(MAX(id), 0) FROM reseller_request"))
