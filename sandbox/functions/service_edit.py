"""One service: its form, and the changes a client or an employee may make to it (selling-api.md 4.2, 5.3)."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import billing, items, lifecycle, tariffs
from sandbox.core.documents import Cell, add, done, fields, money, number, slist
from sandbox.core.errors import PanelError, bad_value, denied
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.order_fields import LONGEST_REMOTEID, OFF, check_ip

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_SHOWN_CRYPTED = ("password", "userpassword")


_EDITABLE = ("domain", "ip", "licname")


@function("<itemtype>.edit", CLIENT, "selling-api.md 4.2, 5.3")
def edit(panel: Panel, request: Request) -> etree._Element:
    """Read a service, or change what the request names with `sok`."""
    if not request.sok:
        with panel.db.begin() as tx:
            item = items.load(tx, request.elid, request.caller, request.itemtype)
            return _form(panel, tx, item)
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller, request.itemtype)
        items.lock(tx, item.id)
        answer = done(id=item.id)
        if request.text("clicked_button") == "newkey":
            add(answer, "lickey", _new_key(panel, tx, request, item))
        changes = _changes(panel, tx, request, item)
        _apply(panel, tx, request, item, changes)
    panel.queue.wake()
    return answer


def _form(panel: Panel, tx: Tx, item: Item) -> etree._Element:
    document = fields(elid=item.id, id=item.id, name=item.name)
    params = items.params(tx, item.id)
    for name, value in params.items():
        add(document, name, value)
    if item.itemtype == "soft" and "lickey" not in params:
        add(document, "lickey")  # there, and empty for a while (selling-api.md 3.5)
    for row in tx.rows("SELECT intname, value FROM itemcryptedparam WHERE item = %s", item.id):
        if row["intname"] in _SHOWN_CRYPTED:
            add(document, row["intname"], panel.crypt.decrypt(row["value"]))
    shown: dict[str, Cell] = {
        "pricelist": item.pricelist,
        "pricelist_name": item.tariff,
        "period": item.period,
        "cost": money(item.cost),
        "createdate": item.createdate,
        "opendate": item.opendate,
        "expiredate": item.expiredate,
        "autoprolong": "null" if item.autoprolong is None else item.autoprolong,
        "status": item.status,
        "item_status": items.item_status(tx, item),
        "datacenter": item.datacenter or "",
        "datacentername": item.datacentername,
    }
    if panel.switches["remoteid_in_list"] == "yes":
        shown["remoteid"] = item.remoteid
    for name, cell in shown.items():
        add(document, name, cell)
    _choices(tx, item, document)
    for row in addon_rows(tx, item.id):
        add(document, f"addon_{row['pricelist']}", addon_value(row))
    return document


def _choices(tx: Tx, item: Item, document: etree._Element) -> None:
    tariff = tariffs.load(tx, item.pricelist)
    if tariff is None:
        return
    slist(document, "autoprolong", [("null", "off"), *((p, tariffs.period_name(p)) for p in tariff.periods)])
    for addon in tariff.addons:
        if addon.choices:
            slist(document, f"addon_{addon.id}", [(choice.id, choice.name) for choice in addon.choices])


def addon_rows(tx: Tx, item: int) -> list[dict[str, Any]]:
    return tx.rows(
        "SELECT id, pricelist, intvalue, boolvalue, enumerationitem FROM item WHERE parent = %s ORDER BY id", item
    )


def addon_value(row: dict[str, Any]) -> str:
    if row["enumerationitem"] is not None:
        return str(row["enumerationitem"])
    return row["boolvalue"] if row["boolvalue"] is not None else number(row["intvalue"])


def _changes(panel: Panel, tx: Tx, request: Request, item: Item) -> dict[str, str]:
    """Fields of the request that differ from what is stored, checked."""
    known = items.params(tx, item.id)
    changes = {
        name: request.text(name)
        for name in _EDITABLE
        if name in request.params and request.text(name) != known.get(name, "")
    }
    if "ip" in changes:
        check_ip(changes["ip"])
    if "remoteid" in request.params and request.text("remoteid") != item.remoteid:
        if not request.caller.staff and panel.switches["remoteid_edit"] == "denied":
            raise denied(request.func)
        changes["remoteid"] = request.text("remoteid")
        check_remoteid(panel, tx, item, changes["remoteid"])
    if "autoprolong" in request.params:
        wanted = request.text("autoprolong")
        wanted = "" if wanted in OFF else str(item.period) if wanted == "on" else wanted
        if wanted != ("" if item.autoprolong is None else str(item.autoprolong)):
            tariff = tariffs.load(tx, item.pricelist)
            if wanted and (tariff is None or not wanted.isdigit() or int(wanted) not in tariff.prices):
                raise bad_value("autoprolong", request.text("autoprolong"))
            changes["autoprolong"] = wanted
    changes.update(_addon_changes(tx, request, item))
    return changes


def _addon_changes(tx: Tx, request: Request, item: Item) -> dict[str, str]:
    tariff = tariffs.load(tx, item.pricelist)
    by_id = {addon.id: addon for addon in tariff.addons} if tariff is not None else {}
    changes = {}
    for row in addon_rows(tx, item.id):
        name = f"addon_{row['pricelist']}"
        if name in request.params and request.text(name) != addon_value(row):
            if row["pricelist"] not in by_id:
                raise bad_value(name, request.text(name))
            changes[name] = by_id[row["pricelist"]].check(request.text(name))
    return changes


def check_remoteid(panel: Panel, tx: Tx, item: Item, remoteid: str) -> None:
    if len(remoteid) > LONGEST_REMOTEID:
        raise bad_value("remoteid", remoteid)
    if panel.switches["remoteid_unique"] == "on" and remoteid:
        other = tx.value(
            "SELECT id FROM item WHERE remoteid = %s AND account = %s AND id <> %s AND status <> %s",
            remoteid,
            item.account,
            item.id,
            items.DELETED,
        )
        if other is not None:
            raise PanelError("exists", "remoteid", remoteid)


def _apply(panel: Panel, tx: Tx, request: Request, item: Item, changes: dict[str, str]) -> None:
    if not changes:
        return
    addons = {name: value for name, value in changes.items() if name.startswith("addon_")}
    if addons and tx.value("SELECT id FROM runningoperation WHERE item = %s LIMIT 1", item.id) is not None:
        raise PanelError("unsupported", "addon", item.id)
    for name, value in changes.items():
        if name in _EDITABLE:
            items.save_param(tx, item.id, name, value)
            if name in ("domain", "licname"):
                tx.run("UPDATE item SET name = %s WHERE id = %s", value, item.id)
        elif name == "remoteid":
            tx.run("UPDATE item SET remoteid = %s WHERE id = %s", value or None, item.id)
        elif name == "autoprolong":
            tx.run("UPDATE item SET autoprolong = %s WHERE id = %s", int(value) if value else None, item.id)
    _apply_addons(tx, item, addons)
    if item.status == items.ACTIVE and (addons or set(changes) & set(_EDITABLE)):
        lifecycle.start_if_served(panel, tx, item, "setparam", request.caller.level)
    entry = billing.Entry(
        item.account,
        item.id,
        item.itemtype,
        changes.get("remoteid", item.remoteid),
        detail=" ".join(f"{name}={value}" for name, value in changes.items()),
    )
    billing.journal(tx, panel.name, request, entry)
    billing.history(tx, request, item.id, "edit", f"The parameter {', '.join(changes)} has been changed")


def _apply_addons(tx: Tx, item: Item, addons: dict[str, str]) -> None:
    for row in addon_rows(tx, item.id):
        value = addons.get(f"addon_{row['pricelist']}")
        if value is None:
            continue
        column = "enumerationitem" if row["enumerationitem"] is not None else "boolvalue"
        column = "intvalue" if row["intvalue"] is not None else column
        stored = Decimal(value) if column == "intvalue" else value
        tx.run(f"UPDATE item SET {column} = %s WHERE id = %s", stored, row["id"])


def _new_key(panel: Panel, tx: Tx, request: Request, item: Item) -> str:
    """`clicked_button=newkey` answers the new licence key (selling-api.md 4.2)."""
    key = f"{item.id:08d}-{secrets.token_hex(8).upper()}"
    items.save_param(tx, item.id, "lickey", key)
    billing.journal(
        tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail="newkey")
    )
    return key
