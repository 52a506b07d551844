"""Raise a problem, end it, and keep the one task that it may have (ledger/problems.py says what problems there are).

Both may be repeated without harm. Raising a problem that is there only writes what is new; its task is made once for
as long as the problem lasts, even if staff have closed it, and is deleted with the problem.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import operations
from reseller.mgr5 import items
from reseller.wire.errors import Message, PanelError, ResellerError


class Kind(NamedTuple):
    """How a problem of a kind is worded by default, and the operation whose kind of task asks a person about it."""

    error: str
    task: str = ""


KINDS = {
    problems.ALARM: Kind("reseller_drift_alarm", requests.CLOSE),
    problems.GONE: Kind("reseller_gone", requests.CLOSE),
    problems.MISSING: Kind("reseller_gone"),
    problems.STATE: Kind("reseller_drift_state", requests.SUSPEND),
    problems.STUCK: Kind("reseller_audit_stuck"),
    problems.AWAY: Kind("reseller_drift_away", requests.PROLONG),
    problems.TARIFF: Kind("reseller_drift_tariff", requests.SETPARAM),
    problems.RESOURCES: Kind("reseller_drift_resources", requests.SETPARAM),
    problems.EXPIREDATE: Kind("reseller_audit_expiredate"),
    problems.AUTOPROLONG: Kind("reseller_audit_autoprolong", requests.PROLONG),
    problems.KEY: Kind("reseller_audit_key"),
    problems.MAPPING: Kind("reseller_audit_mapping"),
    problems.VALUE: Kind("reseller_drift_value", requests.SETPARAM),
    problems.PAID: Kind("reseller_paid_jump", requests.PROLONG),
    problems.GAP: Kind("reseller_gap", requests.PROLONG),
    problems.DATE_BACK: Kind("reseller_date_back", requests.PROLONG),
    problems.CLOCK: Kind("reseller_clock"),
    problems.SPENDING: Kind("reseller_spend_limit", requests.PROLONG),
    problems.FOREIGN_KEY: Kind("reseller_foreign_key", requests.SETPARAM),
    problems.OWED: Kind("reseller_audit_owed", requests.PROLONG),
    problems.WISH: Kind("reseller_link_wish", "open"),
    problems.OVERTAKEN: Kind("reseller_landed_late", requests.SUSPEND),
    problems.STRANDED: Kind("reseller_stranded"),
    problems.REFUSED: Kind("reseller_audit_refused", requests.SETPARAM),
    problems.MASS_STOP: Kind("reseller_mass_stop", requests.SUSPEND),
    problems.UNRENEWED: Kind("reseller_unrenewed", requests.PROLONG),
    problems.UNBOUGHT: Kind("reseller_unbought", "open"),
    problems.UNDECIDED: Kind("reseller_undecided", requests.PROLONG),
    problems.UNDATED: Kind("reseller_undated", requests.PROLONG),
    problems.OFF: Kind("reseller_module_off", requests.PROLONG),
    problems.MOVED: Kind("reseller_moved", requests.SETPARAM),
    problems.ASSUMPTION: Kind("reseller_assumption", requests.SETPARAM),
    problems.OBSERVING: Kind("reseller_observing_waits", requests.SETPARAM),
    problems.HALTED: Kind("reseller_halted_waits", requests.PROLONG),
    problems.ACCOUNT: Kind("reseller_account_differs", requests.SETPARAM),
    problems.SETTINGS: Kind("reseller_module_settings", requests.SETPARAM),
    problems.LOGIN: Kind("reseller_account_login", "open"),
    problems.UNREACHABLE: Kind("reseller_account_unreachable", "open"),
    problems.RIGHTS: Kind("reseller_account_rights", "open"),
    problems.FUNDS: Kind("reseller_account_funds", "open"),
    problems.LATE: Kind("reseller_late", "open"),
    problems.HALF: Kind("reseller_audit_half", requests.SETPARAM),
    problems.LONG_AWAY: Kind("reseller_audit_away", requests.SETPARAM),
    problems.ENDLESS: Kind("reseller_no_end_here", requests.PROLONG),
    problems.REFUSED_TERM: Kind("reseller_refused_term", requests.PROLONG),
    problems.STOPPED: Kind("reseller_stopped_there", requests.SUSPEND),
    problems.OWNERLESS: Kind("reseller_ownerless", requests.SETPARAM),
    problems.BELOW_COST: Kind("reseller_below_cost", requests.SETPARAM),
    problems.UNSELLABLE: Kind("reseller_unsellable", requests.SETPARAM),
    problems.SHORT: Kind("reseller_account_short", requests.PROLONG),
    problems.DEARER: Kind("reseller_dearer_tariff", requests.PROLONG),
    problems.PERIOD_GONE: Kind("reseller_period_gone", requests.PROLONG),
    problems.DEAR_CHANGE: Kind("reseller_dear_change", requests.SETPARAM),
    problems.REFUSED_ORDERS: Kind("reseller_refused_orders", "open"),
    problems.UNPLANNED: Kind("reseller_unplanned", requests.SETPARAM),
    problems.DIED: Kind("reseller_run_died", requests.SETPARAM),
}


#: kinds that the tasks of their operations report, so that no shared task speaks for many of them
BY_OPERATION = frozenset({problems.LATE, problems.REFUSED_TERM})
#: kinds whose question covers that of others of the same service, so that a person is asked once
COVERS = {problems.PAID: (problems.OWED, problems.GAP)}
#: kinds about paid time at the seller
_OF_TERMS = (
    *(problems.DATE_BACK, problems.UNRENEWED, problems.OWED, problems.GAP),
    *(problems.UNDATED, problems.ENDLESS, problems.REFUSED_TERM),
)


@contextlib.contextmanager
def each(context: Context) -> Iterator[None]:
    """Wrap one problem of several: a task that the panel refuses is logged, and tried again by the next run."""
    try:
        yield
    except PanelError as error:
        context.log.error(f"a problem's task: {context.word(error)}")


def raise_on(context: Context, lease: Lease, problem: Problem, operation: int) -> None:
    """Record a problem about a waiting operation: the operation's own task reports it, so that there is only one.

    Raises PanelError when the task cannot be made; the problem is not recorded then, so that the next run tries again.
    """
    before = problems.of(context.db, problem.cause)
    if before is None or before.said != problem.cut.said:
        item = items.read_all(context.db, problem.touches).get(problem.cause.number)
        if item is not None:
            operations.make_task(context, item, operation, context.word(message(problem.cut)))
        problems.put(lease, problem)


def raise_(context: Context, lease: Lease, problem: Problem, *, asks: bool = True, at_once: bool = True) -> None:
    """Record the problem and, where its kind has one and `asks`, make its task; a task that is there gets a new text.

    With `at_once` False, for a problem that may pass by itself, the task is only made once the problem has lasted for
    `stale_intent_seconds`. `lease` fences the writes. Raises PanelError when the panel does not make the task: it is
    made when the problem is raised again.
    """
    problem = problem.cut
    before = problems.of(context.db, problem.cause)
    if before is None or before.kept != problem.kept:
        problems.put(lease, problem)
    if before is None:
        # Once, when it begins: what is raised later, such as a refusal by the seller, is a cause of its own.
        for covered in COVERS.get(problem.cause.kind, ()):
            end(context, lease, Cause.of_service(problem.cause.number, covered))
    kind = KINDS[problem.cause.kind].task
    asks = asks and (at_once or (before is not None and before.age_seconds >= context.limits.stale_intent_seconds))
    if not (asks and kind and problem.touches) or _is_of_many(context, problem):
        return
    text = context.word(message(problem))
    if before is not None and before.task:
        if before.said != problem.said:
            operations.retell(context, before.task, text)
        return
    present = items.read_all(context.db, problem.touches)
    if present:
        first = next(present[item] for item in problem.touches if item in present)
        task = operations.ask(context, first, kind, text)
        try:
            problems.set_task(lease, problem.cause, task)
        except ResellerError:
            # This process has lost its lease: another may have made a task, or ended the problem, meanwhile.
            now = problems.of(context.db, problem.cause)
            if now is None or now.task:
                operations.unask_others(context, first, kind, text, keep=now.task if now else 0)
            raise


def _is_of_many(context: Context, problem: Problem) -> bool:
    """Whether so many services have the same problem that one task speaks for all of them (sync/shared_tasks.py)."""
    cause = problem.cause
    if cause.subject != problems.SERVICE or cause.kind in BY_OPERATION:
        return False
    gathered = Cause(problems.MANY, problem.module, cause.kind)
    return problems.count(context.db, problem.module, cause.kind) > context.limits.many_services or (
        problems.of(context.db, gathered) is not None
    )


def keep(context: Context, lease: Lease, problem: Problem, *, lasts: bool) -> None:
    """Raise the problem while it `lasts`, else end it; a task that the panel refuses is tried again by the next run."""
    with each(context):
        if lasts:
            raise_(context, lease, problem)
        else:
            end(context, lease, problem.cause)


def end(context: Context, lease: Lease, cause: Cause) -> None:
    """End the problem of this cause, and delete its task."""
    before = problems.of(context.db, cause)
    if before is None:
        return
    task = before.task
    if not task and KINDS[cause.kind].task and before.touches:
        # A process may have died between making the task and recording it.
        item = items.read_all(context.db, before.touches[:1]).get(before.touches[0])
        if item:
            task = operations.asked(context, item, KINDS[cause.kind].task, context.word(message(before)))
    if task:
        operations.unask(context, task)
    problems.end(lease, cause)


def end_differences(context: Context, lease: Lease, item: int) -> None:
    """End the problems that compare a service with its remote service, since it is not linked any more."""
    for each in problems.drifts(context.db, item):
        end(context, lease, Cause.of_service(item, each.kind))
    for kind in (*_OF_TERMS, problems.HALF, problems.LATE):
        end(context, lease, Cause.of_service(item, kind))


def message(problem: Problem) -> Message:
    """The sentence of the problem, with its parameters."""
    names: dict[str, object] = {"here": problem.here, "there": problem.there, **problem.params}
    if problem.cause.subject == problems.SERVICE:
        names["item"] = problem.cause.number
    return Message(problem.error, **names)
