"""Changes of tariff and resources in mid-term: what they have cost at the sellers, and what was charged here for them.

Cost is what the seller's balance fell by while a change was sent (ledger/spent.py); a change that cost nothing, or of
which that was not seen, is not here. Charged is what the panel has booked for the service (`expense`) since the day
before the first change, without the operations that are terms: its word for a change is not known, so every other word
counts. What was given back is not compared: a balance that rises does not tell a refund from a top-up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.assumption import columns
from reseller.db import Database
from reseller.ledger import margins

#: columns of the panel that only this is read from
ASSUMED = (*columns("expense", "operation:text", "platform.md 6.2"),)
#: what the panel books for terms (additions-2.md b.7)
_OF_TERMS = ("open", "prolong", "billperiodic")
#: most changes that are looked at, the newest
MOST = 5000


class Changed(NamedTuple):
    """The changes of one service: how many, the day of the last one, their cost there and what was charged here."""

    item: int
    name: str
    pricelist: int
    tariff: str
    changes: int
    last: dt.date
    cost: Decimal
    currency: str
    charged: Decimal
    charged_in: str

    @property
    def margin(self) -> Decimal | None:
        """What is left; None where the two sides are in different currencies."""
        return self.charged - self.cost if self.currency == self.charged_in else None


class _Sent(NamedTuple):
    item: int
    currency: str
    begun: dt.date
    last: dt.date
    cost: Decimal


def of_days(db: Database, days: int, modules: Sequence[int]) -> list[Changed]:
    """The services of these modules that were changed at a cost within the last days, by number."""
    rows = db.rows(
        "SELECT item, cost_currency, CAST(created AS DATE), CAST(sent AS DATE), cost FROM reseller_request "
        "WHERE module IN %s AND kind = 'setparam' AND sent >= UTC_TIMESTAMP(3) - INTERVAL %s DAY AND cost > 0 "
        "ORDER BY sent DESC LIMIT %s",
        tuple(modules) or (0,),
        days,
        MOST,
    )
    if not rows:
        return []
    sent: dict[tuple[int, str], list[_Sent]] = {}
    for row in rows:
        sent.setdefault((row[0], row[1]), []).append(_Sent(*row))
    services = _services(db, {item for item, _ in sent})
    # The panel's day may be another than the database's.
    since = min(each.begun for found in sent.values() for each in found) - dt.timedelta(days=1)
    booked = _booked(db, list(services), since)
    found = []
    for (item, currency), changes in sorted(sent.items()):
        if item in services:
            begun = min(each.begun for each in changes) - dt.timedelta(days=1)
            charged = sum((amount for day, amount in booked.get(item, ()) if day >= begun), Decimal(0))
            name, pricelist, tariff, charged_in = services[item]
            cost, last = sum((each.cost for each in changes), Decimal(0)), max(each.last for each in changes)
            found.append(
                Changed(item, name, pricelist, tariff, len(changes), last, cost, currency, charged, charged_in)
            )
    return found


def _services(db: Database, numbers: set[int]) -> dict[int, tuple[str, int, str, str]]:
    """Name, number and name of the tariff, and currency of services that are there."""
    sql = (
        f"SELECT i.id, COALESCE(i.name, ''), i.pricelist, COALESCE(p.name, ''), {margins.CURRENCY} FROM item i "  # noqa: S608
        "LEFT JOIN pricelist p ON p.id = i.pricelist WHERE i.id IN %s"
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in db.rows(sql, tuple(numbers))}


def _booked(db: Database, numbers: Sequence[int], since: dt.date) -> dict[int, list[tuple[dt.date, Decimal]]]:
    found: dict[int, list[tuple[dt.date, Decimal]]] = {}
    sql = (
        "SELECT item, CAST(realdate AS DATE), amount FROM expense WHERE item IN %s AND realdate >= %s "
        "AND operation NOT IN %s AND amount IS NOT NULL"
    )
    for item, day, amount in db.rows(sql, tuple(numbers) or (0,), since, _OF_TERMS):
        found.setdefault(item, []).append((day, amount))
    return found
