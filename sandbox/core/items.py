"""Rows of the table item, with what belongs to them, and the rules who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.core.errors import missing

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.request import Caller

ORDERED, ACTIVE, SUSPENDED, DELETED, PROCESSING = 1, 2, 3, 4, 5
"""Item status (platform.md 6.2, selling-api.md 5.2)."""


@dataclass(frozen=True)
class Item:
    id: int
    name: str
    account: int
    client: str
    pricelist: int
    tariff: str
    itemtype: str
    module_id: int
    module: str
    module_name: str
    remoteid: str
    period: int
    status: int
    cost: Decimal
    expiredate: date | None
    opendate: date | None
    createdate: date | None
    autoprolong: int | None
    datacenter: int
    datacentername: str
    project: str
    employeesuspend: bool
    abusesuspend: bool
    autosuspend: bool
    service_status: int | None


_STATUS_NAMES = {
    "en": {
        "1": "Ordered",
        "2": "Active",
        "3": "Suspended",
        "3_employeesuspend": "Suspended by administrator",
        "3_abusesuspend": "Suspended for abuse",
        "3_autosuspend": "Suspended automatically",
        "4": "Deleted",
        "5": "In progress",
    },
    "ru": {
        "1": "Заказан",
        "2": "Активен",
        "3": "Остановлен",
        "3_employeesuspend": "Остановлен администратором",
        "3_abusesuspend": "Остановлен за нарушение",
        "3_autosuspend": "Остановлен автоматически",
        "4": "Удалён",
        "5": "Обрабатывается",
    },
}


STATUSES = (1, 2, 3, 4, 5)
"""item.status, as far as anybody sees it (platform.md 6.2)."""


def status_name(key: str, lang: str) -> str:
    """What a list shows people for a status key such as 2 or 5_open (selling-api.md 5.2, UI names)."""
    names = _STATUS_NAMES.get(lang, _STATUS_NAMES["en"])
    if key in names:
        return names[key]
    head, _, detail = key.partition("_")
    return f"{names.get(head, head)} ({detail})" if detail else names.get(head, head)


def decimal(text: str) -> Decimal:
    """An amount as the database prints it."""
    return Decimal(text)


COLUMNS = """i.id, i.name, i.account, a.name AS client, i.pricelist, p.name AS tariff, t.intname AS itemtype,
    i.processingmodule, m.module, m.name AS module_name, i.remoteid, i.period, i.status, i.cost, i.expiredate,
    i.opendate, i.createdate, i.autoprolong, i.datacenter, d.name AS datacentername, j.name AS project,
    i.employeesuspend, i.abusesuspend, i.autosuspend, i.service_status"""
TABLES = """item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype
    LEFT JOIN processingmodule m ON m.id = i.processingmodule LEFT JOIN account a ON a.id = i.account
    LEFT JOIN datacenter d ON d.id = i.datacenter LEFT JOIN project j ON j.id = p.project"""


def from_row(row: dict[str, Any]) -> Item:
    return Item(
        row["id"],
        row["name"] or "",
        row["account"],
        row["client"] or "",
        row["pricelist"],
        row["tariff"],
        row["itemtype"],
        row["processingmodule"] or 0,
        row["module"] or "",
        row["module_name"] or "",
        row["remoteid"] or "",
        row["period"],
        row["status"],
        row["cost"],
        row["expiredate"],
        row["opendate"],
        row["createdate"],
        row["autoprolong"],
        row["datacenter"] or 0,
        row["datacentername"] or "",
        row["project"] or "",
        row["employeesuspend"] == "on",
        row["abusesuspend"] == "on",
        row["autosuspend"] == "on",
        row["service_status"],
    )


def find(tx: Tx, elid: object) -> Item | None:
    if not str(elid).isdecimal():
        return None
    row = tx.row(f"SELECT {COLUMNS} FROM {TABLES} WHERE i.id = %s AND i.parent IS NULL", int(str(elid)))
    return None if row is None else from_row(row)


def load(tx: Tx, elid: object, caller: Caller, itemtype: str = "") -> Item:
    """The service as this caller may see it: a client neither others' services nor deleted ones.

    Raises `missed` for all other cases alike, so that ids of others cannot be probed.
    """
    item = find(tx, elid)
    if item is None or (itemtype and item.itemtype != itemtype):
        raise missing("elid", elid)
    if not caller.staff and (item.account != caller.account or item.status == DELETED):
        raise missing("elid", elid)
    return item


def lock(tx: Tx, item: int) -> None:
    """One change of a service at a time: the row is held until the transaction ends."""
    tx.row("SELECT id FROM item WHERE id = %s FOR UPDATE", item)


def params(tx: Tx, item: int) -> dict[str, str]:
    rows = tx.rows("SELECT intname, value FROM itemparam WHERE item = %s ORDER BY id", item)
    return {row["intname"]: row["value"] or "" for row in rows}


def save_param(tx: Tx, item: int, name: str, value: str) -> None:
    tx.put("itemparam", {"item": item, "intname": name}, value=value)


def save_crypted(tx: Tx, item: int, name: str, encrypted: str) -> None:
    tx.put("itemcryptedparam", {"item": item, "intname": name}, value=encrypted)


def item_status(tx: Tx, item: Item) -> str:
    """Sub-status keys such as 5_open, 2_reboot or 3_employeesuspend (selling-api.md 5.2)."""
    if item.status in (PROCESSING, ACTIVE):
        operation = tx.value("SELECT intname FROM runningoperation WHERE item = %s ORDER BY id LIMIT 1", item.id)
        return f"{item.status}_{operation}" if operation else f"{item.status}"
    return f"{item.status}{suspend_reason(item)}"


def suspend_reason(item: Item) -> str:
    if item.status == SUSPENDED:
        for name in ("abusesuspend", "employeesuspend", "autosuspend"):
            if getattr(item, name):
                return f"_{name}"
    return ""
