"""Stop everything that spends by a person's decision, and resume it: what waits, what it will cost, and the problem.

A stop (ledger/stops.py) holds in all processes from the moment it is written: no call that spends is sent any more.
The outcome of calls that were sent before is still looked for, and calls that cost nothing are still made. Orders,
renewals and changes that have to wait say on their operation that buying is stopped; one problem names all that waits.
When the stop is taken back, they continue with the next run of checkevent, the oldest first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.commands import owed_terms
from reseller.context import Context
from reseller.ledger import paid, problems, requests, spent, stops
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.stops import ALL, Stop
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items
from reseller.wire import dates, money
from reseller.wire.errors import BusyError, Halted, PanelError, ResellerError


class Waiting(NamedTuple):
    """A purchase that waits, for service `item`.

    `kind` is the request's kind, `part` for a term without a request; `term` is in months, 0 where it is not known.
    `cost` is what the service's last purchase, or the last order like it, has cost; None where neither is known.
    """

    item: int
    kind: str
    term: int
    cost: Decimal | None
    currency: str


def stop(context: Context, module: int, why: str) -> tuple[Stop, int]:
    """Stop buying for one module or for ALL; the stop as it was recorded, and how many purchases wait for its end.

    Raises ResellerError `reseller_no_module` for a module that is not ours.
    """
    if module != ALL:
        items.require_module(context.db, module)
    # First of all, since it must not wait for a lease that another process holds.
    stops.put(context.db, module, str(context.caller), why)
    context.note("stop", f"nothing is bought any more{_scope(module)}: {why or '-'}", module=module)
    halt = stop_of(context, module)
    wanted = _wanted(context, _modules(context, module), Halted.unsent)
    with contextlib.suppress(BusyError, PanelError), context.leased("stop") as held:
        # If this fails here, the next run raises the problem.
        _tell(context, held, halt, wanted)
    return halt, len(wanted)


def start(context: Context, module: int) -> list[Waiting]:
    """Take back the stop of one module, or of ALL; the purchases that go on.

    Raises ResellerError `reseller_not_halted` where there is no such stop, BusyError when another process holds the
    lease of stops.
    """
    with context.leased("stop") as held:
        halt = stop_of(context, module)
        waiting = plan(context, halt)
        stops.end(context.db, module)
        requests.wake(held, [Halted.unsent], _modules(context, module))
        context.note("start", f"buying goes on{_scope(module)}: {len(waiting)} wait, {total(waiting)}", module=module)
        troubles.end(context, held, cause(halt))
    return waiting


def stop_of(context: Context, module: int) -> Stop:
    """The stop of one module or of ALL; raises ResellerError `reseller_not_halted`, naming the stops that exist."""
    every = stops.every(context.db)
    halt = next((each for each in every if each.module == module), None)
    if halt is None:
        others = ", ".join(str(each.module or "*") for each in every) or "-"
        raise ResellerError("reseller_not_halted", object="module", value=module or "*", others=others)
    return halt


def plan(context: Context, halt: Stop) -> list[Waiting]:
    """Purchases that wait for this stop to end: requests, the oldest first, then terms due without a request."""
    return waiting(context, _modules(context, halt.module), Halted.unsent)


def waiting(context: Context, modules: Sequence[int], unsent: str) -> list[Waiting]:
    """Requests of these modules that wait for this reason, the oldest first, then terms due without a request."""
    wanted = _wanted(context, modules, unsent)
    return [Waiting(*each, *spent.expected(context.db, each[0])) for each in wanted]


def _wanted(context: Context, modules: Sequence[int], unsent: str) -> list[tuple[int, str, int]]:
    """As waiting(), without the costs: service, kind and months of each purchase."""
    asked = []
    for request in requests.all_live(context.db, modules):
        # It was held back for this reason, or it is a part that the next run would begin to buy.
        is_next = request.kind == requests.PART and request.state in owed_terms.AGAIN and request.is_due
        if request.error_type == unsent or is_next:
            asked.append(request)
    asked.sort(key=lambda request: request.turn)
    known = {request.item for request in asked}
    wanted = [(request.item, request.kind, request.term) for request in asked]
    # For display only, so this machine's day is good enough.
    today = dates.machine_day()
    due = [item for each in modules for item in paid.due(context.db, each, today, context.limits)]
    return wanted + [(item, requests.PART, 0) for item in due if item not in known]


def total(waiting: Sequence[Waiting]) -> str:
    """The total cost in words: a sum for each currency, and how many purchases have no known cost."""
    sums: dict[str, Decimal] = {}
    for each in waiting:
        if each.cost is not None:
            sums[each.currency] = sums.get(each.currency, Decimal(0)) + each.cost
    words = [money.text(amount, currency) for currency, amount in sorted(sums.items())]
    unknown = sum(each.cost is None for each in waiting)
    words += [f"{unknown} of unknown cost"] if unknown else []
    return " and ".join(words) or "nothing to pay"


def watch(context: Context) -> list[str]:
    """Update the problem of each stop, and end the problems of stops that are over; a sentence for each stop."""
    live = stops.every(context.db)
    kept = problems.of_subject(context.db, problems.PANEL, problems.MODULE)
    raised = {problem.cause for problem in kept if problem.cause.kind == problems.HALTED}
    over = raised - {cause(each) for each in live}
    if not live and not over:
        return []
    with contextlib.suppress(BusyError), context.leased("stop") as held:
        for ended in over:
            troubles.end(context, held, ended)
        for each in live:
            _tell(context, held, each, _wanted(context, _modules(context, each.module), Halted.unsent))
    return [context.word(each.error) for each in live]


def cause(halt: Stop) -> Cause:
    """The cause under which the problem of a stop is recorded."""
    subject = problems.MODULE if halt.module else problems.PANEL
    return Cause(subject, halt.module, problems.HALTED)


def _tell(context: Context, held: Lease, halt: Stop, wanted: Sequence[tuple[int, str, int]]) -> None:
    touches = tuple(dict.fromkeys(item for item, _, _ in wanted))
    modules = _modules(context, halt.module)
    if modules:
        params = {**halt.error.params, "count": str(len(touches))}
        problem = Problem(cause(halt), modules[0], "reseller_halted_waits", params, touches=touches)
        troubles.raise_(context, held, problem)


def _modules(context: Context, module: int) -> list[int]:
    return [module] if module else list(items.modules(context.db))


def _scope(module: int) -> str:
    return f" of module {module}" if module else ""
