"""What can be changed of one remote service: its form, its tariff, its resources (selling-api.md 4.2, 4.4).

All of it is absolute, so what the form shows afterwards says whether it was carried out; it may charge all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from reseller import products
from reseller.seller.transport import Transport
from reseller.wire import document


def targets(transport: Transport, remote: str) -> dict[str, str]:
    """Tariffs that the seller would move the service to, by id; raises SellerError."""
    form = transport.call("service.changepricelist", {"elid": remote})
    listed = form.findall("slist[@name='pricelist']/*")
    return {node.get("key", ""): (node.text or "").strip() for node in listed if node.get("key")}


def price(transport: Transport, remote: str, tariff: Mapping[str, str]) -> str:
    """What the change would cost, in the seller's words; the wizard wants to be asked, and nothing is changed by it."""
    shown = transport.call("service.changepricelist.pricelist", {"elid": remote, **tariff, "snext": "ok", "sok": "ok"})
    return document.text(shown, "money_info")


def change_tariff(transport: Transport, itemtype: str, remote: str, tariff: Mapping[str, str], seconds: int) -> None:
    """Move the service to another tariff, `{pricelist, period}`: charges what the seller asks for it, at once.

    Raises SellerError.
    """
    step = {"elid": remote, **tariff, "sok": "ok"}
    if products.of(itemtype).changes_at_once:
        transport.call("service.changepricelist", step, seconds=seconds, spends=True)
    else:
        last = {**step, "snext": "ok", "clicked_button": "finish"}
        transport.call("service.changepricelist.getmoney", last, seconds=seconds, spends=True)


def edit(transport: Transport, itemtype: str, remote: str, fields: Mapping[str, str], seconds: int) -> None:
    """Change fields and add-ons past the cart: charges what the seller asks for it, at once; raises SellerError."""
    transport.call(f"{itemtype}.edit", {**fields, "elid": remote, "sok": "ok"}, seconds=seconds, spends=True)


def relabel(transport: Transport, itemtype: str, remote: str, fields: Mapping[str, str]) -> None:
    """Change what is never charged: name, address, `remoteid`, and whether the seller renews by itself.

    (selling-api.md 4.2.) So it goes on while all that spends is stopped. Raises SellerError.
    """
    transport.call(f"{itemtype}.edit", {**fields, "elid": remote, "sok": "ok"}, changes=True)
