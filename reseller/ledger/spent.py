"""What requests have cost, by the seller's balance, and what was spent within a day without an operation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger import states
from reseller.ledger.leases import Lease
from reseller.ledger.states import State
from reseller.model import CURRENCY_CHARACTERS

#: how many services are asked for in one query
ITEMS_AT_ONCE = 500
#: in SQL, with a service's column, a time and NO_CHANGES: whether its tariff or resources may have been changed since,
#: so that prices of that time are of something else; a change of name or address alters no price
CHANGED_SINCE = (
    "EXISTS (SELECT 1 FROM reseller_request c WHERE c.item = {item} AND c.kind = 'setparam' AND c.sent > {time} "
    "AND c.state NOT IN %s AND (c.detail LIKE '%%.changepricelist %%' OR c.detail LIKE '%% addon\\_%%'))"
)
#: states of requests that have changed nothing
NO_CHANGES = State.all_that_mean(states.NOT_SENT)


class Spent(NamedTuple):
    """A number of terms and what they cost in the account's currency, as far as that is known."""

    terms: int
    amount: Decimal


def note(lease: Lease, request: int, cost: Decimal, currency: str) -> None:
    """Add the amount by which the balance fell while this request was sent."""
    lease.execute(
        "UPDATE reseller_request SET cost = COALESCE(cost, 0) + %s, cost_currency = %s WHERE id = %s",
        cost,
        currency[:CURRENCY_CHARACTERS],
        request,
    )


def of_day(db: Database, module: int) -> Spent:
    """What a module has bought without an operation in the last 24 hours, purchases of unknown outcome included."""
    sql = (
        "SELECT COUNT(*), COALESCE(SUM(cost), 0) FROM reseller_request WHERE module = %s AND kind = 'part' "
        "AND sent > UTC_TIMESTAMP(3) - INTERVAL 1 DAY AND state IN %s"
    )
    row = db.row(sql, module, (*State.all_that_mean(states.IN_DOUBT), State.WAITING, State.DONE))
    return Spent(*row) if row else Spent(0, Decimal(0))


def expected(db: Database, item: int) -> tuple[Decimal | None, str]:
    """What one more term of a service may cost, and the currency: as its last one, else as the last order of its
    tariff.

    The amount is None if neither is known.
    """
    like = (
        "SELECT q.cost, q.cost_currency FROM item m JOIN item i ON i.pricelist = m.pricelist AND i.period = m.period "
        "JOIN reseller_request q ON q.item = i.id AND q.kind = 'order' AND q.cost > 0 WHERE m.id = %s "
        "ORDER BY q.id DESC LIMIT 1"
    )
    row = last_cost(db, item) or db.row(like, item)
    return (row[0], row[1]) if row else (None, "")


def last_renewal(db: Database, item: int, months: int) -> tuple[Decimal, str] | None:
    """What the last renewal of a service by this term has cost, and the currency.

    None if that is not known, or the service's resources may have been changed since: it was the price of others then.
    """
    changed = CHANGED_SINCE.format(item="r.item", time="r.sent")
    sql = (
        "SELECT r.cost, r.cost_currency FROM reseller_request r WHERE r.item = %s AND r.term = %s AND r.cost > 0 "  # noqa: S608
        f"AND r.kind IN ('prolong', 'part') AND NOT {changed} ORDER BY r.id DESC LIMIT 1"
    )
    row = db.row(sql, item, months, NO_CHANGES)
    return (row[0], row[1]) if row else None


def last_of_terms(db: Database, items: Sequence[int]) -> dict[tuple[int, int], tuple[Decimal, str]]:
    """What the last renewal by a term has cost, and the currency, by service and months, as far as that is known; where
    there was none, what the order of the term has cost, a setup fee or a promotion included.
    """
    found: dict[tuple[int, int], tuple[Decimal, str]] = {}
    sql = (
        "SELECT item, term, cost, cost_currency FROM reseller_request WHERE item IN %s AND cost > 0 "
        "AND kind IN %s ORDER BY id"
    )
    # Renewals come last, so that they replace orders.
    for kinds in (("order",), ("prolong", "part")):
        for start in range(0, len(items), ITEMS_AT_ONCE):
            for item, term, cost, currency in db.rows(sql, tuple(items[start : start + ITEMS_AT_ONCE]), kinds):
                found[item, term] = (cost, currency)
    return found


def last_cost(db: Database, item: int) -> tuple[Decimal, str] | None:
    """What the last renewal of a service has cost, else the last request that cost anything, and the currency; None if
    not known.
    """
    sql = (
        "SELECT cost, cost_currency FROM reseller_request WHERE item = %s AND cost > 0 "
        "ORDER BY kind IN ('prolong', 'part') DESC, id DESC LIMIT 1"
    )
    row = db.row(sql, item)
    return (row[0], row[1]) if row else None
