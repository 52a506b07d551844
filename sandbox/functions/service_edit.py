"""One service: its form, and the changes a client or an employee may make to it (selling-api.md 4.2, 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import items, param_checks, quantities, tariffs
from sandbox.core.documents import Cell, add, done, fields, money, shown_date, slist
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions import cart_rows, renewal, staff_edit
from sandbox.functions.service_changes import (
    Changes,
    apply,
    charge_or_refuse,
    check_remoteid,
    new_key,
    read_changes,
)

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

__all__ = ["check_remoteid", "edit"]

_SHOWN_CRYPTED = ("password", "userpassword")
_DATES = ("createdate", "opendate", "expiredate")


@function("<itemtype>.edit", CLIENT, "selling-api.md 4.2, 5.3")
def edit(panel: Panel, request: Request) -> etree._Element:
    """Read a service, or change what the request names with `sok`."""
    if not request.sok:
        with panel.db.begin() as tx:
            item = items.load(tx, request.elid, request.caller, request.itemtype)
            return _form(panel, tx, request, item)
    param_checks.ask(panel, request)
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller, request.itemtype)
        items.lock(tx, item.id)
        answer = done(id=item.id)
        if request.text("clicked_button") == "newkey":
            add(answer, "lickey", new_key(panel, tx, request, item))
        changes = read_changes(panel, tx, request, item)
        if request.text("clicked_button") == "basket" and changes.cost > 0:
            add(answer, "billorder", _to_cart(tx, item, changes))
        else:
            charge_or_refuse(panel, tx, request, item, changes)
            apply(panel, tx, request, item, changes)
        if request.caller.staff:
            staff_edit.apply(panel, tx, request, item)
            # An employee's answer has the service as it is now, a document deeper (additions-2.md h.13).
            now = items.load(tx, request.elid, request.caller, request.itemtype)
            answer.append(_form(panel, tx, request, now))
    panel.queue.wake()
    return answer


def _params(tx: Tx, item: Item) -> dict[str, str]:
    """A licence has its key, empty for a while (selling-api.md 3.5), and webdomains (additions-2.md h.19)."""
    always = {"lickey": "", "webdomains": ""} if item.itemtype == "soft" else {}
    return {**always, **items.params(tx, item.id)}


def _form(panel: Panel, tx: Tx, request: Request, item: Item) -> etree._Element:
    document = fields(elid=item.id, id=item.id, name=item.name)
    for name, value in _params(tx, item).items():
        add(document, name, value)
    for row in tx.rows("SELECT intname, value FROM itemcryptedparam WHERE item = %s", item.id):
        if row["intname"] in _SHOWN_CRYPTED:
            add(document, row["intname"], panel.crypt.decrypt(row["value"]))
    shown: dict[str, Cell] = {
        "pricelist": item.pricelist,
        "pricelist_name": item.tariff,
        "period": item.period,
        "cost": _cost(panel, tx, item),
        **{name: shown_date(panel.switches["shown_dates"], getattr(item, name)) for name in _DATES},
        "autoprolong": "null" if item.autoprolong is None else item.autoprolong,
        "status": item.status,
        "datacenter": item.datacenter or "",
        "datacentername": item.datacentername,
    }
    if request.caller.staff:
        shown |= {"processingmodule": item.module_id, **staff_edit.shown(tx, item)}
    if panel.switches["remoteid_in_list"] == "yes":
        shown["remoteid"] = item.remoteid
    for name, cell in shown.items():
        add(document, name, cell)
    _status(panel, document, item.status, items.item_status(tx, item))
    _choices(tx, item, document, request.lang)
    for held in quantities.of(tx, item):
        add(document, held.field, held.value)
        add(document, f"{held.field}_current_value", held.value)
    return document


def _cost(panel: Panel, tx: Tx, item: Item) -> str:
    """The total of a renewal, add-ons included; what the service has cost for a period that is sold no more."""
    tariff = tariffs.load(tx, item.pricelist)
    cost = item.cost
    if tariff is not None and item.period in tariff.prices and panel.switches["form_cost"] == "renewal":
        cost = renewal.renewal_cost(panel, tx, item, tariff, item.period)
    if tariff is None or panel.switches["form_cost_shown"] == "number":
        return money(cost)
    currency = tx.value("SELECT currency FROM project WHERE id = %s", tariff.project)
    return f"{money(cost)} {currency} / {tariffs.period_name(item.period)}"


def _status(panel: Panel, document: etree._Element, status: int, key: str) -> None:
    """The composite column in the same form as in lists: switch item_status_form (selling-api.md 5.2)."""
    if panel.switches["item_status_form"] == "flat":
        add(document, "item_status", key)
        return
    composite = etree.SubElement(document, "item_status")
    add(composite, "status", status)
    add(composite, "msg", f"item_status_{key}")


def _to_cart(tx: Tx, item: Item, changes: Changes) -> int:
    """A paid change of resources is paid by the cart in the UI (selling-api.md 4.2)."""
    position = cart_rows.Position("old", item.id, "edit", changes.values, changes.cost)
    return cart_rows.put(tx, item.account, position)


def _choices(tx: Tx, item: Item, document: etree._Element, lang: str) -> None:
    tariff = tariffs.load(tx, item.pricelist)
    if tariff is None:
        return
    slist(document, "autoprolong", [("null", "off"), *((p, tariffs.period_name(p, lang)) for p in tariff.periods)])
    for addon in tariff.addons:
        if addon.choices:
            slist(document, f"addon_{addon.id}", [(choice.id, choice.name) for choice in addon.choices])
