"""transition_controlpanel: a client's way into the control panel of one service, off until its tariff is probed.

The seller's link must never lead into the reseller's account there, which holds the services of all clients. That is
proven when all of the following holds; what cannot be found out counts as not holding:

- the link, and every redirect behind it, leads to an address that the seller has assigned to this service, by its form,
  and which is not that of the seller's panel; a name proves nothing, since a client names his service as he likes;
- following the link without any cookie succeeds, and no cookie of a BILLmanager session is set on the way;
- nothing that the link carries or hands over opens a session at the seller, neither before it was followed nor after;
- the page it arrives at does not name the seller's panel, so nothing there leads on to it.

So a control panel that the seller shares among its clients' services is refused: that it shows one service only cannot
be proven from here. Which control panel a service has depends on its tariff, so each tariff is probed for itself. The
first of the four conditions, and the tariff, are checked again each time a client enters.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from reseller.context import Context, Seller
from reseller.ledger import links
from reseller.ledger.links import Link
from reseller.lifecycle import ownership
from reseller.mgr5 import control_panel_tariffs, items
from reseller.mgr5.control_panel_tariffs import Kind
from reseller.model import Item, Status
from reseller.seller import control_panels, service
from reseller.wire.errors import Message, ResellerError
from reseller.wire.numbers import whole


class WayIn(NamedTuple):
    """A link that works once, and the caption of the control panel behind it."""

    url: str
    caption: str


def switch_on(context: Context, number: int, itemtype: str, *, verify: bool) -> str:
    """Probe the link of service `number`, and let clients enter the control panels of its module and tariff.

    Returns the proof as a phrase; raises ResellerError with what speaks against it. With `verify` False any certificate
    of the service's own control panel is accepted, since most are not signed by an authority.
    """
    item = items.read_ours(context.db, number)
    if item.itemtype != itemtype:
        raise ResellerError("reseller_panel_type", object="item", item=number, itemtype=item.itemtype)
    link = _link(context, item)
    if link is None:
        raise ResellerError("reseller_panel_not_linked", object="item", item=number)
    tariff = _prove(context, context.seller_of(link), link, verify=verify)
    proof = f"{time.strftime('%Y-%m-%d')} service {number} remote {link.remote}"
    kind = Kind(item.module, item.itemtype, tariff)
    control_panel_tariffs.write(context.panel.base, {**control_panel_tariffs.read(context.panel.base), kind: proof})
    context.note(
        "panel on", f"clients may enter the panels of {item.itemtype} {tariff}, proven {proof}", module=item.module
    )
    return proof


def switch_off(context: Context, itemtype: str) -> int:
    """Stop clients from entering the control panels of a type, in all modules; how many tariffs had it on."""
    switched = control_panel_tariffs.read(context.panel.base)
    left = {kind: proof for kind, proof in switched.items() if kind.itemtype != itemtype}
    control_panel_tariffs.write(context.panel.base, left)
    context.note("panel off", f"clients do not enter the panels of {itemtype} any more")
    return len(switched) - len(left)


def way_in(context: Context, number: int) -> WayIn:
    """A fresh link for a client; where it is refused, ResellerError `reseller_panel_closed`, which a client may see."""
    item = items.read_ours(context.db, number)
    closed = ResellerError("reseller_panel_closed", object="item", item=number)
    link = _link(context, item)
    switched = control_panel_tariffs.read(context.panel.base)
    if link is None or (item.module, item.itemtype) not in {kind[:2] for kind in switched}:
        raise closed
    if not context.may_ask(items.account_of(context.db, number)):
        raise closed
    try:
        seller = context.seller_of(link)
        own, tariff = _own(seller, link)
        if Kind(item.module, item.itemtype, tariff) not in switched:
            raise ResellerError("reseller_panel_tariff", remote=link.remote, tariff=tariff)
        url = control_panels.link(seller.transport, link.remote)
        _require_own(url, own, link)
    except ResellerError as error:
        context.log.error(f"item {number}: no way into its panel: {context.word(error)}")
        raise closed from error
    caption = Message("reseller_note_panel", name=item.name or str(number))
    return WayIn(url, context.word(caption))


def _link(context: Context, item: Item) -> Link | None:
    """The link of a service that is active here, else None: the client of a suspended one must not enter."""
    return links.of_item(context.db, item.id) if item.status == Status.ACTIVE else None


def _own(seller: Seller, link: Link) -> tuple[frozenset[str], str]:
    """The addresses that are the service's own, and its tariff.

    Raises ResellerError when the remote service carries another's key by now.
    """
    form = service.read(seller.transport, link.itemtype, link.remote)
    ownership.require_ours(link, form.key)
    assigned = service.assigned_addresses(link.itemtype, form.address)
    own = frozenset(host for host in assigned if not control_panels.is_sellers(seller.transport, host))
    return own, form.pricelist


def _require_own(url: str, own: frozenset[str], link: Link) -> None:
    host = control_panels.host_of(url)
    if host not in own:
        addresses = ", ".join(sorted(own)) or "-"
        raise ResellerError("reseller_panel_host", remote=link.remote, host=host or "-", own=addresses)


def _prove(context: Context, seller: Seller, link: Link, *, verify: bool) -> str:
    """Check all that the module's docstring lists; the tariff that is proven.

    Raises ResellerError with what speaks against it.
    """
    transport, username = seller.transport, seller.settings.username
    own, tariff = _own(seller, link)
    if not whole(tariff):
        raise ResellerError("reseller_panel_tariff", remote=link.remote, tariff=tariff or "-")
    unused, url = control_panels.link(transport, link.remote), control_panels.link(transport, link.remote)
    for each in (unused, url):
        _require_own(each, own, link)
    opened = ResellerError("reseller_panel_account", remote=link.remote)
    if control_panels.opens_account(transport, username, control_panels.keys_of(unused)):
        raise opened
    arrival = control_panels.follow(url, own, context.limits, verify=verify)
    for host in arrival.hosts - own:
        raise ResellerError("reseller_panel_host", remote=link.remote, host=host or "-", own=", ".join(sorted(own)))
    if arrival.has_session or control_panels.host_of(transport.endpoint) in arrival.page:
        raise opened
    if control_panels.opens_account(transport, username, arrival.keys):
        raise opened
    return tariff
