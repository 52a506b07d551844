"""What becomes of a new order that would leave renewals uncovered: a setting of the module.

NOTHING: it is bought. WARN: it is bought, and staff are told of what is not covered any more (sync/cover_watch.py).
HOLD: it waits, and goes on by itself when the money lasts; what waits is a problem of the account
(sync/account_troubles.py). Renewals never wait for this: the money is for them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from reseller.ledger import balances
from reseller.lifecycle import forecast
from reseller.lifecycle.attempt import Lack
from reseller.model import HOLD
from reseller.wire.errors import ResellerError

if TYPE_CHECKING:
    from reseller.lifecycle.attempt import Attempt
    from reseller.lifecycle.ceiling import Cost

#: error type of orders that wait; its sentence may be shown to a client
HELD = "reseller_order_held"


def require(attempt: Attempt, cost: Cost | None) -> None:
    """Let an order wait if renewals would be uncovered with it, as far as that is known; raises Stopped.

    What is old decides nothing, neither does a cost that is not known.
    """
    context, seller = attempt.context, attempt.seller
    if seller.settings.short_orders != HOLD:
        return
    kept = balances.of(context.db, seller.account)
    if not kept or any(each.age_seconds > context.limits.balance_old_seconds for each in kept):
        return
    extra = (cost.now, cost.currency) if cost else (Decimal(0), "")
    days = context.limits.forecast_days
    found = forecast.of(context, seller.account, seller.transport.today, days, extra)
    # Renewals in another currency lose nothing by an order that is paid in one that the account has.
    is_own = cost is not None and any(each.money.currency == cost.currency for each in kept)
    worst = found.first_short(with_old=False, currency=cost.currency if cost and is_own else "")
    if worst is None:
        return
    context.log.info(f"item {attempt.item.id}: not bought, since {worst.missing} {worst.currency} would be missing")
    have = worst.money.available if worst.money else Decimal(0)
    lacks = Lack(have, worst.missing, worst.currency)
    raise attempt.wait_for(ResellerError(HELD, **attempt.names()), context.limits.unsent_longest_seconds, lacks)
