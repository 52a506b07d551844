"""Change of a service's tariff: as a wizard, or in one call as licences have it (selling-api.md 4.4)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import billing, items, lifecycle, provisioning, quantities, tariffs
from sandbox.core.documents import done, fields, money, slist, text_of
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.service_changes import prorated

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.quantities import Held, Owner
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Addon, Tariff

_KEPT = (
    "name",
    "pricelist",
    "period",
    "cost",
    "expiredate",
    "addonlimit",
    "addonlimittrial",
    "addonmax",
    "addonmaxtrial",
    "intvalue",
    "boolvalue",
    "enumerationitem",
)
"""Columns of an add-on that a rollback brings back."""


@function("service.changepricelist", CLIENT, "selling-api.md 4.4")
def changepricelist(panel: Panel, request: Request) -> etree._Element:
    """The tariffs a service may be moved to; with pricelist= and sok it is moved (one-shot)."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        if not request.sok:
            document = fields(elid=item.id, pricelist=item.pricelist, pricelist_name=item.tariff, period=item.period)
            slist(document, "pricelist", _targets(tx, item))
            return document
        target = _target(panel, tx, request, item)
        change(panel, tx, request, item, target, _period(request, item, target))
    panel.queue.wake()
    return done(id=item.id)


@function("service.changepricelist.pricelist", CLIENT, "selling-api.md 4.4")
def changepricelist_pricelist(panel: Panel, request: Request) -> etree._Element:
    """Second step: what the change costs. Nothing is changed yet."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        target = _target(panel, tx, request, item)
        period = _period(request, item, target)
        return fields(
            elid=item.id,
            pricelist=target.id,
            period=period,
            money_info=money(cost_of(panel, item, target, period)),
            oldprice=money(item.cost),
            newprice=money(target.prices[period]),
            oldpricelist=item.tariff,
            newpricelist=target.name,
            oldexpiredate=item.expiredate,
            newexpiredate=item.expiredate,
        )


@function("service.changepricelist.getmoney", CLIENT, "selling-api.md 4.4")
def changepricelist_getmoney(panel: Panel, request: Request) -> etree._Element:
    """Last step: with sok the change is charged and done."""
    if not request.text("pricelist"):
        raise PanelError("wizard_unavailable", "pricelist")
    return changepricelist(panel, request)


def _targets(tx: Tx, item: Item) -> list[tuple[object, object]]:
    """Other active tariffs of the same type and provider."""
    rows = tx.rows(
        "SELECT o.id, o.name FROM pricelist p JOIN pricelist o ON o.itemtype = p.itemtype "
        "AND IFNULL(o.project, 1) = IFNULL(p.project, 1) AND o.parent IS NULL AND o.active = 'on' AND o.id <> p.id "
        "WHERE p.id = %s ORDER BY o.id",
        item.pricelist,
    )
    return [(row["id"], row["name"]) for row in rows]


def _target(panel: Panel, tx: Tx, request: Request, item: Item) -> Tariff:
    if not request.text("pricelist"):
        raise PanelError("wizard_unavailable", "pricelist")
    if panel.switches["tariff_change"] == "refused" and not request.caller.staff:
        raise bad_value("pricelist", request.text("pricelist"), "the tariff cannot be changed")
    offered = {str(number) for number, _ in _targets(tx, item)}
    target = tariffs.load(tx, request.text("pricelist"))
    if target is None or str(target.id) not in offered:
        raise bad_value("pricelist", request.text("pricelist"))
    if item.status not in (items.ACTIVE, items.SUSPENDED):
        raise PanelError("value", "status", item.status)
    return target


def _period(request: Request, item: Item, target: Tariff) -> int:
    text = request.text("period", str(item.period))
    if not text.lstrip("-").isdecimal() or int(text) not in target.prices:
        if "period" in request.params or not target.prices:
            raise bad_value("period", text)
        return target.periods[0]
    return int(text)


def cost_of(panel: Panel, item: Item, target: Tariff, period: int) -> Decimal:
    """A dearer tariff costs the difference for what is left of the paid period (switch change_money)."""
    if panel.switches["change_money"] == "none":
        return Decimal(0)
    return max(prorated(item, target.prices[period] - item.cost), Decimal(0))


def change(panel: Panel, tx: Tx, request: Request, item: Item, target: Tariff, period: int) -> None:
    items.lock(tx, item.id)
    before = quantities.of(tx, item)
    cost = cost_of(panel, item, target, period)
    purse = billing.purse(tx, item.account, target.project)
    billing.charge(tx, purse, cost, item.id, "changepricelist")
    detail = f"pricelist={item.pricelist} to {target.id}"
    entry = billing.Entry(item.account, item.id, item.itemtype, item.remoteid, cost, detail, charge=cost > 0)
    billing.journal(tx, panel.name, request, entry, purse.currency)
    told = {"old": item.tariff, "new": target.name}
    billing.history(tx, request, item.id, "changepricelist", "tariff", told)
    tx.run(
        "UPDATE item SET lastpricelist = pricelist, lastaddons = %s, pricelist = %s, period = %s, cost = %s "
        "WHERE id = %s",
        json.dumps([{name: text_of(row[name]) for name in _KEPT} for row in _addon_items(tx, item.id)]),
        target.id,
        period,
        target.prices[period],
        item.id,
    )
    _move_addons(panel, tx, before, quantities.owner(tx, item), target)
    if panel.switches["tariff_change"] == "manual":
        number = lifecycle.begin(tx, panel, item, "setparam", request.caller.level)
        provisioning.make_manual(tx, number, item.id, "setparam")
    elif item.status == items.ACTIVE:
        lifecycle.start_if_served(panel, tx, item, "setparam", request.caller.level)


def _addon_items(tx: Tx, item: int) -> list[dict[str, Any]]:
    return tx.rows(f"SELECT {', '.join(_KEPT)} FROM item WHERE parent = %s ORDER BY id", item)


def roll_back(panel: Panel, tx: Tx, item: Item) -> int:
    """The tariff from before the last change, and its add-ons too (switch rollback_addons); that tariff's id."""
    row = tx.row("SELECT lastpricelist, lastaddons FROM item WHERE id = %s", item.id) or {}
    last = row.get("lastpricelist")
    if not last:
        raise missing("lastpricelist", item.id)
    tx.run("UPDATE item SET pricelist = lastpricelist, lastpricelist = NULL, lastaddons = NULL WHERE id = %s", item.id)
    if panel.switches["rollback_addons"] == "restored" and row["lastaddons"]:
        tx.run("DELETE FROM item WHERE parent = %s", item.id)
        for kept in json.loads(row["lastaddons"]):
            values = {name: value or None for name, value in kept.items()}
            tx.insert("item", parent=item.id, account=item.account, status=item.status, **values)
    return int(last)


