"""suspend, resume and close: which of these overtakes which, and their entry points for the panel and for checkevent.

How such a change is sent, awaited and refused is lifecycle/state_change.py. Close is special: it deletes the remote
service, or keeps its licence for the next order. A seller may forbid its clients to delete, ask for a confirmation by
phone, wait for the end of the paid term, insist on a minimum order period, or answer "ok" and do nothing
(selling-api.md 4.3). Each of these has a message of its own that says what to do.

The service is closed here once it is gone at the seller, whoever deleted it and whenever. A form that does not find
the service is proof enough after a delete that the seller accepted; otherwise a complete list has to confirm it. The
seller's own renewal is switched off before the delete, so that a slow deletion is not charged for another term.
"""

from __future__ import annotations

import contextlib
import datetime as dt

from reseller.context import Context
from reseller.ledger import links, requests, states
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import gone, kept_licences, operations
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.kept_licences import Outcome
from reseller.lifecycle.overtaken import abandon, overtake, overtake_done
from reseller.lifecycle.state_change import TAKEN, Change, Goal, Wait
from reseller.mgr5 import items
from reseller.model import Status
from reseller.seller import deletions, renewals
from reseller.seller.service import Service
from reseller.wire.errors import Rejected, ResellerError, SellerError

#: by kind, the requests that make no sense any more once it is wanted
_OVERTAKES = {
    requests.SUSPEND: (requests.RESUME,),
    requests.RESUME: (requests.SUSPEND,),
    requests.CLOSE: (requests.RESUME, requests.SUSPEND, requests.PROLONG, requests.PART),
}

_SILENT = Wait("reseller_change_waiting", "reseller_close_silent")
_AT_END = Wait("reseller_close_at_end", "reseller_close_late")
#: the task is made at once, since nothing happens before somebody calls the seller
_CONFIRM = Wait("reseller_close_confirm", failure=True, task=True)
_FORBIDDEN = Wait("reseller_close_forbidden", "reseller_close_still_forbidden", failure=True)
_KEEPING = Wait("reseller_close_keeping", "reseller_change_blocked", taken=False)
#: waits for a deletion that the seller has accepted; all other waits follow one that was only sent, or refused
_ACCEPTED = (TAKEN, _SILENT, _AT_END)


def change(context: Context, number: int, kind: str, given: int = 0) -> None:
    """Bring the remote service of `number` into the state that `kind` asks for; returns when it is, or is waited for.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with operations.begin(context, number, kind, given) as (held, item, operation):
        for other in requests.live_others(context.db, number, kind):
            if other.kind in _OVERTAKES[kind]:
                # A service that is closed needs no watch for a suspension or resumption that may still land.
                (abandon if kind == requests.CLOSE else overtake)(context, held, other)
        if kind != requests.CLOSE:
            for contrary in _OVERTAKES[kind]:
                overtake_done(context, held, number, contrary)
        _CHANGES[kind](context, held, item, operation).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Continue a change that waits; whether it is done. Raises ResellerError when there is something new to report."""
    return _CHANGES[request.kind].again(context, request, held).look()


class _Suspend(Change):
    kind = requests.SUSPEND
    goal = Goal(Status.SUSPENDED, "suspend", "service.postsuspend")


class _Resume(Change):
    kind = requests.RESUME
    goal = Goal(Status.ACTIVE, "resume", "service.postresume")


class _Close(Change):
    """One attempt to close one service."""

    kind = requests.CLOSE
    goal = Goal(Status.DELETED, "delete", "service.postclose")
    waits = (_SILENT, _AT_END, _CONFIRM, _FORBIDDEN, _KEEPING, *Change.waits)

    _kept = False

    def _step(self, *, insist: bool) -> bool:
        kept = kept_licences.keep(self, self.link) if self.link else Outcome.NO
        if kept is Outcome.NO:
            return super()._step(insist=insist)
        if kept is Outcome.PENDING:
            self._pending(_KEEPING, insist=insist)
            return False
        self._kept = True
        self._finish()
        return True

    def _is_reached(self, seen: Service, wait: Wait, *, taken: bool) -> bool:
        """Whether the remote service is gone, by more evidence than its form alone; raises SellerError."""
        if seen.exists or self.link is None:
            return False
        if taken and wait in _ACCEPTED:
            return True
        return gone.is_unlisted(self.seller.transport, self.link.itemtype, self.link.remote, self.context.limits)

    def _check(self, seen: Service) -> None:
        """Allow the delete even where the form says that the service is missing: that alone proves nothing."""

    def _send(self, link: Link, before: Service) -> tuple[Service, Wait]:
        if before.autoprolong:
            # However long the deletion takes, the seller must not charge for another term meanwhile.
            with contextlib.suppress(SellerError):
                renewals.no_autoprolong(self.seller.transport, link.itemtype, link.remote)
        seen, wait = super()._send(link, before)
        if wait is TAKEN:
            still = seen.exists and seen.status != Status.PROCESSING and bool(before.expiredate)
            wait = _AT_END if still and deletions.is_put_off(self.seller.transport, link.remote) else _SILENT
        return seen, wait

    def _refused(self, error: Rejected) -> Wait:
        policy = deletions.policy(error)
        if policy == deletions.TOO_EARLY:
            raise self._too_early(error) from error
        known = {deletions.FORBIDDEN: _FORBIDDEN, deletions.CONFIRM: _CONFIRM}.get(policy)
        return known or super()._refused(error)

    def _too_early(self, error: Rejected) -> ResellerError:
        """Retry when the minimum order period is over: nothing is wrong, and no person has to act."""
        limits = self.context.limits
        left = deletions.seconds_left(error)
        wait = limits.min_order_retry_seconds if left is None else max(left, limits.unsent_longest_seconds)
        until = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=wait)
        early = ResellerError(
            "reseller_close_too_early",
            text=error.params.get("text", ""),
            date=until.strftime("%Y-%m-%d %H:%M UTC"),
            **self.names(),
        )
        return self.stop(Standing(State.UNSENT, tries=self._tries, wait_seconds=wait), early)

    def _is_overdue(self, wait: Wait) -> bool:
        if wait is not _AT_END:
            return super()._is_overdue(wait)
        last = self.seller.transport.today - dt.timedelta(days=self.context.limits.at_end_days)
        return last.isoformat() > self.request.promise

    def _record(self) -> None:
        """Give up what else was wanted of the service, then end the link and free a kept licence in one transaction.

        An order in doubt is not given up, since it may have been charged.
        """
        for other in requests.live_others(self.context.db, self.item.id, self.kind):
            if other.kind != requests.ORDER or not other.state.means(states.IN_DOUBT):
                abandon(self.context, self.held, other)
        opening = items.operation_of(self.context.db, self.item.id, *requests.operation_names(requests.ORDER))
        if opening:
            operations.close(self.context, opening)
        troubles.end_differences(self.context, self.held, self.item.id)
        with self.context.db.transaction():
            if self.link is not None:
                links.settle(self.held, self.link.id, links.ENDED)
                kept_licences.settle(self, self.link, kept=self._kept)
            super()._record()


_CHANGES: dict[str, type[Change]] = {each.kind: each for each in (_Suspend, _Resume, _Close)}
