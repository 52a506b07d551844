"""What the seller has charged to the account: its list `expense` (selling-api.md 6).

That a client may read this list is known from one client program; its columns are those of the table behind it
(platform.md 6.2) as far as that goes, and which of them the list has is not known. A row without a number, a service's
number, a day and an amount says nothing, and a list of such rows is no source. Rows get ascending numbers, and the
order of the list is seen, not assumed, so only the pages with new rows are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def since(transport: Transport, last: int | None, page_rows: int) -> Read | None:
    """The charges with a number above `last`; where that is None, only those of the page with the newest.

    None if the rows lack what has to be known of them. Raises SellerError, such as a refusal of the list.
    """
    found: dict[int, Expense | None] = {}
    is_whole, known = True, last or 0
    for page, is_last in _pages(transport, page_rows):
        fresh = {number: _expense(number, elem) for number, elem in page if number > known and number not in found}
        found.update(fresh)
        is_whole = last is None or is_last or not fresh or any(number <= known for number, _ in page)
        if is_whole:
            break
    rows = tuple(each for each in found.values() if each is not None)
    if found and not rows:
        return None
    return Read(rows, max(found, default=known), is_whole)


def _pages(transport: Transport, page_rows: int) -> Iterator[tuple[Sequence[tuple[int, document.Element]], bool]]:
    """The pages with the newest rows first, at most MOST_PAGES, each with whether there is no other."""
    first, total = _page(transport, 1, page_rows)
    pages = max(-(-total // page_rows), 1)
    is_rising = len(first) > 1 and first[0][0] < first[-1][0]
    order = range(pages, 0, -1) if is_rising else range(1, pages + 1)
    for number in order[:MOST_PAGES]:
        yield first if number == 1 else _page(transport, number, page_rows)[0], number == order[-1]


def _page(transport: Transport, number: int, page_rows: int) -> tuple[list[tuple[int, document.Element]], int]:
    root = transport.call("expense", {"p_num": str(number), "p_cnt": str(page_rows)}, bounds=PAGE)
    rows = [(numbers.whole(document.text(elem, "id")), elem) for elem in root.iterfind("elem")]
    return [row for row in rows if row[0]], numbers.whole(document.text(root, "p_elems"))


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
