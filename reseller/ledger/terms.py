"""Linked services whose term at the seller ends soon, with what decides whether a further one will be bought.

Links that are opening or half are not among them, and services without a date there.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from reseller.assumption import columns
from reseller.db import Database

#: columns of the panel that only the forecast reads
ASSUMED = (*columns("item", "autoprolong", "platform.md 6.2"),)


class Ending(NamedTuple):
    """A service and its two dates. `accounted` is the panel's date as far as it is explained (docs/paid-time.md);
    `renews` is the period for which the panel renews it by itself, None if it does not.
    """

    item: int
    name: str
    itemtype: str
    module: int
    remote: str
    ends: dt.date
    paid_until: dt.date | None
    accounted: dt.date | None
    pricelist: int
    period: int
    status: int
    renews: int | None
    is_away: bool
    is_left: bool


def ending(db: Database, account: int, until: dt.date) -> list[Ending]:
    """The linked services of an account whose term there ends by that day, the earliest first."""
    rows = db.rows(
        "SELECT i.id, COALESCE(i.name, ''), k.itemtype, k.module, k.remote, CAST(o.expiredate AS DATE), i.expiredate, "
        "k.accounted, i.pricelist, i.period, i.status, i.autoprolong, "
        "i.processingmodule <> k.module, COALESCE(k.left_until = LEAST(i.expiredate, k.accounted), 0) "
        "FROM reseller_link k JOIN reseller_observation o ON o.link = k.id JOIN item i ON i.id = k.item "
        "WHERE k.account = %s AND k.live = 1 AND k.state = 'live' AND o.expiredate > '' AND o.expiredate <= %s "
        "ORDER BY o.expiredate, i.id",
        account,
        until.isoformat(),
    )
    return [Ending(*row[:12], *map(bool, row[12:])) for row in rows]


def looks_after(db: Database, account: int) -> int:
    """The module that speaks for an account: the first one with services there; 0 for none."""
    sql = "SELECT MIN(module) FROM reseller_link WHERE account = %s AND live = 1 AND state = 'live'"
    return int(db.value(sql, account) or 0)
