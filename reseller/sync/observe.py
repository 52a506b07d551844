"""What the seller says now: every list is read at most once a run, and a list that failed fails once.

A list is compared page by page and row by row with what was seen before, by digests, so that only what changed is ever
parsed. Rows of a cut or filtered list are true all the same; what such a list does not show proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reseller.context import Context, Seller
from reseller.ledger import listed, observations
from reseller.ledger.leases import Lease
from reseller.ledger.listed import Stored
from reseller.ledger.observations import Known, Seen
from reseller.model import Remote
from reseller.seller import service
from reseller.seller.services import Page, Reading, RemoteList, Span, alone, read_list, row_digests
from reseller.wire import dates, numbers
from reseller.wire.errors import SellerError

if TYPE_CHECKING:
    from reseller.wire.document import Element


class Wanted(NamedTuple):
    """Rows that somebody will look at one by one: links that are opening, by remote number, and services whose order
    is being looked for, by their number here."""

    remotes: dict[str, str]
    items: frozenset[str]
    looked_for: frozenset[str]

    def has(self, row: Remote) -> bool:
        """Whether this row is one of them."""
        return row.id in self.remotes or row.item in self.items


class Source(NamedTuple):
    """One module's seller in one run of checkevent, under the lease `held`; reading stops at `until` (monotonic)."""

    context: Context
    seller: Seller
    module: int
    held: Lease
    wanted: Wanted
    until: float


class Lists:
    """The lists of one seller account, each read at most once."""

    def __init__(self, context: Context, seller: Seller) -> None:
        self.context = context
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
        return read_list(self.seller.transport, itemtype, self.context.limits)


class Observed(Lists):
    """The lists of one module in one run of checkevent: what is new in them is kept, and only wanted rows are shown."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.context, source.seller)
        self.source = source

    def scan(self, itemtype: str) -> RemoteList:
        """Read the list and keep what is new in it; raises SellerError."""
        look = _Look(self.source, itemtype)
        look.run()
        return RemoteList(itemtype, tuple(look.rows), look.is_complete)


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


class _Look:
    """One list, from its first page to its last, or from where the last run had to stop."""

    def __init__(self, source: Source, itemtype: str) -> None:
        self._source = source
        self._work = source.context
        self._module = source.module
        self._held = source.held
        self._itemtype = itemtype
        self._wanted = source.wanted
        self._cursor = f"page {itemtype}"
        self._stored = listed.load(source.context.db, source.module, itemtype)
        self._changed: dict[int, tuple[Stored, list[str]]] = {}
        self.rows: list[Remote] = []
        self.is_complete = False

    def run(self) -> None:
        """Read page after page; what is left when the time is up is where the next run begins."""
        first = numbers.parse(observations.cursors(self._work.db, self._module).get(self._cursor, "")) or 1
        # Rows that somebody wants to see must be parsed.
        is_wanted = self._itemtype in {*self._wanted.remotes.values(), *self._wanted.looked_for}
        reading = Reading(
            self._source.seller.transport,
            self._itemtype,
            self._work.limits,
            {} if is_wanted else self._stored,
            Span(first, self._source.until),
        )
        for number, page in reading:
            self._work.progress.show(f"{self._itemtype}, pages", number, max(len(self._stored), number))
            if page.root is not None:
                found = dict(page.rows())
                self._compare(found)
                self._note(number, page, list(found))
        if reading.left_at or first > 1:
            observations.move(self._held, self._module, self._cursor, str(reading.left_at or ""))
        else:
            self._conclude(reading)

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
        rows = (service.parse(elem).row for elem in found.values())
        self.rows += [row for row in rows if self._wanted.has(row)]

    def _conclude(self, reading: Reading) -> None:
        """All pages were read: is the list complete, and what is missing in it?"""
        db, module, itemtype = self._work.db, self._module, self._itemtype
        # The last complete reading again, to the byte: only what that one left open can be new.
        is_same = not self._changed and reading.last == len(self._stored)
        doubtful = (observations.unsure if is_same else observations.remotes)(db, module, itemtype)
        if doubtful or not is_same:
            for number in reading.same:
                reading.roll.ids.update(listed.ids(db, module, itemtype, number))
        self.is_complete = is_same or reading.roll.is_complete
        if not self.is_complete:
            return
        observations.absent(self._held, [link for remote, link in doubtful.items() if remote not in reading.roll.ids])
        if not is_same:
            pages = [(number, *page) for number, page in self._changed.items()]
            listed.save(self._held, module, itemtype, pages, reading.last)


def _seen(elem: Element, before: Known, digest: int) -> Seen:
    """What a row says now. One that was never digested, and says what was seen before, has not changed."""
    row = service.parse(elem).row
    expiredate = dates.text(row.expiredate)
    is_first = not before.digest and (before.status, before.expiredate) == (row.status, expiredate)
    return Seen(
        before.link,
        row.status,
        row.suspended_by,
        row.pricelist,
        expiredate,
        digest,
        digest if is_first and not before.settled else before.settled,
    )
