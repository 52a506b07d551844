"""One task for many services with the same problem: it names them all, and says of the first what to do.

A seller who moves a tariff, or loses our keys, causes as many differences as there are services. Each stays its own
problem, so that it is shown with its service and ends with it; only their tasks are replaced by one.
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
from reseller.wire import texts

#: how many services the shared task names
NAMED = 20
PASSING = frozenset((*OF_LEDGER, *OF_DATES))


def gather(context: Context, held: Lease, module: int) -> None:
    """Keep one problem of the subject MANY for each kind that more than `many_services` services have.

    It starts above that number and lasts until no service has the kind any more.
    """
    live = problems.live(context.db, module)
    known = {each.cause.kind for each in live if each.cause.subject == problems.MANY}
    by_kind: dict[str, list[Problem]] = {}
    for each in live:
        kind = each.cause.kind
        # A problem that may pass by itself is not reported at once, neither alone nor with others.
        is_young = kind in PASSING and each.age_seconds < context.limits.stale_intent_seconds
        if each.cause.subject == problems.SERVICE and kind not in troubles.BY_OPERATION and not is_young:
            by_kind.setdefault(kind, []).append(each)
    for kind in known - by_kind.keys():
        with troubles.each(context):
            troubles.end(context, held, Cause(problems.MANY, module, kind))
    for kind, mine in by_kind.items():
        if kind in known or len(mine) > context.limits.many_services:
            with troubles.each(context):
                _keep(context, held, Cause(problems.MANY, module, kind), mine)


def _keep(context: Context, held: Lease, cause: Cause, mine: Sequence[Problem]) -> None:
    touches = tuple(each.cause.number for each in mine)
    params = {
        "count": str(len(mine)),
        "services": texts.some(touches, NAMED),
        "first": context.word(troubles.message(mine[0])),
    }
    before = problems.of(context.db, cause)
    if (
        before is not None
        and before.task
        and set(touches) - set(before.touches)
        and not items.is_open(context.db, before.task)
    ):
        # Staff closed the task, which says nothing about services that were added since: create a new one.
        problems.set_task(held, cause, 0)
    troubles.raise_(context, held, Problem(cause, cause.number, "reseller_many", params, touches=touches))
    for each in mine:
        if each.task:
            operations.unask(context, each.task)
            problems.set_task(held, each.cause, 0)
