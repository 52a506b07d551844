"""Let a module observe only, or act: what waits meanwhile, what it will cost, and the one problem of it.

While a module observes (ledger/observing.py), operations that need a call which changes something stop right before it
and say so; one problem names all of them. When the module acts again, they go on with the next run of checkevent, the
oldest first; each looks at the seller before it sends anything, so the plan that is shown is made anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from reseller.commands import stop_buying
from reseller.commands.stop_buying import Waiting
from reseller.context import Context
from reseller.ledger import links, observing, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.observing import ALL
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items, settings
from reseller.wire.errors import Observing, ResellerError


def state(context: Context, module: int) -> Observing | None:
    """The sentence of a module that observes, None if it acts; raises ResellerError for one that is not ours."""
    items.require_module(context.db, module)
    return observing.of(context.db, module, acts=settings.read(context.mgrctl, module).acts)


def plan(context: Context, module: int) -> list[Waiting]:
    """What waits for the module to act: requests, the oldest first, then terms that are due without one."""
    return stop_buying.waiting(context, [module], Observing.unsent)


def begin(context: Context, module: int, why: str) -> None:
    """Let the module observe from now on; raises as state()."""
    state(context, module)
    observing.put(context.db, module, str(context.caller), why)
    context.note("observe", f"module {module} observes only: {why or '-'}", module=module)


def act(context: Context, module: int) -> list[Waiting]:
    """Let the module act; what goes on with the next run.

    Also ends what a restored database has begun for all modules: the others of them keep observing, each by itself.
    Raises as state(), and BusyError when another process does the same.
    """
    with context.leased("observing") as held:
        state(context, module)
        waiting = plan(context, module)
        # What can fail comes first: until the last row is gone, the module observes.
        settings.save_param(context.mgrctl, module, "acts", "on")
        told = f"module {module} acts: {len(waiting)} wait, {stop_buying.total(waiting)}"
        context.note("act", told, module=module)
        for each in observing.every(context.db):
            if each.module == ALL:
                _believe(context)
                for other in set(items.modules(context.db)) - {module}:
                    observing.put(context.db, other, each.who, each.why)
                observing.end(context.db, ALL)
        observing.end(context.db, module)
        wake(held, module)
        troubles.end(context, held, _cause(module))
    return waiting


def _believe(context: Context) -> None:
    try:
        observing.believe(context.db, context.panel.base)
    except OSError as error:
        # With the old number there, the next call would find the database restored once more.
        raise ResellerError(
            "reseller_observing_mark", path=observing.MARK, text=error.strerror or str(error)
        ) from error


def wake(held: Lease, module: int) -> None:
    """Make due what has waited for the module to act."""
    requests.wake(held, [Observing.unsent], [module])


def watch(context: Context, held: Lease, module: int, *, acts: bool) -> str:
    """Raise the problem of what waits for a module that observes, or end it; a sentence if it observes, else empty.

    After a restored database, nothing needs to wait: what is linked is named. `acts` is the box of its settings, `held`
    is the run's lease. A task that the panel refuses is made by a later run.
    """
    observing.watch(context.db, context.panel.base)
    error = observing.of(context.db, module, acts=acts)
    touches = tuple(dict.fromkeys(each.item for each in plan(context, module))) if error else ()
    told = {"module": str(module), "count": str(len(touches))}
    problem = Problem(_cause(module), module, "reseller_observing_waits", told, touches=touches)
    if error and not touches and observing.is_restored(context.db, module):
        touches = tuple(links.some(context.db, module))
        problem = Problem(_cause(module), module, error.type, error.params, touches=touches)
    troubles.keep(context, held, problem, lasts=bool(touches))
    return context.word(troubles.message(problem) if touches else error) if error else ""


def require_no_one_waits(context: Context, module: int) -> None:
    """Raise `reseller_observing_form` if something waits: the form cannot show what it would begin and cost."""
    waiting: Sequence[Waiting] = plan(context, module)
    if waiting:
        raise ResellerError("reseller_observing_form", object="acts", module=module, count=len(waiting))


def _cause(module: int) -> Cause:
    return Cause(problems.MODULE, module, problems.OBSERVING)
