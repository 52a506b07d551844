"""What a service has of each add-on of its tariff, and how a panel keeps it (additions-2.md h.1).

A number is the included limit (the service's own, else the tariff's) plus `intvalue`; orders and forms speak of the
total. An add-on without a row in `item` counts with what the tariff gives, so all are read from the tariff to the
service. Whether a panel makes such rows, and which limits it copies into them, are switches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.core import tariffs
from sandbox.core.tariffs import BOOLEAN, ENUMERATION, INTEGER, STATISTICS, TRIAL, Addon, Tariff

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel

_ROW = "id, pricelist, addonlimit, addonmax, addonmaxtrial, intvalue, boolvalue, enumerationitem"


@dataclass(frozen=True)
class Held:
    """What a service has of one add-on: a total, `on` or `off`, or the id of a choice; empty for nothing at all."""

    addon: Addon
    value: str
    included: int
    row: Mapping[str, Any] | None = None
    """Its row in `item`."""

    @property
    def field(self) -> str:
        return f"addon_{self.addon.id}"

    def cost(self, value: str, period: int) -> Decimal:
        """What so much of it costs for a period, with what this service has included."""
        return self.addon.cost(value, period, self.included)


@dataclass(frozen=True)
class Owner:
    """The service that add-ons belong to, as far as their rows repeat it."""

    id: int
    account: int
    subaccount: int | None
    status: int
    period: int


def owner(tx: Tx, item: Item) -> Owner:
    """The service as it is now."""
    row = tx.row("SELECT id, account, subaccount, status, period FROM item WHERE id = %s", item.id) or {}
    return Owner(**row)


def of(tx: Tx, item: Item) -> list[Held]:
    """All add-ons of the service's tariff that count, each with or without a row of its own."""
    tariff = tariffs.load(tx, item.pricelist)
    return of_tariff(tx, tariff, item.id, item.period) if tariff is not None else []


def of_tariff(tx: Tx, tariff: Tariff, item: int, period: int) -> list[Held]:
    """The same, of a tariff that has been read."""
    rows = {row["pricelist"]: row for row in tx.rows(f"SELECT {_ROW} FROM item WHERE parent = %s ORDER BY id", item)}
    return [_held(addon, rows.get(addon.id), period) for addon in tariff.addons]


def _held(addon: Addon, row: Mapping[str, Any] | None, period: int) -> Held:
    own = row or {}
    limit = own.get("addonlimit")
    included = addon.included if limit is None else int(limit)
    return Held(addon, _value(addon, own, included, period), included, row)


def _value(addon: Addon, own: Mapping[str, Any], included: int, period: int) -> str:
    if addon.addontype == BOOLEAN:
        return own.get("boolvalue") or addon.given
    if addon.addontype == ENUMERATION:
        return str(own.get("enumerationitem") or addon.given)
    if addon.billtype == STATISTICS:
        total = _first(own.get("addonmax"), addon.most)
    else:
        total = included + int(own.get("intvalue") or 0)
    most = _first(own.get("addonmaxtrial"), addon.trial_most) if period == TRIAL else None
    return "" if total is None else str(total if most is None else min(total, most))


def _first(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)


def put(panel: Panel, tx: Tx, owner: Owner, addon: Addon, value: str, row: Mapping[str, Any] | None = None) -> None:
    """Keep that the service has so much of an add-on; `row` is the row that it has already, of any tariff.

    Switch addon_row: a row for each add-on, or only for what is not as the tariff gives it.
    """
    kept = row if row is not None and row["pricelist"] == addon.id else None
    if panel.switches["addon_row"] == "chosen" and value == addon.given:
        if row is not None:
            tx.run("DELETE FROM item WHERE id = %s", row["id"])
        return
    columns = _columns(panel, addon, value, kept, owner.period)
    if row is not None:
        tx.update("item", {"id": row["id"]}, pricelist=addon.id, **columns)
        return
    tx.insert(
        "item",
        name=addon.name,
        parent=owner.id,
        account=owner.account,
        subaccount=owner.subaccount,
        pricelist=addon.id,
        status=owner.status,
        **columns,
    )


def _columns(panel: Panel, addon: Addon, value: str, kept: Mapping[str, Any] | None, period: int) -> dict[str, object]:
    """A row's columns. Limits are those of the day it was made (switch addon_limit), or left to the tariff."""
    limits: dict[str, int | None] = {
        "addonlimit": addon.included,
        "addonmax": addon.most,
        "addonmaxtrial": addon.trial_most,
    }
    if kept is not None:
        limits = {name: kept[name] for name in limits}
    elif panel.switches["addon_limit"] == "tariff":
        limits = dict.fromkeys(limits)
    own = limits["addonlimit"]
    included = addon.included if own is None else own
    is_number = addon.addontype == INTEGER and addon.billtype != STATISTICS
    return {
        "period": period,
        "cost": addon.cost(value, period, included),
        **limits,
        "intvalue": max(int(value) - included, 0) if is_number else None,
        "boolvalue": value if addon.addontype == BOOLEAN else None,
        "enumerationitem": int(value) if addon.addontype == ENUMERATION and value else None,
    }
