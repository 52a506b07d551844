"""What is left without anybody at it: a purchase, a renewal or a change whose operation is gone, and paid time that no
date of the seller's answers.

Each is one problem of its service, raised while it lasts and ended by the run that does not find it any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from reseller.ledger import paid, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.work import Work
from reseller.wire.errors import ResellerError


def note_unbought(work: Work, held: Lease, module: int) -> None:
    """Services that a client waits for and nobody buys."""
    gone = work.word(ResellerError("reseller_operation_deleted"))
    found = {
        item: Problem(
            Cause.of_service(item, problems.UNBOUGHT),
            module,
            "reseller_unbought",
            {"cause": why or gone},
            touches=(item,),
        )
        for item, why in requests.unbought(work.db, module).items()
    }
    _keep(work, held, module, problems.UNBOUGHT, found)


def note_undecided(work: Work, held: Lease, module: int) -> None:
    """Requests of unknown outcome that nobody looks for any more and whose operation was deleted."""
    found = {
        request.item: Problem(
            Cause.of_service(request.item, problems.UNDECIDED),
            module,
            "reseller_undecided",
            {"kind": request.kind, "key": request.key},
            touches=(request.item,),
        )
        for request in requests.undecided(work.db, module)
    }
    _keep(work, held, module, problems.UNDECIDED, found)


def note_undated(work: Work, held: Lease, module: int, today: dt.date) -> None:
    """Services that are paid for beyond the last date which the seller has shown, and of which it shows none now."""
    found = {
        item: Problem(
            Cause.of_service(item, problems.UNDATED),
            module,
            "reseller_undated",
            {"remote": remote, "last": last.isoformat()},
            until.isoformat(),
            touches=(item,),
        )
        for item, remote, until, last in paid.undated(work.db, module, today, work.limits)
    }
    _keep(work, held, module, problems.UNDATED, found)


def note_off(work: Work, held: Lease, module: int, today: dt.date) -> None:
    """One problem of a module that is switched off, with the services that end for want of it."""
    cause = Cause(problems.MODULE, module, problems.OFF)
    touches = tuple(paid.due(work.db, module, today, work.limits, active="off"))
    if touches:
        told = {"module": str(module), "count": str(len(touches))}
        troubles.raise_(work, held, Problem(cause, module, "reseller_module_off", told, touches=touches))
    else:
        troubles.end(work, held, cause)


def _keep(work: Work, held: Lease, module: int, kind: str, found: Mapping[int, Problem]) -> None:
    """The problems of this kind are those found, by service; no tasks at once: an operation may be about to be made."""
    for problem in problems.of_kind(work.db, module, kind):
        if problem.cause.number not in found:
            troubles.end(work, held, problem.cause)
    for problem in found.values():
        troubles.raise_(work, held, problem, at_once=False)
