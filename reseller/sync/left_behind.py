"""What is left without anybody at it, and what comes too late: found in every run, one problem of its service each.

A purchase, a renewal or a change whose operation is gone; an order that does not become active; a link that was made
half-way; a service that is away for long; paid time that the seller's dates do not answer. Each is raised while it
lasts and ended by the run that does not find it any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from reseller.commands.open import OPENINGS
from reseller.context import Context
from reseller.ledger import claims, links, paid, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items
from reseller.sync.candidates import there as state_of
from reseller.wire.errors import Message

#: known without the seller, and those that need its day
OF_LEDGER = (problems.UNBOUGHT, problems.UNDECIDED, problems.LATE, problems.HALF, problems.LONG_AWAY)
OF_DATES = (problems.UNDATED, problems.ENDLESS, problems.REFUSED_TERM)


def note(context: Context, held: Lease, module: int) -> None:
    """What the ledger knows of the module's services by itself."""
    _keep(context, held, module, OF_LEDGER, {problem.cause: problem for problem in _of_ledger(context, module)})


def note_dates(context: Context, held: Lease, module: int, today: dt.date) -> None:
    """What the seller's dates say on its day `today`."""
    _keep(context, held, module, OF_DATES, {problem.cause: problem for problem in _of_dates(context, module, today)})


def note_off(context: Context, held: Lease, module: int, today: dt.date) -> None:
    """One problem of a module that is switched off, with the services that end for want of it."""
    cause = Cause(problems.MODULE, module, problems.OFF)
    touches = tuple(paid.due(context.db, module, today, context.limits, active="off"))
    told = {"module": str(module), "count": str(len(touches))}
    problem = Problem(cause, module, "reseller_module_off", told, touches=touches)
    troubles.keep(context, held, problem, lasts=bool(touches))


def _of_ledger(context: Context, module: int) -> Iterator[Problem]:
    db, limits = context.db, context.limits
    for item, why in requests.unbought(db, module).items():
        cause = why or context.word(Message("reseller_operation_deleted"))
        yield _problem(module, item, problems.UNBOUGHT, cause=cause)
    for request in requests.undecided(db, module):
        yield _problem(module, request.item, problems.UNDECIDED, kind=request.kind, key=request.key)
    for item, remote, since, status in links.late(db, module, limits.late_seconds):
        shown = state_of(status, "", 0).value
        yield _problem(module, item, problems.LATE, there=shown, remote=remote, since=since)
    for half in links.half(db, module):
        yield _problem(module, half.item, problems.HALF, remote=half.remote)
    for item, since, why in claims.long_away(db, module, limits.long_away_days):
        yield _problem(module, item, problems.LONG_AWAY, since=since, why=why or "-")


def _of_dates(context: Context, module: int, today: dt.date) -> Iterator[Problem]:
    db, limits = context.db, context.limits
    for item, remote, until, last in paid.undated(db, module, today, limits):
        paid_until = until.isoformat()
        yield _problem(module, item, problems.UNDATED, here=paid_until, remote=remote, last=last.isoformat())
    for item, remote, ends in paid.endless(db, module, today, limits):
        yield _problem(module, item, problems.ENDLESS, there=ends, remote=remote)
    soon = (today + dt.timedelta(days=limits.part_days)).isoformat()
    for item, remote, ends, why in requests.refused_terms(db, module, soon):
        yield _problem(module, item, problems.REFUSED_TERM, there=ends, remote=remote, cause=why)


def _problem(module: int, item: int, of_kind: str, here: str = "", there: str = "", **told: str) -> Problem:
    error = troubles.KINDS[of_kind].error
    return Problem(Cause.of_service(item, of_kind), module, error, told, here, there, (item,))


def _keep(context: Context, held: Lease, module: int, kinds: tuple[str, ...], found: Mapping[Cause, Problem]) -> None:
    """The problems of these kinds are those found; no tasks at once: an operation may be about to be made."""
    live = problems.live(context.db, module)
    # One swap is one trouble: its term that ends is told of first.
    ending = {problem.cause.number for problem in live if problem.cause.kind == problems.AWAY}
    wanted = [
        each for each in found.values() if each.cause.kind != problems.LONG_AWAY or each.cause.number not in ending
    ]
    causes = {each.cause for each in wanted}
    for problem in live:
        if problem.cause.kind in kinds and problem.cause not in causes:
            with troubles.each(context):
                troubles.end(context, held, problem.cause)
    for problem in wanted:
        with troubles.each(context):
            operation = _operation(context, problem.cause)
            if operation:
                troubles.raise_on(context, held, problem, operation)
            else:
                troubles.raise_(context, held, problem, at_once=False)


def _operation(context: Context, cause: Cause) -> int:
    """The operation whose task tells of it; it says already that the service waits, or why it was refused."""
    names = {problems.LATE: OPENINGS, problems.REFUSED_TERM: (requests.PROLONG,)}.get(cause.kind, ())
    return items.operation_of(context.db, cause.number, *names) if names else 0
