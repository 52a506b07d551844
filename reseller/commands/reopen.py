"""reopen: bring back a service that was closed here.

Its remote service may still exist: the close was not carried out, or the seller restored the service. While the remote
service carries the key of the service's last link it is the same one, whatever happened since: the link is revived and
the remote service is resumed. Otherwise a new one is bought as usual (open.py), with a request and a key of its own.
"""

from __future__ import annotations

from reseller.commands.open import REMOTE_PARAM, open_service
from reseller.context import Context
from reseller.ledger import links, paid, requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import gone, operations
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.overtaken import overtake
from reseller.lifecycle.state_change import Change, Goal
from reseller.mgr5 import functions, items
from reseller.model import Status
from reseller.seller import service
from reseller.seller.service import Service
from reseller.wire.errors import PanelError, ResellerError, SellerError

#: kinds of request that make no sense any more once the service is wanted back
OVERTAKES = (requests.CLOSE, requests.SUSPEND)


def reopen(context: Context, number: int, operation: int = 0) -> None:
    """Bring service `number` back; returns when that is done, or is waited for.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with operations.begin(context, number, requests.REOPEN, operation) as (held, item, current):
        for other in requests.live_others(context.db, number, requests.REOPEN):
            if other.kind in OVERTAKES:
                overtake(context, held, other)
        link = links.of_item(context.db, number)
        is_opening = link is not None and link.state == links.OPENING
        if requests.live_of(context.db, number) is None and not is_opening:
            back = _Return(context, held, item, current)
            if back.revive_link():
                back.run()
                return
            back.settle(Standing(State.ABANDONED))
    # Nothing to bring back: a new one is bought, or its order is continued, under a lease of its own.
    open_service(context, number, operation or items.operation_of(context.db, number, requests.REOPEN))


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Poll whether the service is back; raises ResellerError when there is something new to report."""
    return _Return.again(context, request, held).look()


class _Return(Change):
    """One attempt to bring back a service whose remote service was not deleted."""

    kind = requests.REOPEN
    goal = Goal(Status.ACTIVE, "resume", "service.postreopen")

    def revive_link(self) -> bool:
        """Revive the service's last link if the seller still shows its key; whether the service has a link now.

        Writes the ledger and the panel's parameter. Ends the try when the seller cannot be asked.
        """
        last = links.last_of_item(self.context.db, self.item.id)
        if self.link is not None or last is None:
            return self.link is not None
        if links.of_remote(self.context.db, last.account, last.remote):
            return False
        try:
            form = service.read(self.context.seller_of(last).transport, last.itemtype, last.remote)
        except SellerError as error:
            raise self.stop_unsent(error) from error
        except PanelError:
            raise
        except ResellerError as error:
            # The account that it was bought with cannot be asked any more, so the service is bought anew.
            self.context.log.error(f"item {self.item.id}: {self.context.word(error)}")
            return False
        if not form.exists or form.key != last.key:
            return False
        links.settle(self.held, last.id, links.LIVE)
        self.link = last._replace(state=links.LIVE)
        if self.item.params.get(REMOTE_PARAM) != last.remote:
            functions.save_param(self.context.mgrctl, self.item.id, REMOTE_PARAM, last.remote)
        self.context.log.info(f"item {self.item.id}: its link to remote {last.remote} is revived")
        return True

    def _record(self) -> None:
        """Also account for the panel's present date: that is what the client has when he comes back."""
        super()._record()
        if self.link is not None:
            paid.account(self.held, self.link.id, items.read(self.context.db, self.item.id).expiredate)

    def _check(self, seen: Service) -> None:
        """Where the remote service is gone after all, end the link, so that the next try buys a new one.

        Only where a complete list does not show it either: while it exists, a new one would be a second one.
        """
        if not seen.exists and self.link is not None:
            limits, link = self.context.limits, self.link
            if not gone.is_unlisted(self.seller.transport, link.itemtype, link.remote, limits):
                raise self.later(ResellerError("reseller_gone", **self.names()), limits.unsent_first_seconds)
            meanwhile = ResellerError("reseller_gone_meanwhile", **self.names())
            troubles.end_differences(self.context, self.held, self.item.id)
            links.settle(self.held, link.id, links.ENDED)
            raise self.later(meanwhile, 0)
        super()._check(seen)
