"""A tariff as `pricelist.export` tells it, element by element (selling-api.md 7.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import tariffs
from sandbox.core.documents import add

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.tariffs import Addon, Tariff


def tariff(panel: Panel, tx: Tx, document: etree._Element, one: Tariff, lang: str) -> None:
    row = tx.row("SELECT * FROM pricelist WHERE id = %s", one.id) or {}
    currency = tx.value("SELECT currency FROM project WHERE id = %s", one.project) or ""
    element = etree.SubElement(document, "pricelist")
    for name, value in (
        ("id", one.id),
        ("name", one.name),
        ("name_ru", row["name_ru"]),
        ("description", row["description"]),
        ("description_ru", row["description"]),
        ("active", "on" if one.active else "off"),
        ("hideinorder", row["hideinorder"]),
        ("archived", row["archived"]),
        ("itemtype", one.itemtype_id),
    ):
        add(element, name, value)
    add(etree.SubElement(element, "itemtype_info"), "intname", one.itemtype)
    if one.itemtype == "addition":
        add(element, "additionintname", one.intname or one.name)  # the module sample has it (selling-api.md 7.1)
    for number, name in one.datacenters:
        centre = etree.SubElement(element, "datacenter")
        add(centre, "id", number)
        add(centre, "name", name)
    _setup(panel, _prices(element, one.prices, currency, lang), one)
    for addon in one.addons:
        _addon(tx, element, addon, currency, lang)
    _order_params(tx, element, one)
    add(element, "max_multiple_order_count", one.most_at_once)


def _setup(panel: Panel, block: etree._Element, one: Tariff) -> None:
    """Switch export_setup: where the setup fee is told, if anywhere (additions-2.md i.3)."""
    if one.setup is None or panel.switches["export_setup"] == "nowhere":
        return
    if panel.switches["export_setup"] == "attribute":
        block.set("setup", f"{one.setup:.4f}")
    else:
        add(block, "period", "setup", cost=f"{one.setup:.4f}", type="setup", length="0")


def _prices(parent: etree._Element, prices: dict[int, Decimal], currency: str, lang: str) -> etree._Element:
    block = etree.SubElement(parent, "price", currency=currency)
    for period, cost in prices.items():
        label = tariffs.period_name(period, lang)
        add(block, "period", label, cost=f"{cost:.4f}", type="month", length=str(period))
    return block


def _order_params(tx: Tx, parent: etree._Element, one: Tariff) -> None:
    """Parameters with choices, such as the OS templates of this type."""
    for param in tx.rows("SELECT id, intname FROM itemtypeparam WHERE itemtype = %s ORDER BY id", one.itemtype_id):
        element = etree.SubElement(parent, "itemtypeparam")
        add(element, "id", param["id"])
        add(element, "intname", param["intname"])
        for value in tx.rows(
            "SELECT intname FROM itemtypeparamvalue WHERE itemtypeparam = %s ORDER BY id", param["id"]
        ):
            add(etree.SubElement(element, "itemtypeparamvalue"), "intname", value["intname"])


def _addon(tx: Tx, parent: etree._Element, addon: Addon, currency: str, lang: str) -> None:
    element = etree.SubElement(parent, "addon")
    for name, value in (
        ("id", addon.id),
        ("name", addon.name),
        ("intname", addon.intname),
        ("addontype", addon.addontype),
        ("billtype", addon.billtype),
        ("addonlimit", addon.included),
        ("addonmin", addon.least),
        ("addonmax", tariffs.UNLIMITED if addon.most is None else addon.most),
    ):
        add(element, name, value)
    _measure(tx, element, addon)
    add(etree.SubElement(element, "addon_itemtype_info"), "intname", addon.intname)
    if not addon.choices:
        _prices(element, addon.prices, currency, lang)
        return
    add(element, "enumeration", addon.enumeration)  # twice: the id, then the object (selling-api.md 7.1)
    block = etree.SubElement(element, "enumeration")
    add(block, "id", addon.enumeration)
    for choice in addon.choices:
        one = etree.SubElement(block, "enumerationitem")
        add(one, "id", choice.id)
        add(one, "intname", choice.intname)
        add(one, "name", choice.name)
        _prices(one, choice.prices, currency, lang)


def _measure(tx: Tx, element: etree._Element, addon: Addon) -> None:
    """Twice as well: the id, then the object."""
    row = tx.row("SELECT m.id, m.intname FROM pricelist p JOIN measure m ON m.id = p.measure WHERE p.id = %s", addon.id)
    if row is None:
        return
    add(element, "measure", row["id"])
    block = etree.SubElement(element, "measure")
    add(block, "id", row["id"])
    add(block, "name", row["intname"])
