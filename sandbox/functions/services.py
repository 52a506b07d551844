"""Services: stopping, starting and deleting, the link, the history (selling-api.md 4.3, 8.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, clock, history_texts, items, lifecycle
from sandbox.core.documents import add, done, fields
from sandbox.core.errors import PanelError, denied, missing
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions import cart_rows
from sandbox.functions.service_changes import check_remoteid

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


def _begin(panel: Panel, request: Request, operation: str, allowed: tuple[int, ...]) -> etree._Element:
    """Put each named service in process; answers `<ok/>` (selling-api.md 4.3: bodies are a free choice)."""
    if not request.elids:
        raise missing("elid")
    with panel.db.begin() as tx:
        for elid in request.elids:
            item = items.load(tx, elid, request.caller, request.itemtype)
            items.lock(tx, item.id)
            if operation == "suspend" and item.status == items.SUSPENDED and _may_suspend_again(panel, item):
                continue
            if item.status not in allowed and not (
                item.status == items.PROCESSING and panel.switches["calls_in_process"] == "taken"
            ):
                raise PanelError("value", "status", item.status)
            if operation == "suspend" and request.caller.staff:
                tx.run("UPDATE item SET employeesuspend = 'on' WHERE id = %s", item.id)
            if operation == "resume" and not request.caller.staff and (item.employeesuspend or item.abusesuspend):
                raise denied(request.func)  # a stop by staff is not the client's to undo (selling-api.md 5.2)
            if not lifecycle.start_if_served(panel, tx, item, operation, request.caller.level):
                lifecycle.finish(tx, panel, item, operation)
            billing.journal(tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid))
            billing.history(tx, request, item.id, operation, "status", {"status": operation})
    panel.queue.wake()
    return done()


def _may_suspend_again(panel: Panel, item: Item) -> bool:
    """A suspended licence answers ok (additions-2.md h.12); what other types answer is not known."""
    return item.itemtype == "soft" or panel.switches["suspend_again"] == "ok"


def _client_may(panel: Panel, request: Request) -> None:
    if not request.caller.staff and panel.switches["client_suspend"] == "denied":
        raise denied(request.func)


@function("<itemtype>.suspend", CLIENT, "selling-api.md 4.3")
def suspend(panel: Panel, request: Request) -> etree._Element:
    """Stop services."""
    _client_may(panel, request)
    return _begin(panel, request, "suspend", (items.ACTIVE,))


@function("<itemtype>.resume", CLIENT, "selling-api.md 4.3")
def resume(panel: Panel, request: Request) -> etree._Element:
    """Start stopped services again."""
    _client_may(panel, request)
    return _begin(panel, request, "resume", (items.SUSPENDED,))


@function("<itemtype>.delete", CLIENT, "selling-api.md 4.3")
def delete(panel: Panel, request: Request) -> etree._Element:
    """Close services; those never paid for go at once."""
    policy = "closes" if request.caller.staff else panel.switches["delete_does"]
    if policy == "denied":
        raise denied(request.func)
    if policy == "confirm" and panel.switches["confirm_answer"] == "error":
        raise PanelError("value", "confirm", request.elid)
    if policy in ("confirm", "nothing"):
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
        if not request.caller.staff:
            _require_old_enough(panel, tx, request, rest)
        if policy == "at_end":
            for elid in rest:
                _close_at_end(panel, tx, request, items.load(tx, elid, request.caller, request.itemtype))
            return done()
    if not rest and unpaid:
        return done()
    params = {**request.params, "elid": ", ".join(rest)}
    return _begin(panel, replace(request, params=params), "close", (items.ACTIVE, items.SUSPENDED))


def _require_old_enough(panel: Panel, tx: Tx, request: Request, elids: list[str]) -> None:
    """No deletion before the tariff's minimum order period (selling-api.md 4.3, pricelist_min_order)."""
    days = int(panel.switches.number("min_order_days"))
    for elid in elids if days else ():
        item = items.load(tx, elid, request.caller, request.itemtype)
        left = ((item.opendate or clock.today()) + timedelta(days=days) - clock.today()).days
        if left > 0:
            raise PanelError("pricelist_min_order", "", f"{days} days", {"left": f"{left} days"})


def _close_at_end(panel: Panel, tx: Tx, request: Request, item: Item) -> None:
    """Deletion policy "after the paid period": the night after it closes the service (selling-api.md 4.3)."""
    tx.run("UPDATE item SET closeatend = 'on', autoprolong = NULL WHERE id = %s", item.id)
    entry = billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail="close at the end")
    billing.journal(tx, panel.name, request, entry)
    if panel.switches["at_end_history"] == "told":
        billing.history(tx, request, item.id, "close", "closeatend")


def remove_unpaid(panel: Panel, tx: Tx, request: Request, item: Item) -> None:
    tx.run("UPDATE item SET status = %s WHERE id = %s OR parent = %s", items.DELETED, item.id, item.id)
    cart_rows.drop_of_item(tx, item.id)
    billing.journal(
        tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail="unpaid")
    )


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
            "desc": history_texts.told(row["description"] or "", request.lang),
            "user": row["user"],
            "ip": row["ip"],
        }
        for name, value in shown.items():
            add(element, name, value)
    add(document, "p_elems", len(rows))
    return document
