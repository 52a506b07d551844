"""What a type of service offers: features are declared for the module as a whole, the rest is refused here."""

from __future__ import annotations

from reseller import products
from reseller.context import Context
from reseller.ledger import requests
from reseller.lifecycle import operations
from reseller.model import Item
from reseller.wire.errors import ResellerError, Stopped

#: what a type needs to have for a command; what is not named here every type offers
_NEEDS = {
    **dict.fromkeys(requests.POWER, "has_power"),
    requests.CHANGEPASSWORD: "has_password",
    requests.GEN_KEY: "has_key",
}


def check(context: Context, item: Item, kind: str, operation: int) -> None:
    """Raises ResellerError `reseller_not_offered`, which then stands on the operation too, for a type without it."""
    if kind not in _NEEDS or getattr(products.of(item.itemtype), _NEEDS[kind]):
        return
    error = ResellerError("reseller_not_offered", object="item", item=item.id, kind=kind, itemtype=item.itemtype)
    operations.report(context, item, operation, error)
    raise Stopped.by(error)
