"""A list of the panel: page, order and filter from the call, and the rows (platform.md 2.2, 4.2).

Filters are column names together with `filter=on`, in one call; the order is `p_sort` with `p_order`, or `p_col` with a
sign. A name that the view does not have is refused, so no text of a call ever becomes part of an SQL statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lxml import etree

from reseller.ledger import overview
from reseller.ledger.overview import Kind, View, Wanted
from reseller.pages.call import Call, refused, shown
from reseller.wire import document

FIRST_ROWS = 50
LAST_PAGE = 10**6
_FLAGS = {"on": 1, "off": 0}


def wanted(call: Call, view: View, fixed: Mapping[str, int | str] | None = None, *, asked: bool = False) -> Wanted:
    """The page that the call asks for.

    `fixed` are filters that the page itself sets; `asked` reads filters even without `filter=on`. Raises ResellerError
    `reseller_page_value`.
    """
    sort = call.text("p_sort") or call.text("p_col")
    column = sort.lstrip("+-") or view.sort
    if column not in view.sorts:
        raise refused("p_sort", sort)
    order = call.text("p_order")
    if order not in ("", "asc", "desc"):
        raise refused("p_order", order)
    falling = order == "desc" or sort.startswith("-") if sort or order else view.falling
    rows = call.number("p_cnt", 1, call.context.limits.page_rows, FIRST_ROWS)
    page = call.number("p_num", 1, LAST_PAGE, 1)
    filters: dict[str, int | str] = {}
    if asked or call.text("filter") == "on":
        filters = {name: _value(call, name, kind) for name, (kind, _) in view.filters.items() if call.text(name)}
    return Wanted({**filters, **(fixed or {})}, column, falling, page, rows)


def _value(call: Call, name: str, kind: Kind) -> int | str:
    text = call.text(name)
    if kind == Kind.TEXT:
        return text[:190]
    if kind == Kind.FLAG:
        if text not in _FLAGS:
            raise refused(name, text)
        return _FLAGS[text]
    return call.number(name, 0, 2**31 - 1, 0)


def show(
    call: Call, view: View, asked: Wanted, cells: Callable[[dict[str, object]], Mapping[str, object]]
) -> document.Element:
    """The call's document with the rows of the page; `cells` returns the cells to show for a row's columns."""
    total, rows = overview.read(call.context.db, view, asked)
    for row in rows:
        call.page.append(elem(cells(row)))
    call.put(
        p_elems=total,
        p_num=asked.page,
        p_cnt=asked.rows,
        p_sort=asked.sort,
        p_order="desc" if asked.falling else "asc",
    )
    if call.text("filter") == "on":
        call.put(p_filter=" ".join(f"{name}={call.text(name)}" for name in view.filters if call.text(name)))
    return call.page


def elem(cells: Mapping[str, object]) -> document.Element:
    """A row of a list."""
    row = document.element("elem")
    for name, value in cells.items():
        # A page has tens of thousands of cells, and creating them in place halves the cost.
        etree.SubElement(row, name).text = document.printable(shown(value))
    return row


def plan(call: Call, rows: Iterable[Mapping[str, object]]) -> None:
    """Add a form's table of what would be done."""
    table = document.element("list", name="plan")
    table.extend([elem(row) for row in rows])
    call.page.append(table)


def choices(call: Call, name: str, offered: Iterable[tuple[object, str]]) -> None:
    """Add the choices of a form's select."""
    block = document.element("slist", name=name)
    block.extend([document.element("val", label, key=str(key)) for key, label in offered])
    call.page.append(block)
