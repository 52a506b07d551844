"""Many services with the same trouble have one task: it names them all, and says of the first what is to be done.

A seller who moves a tariff, or forgets our keys, makes as many differences as there are services. Each stays a problem
of its own, so that it shows with its service and ends with it; their tasks give way to one.
"""

from __future__ import annotations

from collections.abc import Sequence

from reseller.context import Context
from reseller.ledger import problems
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import operations
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items
from reseller.sync.left_behind import OF_DATES, OF_LEDGER

#: so many are named in the words of it
NAMED = 20
PASSING = frozenset((*OF_LEDGER, *OF_DATES))


def gather(context: Context, held: Lease, module: int) -> None:
    """One problem of the subject MANY for each kind of which there are many, for as long as there is any."""
    live = problems.live(context.db, module)
    known = {each.cause.kind for each in live if each.cause.subject == problems.MANY}
    found: dict[str, list[Problem]] = {}
    for each in live:
        kind = each.cause.kind
        # What may pass by itself is not told of at once, neither by itself nor with others.
        is_young = kind in PASSING and each.age_seconds < context.limits.stale_intent_seconds
        if each.cause.subject == problems.SERVICE and kind not in troubles.BY_OPERATION and not is_young:
            found.setdefault(kind, []).append(each)
    for kind in known - found.keys():
        with troubles.each(context):
            troubles.end(context, held, Cause(problems.MANY, module, kind))
    for kind, mine in found.items():
        if kind in known or len(mine) > context.limits.many_services:
            with troubles.each(context):
                _keep(context, held, Cause(problems.MANY, module, kind), mine)


def _keep(context: Context, held: Lease, cause: Cause, mine: Sequence[Problem]) -> None:
    touches = tuple(each.cause.number for each in mine)
    names = ", ".join(map(str, touches[:NAMED])) + (", ..." if len(touches) > NAMED else "")
    told = {"count": str(len(mine)), "services": names, "first": context.word(troubles.message(mine[0]))}
    before = problems.of(context.db, cause)
    if (
        before is not None
        and before.task
        and set(touches) - set(before.touches)
        and not items.is_open(context.db, before.task)
    ):
        # Staff have closed it: that was no word about those that have come since.
        problems.set_task(held, cause, 0)
    troubles.raise_(context, held, Problem(cause, cause.number, "reseller_many", told, touches=touches))
    for each in mine:
        if each.task:
            operations.unask(context, each.task)
            problems.set_task(held, each.cause, 0)
