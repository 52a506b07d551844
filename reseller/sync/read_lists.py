"""Read the seller's lists: each list at most once a run, and a list that failed is not tried again in that run.

A list is compared with the last reading by digests, page by page and row by row, so that only changed rows are parsed.
Rows of a cut or filtered list are true; but a service that such a list does not show may still exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reseller.context import Context, Seller
from reseller.ledger import listed, observations
from reseller.ledger.leases import Lease
from reseller.ledger.listed import Stored
from reseller.ledger.observations import Seen
from reseller.model import Remote
from reseller.seller import service
from reseller.seller.services import Page, Reading, RemoteList, Span, alone, read_list, row_digests
from reseller.wire import dates, numbers
from reseller.wire.errors import SellerError

if TYPE_CHECKING:
    from reseller.wire.document import Element


class Wanted(NamedTuple):
    """Rows that this run needs one by one.

    `remotes` maps remote numbers of opening links to their types; `items` are services (by number here) whose order is
    being looked for, `looked_for` the types of those orders.
    """

    remotes: dict[str, str]
    items: frozenset[str]
    looked_for: frozenset[str]

    def has(self, row: Remote) -> bool:
        """Whether this row is wanted."""
        return row.id in self.remotes or row.item in self.items


class Source(NamedTuple):
    """One module's seller in one run, under the run's lease `held`; reading stops at `until` (seconds, monotonic)."""

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
        """The list of a type, read on first use; if that failed, every call raises the same SellerError."""
        if itemtype not in self._read:
            try:
                self._read[itemtype] = self.scan(itemtype)
            except SellerError as error:
                self._read[itemtype] = error
        listed = self._read[itemtype]
        if isinstance(listed, SellerError):
            raise listed
        return listed

    def scan(self, itemtype: str) -> RemoteList:
        """Read the list; raises SellerError."""
        return read_list(self.seller.transport, itemtype, self.context.limits)


class Observed(Lists):
    """The lists of one module in one run: changed rows are recorded, and only wanted rows are returned."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.context, source.seller)
        self.source = source

    def scan(self, itemtype: str) -> RemoteList:
        """Read the list and record what changed in it; raises SellerError."""
        look = _Look(self.source, itemtype)
        look.run()
        return RemoteList(itemtype, tuple(look.rows), look.is_complete)


class Forms(Observed):
    """Lists for a run over open work alone: it reads one form for each opening link, which costs less than a long list.

    An order that is being looked for can only be found in the list, so its type is read as a list.
    """

    def scan(self, itemtype: str) -> RemoteList:
        """Read the forms; the result is marked incomplete, so a missing row proves nothing. Raises SellerError."""
        wanted = self.source.wanted
        if itemtype in wanted.looked_for:
            return super().scan(itemtype)
        mine = [remote for remote, kind in wanted.remotes.items() if kind == itemtype]
        rows = [row for remote in mine for row in alone(self.seller.transport, itemtype, remote).rows]
        return RemoteList(itemtype, tuple(rows), complete=False)


class _Look:
    """The reading of one list, from its first page or from the page where the last run stopped."""

    def __init__(self, source: Source, itemtype: str) -> None:
        self._source = source
        self._context = source.context
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
        """Read page after page; when the time is up, the next page is kept as a cursor for the next run."""
        first = numbers.parse(observations.cursors(self._context.db, self._module).get(self._cursor, "")) or 1
        # Wanted rows have to be parsed, so unchanged pages cannot be skipped.
        is_wanted = self._itemtype in {*self._wanted.remotes.values(), *self._wanted.looked_for}
        reading = Reading(
            self._source.seller.transport,
            self._itemtype,
            self._context.limits,
            {} if is_wanted else self._stored,
            Span(first, self._source.until),
        )
        for number, page in reading:
            self._context.progress.show(f"{self._itemtype}, pages", number, max(len(self._stored), number))
            if page.root is not None:
                rows = dict(page.rows())
                self._compare(rows)
                self._note(number, page, list(rows))
        if reading.left_at or first > 1:
            observations.move(self._held, self._module, self._cursor, str(reading.left_at or ""))
        else:
            self._conclude(reading)

    def _note(self, number: int, page: Page, ids: list[str]) -> None:
        before = self._stored.get(number)
        if before is None or before.digest != page.digest:
            self._changed[number] = (Stored(page.digest, page.total, len(ids)), ids)

    def _compare(self, elements: dict[str, Element]) -> None:
        """Record what changed of the linked services among these rows."""
        known = observations.known(self._context.db, self._module, self._itemtype, elements)
        digests = row_digests(elements, known)
        changed = []
        for remote, before in known.items():
            digest = digests[remote]
            if digest == before.digest and not before.absences:
                continue
            row = service.parse(elements[remote]).row
            ends = dates.text(row.expiredate)
            # A first digest of a row whose status and date are as recorded counts as settled: nothing has changed.
            is_first = not before.digest and (before.status, before.expiredate) == (row.status, ends)
            settled = digest if is_first and not before.settled else before.settled
            changed.append(Seen(before.link, row.status, row.suspended_by, row.pricelist, ends, digest, settled))
        observations.seen(self._held, changed)
        if not self._wanted.remotes and not self._wanted.items:
            return
        rows = (service.parse(elem).row for elem in elements.values())
        self.rows += [row for row in rows if self._wanted.has(row)]

    def _conclude(self, reading: Reading) -> None:
        """After the last page: decide whether the list is complete, and record which linked services it does not
        show.
        """
        db, module, itemtype = self._context.db, self._module, self._itemtype
        # Byte for byte as in the last complete reading: only services that reading left unsure can be new.
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
