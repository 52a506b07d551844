"""Services: lists of a type, reading and writing one, stopping, starting and deleting (selling-api.md 4, 5)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import billing, items, lifecycle, tariffs
from sandbox.core.documents import Cell, add, done, fields, money, number, slist
from sandbox.core.errors import PanelError, bad_value, denied, missing
from sandbox.core.modules import AUTO, BUILT_IN
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.orders import LONGEST_REMOTEID, OFF, check_ip

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
        "item_status": item_status(tx, item),
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
        start_if_served(panel, tx, item, "setparam")
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


def start_if_served(panel: Panel, tx: Tx, item: Item, operation: str) -> bool:
    """An operation for a module that declares it; otherwise there is nothing to run (platform.md 5.2, features)."""
    if not item.module or (item.module not in BUILT_IN and not panel.modules.has(item.module, operation)):
        return False
    delay = panel.switches.number("provision_seconds") if item.module == AUTO else 0
    lifecycle.begin(tx, panel, item, operation, delay)
    return True


def _new_key(panel: Panel, tx: Tx, request: Request, item: Item) -> str:
    """`clicked_button=newkey` answers the new licence key (selling-api.md 4.2)."""
    import secrets

    key = f"{item.id:08d}-{secrets.token_hex(8).upper()}"
    items.save_param(tx, item.id, "lickey", key)
    billing.journal(
        tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail="newkey")
    )
    return key


def item_status(tx: Tx, item: Item) -> str:
    """Sub-status keys such as 5_open or 3_employeesuspend (selling-api.md 5.2)."""
    if item.status == items.PROCESSING:
        operation = tx.value("SELECT intname FROM runningoperation WHERE item = %s ORDER BY id LIMIT 1", item.id)
        return f"5_{operation}" if operation else "5"
    return f"{item.status}{suspend_reason(item)}"


def suspend_reason(item: Item) -> str:
    if item.status == items.SUSPENDED:
        for name in ("abusesuspend", "employeesuspend", "autosuspend"):
            if getattr(item, name):
                return f"_{name}"
    return ""


def _start(panel: Panel, request: Request, operation: str, allowed: tuple[int, ...]) -> etree._Element:
    """Put each named service in process; answers `<ok/>` (selling-api.md 4.3: bodies are a free choice)."""
    if not request.elids:
        raise missing("elid")
    with panel.db.begin() as tx:
        for elid in request.elids:
            item = items.load(tx, elid, request.caller, request.itemtype)
            items.lock(tx, item.id)
            if item.status not in allowed:
                raise PanelError("value", "status", item.status)
            if operation == "suspend" and request.caller.staff:
                tx.run("UPDATE item SET employeesuspend = 'on' WHERE id = %s", item.id)
            if operation == "resume" and not request.caller.staff and (item.employeesuspend or item.abusesuspend):
                raise denied(request.func)  # a stop by staff is not the client's to undo (selling-api.md 5.2)
            if not start_if_served(panel, tx, item, operation):
                lifecycle.finish(tx, panel, item, operation)
            billing.journal(tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid))
            billing.history(tx, request, item.id, operation, f"The service status has been changed: {operation}")
    panel.queue.wake()
    return done()


def _client_may(panel: Panel, request: Request) -> None:
    if not request.caller.staff and panel.switches["client_suspend"] == "denied":
        raise denied(request.func)


@function("<itemtype>.suspend", CLIENT, "selling-api.md 4.3")
def suspend(panel: Panel, request: Request) -> etree._Element:
    """Stop services."""
    _client_may(panel, request)
    return _start(panel, request, "suspend", (items.ACTIVE,))


@function("<itemtype>.resume", CLIENT, "selling-api.md 4.3")
def resume(panel: Panel, request: Request) -> etree._Element:
    """Start stopped services again."""
    _client_may(panel, request)
    return _start(panel, request, "resume", (items.SUSPENDED,))


@function("<itemtype>.delete", CLIENT, "selling-api.md 4.3")
def delete(panel: Panel, request: Request) -> etree._Element:
    """Close services; those never paid for go at once."""
    policy = panel.switches["delete_does"]
    if not request.caller.staff and policy == "denied":
        raise denied(request.func)
    if not request.caller.staff and policy == "nothing":
        with panel.db.begin() as tx:
            for elid in request.elids:
                items.load(tx, elid, request.caller, request.itemtype)
        return done()
    with panel.db.begin() as tx:
        unpaid = [
            elid
            for elid in request.elids
            if items.load(tx, elid, request.caller, request.itemtype).status == items.ORDERED
        ]
        for elid in unpaid:
            remove_unpaid(panel, tx, request, items.load(tx, elid, request.caller, request.itemtype))
    rest = [elid for elid in request.elids if elid not in unpaid]
    if not rest and unpaid:
        return done()
    from dataclasses import replace

    params = {**request.params, "elid": ", ".join(rest)}
    return _start(panel, replace(request, params=params), "close", (items.ACTIVE, items.SUSPENDED))


def remove_unpaid(panel: Panel, tx: Tx, request: Request, item: Item) -> None:
    tx.run("UPDATE item SET status = %s WHERE id = %s OR parent = %s", items.DELETED, item.id, item.id)
    billing.journal(
        tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail="unpaid")
    )


@function("basket", CLIENT, "selling-api.md 3.6")
def basket(panel: Panel, request: Request) -> etree._Element:
    """The old cart: its services in status 1; `clicked_button=delete id=` removes one, `clearbasket` all."""
    button = request.text("clicked_button")
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT id FROM item WHERE account = %s AND parent IS NULL AND status = %s ORDER BY id",
            request.caller.account,
            items.ORDERED,
        )
        there = [items.load(tx, row["id"], request.caller) for row in rows]
        if button in ("delete", "clearbasket"):
            chosen = [item for item in there if button == "clearbasket" or str(item.id) == request.text("id")]
            if button == "delete" and not chosen:
                raise missing("id", request.text("id"))  # a position already gone (selling-api.md 2)
            for item in chosen:
                remove_unpaid(panel, tx, request, item)
            return done()
    document = fields(billorder=there[0].id if there else "")
    block = etree.SubElement(document, "list", name="itemlist")
    for item in there:
        row = etree.SubElement(block, "elem")
        for name, value in (("item.id", item.id), ("item.type", item.itemtype), ("item.period", item.period)):
            add(row, name, value)
        add(row, "cost", money(item.cost))
    return document


@function("item.setremoteid", CLIENT, "reselling.md 5.1")
def setremoteid(panel: Panel, request: Request) -> etree._Element:
    """Set `remoteid` of a service: elid is the service here, value its id at the reselling side."""
    if not request.sok:
        return fields(elid=request.elid)
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        items.lock(tx, item.id)
        value = request.text("value")
        check_remoteid(panel, tx, item, value)
        tx.run("UPDATE item SET remoteid = %s WHERE id = %s", value or None, item.id)
        billing.journal(
            tx,
            panel.name,
            request,
            billing.Entry(item.account, item.id, item.itemtype, value, detail=f"was {item.remoteid}"),
        )
    return done(id=item.id)


@function("service.history", CLIENT, "selling-api.md 8.2")
def service_history(panel: Panel, request: Request) -> etree._Element:
    """What happened to a service, newest first."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        rows = tx.rows("SELECT * FROM history_item WHERE reference = %s ORDER BY id DESC", item.id)
    for row in rows:
        element = etree.SubElement(document, "elem")
        shown = {
            "id": row["id"],
            "changedate": row["changedate"],
            "desc": row["description"],
            "user": row["user"],
            "ip": row["ip"],
        }
        for name, value in shown.items():
            add(element, name, value)
    add(document, "p_elems", len(rows))
    return document
