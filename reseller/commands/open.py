"""open: buy the service at the seller, once (docs/architecture.md).

Safety lies in the order of the steps: the request with its key is committed before anything is sent, the seller's list
is read before every send, and after a doubt nothing is sent, the list is only read again. A first try, a retry by the
panel, a Start by hand and the run after a crash all take this one path: it acts on what it finds in the ledger and at
the seller, not on what an earlier try was about to do.
"""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import links, requests, tariffmap
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.requests import Effect, Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import ceiling, cover, kept_licences, operations, order_plan, quantities
from reseller.lifecycle.attempt import Attempt
from reseller.mgr5 import functions, items
from reseller.model import Item, Remote, Status
from reseller.seller import orders, service
from reseller.seller.orders import Order
from reseller.seller.price_list import Offer
from reseller.seller.services import RemoteList, read_list
from reseller.seller.tariffs import Tariff
from reseller.wire.errors import Ambiguous, Message, Rejected, ResellerError, SellerError

#: name of the service's parameter that shows staff the seller's number
REMOTE_PARAM = "reseller_remote"
OPEN = "open"
#: names of the operations that an order serves
OPENINGS = requests.operation_names(requests.ORDER)


def open_service(context: Context, number: int, given: int = 0) -> Link:
    """Buy the service `number`, or find that it was bought; its link, with operation and task waiting for activation.

    Raises BusyError when another process holds the service's lease (nothing was changed), otherwise ResellerError with
    the reason, which the operation shows as well.
    """
    with operations.begin(context, number, OPEN, given) as (held, item, operation):
        link = links.of_item(context.db, number)
        if link is None:
            if item.status not in (Status.ORDERED, Status.PROCESSING):
                raise ResellerError("reseller_item_status", object="item", item=number, status=item.status)
            link = _Order(context, held, item, operation).run()
        elif link.state == links.LIVE:
            # The service is in step already, yet the panel runs `open`: let checkevent finish the opening once more.
            links.settle(held, link.id, links.OPENING)
        park(context, item, link, operation)
        return link


def look_again(context: Context, request: Request, held: Lease, found: RemoteList) -> Link | None:
    """Look in the seller's list `found` for an order of unknown outcome; its link, or None while it has to wait.

    Raises ResellerError when the order was looked for long enough (a task then says so), SellerError when a call to the
    seller fails.
    """
    order = _Order.again(context, request, held)
    link = order.look(found)
    if link is not None:
        park(context, order.item, link, order.operation)
    return link


def park(context: Context, item: Item, link: Link, operation: int) -> None:
    """Save the remote number with the service, show it on operation and task, and let the operation wait.

    checkevent ends the operation when the service has become active.
    """
    if item.params.get(REMOTE_PARAM) != link.remote:
        functions.save_param(context.mgrctl, item.id, REMOTE_PARAM, link.remote)
    if operation:
        told = Message("reseller_note_opening", item=item.id, remote=link.remote, key=link.key)
        operations.note(context, item, operation, context.word(told))


