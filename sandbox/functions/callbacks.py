"""What a processing module calls back (platform.md 5.2, "Call-backs met"). All for employees and the panel itself."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import items, lifecycle, placement
from sandbox.core.documents import done
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.modules import POSTED
from sandbox.core.registry import function
from sandbox.core.request import ADMIN

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

RESERVED = frozenset(
    [
        "func",
        "elid",
        "plid",
        "out",
        "lang",
        "theme",
        "auth",
        "authinfo",
        "su",
        "sok",
        "sv_field",
        "clicked_button",
        "elname",
        "crypted",
        "name",
        "value",
    ]
)
"""Parameters that are not the name of a service's parameter (platform.md 1.1)."""


def _item(tx: Tx, request: Request) -> Item:
    item = items.load(tx, request.elid, request.caller)
    items.lock(tx, item.id)
    return item


def _finish(panel: Panel, request: Request, operation: str) -> etree._Element:
    facts = {name: request.text(name) for name in lifecycle.FACTS if request.text(name)}
    with panel.db.begin() as tx:
        item = _item(tx, request)
        if request.itemtype and item.itemtype != request.itemtype:
            raise missing("elid", request.elid)
        if operation == "open" and lifecycle.has_operation(tx, item.id, "transfer"):
            operation = "transfer"  # ends as open does (platform.md 5.2, commands)
        lifecycle.finish(tx, panel, item, operation, facts)
        if request.text("service_status"):
            _set_service_status(tx, item, request.text("service_status"))
    panel.queue.wake()
    return done()


@function("<itemtype>.open", ADMIN, "platform.md 5.2")
def type_open(panel: Panel, request: Request) -> etree._Element:
    """The service is open: status 2, facts stored, date set, the open operation and its task gone. Any other parameter
    is stored as one of the service (additions-2.md d.6)."""
    answer = _finish(panel, request, "open")
    own = (*RESERVED, *lifecycle.FACTS, "service_status", "func", "sok")
    more = {name: value for name, value in request.params.items() if name not in own}
    with panel.db.begin() as tx:
        for name, value in more.items():
            items.save_param(tx, int(request.elid), name, value)
    return answer


@function("service.postopen", ADMIN, "platform.md 5.2")
def service_postopen(panel: Panel, request: Request) -> etree._Element:
    """As <itemtype>.open, for any type."""
    return _finish(panel, request, "open")


def _register_post(operation: str, name: str = "") -> None:
    def run(panel: Panel, request: Request) -> etree._Element:
        return _finish(panel, request, operation)

    run.__doc__ = f"The operation {operation} has been done."
    function(f"service.post{name or operation}", ADMIN, "platform.md 5.2")(run)


for _operation in POSTED:
    _register_post(_operation)
_register_post("update_ns", "updatens")


@function("service.postopeninterrupt", ADMIN, "platform.md 5.2")
def service_postopeninterrupt(panel: Panel, request: Request) -> etree._Element:
    """The opening was broken off: its operation and task are gone; the status is switch openinterrupt_leaves."""
    with panel.db.begin() as tx:
        item = _item(tx, request)
        for operation in ("open", "transfer"):
            lifecycle.drop_operations(tx, item.id, operation)
        if panel.switches["openinterrupt_leaves"] == "ordered":
            tx.run("UPDATE item SET status = %s WHERE id = %s", items.ORDERED, item.id)
    return done()


@function("service.saveparam", ADMIN, "platform.md 5.2")
def service_saveparam(panel: Panel, request: Request) -> etree._Element:
    """Store parameters of a service: `name= value=` or `<param>=<value>`, with `crypted=on` as secrets."""
    if "name" in request.params:
        values = {request.text("name"): request.text("value")}
    else:
        values = {name: value for name, value in request.params.items() if name not in RESERVED}
    if not values or "" in values:
        raise bad_value("name")
    with panel.db.begin() as tx:
        item = _item(tx, request)
        for name, value in values.items():
            if request.text("crypted") == "on":
                items.save_crypted(tx, item.id, name, panel.crypt.encrypt(name, value))
            else:
                items.save_param(tx, item.id, name, value)
    return done()


@function("service.dropparam", ADMIN, "platform.md 5.2")
def service_dropparam(panel: Panel, request: Request) -> etree._Element:
    """Forget a parameter of a service."""
    with panel.db.begin() as tx:
        item = _item(tx, request)
        for table in ("itemparam", "itemcryptedparam"):
            tx.run(f"DELETE FROM {table} WHERE item = %s AND intname = %s", item.id, request.text("name"))
    return done()


def _set_service_status(tx: Tx, item: Item, text: str) -> None:
    if not text.isdecimal():
        raise bad_value("service_status", text)
    tx.run("UPDATE item SET service_status = %s WHERE id = %s", int(text), item.id)


@function("service.setstatus", ADMIN, "platform.md 5.2")
def service_setstatus(panel: Panel, request: Request) -> etree._Element:
    """Store the status of the service at its provider (`service_status`)."""
    with panel.db.begin() as tx:
        _set_service_status(tx, _item(tx, request), request.text("service_status"))
    return done()


@function("service.setexpiredate", ADMIN, "platform.md 5.2")
def service_setexpiredate(panel: Panel, request: Request) -> etree._Element:
    """Set the end of the paid period, YYYY-MM-DD."""
    try:
        expires = date.fromisoformat(request.text("expiredate"))
    except ValueError as error:
        raise bad_value("expiredate", request.text("expiredate")) from error
    with panel.db.begin() as tx:
        item = _item(tx, request)
        tx.run("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", expires, item.id, item.id)
    return done()


@function("service.getnextmodule", ADMIN, "platform.md 5.2")
def service_getnextmodule(panel: Panel, request: Request) -> etree._Element:
    """Give the service to the next module of its tariff; `no_suitable_module` when there is none."""
    with panel.db.begin() as tx:
        item = _item(tx, request)
    known = [number for number, _ in placement.candidates(panel, item)]
    place = known.index(item.module_id) + 1 if item.module_id in known else 0
    found = placement.choose(panel, item, known[:place])
    if found is None:
        raise PanelError("no_suitable_module", "item", item.id)
    with panel.db.begin() as tx:
        tx.run("UPDATE item SET processingmodule = %s WHERE id = %s", found, item.id)
        tx.run("UPDATE runningoperation SET placed = 'on' WHERE item = %s", item.id)
    return done(processingmodule=found)
