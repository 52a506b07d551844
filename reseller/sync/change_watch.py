"""Changes in mid-term that have cost more at the seller than was charged here: one problem for each tariff here.

The loss is past when it is seen: what a change costs is told before only in words (`money_info`, selling-api.md 4.4),
and whether the panel books its own charge before the command or after it is not known. So no change waits for this;
whoever sets the prices is told, for DAYS after the last such change, or until the panel's charges cover it. A service
counts when its cost is above what was charged by more than the tolerance of purchases (`is_above` in
lifecycle/ceiling.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reseller.context import Context
from reseller.ledger import mid_term, problems
from reseller.ledger.leases import Lease
from reseller.ledger.mid_term import Changed
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import ceiling
from reseller.lifecycle import problems as troubles
from reseller.wire import money, texts
from reseller.wire.errors import ResellerError

#: for how long a change is told of
DAYS = 30
#: how many services the problem names
NAMED = 10


def note(context: Context, held: Lease, module: int) -> None:
    """Raise the problem of each tariff of which changes have lost money, and end those that are over."""
    raised = [each.cause for each in problems.of_kind(context.db, module, problems.DEAR_CHANGE)]
    try:
        changed = [each for each in mid_term.of_days(context.db, DAYS, [module]) if each.margin is not None]
        if not changed and not raised:
            return
        settings = context.seller(module).settings
    except ResellerError as error:
        # Also where the panel's table has not what is read of it: that stops no other work of the module.
        context.log.error(f"module {module}: changes not compared: {context.word(error)}")
        return
    lossy: dict[int, list[Changed]] = {}
    for each in changed:
        if ceiling.is_above(max(each.charged, Decimal(0)), each.cost, settings):
            lossy.setdefault(each.pricelist, []).append(each)
    lasting = {Cause.of_sold(number, problems.DEAR_CHANGE, module) for number in lossy}
    for cause in raised:
        # As it was read: a row of an older version names the tariff only.
        if cause not in lasting:
            with troubles.each(context):
                troubles.end(context, held, cause)
    for number, found in lossy.items():
        with troubles.each(context):
            troubles.raise_(context, held, _problem(module, number, found))


def _problem(module: int, number: int, found: Sequence[Changed]) -> Problem:

    def words(each: Changed) -> str:
        charged = money.text(each.charged, "")
        return f"{each.item} {each.name}: {charged} -> {money.text(each.cost, each.currency)}"

    params = {
        "module": str(module),
        "pricelist": str(number),
        "tariff": found[0].tariff,
        "count": str(len(found)),
        "days": str(DAYS),
        "services": texts.some(found, NAMED, words),
    }
    cause = Cause.of_sold(number, problems.DEAR_CHANGE, module)
    error = troubles.KINDS[problems.DEAR_CHANGE].error
    return Problem(cause, module, error, params, touches=tuple(each.item for each in found))
