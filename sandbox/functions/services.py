"""Services: stopping, starting and deleting, the cart, the link, the history (selling-api.md 3.6, 4, 8.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, lifecycle
from sandbox.core.documents import add, done, fields, money
from sandbox.core.errors import PanelError, denied, missing
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.service_edit import check_remoteid

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


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
            if not lifecycle.start_if_served(panel, tx, item, operation, request.caller.level):
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
