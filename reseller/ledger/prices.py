"""Prices at sellers: the one that was agreed, and the one that was seen last (lifecycle/ceiling.py compares them).

A row is one price of one part at the seller of one module. Of a tariff here (TARIFF) the parts are those of the
seller's published tariff, each with the price of one unit; of a service (SERVICE) there is one part, its renewal. What
has no agreed price yet takes the first one seen. Afterwards only a person's word moves the agreed price, so that small
rises do not add up unnoticed.

Another tariff of the seller, another term or other resources make another part, so only the like is ever compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger import spent
from reseller.ledger.leases import Lease
from reseller.model import CURRENCY_CHARACTERS
from reseller.wire.texts import fit

TARIFF, SERVICE = "tariff", "service"
#: ends the part of a row that is no price: by how much the order form's sum is above that of the published prices
BESIDE = " beside"
ROWS_AT_ONCE = 500
#: an unchanged price gets a new date at most this often, so that a quiet run writes nothing
CONFIRM_SECONDS = 43200
_PART_CHARACTERS, _WHO_CHARACTERS = 128, 190
_MOST = Decimal(10) ** 14
_COLUMNS = (
    "subject, number, part, currency, pricelist, agreed, agreed_by, seen, "
    "TIMESTAMPDIFF(SECOND, seen_at, UTC_TIMESTAMP(3)), units, module"
)


class Seen(NamedTuple):
    """A price that the seller has shown: of part `part` of a tariff here or of a service, and of tariff `pricelist`
    here.
    """

    subject: str
    number: int
    part: str
    currency: str
    pricelist: int
    price: Decimal
    #: what is agreed where nothing is yet; None: this price
    agreed: Decimal | None = None
    #: how many of it one purchase may have
    units: Decimal = Decimal(1)


class Price(NamedTuple):
    """A row: the agreed price, who has agreed to it (empty: the first one seen), and the one seen last with its age."""

    subject: str
    number: int
    part: str
    currency: str
    pricelist: int
    agreed: Decimal
    agreed_by: str
    seen: Decimal
    age_seconds: int
    units: Decimal = Decimal(1)
    module: int = 0

    @property
    def is_beside(self) -> bool:
        """Whether it is the difference of two answers (lifecycle/two_prices.py)."""
        return self.part.endswith(BESIDE)


def note(lease: Lease, module: int, found: Sequence[Seen]) -> None:
    """Record prices that were seen now, under the lease of the run or of the service."""
    rows = [each._replace(part=fit(each.part, _PART_CHARACTERS)) for each in found if abs(each.price) < _MOST]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        fresh = _unchanged(lease.db, module, part)
        changed = [each for each in part if each not in fresh]
        if changed:
            with lease.writing() as db:
                _put(db, module, changed)


def _put(db: Database, module: int, rows: Sequence[Seen]) -> None:
    marks = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s, '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"] * len(rows))
    db.execute(
        "INSERT INTO reseller_price (subject, number, part, currency, pricelist, module, agreed, seen, units, "  # noqa: S608
        f"agreed_by, agreed_at, seen_at) VALUES {marks} ON DUPLICATE KEY UPDATE seen = VALUES(seen), "
        "units = VALUES(units), pricelist = VALUES(pricelist), seen_at = VALUES(seen_at)",
        *(
            value
            for each in rows
            for value in (
                *(each.subject, each.number, each.part, each.currency[:CURRENCY_CHARACTERS]),
                *(each.pricelist, module, each.price if each.agreed is None else each.agreed),
                *(each.price, each.units),
            )
        ),
    )


def _unchanged(db: Database, module: int, rows: Sequence[Seen]) -> set[Seen]:
    """Of these, those whose row says the same since a short while ago."""
    subjects, numbers = {each.subject for each in rows}, {each.number for each in rows}
    sql = f"SELECT {_COLUMNS} FROM reseller_price WHERE subject IN %s AND number IN %s AND module = %s"  # noqa: S608
    stored = [Price(*row) for row in db.rows(sql, tuple(subjects), tuple(numbers), module)]
    known = {(each.subject, each.number, each.part, each.currency): each for each in stored}
    found = set()
    for row in rows:
        before = known.get((row.subject, row.number, row.part, row.currency[:CURRENCY_CHARACTERS]))
        is_young = before is not None and before.age_seconds < CONFIRM_SECONDS
        if (
            before
            and is_young
            and (before.seen, before.pricelist, before.units) == (row.price, row.pricelist, row.units)
        ):
            found.add(row)
    return found


def of(db: Database, subject: str, number: int, module: int = 0) -> list[Price]:
    """The prices of a tariff here, or of a service, at the seller of a module, or of all of ours for 0."""
    sql = f"SELECT {_COLUMNS} FROM reseller_price WHERE subject = %s AND number = %s ORDER BY part, currency, module"  # noqa: S608
    return [each for each in (Price(*row) for row in db.rows(sql, subject, number)) if module in (0, each.module)]


def of_services(db: Database, items: Sequence[int]) -> dict[int, list[Price]]:
    """The prices of these services' renewals, by service."""
    found: dict[int, list[Price]] = {}
    for start in range(0, len(items), ROWS_AT_ONCE):
        sql = f"SELECT {_COLUMNS} FROM reseller_price WHERE subject = 'service' AND number IN %s"  # noqa: S608
        for row in db.rows(sql, tuple(items[start : start + ROWS_AT_ONCE])):
            found.setdefault(row[1], []).append(Price(*row))
    return found


