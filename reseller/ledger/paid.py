"""Until when a linked service is paid, as far as the ledger must know it (rule: lifecycle/term_to_buy.py,
docs/paid-time.md).

The dates are columns of the link. `accounted` is the panel's date up to which everything is explained, NULL at first: a
later date on the panel needs a reason. `highest` is the latest date that the seller's form has shown: an earlier one is
a stale answer, or a date moved by hand, and nothing is bought for it. `left_until` (here `left`) is the panel's date up
to which, by a person's decision, nothing more is bought.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.limits import Limits
from reseller.model import Status

#: cursor name and its values: does the panel move its date `before` or `after` the call-back of a renewal?
PANEL_MOVES, BEFORE, AFTER = "panel moves the date", "before", "after"
#: module number of a cursor that concerns the whole panel
_PANEL = 0


class Paid(NamedTuple):
    """The three dates of a link."""

    accounted: dt.date | None
    highest: dt.date | None
    left: dt.date | None


def of(db: Database, link: int) -> Paid:
    """The dates of a link; all None if there is no such link."""
    row = db.row("SELECT accounted, highest, left_until FROM reseller_link WHERE id = %s", link)
    return Paid(*row) if row else Paid(None, None, None)


def account(lease: Lease, link: int, until: dt.date | None) -> None:
    """Record that the panel's date up to `until` is explained, so that only a later one is a jump.

    A person's decision to leave a later date (`left_until`) ends with it.
    """
    lease.execute("UPDATE reseller_link SET accounted = %s, left_until = NULL WHERE id = %s", until, link)


def leave(lease: Lease, link: int, until: dt.date) -> None:
    """Record a person's decision that nothing more is bought up to this day."""
    lease.execute("UPDATE reseller_link SET left_until = %s WHERE id = %s", until, link)


def raise_highest(lease: Lease, link: int, shown: dt.date | None) -> None:
    """Record a date that the seller has shown; an earlier one than before changes nothing."""
    if shown is not None:
        lease.claims(
            "UPDATE reseller_link SET highest = %s WHERE id = %s AND COALESCE(highest, '1000-01-01') < %s",
            shown,
            link,
            shown,
        )


def believe(lease: Lease, link: int, shown: dt.date) -> None:
    """Record a person's decision that this is the seller's date, whatever it showed before."""
    lease.execute("UPDATE reseller_link SET highest = %s WHERE id = %s", shown, link)


def due(db: Database, module: int, today: dt.date, limits: Limits, active: str = "on") -> list[int]:
    """Services of a module that the client has paid for longer than the seller was paid, and whose term there ends
    soon.

    By the last lists. Without services that have work under way which may change what is bought, that staff hold
    suspended, that are away at another module, or for which a term was bought a moment ago. What is bought is then
    decided by the service's form (commands/owed_terms.py). `active` is the module's switch on the panel: nothing is
    bought for "off".
    """
    rows = db.rows(
        "SELECT k.item FROM reseller_observation o FORCE INDEX (ends) JOIN reseller_link k ON k.id = o.link "
        "JOIN item i ON i.id = o.item JOIN processingmodule m ON m.id = k.module "
        "WHERE o.module = %s AND o.expiredate > '' AND o.expiredate <= %s AND k.live = 1 AND k.state = 'live' "
        "AND LEAST(i.expiredate, k.accounted) > CAST(o.expiredate AS DATE) "
        "+ INTERVAL IF(o.expiredate > %s, %s, 0) DAY AND i.expiredate > %s "
        "AND (i.status IN %s OR (i.status = %s AND EXISTS (SELECT 1 FROM runningoperation b "
        "WHERE b.item = k.item AND b.intname IN %s))) AND i.employeesuspend <> 'on' AND i.abusesuspend <> 'on' "
        "AND i.processingmodule = k.module AND m.active = %s "
        "AND NOT k.left_until <=> LEAST(i.expiredate, k.accounted) "
        "AND NOT EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = k.item AND r.intname NOT IN %s) "
        "AND NOT EXISTS (SELECT 1 FROM reseller_swap w WHERE w.item = k.item AND w.live = 1) "
        "AND NOT EXISTS (SELECT 1 FROM reseller_request q WHERE q.item = k.item "
        "AND ((q.live = 1 AND q.error_type <> %s AND q.kind NOT IN %s) "
        "OR (q.kind IN ('part', 'prolong') AND q.sent > UTC_TIMESTAMP(3) - INTERVAL %s SECOND))) ORDER BY k.item",
        module,
        (today + dt.timedelta(days=limits.part_days)).isoformat(),
        today.isoformat(),
        limits.tolerance_days,
        today,
        (Status.ACTIVE, Status.SUSPENDED),
        Status.PROCESSING,
        requests.BESIDE,
        active,
        requests.BESIDE,
        requests.OVERTAKEN,
        requests.BESIDE,
        limits.part_pause_seconds,
    )
    return [row[0] for row in rows]


def undated(db: Database, module: int, today: dt.date, limits: Limits) -> list[tuple[int, str, dt.date, dt.date]]:
    """Services for which the seller no longer shows a date, and whose last date is near and earlier than the client
    paid for.

    Each is: number, remote number, until when the client has paid, the last date shown.
    """
    rows = db.rows(
        "SELECT k.item, k.remote, LEAST(i.expiredate, k.accounted), k.highest FROM reseller_link k "
        "JOIN reseller_observation o ON o.link = k.id JOIN item i ON i.id = k.item "
        "WHERE k.module = %s AND k.live = 1 AND k.state = 'live' AND o.expiredate = '' AND k.highest <= %s "
        "AND LEAST(i.expiredate, k.accounted) > k.highest + INTERVAL %s DAY AND i.expiredate > %s "
        "AND i.status IN %s AND i.processingmodule = k.module "
        "AND NOT k.left_until <=> LEAST(i.expiredate, k.accounted) ORDER BY k.item",
        module,
        today + dt.timedelta(days=limits.part_days),
        limits.tolerance_days,
        today,
        (Status.ACTIVE, Status.SUSPENDED, Status.PROCESSING),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def endless(db: Database, module: int, today: dt.date, limits: Limits) -> list[tuple[int, str, str]]:
    """Services without an end here whose term at the seller ends soon: nothing tells what to buy for them.

    Each is: number, remote number, the seller's date.
    """
    rows = db.rows(
        "SELECT k.item, k.remote, o.expiredate FROM reseller_observation o FORCE INDEX (ends) "
        "JOIN reseller_link k ON k.id = o.link JOIN item i ON i.id = o.item "
        "WHERE o.module = %s AND o.expiredate > '' AND o.expiredate <= %s AND k.live = 1 AND k.state = 'live' "
        "AND i.expiredate IS NULL AND i.status IN %s AND i.processingmodule = k.module ORDER BY k.item",
        module,
        (today + dt.timedelta(days=limits.part_days)).isoformat(),
        (Status.ACTIVE, Status.SUSPENDED),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def panel_moves(db: Database) -> str:
    """Whether this panel moves a service's date before a renewal's call-back (BEFORE) or by it (AFTER), as the last
    renewal has shown; empty before the first.
    """
    sql = "SELECT value FROM reseller_cursor WHERE module = %s AND name = %s"
    return db.value(sql, _PANEL, PANEL_MOVES) or ""


def learn_panel_moves(lease: Lease, when: str) -> None:
    """Record when the panel moves its date, if that differs from what is recorded."""
    with lease.writing() as db:
        if panel_moves(db) != when:
            db.execute(
                "REPLACE INTO reseller_cursor (module, name, value) VALUES (%s, %s, %s)", _PANEL, PANEL_MOVES, when
            )
