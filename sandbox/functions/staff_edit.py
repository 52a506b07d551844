"""What an employee sees and sets in a service's form beside what a client does (additions-2.md c.1, h.13)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sandbox.core import billing
from sandbox.core.documents import Cell, text_of
from sandbox.core.errors import bad_value, missing
from sandbox.functions.profiles import CONTACTS

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_STATUSES = ("1", "2", "3", "4", "5")
_CONTACT = "service_profile_{}"


def shown(tx: Tx, item: Item) -> dict[str, Cell]:
    """The client, the status at the provider, and the contacts as `service_profile_<type>`."""
    sql = "SELECT type, service_profile FROM service_profile2item WHERE item = %s"
    contacts = {_CONTACT.format(row["type"]): row["service_profile"] for row in tx.rows(sql, item.id)}
    return {"account": item.account, "service_status": item.service_status, **contacts}


def apply(panel: Panel, tx: Tx, request: Request, item: Item) -> None:
    """Set status, expiredate, service_status and service_profile_<type>, past all operations."""
    changes: dict[str, object] = {}
    if request.text("status", str(item.status)) != str(item.status):
        if request.text("status") not in _STATUSES:
            raise bad_value("status", request.text("status"))
        changes["status"] = int(request.text("status"))
    if request.text("expiredate") and request.text("expiredate") != text_of(item.expiredate):
        changes["expiredate"] = _day(request.text("expiredate"))
    if request.text("service_status"):
        if not request.text("service_status").isdecimal():
            raise bad_value("service_status", request.text("service_status"))
        changes["service_status"] = int(request.text("service_status"))
    if changes:
        tx.update("item", {"id": item.id}, **changes)
        detail = " ".join(f"{name}={value}" for name, value in changes.items())
        entry = billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail=detail)
        billing.journal(tx, panel.name, request, entry)
    for kind in CONTACTS:
        number = request.text(_CONTACT.format(kind))
        if number:
            if not number.isdecimal() or tx.value("SELECT id FROM service_profile WHERE id = %s", int(number)) is None:
                raise missing(_CONTACT.format(kind), number)
            tx.put("service_profile2item", {"item": item.id, "type": kind}, service_profile=int(number))


def _day(text: str) -> date:
    """A date as the form shows it, by itself or with a time."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise bad_value("expiredate", text) from error
