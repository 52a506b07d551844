"""What the ledger keeps of modules and accounts that are no more: prices, charges and forecasts go in the end.

Each module forgets its own in its looks, and nobody looks for those that were deleted, or that have moved away.
"""

from __future__ import annotations

from reseller.ledger.leases import Lease

#: charges and forecasts are of no use to anybody after so many days (ledger/foreseen.py, sync/expense_watch.py)
DAYS = 60
# DISTINCT reads one entry of the index a module or account; for the LIMIT see links.without_module().
_MODULES = (
    "SELECT x.module FROM (SELECT DISTINCT module FROM reseller_price) x LEFT JOIN processingmodule m "
    "ON m.id = x.module AND m.module = 'pmreseller' WHERE m.id IS NULL "
    "AND (SELECT k.live FROM reseller_link k WHERE k.module = x.module AND k.live = 1 LIMIT 1) IS NULL"
)
_ACCOUNTS = (
    "SELECT x.account FROM (SELECT DISTINCT account FROM {table}) x "
    "WHERE (SELECT k.live FROM reseller_link k WHERE k.account = x.account AND k.live = 1 LIMIT 1) IS NULL"
)


def forget(lease: Lease) -> None:
    """Forget the prices of modules that are not there, and what is old of accounts; of both only of those without
    linked services.
    """
    modules = lease.db.column(_MODULES)
    if modules:
        with lease.writing() as db:
            db.execute("DELETE FROM reseller_price WHERE module IN %s", tuple(modules))
    for table in ("reseller_expense", "reseller_foreseen"):
        accounts = lease.db.column(_ACCOUNTS.format(table=table))
        if accounts:
            sql = f"DELETE FROM {table} WHERE account IN %s AND day < UTC_DATE() - INTERVAL %s DAY"  # noqa: S608
            with lease.writing() as db:
                db.execute(sql, tuple(accounts), DAYS)
