"""The pages of the seller's lists, as the last complete reading found them.

A page that is the same byte for byte brings no news of any of its rows, so it is not even parsed. Its remote numbers
are kept with it, because a list proves that a service is missing only when the rows of all its pages are known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger.leases import Lease


class Stored(NamedTuple):
    """One page: its digest, the total that the list stated, and its number of rows."""

    digest: str
    total: int
    rows: int


def load(db: Database, module: int, itemtype: str) -> dict[int, Stored]:
    """The pages of a list, by number."""
    sql = "SELECT page, digest, total, rows_in FROM reseller_page WHERE module = %s AND itemtype = %s"
    return {row[0]: Stored(*row[1:]) for row in db.rows(sql, module, itemtype)}


def ids(db: Database, module: int, itemtype: str, page: int) -> list[str]:
    """The remote numbers on a page."""
    sql = "SELECT ids FROM reseller_page WHERE module = %s AND itemtype = %s AND page = %s"
    return str(db.value(sql, module, itemtype, page) or "").split()


def save(lease: Lease, module: int, itemtype: str, pages: Iterable[tuple[int, Stored, list[str]]], last: int) -> None:
    """Record the pages that changed, and delete those after the last."""
    with lease.writing() as db:
        for number, page, found in pages:
            db.execute(
                "REPLACE INTO reseller_page (module, itemtype, page, digest, total, rows_in, ids) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                module,
                itemtype,
                number,
                page.digest,
                page.total,
                page.rows,
                " ".join(found),
            )
        db.execute(
            "DELETE FROM reseller_page WHERE module = %s AND itemtype = %s AND page > %s", module, itemtype, last
        )
