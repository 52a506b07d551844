"""Changes to one remote service: its form, its tariff, its resources (selling-api.md 4.2, 4.4).

Every change sets an absolute value, so the form shows afterwards whether it was carried out. Repeating a change may
still charge again.
"""

from __future__ import annotations

from collections.abc import Mapping

from reseller import products
from reseller.seller.transport import Transport
from reseller.wire import document


def targets(transport: Transport, remote: str) -> dict[str, str]:
    """The tariffs to which the seller would move the service: name by id; raises SellerError."""
    form = transport.call("service.changepricelist", {"elid": remote})
    listed = form.findall("slist[@name='pricelist']/*")
    return {node.get("key", ""): (node.text or "").strip() for node in listed if node.get("key")}


def price(transport: Transport, remote: str, tariff: Mapping[str, str]) -> str:
    """The price of a change of tariff, in the seller's words; this step of the wizard changes nothing.

    Raises SellerError.
    """
    shown = transport.call("service.changepricelist.pricelist", {"elid": remote, **tariff, "snext": "ok", "sok": "ok"})
    return document.text(shown, "money_info")


def change_tariff(transport: Transport, itemtype: str, remote: str, tariff: Mapping[str, str], seconds: int) -> None:
    """Move the service to another tariff, `{pricelist, period}`; the seller charges for it at once.

    Raises SellerError.
    """
    step = {"elid": remote, **tariff, "sok": "ok"}
    if products.of(itemtype).changes_at_once:
        transport.call("service.changepricelist", step, seconds=seconds, spends=True)
    else:
        last = {**step, "snext": "ok", "clicked_button": "finish"}
        transport.call("service.changepricelist.getmoney", last, seconds=seconds, spends=True)


def edit(transport: Transport, itemtype: str, remote: str, fields: Mapping[str, str], seconds: int) -> None:
    """Change fields and add-ons without the cart; the seller charges for it at once. Raises SellerError."""
    transport.call(f"{itemtype}.edit", {**fields, "elid": remote, "sok": "ok"}, seconds=seconds, spends=True)


def relabel(transport: Transport, itemtype: str, remote: str, fields: Mapping[str, str]) -> None:
    """Change fields that are never charged: name, address, `remoteid`, automatic renewal (selling-api.md 4.2).

    So this is allowed while a person has stopped buying. Raises SellerError.
    """
    transport.call(f"{itemtype}.edit", {**fields, "elid": remote, "sok": "ok"}, changes=True)
