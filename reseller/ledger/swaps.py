"""Swaps: which services were moved to another processing module, by whom, when and why, and whether they are back.

intent     recorded, the module may or may not have been changed yet: the next command finishes or undoes it
away       moved; its link lives on and is only observed
returning  being moved back, as intent
back       back at its module
undone     was not moved after all
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger.leases import Lease

INTENT, AWAY, RETURNING, BACK, UNDONE = "intent", "away", "returning", "back", "undone"
_LIVE = (INTENT, AWAY, RETURNING)

_COLUMNS = "id, item, home, target, state, who, why, created, updated, pricelist, period, expiredate, status"


class Swap(NamedTuple):
    """A row of `reseller_swap`; `pricelist`, `period`, `expiredate` and `status` are the service's when it left."""

    id: int
    item: int
    home: int
    target: int
    state: str
    who: str
    why: str
    created: object
    updated: object
    pricelist: int
    period: int
    expiredate: object
    status: int

    @property
    def live(self) -> bool:
        """Whether the service is away from its module, or may be."""
        return self.state in _LIVE


def of_item(db: Database, item: int) -> Swap | None:
    """The live swap of a service."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_swap WHERE item = %s AND live = 1", item)  # noqa: S608
    return Swap(*row) if row else None


def all_live(db: Database) -> list[Swap]:
    """Every service that is or may be away, longest first."""
    return [Swap(*row) for row in db.rows(f"SELECT {_COLUMNS} FROM reseller_swap WHERE live = 1 ORDER BY created, id")]  # noqa: S608


def create(lease: Lease, **values: object) -> Swap:
    """Record a swap before it is made: item, home, target, who, why, and the service's values at that moment."""
    lease.insert("reseller_swap", state=INTENT, **values)
    swap = of_item(lease.db, int(str(values["item"])))
    assert swap is not None  # noqa: S101 - just written, under the service's lease
    return swap


def settle(lease: Lease, swap: Swap, state: str) -> Swap:
    """Set the state of a swap."""
    lease.execute(
        "UPDATE reseller_swap SET state = %s, live = %s, updated = UTC_TIMESTAMP(3) WHERE id = %s",
        state,
        1 if state in _LIVE else None,
        swap.id,
    )
    return swap._replace(state=state)


def move(lease: Lease, item: int, old: int, new: int) -> bool:
    """Set the service's processing module from `old` to `new`; whether it was done.

    Not if it has another module than `old`, is in process, or has an operation. This is the one cell of the panel's
    tables that the add-on ever writes (promise 4), by compare-and-set.
    """
    return lease.claims(
        "UPDATE item SET processingmodule = %s WHERE id = %s AND processingmodule <=> %s AND status <> 5 "
        "AND NOT EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = %s)",
        new,
        item,
        old,
        item,
    )


def undo(lease: Lease, item: int, old: int, new: int) -> bool:
    """Set the module back from `new` to `old`, even if an operation has begun since: the move was not to happen."""
    return lease.claims(
        "UPDATE item SET processingmodule = %s WHERE id = %s AND processingmodule <=> %s", old, item, new
    )


def rows(found: Sequence[Swap]) -> list[dict[str, object]]:
    """Swaps for a table or JSON."""
    return [
        {
            "service": swap.item,
            "state": swap.state,
            "home": swap.home,
            "at": swap.target,
            "since": str(swap.created)[:19],
            "who": swap.who,
            "why": swap.why,
        }
        for swap in found
    ]
