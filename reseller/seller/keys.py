"""Our key on a remote service, its `remoteid`: set and taken off (reselling.md 5, selling-api.md 4.2)."""

from __future__ import annotations

from reseller.seller import changes
from reseller.seller.service import lacks_function
from reseller.seller.transport import Transport
from reseller.wire.errors import Rejected

SETTER = "item.setremoteid"


def set_key(transport: Transport, itemtype: str, remote: str, key: str) -> None:
    """Set it, or take it off with an empty key; absolute, so it may be repeated. Raises SellerError.

    The seller's own function does it, the edit form where there is no such function.
    """
    try:
        transport.call(SETTER, {"elid": remote, "value": key, "sok": "ok"}, changes=True)
    except Rejected as error:
        if not lacks_function(error, SETTER):
            raise
        changes.relabel(transport, itemtype, remote, {"remoteid": key})
