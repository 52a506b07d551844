"""The list `reseller.tariffs`: what the accounts of our modules may buy, and what of it is sold here.

The sellers are asked for each page, since nothing of theirs is kept for it. The key of a row is MODULE-NUMBER.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reseller.pages import listing
from reseller.pages.call import Call
from reseller.tariffs import catalogue
from reseller.wire import document
from reseller.wire.errors import ResellerError


def show(call: Call) -> document.Element:
    """A page of the list; what could not be read is a row that says so."""
    words = call.words("reseller.tariffs")
    found = [
        cells
        for module in catalogue.modules(call.context, call.number("module", 1, 2**31 - 1, 0))
        for cells in _rows(call, module, words)
    ]
    count = call.number("p_cnt", 1, call.context.limits.page_rows, listing.FIRST_ROWS)
    page = call.number("p_num", 1, listing.LAST_PAGE, 1)
    call.page.extend([listing.elem(cells) for cells in found[(page - 1) * count : page * count]])
    call.put(p_elems=len(found), p_num=page, p_cnt=count)
    return call.page


def _rows(call: Call, module: int, words: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
    try:
        found = catalogue.look(call.context, module)
    except ResellerError as error:
        yield _unread(module, call.context.word(error))
        return
    for each in found.unread:
        yield _unread(module, call.context.word(each))
    for row in found.rows:
        offered = {None: "offered_unknown", True: "offered_yes", False: "offered_no"}[row.is_offered]
        marks = [words.get(name, name) for name in (offered, *(f"mark_{mark}" for mark in row.marks))]
        yield {
            "id": f"{module}-{row.remote}",
            "module": module,
            "remote": row.remote,
            "name": row.name,
            "itemtype": row.itemtype,
            "prices": row.prices,
            "resources": row.resources,
            "orderable": ", ".join(marks),
            "here": ", ".join(map(str, row.here)),
            # The button is shown by this cell.
            "importable": "off" if row.here or row.is_offered is False else "on",
        }


def _unread(module: int, text: str) -> Mapping[str, object]:
    return {"id": "", "module": module, "remote": "", "name": text, "importable": "off"}
