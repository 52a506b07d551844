"""Orders of one tariff that the seller refuses again and again, as where it has no more room: one problem a tariff.

Each refused order has an operation and a task of its own, which say why. The problem says that it is not about one
client: whoever orders next is refused too. It ends when fewer orders of a day wait so, or when the tariff is off.
"""

from __future__ import annotations

from collections.abc import Sequence

from reseller.context import Context
from reseller.ledger import problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request
from reseller.ledger.states import State
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.order_plan import DATACENTER_FIELD
from reseller.mgr5 import items, tariffs
from reseller.sync.price_watch import by_tariff
from reseller.wire import texts

#: for how long a refusal counts
DAY_SECONDS = 86400
#: how many services the problem names
NAMED = 10


def note(context: Context, held: Lease, module: int) -> None:
    """Raise the problem of each tariff on sale of which `refused_orders` orders were refused in a day; end others."""
    least = context.limits.refused_orders
    refused = [
        each
        for each in (requests.all_live(context.db, [module]) if least else ())
        if (each.kind, each.state) == (requests.ORDER, State.REFUSED) and each.quiet_seconds < DAY_SECONDS
    ]
    often = {number: orders for number, orders in by_tariff(context.db, refused).items() if len(orders) >= least}
    on_sale = tariffs.active(context.db, often)
    for problem in problems.of_kind(context.db, module, problems.REFUSED_ORDERS):
        if problem.cause.number not in on_sale:
            with troubles.each(context):
                troubles.end(context, held, problem.cause)
    for number in on_sale:
        with troubles.each(context):
            troubles.raise_(context, held, _problem(context, module, number, often[number]))


def _problem(context: Context, module: int, number: int, orders: Sequence[Request]) -> Problem:
    params = {
        "module": str(module),
        "pricelist": str(number),
        "tariff": tariffs.name(context.db, number),
        "datacenter": items.tariff_params(context.db, number).get(DATACENTER_FIELD) or "-",
        "count": str(len(orders)),
        "cause": max(orders, key=lambda each: each.id).error_text,
        "services": texts.some(orders, NAMED, lambda each: str(each.item)),
    }
    cause = Cause.of_sold(number, problems.REFUSED_ORDERS, module)
    touches = tuple(each.item for each in orders)
    return Problem(cause, module, troubles.KINDS[problems.REFUSED_ORDERS].error, params, touches=touches)
