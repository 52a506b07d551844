"""Modules that are gone, or are no longer ours, while services are linked by them: nothing renews or closes those.

The panel lets staff delete a processing module, or set it to another program, whatever depends on it. The services that
were bought with it live on at the seller, so each such module is a problem for as long as links name it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from reseller.context import Context
from reseller.ledger import links, problems
from reseller.ledger.leases import Lease, lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.wire.errors import BusyError


def watch(context: Context, modules: Sequence[int]) -> list[str]:
    """Raise a problem for each such module, and end those that are over; their sentences. `modules` are ours today."""
    found = links.without_module(context.db)
    # Other problems of a module that is gone end as well: nothing would ever update them.
    over = [problem for problem in problems.of_others(context.db, modules) if _is_over(problem, found)]
    known = [each for each in problems.of_subject(context.db, problems.MODULE) if each.cause.kind == problems.OWNERLESS]
    over += [each for each in known if each.module in modules]
    if not found and not over:
        return []
    with contextlib.suppress(BusyError), lease(context.db, "modules", context.limits.lease_seconds) as held:
        for problem in over:
            with troubles.each(context):
                troubles.end(context, held, problem.cause)
        return [_raise(context, held, module) for module in found]
    return []


def _is_over(problem: Problem, found: Sequence[int]) -> bool:
    is_mine = problem.cause.kind == problems.OWNERLESS and problem.cause.number in found
    return not is_mine and problem.cause.subject != problems.PANEL


def _raise(context: Context, held: Lease, module: int) -> str:
    touches = tuple(links.some(context.db, module))
    told = {"module": str(module), "count": str(links.count(context.db, module))}
    cause = Cause(problems.MODULE, module, problems.OWNERLESS)
    problem = Problem(cause, module, "reseller_ownerless", told, touches=touches)
    with troubles.each(context):
        troubles.raise_(context, held, problem)
    return context.word(troubles.message(problem))
