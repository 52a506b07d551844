"""What the seller says now: every list is read at most once a run, and a list that failed fails once.

A list is compared page by page and row by row with what was seen before, by digests, so that only what changed is ever
parsed. Rows of a cut or filtered list are true all the same; what such a list does not show proves nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from reseller.ledger import listed, observations
from reseller.ledger.leases import Lease
from reseller.ledger.listed import Stored
from reseller.ledger.observations import Known, Seen
from reseller.lifecycle.work import Seller, Work
from reseller.model import Remote
from reseller.seller.services import Page, RemoteList, alone, read_list, read_page, remote_of, row_digests
from reseller.seller.state import view_of
from reseller.wire.errors import SellerError

if TYPE_CHECKING:
    from reseller.wire.document import Element


@dataclass
class Roll:
    """Counts the rows of a list page by page, and says whether they are all of it.

    They are when every page names the same total, as many different rows were seen, and no filter is set. A list that
    changes while it is read can still pretend to be complete, so one alone never proves that a service is gone.
    """

    totals: set[int] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    is_filtered: bool = False

    def add(self, ids: list[str], total: int, *, is_filtered: bool = False) -> None:
        """One page."""
        self.ids.update(ids)
        self.totals.add(total)
        self.is_filtered = self.is_filtered or is_filtered

    @property
    def is_complete(self) -> bool:
        """Whether what is not among `ids` was not in the list."""
        return not self.is_filtered and self.totals == {len(self.ids)}


class Wanted(NamedTuple):
    """Rows that somebody will look at one by one: links that are opening, by remote number, and services whose order
    is being looked for, by their number here."""

    remotes: dict[str, str]
    items: frozenset[str]
    looked_for: frozenset[str]

    def has(self, row: Remote) -> bool:
        """Whether this row is one of them."""
        return row.id in self.remotes or (row.remoteid or "").partition("-")[0] in self.items


class Source(NamedTuple):
    """One module's seller in one run of checkevent, under the lease `held`; reading stops at `until` (monotonic)."""

    work: Work
    seller: Seller
    module: int
    held: Lease
    wanted: Wanted
    until: float


class Lists:
    """The lists of one seller account, each read at most once."""

    def __init__(self, work: Work, seller: Seller) -> None:
        self.work = work
        self.seller = seller
        self._read: dict[str, RemoteList | SellerError] = {}

    def of(self, itemtype: str) -> RemoteList:
        """The list of a type, read on first use; raises SellerError each time when it could not be read."""
        if itemtype not in self._read:
            try:
                self._read[itemtype] = self.scan(itemtype)
            except SellerError as error:
                self._read[itemtype] = error
        found = self._read[itemtype]
        if isinstance(found, SellerError):
            raise found
        return found

    def scan(self, itemtype: str) -> RemoteList:
        """Read the list; raises SellerError."""
        return read_list(self.seller.transport, itemtype, self.work.limits.page_rows)


