"""The two modules that are the panel's own: services that become ready by themselves, and work for people.

They stand for whatever a real seller has behind its panel; only what a client can see of it matters here: status 5 for
a while, then 2 with address, user name and password, and a licence key that comes late (selling-api.md 3.5, 10.2).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.core import clock, items, lifecycle
from sandbox.core.modules import MANUAL

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel

LOOK_AGAIN_SECONDS = 0.5


def run(panel: Panel, operation: int, item_id: int, name: str, module: str) -> None:
    """One operation of a built-in module, as the queue meets it."""
    with panel.db.begin() as tx:
        item = items.find(tx, item_id)
        if item is None:
            tx.run("DELETE FROM runningoperation WHERE id = %s", operation)
        elif module == MANUAL:
            make_manual(tx, operation, item_id, name)
        elif panel.switches["provision"] == "manual" or (panel.paths.base / "etc" / "billmgr.DoNothing").exists():
            again = time.time() + LOOK_AGAIN_SECONDS
            tx.run("UPDATE runningoperation SET nextrun = %s WHERE id = %s", again, operation)
        else:
            complete(tx, panel, item, name)


def make_manual(tx: Tx, operation: int, item: int, name: str) -> None:
    """People do it: the operation is not run again and staff get a task (platform.md 5.2, step 2 of a failure)."""
    tx.run("UPDATE runningoperation SET manual = 'on' WHERE id = %s", operation)
    kind = tx.value("SELECT id FROM tasktype WHERE operation = %s", name)
    tx.run(
        "INSERT INTO task (type, item, status, runningoperation, opendate) VALUES (%s, %s, 0, %s, NOW())",
        kind,
        item,
        operation,
    )


def complete(tx: Tx, panel: Panel, item: Item, operation: str, facts: Mapping[str, str] | None = None) -> None:
    """Finish an operation with made-up facts; those given (by staff) come first."""
    made = _facts(tx, panel, item) if operation == "open" else {}
    lifecycle.finish(tx, panel, item, operation, {**made, **(facts or {})})


def _facts(tx: Tx, panel: Panel, item: Item) -> dict[str, str]:
    known = items.params(tx, item.id)
    if item.itemtype == "soft":
        _promise_key(tx, panel, item)
        return {}
    if item.itemtype not in ("vds", "dedic"):
        return {"username": f"u{item.id}", "userpassword": secrets.token_urlsafe(9)}
    # 198.18.0.0/15 is set aside for tests of networks (RFC 2544).
    address = known.get("ip") or f"198.{18 + (item.id >> 16) % 2}.{item.id >> 8 & 255}.{item.id & 255}"
    return {"ip": address, "username": "root", "userpassword": secrets.token_urlsafe(9)}


def _promise_key(tx: Tx, panel: Panel, item: Item) -> None:
    """A licence's key can be empty right after the order (selling-api.md 3.5); it begins with the service's number
    (additions-2.md h.19)."""
    key = f"{item.id}-{secrets.token_hex(8).upper()}"
    due = time.time() + panel.switches.number("lickey_seconds")
    tx.put("lateparam", {"item": item.id, "intname": "lickey"}, value=key, due=due)


def deliver_late(panel: Panel) -> None:
    """What comes later than the call that promised it: keys of licences, and services given to their client."""
    with panel.db.begin() as tx:
        for row in tx.rows("SELECT * FROM lateassign WHERE due <= %s", time.time()):
            purse = tx.value("SELECT MIN(id) FROM subaccount WHERE account = %s", row["account"])
            changes = {"account": row["account"], "subaccount": purse, "pricelist": row["pricelist"]}
            tx.update("item", {"id": row["item"]}, **changes, createdate=clock.today())
            tx.run("DELETE FROM lateassign WHERE item = %s", row["item"])
        for row in tx.rows("SELECT item, intname, value FROM lateparam WHERE due <= %s", time.time()):
            items.save_param(tx, row["item"], row["intname"], row["value"])
            tx.run("DELETE FROM lateparam WHERE item = %s AND intname = %s", row["item"], row["intname"])
