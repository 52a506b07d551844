"""The steps before an order: the list of tariffs, and from it to the order's form (selling-api.md 3.4, 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import tariffs
from sandbox.core.documents import add, money, slist
from sandbox.core.errors import missing
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.order_fields import read_tariff
from sandbox.functions.order_form import order_form
from sandbox.functions.page_parts import is_page

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Tariff

_SEEN = "wizard:{}"


@function("<itemtype>.order", CLIENT, "selling-api.md 3.4, 7.2")
def order(panel: Panel, request: Request) -> etree._Element:
    """First step: the tariffs on offer."""
    with panel.db.begin() as tx:
        key = {"owner": _SEEN.format(request.caller.name), "itemtype": request.itemtype}
        tx.put("listfilter", key, fields="seen")
    return _offer(panel, request)


@function("<itemtype>.order.pricelist", CLIENT, "selling-api.md 3.4, 7.2")
def order_pricelist(panel: Panel, request: Request) -> etree._Element:
    """Second step: a tariff is chosen, snext=ok and sok=ok lead to the order's form; without one: the tariffs."""
    if request.sok or ((request.text("sv_field") or is_page(request)) and request.text("pricelist")):
        with panel.db.begin() as tx:
            return order_form(panel, tx, request, read_tariff(tx, request), "period")
    if panel.switches["pricelist_step"] == "after_order":
        with panel.db.begin() as tx:
            whose = _SEEN.format(request.caller.name)
            sql = "SELECT fields FROM listfilter WHERE owner = %s AND itemtype = %s"
            if tx.value(sql, whose, request.itemtype) is None:
                return etree.Element("doc")
    return _offer(panel, request)


@function("v2.<itemtype>.order.pricelist", CLIENT, "selling-api.md 7.2")
def order_pricelist_v2(panel: Panel, request: Request) -> etree._Element:
    """The new order's list of tariffs, with the prices of all periods."""
    if panel.switches["order_api"] == "old":
        raise missing("func", request.func)
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        offered = _offered(tx, request)
        slist(document, "datacenter", sorted({centre for one in offered for centre in one.datacenters}))
        currency = tx.value("SELECT currency FROM project ORDER BY id LIMIT 1")
    block = etree.SubElement(document, "list", name="pricelist")
    for tariff in offered:
        row = etree.SubElement(block, "elem")
        add(row, "id", tariff.id)
        add(row, "title", tariff.name)
        add(row, "description", tariff.name)
        prices = etree.SubElement(row, "prices")
        for period, cost in tariff.prices.items():
            price = etree.SubElement(prices, "price")
            add(price, "period", period)
            add(price, "cost", money(cost))
            add(price, "currency", currency)
        for addon in tariff.addons:
            detail = etree.SubElement(row, "detail")
            add(detail, "name", addon.name)
            add(detail, "value", addon.default)
        add(etree.SubElement(row, "flabel"), "tag", tariff.itemtype)
    return document


def _offered(tx: Tx, request: Request) -> list[Tariff]:
    """Active tariffs that are neither hidden nor archived, for the data centre and period asked for."""
    rows = tx.rows(
        "SELECT p.id FROM pricelist p JOIN itemtype t ON t.id = p.itemtype WHERE t.intname = %s AND p.parent IS NULL "
        "AND p.active = 'on' AND p.hideinorder = 'off' AND p.archived = 'off' ORDER BY p.id",
        request.itemtype,
    )
    found = [tariff for row in rows if (tariff := tariffs.load(tx, row["id"])) is not None and tariff.prices]
    centre, period = request.text("datacenter"), request.text("period")
    return [
        one
        for one in found
        if (not centre or centre in {str(number) for number, _ in one.datacenters})
        and (not period or period in {str(length) for length in one.prices})
    ]


def _offer(panel: Panel, request: Request) -> etree._Element:
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        offered = _offered(tx, request)
        currency = tx.value("SELECT currency FROM project ORDER BY id LIMIT 1")
    slist(document, "datacenter", sorted({centre for one in offered for centre in one.datacenters}))
    periods = sorted({period for one in offered for period in one.prices})
    slist(document, "period", [(one, tariffs.period_name(one, request.lang)) for one in periods])
    tags = etree.SubElement(document, "flist", name="filter")
    add(tags, "val", request.itemtype, key=request.itemtype)
    block = etree.SubElement(document, "list", name="tariflist")
    for tariff in offered:
        row = etree.SubElement(block, "elem")
        add(row, "pricelist", tariff.id)
        add(row, "desc", tariff.name)
        first = tariff.periods[0]
        cost = money(tariff.prices[int(request.text("period")) if request.text("period") else first])
        add(row, "price", f"<b>{cost} {currency}</b>")  # HTML, the figure to pay last (selling-api.md 7.2)
    return document
