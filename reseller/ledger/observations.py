"""What the seller last showed of each linked service, and how much of that was dealt with.

`digest` is of the row in the seller's list, `settled` the digest that was last dealt with, `here` a checksum of the
service here at that moment. A service is compared again when either side has changed, so a run without changes compares
none and writes nothing. `shown` marks a suspension here that we made because the seller suspended the service. `secret`
is a keyed digest of the password (sync/facts.py); the password itself is nowhere in the ledger.

Every live link has a row, made together with it (links.py). So the INSERT statements here in fact only update, many
rows at once; for a link that has just ended they leave a row that nothing reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from reseller.db import Database
from reseller.ledger.leases import Lease

#: digest of a service that the list no longer shows; no row has it
ABSENT = 1
#: how many complete lists in a row must miss a service before its form is read
GONE_AFTER_ABSENCES = 2
ROWS_AT_ONCE = 500
_LISTED = (
    "reseller_link k JOIN reseller_observation o ON o.link = k.id "
    "WHERE k.live = 1 AND k.state = 'live' AND k.module = %s AND k.itemtype = %s"
)
_Row = TypeVar("_Row")


class Known(NamedTuple):
    """The stored observation of one linked service."""

    link: int
    digest: int
    settled: int
    status: int
    expiredate: str
    absences: int


class Seen(NamedTuple):
    """A row of a list, as it is to be stored."""

    link: int
    status: int
    suspended_by: str
    pricelist: str
    expiredate: str
    digest: int
    settled: int


class Settled(NamedTuple):
    """A service that was dealt with, and the digests at that moment."""

    link: int
    digest: int
    here: int
    secret: int


def known(db: Database, module: int, itemtype: str, remotes: Collection[str]) -> dict[str, Known]:
    """The stored observations of these remote services, by remote number; those that are not linked are left out."""
    by_remote: dict[str, Known] = {}
    for part in _parts(list(remotes)):
        marks = ", ".join(["%s"] * len(part))
        rows = db.rows(
            "SELECT k.remote, k.id, o.digest, o.settled, o.status, o.expiredate, o.absences "  # noqa: S608
            f"FROM {_LISTED} AND k.remote IN ({marks})",
            module,
            itemtype,
            *part,
        )
        by_remote.update((row[0], Known(*row[1:])) for row in rows)
    return by_remote


def remotes(db: Database, module: int, itemtype: str) -> dict[str, int]:
    """Links of a module and type whose remote service is not known to be gone, by remote number."""
    sql = f"SELECT k.remote, k.id FROM {_LISTED} AND o.absences < %s"  # noqa: S608
    return dict(db.rows(sql, module, itemtype, GONE_AFTER_ABSENCES))


def unsure(db: Database, module: int, itemtype: str) -> dict[str, int]:
    """Of these, the links that were never seen, or were missing in the last list for the first time.

    The database computes and indexes this as `doubtful`, so that a quiet run reads no other rows.
    """
    return dict(db.rows(f"SELECT k.remote, k.id FROM {_LISTED} AND o.doubtful = 1", module, itemtype))  # noqa: S608


def seen(lease: Lease, rows: Sequence[Seen]) -> None:
    """Record rows of a list."""
    columns = ("link", "status", "suspended_by", "pricelist", "expiredate", "digest", "settled")
    _put(
        lease,
        columns,
        [
            (r.link, r.status, r.suspended_by[:32], r.pricelist[:190], r.expiredate[:10], r.digest, r.settled)
            for r in rows
        ],
        "status = VALUES(status), suspended_by = VALUES(suspended_by), pricelist = VALUES(pricelist), "
        "expiredate = VALUES(expiredate), digest = VALUES(digest), settled = VALUES(settled), absences = 0, "
        "seen = VALUES(seen)",
    )


def absent(lease: Lease, links: Sequence[int]) -> None:
    """Count one more complete list without these services; at the second their form is to be read."""
    _put(
        lease,
        ("link", "absences"),
        [(link, 1) for link in links],
        # Assignments run from left to right, so `digest` sees the new count.
        "absences = absences + 1, seen = VALUES(seen), "
        f"digest = IF(absences >= {GONE_AFTER_ABSENCES}, {ABSENT}, digest)",
    )


def settle(lease: Lease, rows: Sequence[Settled]) -> None:
    """Record services that were dealt with; the form of each was read for that."""
    _put(
        lease,
        ("link", "settled", "here", "secret"),
        [(row.link, row.digest, row.here, row.secret) for row in rows],
        "settled = VALUES(settled), here = VALUES(here), secret = VALUES(secret), deep = VALUES(seen), tried = NULL",
    )


def tried(lease: Lease, links: Sequence[int]) -> None:
    """Move these services to the end of the queue."""
    _put(lease, ("link",), [(link,) for link in links], "tried = VALUES(seen)")


def _put(lease: Lease, columns: Sequence[str], rows: Sequence[Sequence[object]], update: str) -> None:
    """Insert rows, or update those that exist; `columns` and `update` are constants of this file."""
    row = f"({', '.join(['%s'] * len(columns))}, UTC_TIMESTAMP(3))"
    for part in _parts(rows):
        with lease.writing() as db:
            db.execute(
                f"INSERT INTO reseller_observation ({', '.join(columns)}, seen) "  # noqa: S608 - see above
                f"VALUES {', '.join([row] * len(part))} ON DUPLICATE KEY UPDATE {update}",
                *(value for values in part for value in values),
            )


def learned(db: Database, link: int, secret: int) -> None:
    """Record the digest of the password that a service was activated with."""
    db.execute("UPDATE reseller_observation SET secret = %s WHERE link = %s", secret, link)


def mark_sellers_suspension(lease: Lease, link: int, *, is_sellers: bool) -> None:
    """Mark the suspension here as the seller's before it is made, or take the mark away after it was lifted.

    The mark is 1 + the id of the newest suspend request, so a later suspension by the panel outdates it.
    """
    asked = (
        "SELECT 1 + COALESCE(MAX(q.id), 0) FROM reseller_link k LEFT JOIN reseller_request q "
        "ON q.item = k.item AND q.kind = 'suspend' WHERE k.id = %s"
    )
    with lease.writing() as db:
        value = db.value(asked, link) if is_sellers else 0
        db.execute("UPDATE reseller_observation SET shown = %s WHERE link = %s", value, link)


def cursors(db: Database, module: int) -> Mapping[str, str]:
    """The cursors of a module by name: where runs stopped, and which lists had errors."""
    return dict(db.rows("SELECT name, value FROM reseller_cursor WHERE module = %s", module))


def seconds_since(db: Database, module: int, name: str) -> int | None:
    """How many seconds ago move_now() set a cursor; None for never."""
    sql = (
        "SELECT TIMESTAMPDIFF(SECOND, CAST(value AS DATETIME), UTC_TIMESTAMP()) FROM reseller_cursor "
        "WHERE module = %s AND name = %s"
    )
    row = db.row(sql, module, name)
    return row[0] if row else None


def move_now(lease: Lease, module: int, name: str) -> None:
    """Set a cursor to the current time."""
    with lease.writing() as db:
        db.execute("REPLACE INTO reseller_cursor (module, name, value) VALUES (%s, %s, UTC_TIMESTAMP())", module, name)


def move(lease: Lease, module: int, name: str, value: str) -> None:
    """Set a cursor; an empty value deletes it."""
    with lease.writing() as db:
        if value:
            db.execute("REPLACE INTO reseller_cursor (module, name, value) VALUES (%s, %s, %s)", module, name, value)
        else:
            db.execute("DELETE FROM reseller_cursor WHERE module = %s AND name = %s", module, name)


def _parts(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    return (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))
