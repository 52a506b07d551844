"""Plan what linking or unlinking a service would do, as a value, with every reason why it is refused."""

from __future__ import annotations

from typing import NamedTuple

from reseller.context import Context, Seller
from reseller.ledger import kept_licences, links, requests, swaps, tariffmap
from reseller.ledger.links import Link
from reseller.ledger.states import State
from reseller.lifecycle import order_plan, quantities
from reseller.mgr5 import items
from reseller.model import Item, Status
from reseller.products import ITEMTYPES
from reseller.seller import service
from reseller.seller.service import MISSING, Service
from reseller.wire.errors import Message, Rejected, ResellerError
from reseller.wire.numbers import whole

_STATUS = {
    Status.ORDERED: "reseller_status_ordered",
    Status.ACTIVE: "reseller_status_active",
    Status.SUSPENDED: "reseller_status_suspended",
    Status.PROCESSING: "reseller_status_processing",
}


class Plan(NamedTuple):
    """What is linked now, what is to be linked (nothing when the link is to be taken away), and why that is refused."""

    item: Item
    old: Link | None
    #: the number that was asked for, empty to unlink
    remote: str
    found: Service = MISSING
    refused: ResellerError | None = None
    #: the account of the remote service that was asked for
    account: int = 0

    @property
    def keeps_key(self) -> bool:
        """Whether the remote service already carries a key that names this service; that key then stays."""
        return self.found.item == str(self.item.id)

    @property
    def is_done(self) -> bool:
        """Whether both sides of the link are set already."""
        old = self.old
        if old is None or not self._is_linked(old):
            return False
        return old.state != links.HALF and self.found.key == old.key

    def _is_linked(self, old: Link) -> bool:
        """Whether the link is with this very remote service: two accounts may each have one with this number."""
        return (old.account, old.remote) == (self.account, self.remote)

    def notes(self, context: Context) -> list[str]:
        """Sentences for a person: what is linked now, what the remote service is, and what would be written where."""
        notes, found = [self._now()], self.found
        if found.id:
            status = _STATUS.get(found.status)
            remote = Message(
                "reseller_plan_remote",
                remote=found.id,
                name=found.label or found.name or "-",
                address=found.address or "-",
                itemtype=self.item.itemtype,
                status=context.word(Message(status)) if status else found.status,
                tariff=found.tariff or found.pricelist or "-",
                date=found.expiredate or found.undated or "-",
                key=found.key or "-",
            )
            notes.append(remote)
        if self.refused is not None:
            return [context.word(each) for each in (*notes, self.refused)]
        notes += self._resources(context)
        if self.is_done:
            notes.append(Message("reseller_note_linked_already", item=self.item.id, remote=self.remote))
        else:
            notes += self._writes()
        return [context.word(each) for each in notes]

    def _now(self) -> Message:
        if self.old is None:
            return Message("reseller_plan_unlinked", item=self.item.id)
        return Message("reseller_plan_linked", item=self.item.id, remote=self.old.remote, key=self.old.key)

    def _resources(self, context: Context) -> list[Message]:
        """A sentence on add-ons that differ between the two, where both have the same tariff: linking changes none."""
        item, found = self.item, self.found
        chosen = items.tariff_params(context.db, item.pricelist).get(order_plan.TARIFF_FIELD, "")
        if not found.exists or found.pricelist != chosen:
            return []
        try:
            transport, mapping = context.seller(item.module).transport, tariffmap.load(context.db, item.pricelist)
            here = quantities.differing(item, mapping, found, lambda: quantities.offered(transport, chosen))
        except ResellerError as error:
            return [error]
        if not here:
            return []
        there = {name: found.fields.get(name, "") for name in here}
        values = {"here": quantities.listed(here), "there": quantities.listed(there)}
        return [Message("reseller_plan_resources", item=item.id, remote=found.id, **values)]

    def _writes(self) -> list[Message]:
        item, notes = self.item.id, []
        if self.old is not None and not self._is_linked(self.old):
            notes.append(Message("reseller_plan_let_go", item=item, remote=self.old.remote))
        if self.remote:
            notes.append(Message("reseller_plan_here", item=item, remote=self.remote))
            type_ = "reseller_plan_there_kept" if self.keeps_key else "reseller_plan_there"
            notes.append(Message(type_, item=item, remote=self.remote))
        return notes


