"""Services, their parameters, add-ons and operations, read from the panel's tables (reference/platform.md 6.2)."""

from __future__ import annotations

from decimal import Decimal

from reseller.db import Database
from reseller.mgr5.features import MODULE
from reseller.model import BOOLEAN, ENUMERATION, INTEGER, Addon, Item
from reseller.wire.errors import ResellerError

_ITEM = """
SELECT i.id, i.name, t.intname, i.status, i.pricelist, p.name, i.period, i.expiredate, i.processingmodule, m.module
FROM item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype
LEFT JOIN processingmodule m ON m.id = i.processingmodule WHERE i.id = %s"""

_ADDONS = """
SELECT a.pricelist, p.intname, p.name, p.addontype, a.boolvalue, a.intvalue, a.enumerationitem
FROM item a JOIN pricelist p ON p.id = a.pricelist
WHERE a.parent = %s AND p.addontype IN (1, 2, 3) AND a.status <> 4 ORDER BY a.id"""


def read(db: Database, item: int) -> Item:
    """The service with its parameters and ordered add-ons; raises ResellerError `reseller_item_missing`.

    Parameters kept encrypted by the panel are not among them.
    """
    row = db.row(_ITEM, item)
    if row is None:
        raise ResellerError("reseller_item_missing", object="item", value=str(item), item=item)
    params = db.rows("SELECT intname, value FROM itemparam WHERE item = %s", item)
    return Item(
        id=row[0],
        name=row[1] or "",
        itemtype=row[2],
        status=row[3],
        pricelist=row[4],
        pricelist_name=row[5] or "",
        period=row[6] or 0,
        expiredate=row[7],
        module=row[8] or 0,
        module_name=row[9] or "",
        params={intname: value or "" for intname, value in params},
        addons=tuple(_addon(found) for found in db.rows(_ADDONS, item)),
    )


def _addon(row: tuple[object, ...]) -> Addon:
    pricelist, intname, name, addontype, boolvalue, intvalue, enumerationitem = row
    kind = int(str(addontype))
    switch = "on" if boolvalue in ("on", 1, "1") else "off"
    # A quantity may be kept with decimals, which an order does not take.
    amount = None if intvalue is None else format(Decimal(str(intvalue)).normalize(), "f")
    value = {BOOLEAN: switch, INTEGER: amount, ENUMERATION: enumerationitem}[kind]
    return Addon(int(str(pricelist)), str(intname or ""), str(name or ""), "" if value is None else str(value), kind)


def read_ours(db: Database, item: int) -> Item:
    """The service, if it belongs to a module of ours; raises `reseller_item_missing` or `reseller_item_not_ours`."""
    found = read(db, item)
    if found.module_name != MODULE:
        raise ResellerError(
            "reseller_item_not_ours", object="item", value=str(item), item=item, module=found.module_name or "none"
        )
    return found


def modules(db: Database) -> list[int]:
    """Ids of our modules; one that is switched off sells nothing new, but what it sold is looked after."""
    return [row[0] for row in db.rows("SELECT id FROM processingmodule WHERE module = %s ORDER BY id", MODULE)]


def operation_of(db: Database, item: int, intname: str) -> int:
    """The newest running operation of this kind of a service, 0 without one."""
    return db.value("SELECT MAX(id) FROM runningoperation WHERE item = %s AND intname = %s", item, intname) or 0


def open_tasks(db: Database, operation: int) -> list[int]:
    """Tasks of an operation that are not closed (status 2)."""
    return [row[0] for row in db.rows("SELECT id FROM task WHERE runningoperation = %s AND status <> 2", operation)]


def tariff_params(db: Database, pricelist: int) -> dict[str, str]:
    """What the tariff form saved for a tariff."""
    found = db.rows("SELECT intname, value FROM pricelistparam WHERE pricelist = %s", pricelist)
    return {intname: value or "" for intname, value in found}


def has_task(db: Database, operation: int) -> bool:
    """Whether the operation has or had a task, closed ones too."""
    return bool(db.value("SELECT COUNT(*) FROM task WHERE runningoperation = %s", operation))


def exists(db: Database, operation: int) -> bool:
    """Whether the operation is still there."""
    return bool(db.value("SELECT COUNT(*) FROM runningoperation WHERE id = %s", operation))


def operation_name(db: Database, operation: int) -> str:
    """What the operation does: `open`, `suspend`, ...; empty when it is gone."""
    return db.value("SELECT intname FROM runningoperation WHERE id = %s", operation) or ""
