"""The changes that checkevent made here, counted by the limits of a day, and those that it refused (promise 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from reseller import log
from reseller.db import Database
from reseller.ledger.leases import Lease
from reseller.model import Status

DAY_SECONDS = 86400
KEEP_DAYS = 30
#: kinds of limited change: services changed, suspended because the seller did, closed or gone
CHANGE, STOP, CLOSE = "change", "stop", "close"


class Refused(NamedTuple):
    """A planned change of a link that was refused, in words, with the digests at the time of planning.

    `left_by` is the person who decided that it is not to be made; empty while nobody has.
    """

    link: int
    kind: str
    detail: str
    digest: int
    here: int
    left_by: str = ""


def running(db: Database, module: int) -> int:
    """How many linked services of a module run here, with those suspended within a day because the seller did."""
    sql = (
        "SELECT COUNT(*) FROM reseller_link k JOIN item i ON i.id = k.item WHERE k.live = 1 AND k.state = 'live' "
        "AND k.module = %s AND (i.status = %s OR k.id IN (SELECT c.link FROM reseller_change c WHERE c.module = %s "
        "AND c.kind = %s AND c.changed > UTC_TIMESTAMP(3) - INTERVAL %s SECOND))"
    )
    return int(db.value(sql, module, Status.ACTIVE, module, STOP, DAY_SECONDS))


def changed(db: Database, module: int, kind: str) -> set[int]:
    """Links of a module that were changed in this way within the last day."""
    sql = (
        "SELECT DISTINCT link FROM reseller_change WHERE module = %s AND kind = %s "
        "AND changed > UTC_TIMESTAMP(3) - INTERVAL %s SECOND"
    )
    return set(db.column(sql, module, kind, DAY_SECONDS))


class Change(NamedTuple):
    """A change of a linked service that is about to be made; `forced` if a person let it past the limits."""

    module: int
    link: int
    kind: str
    detail: str
    forced: bool


def note(lease: Lease, change: Change) -> None:
    """Record a change before it is made."""
    with lease.writing() as db:
        db.execute(
            "INSERT INTO reseller_change (module, link, kind, detail, forced, correlation, changed) "
            "VALUES (%s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(3))",
            change.module,
            change.link,
            change.kind,
            change.detail[:500],
            int(change.forced),
            log.correlation(),
        )
        db.execute(
            "DELETE FROM reseller_change WHERE module = %s AND changed < UTC_TIMESTAMP(3) - INTERVAL %s DAY",
            change.module,
            KEEP_DAYS,
        )


def refused(db: Database, module: int) -> list[Refused]:
    """The changes of a module that are refused now."""
    rows = db.rows(
        "SELECT p.link, p.kind, p.detail, p.digest, p.here, p.left_by FROM reseller_plan p "
        "JOIN reseller_link k ON k.id = p.link AND k.live = 1 WHERE p.module = %s ORDER BY p.link",
        module,
    )
    return [Refused(*row) for row in rows]


def shown(db: Database) -> list[tuple[int, int, str, str, str]]:
    """Refused changes of all modules that wait for a person: module, service, remote number, kind, what would be
    done.
    """
    rows = db.rows(
        "SELECT p.module, k.item, k.remote, p.kind, p.detail FROM reseller_plan p JOIN reseller_link k "
        "ON k.id = p.link AND k.live = 1 WHERE p.left_by = '' ORDER BY p.module, k.item"
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def waiting(db: Database, module: int) -> dict[str, list[int]]:
    """The services of a module whose change waits for a person, by kind of limit."""
    rows = db.rows(
        "SELECT p.kind, k.item FROM reseller_plan p JOIN reseller_link k ON k.id = p.link AND k.live = 1 "
        "WHERE p.module = %s AND p.left_by = '' ORDER BY k.item",
        module,
    )
    by_kind: dict[str, list[int]] = {}
    for kind, item in rows:
        by_kind.setdefault(kind, []).append(item)
    return by_kind


def leave(db: Database, services: Collection[int], who: str) -> int:
    """Record a person's decision that the waiting changes of these services are not to be made; how many there were."""
    sql = (
        "UPDATE reseller_plan p JOIN reseller_link k ON k.id = p.link AND k.live = 1 "
        "SET p.left_by = %s WHERE p.left_by = '' AND k.item IN %s"
    )
    return db.execute(sql, who[:190] or "-", tuple(services))


def refuse(lease: Lease, module: int, changes: Iterable[Refused]) -> None:
    """Record refused changes; those refused before stay."""
    with lease.writing() as db:
        for each in changes:
            db.execute(
                "INSERT INTO reseller_plan (link, module, kind, detail, digest, here, since) "
                "VALUES (%s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE module = VALUES(module), "
                "kind = VALUES(kind), detail = VALUES(detail), left_by = "
                "IF(digest = VALUES(digest) AND here = VALUES(here), left_by, ''), "
                "digest = VALUES(digest), here = VALUES(here)",
                each.link,
                module,
                each.kind,
                each.detail[:500],
                each.digest,
                each.here,
            )


def forget(lease: Lease, links: Collection[int]) -> None:
    """Delete refused changes of these links: they changed again, or may be made now."""
    if not links:
        return
    with lease.writing() as db:
        marks = ", ".join(["%s"] * len(links))
        db.execute(f"DELETE FROM reseller_plan WHERE link IN ({marks})", *links)  # noqa: S608 - marks
