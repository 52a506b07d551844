"""What persons had the program do, with their names and addresses: one row for each act, never changed.

A row has the correlation id of the request that followed, so that each can be found from the other.
"""

from __future__ import annotations

from typing import NamedTuple

from reseller.db import Database
from reseller.wire.texts import fit


class Act(NamedTuple):
    """One row; `item` and `module` are 0 where the act concerns none."""

    what: str
    item: int
    module: int
    who: str
    address: str
    text: str
    correlation: str


#: the text columns, and how many characters each holds
_ROOM = {"what": 32, "who": 64, "address": 64, "text": 1000, "correlation": 16}


def note(db: Database, act: Act) -> None:
    """Record an act; texts are cut to the columns' lengths."""
    cut = act._asdict()
    cut.update({name: fit(cut[name], room) for name, room in _ROOM.items()})
    columns, marks = ", ".join(cut), ", ".join(["%s"] * len(cut))
    sql = f"INSERT INTO reseller_act ({columns}, done) VALUES ({marks}, UTC_TIMESTAMP(3))"  # noqa: S608 - words of this file
    db.execute(sql, *cut.values())


def of_item(db: Database, item: int) -> list[tuple[str, Act]]:
    """The acts on a service, oldest first, each with its time (UTC)."""
    sql = f"SELECT done, {', '.join(Act._fields)} FROM reseller_act WHERE item = %s ORDER BY id"  # noqa: S608 - words of this file
    return [(row[0].isoformat(" ", "seconds"), Act(*row[1:])) for row in db.rows(sql, item)]