class Observed(Lists):
    """The lists of one module in one run of checkevent: what is new in them is kept, and only wanted rows are shown."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.work, source.seller)
        self.source = source

    def scan(self, itemtype: str) -> RemoteList:
        """Read the list and keep what is new in it; raises SellerError."""
        reading = _Reading(self.source, itemtype)
        reading.run()
        return RemoteList(itemtype, tuple(reading.rows), reading.is_complete)


class Forms(Observed):
    """The same for a run over what is open alone: a form for each link that is opening costs less than a long list.

    An order that is being looked for can only be found in the list.
    """

    def scan(self, itemtype: str) -> RemoteList:
        """Read the forms; what is not among them proves nothing."""
        wanted = self.source.wanted
        if itemtype in wanted.looked_for:
            return super().scan(itemtype)
        mine = [remote for remote, kind in wanted.remotes.items() if kind == itemtype]
        rows = [row for remote in mine for row in alone(self.seller.transport, itemtype, remote).rows]
        return RemoteList(itemtype, tuple(rows), complete=False)


class _Reading:
    """One list, from its first page to its last, or from where the last run had to stop."""

    def __init__(self, source: Source, itemtype: str) -> None:
        self._source = source
        self._work = source.work
        self._module = source.module
        self._held = source.held
        self._itemtype = itemtype
        self._wanted = source.wanted
        self._cursor = f"page {itemtype}"
        self._stored = listed.load(source.work.db, source.module, itemtype)
        # Rows that somebody wants to see must be parsed.
        is_wanted = itemtype in {*source.wanted.remotes.values(), *source.wanted.looked_for}
        self._known = {} if is_wanted else self._stored
        self._roll = Roll()
        self._changed: dict[int, tuple[Stored, list[str]]] = {}
        self._same: list[int] = []
        self.rows: list[Remote] = []
        self.is_complete = False

    def run(self) -> None:
        """Read page after page; what is left when the time is up is where the next run begins."""
        first = int(observations.cursors(self._work.db, self._module).get(self._cursor, "1"))
        number, last = first, False
        while not last:
            if number > first and time.monotonic() > self._source.until:
                observations.move(self._held, self._module, self._cursor, str(number))
                return
            last = self._page(number)
            number += 1
        if first > 1:
            observations.move(self._held, self._module, self._cursor, "")
            return
        self._conclude(number - 1)

    def _page(self, number: int) -> bool:
        """Read one page; whether it was the last."""
        known = self._known.get(number)
        size = self._work.limits.page_rows
        self._work.progress.show(f"{self._itemtype}, pages", number, max(len(self._stored), number))
        transport = self._source.seller.transport
        page = read_page(transport, self._itemtype, number, size, known.digest if known else "")
        if known is not None and page.root is None:
            self._same.append(number)
            self._roll.totals.add(known.total)
            return known.rows == 0 or self._count >= known.total
        found = dict(page.rows())
        is_new = not self._roll.ids.issuperset(found)
        self._compare(found)
        self._roll.add(list(found), page.total, is_filtered=page.is_filtered)
        self._note(number, page, list(found))
        # A seller that shows the same page for ever has no next one.
        return not is_new or page.total < 0 or self._count >= page.total

    @property
    def _count(self) -> int:
        return len(self._roll.ids) + sum(self._stored[number].rows for number in self._same)

    def _note(self, number: int, page: Page, ids: list[str]) -> None:
        before = self._stored.get(number)
        if before is None or before.digest != page.digest:
            self._changed[number] = (Stored(page.digest, page.total, len(ids)), ids)

    def _compare(self, found: dict[str, Element]) -> None:
        """Keep what is new of the linked services among these rows."""
        known = observations.known(self._work.db, self._module, self._itemtype, found)
        digests = row_digests(found, known)
        seen = [
            _seen(found[remote], before, digests[remote])
            for remote, before in known.items()
            if digests[remote] != before.digest or before.absences
        ]
        observations.seen(self._held, seen)
        if not self._wanted.remotes and not self._wanted.items:
            return
        rows = (remote_of(elem) for elem in found.values())
        self.rows += [row for row in rows if self._wanted.has(row)]

    def _conclude(self, last: int) -> None:
        """All pages were read: is the list complete, and what is missing in it?"""
        db, module, itemtype = self._work.db, self._module, self._itemtype
        # The last complete reading again, to the byte: only what that one left open can be new.
        is_same = not self._changed and last == len(self._stored)
        doubtful = (observations.unsure if is_same else observations.remotes)(db, module, itemtype)
        if doubtful or not is_same:
            for number in self._same:
                self._roll.ids.update(listed.ids(db, module, itemtype, number))
        self.is_complete = is_same or self._roll.is_complete
        if not self.is_complete:
            return
        observations.absent(self._held, [link for remote, link in doubtful.items() if remote not in self._roll.ids])
        if not is_same:
            pages = [(number, *page) for number, page in self._changed.items()]
            listed.save(self._held, module, itemtype, pages, last)


def _seen(elem: Element, before: Known, digest: int) -> Seen:
    """What a row says now. One that was never digested, and says what was seen before, has not changed."""
    view, row = view_of(elem), remote_of(elem)
    is_first = not before.digest and (before.status, before.expiredate) == (row.status, row.expiredate)
    return Seen(
        before.link,
        row.status,
        view.suspended_by,
        row.pricelist,
        row.expiredate,
        digest,
        digest if is_first and not before.settled else before.settled,
    )
