"""The panel's processing modules, as its table has them."""

from __future__ import annotations

from typing import NamedTuple

from reseller.assumption import columns
from reseller.db import Database

#: the table that is read here (platform.md 6.2)
ASSUMED = columns("processingmodule", "id name:text module:text active:text", "platform.md 6.2")


class Module(NamedTuple):
    """A processing module: its number, name, executable in processing/, and whether it is switched on."""

    id: int
    name: str
    module: str
    active: bool

    def __str__(self) -> str:
        return f"{self.id} {self.name} ({self.module})"


def every(db: Database) -> list[Module]:
    """All processing modules of the panel, those of other add-ons included, by number."""
    sql = (
        "SELECT id, COALESCE(name, '') AS name, COALESCE(module, '') AS module, COALESCE(active = 'on', 0) AS active "
        "FROM processingmodule ORDER BY id"
    )
    return [Module(**{**row, "active": bool(row["active"])}) for row in db.named(sql)]
