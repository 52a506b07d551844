"""The list of a product type: columns, pages, order, and what a client does not see (selling-api.md 5.1).

A seller's list may have a hundred thousand rows and be read by many at once. So its ids are read from one covering
index, and kept while no service changes (sandbox.core.windows), and a page is cut from them; the database hands over a
page's rows as one JSON text (the driver is pure Python, and every row costs), and the page is written as text and
parsed once instead of being built cell by cell.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import deferred, items, lifecycle, pages
from sandbox.core.documents import money, readable, shown_date
from sandbox.core.errors import bad_value
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.core.tariffs import period_name
from sandbox.functions.list_filter import conditions, stored

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

SORTABLE = {
    "id": "i.id",
    "name": "i.name",
    "domain": "i.name",
    "status": "i.status",
    "createdate": "i.createdate",
    "expiredate": "i.expiredate",
    "opendate": "i.opendate",
    "pricelist": "i.pricelist",
    "remoteid": "i.remoteid",
    "cost": "i.cost",
    "time": "i.createdate",
}
PARAMS = ("domain", "licname", "ip", "ostempl", "username", "CN", "pa_ip", "servername")
"""Parameters of a service that lists show (selling-api.md 5.1)."""

_COLUMNS = (
    "i.id",
    "i.name",
    "i.pricelist",
    "i.period",
    "i.status",
    "CAST(i.cost AS CHAR)",
    "CAST(i.createdate AS CHAR)",
    "CAST(i.opendate AS CHAR)",
    "CAST(i.expiredate AS CHAR)",
    "i.autoprolong",
    "i.remoteid",
    "i.datacenter",
    "i.service_status",
    "i.account",
    "i.processingmodule",
    """IF(i.abusesuspend = 'on', '_abusesuspend', IF(i.employeesuspend = 'on', '_employeesuspend',
        IF(i.autosuspend = 'on', '_autosuspend', '')))""",
    "i.real_ipchange",
    "i.real_keychange",
    "CAST(i.update_expiredate AS CHAR)",
)
# For a page of a thousand rows MariaDB's optimiser comes to prefer reading all there are (its statistics change while
# services are made): one page then costs two hundred thousand rows. Hence FORCE INDEX, and see sandbox/database.py.
_IDS = "SELECT GROUP_CONCAT(i.id{order}) FROM item i WHERE {where}"
_ROWS = f"""SELECT CONCAT('[', GROUP_CONCAT(JSON_ARRAY({", ".join(_COLUMNS)})), ']') FROM item i FORCE INDEX (PRIMARY)
    WHERE i.id IN ({{}})"""
_PARAMS = """SELECT CONCAT('[', GROUP_CONCAT(JSON_ARRAY(f.item, f.intname, f.value)), ']')
    FROM itemparam f FORCE INDEX (item) WHERE f.item IN ({})"""


@function("<itemtype>", CLIENT, "selling-api.md 5.1")
def type_list(panel: Panel, request: Request) -> etree._Element:
    """Services of a type, a page at a time: p_num, p_cnt, or startidx, pagesize; p_elems is the number of all rows."""
    start, count = pages.window(panel, request)
    column, direction = _sorting(panel, request)
    with panel.pages_at_once, panel.db.begin() as tx:
        wanted = stored(panel, tx, request)
        where, values = _visible(panel, tx, request, wanted)
        question = (where, column, direction, *values)
        changes = panel.db.item_changes
        found = panel.windows.ids(question, changes, lambda: _ids(panel, where, column, direction, values))
        ids = found[start : start + count]
        body = _Page(panel, tx, request).rows(tx, ids)
        _let_time_pass(tx, request)
    place = {"p_num": start // count + 1, "p_cnt": count, "p_elems": len(found)}
    tail = {**place, "p_sort": column, "p_order": direction.lower()}
    end = "".join(f"<{name}>{value}</{name}>" for name, value in tail.items())
    if wanted:
        end += f"<p_filter>{escape(' '.join(f'{name}={value}' for name, value in wanted.items()))}</p_filter>"
    return _document(panel, request, body, end)


_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def _document(panel: Panel, request: Request, body: str, end: str) -> etree._Element:
    """The page, its rows as a mark when nothing looks at them on their way out (sandbox.core.deferred)."""
    if not (body.isascii() and body.isprintable()):
        body = readable(body)
    end = readable(end)
    columns = frozenset(_COLUMN.findall(body[: body.find("</elem>")]))
    watched = any(panel.plugins.hooks_of(request.func, stage) for stage in ("before", "after", "final", "background"))
    if request.out != "xml" or watched or not body or pages.takes_columns(panel, request, columns):
        return etree.fromstring(f"<doc>{body}{end}</doc>", _PARSER)
    document = etree.fromstring(f"<doc>{end}</doc>", _PARSER)
    deferred.mark(document, body)
    return document


_COLUMN = re.compile("<([a-z_]+)")


def _ids(panel: Panel, where: str, column: str, direction: str, values: tuple[Any, ...]) -> list[int]:
    """All ids of a list in its order: pages are cut from it, and their number is its length.

    Ids come out of the index nearly in their order, and sorting that here is a third of what the database takes.
    """
    order = "" if column == "id" else f" ORDER BY {SORTABLE[column]} {direction}, i.id {direction}"
    with panel.db.begin() as tx:
        text = tx.value(_IDS.format(where=where, order=order), *values)
    found = [int(number) for number in text.split(",")] if text else []
    if column == "id":
        found.sort(reverse=direction == "DESC")
    return found


def _sorting(panel: Panel, request: Request) -> tuple[str, str]:
    """`p_sort=column [p_order=desc]`, `sort=column` on newer pages, or `p_col=+column` as one client sends it."""
    text = request.text("p_sort") or request.text("sort") or request.text("p_col").strip()
    if not text:
        return "id", "DESC" if panel.switches["list_order"] == "newest" else "ASC"
    falling = text.startswith("-") or request.text("p_order") == "desc"
    column = text.lstrip("+-")
    if column not in SORTABLE:
        raise bad_value("p_sort", text)
    return column, "DESC" if falling else "ASC"


def _visible(panel: Panel, tx: Tx, request: Request, wanted: dict[str, str]) -> tuple[str, tuple[Any, ...]]:
    """Clients see their own rows and no deleted ones (selling-api.md 4.3, HideClosedItem)."""
    tariffs = tx.rows(
        "SELECT p.id FROM pricelist p JOIN itemtype t ON t.id = p.itemtype WHERE t.intname = %s AND p.parent IS NULL",
        request.itemtype,
    )
    more, values = conditions(wanted)
    chosen = tuple(row["id"] for row in tariffs) or (0,)
    if request.caller.staff:
        return f"i.parent IS NULL AND i.pricelist IN %s{more}", (chosen, *values)
    unseen = items.DELETED if panel.switches["deleted_rows"] == "hidden" else 0
    own = f"i.account = %s AND i.parent IS NULL AND i.hidden_lists = 0 AND i.status <> %s AND i.pricelist IN %s{more}"
    return own, (request.caller.account, unseen, chosen, *values)


def _let_time_pass(tx: Tx, request: Request) -> None:
    """Switch new_row_hidden_lists: a fresh service misses from so many lists of its client."""
    if not request.caller.staff:
        tx.run(
            "UPDATE item SET hidden_lists = hidden_lists - 1 WHERE account = %s AND hidden_lists > 0",
            request.caller.account,
        )


_SPECIAL = re.compile("[&<>]")


def _cell(name: str, value: object, orig: object = None) -> str:
    more = "" if orig is None else f' orig="{escape(str(orig))}"'
    if value is None or value == "":
        return f"<{name}{more}/>"
    text = str(value)
    if _SPECIAL.search(text):
        text = escape(text, quote=False)
    return f"<{name}{more}>{text}</{name}>"


class _Page:
    """Names that many rows share are looked up and escaped once."""

    def __init__(self, panel: Panel, tx: Tx, request: Request) -> None:
        switches = panel.switches
        self._staff = request.caller.staff
        self._lang = request.lang
        self._type = request.itemtype
        self._dates = switches["shown_dates"]
        self._flat = switches["item_status_form"] == "flat"
        self._remoteid = switches["remoteid_in_list"] == "yes" or self._staff
        self._orig = switches["list_orig"] == "always" or (switches["list_orig"] == "sjson" and request.out == "sjson")
        self._names: dict[tuple[str, int], tuple[str, str]] = {}
        for row in tx.rows(
            "SELECT p.id, p.name, p.name_ru, j.name AS project, j.name_ru AS project_ru, j.currency FROM pricelist p "
            "LEFT JOIN project j ON j.id = p.project WHERE p.parent IS NULL"
        ):
            ru = "_ru" if self._lang == "ru" else ""
            self._names["project", row["id"]] = (row["project" + ru] or row["project"] or "", row["currency"] or "")
            self._names["pricelist", row["id"]] = (row["name" + ru] or row["name"], "")
        for row in tx.rows("SELECT id, name FROM datacenter"):
            self._names["datacenter", row["id"]] = (row["name"], "")
        if self._staff:
            self._staff_names(tx)
        self._shared: dict[tuple[Any, ...], str] = {}

    def _staff_names(self, tx: Tx) -> None:
        for table, key in (("account", "account"), ("processingmodule", "module")):
            for row in tx.rows(f"SELECT id, name FROM {table}"):
                self._names[key, row["id"]] = (row["name"], "")

    def rows(self, tx: Tx, ids: list[int]) -> str:
        if not ids:
            return ""
        found = {row[0][0]: row for row in _read(tx, ids)}
        changing = [number for number, row in found.items() if row[0][4] in (items.PROCESSING, items.ACTIVE)]
        running = {}
        if changing:
            sql = "SELECT item, intname FROM runningoperation WHERE item IN %s ORDER BY id DESC"
            running = {row["item"]: row["intname"] for row in tx.rows(sql, tuple(changing))}
        parts = [self._row(*found[number], running.get(number, "")) for number in ids if number in found]
        return "".join(parts)

    def _row(self, cells: list[Any], params: dict[str, str], operation: str) -> str:
        number, name, pricelist, period, status, cost, created, opened, expires, autoprolong = cells[:10]
        remoteid, centre, service_status, account, module, reason, ip_changes, key_changes, updates = cells[10:]
        key = f"{status}_{operation}" if status in (items.PROCESSING, items.ACTIVE) and operation else f"{status}"
        if status == items.SUSPENDED:
            key += reason
        text = [f"<elem><id>{number}</id>", _cell("name", name)]
        text += [_cell(one, params.get(one)) for one in PARAMS if one in params or one == "ip"]
        text.append(self._same(pricelist, period, cost))
        text.append(_cell("datacentername", self._names.get(("datacenter", centre or 0), ("", ""))[0]))
        dates = {"createdate": created, "opendate": opened, "expiredate": expires}
        text += [_cell(title, shown_date(self._dates, day)) for title, day in dates.items()]
        text.append(_cell("autoprolong", autoprolong))
        text.append(self._status(status, key, period))
        text.append(_cell("service_status", service_status))
        if self._type == "soft":
            text.append(f"<real_ipchange>{ip_changes}</real_ipchange><real_keychange>{key_changes}</real_keychange>")
            text.append(_cell("update_expiredate", updates))
        if self._remoteid:
            text.append(_cell("remoteid", remoteid))
        text.append(_cell("project", self._names["project", pricelist][0]))
        if self._staff:
            text.append(_cell("account", self._names.get(("account", account), ("", ""))[0]))
            text.append(_cell("account_id", account))
            text.append(_cell("processingmodule", self._names.get(("module", module or 0), ("", ""))[0]))
        text.append("</elem>")
        return "".join(text)

    def _same(self, pricelist: int, period: int, cost: str) -> str:
        """Cells that most rows of a list share; cost is text for people (selling-api.md 5.1)."""
        key = (pricelist, period, cost)
        if key not in self._shared:
            label = period_name(period, self._lang)
            price = f"{money(items.decimal(cost))} {self._names['project', pricelist][1]}"
            origs = (period, cost) if self._orig else (None, None)
            self._shared[key] = (
                _cell("pricelist", self._names["pricelist", pricelist][0])
                + f"<pricelist_id>{pricelist}</pricelist_id>"
                + _cell("period", label, origs[0])
                + _cell("cost", f"{price} / {label}", origs[1])
            )
        return self._shared[key]

    def _status(self, status: int, key: str, period: int) -> str:
        """The XML of the composite column is not known (selling-api.md 5.2)."""
        hourly = status == items.SUSPENDED and period == lifecycle.DAY
        shared = ("status", status, key, hourly)
        if shared not in self._shared:
            form = (
                _cell("item_status", key)
                if self._flat
                else f"<item_status><status>{status}</status><msg>item_status_{key}</msg></item_status>"
            )
            label = items.status_name(key, self._lang)
            special = 1 if status == items.PROCESSING else 2 if hourly else 0
            self._shared[shared] = (
                f"<status>{status}</status>{form}{_cell('status_msg', label)}<special_status>{special}</special_status>"
            )
        return self._shared[shared]


def _read(tx: Tx, ids: list[int]) -> list[tuple[list[Any], dict[str, str]]]:
    params: dict[int, dict[str, str]] = {}
    numbers = ", ".join(str(number) for number in ids)
    for item, name, value in json.loads(tx.value(_PARAMS.format(numbers)) or "[]"):
        params.setdefault(item, {})[name] = value
    return [(cells, params.get(cells[0], {})) for cells in json.loads(tx.value(_ROWS.format(numbers)) or "[]")]
