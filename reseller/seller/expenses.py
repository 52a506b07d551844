"""What the seller has charged to the account: its list `expense` (selling-api.md 6).

That a client may read this list is known from one client program; its columns are those of the table behind it
(platform.md 6.2) as far as that goes, and which of them the list has is not known. A row without a number, a service's
number, a day and an amount says nothing, and a list of such rows is no source. Rows get ascending numbers. The order
of the list, how long its pages are and whether the number of rows that it names is right are seen, not assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reseller.assumption import answers
from reseller.model import CURRENCY_CHARACTERS, Expense
from reseller.seller.transport import Transport
from reseller.wire import dates, document, money, numbers
from reseller.wire.bounds import PAGE
from reseller.wire.texts import fit

#: without these the seller's charges are not held against our requests, and that is all
ASSUMED = answers("expense", "elem/id elem/item elem/amount elem/realdate", "selling-api.md 6")
#: most pages that one reading takes
MOST_PAGES = 20
_OPERATION_CHARACTERS = 32


class Read(NamedTuple):
    """The rows after a number, those that say nothing left out; the newest number of all; whether none is missing."""

    rows: tuple[Expense, ...]
    newest: int
    is_whole: bool


class _Page(NamedTuple):
    """The numbers of a page's rows in their order, how many rows came, and how many the seller says there are."""

    numbers: list[int]
    size: int
    total: int


def since(transport: Transport, last: int | None, page_rows: int) -> Read | None:
    """The charges with a number above `last`; where that is None, those of the page with the newest at least.

    None if the rows lack what has to be known of them. Raises SellerError, such as a refusal of the list.
    """
    look = _Look(transport, last, page_rows)
    is_whole = look.is_whole()
    rows = tuple(each for each in look.found.values() if each is not None)
    if look.is_bare or (look.found and not rows):
        return None
    return Read(rows, max(look.found, default=last or 0), is_whole)


class _Look:
    """One reading of the list: where its order is seen, only the pages with new rows, else one page after the other.

    How long pages are is seen from the first, since a seller may send fewer rows than it was asked for; the number of
    rows that it names is believed as far as what came agrees.
    """

    def __init__(self, transport: Transport, last: int | None, page_rows: int) -> None:
        self._transport, self._last, self._page_rows = transport, last, page_rows
        self.found: dict[int, Expense | None] = {}
        self._first = self._page(1)
        #: rows came, and none had a number
        self.is_bare = bool(self._first.size) and not self._first.numbers

    def is_whole(self) -> bool:
        """Read all charges above the last number, at most MOST_PAGES; whether none of them is missing."""
        first = self._first
        if not first.numbers:
            return True
        if len(first.numbers) > 1 and _falls(first.numbers):
            whole = self._falling()
        elif len(first.numbers) > 1 and _falls(first.numbers[::-1]) and first.total >= first.size:
            whole = self._rising()
        else:
            whole = None
        return self._to_the_end() if whole is None else whole

    def _falling(self) -> bool | None:
        """From the first page on, until one has a row that is known; None where the pages are in no order."""
        lowest, number = self._first.numbers[-1], 1
        while self._last is not None and lowest > self._last:
            number += 1
            if number > MOST_PAGES:
                return False
            page = self._page(number).numbers
            if not page or page[-1] == lowest:
                return True
            if not _falls(page) or page[-1] > lowest:
                return None
            lowest = page[-1]
        return True

    def _rising(self) -> bool | None:
        """As _falling(), from the last page back; None also where the seller says fewer rows than there are."""
        first, above = self._first, 0
        pages = -(-first.total // first.size)
        for number in range(pages, max(pages - MOST_PAGES, 0), -1):
            page = first if number == 1 else self._page(number)
            if number == pages and not self._is_end(page, number):
                return None
            if not page.numbers or not _falls(page.numbers[::-1]) or 0 < above <= page.numbers[0]:
                return None
            above = page.numbers[0]
            if self._last is None or above <= self._last:
                return True
        return pages <= MOST_PAGES

    def _is_end(self, page: _Page, number: int) -> bool:
        """Whether this is the last page as the first one's number of rows says: a full one may have others after it."""
        first = self._first
        if page.size < first.total - (number - 1) * first.size:
            return False
        return page.size < first.size or {*first.numbers, *page.numbers}.issuperset(self._page(number + 1).numbers)

    def _to_the_end(self) -> bool:
        """One page after the other, until one brings nothing new."""
        seen = set(self._first.numbers)
        for number in range(2, MOST_PAGES + 1):
            page = self._page(number).numbers
            if seen.issuperset(page):
                return True
            seen.update(page)
        return False

    def _page(self, number: int) -> _Page:
        """Read a page, and keep its charges above the last number."""
        fields = {"p_num": str(number), "p_cnt": str(self._page_rows)}
        root = self._transport.call("expense", fields, bounds=PAGE)
        elems = root.findall("elem")
        rows = [(row, elem) for elem in elems if (row := numbers.whole(document.text(elem, "id")))]
        self.found.update((row, _expense(row, elem)) for row, elem in rows if row > (self._last or 0))
        return _Page([row for row, _ in rows], len(elems), numbers.whole(document.text(root, "p_elems")))


def _falls(rows: Sequence[int]) -> bool:
    return all(before > after for before, after in zip(rows, rows[1:]))


def _expense(number: int, elem: document.Element) -> Expense | None:
    remote, amount = numbers.whole(document.text(elem, "item")), money.of(elem.find("amount"))
    try:
        day = dates.parse(document.text(elem, "realdate"))
    except dates.NotADate:
        return None
    if not remote or amount is None or day is None:
        return None
    letters = document.text(elem, "currency") or money.currency(document.text(elem, "amount"))
    operation = fit(document.text(elem, "operation"), _OPERATION_CHARACTERS)
    return Expense(number, str(remote), operation, day, amount, fit(letters, CURRENCY_CHARACTERS))
