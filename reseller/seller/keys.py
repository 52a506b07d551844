"""Our key on a remote service, its `remoteid`: set and removed (reselling.md 5, selling-api.md 4.2)."""

from __future__ import annotations

from reseller.seller import changes
from reseller.seller.service import lacks_function
from reseller.seller.transport import Transport
from reseller.wire.errors import Rejected

SETTER = "item.setremoteid"


def set_key(transport: Transport, itemtype: str, remote: str, key: str) -> None:
    """Set the key, or remove it with an empty one; absolute, so it may be repeated. Raises SellerError.

    Uses the seller's own function, or the edit form if the seller has no such function.
    """
    try:
        transport.call(SETTER, {"elid": remote, "value": key, "sok": "ok"}, changes=True)
    except Rejected as error:
        if not lacks_function(error, SETTER):
            raise
        changes.relabel(transport, itemtype, remote, {"remoteid": key})
