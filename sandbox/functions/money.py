"""A client's money by every route, its charges and payments (selling-api.md 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import pages
from sandbox.core.documents import add, elem, fields, money
from sandbox.core.errors import denied, missing
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.page_parts import is_page

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_SIGNS = {"RUB": "руб.", "USD": "$"}
_NBSP = "\u00a0"


def for_people(amount: Decimal, currency: str, lang: str) -> str:
    """`1 234,56 руб.` with spaces that do not break and a decimal comma, or `1 234.56 EUR` in English."""
    text = f"{amount:,.2f}".replace(",", _NBSP)
    if lang == "ru":
        text = text.replace(".", ",")
    return f"{text}{_NBSP}{_SIGNS.get(currency, currency)}"


def _purse(panel: Panel, request: Request) -> tuple[Decimal, str]:
    with panel.db.begin() as tx:
        row = tx.row(
            "SELECT s.balance, p.currency FROM subaccount s JOIN project p ON p.id = s.project WHERE s.account = %s "
            "ORDER BY s.id LIMIT 1",
            request.caller.account,
        )
    if row is None:
        raise missing("subaccount", request.caller.name)
    return row["balance"], row["currency"]


@function("usrparam", CLIENT, "selling-api.md 6")
def usrparam(panel: Panel, request: Request) -> etree._Element:
    """A user's own settings, with the balance as text for people."""
    balance, currency = _purse(panel, request)
    with panel.db.begin() as tx:
        row = tx.row("SELECT name, realname, email, language FROM user WHERE id = %s", request.caller.user) or {}
        number = tx.value("SELECT id FROM user WHERE id = %s", request.caller.user)
    return fields(elid=number, balance=for_people(balance, currency, request.lang), **row)


@function("dashboard.info", CLIENT, "selling-api.md 6")
def dashboard_info(panel: Panel, request: Request) -> etree._Element:
    """The first page's blocks: balance, services by state."""
    balance, currency = _purse(panel, request)
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT status, COUNT(*) AS number FROM item WHERE account = %s AND parent IS NULL AND status <> 4 "
            "GROUP BY status ORDER BY status",
            request.caller.account,
        )
    document = fields(balance=for_people(balance, currency, request.lang), currency=currency)
    for row in rows:
        elem(document, row)
    return document


@function("notify", CLIENT, "selling-api.md 6")
def notify(panel: Panel, request: Request) -> etree._Element:
    """What the header shows: items by name, the balance among them."""
    balance, currency = _purse(panel, request)
    document = etree.Element("doc")
    block = etree.SubElement(document, "notify")
    item = etree.SubElement(block, "item", name="balance")
    item.text = for_people(balance, currency, request.lang)
    return document


#: the order of charges by switch expense_list, and the rows of a page where it is short
_ORDERS = {"rising": "e.id ASC", "short_rising": "e.id ASC", "by_service": "e.item DESC, e.id ASC"}
_SHORT = 20


@function("expense", CLIENT, "selling-api.md 6")
def expense_list(panel: Panel, request: Request) -> etree._Element:
    """Charges, a page at a time; what a client gets of them is switch expense_list."""
    shows = "full" if request.caller.staff else panel.switches["expense_list"]
    if shows == "denied":
        raise denied(request.func)
    start, count = pages.window(panel, request)
    if shows.startswith("short"):
        start, count = start // max(count, 1) * _SHORT, min(count, _SHORT)
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT e.id, e.item, i.name, e.operation, e.realdate, e.amount FROM expense e LEFT JOIN item i "
            f"ON i.id = e.item WHERE %s OR e.account = %s ORDER BY {_ORDERS.get(shows, 'e.id DESC')}",
            request.caller.staff,
            request.caller.account,
        )
        currency = _currency(tx)
    for row in rows[start : start + count]:
        cells = {name: value for name, value in row.items() if shows != "bare" or name not in ("item", "name")}
        element = elem(document, {**cells, "amount": money(row["amount"] or Decimal(0))})
        if is_page(request):
            add(element, "currency", currency)
    if shows != "uncounted":
        add(document, "p_elems", len(rows))
    return document


def _currency(tx: Tx) -> str:
    return str(tx.value("SELECT currency FROM project ORDER BY id LIMIT 1") or "")


_INLINE = {
    "status": "status = %s",
    "createdatestart": "createdate >= %s",
    "createdateend": "createdate <= %s",
}


@function("payment", CLIENT, "selling-api.md 5.1, 6")
def payment_list(panel: Panel, request: Request) -> etree._Element:
    """Payments: status 1 new, 2 in progress, 3 pledged, 4 credited, 5 pending return, 6 returned, 7 fraud.

    Accepts its filter inline: filter=on, status, createdate=other with createdatestart and createdateend.
    """
    chosen = {name: request.text(name) for name in _INLINE if request.text("filter") == "on" and request.text(name)}
    if request.text("createdate") != "other":
        chosen = {name: value for name, value in chosen.items() if name == "status"}
    where = "".join(f" AND {_INLINE[name]}" for name in chosen)
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows(
            f"SELECT id, status, amount, createdate FROM payment WHERE (%s OR account = %s){where} ORDER BY id DESC",
            request.caller.staff,
            request.caller.account,
            *chosen.values(),
        )
        currency = _currency(tx)
    for row in rows:
        element = elem(document, {**row, "amount": money(row["amount"] or Decimal(0))})
        if is_page(request):
            add(element, "currency", currency)
    add(document, "p_elems", len(rows))
    return document


@function("account.discountinfo", CLIENT, "selling-api.md 6")
def discountinfo(panel: Panel, request: Request) -> etree._Element:
    """Discounts of this client: the stand-in's provider grants none."""
    document = etree.Element("doc")
    add(document, "p_elems", 0)
    return document
