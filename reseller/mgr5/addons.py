"""How much a service has of each add-on of its tariff; read only here (additions-2.md h 1).

As in the vendor's own modules, the query starts at the tariff, so an add-on without a row of its own in `item` counts
with the tariff's value. A number is the included limit (the service's own, else the tariff's) plus `intvalue`; an
add-on that is billed by use counts with its maximum; a trial has no more than the trial's maximum. An add-on that is
switched off in the tariff, is only a part of others (billtype 4), or is set by staff by hand (10) does not count.

An impossible total (a fraction, less than nothing) is returned unchanged: the plan of an order or a change refuses it
by name (lifecycle/quantities.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from reseller.assumption import CHANGE, ORDER, columns
from reseller.db import Database
from reseller.model import BOOLEAN, ENUMERATION, Addon, Item
from reseller.wire import numbers

#: what an order and a change are made of (additions-2.md h 1)
ASSUMED = (
    *columns(
        "item",
        "addonlimit addonmax addonmaxtrial intvalue boolvalue:text enumerationitem",
        "platform.md 6.2",
        ORDER,
        CHANGE,
    ),
    *columns(
        "pricelist", "parent intname:text addontype billtype compound active:text", "platform.md 6.2", ORDER, CHANGE
    ),
    *columns(
        "pricelist",
        "addonlimit addonmax addonmaxtrial addonbool:text enumerationitem",
        "platform.md 6.2",
        ORDER,
        CHANGE,
    ),
)

#: billtype 3 is billed by statistics, period -100 a trial (platform.md 6.2)
_COLUMNS = """p.id, COALESCE(NULLIF(p.intname, ''), p.id), COALESCE(NULLIF(p.intname, ''), t.intname, ''),
COALESCE(p.name, ''), p.addontype, COALESCE(a.addonlimit, p.addonlimit, 0),
IF(p.billtype = 3, 0, COALESCE(a.intvalue, 0)),
IF(p.billtype = 3, COALESCE(a.addonmax, p.addonmax), COALESCE(a.addonlimit, p.addonlimit, 0) + COALESCE(a.intvalue, 0)),
IF(i.period = -100, COALESCE(a.addonmaxtrial, p.addonmaxtrial), NULL),
COALESCE(a.boolvalue, p.addonbool), p.addonbool, COALESCE(a.enumerationitem, p.enumerationitem), p.enumerationitem"""
_COUNTS = "p.active = 'on' AND p.addontype IN (1, 2, 3) AND COALESCE(p.billtype, 2) NOT IN (4, 10)"
#: If all rows of a service are closed, they were closed with it, and `reopen` brings it back with what it had. If a
#: service has rows of another tariff, the panel took a change of tariff back without changing the rows (`rollback`): an
#: add-on without a row is then unknown, and left out.
_OF_SERVICES = f"""
SELECT i.id, {_COLUMNS} FROM item i JOIN pricelist p ON p.parent = i.pricelist LEFT JOIN itemtype t ON t.id = p.itemtype
LEFT JOIN item a ON a.parent = i.id AND a.pricelist = p.id
AND (a.status <> 4 OR NOT EXISTS (SELECT 1 FROM item b WHERE b.parent = i.id AND b.status <> 4))
WHERE i.id IN %s AND {_COUNTS} AND (p.compound IS NULL OR a.id IS NOT NULL) AND (a.id IS NOT NULL OR NOT EXISTS (
SELECT 1 FROM item s JOIN pricelist q ON q.id = s.pricelist AND q.parent <> i.pricelist
WHERE s.parent = i.id AND s.status <> 4)) ORDER BY i.id, p.id, a.id"""  # noqa: S608 - words of this file
#: No row has number 0. With `ON FALSE`, MariaDB reads all of `item` to find that out, once for each of the two joins.
_OF_TARIFFS = f"""
SELECT p.parent, {_COLUMNS} FROM pricelist p LEFT JOIN itemtype t ON t.id = p.itemtype
LEFT JOIN item i ON i.id = 0 LEFT JOIN item a ON a.id = 0
WHERE p.parent IN %s AND {_COUNTS} AND p.compound IS NULL ORDER BY p.id"""  # noqa: S608 - words of this file


def of_services(db: Database, numbers: Collection[int]) -> dict[int, tuple[Addon, ...]]:
    """The add-ons of each of these services, by the number of the service."""
    by_item: dict[int, dict[int, Addon]] = {}
    for item, *row in db.rows(_OF_SERVICES, numbers):
        addon = _addon(row)
        by_item.setdefault(item, {})[addon.pricelist] = addon
    return {item: tuple(addons.values()) for item, addons in by_item.items()}


def of_tariffs(db: Database, numbers: Collection[int]) -> dict[int, list[Addon]]:
    """The add-ons that a service gets if its client chooses nothing, by tariff; those without add-ons are missing."""
    found: dict[int, list[Addon]] = {}
    for pricelist, *row in db.rows(_OF_TARIFFS, tuple(numbers)) if numbers else ():
        found.setdefault(pricelist, []).append(_addon(row))
    return found


def find(db: Database, item: Item, intname: str, number: int) -> Addon | None:
    """An add-on of the service's tariff, by internal name or number, or by the number of the service's row for it."""
    row = db.value("SELECT pricelist FROM item WHERE id = %s AND parent = %s", number, item.id)
    for addon in of_tariffs(db, [item.pricelist]).get(item.pricelist, []):
        if (intname and addon.intname == intname) or addon.pricelist in (number, row):
            return addon
    return None


def _addon(row: Sequence[Any]) -> Addon:
    number, key, intname, name, kind, included, on_top, total, most, switch, given_switch, choice, given_choice = row
    if kind == BOOLEAN:
        value, is_ordered = _switch(switch), _switch(switch) != _switch(given_switch)
    elif kind == ENUMERATION:
        value, is_ordered = str(choice or ""), choice != given_choice
    else:
        value = "" if total is None else numbers.plain(total if most is None else min(total, most))
        is_ordered = bool(on_top)
    return Addon(number, str(key), intname, name, kind, value, numbers.plain(included), is_ordered)


def _switch(value: object) -> str:
    return "on" if value in ("on", 1, "1") else "off"
