"""Read services, their parameters, add-ons and operations from the panel's tables (platform.md 6.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from reseller.assumption import CHANGE, EVERYTHING, ORDER, RENEW, columns
from reseller.db import Database
from reseller.mgr5 import addons
from reseller.mgr5.features import MODULE
from reseller.model import Item, Status
from reseller.wire import texts
from reseller.wire.errors import ResellerError

#: the tables that are read here (platform.md 6.2); a service is read before anything is done with it
ASSUMED = (
    *columns(
        "item", "id name:text status pricelist period expiredate:date processingmodule", "platform.md 6.2", EVERYTHING
    ),
    *columns("item", "parent lastpricelist", "platform.md 6.2", EVERYTHING),
    *columns("item", "account", "platform.md 6.2"),
    *columns("item", "employeesuspend:text abusesuspend:text", "platform.md 6.2", RENEW),
    *columns("itemparam", "item intname:text value:text", "platform.md 6.2", EVERYTHING),
    *columns("itemcryptedparam", "item intname:text", "platform.md 6.2", CHANGE),
    *columns("itemtype", "id intname:text", "platform.md 6.2", EVERYTHING),
    *columns("pricelist", "id itemtype name:text", "platform.md 6.2", EVERYTHING),
    *columns("pricelistparam", "pricelist intname:text value:text", "platform.md 6.2", ORDER, CHANGE),
    *columns("processingmodule", "id module:text active:text", "platform.md 6.2", EVERYTHING),
    *columns("processingmodule2pricelist", "processingmodule pricelist", "platform.md 6.2", ORDER),
    *columns("runningoperation", "id item intname:text trycount manual:text", "platform.md 6.2", EVERYTHING),
    *columns("task", "id item type status runningoperation params:text", "platform.md 6.2"),
    *columns("user", "name:text account", "platform.md 6.2"),
)

#: the columns are named as the fields of Item
_ITEM = """
SELECT i.id, COALESCE(i.name, '') AS name, t.intname AS itemtype, i.status, i.pricelist,
COALESCE(p.name, '') AS pricelist_name, COALESCE(i.period, 0) AS period, i.expiredate,
COALESCE(i.processingmodule, 0) AS module, COALESCE(m.module, '') AS module_name,
COALESCE(i.lastpricelist, 0) AS lastpricelist
FROM item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype
LEFT JOIN processingmodule m ON m.id = i.processingmodule WHERE i.id IN %s"""


def read(db: Database, item: int) -> Item:
    """The service with its parameters and add-ons; raises ResellerError `reseller_item_missing`.

    Parameters that the panel stores encrypted are not included.
    """
    service = read_all(db, [item]).get(item)
    if service is None:
        raise ResellerError("reseller_item_missing", object="item", value=str(item), item=item)
    return service


def read_all(db: Database, numbers: Collection[int]) -> dict[int, Item]:
    """Those of these services that exist, by number."""
    if not numbers:
        return {}
    params: dict[int, dict[str, str]] = {}
    for item, intname, value in db.rows("SELECT item, intname, value FROM itemparam WHERE item IN %s", numbers):
        params.setdefault(item, {})[intname] = value or ""
    ordered = addons.of_services(db, numbers)
    return {
        row["id"]: Item(**row, params=params.get(row["id"], {}), addons=ordered.get(row["id"], ()))
        for row in db.named(_ITEM, numbers)
    }


def read_ours(db: Database, item: int) -> Item:
    """The service, if it belongs to a module of ours; raises `reseller_item_missing` or `reseller_item_not_ours`."""
    service = read(db, item)
    if service.module_name != MODULE:
        raise ResellerError(
            "reseller_item_not_ours", object="item", value=str(item), item=item, module=service.module_name or "none"
        )
    return service


def is_ours(db: Database, item: int) -> bool:
    """Whether the service exists and belongs to a module of ours."""
    sql = (
        "SELECT COUNT(*) FROM item i JOIN processingmodule m ON m.id = i.processingmodule "
        "WHERE i.id = %s AND m.module = %s"
    )
    return bool(db.value(sql, item, MODULE))


def belongs(db: Database, item: int, user: str) -> bool:
    """Whether the service belongs to the account of this user (platform.md 6.2)."""
    sql = (
        "SELECT COUNT(*) FROM item i JOIN user u ON u.account = i.account "
        "WHERE i.id = %s AND i.parent IS NULL AND u.name = %s"
    )
    return bool(db.value(sql, item, user))


def account_of(db: Database, item: int) -> int:
    """The account on this panel that owns the service, 0 for none."""
    return int(db.value("SELECT account FROM item WHERE id = %s", item) or 0)


def account_of_user(db: Database, user: str) -> int:
    """The account on this panel that a client's user belongs to, 0 for none."""
    return int(db.value("SELECT account FROM user WHERE name = %s", user) or 0)


