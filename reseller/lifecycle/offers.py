"""Refuse commands that a type of service does not offer: the panel knows features of a module, not of a type."""

from __future__ import annotations

from reseller import products
from reseller.context import Context
from reseller.ledger import requests
from reseller.lifecycle import operations
from reseller.model import Item
from reseller.wire.errors import ResellerError, Stopped

#: by command, what a product type needs to have; every type offers a command that is not named here
_NEEDS = {
    **dict.fromkeys(requests.POWER, "has_power"),
    requests.CHANGEPASSWORD: "has_password",
    requests.GEN_KEY: "has_key",
}


def check(context: Context, item: Item, kind: str, operation: int) -> None:
    """Raise ResellerError `reseller_not_offered`, shown on the operation too, if the type does not offer `kind`."""
    if kind not in _NEEDS or getattr(products.of(item.itemtype), _NEEDS[kind]):
        return
    error = ResellerError("reseller_not_offered", object="item", item=item.id, kind=kind, itemtype=item.itemtype)
    operations.report(context, item, operation, error)
    raise Stopped.by(error)
