"""What an edit changes: read from the request, checked, priced, then stored (selling-api.md 4.2)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.core import billing, clock, items, lifecycle, quantities, tariffs
from sandbox.core.documents import number
from sandbox.core.errors import PanelError, bad_value, denied
from sandbox.functions.order_fields import LONGEST_REMOTEID, OFF, check_ip, refuse_fixed

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Addon, Tariff

_EDITABLE = ("domain", "ip", "licname")
_MONTH_DAYS = 30


@dataclass(frozen=True)
class Changes:
    """Fields that differ from what is stored, and what the rest of the paid period costs because of them."""

    values: dict[str, str]
    cost: Decimal

    @property
    def addons(self) -> dict[str, str]:
        return {name: value for name, value in self.values.items() if name.startswith("addon_")}


def editable(tx: Tx, item: Item) -> list[str]:
    """Fields of a service's form that can be changed: what its order could carry (selling-api.md 3.5, 4.2)."""
    known = tx.value("SELECT orderparams FROM itemtype WHERE intname = %s AND parent IS NULL", item.itemtype)
    return list(dict.fromkeys([*_EDITABLE, *(known or "").split()]))


def read_changes(panel: Panel, tx: Tx, request: Request, item: Item) -> Changes:
    """Fields of the request that differ from what is stored, checked."""
    known = items.params(tx, item.id)
    changes = {
        name: request.text(name)
        for name in editable(tx, item)
        if name in request.params and request.text(name) != known.get(name, "")
    }
    if "ip" in changes:
        check_ip(changes["ip"])
    rule = "allowed" if request.caller.staff else panel.switches["remoteid_edit"]
    if "remoteid" in request.params and request.text("remoteid") != item.remoteid and rule != "ignored":
        if rule == "denied":
            raise denied(request.func)
        changes["remoteid"] = request.text("remoteid")
        check_remoteid(panel, tx, item, changes["remoteid"])
    tariff = tariffs.load(tx, item.pricelist)
    changes.update(_autoprolong(request, item, tariff))
    addons, cost = _addon_changes(panel, tx, request, item)
    changes.update(addons)
    return Changes(changes, cost)


def _autoprolong(request: Request, item: Item, tariff: Tariff | None) -> dict[str, str]:
    if "autoprolong" not in request.params:
        return {}
    wanted = request.text("autoprolong")
    wanted = "" if wanted in OFF else str(item.period) if wanted == "on" else wanted
    if wanted == ("" if item.autoprolong is None else str(item.autoprolong)):
        return {}
    if wanted and (tariff is None or not wanted.isdecimal() or int(wanted) not in tariff.prices):
        raise bad_value("autoprolong", request.text("autoprolong"))
    return {"autoprolong": wanted}


def _addon_changes(panel: Panel, tx: Tx, request: Request, item: Item) -> tuple[dict[str, str], Decimal]:
    changes: dict[str, str] = {}
    cost = Decimal(0)
    for held in quantities.of(tx, item):
        wanted = request.text(held.field)
        if held.field not in request.params or wanted == held.value:
            continue
        if not held.addon.is_ordered:
            refuse_fixed(panel, held.field, wanted)
            continue
        changes[held.field] = held.addon.check(wanted)
        _require_above_use(tx, item, held.addon, wanted)
        cost += held.cost(wanted, item.period) - held.cost(held.value, item.period)
    return changes, max(prorated(item, cost), Decimal(0))


def prorated(item: Item, cost: Decimal) -> Decimal:
    """The part of a period's price that falls to what is left of the paid period."""
    if item.expiredate is None or item.period <= 0:
        return cost
    left = max((item.expiredate - clock.today()).days, 0)
    return (cost * left / (item.period * _MONTH_DAYS)).quantize(Decimal("0.0001"))


def _require_above_use(tx: Tx, item: Item, addon: Addon, value: str) -> None:
    """A new limit below the current use is refused (selling-api.md 2, stat_addon_over_limit)."""
    if addon.addontype != tariffs.INTEGER:
        return
    used = tx.value(
        "SELECT value FROM itemstat WHERE item = %s AND param = %s ORDER BY statdate DESC LIMIT 1",
        item.id,
        addon.intname,
    )
    if used is not None and Decimal(value) < used:
        raise PanelError("stat_addon_over_limit", addon.intname, number(used))


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


def charge_or_refuse(panel: Panel, tx: Tx, request: Request, item: Item, changes: Changes) -> None:
    """Switch addon_change: whether a client's change of resources past the cart is free, charged or forbidden."""
    rule = panel.switches["addon_change"]
    if not changes.addons or request.caller.staff or rule == "free":
        return
    if rule == "forbidden":
        raise PanelError("value", "resource", item.id)
    charge_change(panel, tx, request, item, changes)


