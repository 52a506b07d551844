"""Look at one service now, on request: first as `sync_item` does, then as a run of checkevent does."""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import links, observations, swaps
from reseller.seller.services import alone
from reseller.sync import apply, candidates, compare, sync_item
from reseller.sync.day_limits import ChangeLimits
from reseller.sync.job import Mode
from reseller.wire.errors import ResellerError


def now(context: Context, number: int) -> None:
    """Look at service `number`, and apply what is found, within the limits of a day (promise 5).

    A service that is away is only observed. Raises BusyError while a run of checkevent or another process works on it,
    otherwise ResellerError with the reason.
    """
    if swaps.of_item(context.db, number) is None:
        sync_item.sync(context, number)
    link = links.of_item(context.db, number)
    if link is None:
        raise ResellerError("reseller_not_linked", object="elid", value=number, item=number, kind="sync_item")
    if link.state != links.LIVE:
        return
    with context.leased(f"checkevent:{link.module}") as held:
        seller = context.seller_of(link)
        for row in alone(seller.transport, link.itemtype, link.remote).rows:
            links.observe(context.db, link, row)
        candidate = candidates.one(context.db, link.id)
        if candidate is None:
            return
        comparison = compare.look(compare.Batch(context, seller, [candidate]), candidate, is_listed=True)
        if comparison is None:
            return
        verdict = ChangeLimits(held, link.module, context.limits).weigh([comparison], lambda: 0, mode=Mode())
        for limit, count in verdict.refused:
            raise ResellerError(
                "reseller_plan_refused", kind=limit.kind, count=count, total=limit.total, most=limit.most
            )
        if not verdict.allowed:
            # A person has decided to leave the difference as it is.
            return
        if comparison.does_something:
            apply.apply(context, held, comparison, forced=False)
        else:
            observations.settle(held, [comparison.as_settled])
