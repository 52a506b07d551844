"""The seller's services as lists of a type and as one service (reference/selling-api.md 5).

A list proves something only when it is complete: as many different rows as its own `p_elems` says, on every page the
same. Filters are never set; a filter somebody left would show in `p_filter` and makes the list incomplete too.
"""

from __future__ import annotations

from dataclasses import dataclass

from reseller.model import Remote, Status
from reseller.seller.transport import Transport
from reseller.wire import document


@dataclass(frozen=True)
class RemoteList:
    """Rows of one type; `complete` says whether an absent row means an absent service."""

    itemtype: str
    rows: tuple[Remote, ...]
    complete: bool

    def with_key(self, key: str) -> list[Remote]:
        """Services that carry exactly this key."""
        return [row for row in self._alive() if row.remoteid == key]

    def of_item(self, item: int) -> list[Remote]:
        """Services whose key names this service here: plain `N`, or any `N-...`."""
        mine = str(item)
        return [row for row in self._alive() if row.remoteid is not None and row.remoteid.partition("-")[0] == mine]

    def _alive(self) -> list[Remote]:
        """A deleted twin that is still listed says nothing of an order."""
        return [row for row in self.rows if row.status != Status.DELETED]

    @property
    def shows_keys(self) -> bool:
        """Whether the list has the `remoteid` column; an empty list says nothing against it."""
        return not self.rows or any(row.remoteid is not None for row in self.rows)


def read_list(transport: Transport, itemtype: str, page_rows: int) -> RemoteList:
    """All rows of a type, page by page; raises SellerError when a page cannot be read."""
    rows: dict[str, Remote] = {}
    totals: set[str] = set()
    filtered = False
    page = 0
    while True:
        page += 1
        root = transport.call(itemtype, {"p_num": str(page), "p_cnt": str(page_rows)})
        found = [_row(elem) for elem in root.iterfind("elem")]
        rows.update((row.id, row) for row in found)
        total = document.text(root, "p_elems")
        totals.add(total)
        filtered = filtered or bool(document.text(root, "p_filter"))
        if not found or not total.isdigit() or len(rows) >= int(total):
            break
    complete = not filtered and len(totals) == 1 and totals == {str(len(rows))}
    return RemoteList(itemtype, tuple(rows.values()), complete)


def _row(elem: document.Element) -> Remote:
    status = document.text(elem, "status")
    names = (document.text(elem, column) for column in ("domain", "licname", "name"))
    return Remote(
        id=document.text(elem, "id"),
        status=int(status) if status.isdigit() else 0,
        remoteid=document.text(elem, "remoteid") if elem.find("remoteid") is not None else None,
        name=next(filter(None, names), ""),
        pricelist=document.text(elem, "pricelist"),
        expiredate=document.text(elem, "expiredate"),
    )


def read_one(transport: Transport, itemtype: str, remote: str) -> document.Element:
    """The edit form of one service; raises Rejected (`missed`, `access`, ...) when the seller does not show it."""
    return transport.call(f"{itemtype}.edit", {"elid": remote})
