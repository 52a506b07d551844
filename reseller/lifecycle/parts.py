"""Terms that are owed: the client paid for more months than the seller sells at once (docs/decisions.md).

The first term is bought with the order or the renewal. Each further one is a request of its own, which no operation
asks for: it waits as `owed` until `part_days` before the seller's date, and checkevent buys it then, by the same rules
as any renewal. While one waits the next is not even written; a close gives it up. Nobody looks at an operation here, so
whatever stops it becomes a task of the service, which goes when the term is bought, and it is tried again without end.
"""

from __future__ import annotations

import datetime as dt

from reseller import log
from reseller.ledger import links, problems, requests, swaps
from reseller.ledger.leases import Lease, lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Months, Request, Standing
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.term import Renewal
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.seller.service import Service
from reseller.wire.errors import ResellerError, SellerError, Stopped

#: states in which a part is gone on with when its `next_try` has come; with MONEY, when the balance has risen
AGAIN = frozenset({requests.INTENT, requests.OWED, requests.UNSENT, requests.REFUSED})


def write_down(work: Work, module: int) -> int:
    """A request for each service of the module that is owed a term and has none; how many were written.

    Raises BusyError, ResellerError for a service that cannot be written down; the next run comes back to it.
    """
    written = 0
    for number in requests.owing(work.db, module):
        with log.under(), lease(work.db, f"item:{number}", work.limits.lease_seconds) as held:
            if requests.live_of(work.db, number, requests.PART) is None:
                item = items.read(work.db, number)
                requests.create(held, item, requests.PART)
                written += 1
    return written


def go_on(work: Work, request: Request, held: Lease) -> bool:
    """Buy the owed term if it is time, or look for one that was sent; whether it is bought. Closed, none is owed.

    Raises ResellerError with what stopped it, which then stands on a task of the service as well.
    """
    if links.of_item(work.db, request.item) is None:
        requests.settle(held, request, Standing(requests.ABANDONED, "reseller_overtaken"))
        return False
    if swaps.of_item(work.db, request.item) is not None:
        # Away at another module: nothing is sent for it.
        requests.wait(held, request, work.limits.part_look_seconds)
        return False
    part = _Part(work, held, items.read(work.db, request.item), 0, request)
    return part.look() if part.in_doubt or request.state == requests.WAITING else part.buy()


class _Part(Renewal):
    kind = requests.PART

    def buy(self) -> bool:
        """Buy the term when its day has come; False when it has not, or when the seller is not done yet."""
        try:
            seen = self._view()
            if self._wait_for_its_day(seen):
                return False
            months = self.term()
            self.send(seen, months, Months(0, months))
        except SellerError as error:
            raise self.stop_unsent(error) from error
        return not self.request.live

    def _wait_for_its_day(self, seen: Service) -> bool:
        """Put it off while the seller's date is further away than `part_days`, or is as far as the client has paid."""
        limits = self.work.limits
        there = seen.expiredate or dt.date.max
        here = self.item.expiredate or dt.date.max
        left = (there - dt.datetime.now(dt.timezone.utc).date()).days
        if left <= limits.part_days and there < here:
            return False
        self.settle(Standing(requests.OWED, wait_seconds=limits.part_look_seconds))
        return True

    def stop(self, now: Standing, error: ResellerError, *, task: bool = False) -> Stopped:
        """As always; a task for whatever a person should know, and what was refused is tried again all the same."""
        if now.state == requests.REFUSED:
            now = now._replace(wait_seconds=self.work.limits.part_look_seconds)
        stopped = super().stop(now, error)
        if task or now.state in (requests.MONEY, requests.REFUSED):
            # Who was stopped meanwhile would ask for what somebody else has bought: nothing would take that task away.
            self.hold_for_send()
            told = {"cause": self.work.word(error), "remote": self.remote, "key": self.request.key}
            told["state"] = self.request.state
            cause = Cause.of_service(self.item.id, problems.OWED)
            problem = Problem(cause, self.item.module, "reseller_audit_owed", told, touches=(self.item.id,))
            troubles.raise_(self.work, self.held, problem)
        return stopped

    def _finish(self, seen: Service) -> None:
        troubles.end(self.work, self.held, Cause.of_service(self.item.id, problems.OWED))
        super()._finish(seen)