def risen(db: Database, module: int, seconds: int) -> list[Price]:
    """The prices of a module that were seen above the agreed ones, and differences that are not as agreed; without
    those of services that are not linked.

    A price that was last seen more than `seconds` before another of the same tariff or service is over: it was that of
    another target, or of other resources. So is a service's price from before its last change of resources.
    """
    changed = spent.CHANGED_SINCE.format(item="p.number", time="p.seen_at")
    sql = (
        f"SELECT {_COLUMNS} FROM reseller_price p WHERE p.module = %s "  # noqa: S608
        f"AND (p.seen > p.agreed OR (p.part LIKE '%%{BESIDE}' AND p.seen <> p.agreed)) "
        "AND (p.subject = 'tariff' OR EXISTS (SELECT 1 FROM reseller_link k WHERE k.item = p.number AND k.live = 1)) "
        f"AND (p.subject = 'tariff' OR NOT {changed}) "
        "AND p.seen_at >= (SELECT MAX(o.seen_at) - INTERVAL %s SECOND FROM reseller_price o "
        "WHERE o.subject = p.subject AND o.number = p.number AND o.module = p.module) "
        "ORDER BY p.pricelist, p.subject DESC, p.number, p.part"
    )
    return [Price(*row) for row in db.rows(sql, module, spent.NO_CHANGES, seconds)]


def prune(lease: Lease, module: int) -> None:
    """Forget the prices of services that are not linked, and of tariffs that nobody can order and no service has.

    Unlinked or taken off by mistake, they are seen anew, and what is seen then counts as agreed. Prices that an order
    has charged are forgotten too: they were once compared with renewals, and nothing sees them again.
    """
    with lease.writing() as db:
        db.execute(
            "DELETE FROM reseller_price WHERE module = %s AND subject = 'service' AND part LIKE '%% charged'", module
        )
        db.execute(
            "DELETE FROM reseller_price WHERE module = %s AND subject = 'service' AND NOT EXISTS "
            "(SELECT 1 FROM reseller_link k WHERE k.item = reseller_price.number AND k.live = 1)",
            module,
        )
        db.execute(
            "DELETE FROM reseller_price WHERE module = %s AND subject = 'tariff' AND NOT EXISTS "
            "(SELECT 1 FROM processingmodule2pricelist s WHERE s.pricelist = reseller_price.number "
            "AND s.processingmodule = reseller_price.module) AND NOT EXISTS "
            "(SELECT 1 FROM item i WHERE i.pricelist = reseller_price.number AND i.status <> 4)",
            module,
        )


def agree(db: Database, found: Sequence[Price], who: str) -> int:
    """Record a person's word for these prices, as they were shown to him: how many. What has moved since is left.

    It takes no lease: a purchase compares with the seller's price of that moment all the same.
    """
    return sum(
        db.execute(
            "UPDATE reseller_price SET agreed = seen, agreed_by = %s, agreed_at = UTC_TIMESTAMP(3) "
            "WHERE subject = %s AND number = %s AND part = %s AND currency = %s AND module = %s AND seen = %s",
            fit(who, _WHO_CHARACTERS),
            *(each.subject, each.number, each.part, each.currency, each.module, each.seen),
        )
        for each in found
    )
