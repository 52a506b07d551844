"""Stopping all that spends by a person's word, and going on: what waits, what it is going to cost, and the one problem.

A stop (ledger/stops.py) holds from the moment it is written, in all processes: no call that spends leaves any more.
What was under way is looked for as ever, and what costs nothing is still done. Orders, renewals and changes that want
to be bought say on their operation that buying is stopped; so does one problem, with all that waits. Taken back, they
go on with the next run of checkevent, the oldest first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.commands import owed_terms
from reseller.context import Context
from reseller.ledger import paid, problems, requests, spent, stops
from reseller.ledger.leases import Lease, lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request
from reseller.ledger.stops import ALL, Stop
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items
from reseller.wire import dates, money
from reseller.wire.errors import BusyError, Halted, PanelError, ResellerError


class Waiting(NamedTuple):
    """What one service waits to have bought; `cost` is what the like has cost last, None where nothing has.

    `kind` is a request's, of what no request stands for yet `part`; `term` months, 0 where it is not known.
    """

    item: int
    kind: str
    term: int
    cost: Decimal | None
    currency: str


def stop(context: Context, module: int, why: str) -> tuple[Stop, int]:
    """Buy nothing any more, of one module or of ALL; the stop as it is then, and how many purchases wait for its end.

    Raises ResellerError `reseller_no_module` for another module.
    """
    _require_ours(context, module)
    # Before anything that somebody else may hold up.
    stops.put(context.db, module, str(context.caller), why)
    context.note("stop", f"nothing is bought any more{_scope(module)}: {why or '-'}", module=module)
    found = require(context, module)
    wanted = _wanted(context, found)
    with contextlib.suppress(BusyError, PanelError), _held(context) as held:
        # Or the next run tells of it.
        _tell(context, held, found, wanted)
    return found, len(wanted)


def start(context: Context, module: int) -> list[Waiting]:
    """Take the stop of one module, or of ALL, back; what goes on.

    Raises ResellerError `reseller_not_halted` where there is none, BusyError when somebody else is at it.
    """
    with _held(context) as held:
        found = require(context, module)
        waiting = plan(context, found)
        stops.end(context.db, module)
        requests.wake(held, [Halted.unsent], _modules(context, module))
        context.note("start", f"buying goes on{_scope(module)}: {len(waiting)} wait, {total(waiting)}", module=module)
        troubles.end(context, held, cause(found))
    return waiting


def require(context: Context, module: int) -> Stop:
    """The stop of one module or of ALL; raises ResellerError `reseller_not_halted`, naming the others there are."""
    every = stops.every(context.db)
    found = next((each for each in every if each.module == module), None)
    if found is None:
        others = ", ".join(str(each.module or "*") for each in every) or "-"
        raise ResellerError("reseller_not_halted", object="module", value=module or "*", others=others)
    return found


def plan(context: Context, found: Stop) -> list[Waiting]:
    """What waits for this stop to be taken back, the oldest first, then terms that are due without a request."""
    return [Waiting(*each, *spent.expected(context.db, each[0])) for each in _wanted(context, found)]


def _wanted(context: Context, found: Stop) -> list[tuple[int, str, int]]:
    """The same without its cost: service, kind and months."""
    modules = _modules(context, found.module)
    asked = [each for each in requests.all_live(context.db, modules) if _waits(each)]
    asked.sort(key=lambda request: request.turn)
    known = {request.item for request in asked}
    wanted = [(request.item, request.kind, request.term) for request in asked]
    return wanted + [(item, requests.PART, 0) for item in _due(context, modules) if item not in known]


def _waits(request: Request) -> bool:
    """Whether it has been stopped, or is a term that the next run would begin to buy."""
    is_next = request.kind == requests.PART and request.state in owed_terms.AGAIN and request.is_due
    return request.error_type == Halted.unsent or is_next


def total(waiting: Sequence[Waiting]) -> str:
    """What it costs in all: a sum for each currency, and how many of unknown cost."""
    sums: dict[str, Decimal] = {}
    for each in waiting:
        if each.cost is not None:
            sums[each.currency] = sums.get(each.currency, Decimal(0)) + each.cost
    told = [money.text(amount, currency) for currency, amount in sorted(sums.items())]
    unknown = sum(each.cost is None for each in waiting)
    told += [f"{unknown} of unknown cost"] if unknown else []
    return " and ".join(told) or "nothing to pay"


def watch(context: Context) -> list[str]:
    """Keep the problem of each stop, and end those of stops that are over; what they say."""
    found = stops.every(context.db)
    kept = problems.of_subject(context.db, problems.PANEL, problems.MODULE)
    told = {problem.cause for problem in kept if problem.cause.kind == problems.HALTED}
    over = told - {cause(each) for each in found}
    if not found and not over:
        return []
    with contextlib.suppress(BusyError), _held(context) as held:
        for ended in over:
            troubles.end(context, held, ended)
        for each in found:
            _tell(context, held, each, _wanted(context, each))
    return [context.word(each.error) for each in found]


def cause(found: Stop) -> Cause:
    """Of what a stop is the problem."""
    subject = problems.MODULE if found.module else problems.PANEL
    return Cause(subject, found.module, problems.HALTED)


def _tell(context: Context, held: Lease, found: Stop, wanted: Sequence[tuple[int, str, int]]) -> None:
    touches = tuple(dict.fromkeys(item for item, _, _ in wanted))
    modules = _modules(context, found.module)
    if modules:
        told = {**found.error.params, "count": str(len(touches))}
        troubles.raise_(
            context, held, Problem(cause(found), modules[0], "reseller_halted_waits", told, touches=touches)
        )


def _due(context: Context, modules: Sequence[int]) -> list[int]:
    """Services for which a term would be bought now; only shown, so this machine's day will do."""
    today = dates.machine_day()
    return [item for module in modules for item in paid.due(context.db, module, today, context.limits)]


def _modules(context: Context, module: int) -> list[int]:
    return [module] if module else list(items.modules(context.db))


def _require_ours(context: Context, module: int) -> None:
    if module != ALL and module not in items.modules(context.db):
        raise ResellerError("reseller_no_module", object="module", value=module)


def _scope(module: int) -> str:
    return f" of module {module}" if module else ""


def _held(context: Context) -> contextlib.AbstractContextManager[Lease]:
    return lease(context.db, "stop", context.limits.lease_seconds)
