"""Modules that are gone, or are no longer ours, while services are linked by them: nothing renews or closes those.

The panel lets staff delete a processing module, or set it to another program, whatever depends on it. The services that
were bought with it live on at the seller, so each such module is a problem for as long as links name it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from reseller.context import Context
from reseller.ledger import links, problems
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.wire.errors import BusyError


def watch(context: Context, modules: Sequence[int]) -> list[str]:
    """Raise a problem for each such module, and end those that are over; their sentences. `modules` are ours today."""
    gone = links.without_module(context.db)
    # Other problems of a module that is gone end as well: nothing would ever update them.
    over = [
        each
        for each in problems.of_others(context.db, modules)
        if each.cause.subject != problems.PANEL
        and not (each.cause.kind == problems.OWNERLESS and each.cause.number in gone)
    ]
    known = [each for each in problems.of_subject(context.db, problems.MODULE) if each.cause.kind == problems.OWNERLESS]
    over += [each for each in known if each.module in modules]
    sentences: list[str] = []
    if not gone and not over:
        return sentences
    with contextlib.suppress(BusyError), context.leased("modules") as held:
        for problem in over:
            with troubles.each(context):
                troubles.end(context, held, problem.cause)
        for module in gone:
            touches = tuple(links.some(context.db, module))
            params = {"module": str(module), "count": str(links.count(context.db, module))}
            cause = Cause(problems.MODULE, module, problems.OWNERLESS)
            problem = Problem(cause, module, "reseller_ownerless", params, touches=touches)
            with troubles.each(context):
                troubles.raise_(context, held, problem)
            sentences.append(context.word(troubles.message(problem)))
    return sentences
