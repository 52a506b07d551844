"""Links: which remote service is which service here, and what was last seen of it.

opening  bought, not yet active here
live     in step
ended    one of the two is gone
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reseller.db import Database
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request, Standing
from reseller.model import Remote

OPENING, LIVE, ENDED = "opening", "live", "ended"

_COLUMNS = "k.id, k.item, k.module, k.account, k.itemtype, k.remote, k.rkey, k.state, COALESCE(o.absences, 0)"
_FROM = "FROM reseller_link k LEFT JOIN reseller_observation o ON o.link = k.id"


@dataclass(frozen=True)
class Link:
    """A live row of `reseller_link`; `absences` counts the complete lists in a row that did not show it."""

    id: int
    item: int
    module: int
    account: int
    itemtype: str
    remote: str
    key: str
    state: str
    absences: int


def of_item(db: Database, item: int) -> Link | None:
    """The live link of a service."""
    row = db.row(f"SELECT {_COLUMNS} {_FROM} WHERE k.item = %s AND k.live = 1", item)
    return Link(*row) if row else None


def of_remote(db: Database, account: int, remote: str) -> Link | None:
    """The live link that holds this remote service."""
    row = db.row(f"SELECT {_COLUMNS} {_FROM} WHERE k.account = %s AND k.remote = %s AND k.live = 1", account, remote)
    return Link(*row) if row else None


def opening(db: Database, modules: Sequence[int]) -> list[Link]:
    """Links of these modules whose service is not active yet, oldest first."""
    if not modules:
        return []
    marks = ", ".join(["%s"] * len(modules))
    sql = f"SELECT {_COLUMNS} {_FROM} WHERE k.live = 1 AND k.state = %s AND k.module IN ({marks}) ORDER BY k.id"
    return [Link(*row) for row in db.rows(sql, OPENING, *modules)]


def adopt(lease: Lease, request: Request, remote: str) -> Link:
    """Link the remote service that a request bought, and settle the request with it, in one transaction."""
    with lease.db.transaction():
        number = lease.insert(
            "reseller_link",
            item=request.item,
            module=request.module,
            account=request.account,
            itemtype=request.itemtype,
            remote=remote,
            rkey=request.key,
            state=OPENING,
        )
        requests.settle(lease, request, Standing(requests.LINKED, remote=remote))
    return Link(
        number, request.item, request.module, request.account, request.itemtype, remote, request.key, OPENING, 0
    )


def settle(lease: Lease, link: Link, state: str) -> None:
    """Move the link on; an ended one is no longer live."""
    lease.execute(
        "UPDATE reseller_link SET state = %s, live = %s, updated = UTC_TIMESTAMP(3) WHERE id = %s",
        state,
        None if state == ENDED else 1,
        link.id,
    )


def observe(db: Database, link: Link, remote: Remote) -> None:
    """Keep what the seller says of the remote service now, unless it says what it said before."""
    row = db.row("SELECT status, pricelist, expiredate, absences FROM reseller_observation WHERE link = %s", link.id)
    if row == (remote.status, remote.pricelist, remote.expiredate, 0):
        return
    db.execute(
        "REPLACE INTO reseller_observation (link, status, pricelist, expiredate, absences, seen) "
        "VALUES (%s, %s, %s, %s, 0, UTC_TIMESTAMP(3))",
        link.id,
        remote.status,
        remote.pricelist[:190],
        remote.expiredate[:10],
    )


def absent(db: Database, link: Link) -> int:
    """Count one more complete list without it; how many in a row that makes."""
    db.execute(
        "INSERT INTO reseller_observation (link, status, absences, seen) VALUES (%s, 0, 1, UTC_TIMESTAMP(3)) "
        "ON DUPLICATE KEY UPDATE absences = absences + 1, seen = UTC_TIMESTAMP(3)",
        link.id,
    )
    return link.absences + 1
