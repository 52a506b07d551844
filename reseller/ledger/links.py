"""Links: which remote service belongs to which service here.

half     linked by hand; the seller may not have the key yet (linking/sides.py)
opening  bought, not active here yet
live     active here; it is compared with the seller
ended    one of the two services is gone
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.model import Item, Remote, Status
from reseller.wire import dates

#: how many services the problem of a module or of the panel names
NAMED = 100
HALF, OPENING, LIVE, ENDED = "half", "opening", "live", "ended"

_COLUMNS = "k.id, k.item, k.module, k.account, k.itemtype, k.remote, k.rkey, k.state, COALESCE(o.absences, 0)"
_FROM = "FROM reseller_link k LEFT JOIN reseller_observation o ON o.link = k.id"


class Link(NamedTuple):
    """A live row of `reseller_link`.

    `absences` counts the complete lists in a row that did not show the remote service.
    """

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


def last_of_item(db: Database, item: int) -> Link | None:
    """The newest link of a service, even if it has ended."""
    row = db.row(f"SELECT {_COLUMNS} {_FROM} WHERE k.item = %s ORDER BY k.id DESC LIMIT 1", item)
    return Link(*row) if row else None


def of_remote(db: Database, account: int, remote: str) -> Link | None:
    """The live link of this remote service."""
    row = db.row(f"SELECT {_COLUMNS} {_FROM} WHERE k.account = %s AND k.remote = %s AND k.live = 1", account, remote)
    return Link(*row) if row else None


def items(db: Database) -> set[int]:
    """The services that are linked, half-made links included, whatever module they have today."""
    return set(db.column("SELECT item FROM reseller_link WHERE live = 1"))


def is_any(db: Database, module: int = 0) -> bool:
    """Whether a service was ever linked; by one module if it is given."""
    if not module:
        return bool(db.value("SELECT EXISTS (SELECT 1 FROM reseller_link)"))
    return bool(db.value("SELECT EXISTS (SELECT 1 FROM reseller_link WHERE module = %s)", module))


def account_of(db: Database, module: int) -> int:
    """The account at which a module has linked services; 0 for none."""
    sql = "SELECT MIN(account) FROM reseller_link WHERE module = %s AND live = 1 AND state = 'live'"
    return int(db.value(sql, module) or 0)


def active(db: Database, module: int, itemtype: str, most: int) -> list[str]:
    """Remote services of a module and type that are linked and were active at the last look, the newest first."""
    return db.column(
        "SELECT k.remote FROM reseller_link k JOIN reseller_observation o ON o.link = k.id "
        "WHERE k.live = 1 AND k.state = %s AND k.module = %s AND k.itemtype = %s AND o.status = %s AND o.absences = 0 "
        "ORDER BY k.id DESC LIMIT %s",
        LIVE,
        module,
        itemtype,
        Status.ACTIVE,
        most,
    )


def some(db: Database, module: int = 0) -> list[int]:
    """Up to NAMED services with a live request or link, those with a request first; of one module if it is given."""
    rows = db.rows(
        "SELECT item, MIN(rank_) FROM (SELECT item, module, 0 AS rank_ FROM reseller_request WHERE live = 1 "
        "UNION ALL SELECT item, module, 1 FROM reseller_link WHERE live = 1) x WHERE %s IN (0, module) "
        "GROUP BY item ORDER BY 2, 1 LIMIT %s",
        module,
        NAMED,
    )
    return [row[0] for row in rows]


def remotes(db: Database, account: int) -> set[str]:
    """The remote services of an account that are linked, half-made links included."""
    return set(db.column("SELECT remote FROM reseller_link WHERE live = 1 AND account = %s", account))


def knows(db: Database, account: int, itemtype: str, remote: str) -> bool:
    """Whether a remote service is or was linked; if the seller no longer shows such a service, it is gone."""
    sql = "SELECT COUNT(*) FROM reseller_link WHERE account = %s AND itemtype = %s AND remote = %s"
    return bool(db.value(sql, account, itemtype, remote))


def half(db: Database, module: int) -> list[Link]:
    """Half-made links of a module: made by hand, and not finished."""
    sql = f"SELECT {_COLUMNS} {_FROM} WHERE k.live = 1 AND k.state = %s AND k.module = %s ORDER BY k.id"
    return [Link(*row) for row in db.rows(sql, HALF, module)]


def opening(db: Database, modules: Sequence[int]) -> list[Link]:
    """Links of these modules whose service is not active yet, oldest first."""
    if not modules:
        return []
    marks = ", ".join(["%s"] * len(modules))
    sql = f"SELECT {_COLUMNS} {_FROM} WHERE k.live = 1 AND k.state = %s AND k.module IN ({marks}) ORDER BY k.id"
    return [Link(*row) for row in db.rows(sql, OPENING, *modules)]


def late(db: Database, module: int, seconds: int) -> list[tuple[int, str, str, int]]:
    """Services of a module that were bought more than `seconds` ago and are not active here yet.

    Each is: number, remote number, day of purchase (YYYY-MM-DD), last status at the seller (0 if never seen).
    """
    rows = db.rows(
        "SELECT k.item, k.remote, DATE_FORMAT(k.created, '%%Y-%%m-%%d'), COALESCE(o.status, 0) "
        "FROM reseller_link k LEFT JOIN reseller_observation o ON o.link = k.id WHERE k.live = 1 AND k.state = %s "
        "AND k.module = %s AND k.created < UTC_TIMESTAMP(3) - INTERVAL %s SECOND ORDER BY k.item",
        OPENING,
        module,
        seconds,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def count(db: Database, module: int) -> int:
    """How many services a module has linked, half-made and opening links included."""
    return int(db.value("SELECT COUNT(*) FROM reseller_link WHERE live = 1 AND module = %s", module))


def without_module(db: Database) -> list[int]:
    """Modules that have live links and that no longer exist as modules of ours."""
    # DISTINCT reads one entry of the index a module; so does the subquery, of which MySQL would make a join over all
    # links if it were an EXISTS.
    rows = db.rows(
        "SELECT x.module FROM (SELECT DISTINCT module FROM reseller_link) x LEFT JOIN processingmodule m "
        "ON m.id = x.module AND m.module = 'pmreseller' WHERE m.id IS NULL "
        "AND (SELECT k.live FROM reseller_link k WHERE k.module = x.module AND k.live = 1 LIMIT 1) = 1"
    )
    return [row[0] for row in rows]


def write(lease: Lease, item: Item, account: int, remote: str, key: str) -> Link:
    """Write a half-made link, before the seller is called."""
    with lease.db.transaction():
        return _insert(lease, Link(0, item.id, item.module, account, item.itemtype, remote, key, HALF, 0))


def counts(db: Database, module: int) -> dict[str, int]:
    """How many services of a module have a live link in the state `live`, by type."""
    sql = (
        "SELECT itemtype, COUNT(*) FROM reseller_link WHERE live = 1 AND state = %s AND module = %s "
        "GROUP BY itemtype ORDER BY itemtype"
    )
    return {row[0]: row[1] for row in db.rows(sql, LIVE, module)}


def adopt(lease: Lease, request: Request, remote: str) -> Link:
    """Link the remote service that a request bought, and settle the request, in one transaction."""
    bought = request.item, request.module, request.account, request.itemtype
    with lease.db.transaction():
        link = _insert(lease, Link(0, *bought, remote, request.key, OPENING, 0))
        requests.settle(lease, request, Standing(State.LINKED, remote=remote))
    return link


def _insert(lease: Lease, link: Link) -> Link:
    """Insert a link and its empty observation: every live link has one."""
    number = lease.insert(
        "reseller_link",
        item=link.item,
        module=link.module,
        account=link.account,
        itemtype=link.itemtype,
        remote=link.remote,
        rkey=link.key,
        state=link.state,
    )
    sql = "INSERT INTO reseller_observation (link, item, module) VALUES (%s, %s, %s)"
    lease.db.execute(sql, number, link.item, link.module)
    return link._replace(id=number)


def settle(lease: Lease, link: int, state: str) -> None:
    """Set the state of a link; an ended one is no longer live, and its observation is deleted.

    Otherwise the ended links of years would come before the services that wait for the deep check (ledger/linked.py).
    """
    lease.execute(
        "UPDATE reseller_link SET state = %s, live = %s, updated = UTC_TIMESTAMP(3) WHERE id = %s",
        state,
        None if state == ENDED else 1,
        link,
    )
    if state == ENDED:
        lease.db.execute("DELETE FROM reseller_observation WHERE link = %s", link)


def is_made_since(db: Database, link: int, request: int) -> bool:
    """Whether the link was made after the request was sent: the request then concerned another remote service."""
    sql = (
        "SELECT COUNT(*) FROM reseller_link k JOIN reseller_request q ON q.sent < k.created "
        "WHERE k.id = %s AND q.id = %s"
    )
    return bool(db.value(sql, link, request))


def says_the_same(db: Database, link: Link, remote: Remote) -> bool:
    """Whether the seller's last answer for the remote service was the same as this one."""
    sql = (
        "SELECT status, pricelist, expiredate FROM reseller_observation "
        "WHERE link = %s AND seen IS NOT NULL AND absences = 0"
    )
    return db.row(sql, link.id) == _said(remote)


def _said(remote: Remote) -> tuple[int, str, str]:
    """The columns that an observation keeps of a row."""
    return remote.status, remote.pricelist[:190], dates.text(remote.expiredate)


def observe(db: Database, link: Link, remote: Remote) -> None:
    """Record the row that the seller shows for the remote service, if it differs from the last one."""
    if says_the_same(db, link, remote):
        return
    db.execute(
        "UPDATE reseller_observation SET status = %s, pricelist = %s, expiredate = %s, absences = 0, "
        "seen = UTC_TIMESTAMP(3) WHERE link = %s",
        *_said(remote),
        link.id,
    )


def absent(db: Database, link: Link) -> int:
    """Count one more complete list without the remote service; how many there were in a row."""
    db.execute(
        "UPDATE reseller_observation SET absences = absences + 1, seen = UTC_TIMESTAMP(3) WHERE link = %s",
        link.id,
    )
    return link.absences + 1
