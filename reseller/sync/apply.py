"""Apply one comparison under the service's lease, after checking that the service has not changed meanwhile.

Each step is recorded before it is done, and can be repeated without harm, since a run may be killed between any two
lines. Only functions of the panel are used that call no processing module and bill nobody (platform.md 5.2).

One call changes something at the seller all the same: it switches off the seller's automatic renewal
(lifecycle/autorenewal.py).
"""

from __future__ import annotations

from dataclasses import replace

from reseller.context import Context
from reseller.ledger import limited_changes, links, observations, paid, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.limited_changes import Change
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import autorenewal, reasons
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import functions, items
from reseller.sync import candidates
from reseller.sync.candidates import Candidate
from reseller.sync.compare import Comparison
from reseller.sync.decide import Action
from reseller.wire.errors import ResellerError


def apply(context: Context, held: Lease, comparison: Comparison, *, forced: bool) -> bool:
    """Carry out the comparison unless the service has changed since; whether it was. `held` is the lease of the run.

    Raises BusyError while another process works on the service, otherwise ResellerError; the next run tries again.
    """
    before = comparison.candidate
    with context.hold(before.item) as mine:
        now = candidates.one(context.db, before.link)
        if now is None or _moves(now) != _moves(before):
            return False
        if comparison.kind:
            limited_changes.note(held, Change(before.module, before.link, comparison.kind, str(comparison), forced))
        acts = _act(context, held, mine, comparison)
        if comparison.forgets_shown:
            observations.mark_sellers_suspension(held, before.link, is_sellers=False)
        comparison = _without_autorenewal(context, comparison)
        for name, value in {**comparison.saves, **comparison.notes, **comparison.secrets}.items():
            functions.save_param(context.mgrctl, before.item, name, value)
        if comparison.follow:
            functions.set_expiredate(context.mgrctl, before.item, comparison.follow)
        if comparison.accounts:
            paid.account(mine, before.link, comparison.accounts)
        _tell(context, held, comparison)
        if comparison.kind or acts:
            context.log.info(f"item {before.item}, remote {before.remote}: {comparison}")
        if comparison.action == Action.END:
            return True
        if comparison.is_settled:
            observations.settle(held, [comparison.as_settled])
        else:
            # The next run reads it back, after the services that were not looked at yet.
            observations.tried(held, [before.link])
    return True


def _moves(candidate: Candidate) -> tuple[object, ...]:
    """The values that differ if anything has happened to the service since, even something that has ended already."""
    return candidate.here_digest, candidate.open, candidate.newest_request


def _act(context: Context, held: Lease, mine: Lease, comparison: Comparison) -> bool:
    """Carry out an action about the service's state; False if there is none. `mine` is the lease of the service."""
    action, candidate = comparison.action, comparison.candidate
    if action == Action.SHOW:
        # Record that the seller caused this suspension before making it: otherwise a run after a crash would not know
        # that it may lift the suspension.
        observations.mark_sellers_suspension(held, candidate.link, is_sellers=True)
    if action in (Action.SHOW, Action.SUSPEND):
        functions.call_back(context.mgrctl, "service.postsuspend", candidate.item)
    elif action in (Action.LIFT, Action.RESUME):
        functions.call_back(context.mgrctl, "service.postresume", candidate.item)
        observations.mark_sellers_suspension(held, candidate.link, is_sellers=False)
    elif action == Action.GIVE_UP:
        # The requests whose operation was deleted: nobody can start them any more, and nobody waits for them.
        for request in requests.of_item(context.db, candidate.item):
            if request.live and request.state in candidates.AT_REST and not reasons.has_one(context, request):
                reasons.give_up(context, mine, request)
    elif action == Action.GONE:
        if context.limits.close_gone:
            functions.call_back(context.mgrctl, "service.postclose", candidate.item)
    elif action == Action.END:
        troubles.end_differences(context, held, candidate.item)
        links.settle(mine, candidate.link, links.ENDED)
    else:
        return False
    return True


def _without_autorenewal(context: Context, comparison: Comparison) -> Comparison:
    """Switch off automatic renewal at the seller; the difference stays where that fails. It costs nothing.

    Not for a module that is switched off: it renews nothing, so no one pays twice, and without it the service would
    end.
    """
    candidate = comparison.candidate
    drift = next((each for each in comparison.drifts if each.kind == problems.AUTOPROLONG), None)
    if drift is None:
        return comparison
    others = tuple(each for each in comparison.drifts if each is not drift)
    if not items.is_active(context.db, candidate.module):
        return replace(comparison, drifts=others)
    try:
        seller = context.seller(candidate.module)
        is_off = autorenewal.switch_off(context, seller, candidate.itemtype, candidate.remote, drift.there)
    except ResellerError as error:
        context.log.error(
            f"item {candidate.item}: its renewal by the seller is not switched off: {context.word(error)}"
        )
        return comparison
    # The next run reads back that it is off.
    return replace(comparison, drifts=others, is_settled=False) if is_off else comparison


def _tell(context: Context, held: Lease, comparison: Comparison) -> None:
    """Raise the differences that are new, and end those that are gone."""
    candidate = comparison.candidate
    if comparison.action in (Action.END, Action.WAIT) and not comparison.drifts and comparison.about is None:
        return
    known = {each.kind: each for each in problems.drifts(context.db, candidate.item)} if candidate.drifts else {}
    if comparison.about is not None:
        known = {kind: each for kind, each in known.items() if kind in comparison.about}
    present = {each.kind: each for each in comparison.drifts}
    for kind in sorted(known.keys() - present.keys()):
        troubles.end(context, held, Cause.of_service(candidate.item, kind))
    for kind, each in present.items():
        if known.get(kind) != each:
            problem = Problem(
                Cause.of_service(candidate.item, kind),
                candidate.module,
                troubles.KINDS[kind].error,
                {"remote": candidate.remote},
                each.here,
                each.there,
                (candidate.item,),
            )
            asks = kind in comparison.asks and candidate.status is not None
            troubles.raise_(context, held, problem, asks=asks)
