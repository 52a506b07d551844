"""cancel_prolong: give up a renewal that was not sent, and switch off the seller's own renewal.

A renewal that the seller has carried out, or may have, is not given up, since it may be charged. Terms that are owed
for time a client has paid for already (owed_terms.py) are not renewals in this sense, and stay. The panel ends this
operation when the command exits with 0 (platform.md 5.2), so every wait is raised as an error.
"""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import requests, states
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.requests import Effect, Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import operations
from reseller.lifecycle.attempt import Attempt
from reseller.lifecycle.control import begin
from reseller.lifecycle.overtaken import abandon
from reseller.mgr5 import items
from reseller.seller import renewals
from reseller.wire.errors import Ambiguous, NotSent, Rejected, ResellerError


def cancel_prolong(context: Context, number: int, operation: int = 0) -> None:
    """Give up the renewal of service `number`; returns when that is done and the seller's own renewal is off.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with begin(context, number, requests.CANCEL_PROLONG, operation) as (held, item, current):
        if not requests.has_done(context.db, number, requests.CANCEL_PROLONG, current):
            _Cancel(context, held, item, current).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Mark an interrupted request as unsent, so that its operation repeats it. Always False: nothing is done here."""
    context.log.info(f"item {request.item}: {request.kind} was interrupted and is made again")
    requests.settle(held, request, Standing(State.UNSENT, tries=request.tries))
    return False


class _Cancel(Attempt):
    """One attempt at one cancel_prolong."""

    kind = requests.CANCEL_PROLONG
    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_change_looking"

    def run(self) -> None:
        """Give up the panel's renewal, which needs no seller, then switch off the seller's own."""
        self._give_up()
        if self.link is not None:
            try:
                self._switch_off(self.link)
            except (NotSent, Rejected) as error:
                raise self.stop_unsent(error) from error
            except Ambiguous as error:
                # Switching off is idempotent: the next try reads the form, and sends the call again if need be.
                self.settle(Standing(State.UNSENT, tries=self.request.tries))
                raise self.stop_unsent(error) from error
        if self.operation:
            operations.close_tasks(self.context, self.operation)
        self.settle(Standing(State.DONE, operation=self.operation))

    def _give_up(self) -> None:
        db, number = self.context.db, self.item.id
        operation = items.operation_of(db, number, requests.PROLONG)
        renewal = requests.live_of(db, number, requests.PROLONG)
        if renewal is None:
            if requests.has_done(db, number, requests.PROLONG, operation):
                raise self._too_late("reseller_cancel_done")
        elif renewal.state.means(states.NOT_SENT):
            abandon(self.context, self.held, renewal)
            self.context.log.info(f"item {number}: the renewal {renewal.key} is given up")
        else:
            in_doubt = renewal.state.means(states.IN_DOUBT)
            raise self._too_late("reseller_cancel_doubt" if in_doubt else "reseller_cancel_sent")
        if operation:
            # Also a renewal operation that was not started yet.
            operations.close(self.context, operation)

    def _too_late(self, reason: str) -> ResellerError:
        return self.stop(Standing(State.REFUSED), ResellerError(reason, **self.names()))

    def _switch_off(self, link: Link) -> None:
        """Switch off the seller's own renewal if its form shows it on; ends the try if it stays on.

        Raises SellerError.
        """
        transport = self.seller.transport
        if not self.view().autoprolong:
            return
        self.hold_for_send()
        requests.sending(self.held, self.request, Effect(f"{link.itemtype}.edit {link.remote} autoprolong off"))
        refused: Rejected | None = None
        try:
            renewals.no_autoprolong(transport, link.itemtype, link.remote)
        except Rejected as answered:
            # The switch takes effect at once, so the form shows whether the error came before the effect.
            refused = answered
            self.settle_doubt(answered, self.looking)
        months = self.view().autoprolong
        if months and refused is not None:
            raise self.rejected(refused) from refused
        if months:
            error = ResellerError("reseller_still_renews", months=months, **self.names())
            raise self.stop(Standing(State.REFUSED), error)
        self.context.log.info(f"item {self.item.id}: remote {link.remote} does not renew itself any more")
