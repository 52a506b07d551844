"""The order form: what this client may really buy, and for how much (selling-api.md 3.4, 7.2)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import bill, tariffs
from sandbox.core.documents import add, fields, money, slist, text_of
from sandbox.core.errors import PanelError
from sandbox.functions.page_parts import is_page

if TYPE_CHECKING:
    from sandbox.core.bill import Bill
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Addon, Tariff


_DEPENDS = {"recipe": {"depend": "ostempl"}}


def order_form(panel: Panel, tx: Tx, request: Request, tariff: Tariff, period_field: str) -> etree._Element:
    """The form; asked with `sv_field` it comes evaluated anew, one document deeper (selling-api.md 3.4)."""
    form = _form(panel, tx, request, tariff, period_field)
    if not request.text("sv_field"):
        return form
    outer = etree.Element("doc")
    outer.append(form)
    return outer


def _form(panel: Panel, tx: Tx, request: Request, tariff: Tariff, period_field: str) -> etree._Element:
    text = request.text(period_field)
    period = int(text) if text.lstrip("-").isdecimal() and int(text) in tariff.prices else tariff.periods[0]
    labels = [(one, tariffs.period_name(one, request.lang)) for one in tariff.periods]
    document = fields(pricelist=tariff.id, pricelist_name=tariff.name, **{period_field: period})
    slist(document, period_field, labels)
    slist(document, "datacenter", tariff.datacenters)
    slist(document, "autoprolong", [("null", "off"), *labels])
    if tariff.datacenters:
        add(document, "datacenter", request.text("datacenter") or tariff.datacenters[0][0])
    _templates(tx, document, tariff)
    extra = Decimal(0)
    for addon in tariff.addons:
        value = request.text(f"addon_{addon.id}", addon.default)
        add(document, f"addon_{addon.id}", value)
        if addon.choices:
            slist(document, f"addon_{addon.id}", [(choice.id, choice.name) for choice in addon.choices])
        extra += _line(panel, _price(addon, value, period))
    cost = bill.of_order(panel, tariff, period, extra)
    currency = tx.value("SELECT currency FROM project WHERE id = %s", tariff.project)
    add(document, "orderinfo", f"<b>Total amount: {money(cost.total)} {currency}</b>")
    if request.func.startswith("v2."):
        _summaries(panel, document, cost, currency)
    _page(tx, document, request, tariff)
    return document


def _price(addon: Addon, value: str, period: int) -> Decimal:
    """A value that is not allowed costs nothing here; the order itself refuses it."""
    if not addon.is_ordered:
        return Decimal(0)
    try:
        return addon.cost(addon.check(value), period)
    except PanelError:
        return Decimal(0)


def _templates(tx: Tx, document: etree._Element, tariff: Tariff) -> None:
    """OS templates; recipes depend on them (selling-api.md 7.2)."""
    rows = tx.rows(
        "SELECT v.intname, v.name FROM itemtypeparamvalue v JOIN itemtypeparam p ON p.id = v.itemtypeparam "
        "WHERE p.itemtype = %s AND p.intname = 'ostempl' ORDER BY v.id",
        tariff.itemtype_id,
    )
    if not rows:
        return
    slist(document, "ostempl", [(row["intname"], row["name"] or row["intname"]) for row in rows])
    recipes = etree.SubElement(document, "slist", name="recipe")
    for row in rows:
        add(recipes, "val", "none", key="null", depend=row["intname"])


def _line(panel: Panel, cost: Decimal) -> Decimal:
    """Switch order_form_rounds."""
    is_rounded = panel.switches["order_form_rounds"] == "lines"
    return cost.quantize(Decimal("0.01"), ROUND_HALF_UP) if is_rounded else cost


def _sum(panel: Panel, amount: Decimal) -> str:
    """Switch order_form_rounds."""
    is_whole = panel.switches["order_form_rounds"] == "whole"
    return str(amount.quantize(Decimal(1), ROUND_HALF_UP)) if is_whole else money(amount)


def _summaries(panel: Panel, document: etree._Element, cost: Bill, currency: str) -> None:
    for name, amount, full in (
        ("pricelist_summary", cost.nodiscount, cost.nodiscount),
        ("discount_summary", cost.nodiscount - cost.total, Decimal(0)),
        ("total_summary", cost.total, cost.nodiscount),
    ):
        block = etree.SubElement(document, name)
        add(block, "label", name.partition("_")[0].capitalize())
        price = etree.SubElement(etree.SubElement(block, "cost"), "price")
        add(price, "cost", _sum(panel, amount))
        add(price, "currency", currency)
        add(price, "nodiscount", _sum(panel, full))


def _type_fields(tx: Tx, document: etree._Element, form: etree._Element, tariff: Tariff) -> None:
    """The fields that orders of this type have, and no others."""
    page = etree.SubElement(form, "page", name="order")
    allowed = str(tx.value("SELECT orderparams FROM itemtype WHERE id = %s", tariff.itemtype_id) or "").split()
    for name in allowed:
        field = etree.SubElement(page, "field", name=name)
        if document.find(f"slist[@name='{name}']") is None:
            etree.SubElement(field, "input", type="text", name=name)
        else:
            etree.SubElement(field, "select", {"name": name, **_DEPENDS.get(name, {})})


def _page(tx: Tx, document: etree._Element, request: Request, tariff: Tariff) -> None:
    """Metadata and messages of the add-ons: a select, or a slider with its limits (selling-api.md 3.4, 7.2)."""
    metadata = etree.SubElement(document, "metadata", name=request.func, type="form")
    form = etree.SubElement(metadata, "form")
    if is_page(request):
        _type_fields(tx, document, form, tariff)
    page = etree.SubElement(form, "page", name="addons")
    messages = etree.SubElement(document, "messages", name=request.func)
    for addon in tariff.addons:
        name = f"addon_{addon.id}"
        field = etree.SubElement(page, "field", name=name)
        if addon.choices:
            etree.SubElement(field, "select", name=name)
        elif addon.addontype == tariffs.INTEGER:
            limits = {
                "min": text_of(addon.least),
                "max": text_of(tariffs.UNLIMITED if addon.most is None else addon.most),
                "step": text_of(addon.step or 1),
            }
            etree.SubElement(field, "slider", {"name": name, **limits})
        else:
            etree.SubElement(field, "input", type="checkbox", name=name)
        etree.SubElement(messages, "msg", {"name": name}).text = addon.name
        etree.SubElement(messages, "msg", {"name": f"hint_{name}"}).text = f"{addon.name} of the service"
