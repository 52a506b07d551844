"""What a module's account may buy, and what of it is sold here already.

Two answers of the seller are put together: what it publishes (`pricelist.export`), with prices and resources, and what
its order form offers to this account. Only the second says what can really be bought; a seller whose form cannot be
read says so by type, and then nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from reseller import products
from reseller.context import Context, Seller
from reseller.lifecycle.order_plan import TARIFF_FIELD
from reseller.mgr5 import items
from reseller.mgr5 import tariffs as panel_tariffs
from reseller.model import BOOLEAN, ENUMERATION
from reseller.seller import order_form, price_list
from reseller.seller.price_list import ONCE, Offer, Resource
from reseller.tariffs import period_words
from reseller.wire import numbers
from reseller.wire.errors import Message, ResellerError


class Row(NamedTuple):
    """One tariff of the seller, in texts: thousands of them are held at once.

    `is_offered` is None where the order form could not be read. `here` are the tariffs of this panel that sell it.
    """

    remote: str
    name: str
    itemtype: str
    prices: str
    resources: str
    datacenters: str
    marks: tuple[str, ...]
    is_offered: bool | None
    here: tuple[int, ...]


class Catalogue(NamedTuple):
    """The tariffs of a module's seller, by type and number.

    `unread` says which answers are missing, `foreign` lists types that the panel does not have.
    """

    rows: list[Row]
    unread: list[Message]
    foreign: list[str]


def modules(context: Context, module: int) -> list[int]:
    """The module, or all of ours for 0; raises ResellerError `reseller_tariffs_module` if it is none of ours."""
    ours = items.modules(context.db)
    if module and module not in ours:
        known = ", ".join(map(str, ours)) or "-"
        raise ResellerError("reseller_tariffs_module", object="module", value=module, known=known)
    return [module] if module else ours


def look(context: Context, module: int, itemtypes: Iterable[str] = ()) -> Catalogue:
    """The tariffs of these types, or of all that can be resold; a type that cannot be read never hides the others.

    Raises ResellerError as Context.seller().
    """
    seller = context.seller(module)
    here = panel_tariffs.of_module(context.db, module, TARIFF_FIELD)
    known = panel_tariffs.types(context.db)
    wanted = list(itemtypes) or list(products.ITEMTYPES)
    found = Catalogue([], [], [itemtype for itemtype in wanted if itemtype not in known])
    for itemtype in wanted:
        if itemtype in known:
            _add(context, seller, itemtype, here, found)
    return found


def _add(context: Context, seller: Seller, itemtype: str, here: Mapping[str, list[int]], found: Catalogue) -> None:
    def in_texts(offer: Offer) -> Row:
        return row(offer, itemtype, here.get(offer.id, []), lambda period: period_words.word(context, period))

    try:
        rows = price_list.each(seller.transport, itemtype, in_texts, context.limits.list_seconds)
    except ResellerError as error:
        found.unread.append(Message("reseller_tariffs_unread", object=itemtype, cause=context.word(error)))
        return
    try:
        offered = orderable(context, seller, itemtype) if rows else set()
    except ResellerError as error:
        found.unread.append(Message("reseller_tariffs_unoffered", object=itemtype, cause=context.word(error)))
    else:
        rows = [one._replace(is_offered=one.remote in offered) for one in rows]
    found.rows.extend(rows)


def orderable(context: Context, seller: Seller, itemtype: str) -> set[str]:
    """Numbers of the tariffs that the account may order, none where the seller has no orders of the type; raises
    ResellerError if that cannot be read.
    """
    try:
        generation = context.generation(seller, itemtype)
    except ResellerError as error:
        if error.type == "reseller_no_orders":
            return set()
        raise
    return order_form.offered(seller.transport, itemtype, generation)


def row(offer: Offer, itemtype: str, here: list[int], word: Callable[[str], str] = str) -> Row:
    """A tariff in texts, its periods named by `word`; whether the order form offers it is not known yet."""
    blocks = []
    for currency, costs in offer.prices.items():
        # What is charged once follows the costs of the periods, where it is told.
        once = {ONCE: offer.setup[currency]} if currency in offer.setup else {}
        told = (
            f"{word(period)}: {'?' if cost is None else numbers.plain(cost)}"
            for period, cost in {**costs, **once}.items()
        )
        blocks.append(f"{', '.join(told)} {currency}".strip())
    return Row(
        remote=offer.id,
        name=offer.name,
        itemtype=itemtype,
        prices="; ".join(blocks),
        resources="; ".join(map(resource, offer.resources)),
        datacenters=", ".join(f"{number} {name}" for number, name in offer.datacenters.items()),
        marks=offer.marks,
        is_offered=None,
        here=tuple(here),
    )


def resource(one: Resource) -> str:
    """A resource in a few words: its name, and how much of it there may be."""
    if one.addontype == ENUMERATION:
        return f"{one.intname} {'/'.join(choice.intname for choice in one.choices)}".strip()
    if one.addontype == BOOLEAN:
        return one.intname
    included = "?" if one.included is None else numbers.plain(one.included)
    most = "" if one.most is None else f"..{numbers.plain(one.most)}"
    return f"{one.intname} {included}{most} {one.measure}".strip()
