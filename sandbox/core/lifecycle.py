"""How a service moves between its states, whoever moves it: a module's call-back, the sandbox's provisioning, staff."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sandbox.core import clock, items
from sandbox.core.modules import AUTO, BUILT_IN
from sandbox.core.request import ROOT

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel

TRIAL, DAY, LIFETIME = -100, -50, 0
"""Special periods (selling-api.md 3.2, platform.md 6.2)."""
TRIAL_DAYS = 14

CRYPTED_FACTS = ("password", "userpassword")
FACTS = ("ip", "domain", "username", "password", "userpassword", "address", "lickey", "licname", "ostempl")
"""What <itemtype>.open and service.postopen store (platform.md 5.2, "facts to store")."""

RESULT = {
    "open": items.ACTIVE,
    "reopen": items.ACTIVE,
    "resume": items.ACTIVE,
    "suspend": items.SUSPENDED,
    "close": items.DELETED,
    "transfer": items.ACTIVE,
}
"""Status after an operation; the others bring back the status from before."""


def add_period(start: date, period: int) -> date | None:
    """The end of a paid period; None for ever."""
    if period == LIFETIME:
        return None
    if period == TRIAL:
        return start + timedelta(days=TRIAL_DAYS)
    if period == DAY:
        return start + timedelta(days=1)
    month = start.month - 1 + period
    year, month = start.year + month // 12, month % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def begin(
    tx: Tx,
    panel: Panel,
    item: Item,
    operation: str,
    level: int,
    delay: float = 0,
    options: Mapping[str, str] | None = None,
) -> int:
    """Create the operation and put the service in process (status 5). The queue runs it after the commit.

    `level` is that of the user who caused it (platform.md 5.2, option --level); `options` are further ones of the
    command's line: `{"userid": .., "password": ..}` of changepassword, `{"addon": ..}` of prolong_addon.
    """
    tx.run("UPDATE item SET status = %s WHERE id = %s", items.PROCESSING, item.id)
    return panel.queue.add(tx, item.id, operation, level, delay, item.status, options)


def save_facts(tx: Tx, panel: Panel, item: int, facts: Mapping[str, str]) -> None:
    for name, value in facts.items():
        if name in CRYPTED_FACTS:
            items.save_crypted(tx, item, name, panel.crypt.encrypt(name, value))
        else:
            items.save_param(tx, item, name, value)
    if facts.get("domain"):
        tx.run("UPDATE item SET name = %s WHERE id = %s", facts["domain"], item)


def finish(tx: Tx, panel: Panel, item: Item, operation: str, facts: Mapping[str, str] | None = None) -> None:
    """The end of an operation: status, dates, facts; the operation and its tasks are gone."""
    items.lock(tx, item.id)
    row = tx.row(
        "SELECT oldstatus, newexpiredate, level FROM runningoperation WHERE item = %s AND intname = %s "
        "ORDER BY id DESC LIMIT 1",
        item.id,
        operation,
    ) or {"oldstatus": None, "newexpiredate": None, "level": None}
    save_facts(tx, panel, item.id, facts or {})
    _set_status(tx, item, operation, row["oldstatus"])
    _set_dates(tx, item, operation)
    if operation == "setparam" and panel.switches["lastpricelist_after"] == "cleared":
        tx.run("UPDATE item SET lastpricelist = NULL WHERE id = %s", item.id)
    if row["newexpiredate"] is not None:
        expires = row["newexpiredate"]
        tx.run("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", expires, item.id, item.id)
    drop_operations(tx, item.id, operation)
    if operation == "prolong":
        resume_paid(panel, tx, item, row["level"] or ROOT)


def resume_paid(panel: Panel, tx: Tx, item: Item, level: int) -> None:
    """What stopped for want of a renewal, and has one now, runs again."""
    sql = "SELECT id FROM item WHERE id = %s AND autosuspend = 'on' AND status = %s AND COALESCE(expiredate > %s, TRUE)"
    if tx.value(sql, item.id, items.SUSPENDED, clock.today()) is not None:
        start_if_served(panel, tx, item, "resume", level)


def _set_status(tx: Tx, item: Item, operation: str, old: int | None) -> None:
    status = RESULT.get(operation)
    if status is None:
        status = old if old in (items.ACTIVE, items.SUSPENDED) and item.status == items.PROCESSING else item.status
        if status == items.PROCESSING:
            status = items.ACTIVE
    tx.run("UPDATE item SET status = %s WHERE id = %s OR parent = %s", status, item.id, item.id)
    if operation == "resume":
        tx.run(
            "UPDATE item SET autosuspend = 'off', employeesuspend = 'off', abusesuspend = 'off', suspenddate = NULL "
            "WHERE id = %s",
            item.id,
        )


def _set_dates(tx: Tx, item: Item, operation: str) -> None:
    today = clock.today()
    if operation in ("open", "reopen", "transfer"):
        opened = item.opendate or today
        expires = item.expiredate or add_period(opened, item.period)
        tx.run(
            "UPDATE item SET opendate = %s, expiredate = %s WHERE id = %s OR parent = %s",
            opened,
            expires,
            item.id,
            item.id,
        )
    elif operation == "suspend":
        tx.run("UPDATE item SET suspenddate = %s WHERE id = %s", today, item.id)


def has_operation(tx: Tx, item: int, operation: str) -> bool:
    found = tx.value("SELECT id FROM runningoperation WHERE item = %s AND intname = %s LIMIT 1", item, operation)
    return found is not None


def drop_operations(tx: Tx, item: int, operation: str) -> None:
    """With the operation goes its task (platform.md 5.2: tasks belong to an operation)."""
    tx.run(
        "DELETE t FROM task t JOIN runningoperation r ON r.id = t.runningoperation "
        "WHERE r.item = %s AND r.intname = %s",
        item,
        operation,
    )
    tx.run("DELETE FROM runningoperation WHERE item = %s AND intname = %s", item, operation)


def start_if_served(
    panel: Panel, tx: Tx, item: Item, operation: str, level: int, options: Mapping[str, str] | None = None
) -> bool:
    """An operation for a module that serves it; otherwise there is nothing to run (platform.md 5.2, features)."""
    if not item.module or (item.module not in BUILT_IN and not panel.modules.serves(item.module, operation)):
        return False
    delay = panel.switches.number("provision_seconds") if item.module == AUTO else 0
    begin(tx, panel, item, operation, level, delay, options)
    return True
