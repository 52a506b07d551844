"""A remote service never counts as gone by a single answer of the seller.

A form that says that the service is missing, or deleted, may come from a panel that is being restored. It counts only
together with a delete that the seller accepted (commands/suspend_resume_close.py), or with complete lists that do not
show the service either (sync/candidates.py).
"""

from __future__ import annotations

from reseller.limits import Limits
from reseller.model import Status
from reseller.seller.services import read_list
from reseller.seller.transport import Transport


def is_unlisted(transport: Transport, itemtype: str, remote: str, limits: Limits) -> bool:
    """Whether a list, read now, shows the service `remote` as deleted or, being complete, does not show it at all.

    To be asked about a service whose form says that it is missing. Raises SellerError when the list cannot be read.
    """
    listed = read_list(transport, itemtype, limits)
    row = next((row for row in listed.rows if row.id == remote), None)
    return listed.complete if row is None else row.status == Status.DELETED