class _Order(Attempt):
    """One attempt to order one service, under the service's lease."""

    def run(self) -> Link:
        """Read the seller's list, and send the order if the list shows none and no earlier send is in doubt."""
        try:
            link = self.look(self._list())
            if link is None and self.in_doubt:
                unconfirmed = self.request.state == State.UNCONFIRMED
                type_ = "reseller_not_confirmed_yet" if unconfirmed else "reseller_looking_still"
                raise self.stop(Standing(self.request.state), ResellerError(type_, **self.names()))
            return link or self._send()
        except SellerError as error:
            raise self.stop_unsent(error) from error

    def _list(self) -> RemoteList:
        return read_list(self.seller.transport, self.item.itemtype, self.context.limits)

    def look(self, found: RemoteList) -> Link | None:
        """Adopt the remote service that carries our key; None when there is none that was paid.

        While an earlier send is in doubt, the look is counted. Otherwise an unpaid order of ours is removed, and the
        list must prove that ordering is safe. Raises ResellerError where a person has to decide.
        """
        ours = found.with_key(self.request.key)
        if len(ours) > 1:
            raise self.stop(Standing(State.FOREIGN), self._foreign(ours))
        if ours and ours[0].status != Status.ORDERED:
            return self._adopt(ours[0].id)
        if self.in_doubt:
            self._keep_looking(found, ours)
            return None
        if ours:
            self._remove_unpaid(ours[0])
        self._check_list(found)
        return None

    def _check_list(self, found: RemoteList) -> None:
        """Raise unless the list proves that the seller has no remote service for this service yet."""
        if not found.complete:
            raise Ambiguous("reseller_list_incomplete", itemtype=self.item.itemtype)
        if not found.shows_keys:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_no_keys", itemtype=self.item.itemtype))
        others = [row for row in found.of_item(self.item.id) if row.id not in self.request.accepted]
        others = [row for row in others if row.key != self.request.key]
        if others:
            raise self.stop(Standing(State.FOREIGN), self._foreign(others))

    def _keep_looking(self, found: RemoteList, unpaid: list[Remote]) -> None:
        """Count a look that decided nothing; after `look_times` complete lists and `look_seconds`, end the search.

        The order then counts as refused if it was never paid or an error was answered; otherwise a person decides.
        """
        limits = self.context.limits
        state = State.LOOKING if self.request.state == State.SENDING else self.request.state
        looks = self.request.looks + found.complete
        sent = self.request.sent_seconds or 0
        if looks < limits.look_times or sent < limits.look_seconds:
            self.settle(Standing(state, "reseller_looking", looks=looks))
            return
        if unpaid:
            # So long after the send no payment is under way any more: the order was never paid.
            self._remove_unpaid(unpaid[0])
            never = ResellerError("reseller_never_paid", **{**self.names(), "remote": unpaid[0].id})
            raise self.stop(Standing(State.REFUSED), never)
        answered = self.answered
        if answered is not None:
            raise self.rejected(answered)
        if state != State.UNCONFIRMED:
            error = ResellerError("reseller_not_confirmed", minutes=max(1, sent // 60), **self.names())
            raise self.stop(Standing(State.UNCONFIRMED, looks=looks), error, task=True)

    def _send(self) -> Link:
        context, request = self.context, self.request
        try:
            generation = context.generation(self.seller, self.item.itemtype)
            order, offer = self._order(request.key)
        except SellerError:
            raise
        except ResellerError as error:
            raise self.stop(Standing(State.REFUSED), error) from error
        kept = kept_licences.take(self, order)
        if kept:
            return self._adopt(kept)
        cover.require(self, ceiling.require_order(self, order, generation, offer))
        function = orders.function(order.itemtype, generation)
        detail = f"{function} pricelist={order.pricelist} datacenter={order.datacenter} period={order.period}"
        effect = Effect(detail, months=max(int(order.period), 0))
        try:
            with self.spending():
                requests.sending(self.held, request, effect)
                remote = orders.send(self.seller.transport, order, generation, context.limits.order_seconds)
        except Rejected as error:
            return self._rejected(error) if self.proves(error) else self._in_doubt(error)
        except Ambiguous as error:
            return self._in_doubt(error)
        if not remote:
            return self._in_doubt(Ambiguous("reseller_no_number"))
        return self._adopt(remote) if self._is_mine(remote) else self._in_doubt(Ambiguous("reseller_other_number"))

    def _is_mine(self, remote: str) -> bool:
        """Whether the service that the answer names carries our key: its number alone is only a hint."""
        try:
            seen = service.read(self.seller.transport, self.item.itemtype, remote)
        except SellerError:
            return False
        return seen.exists and seen.key == self.request.key

    def _order(self, key: str) -> tuple[Order, Offer | None]:
        """Build the order; the seller's tariff is read here only where the service has add-ons to check against it.

        Where it was read it comes with the order, so that its prices need not be asked for.
        """
        item, db = self.item, self.context.db
        chosen = items.tariff_params(db, item.pricelist)
        theirs = chosen.get(order_plan.TARIFF_FIELD, "") if item.addons else ""
        offer = quantities.published(self.seller.transport, theirs) if theirs else None
        offered = None if offer is None else Tariff.of(offer)
        return order_plan.build(item, key, chosen, tariffmap.load(db, item.pricelist), offered), offer

    def _adopt(self, remote: str) -> Link:
        owner = links.of_remote(self.context.db, self.seller.account, remote)
        if owner is not None and owner.item != self.item.id:
            # The outcome of the order is unknown then, so the request stays in doubt; see ledger/states.py.
            error = ResellerError("reseller_remote_linked", other=owner.item, **{**self.names(), "remote": remote})
            raise self.stop(Standing(State.LOOKING), error)
        link = links.adopt(self.held, self.request, remote)
        self.context.log.info(f"item {self.item.id} is remote {remote} key {link.key}")
        return link

    def _in_doubt(self, error: Ambiguous | Rejected) -> Link:
        """The order may have been carried out: record the doubt, then read the list once, which often shows it."""
        self.settle_doubt(error)
        try:
            link = self.look(self._list())
        except SellerError as second:
            error = second if isinstance(second, Ambiguous) else error
            link = None
        if link is None:
            looking = ResellerError("reseller_looking", cause=self.context.word(error), **self.names())
            raise self.stop(Standing(State.LOOKING), looking)
        return link

    def _rejected(self, error: Rejected) -> Link:
        """The order was refused without a charge, and may have left an unpaid row: remove it, or make a task of it."""
        now = self.standing(error)
        self.settle(now)
        try:
            found = self._list()
        except SellerError as second:
            # The next try reads the list before it orders, and removes the unpaid row then.
            self.context.log.error(f"item {self.item.id}: cannot look for an unpaid order: {self.context.word(second)}")
        else:
            for row in found.with_key(self.request.key):
                if row.status != Status.ORDERED:
                    return self._adopt(row.id)
                self._remove_unpaid(row)
        raise self.rejected(error)

    def _remove_unpaid(self, row: Remote) -> None:
        self.hold_for_send()
        transport, limits = self.seller.transport, self.context.limits
        if not orders.remove_unpaid(transport, self.item.itemtype, row.id, self.request.key, limits):
            error = ResellerError("reseller_leftover", **{**self.names(), "remote": row.id})
            raise self.stop(Standing(State.LEFTOVER), error, task=True)
        self.context.log.info(f"item {self.item.id}: removed unpaid order {row.id} key {self.request.key}")

    def _foreign(self, rows: list[Remote]) -> ResellerError:
        listed = ", ".join(f"{row.id} ({row.key})" for row in rows)
        return ResellerError("reseller_foreign", remotes=listed, **self.names())