class Unlinked(NamedTuple):
    """A service with the values by which it can be recognised at the seller; `label` is its domain or licence name."""

    id: int
    itemtype: str
    pricelist: int
    expiredate: dt.date | None
    label: str
    address: str


def living(db: Database, module: int) -> list[Unlinked]:
    """Services of a module that are active, in process or suspended."""
    params = ", ".join(f"MAX(IF(f.intname = '{name}', f.value, NULL))" for name in ("domain", "licname", "ip"))
    rows = db.rows(
        f"SELECT i.id, t.intname, i.pricelist, i.expiredate, {params} FROM item i "  # noqa: S608 - words of this file
        "JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype "
        "LEFT JOIN itemparam f ON f.item = i.id AND f.intname IN ('domain', 'licname', 'ip') "
        "WHERE i.processingmodule = %s AND i.parent IS NULL AND i.status IN %s "
        "GROUP BY i.id, t.intname, i.pricelist, i.expiredate ORDER BY i.id",
        module,
        (Status.ACTIVE, Status.SUSPENDED, Status.PROCESSING),
    )
    return [
        Unlinked(number, itemtype, pricelist, expiredate, domain or licname or "", address or "")
        for number, itemtype, pricelist, expiredate, domain, licname, address in rows
    ]


def modules(db: Database) -> list[int]:
    """Ids of our modules, even of those switched off: such a module sells nothing new, but its services are looked
    after.
    """
    return db.column("SELECT id FROM processingmodule WHERE module = %s ORDER BY id", MODULE)


def require_module(db: Database, module: int) -> None:
    """Raise ResellerError `reseller_no_module` for a module that is not ours."""
    if module not in modules(db):
        raise ResellerError("reseller_no_module", object="module", value=module)


def is_active(db: Database, module: int) -> bool:
    """Whether the panel has this module of ours switched on."""
    sql = "SELECT COUNT(*) FROM processingmodule WHERE id = %s AND module = %s AND active = 'on'"
    return bool(db.value(sql, module, MODULE))


def operation_of(db: Database, item: int, *intnames: str) -> int:
    """The newest running operation of a service that has one of these names, 0 if there is none."""
    marks = ", ".join(["%s"] * len(intnames))
    sql = f"SELECT MAX(id) FROM runningoperation WHERE item = %s AND intname IN ({marks})"  # noqa: S608
    return db.value(sql, item, *intnames) or 0


def operations(db: Database, item: int) -> list[str]:
    """Names of all running operations of a service, manual ones included."""
    return [row[0] or "" for row in db.rows("SELECT intname FROM runningoperation WHERE item = %s ORDER BY id", item)]


def serves(db: Database, module: int, pricelist: int) -> bool:
    """Whether the module sells this tariff."""
    sql = "SELECT COUNT(*) FROM processingmodule2pricelist WHERE processingmodule = %s AND pricelist = %s"
    return bool(db.value(sql, module, pricelist))


def open_tasks(db: Database, operation: int) -> list[int]:
    """Tasks of an operation that are not closed (status 2)."""
    return db.column("SELECT id FROM task WHERE runningoperation = %s AND status <> 2", operation)


