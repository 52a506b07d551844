"""Compare the seller's full lists with the links of the account: which remote services are alive, and whose they are.

Rows of a cut or filtered list are true; but a service that such a list does not show may still exist. The audit
therefore reports each list that could not be read in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reseller.audit.findings import Finding, Maker
from reseller.context import Seller
from reseller.ledger import claims, problems
from reseller.model import Remote, Status
from reseller.products import ITEMTYPES
from reseller.seller.services import RemoteList, read_list
from reseller.sync import candidates
from reseller.wire.errors import Rejected, SellerError

#: states in which a remote service costs money
ALIVE = frozenset({Status.ACTIVE, Status.SUSPENDED, Status.PROCESSING})
#: how often a list is read that changes while it is read
TIMES = 2


class Census:
    """One seller account, read through one of our modules."""

    def __init__(self, maker: Maker, seller: Seller) -> None:
        self.context = maker.context
        self.maker = maker
        self.seller = seller
        self.linked = claims.linked(self.context.db, seller.account)
        self.kept = claims.kept(self.context.db, seller.account)

    def take(self) -> Iterator[Finding]:
        """Read every list and yield what is wrong with its rows."""
        mine = {claim.itemtype for claim in self.linked.values()}
        for itemtype in ITEMTYPES:
            try:
                listed = self._list(itemtype)
            except Rejected as error:
                if itemtype in mine:
                    yield self.maker.make("unread_list", itemtype=itemtype, cause=self.context.word(error))
                continue
            except SellerError as error:
                yield self.maker.make("unread_list", itemtype=itemtype, cause=self.context.word(error))
                continue
            if not listed.complete:
                yield self.maker.make("unread_list", itemtype=itemtype, cause=f"{len(listed.rows)} rows")
            yield from self._of_rows(listed)
            if listed.complete:
                yield from self._not_shown(listed)

    def _list(self, itemtype: str) -> RemoteList:
        def show(rows: int, total: int) -> None:
            self.context.progress.show(f"{itemtype}, rows", rows, total)

        for _ in range(TIMES):
            listed = read_list(self.seller.transport, itemtype, self.context.limits, show)
            if listed.complete:
                break
        return listed

    def _of_rows(self, listed: RemoteList) -> Iterator[Finding]:
        alive = [row for row in listed.rows if row.status in ALIVE]
        nobodys = [row for row in alive if row.id not in self.linked and row.id not in self.kept]
        keys = claims.ours(self.context.db, [row.key for row in nobodys if row.key])
        for row in alive:
            claim = self.linked.get(row.id)
            if claim is not None and claim.status in (None, Status.DELETED):
                yield self.maker.make(
                    problems.ALARM, claim.item, row.id, there=candidates.there(row.status, "", 0).value
                )
        for row in nobodys:
            yield from self._nobodys(listed.itemtype, row, keys)

    def _nobodys(self, itemtype: str, row: Remote, keys: dict[str, bool]) -> Iterator[Finding]:
        key = row.key or ""
        until = row.expiredate or "-"
        names: dict[str, Any] = {"key": key, "itemtype": itemtype, "name": row.name, "until": until}
        if not key:
            yield self.maker.make("orphan", 0, row.id, **names)
        elif key not in keys:
            yield self.maker.make("foreign", 0, row.id, **names)
        elif not keys[key]:
            # If a live request has the key, the service is about to be linked, so only other keys are `lost`.
            yield self.maker.make("lost", int(row.item), row.id, **names)

    def _not_shown(self, listed: RemoteList) -> Iterator[Finding]:
        shown = {row.id for row in listed.rows}
        for remote, claim in self.linked.items():
            # A remote service whose service is closed here should end.
            is_wanted = claim.state == "live" and claim.status not in (None, Status.DELETED)
            if claim.itemtype == listed.itemtype and remote not in shown and is_wanted:
                yield self.maker.make("absent", claim.item, remote)
        for remote, (row, itemtype, state) in self.kept.items():
            if itemtype == listed.itemtype and remote not in shown and state == "free":
                yield self.maker.make("kept", 0, remote, row)
