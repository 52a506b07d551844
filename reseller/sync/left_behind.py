"""Find services that nobody works on, or that are late, in every run; each is one problem of its service.

These are: a purchase, renewal or change whose operation is gone; an order that does not become active; a half-made
link; a service that is away for long; paid time that the seller's dates do not cover. A problem is raised while it is
found, and ended by the first run that does not find it any more (promise 8).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from reseller.commands.open import OPENINGS
from reseller.context import Context
from reseller.ledger import claims, links, paid, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items
from reseller.sync.candidates import there as state_of
from reseller.wire.errors import Message

#: kinds that the ledger shows by itself, and kinds that need the seller's day
OF_LEDGER = (problems.UNBOUGHT, problems.UNDECIDED, problems.LATE, problems.HALF, problems.LONG_AWAY)
OF_DATES = (problems.UNDATED, problems.ENDLESS, problems.REFUSED_TERM)


def watch_ledger(context: Context, held: Lease, module: int) -> None:
    """Raise and end the problems that the ledger alone shows."""
    db, limits = context.db, context.limits
    deleted = context.word(Message("reseller_operation_deleted"))
    present = [
        _problem(module, item, problems.UNBOUGHT, cause=why or deleted)
        for item, why in requests.unbought(db, module).items()
    ]
    present += [
        _problem(module, request.item, problems.UNDECIDED, kind=request.kind, key=request.key)
        for request in requests.undecided(db, module)
    ]
    present += [
        _problem(module, item, problems.LATE, there=state_of(status, "", 0).value, remote=remote, since=since)
        for item, remote, since, status in links.late(db, module, limits.late_seconds)
    ]
    present += [_problem(module, half.item, problems.HALF, remote=half.remote) for half in links.half(db, module)]
    present += [
        _problem(module, item, problems.LONG_AWAY, since=since, why=why or "-")
        for item, since, why in claims.long_away(db, module, limits.long_away_days)
    ]
    _keep(context, held, module, OF_LEDGER, present)


def watch_dates(context: Context, held: Lease, module: int, today: dt.date) -> None:
    """Raise and end the problems that the seller's dates show on its day `today`."""
    db, limits = context.db, context.limits
    present = [
        _problem(module, item, problems.UNDATED, until.isoformat(), remote=remote, last=last.isoformat())
        for item, remote, until, last in paid.undated(db, module, today, limits)
    ]
    present += [
        _problem(module, item, problems.ENDLESS, there=ends, remote=remote)
        for item, remote, ends in paid.endless(db, module, today, limits)
    ]
    soon = (today + dt.timedelta(days=limits.part_days)).isoformat()
    present += [
        _problem(module, item, problems.REFUSED_TERM, there=ends, remote=remote, cause=why)
        for item, remote, ends, why in requests.refused_terms(db, module, soon)
    ]
    _keep(context, held, module, OF_DATES, present)


def watch_switched_off(context: Context, held: Lease, module: int, today: dt.date) -> None:
    """Raise one problem for a module that is switched off.

    It names the services that will end because none is renewed.
    """
    cause = Cause(problems.MODULE, module, problems.OFF)
    touches = tuple(paid.due(context.db, module, today, context.limits, active="off"))
    params = {"module": str(module), "count": str(len(touches))}
    problem = Problem(cause, module, "reseller_module_off", params, touches=touches)
    troubles.keep(context, held, problem, lasts=bool(touches))


def _problem(module: int, item: int, of_kind: str, here: str = "", there: str = "", **params: str) -> Problem:
    error = troubles.KINDS[of_kind].error
    return Problem(Cause.of_service(item, of_kind), module, error, params, here, there, (item,))


def _keep(context: Context, held: Lease, module: int, kinds: tuple[str, ...], present: Iterable[Problem]) -> None:
    """Raise the problems that are `present` and end all others of these kinds; a new one gets no task at once.

    An operation may be about to be created, which would end the problem by itself.
    """
    live = problems.live(context.db, module)
    # A swapped service has one problem at a time: that its term ends (`away`) goes before `long_away`.
    ending = {problem.cause.number for problem in live if problem.cause.kind == problems.AWAY}
    by_cause = {problem.cause: problem for problem in present}
    wanted = [
        each for each in by_cause.values() if each.cause.kind != problems.LONG_AWAY or each.cause.number not in ending
    ]
    causes = {each.cause for each in wanted}
    for problem in live:
        if problem.cause.kind in kinds and problem.cause not in causes:
            with troubles.each(context):
                troubles.end(context, held, problem.cause)
    for problem in wanted:
        with troubles.each(context):
            # The task of the operation of a late order or a refused renewal already reports it.
            names = {problems.LATE: OPENINGS, problems.REFUSED_TERM: (requests.PROLONG,)}.get(problem.cause.kind, ())
            operation = items.operation_of(context.db, problem.cause.number, *names) if names else 0
            if operation:
                troubles.raise_on(context, held, problem, operation)
            else:
                troubles.raise_(context, held, problem, at_once=False)
