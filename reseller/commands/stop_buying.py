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
from reseller.context import Work
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


def stop(work: Work, module: int, why: str) -> tuple[Stop, int]:
    """Buy nothing any more, of one module or of ALL; the stop as it is then, and how many purchases wait for its end.

    Raises ResellerError `reseller_no_module` for another module.
    """
    _require_ours(work, module)
    # Before anything that somebody else may hold up.
    stops.put(work.db, module, str(work.caller), why)
    work.note("stop", f"nothing is bought any more{_scope(module)}: {why or '-'}", module=module)
    found = require(work, module)
    wanted = _wanted(work, found)
    with contextlib.suppress(BusyError, PanelError), _held(work) as held:
        # Or the next run tells of it.
        _tell(work, held, found, wanted)
    return found, len(wanted)


def start(work: Work, module: int) -> list[Waiting]:
    """Take the stop of one module, or of ALL, back; what goes on.

    Raises ResellerError `reseller_not_halted` where there is none, BusyError when somebody else is at it.
    """
    with _held(work) as held:
        found = require(work, module)
        waiting = plan(work, found)
        stops.end(work.db, module)
        requests.wake(held, [Halted.unsent], _modules(work, module))
        work.note("start", f"buying goes on{_scope(module)}: {len(waiting)} wait, {total(waiting)}", module=module)
        troubles.end(work, held, cause(found))
    return waiting


def require(work: Work, module: int) -> Stop:
    """The stop of one module or of ALL; raises ResellerError `reseller_not_halted`, naming the others there are."""
    every = stops.every(work.db)
    found = next((each for each in every if each.module == module), None)
    if found is None:
        others = ", ".join(str(each.module or "*") for each in every) or "-"
        raise ResellerError("reseller_not_halted", object="module", value=module or "*", others=others)
    return found


def plan(work: Work, found: Stop) -> list[Waiting]:
    """What waits for this stop to be taken back, the oldest first, then terms that are due without a request."""
    return [Waiting(*each, *spent.expected(work.db, each[0])) for each in _wanted(work, found)]


def _wanted(work: Work, found: Stop) -> list[tuple[int, str, int]]:
    """The same without its cost: service, kind and months."""
    modules = _modules(work, found.module)
    asked = [each for each in requests.all_live(work.db, modules) if _waits(each)]
    asked.sort(key=lambda request: request.turn)
    known = {request.item for request in asked}
    wanted = [(request.item, request.kind, request.term) for request in asked]
    return wanted + [(item, requests.PART, 0) for item in _due(work, modules) if item not in known]


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


def watch(work: Work) -> list[str]:
    """Keep the problem of each stop, and end those of stops that are over; what they say."""
    found = stops.every(work.db)
    kept = problems.of_subject(work.db, problems.PANEL, problems.MODULE)
    told = {problem.cause for problem in kept if problem.cause.kind == problems.HALTED}
    over = told - {cause(each) for each in found}
    if not found and not over:
        return []
    with contextlib.suppress(BusyError), _held(work) as held:
        for ended in over:
            troubles.end(work, held, ended)
        for each in found:
            _tell(work, held, each, _wanted(work, each))
    return [work.word(each.error) for each in found]


def cause(found: Stop) -> Cause:
    """Of what a stop is the problem."""
    subject = problems.MODULE if found.module else problems.PANEL
    return Cause(subject, found.module, problems.HALTED)


def _tell(work: Work, held: Lease, found: Stop, wanted: Sequence[tuple[int, str, int]]) -> None:
    touches = tuple(dict.fromkeys(item for item, _, _ in wanted))
    modules = _modules(work, found.module)
    if modules:
        told = {**found.error.params, "count": str(len(touches))}
        troubles.raise_(work, held, Problem(cause(found), modules[0], "reseller_halted_waits", told, touches=touches))


def _due(work: Work, modules: Sequence[int]) -> list[int]:
    """Services for which a term would be bought now; only shown, so this machine's day will do."""
    today = dates.machine_day()
    return [item for module in modules for item in paid.due(work.db, module, today, work.limits)]


def _modules(work: Work, module: int) -> list[int]:
    return [module] if module else list(items.modules(work.db))


def _require_ours(work: Work, module: int) -> None:
    if module != ALL and module not in items.modules(work.db):
        raise ResellerError("reseller_no_module", object="module", value=module)


def _scope(module: int) -> str:
    return f" of module {module}" if module else ""


def _held(work: Work) -> contextlib.AbstractContextManager[Lease]:
    return lease(work.db, "stop", work.limits.lease_seconds)
