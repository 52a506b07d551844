"""A suspension, resumption or deletion that nobody wants any more, but that the seller may still carry out.

The request was overtaken by a contrary one, or its operation was deleted, while its outcome was not known. It is not
sent again, but watched until it can no longer land. Where it lands, the panel's own state decides: a service that is
active here is resumed, one that is suspended here is suspended again. A deletion cannot be taken back, so a problem
tells a person of it for as long as it may still come.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from reseller.context import Context
from reseller.ledger import links, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import operations
from reseller.lifecycle import problems as troubles
from reseller.model import Status
from reseller.seller import controls
from reseller.seller.service import Service
from reseller.wire.errors import Rejected

if TYPE_CHECKING:
    from reseller.lifecycle.state_change import Change

#: how a request ends that a newer one contradicts, or that is not needed any more
NOT_WANTED = Standing(State.ABANDONED, requests.OVERTAKEN)
#: kinds that undo each other; and, by the panel's state, the one that restores that state at the seller
_CONTRARY = (requests.SUSPEND, requests.RESUME)
_UNDO = {Status.ACTIVE: requests.RESUME, Status.SUSPENDED: requests.SUSPEND}


def abandon(context: Context, held: Lease, other: Request) -> None:
    """Abandon a request that nobody wants any more, and delete its operation, which somebody might start later."""
    operations.close_of(context, other)
    requests.settle(held, other, NOT_WANTED)


def overtake(context: Context, held: Lease, other: Request) -> None:
    """End the operation of `other`, which a newer request contradicts; abandon it, or watch it if it may land."""
    operations.close_of(context, other)
    may_land = other.is_open and other.sent_seconds is not None and other.kind in (*_CONTRARY, requests.CLOSE)
    requests.settle(held, other, Standing(_watched(other) if may_land else State.ABANDONED, requests.OVERTAKEN))


def overtake_done(context: Context, held: Lease, item: int, kind: str) -> None:
    """Watch the last finished change of this `kind` if its call was repeated after a lost answer: it may land again."""
    mine = [request for request in requests.of_item(context.db, item) if request.kind == kind]
    if any(request.live for request in mine):
        return
    for done in reversed(mine):
        # `digest` is set if the call was sent more than once (state_change.py).
        is_late = done.sent_seconds is None or done.sent_seconds >= context.limits.land_seconds
        if done.state == State.DONE and done.digest and not is_late:
            requests.settle(held, done, Standing(State.LOOKING, requests.OVERTAKEN))
            return


def _watched(request: Request) -> State:
    """The state of a request that is watched: WAITING is kept, since it records that the seller has the call."""
    return request.state if request.state == State.WAITING else State.LOOKING


def may_come(context: Context, item: int, kind: str) -> bool:
    """Whether an overtaken contrary request of this service is still watched.

    Then `kind` is sent even if the seller shows its goal already, since that request may yet undo it.
    """
    others = requests.live_others(context.db, item, kind)
    return any(other.kind in _CONTRARY and other.error_type == requests.OVERTAKEN for other in others)


def is_unwanted(attempt: Change) -> bool:
    """Whether a waiting request was overtaken, or has lost its operation before the panel shows its goal."""
    request = attempt.request
    is_withdrawn = request.operation and not attempt.operation and attempt.item.status != attempt.goal.status
    return request.error_type == requests.OVERTAKEN or bool(is_withdrawn)


def watch(attempt: Change, seen: Service) -> bool:
    """Send the contrary change if the form shows that the unwanted one has landed; whether the watch is over.

    A problem tells a person where the seller refuses it. Raises SellerError.
    """
    if attempt.request.error_type != requests.OVERTAKEN:
        # a task that was made while the operation was being deleted
        operations.close_tasks(attempt.context, attempt.request.operation)
        attempt.settle(Standing(_watched(attempt.request), requests.OVERTAKEN))
        attempt.context.log.info(f"item {attempt.item.id}: its {attempt.kind} is not wanted any more, and is watched")
    undo = _UNDO.get(attempt.item.status, "")
    has_landed = seen.exists and attempt.goal.is_reached(seen) and undo not in ("", attempt.goal.verb)
    if has_landed and not seen.suspended_by:
        link = attempt.linked()
        attempt.hold_for_send()
        try:
            controls.change_state(attempt.seller.transport, link.itemtype, link.remote, undo)
        except Rejected as error:
            _tell(attempt, "reseller_landed_late", cause=attempt.context.word(error))
        else:
            landed = f"a {attempt.kind} that nobody wants any more has landed: {undo} was sent"
            attempt.context.log.info(f"item {attempt.item.id}: {landed}")
            troubles.end(attempt.context, attempt.held, _cause(attempt))
        return False
    # A form that says "missing" proves nothing; what becomes of the service follows from the lists (sync/decide.py).
    if not _is_over(attempt):
        if seen.exists and attempt.kind == requests.CLOSE:
            _tell(attempt, "reseller_close_withdrawn", date=_last_day(attempt) or "-")
        return False
    end(attempt)
    return True


def is_left_behind(attempt: Change) -> bool:
    """Whether the link is gone, or was made after the call, so that the call went to another remote service."""
    link = attempt.link
    return link is None or links.is_made_since(attempt.context.db, link.id, attempt.request.id)


def end(attempt: Change) -> None:
    """End the watch: its problem ends, and the request is abandoned."""
    troubles.end(attempt.context, attempt.held, _cause(attempt))
    attempt.settle(NOT_WANTED)


def _tell(attempt: Change, error: str, **more: str) -> None:
    params = {**attempt.names(), **more}
    problem = Problem(_cause(attempt), attempt.item.module, error, params, touches=(attempt.item.id,))
    troubles.raise_(attempt.context, attempt.held, problem)


def _cause(attempt: Change) -> Cause:
    return Cause.of_service(attempt.item.id, problems.OVERTAKEN)


def _last_day(attempt: Change) -> str:
    """The day (YYYY-MM-DD) by which a deletion that the seller has accepted comes; empty for anything else."""
    request = attempt.request
    return request.promise if (request.kind, request.state) == (requests.CLOSE, State.WAITING) else ""


def _is_over(attempt: Change) -> bool:
    """Whether the change can no longer land: its call was made more than `land_seconds` ago.

    A deletion that the seller has accepted may also land until `at_end_days` after its last day.
    """
    limits, request = attempt.context.limits, attempt.request
    if request.sent_seconds is None:
        return True
    if request.sent_seconds < limits.land_seconds:
        return False
    last = attempt.seller.transport.today - dt.timedelta(days=limits.at_end_days)
    return _last_day(attempt) < last.isoformat()
