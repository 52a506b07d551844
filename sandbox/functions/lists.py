"""The list of a product type: columns, pages, order, and what a client does not see (selling-api.md 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import items
from sandbox.core.documents import Cell, add, money
from sandbox.core.errors import bad_value
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.core.tariffs import period_name

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

MOST_ROWS = 10_000
SORTABLE = {
    "id": "i.id",
    "name": "i.name",
    "domain": "i.name",
    "status": "i.status",
    "createdate": "i.createdate",
    "expiredate": "i.expiredate",
    "opendate": "i.opendate",
    "pricelist": "p.name",
    "remoteid": "i.remoteid",
    "cost": "i.cost",
    "time": "i.createdate",
}


@function("<itemtype>", CLIENT, "selling-api.md 5.1")
def type_list(panel: Panel, request: Request) -> etree._Element:
    """Services of a type, a page at a time: p_num, p_cnt; p_elems is the number of all rows."""
    page = _whole(request, "p_num", 1)
    count = _whole(request, "p_cnt", int(panel.switches.number("page_rows")))
    column, direction = _sorting(panel, request)
    where, values = _visible(request)
    with panel.db.begin() as tx:
        total = tx.value(
            f"SELECT COUNT(*) FROM item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype "
            f"WHERE {where}",
            *values,
        )
        rows = tx.rows(
            f"SELECT {items.COLUMNS} FROM {items.TABLES} WHERE {where} ORDER BY {SORTABLE[column]} {direction}, i.id "
            f"{direction} LIMIT %s OFFSET %s",
            *values,
            count,
            (page - 1) * count,
        )
        found = [items.from_row(row) for row in rows]
        facts = _facts(tx, [item.id for item in found])
        _let_time_pass(tx, request)
    document = etree.Element("doc")
    for item in found:
        _row(panel, request, document, item, facts.get(item.id, {}))
    for name, value in (
        ("p_num", page),
        ("p_cnt", count),
        ("p_elems", total),
        ("p_sort", column),
        ("p_order", direction.lower()),
    ):
        add(document, name, value)
    return document


def _whole(request: Request, name: str, default: int) -> int:
    text = request.text(name) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= MOST_ROWS:
        raise bad_value(name, text)
    return int(text)


def _sorting(panel: Panel, request: Request) -> tuple[str, str]:
    """`p_sort=column [p_order=desc]`, or `p_col=+column` as one client sends it."""
    text = request.text("p_sort") or request.text("p_col").strip()
    if not text:
        return "id", "DESC" if panel.switches["list_order"] == "newest" else "ASC"
    falling = text.startswith("-") or request.text("p_order") == "desc"
    column = text.lstrip("+-")
    if column not in SORTABLE:
        raise bad_value("p_sort", text)
    return column, "DESC" if falling else "ASC"


def _visible(request: Request) -> tuple[str, tuple[Any, ...]]:
    """Clients see their own rows and no deleted ones (selling-api.md 4.3, HideClosedItem)."""
    where = "t.intname = %s AND i.parent IS NULL"
    if request.caller.staff:
        return where, (request.itemtype,)
    own = f"{where} AND i.account = %s AND i.status <> %s AND i.hidden_lists = 0"
    return own, (request.itemtype, request.caller.account, items.DELETED)


def _let_time_pass(tx: Tx, request: Request) -> None:
    """Switch new_row_hidden_lists: a fresh service misses from so many lists of its client."""
    if not request.caller.staff:
        tx.run(
            "UPDATE item SET hidden_lists = hidden_lists - 1 WHERE account = %s AND hidden_lists > 0",
            request.caller.account,
        )


def _facts(tx: Tx, ids: list[int]) -> dict[int, dict[str, str]]:
    if not ids:
        return {}
    marks = ", ".join(["%s"] * len(ids))
    result: dict[int, dict[str, str]] = {}
    for row in tx.rows(f"SELECT item, intname, value FROM itemparam WHERE item IN ({marks})", *ids):
        result.setdefault(row["item"], {})[row["intname"]] = row["value"] or ""
    for row in tx.rows(f"SELECT item, intname FROM runningoperation WHERE item IN ({marks}) ORDER BY id DESC", *ids):
        result.setdefault(row["item"], {})["\0operation"] = row["intname"]
    return result


def _row(panel: Panel, request: Request, document: etree._Element, item: Item, facts: dict[str, str]) -> None:
    row = etree.SubElement(document, "elem")
    operation = facts.get("\0operation", "")
    changing = item.status == items.PROCESSING
    cells: dict[str, Cell] = {"id": item.id, "name": item.name}
    for name in ("domain", "licname", "ip", "ostempl", "username"):
        if name in facts or name == "ip":
            cells[name] = facts.get(name, "")
    cells |= {
        "pricelist": item.tariff,
        "pricelist_id": item.pricelist,
        "period": period_name(item.period),
        "datacentername": item.datacentername,
        "createdate": item.createdate,
        "opendate": item.opendate,
        "expiredate": item.expiredate,
        "autoprolong": item.autoprolong or "",
        "cost": f"{money(item.cost)} EUR",
        "status": item.status,
    }
    for name, value in cells.items():
        add(row, name, value)
    key = f"5_{operation}" if changing and operation else f"{item.status}{items.suspend_reason(item)}"
    _status_cell(panel, row, item, key)
    add(row, "special_status", 1 if changing else 0)
    add(row, "service_status", item.service_status)
    if panel.switches["remoteid_in_list"] == "yes" or request.caller.staff:
        add(row, "remoteid", item.remoteid)
    add(row, "project", item.project)
    if request.caller.staff:
        add(row, "account", item.client)
        add(row, "account_id", item.account)
        add(row, "processingmodule", item.module_name)


def _status_cell(panel: Panel, row: etree._Element, item: Item, key: str) -> None:
    """The XML of the composite column is not known (selling-api.md 5.2)."""
    if panel.switches["item_status_form"] == "flat":
        add(row, "item_status", key)
        return
    cell = etree.SubElement(row, "item_status")
    add(cell, "status", item.status)
    add(cell, "msg", f"item_status_{key}")
