"""What a type of service offers: features are declared for the module as a whole, the rest is refused here."""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import requests
from reseller.lifecycle import operations
from reseller.model import Item
from reseller.wire.errors import ResellerError, Stopped

#: machines of their own; nothing is known of power for shared hosting, storage, names or licences
POWERED = frozenset({"vds", "dedic"})
#: types that somebody logs in to
WITH_PASSWORD = POWERED | {"vhost", "storage", "dnshost"}
#: types that are of no use before the seller has issued their key, which may come late (selling-api.md 3.5)
KEYED = frozenset({"soft", "softexternal", "platform"})

#: what is not named here every type offers
_TYPES = {
    **dict.fromkeys(requests.POWER, POWERED),
    requests.CHANGEPASSWORD: WITH_PASSWORD,
    requests.GEN_KEY: KEYED,
}


def check(context: Context, item: Item, kind: str, operation: int) -> None:
    """Raises ResellerError `reseller_not_offered`, which then stands on the operation too, for a type without it."""
    if item.itemtype in _TYPES.get(kind, {item.itemtype}):
        return
    error = ResellerError("reseller_not_offered", object="item", item=item.id, kind=kind, itemtype=item.itemtype)
    operations.report(context, item, operation, error)
    raise Stopped.by(error)