def to_link(context: Context, number: int, remote: str, *, force: bool = False) -> Plan:
    """What linking service `number` with remote service `remote` would do; `refused` says why it is impossible.

    `force` also allows a remote service whose key names another service, or that is kept for the next order, unless it
    is linked. Raises ResellerError when `number` is no service of ours.
    """
    item = ours(context, number, remote)
    old = links.of_item(context.db, number)
    found, account = MISSING, 0
    try:
        _require_settled(context, item)
        if item.status == Status.DELETED:
            raise ResellerError("reseller_link_closed", object="elid", value=number, item=number)
        seller = context.seller(item.module)
        account = seller.account
        found = _require_there(context, seller, item, remote)
        if found.status == Status.ORDERED:
            raise ResellerError("reseller_link_unpaid", object="value", value=remote, item=number, remote=remote)
        _require_free(context, seller, item, found, force=force)
    except ResellerError as error:
        return Plan(item, old, remote, found, error, account)
    return Plan(item, old, remote, found, account=account)


def ours(context: Context, number: int, remote: str) -> Item:
    """Service `number`; raises ResellerError when it is not ours, which asks whether the two numbers were swapped."""
    try:
        return items.read_ours(context.db, number)
    except ResellerError as error:
        raise _if_swapped(context, number, remote, error) from error


def to_unlink(context: Context, number: int) -> Plan:
    """What taking the link of a service away would do. Raises ResellerError when there is no such service of ours."""
    item = items.read_ours(context.db, number)
    try:
        return Plan(item, to_lose(context, item), "")
    except ResellerError as error:
        return Plan(item, links.of_item(context.db, number), "", refused=error)


def to_lose(context: Context, item: Item) -> Link:
    """The link of a service, if it may be taken away now; raises ResellerError otherwise."""
    _require_settled(context, item)
    old = links.of_item(context.db, item.id)
    if old is None:
        raise ResellerError("reseller_link_none", object="elid", value=item.id, item=item.id)
    return old


def _require_settled(context: Context, item: Item) -> None:
    """Raise while a request of the service is open: the effect of the request would be linked as well, or be lost."""
    if swaps.of_item(context.db, item.id) is not None:
        raise ResellerError("reseller_link_away", object="elid", value=item.id, item=item.id)
    for request in requests.of_item(context.db, item.id):
        # What an unconfirmed order has bought may be the very service that a person has found at the seller.
        is_given_up = (request.kind, request.state) == (requests.ORDER, State.UNCONFIRMED)
        if request.live and request.is_open and not is_given_up:
            raise ResellerError("reseller_link_busy", object="elid", value=item.id, item=item.id, kind=request.kind)


def _require_there(context: Context, seller: Seller, item: Item, remote: str) -> Service:
    """The remote service, if it exists; otherwise raises ResellerError with what is wrong with the two numbers."""
    names = {"item": str(item.id), "remote": remote}
    if not whole(remote):
        raise ResellerError("reseller_link_number", object="value", value=remote, **names)
    found = service.read(seller.transport, item.itemtype, remote)
    if found.exists:
        return found
    if links.knows(context.db, seller.account, item.itemtype, remote):
        raise ResellerError("reseller_link_deleted", object="value", value=remote, **names)
    for other in ITEMTYPES:
        if other != item.itemtype and _exists(seller, other, remote):
            types = {"there": other, "here": item.itemtype}
            raise ResellerError("reseller_link_type", object="value", value=remote, **types, **names)
    missing = ResellerError("reseller_link_missing", object="value", value=remote, itemtype=item.itemtype, **names)
    raise _if_swapped(context, item.id, remote, missing)


def _exists(seller: Seller, itemtype: str, remote: str) -> bool:
    try:
        return service.read(seller.transport, itemtype, remote).exists
    except Rejected:
        return False


def _if_swapped(context: Context, number: int, remote: str, error: ResellerError) -> ResellerError:
    """An error that asks whether the two numbers were swapped, if swapping them makes sense; else `error`."""
    try:
        item = items.read_ours(context.db, whole(remote))
        swapped = _exists(context.seller(item.module), item.itemtype, str(number))
    except ResellerError:
        return error
    if not swapped:
        return error
    return ResellerError("reseller_link_swapped", object="elid", value=number, item=number, remote=remote)


def _require_free(context: Context, seller: Seller, item: Item, found: Service, *, force: bool) -> None:
    owner = links.of_remote(context.db, seller.account, found.id)
    names = {"item": str(item.id), "remote": found.id}
    if owner is not None and owner.item != item.id:
        raise ResellerError("reseller_link_taken", object="value", value=found.id, other=owner.item, **names)
    if force:
        return
    if owner is None and found.id in kept_licences.kept(context.db, seller.account):
        raise ResellerError("reseller_link_kept", object="value", value=found.id, **names)
    if found.key and found.item != str(item.id):
        raise ResellerError("reseller_link_foreign", object="value", value=found.id, key=found.key, **names)
