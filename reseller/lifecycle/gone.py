"""That a remote service is gone is never taken from a single answer.

A form that says that it is missing, or deleted, may be of a panel that is being restored. It counts together with a
delete that the seller took, or with a complete list that does not show the service either.
"""

from __future__ import annotations

from reseller.limits import Limits
from reseller.model import Status
from reseller.seller.services import read_list
from reseller.seller.transport import Transport


def is_unlisted(transport: Transport, itemtype: str, remote: str, limits: Limits) -> bool:
    """Whether a complete list, read now, shows the service `remote` as deleted or not at all.

    For a service whose form says that it is missing. Raises SellerError when the list cannot be read.
    """
    found = read_list(transport, itemtype, limits)
    row = next((row for row in found.rows if row.id == remote), None)
    return found.complete if row is None else row.status == Status.DELETED
