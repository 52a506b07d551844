"""Read the seller's lists of services, by type (selling-api.md 5.1).

A list proves that a service is missing only if it is complete: it has as many different rows as its `p_elems` states,
the same number on every page. This program never sets a filter; a filter that somebody left is visible in `p_filter`
and makes the list incomplete too.

A seller may ignore `p_num`, state more rows than it has, or invent new rows for ever. So a page without new rows ends
the reading, and pages, rows and time are limited; the rows read so far are true, but the list is incomplete.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from lxml import etree

from reseller.assumption import EVERYTHING, LIST, ORDER, answers
from reseller.limits import Limits
from reseller.model import Remote, Status
from reseller.seller import service
from reseller.seller.transport import Transport
from reseller.wire import document, numbers
from reseller.wire.bounds import PAGE

#: what a page of a list has to contain (selling-api.md 5.1, 5.2)
ASSUMED = (
    *answers(LIST, "p_elems", "selling-api.md 5.1", ORDER),
    *answers(LIST, "elem/id elem/status", "selling-api.md 5.2", EVERYTHING),
    *answers(LIST, "elem/remoteid elem/expiredate elem/pricelist", "selling-api.md 5.1"),
)


class RemoteList(NamedTuple):
    """Rows of one type; `complete` says whether a missing row means a missing service."""

    itemtype: str
    rows: tuple[Remote, ...]
    complete: bool

    def with_key(self, key: str) -> list[Remote]:
        """Services that carry exactly this key."""
        return [row for row in self._alive() if row.key == key]

    def of_item(self, item: int) -> list[Remote]:
        """Services whose key names this service here: plain `N`, or any `N-...`."""
        return [row for row in self._alive() if row.item == str(item)]

    def _alive(self) -> list[Remote]:
        """The rows without deleted services, which may still be listed and say nothing about an order."""
        return [row for row in self.rows if row.status != Status.DELETED]

    @property
    def shows_keys(self) -> bool:
        """Whether the list has the `remoteid` column; an empty list counts as having it."""
        return not self.rows or any(row.key is not None for row in self.rows)


class Page(NamedTuple):
    """One page of a list as received; `root` is None for a page that was recognised by its digest."""

    digest: str
    root: document.Element | None

    def rows(self) -> Iterator[tuple[str, document.Element]]:
        """Its rows with their remote numbers."""
        for elem in () if self.root is None else self.root.iterfind("elem"):
            told = document.text(elem, "id")
            if told:
                yield told, elem

    @property
    def total(self) -> int:
        """How many rows the whole list has, -1 if the page does not state it."""
        told = None if self.root is None else numbers.parse(document.text(self.root, "p_elems"))
        return -1 if told is None else told

    @property
    def is_filtered(self) -> bool:
        """Whether a filter hides rows of the list."""
        return self.root is not None and bool(document.text(self.root, "p_filter"))


class KnownPage(Protocol):
    """A page of an earlier reading: a page with the same `digest` has the same rows and total."""

    @property
    def digest(self) -> str:
        """As in Page."""

    @property
    def total(self) -> int:
        """As in Page."""

    @property
    def rows(self) -> int:
        """How many rows it has."""


@dataclass
class Roll:
    """Collects the rows of a list page by page, to decide whether the list is complete.

    It is when every page states the same total, that many different rows were read, and no filter is set. A list that
    changes while it is read can still look complete, so one list alone never proves that a service is gone.
    """

    totals: set[int] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    is_filtered: bool = False

    def add(self, ids: Iterable[str], total: int, *, is_filtered: bool = False) -> None:
        """Add one page."""
        self.ids.update(ids)
        self.totals.add(total)
        self.is_filtered = self.is_filtered or is_filtered

    @property
    def is_complete(self) -> bool:
        """Whether a service that is not among `ids` was not in the list."""
        return not self.is_filtered and self.totals == {len(self.ids)}


class Span(NamedTuple):
    """The page at which a reading begins, and when it stops (monotonic seconds; None: `list_seconds` from now)."""

    first: int = 1
    until: float | None = None


ALL = Span()


class Reading:
    """One reading of a list: an iterable of (number, Page); the module's docstring says when it ends.

    `known` are pages of an earlier reading, which need not be parsed again. Iterating raises SellerError if a page
    cannot be read.
    """

    def __init__(
        self,
        transport: Transport,
        itemtype: str,
        limits: Limits,
        known: Mapping[int, KnownPage] | None = None,
        span: Span = ALL,
    ) -> None:
        self._transport = transport
        self._itemtype = itemtype
        self._limits = limits
        self._known = known or {}
        self._first = span.first
        self._until = time.monotonic() + limits.list_seconds if span.until is None else span.until
        self._rows_of_known = 0
        #: rows and totals of the parsed pages, and the totals of the known ones
        self.roll = Roll()
        #: pages that were recognised by their digest; a caller that needs their remote numbers adds them to the roll
        self.same: list[int] = []
        #: the page at which the next reading has to continue if the time was up, else 0
        self.left_at = 0
        #: the last page that was read
        self.last = span.first - 1

    def __iter__(self) -> Iterator[tuple[int, Page]]:
        while not self._is_over():
            known = self._known.get(self.last + 1)
            page = read_page(self._transport, self._itemtype, self.last + 1, self._limits.page_rows, known)
            self.last += 1
            total, brings = self._take(page, known)
            yield self.last, page
            if not brings or total < 0 or self.count >= total:
                return

    def _is_over(self) -> bool:
        """Whether a limit is reached: the time, after which another run may continue, or the size that a list can
        have.
        """
        if self.last >= self._first and time.monotonic() > self._until:
            self.left_at = self.last + 1
            return True
        return self.last >= self._limits.list_pages or self.count > self._limits.list_rows

    def _take(self, page: Page, known: KnownPage | None) -> tuple[int, int]:
        """Count a page: the total that it states, and how many of its rows are new."""
        if page.root is None and known is not None:
            self.same.append(self.last)
            self.roll.add((), known.total)
            self._rows_of_known += known.rows
            return known.total, known.rows
        before = len(self.roll.ids)
        self.roll.add((told for told, _ in page.rows()), page.total, is_filtered=page.is_filtered)
        return page.total, len(self.roll.ids) - before

    @property
    def count(self) -> int:
        """How many rows were read, those of known pages included."""
        return len(self.roll.ids) + self._rows_of_known


def read_list(
    transport: Transport, itemtype: str, limits: Limits, show: Callable[[int, int], None] = lambda _, __: None
) -> RemoteList:
    """All rows of a type, page by page; raises SellerError if a page cannot be read.

    `show` is called with the number of rows read and the total.
    """
    reading = Reading(transport, itemtype, limits)
    rows: dict[str, Remote] = {}
    for _, page in reading:
        rows.update((told, service.parse(elem).row) for told, elem in page.rows())
        show(len(rows), max(page.total, len(rows)))
    return RemoteList(itemtype, tuple(rows.values()), reading.roll.is_complete)


def read_page(transport: Transport, itemtype: str, page: int, page_rows: int, known: KnownPage | None = None) -> Page:
    """One page of a type's list, not parsed if its digest is that of `known`; raises SellerError."""
    digest = ""

    def parse(body: bytes) -> document.Element:
        nonlocal digest
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        return document.document() if known is not None and digest == known.digest else document.parse(body, PAGE)

    root = transport.call(itemtype, {"p_num": str(page), "p_cnt": str(page_rows)}, bounds=PAGE, parse=parse)
    return Page(digest, None if known is not None and digest == known.digest else root)


def row_digests(rows: Mapping[str, document.Element], numbers: Collection[str]) -> dict[str, int]:
    """A digest of 64 bits for each of these rows of a page; never 0 or 1."""
    texts = ((told, etree.tostring(rows[told], encoding="utf-8", with_tail=False)) for told in numbers)
    digests = ((told, hashlib.blake2b(text, digest_size=8).digest()) for told, text in texts)
    return {told: int.from_bytes(digest, "big") | 2 for told, digest in digests}


def alone(transport: Transport, itemtype: str, remote: str) -> RemoteList:
    """One service as a list that proves nothing about others; empty if the seller has none. Raises SellerError."""
    found = service.read(transport, itemtype, remote)
    is_there = found.exists or found.status
    return RemoteList(itemtype, (found.row,) if is_there else (), complete=False)
