"""The seller's services as lists of a type and as one service (reference/selling-api.md 5).

A list proves something only when it is complete: as many different rows as its own `p_elems` says, on every page the
same. Filters are never set; a filter somebody left would show in `p_filter` and makes the list incomplete too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from reseller.model import Remote, Status
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import Rejected


class RemoteList(NamedTuple):
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


def read_list(
    transport: Transport, itemtype: str, page_rows: int, show: Callable[[int, int], None] = lambda _, __: None
) -> RemoteList:
    """All rows of a type, page by page; raises SellerError when a page cannot be read.

    `show` is told how many rows of how many are read.
    """
    rows: dict[str, Remote] = {}
    totals: set[str] = set()
    filtered = False
    page = 0
    while True:
        page += 1
        root = transport.call(itemtype, {"p_num": str(page), "p_cnt": str(page_rows)})
        found = [remote_of(elem) for elem in root.iterfind("elem")]
        rows.update((row.id, row) for row in found)
        total = document.text(root, "p_elems")
        totals.add(total)
        filtered = filtered or bool(document.text(root, "p_filter"))
        show(len(rows), int(total) if total.isdigit() else len(rows))
        if not found or not total.isdigit() or len(rows) >= int(total):
            break
    complete = not filtered and len(totals) == 1 and totals == {str(len(rows))}
    return RemoteList(itemtype, tuple(rows.values()), complete)


class Page(NamedTuple):
    """One page of a list as it came; `root` is None for an answer that was known by its digest."""

    digest: str
    root: document.Element | None

    def rows(self) -> Iterator[tuple[str, document.Element]]:
        """Its rows by the seller's number."""
        for elem in () if self.root is None else self.root.iterfind("elem"):
            number = document.text(elem, "id")
            if number:
                yield number, elem

    @property
    def total(self) -> int:
        """How many rows the whole list has, -1 when the page does not say."""
        told = "" if self.root is None else document.text(self.root, "p_elems")
        return int(told) if told.isdigit() else -1

    @property
    def is_filtered(self) -> bool:
        """Whether somebody's filter hides rows of the list."""
        return self.root is not None and bool(document.text(self.root, "p_filter"))


def read_page(transport: Transport, itemtype: str, number: int, page_rows: int, known: str = "") -> Page:
    """One page of a type's list, not even parsed when it is the one with the digest `known`; raises SellerError."""
    digest = ""

    def parse(body: bytes) -> document.Element:
        nonlocal digest
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        return document.document() if digest == known else document.parse(body)

    root = transport.call(itemtype, {"p_num": str(number), "p_cnt": str(page_rows)}, parse=parse)
    return Page(digest, None if digest == known else root)


def row_digests(rows: Mapping[str, document.Element], numbers: Collection[str]) -> dict[str, int]:
    """For these rows of a page 64 bits by which each is known again; never 0 nor 1."""
    from lxml import etree

    texts = ((number, etree.tostring(rows[number], encoding="utf-8", with_tail=False)) for number in numbers)
    digests = ((number, hashlib.blake2b(text, digest_size=8).digest()) for number, text in texts)
    return {number: int.from_bytes(digest, "big") | 2 for number, digest in digests}


def remote_of(elem: document.Element) -> Remote:
    """A row of a list, or an edit form, as far as it says the same."""
    status = document.text(elem, "status")
    label = document.text(elem, "domain") or document.text(elem, "licname")
    return Remote(
        id=document.text(elem, "id"),
        status=int(status) if status.isdigit() else 0,
        remoteid=document.text(elem, "remoteid") if elem.find("remoteid") is not None else None,
        name=label or document.text(elem, "name"),
        pricelist=document.text(elem, "pricelist"),
        expiredate=document.text(elem, "expiredate"),
        label=label,
        address=document.text(elem, "ip"),
    )


def alone(transport: Transport, itemtype: str, remote: str) -> RemoteList:
    """One service as a list that proves nothing about others; empty when the seller has none. Raises SellerError."""
    try:
        form = read_one(transport, itemtype, remote)
    except Rejected as error:
        if error.seller_type not in ("missed", "item_not_exists"):
            raise
        return RemoteList(itemtype, (), complete=False)
    row = remote_of(form)._replace(id=remote, pricelist=document.text(form, "pricelist_name"))
    return RemoteList(itemtype, (row,), complete=False)


def read_one(transport: Transport, itemtype: str, remote: str) -> document.Element:
    """The edit form of one service; raises Rejected (`missed`, `access`, ...) when the seller does not show it."""
    return transport.call(f"{itemtype}.edit", {"elid": remote})
