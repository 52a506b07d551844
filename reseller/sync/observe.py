"""What the seller says now: every list is read at most once a run, and a list that failed fails once."""

from __future__ import annotations

from reseller.lifecycle.work import Seller, Work
from reseller.seller.services import RemoteList, read_list
from reseller.wire.errors import SellerError


class Lists:
    """The lists of one seller account in one run of checkevent."""

    def __init__(self, work: Work, seller: Seller) -> None:
        self._work = work
        self._seller = seller
        self._read: dict[str, RemoteList | SellerError] = {}

    def of(self, itemtype: str) -> RemoteList:
        """The list of a type, read on first use; raises SellerError each time when it could not be read."""
        if itemtype not in self._read:
            try:
                self._read[itemtype] = read_list(self._seller.transport, itemtype, self._work.limits.page_rows)
            except SellerError as error:
                self._read[itemtype] = error
        found = self._read[itemtype]
        if isinstance(found, SellerError):
            raise found
        return found