def charge_change(panel: Panel, tx: Tx, request: Request, item: Item, changes: Changes) -> None:
    if changes.cost <= 0:
        return
    purse = billing.purse(tx, item.account)
    billing.charge(tx, purse, changes.cost, item.id, "edit")
    detail = " ".join(f"{name}={value}" for name, value in changes.addons.items())
    entry = billing.Entry(item.account, item.id, item.itemtype, item.remoteid, changes.cost, detail, charge=True)
    billing.journal(tx, panel.name, request, entry, purse.currency)


def apply(panel: Panel, tx: Tx, request: Request, item: Item, changes: Changes) -> None:
    values, addons = changes.values, changes.addons
    if not values:
        return
    if addons and tx.value("SELECT id FROM runningoperation WHERE item = %s LIMIT 1", item.id) is not None:
        raise PanelError("unsupported", "addon", item.id)
    _count_address(panel, tx, item, values)
    names = set(editable(tx, item))
    before = items.params(tx, item.id)
    for name, value in values.items():
        if name in names:
            items.save_param(tx, item.id, name, value)
            if name in ("domain", "licname"):
                tx.run("UPDATE item SET name = %s WHERE id = %s", value, item.id)
            told = {"name": name, "old": before.get(name, ""), "new": value}
            billing.history(tx, request, item.id, "edit", "param", told)
        elif name == "remoteid":
            tx.run("UPDATE item SET remoteid = %s WHERE id = %s", value or None, item.id)
            told = {"name": name, "old": item.remoteid, "new": value}
            billing.history(tx, request, item.id, "edit", "param", told)
        elif name == "autoprolong":
            tx.run("UPDATE item SET autoprolong = %s WHERE id = %s", int(value) if value else None, item.id)
            key = "autoprolong_on" if value else "autoprolong_off"
            billing.history(tx, request, item.id, "edit", key, {"new": value})
    _apply_addons(panel, tx, request, item, addons)
    if item.status == items.ACTIVE and (addons or set(values) & names):
        lifecycle.start_if_served(panel, tx, item, "setparam", request.caller.level)
    entry = billing.Entry(
        item.account,
        item.id,
        item.itemtype,
        values.get("remoteid", item.remoteid),
        detail=" ".join(f"{name}={value}" for name, value in values.items()),
    )
    billing.journal(tx, panel.name, request, entry)


def _apply_addons(panel: Panel, tx: Tx, request: Request, item: Item, addons: dict[str, str]) -> None:
    for held in quantities.of(tx, item):
        value = addons.get(held.field)
        if value is None:
            continue
        quantities.put(panel, tx, quantities.owner(tx, item), held.addon, value, held.row)
        told = {"name": held.addon.name, "old": held.value, "new": value}
        billing.history(tx, request, item.id, "edit", "addon", told)


def _count_address(panel: Panel, tx: Tx, item: Item, values: dict[str, str]) -> None:
    """Address changes of a licence have a counter and a limit of their own (selling-api.md 4.2)."""
    if item.itemtype != "soft" or "ip" not in values:
        return
    _count(panel, tx, item, "real_ipchange", "ipchange_limit", "ip", values["ip"])


def _count(panel: Panel, tx: Tx, item: Item, column: str, limit: str, field: str, value: str) -> None:
    used = tx.value(f"SELECT {column} FROM item WHERE id = %s", item.id) or 0
    if used >= panel.switches.number(limit):
        raise bad_value(field, value, f"changed {used} times already")
    tx.run(f"UPDATE item SET {column} = {column} + 1, update_expiredate = CURDATE() WHERE id = %s", item.id)


def new_key(panel: Panel, tx: Tx, request: Request, item: Item) -> str:
    """`clicked_button=newkey` answers the new licence key (selling-api.md 4.2), or none yet (switch newkey_comes)."""
    _count(panel, tx, item, "real_keychange", "keychange_limit", "lickey", "")
    key = f"{item.id}-{secrets.token_hex(8).upper()}"
    late = {"item": item.id, "intname": "lickey"}
    if panel.switches["newkey_comes"] == "late":
        tx.put("lateparam", late, value=key, due=time.time() + panel.switches.number("lickey_seconds"))
        key = ""
    else:
        items.save_param(tx, item.id, "lickey", key)
        tx.run("DELETE FROM lateparam WHERE item = %s AND intname = 'lickey'", item.id)
    billing.history(tx, request, item.id, "edit", "newkey")
    billing.journal(
        tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail="newkey")
    )
    return key