def tariff_params(db: Database, pricelist: int) -> dict[str, str]:
    """The parameters that the tariff form saved for a tariff."""
    return tariff_params_of(db, [pricelist]).get(pricelist, {})


def tariff_params_of(db: Database, numbers: Collection[int]) -> dict[int, dict[str, str]]:
    """The parameters that the tariff form saved, by tariff; those without any are missing."""
    if not numbers:
        return {}
    sql = "SELECT pricelist, intname, value FROM pricelistparam WHERE pricelist IN %s"
    found: dict[int, dict[str, str]] = {}
    for pricelist, intname, value in db.rows(sql, tuple(numbers)):
        found.setdefault(pricelist, {})[intname] = value or ""
    return found


def is_open(db: Database, task: int) -> bool:
    """Whether the task exists and is not closed (status 2)."""
    return bool(db.value("SELECT COUNT(*) FROM task WHERE id = %s AND status <> 2", task))


def has_task(db: Database, operation: int) -> bool:
    """Whether the operation has or had a task, closed ones included."""
    return bool(db.value("SELECT COUNT(*) FROM task WHERE runningoperation = %s", operation))


def task_without_operation(db: Database, item: int, kind: str, text: str) -> int:
    """The newest of tasks_without_operation(), 0 if there is none."""
    return next(iter(tasks_without_operation(db, item, kind, text)), 0)


def tasks_without_operation(db: Database, item: int, kind: str, text: str) -> list[int]:
    """Open tasks of this type and service that belong to no operation and have exactly this text, newest first.

    The text may have been written in ASCII only (lifecycle/operations.py).
    """
    sql = (
        "SELECT id FROM task WHERE item = %s AND type = %s AND runningoperation IS NULL AND status <> 2 "
        "AND params IN (%s, %s) ORDER BY id DESC"
    )
    return db.column(sql, item, kind, text, texts.plain(text))


def exists(db: Database, operation: int) -> bool:
    """Whether the operation still exists."""
    return bool(db.value("SELECT COUNT(*) FROM runningoperation WHERE id = %s", operation))


def is_held_by_staff(db: Database, item: int) -> bool:
    """Whether this panel's staff have suspended the service, or it is suspended for abuse."""
    sql = "SELECT employeesuspend = 'on' OR abusesuspend = 'on' FROM item WHERE id = %s"
    return bool(db.value(sql, item))


def is_manual(db: Database, operation: int) -> bool:
    """Whether the operation exists and the panel does not start it by itself."""
    return bool(db.value("SELECT manual FROM runningoperation WHERE id = %s", operation) == "on")


def operation_name(db: Database, operation: int) -> str:
    """The command of the operation (`open`, `suspend`, ...); empty if it is gone."""
    return db.value("SELECT intname FROM runningoperation WHERE id = %s", operation) or ""


def queue(db: Database, module: int) -> dict[str, int]:
    """How many running operations the services of a module have, by name."""
    return dict(
        db.rows(
            "SELECT r.intname, COUNT(*) FROM runningoperation r JOIN item i ON i.id = r.item "
            "WHERE i.processingmodule = %s GROUP BY 1 ORDER BY 1",
            module,
        )
    )


def tried_operations(db: Database, module: int) -> list[tuple[int, int, str]]:
    """Running operations of services of a module that were tried at least once: number, service, name."""
    sql = (
        "SELECT r.id, r.item, r.intname FROM runningoperation r JOIN item i ON i.id = r.item "
        "WHERE i.processingmodule = %s AND r.trycount > 0 ORDER BY r.id"
    )
    return [(row[0], row[1], row[2] or "") for row in db.rows(sql, module)]


def secret_names(db: Database, item: int) -> set[str]:
    """Names of the parameters of a service that the panel stores encrypted."""
    return set(db.column("SELECT intname FROM itemcryptedparam WHERE item = %s", item))
