"""The panel's own import of tariffs (Products, Tariff plans, Import): the answers of the command `import_pricelist`.

An extra: what the panel makes of it is its own affair, and our import (importing.py) does not need it. `available` is
known from published code; what `pricelist` has to answer is not public, and a seller's tariff as it publishes it is the
working hypothesis (additions-2.md a.1).
"""

from __future__ import annotations

from copy import deepcopy

from reseller import products
from reseller.context import Context
from reseller.mgr5 import tariffs
from reseller.seller import price_list
from reseller.seller.price_list import Offer
from reseller.tariffs import catalogue
from reseller.wire import document
from reseller.wire.bounds import EXPORT
from reseller.wire.errors import ResellerError

AVAILABLE, PRICELIST = "available", "pricelist"


def answer(context: Context, module: int, subcommand: str, number: str) -> document.Element:
    """The document of a subcommand; an empty one for a subcommand that is not known.

    Raises ResellerError `reseller_import_missing` for a tariff that the seller does not publish, SellerError, and as
    Context.seller().
    """
    if subcommand == AVAILABLE:
        return _available(context, module)
    if subcommand != PRICELIST:
        return document.document()
    root = context.seller(module).transport.call(
        "pricelist.export", {"pricelist": number}, seconds=context.limits.list_seconds, bounds=EXPORT
    )
    for node in root.iterfind("pricelist"):
        if document.text(node, "id") == number:
            return document.document(deepcopy(node))
    raise ResellerError("reseller_import_missing", tariff=number)


def _available(context: Context, module: int) -> document.Element:
    """The tariffs that the account may order, of the types that this panel has."""
    seller, known = context.seller(module), tariffs.types(context.db)
    found = document.document()
    for itemtype in products.ITEMTYPES:
        if itemtype in known:
            offers = price_list.each(seller.transport, itemtype, _elem, context.limits.list_seconds)
            offered = catalogue.orderable(context, seller, itemtype) if offers else set()
            found.extend(elem for elem in offers if document.text(elem, "id") in offered)
    return found


def _elem(offer: Offer) -> document.Element:
    names = [document.element(f"name_{lang}", name) for lang, name in offer.names.items()]
    row = document.element("elem")
    row.extend([document.element("id", offer.id), document.element("name", offer.name), *names])
    row.append(document.element("itemtype", offer.itemtype))
    return row
