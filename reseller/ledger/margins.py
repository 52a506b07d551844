"""What resold services have earned here, and what they have cost at the sellers, by tariff, client or month.

Earned is what the panel has booked for a service that is or was linked (`expense`, additions-2.md b.7); cost is what
the seller's balance fell by at each purchase (ledger/spent.py). A row is of one currency: they are never added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller.assumption import columns
from reseller.db import Database
from reseller.ledger import requests
from reseller.ledger.states import State

#: columns of the panel that only this is read from
ASSUMED = (
    *columns("expense", "item realdate:date amount", "platform.md 6.2"),
    *columns("item", "currency", "platform.md 6.2"),
)
TARIFF, CLIENT, MONTH = "tariff", "client", "month"
NOTHING = Decimal(0)
#: by what the rows are gathered: the name, for a sale and for a purchase
_KEYS: Mapping[str, tuple[str, str]] = {
    TARIFF: ("CONCAT(p.id, ' ', COALESCE(p.name, ''))",) * 2,
    CLIENT: ("COALESCE(a.name, '-')",) * 2,
    MONTH: ("DATE_FORMAT(e.realdate, '%%Y-%%m')", "DATE_FORMAT(q.sent, '%%Y-%%m')"),
}
_OF_ITEM = (
    "LEFT JOIN item i ON i.id = {} LEFT JOIN pricelist p ON p.id = i.pricelist LEFT JOIN account a ON a.id = i.account"
)
#: the currency of a service's price: its own, else the only one in which its tariff has prices
CURRENCY = (
    "COALESCE((SELECT c.iso FROM currency c WHERE c.id = i.currency), (SELECT IF(COUNT(*) = 1, MAX(c.iso), '') "
    "FROM pricelistprice l JOIN currency c ON c.id = l.currency WHERE l.pricelist = i.pricelist), '')"
)


class Row(NamedTuple):
    """One tariff, client or month in one currency; `unknown` purchases have no known cost, and are not in it."""

    name: str
    currency: str
    revenue: Decimal
    cost: Decimal
    unknown: int

    @property
    def margin(self) -> Decimal:
        """What is left, as far as the costs are known."""
        return self.revenue - self.cost


def rows(db: Database, by: str, months: int) -> list[Row]:
    """The rows of the last months, the present one included, by name; `by` is TARIFF, CLIENT or MONTH."""
    sold, bought = _KEYS[by]
    since = "DATE_FORMAT(UTC_DATE() - INTERVAL %s MONTH, '%%Y-%%m-01')"
    revenue = db.rows(
        f"SELECT {sold}, {CURRENCY}, SUM(e.amount) FROM expense e {_OF_ITEM.format('e.item')} "  # noqa: S608
        f"WHERE e.realdate >= {since} AND EXISTS (SELECT 1 FROM reseller_link k WHERE k.item = e.item) GROUP BY 1, 2",
        months - 1,
    )
    cost = db.rows(
        f"SELECT {bought}, IF(q.cost IS NULL, {CURRENCY}, q.cost_currency), COALESCE(SUM(q.cost), 0), "  # noqa: S608
        f"SUM(q.cost IS NULL AND q.kind IN ('order', 'prolong', 'part')) "
        f"FROM reseller_request q {_OF_ITEM.format('q.item')} "
        f"WHERE q.sent >= {since} AND q.state IN %s AND q.kind IN %s GROUP BY 1, 2",
        months - 1,
        (State.LINKED, State.DONE),
        requests.CHARGED,
    )
    found: dict[tuple[str, str], Row] = {}
    for name, currency, amount in revenue:
        found[name, currency] = Row(name, currency, amount or NOTHING, NOTHING, 0)
    for name, currency, amount, unknown in cost:
        before = found.get((name, currency), Row(name, currency, NOTHING, NOTHING, 0))
        found[name, currency] = before._replace(cost=before.cost + amount, unknown=before.unknown + int(unknown))
    return [found[key] for key in sorted(found, key=lambda key: (key[0] or "", key[1]))]
