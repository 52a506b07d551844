"""How good the forecast is: what is due in the next days is kept once a day, and later what its renewals have cost.

A term is bought some days before or after the day on which it is due, so no single day can be compared. A forecast is
held against the renewals that were sent after it for terms that began within its days; what was renewed before it was
not in it either. That is counted once, a day after its last day, and kept: nobody reads the requests of weeks again. A
forecast with a renewal whose cost was not seen is not counted, since it would look wrong for no reason of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger.leases import Lease

#: the days of a forecast that is kept; how long it is counted for the error, and kept at all
DAYS, COUNTED_DAYS = 7, 30
_SPENT = (
    "SELECT COALESCE(SUM(cost), 0), SUM(cost IS NULL) FROM reseller_request WHERE account = %s "
    "AND kind IN ('prolong', 'part') AND sent >= %s AND sent < %s AND was > '' AND was <= %s AND state = 'done' "
    "AND cost_currency IN ('', %s)"
)


class Error(NamedTuple):
    """How far forecasts were off: how many were counted, the sums foreseen and spent, and the sum of what each was off.

    A day counts in several forecasts, so the sums are no turnover.
    """

    forecasts: int
    foreseen: Decimal
    spent: Decimal
    off: Decimal

    @property
    def percent(self) -> int | None:
        """What they were off, of what was foreseen; None where nothing was."""
        return int((self.off * 100 / self.foreseen).to_integral_value()) if self.foreseen else None


def is_kept(db: Database, account: int, day: dt.date) -> bool:
    """Whether the forecast of this day is kept already."""
    sql = "SELECT EXISTS (SELECT 1 FROM reseller_foreseen WHERE account = %s AND day = %s)"
    return bool(db.value(sql, account, day))


def put(lease: Lease, account: int, day: dt.date, amounts: Mapping[str, Decimal]) -> None:
    """Keep what is due within DAYS from `day` on, by currency, and forget what is not counted any more."""
    with lease.writing() as db:
        for currency, amount in amounts.items():
            db.execute(
                "INSERT IGNORE INTO reseller_foreseen (account, currency, day, amount, noted) "
                "VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(3))",
                *(account, currency, day, amount),
            )
        first = day - dt.timedelta(days=COUNTED_DAYS + DAYS + 1)
        db.execute("DELETE FROM reseller_foreseen WHERE account = %s AND day < %s", account, first)


def settle(lease: Lease, account: int, today: dt.date) -> None:
    """Count what was spent for the forecasts whose days are over since yesterday."""
    db, over = lease.db, today - dt.timedelta(days=DAYS + 1)
    sql = "SELECT currency, day, noted FROM reseller_foreseen WHERE account = %s AND day < %s AND spent IS NULL"
    for currency, day, noted in db.rows(sql, account, over):
        last = day + dt.timedelta(days=DAYS)
        row = db.row(_SPENT, account, noted, last + dt.timedelta(days=2), last.isoformat(), currency)
        spent, unknown = row or (Decimal(0), 0)
        with lease.writing() as writing:
            if unknown:
                sql = "DELETE FROM reseller_foreseen WHERE account = %s AND currency = %s AND day = %s"
                writing.execute(sql, account, currency, day)
            else:
                sql = "UPDATE reseller_foreseen SET spent = %s WHERE account = %s AND currency = %s AND day = %s"
                writing.execute(sql, spent, account, currency, day)


def errors(db: Database, account: int) -> dict[str, Error]:
    """How far the forecasts of an account were off lately, by currency; those that were counted."""
    sql = (
        "SELECT currency, COUNT(*), SUM(amount), SUM(spent), SUM(ABS(spent - amount)) FROM reseller_foreseen "
        "WHERE account = %s AND spent IS NOT NULL GROUP BY currency"
    )
    return {row[0]: Error(*row[1:]) for row in db.rows(sql, account)}
