"""What the ledger knows of the remote services of one seller account: which are linked or kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger.leases import Lease

KEYS_AT_ONCE = 500


class Claim(NamedTuple):
    """A live link; `status` is that of the service here, None if it no longer exists."""

    link: int
    item: int
    module: int
    itemtype: str
    remote: str
    state: str
    status: int | None


def linked(db: Database, account: int) -> dict[str, Claim]:
    """The live links of an account, by remote number."""
    rows = db.rows(
        "SELECT k.id, k.item, k.module, k.itemtype, k.remote, k.state, i.status FROM reseller_link k "
        "LEFT JOIN item i ON i.id = k.item WHERE k.live = 1 AND k.account = %s",
        account,
    )
    return {row[4]: Claim(*row) for row in rows}


def kept(db: Database, account: int) -> dict[str, tuple[int, str, str]]:
    """Kept licences of an account by remote number: the row's id, the type, the state.

    Those that are being handed to an order are included.
    """
    rows = db.rows("SELECT remote, id, itemtype, state FROM reseller_free WHERE account = %s", account)
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def ours(db: Database, keys: Sequence[str]) -> dict[str, bool]:
    """Which of these keys are ours; the value says whether a live request has the key."""
    by_key: dict[str, bool] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        part = keys[start : start + KEYS_AT_ONCE]
        marks = ", ".join(["%s"] * len(part))
        by_key.update(dict.fromkeys((row[0] for row in db.rows(_LINKED.format(marks), *part)), False))
        by_key.update((row[0], bool(row[1])) for row in db.rows(_ASKED.format(marks), *part))
    return by_key


_LINKED = "SELECT rkey FROM reseller_link WHERE rkey IN ({})"
_ASKED = "SELECT rkey, COALESCE(live, 0) FROM reseller_request WHERE rkey IN ({})"


def unread(db: Database, module: int, seconds: int) -> list[tuple[int, int, str]]:
    """Links whose service was not read in full for this many seconds: link, service, remote number."""
    rows = db.rows(
        "SELECT k.id, k.item, k.remote FROM reseller_link k LEFT JOIN reseller_observation o ON o.link = k.id "
        "WHERE k.live = 1 AND k.state = 'live' AND k.module = %s "
        "AND COALESCE(o.deep, k.updated) < UTC_TIMESTAMP(3) - INTERVAL %s SECOND ORDER BY k.item",
        module,
        seconds,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def read_again(lease: Lease, link: int) -> None:
    """Reset the link's observation so that the next run reads its service first; insert it if the row is lost."""
    again = (
        "INSERT INTO reseller_observation (link, item, module) SELECT id, item, module FROM reseller_link "
        "WHERE id = %s ON DUPLICATE KEY UPDATE settled = 0, here = 0, tried = NULL"
    )
    with lease.writing() as db:
        db.execute(again, link)


def forget_kept(lease: Lease, row: int) -> bool:
    """Delete a kept licence unless an order has taken it meanwhile; whether it was deleted."""
    return lease.claims("DELETE FROM reseller_free WHERE id = %s AND state = 'free'", row)


def long_away(db: Database, home: int, days: int) -> list[tuple[int, str, str]]:
    """Services of module `home` that are swapped away for more than `days`: service, since (YYYY-MM-DD), why."""
    rows = db.rows(
        "SELECT item, DATE_FORMAT(created, '%%Y-%%m-%%d'), why FROM reseller_swap WHERE live = 1 AND home = %s "
        "AND created < UTC_TIMESTAMP(3) - INTERVAL %s DAY ORDER BY created",
        home,
        days,
    )
    return [(row[0], row[1], row[2]) for row in rows]