def _move_addons(panel: Panel, tx: Tx, before: list[Held], owner: Owner, target: Tariff) -> None:
    """Add-ons of the same internal name keep what they have where the new tariff takes it; the others are as it gives.

    Switch tariff_addons: a number keeps its total, or what was ordered on top.
    """
    old = {held.addon.intname: held for held in before}
    for addon in target.addons:
        held = old.pop(addon.intname, None)
        value = addon.default if held is None else _kept(panel, addon, held)
        quantities.put(panel, tx, owner, addon, value, held.row if held is not None else None)
    for left in old.values():
        if left.row is not None:
            tx.run("DELETE FROM item WHERE id = %s", left.row["id"])


def _kept(panel: Panel, addon: Addon, held: Held) -> str:
    """The old value within the new limits, but never less than what the new tariff includes."""
    if addon.addontype == tariffs.INTEGER:
        if not held.value or not (addon.is_ordered and held.addon.is_ordered):
            return addon.default
        extra = panel.switches["tariff_addons"] == "extra"
        wanted = addon.included + int(held.value) - held.included if extra else int(held.value)
        within = wanted >= addon.included and (addon.most is None or wanted <= addon.most)
        return str(wanted) if within else addon.default
    if addon.addontype == tariffs.BOOLEAN:
        return held.value or addon.default
    return held.value if held.value in {str(one.id) for one in addon.choices} else addon.default
