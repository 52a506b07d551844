"""suspend, resume, close: read, compare, send only what differs, read back (DESIGN 4).

Unlike an order these can be sent again without harm, so what counts is never what a call answered but what the seller
shows afterwards. What is not reached yet waits, and checkevent looks again; past the deadline a task says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass

from reseller.ledger import links, requests
from reseller.ledger.leases import Lease, lease
from reseller.ledger.links import Link
from reseller.ledger.requests import Request, Standing
from reseller.lifecycle import operations
from reseller.lifecycle.attempt import Attempt
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.model import Item, Status
from reseller.seller import state
from reseller.seller.state import View
from reseller.wire.errors import Ambiguous, NotSent, Rejected, ResellerError, SellerError


@dataclass(frozen=True)
class Goal:
    """What a command wants the seller to show, what it calls there, and what it calls here when that is so."""

    status: int
    verb: str
    callback: str

    def is_reached(self, view: View) -> bool:
        """Whether the seller shows it; a service that is gone is closed."""
        if self.status == Status.DELETED:
            return not view.exists
        return view.exists and view.status == self.status


#: requests that make no sense any more once this one is wanted
_OVERTAKES = {
    requests.SUSPEND: (requests.RESUME,),
    requests.RESUME: (requests.SUSPEND,),
    requests.CLOSE: (requests.RESUME, requests.SUSPEND),
}


def change(work: Work, number: int, kind: str, operation: int = 0) -> None:
    """Bring the remote service of `number` where `kind` wants it; returns when it is, or when it is being waited for.

    Raises BusyError when somebody else is at it, otherwise ResellerError with the reason, which stands there too.
    """
    items.read_ours(work.db, number)
    with lease(work.db, f"item:{number}", work.limits.lease_seconds) as held:
        item = items.read_ours(work.db, number)
        operation = operations.current(work, number, kind, operation)
        _overtake(work, held, item, kind)
        _CHANGES[kind](work, held, item, operation).run()


def look_again(work: Work, request: Request, held: Lease) -> bool:
    """Look whether the seller is done by now; whether it is. Raises ResellerError when the deadline has passed."""
    item = items.read(work.db, request.item)
    operation = items.operation_of(work.db, request.item, request.kind)
    return _CHANGES[request.kind](work, held, item, operation, request).look()


def _overtake(work: Work, held: Lease, item: Item, kind: str) -> None:
    for other in requests.live_others(work.db, item.id, kind):
        if other.kind in _OVERTAKES[kind]:
            _give_up(work, held, other)


def _give_up(work: Work, held: Lease, other: Request) -> None:
    """Nobody wants it any more; its operation would otherwise wait for ever, or be started by somebody."""
    requests.settle(held, other, Standing(requests.ABANDONED, "reseller_overtaken"))
    if other.operation:
        operations.close(work, other.operation)


class _Change(Attempt):
    """One try at one change of state."""

    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_change_looking"

    goal: Goal

    def __init__(self, work: Work, held: Lease, item: Item, operation: int, request: Request | None = None) -> None:
        super().__init__(work, held, item, operation, request)
        self.link = links.of_item(work.db, item.id)

    def run(self) -> None:
        """Look; send where the seller shows something else; look again."""
        if self.link is None:
            self._without_link()
            return
        try:
            seen = self._view(self.link)
            if self.goal.is_reached(seen):
                self._finish()
                return
            self._check(seen)
            if seen.status != Status.PROCESSING:
                self._send(self.link)
                seen = self._view(self.link)
        except SellerError as error:
            raise self.stop_unsent(error) from error
        if self.goal.is_reached(seen):
            self._finish()
        else:
            self._wait()

    def look(self) -> bool:
        """Finish if the seller is done; a task once the deadline has passed."""
        if self.link is None or self.goal.is_reached(self._view(self.link)):
            self._finish()
            return True
        waited = self.request.sent_seconds or 0
        if waited >= self.work.limits.change_seconds and self.request.state != requests.UNCONFIRMED:
            error = ResellerError("reseller_change_overdue", minutes=max(1, waited // 60), **self.names())
            raise self.stop(Standing(requests.UNCONFIRMED), error, task=True)
        return False

    def _without_link(self) -> None:
        """Nothing is linked: nothing was bought, or the outcome of the order is not known yet."""
        order = requests.live_of(self.work.db, self.item.id)
        if order is not None and order.state in requests.UNKNOWN_OUTCOME:
            wait = self.work.limits.look_seconds
            error = ResellerError("reseller_order_in_doubt", order=order.key, **self.names())
            raise self.stop(Standing(requests.UNSENT, wait_seconds=wait), error)
        if self.goal.status != Status.DELETED:
            raise self.stop(Standing(requests.REFUSED), ResellerError("reseller_not_linked", **self.names()))
        if order is not None:
            _give_up(self.work, self.held, order)
        self._finish()

    def _view(self, link: Link) -> View:
        return state.view(self.seller.transport, link.itemtype, link.remote)

    def _check(self, seen: View) -> None:
        """What must not be sent: to a service that is gone, or against the seller's own staff."""
        if not seen.exists:
            raise self.stop(Standing(requests.REFUSED), ResellerError("reseller_gone", **self.names()))
        if self.kind == requests.RESUME and seen.suspended_by:
            error = ResellerError("reseller_staff_suspended", by=seen.suspended_by, **self.names())
            raise self.stop(Standing(requests.REFUSED), error)

    def _send(self, link: Link) -> None:
        """Send it; a lost answer is no harm, since only what is seen afterwards counts."""
        self.hold_for_send()
        requests.sending(self.held, self.request, f"{link.itemtype}.{self.goal.verb} {link.remote}")
        try:
            state.change(self.seller.transport, link.itemtype, link.remote, self.goal.verb)
        except NotSent:
            raise
        except Rejected as error:
            raise self.stop(Standing(requests.REFUSED), self.refusal(error)) from error
        except Ambiguous as error:
            self.work.log.error(f"item {self.item.id}: the answer to {self.kind} is lost: {self.work.word(error)}")

    def _wait(self) -> None:
        self.settle(Standing(requests.WAITING, "reseller_change_waiting"))
        if self.operation:
            told = ResellerError("reseller_change_waiting", **self.names())
            operations.note(self.work, self.item, self.operation, self.work.word(told))

    def _finish(self) -> None:
        """Say so on the panel, which ends the operation, and only then in the ledger: a crash between repeats it."""
        self.work.mgrctl.call(self.goal.callback, {"elid": self.item.id, "sok": "ok"})
        if self.operation:
            operations.close(self.work, self.operation)
        if self.link is not None and self.goal.status == Status.DELETED:
            links.settle(self.held, self.link, links.ENDED)
        self.settle(Standing(requests.DONE))
        self.work.log.info(f"item {self.item.id}: {self.kind} is done")


class _Suspend(_Change):
    kind = requests.SUSPEND
    goal = Goal(Status.SUSPENDED, "suspend", "service.postsuspend")


class _Resume(_Change):
    kind = requests.RESUME
    goal = Goal(Status.ACTIVE, "resume", "service.postresume")


class _Close(_Change):
    kind = requests.CLOSE
    goal = Goal(Status.DELETED, "delete", "service.postclose")


_CHANGES: dict[str, type[_Change]] = {each.kind: each for each in (_Suspend, _Resume, _Close)}
