"""What the ledger keeps of modules and accounts that are no more: prices, charges and forecasts go in the end.

Each module forgets its own in its looks, and nobody looks for those that were deleted, or that have moved away.
"""

from __future__ import annotations

from reseller.ledger.leases import Lease

#: charges and forecasts are of no use to anybody after so many days (ledger/foreseen.py, sync/expense_watch.py)
DAYS = 60


def forget(lease: Lease) -> None:
    """Forget the prices of modules that are not there and have no linked services, and all that is old of accounts."""
    with lease.writing() as db:
        db.execute(
            "DELETE FROM reseller_price WHERE NOT EXISTS "
            "(SELECT 1 FROM processingmodule m WHERE m.id = reseller_price.module AND m.module = 'pmreseller') "
            "AND NOT EXISTS (SELECT 1 FROM reseller_link k WHERE k.module = reseller_price.module AND k.live = 1)"
        )
        db.execute("DELETE FROM reseller_expense WHERE day < UTC_DATE() - INTERVAL %s DAY", DAYS)
        db.execute("DELETE FROM reseller_foreseen WHERE day < UTC_DATE() - INTERVAL %s DAY", DAYS)
