"""The panel's tariffs, their choices and templates, as its tables have them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from reseller.assumption import columns
from reseller.db import Database
from reseller.mgr5.features import MODULE
from reseller.mgr5.tariff_forms import SETUP, WORDS

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

#: the tables that are read here; without most of them no tariff could be imported, and that is all
ASSUMED = (
    *columns("enumerationitem", "id intname:text enumeration", "platform.md 6.2"),
    *columns("itemtype", "parent", "platform.md 6.2"),
    *columns("itemtypeparam", "id itemtype intname:text", "platform.md 6.2"),
    *columns("itemtypeparamvalue", "id itemtypeparam intname:text", "platform.md 6.2"),
    *columns("processingmodule2itemtypeparamvalue", "processingmodule itemtypeparamvalue", "platform.md 6.2"),
    *columns("pricelist", "addonmin addonstep enumeration measure", "additions-2.md a.3"),
    *columns("pricelistprice", "pricelist currency price", "additions-2.md a.3"),
    *columns("price", "id", "additions-2.md a.3"),
    *columns("currency", "id iso:text active:text", "additions-2.md a.2"),
    *columns("enumeration", "id intname:text", "additions-2.md a.3"),
    *columns("measure", "id intname:text", "additions-2.md a.3"),
    *columns("project", "id name:text", "platform.md 6.2"),
)


class Sold(NamedTuple):
    """A tariff that is sold through a module of ours."""

    module: int
    itemtype: str
    name: str


def sold(db: Database, pricelist: int) -> Sold | None:
    """The tariff with its first module of ours; None if it is not sold through one."""
    row = db.row(
        "SELECT m.id, t.intname, COALESCE(p.name, '') FROM pricelist p JOIN itemtype t ON t.id = p.itemtype "
        "JOIN processingmodule2pricelist mp ON mp.pricelist = p.id "
        "JOIN processingmodule m ON m.id = mp.processingmodule WHERE p.id = %s AND m.module = %s ORDER BY m.id",
        pricelist,
        MODULE,
    )
    return Sold(*row) if row else None


def of_module(db: Database, module: int, field: str) -> dict[str, list[int]]:
    """Tariffs of this panel that a module sells, by what their form has in `field`, such as the seller's tariff."""
    rows = db.rows(
        "SELECT f.value, f.pricelist FROM pricelistparam f "
        "JOIN processingmodule2pricelist mp ON mp.pricelist = f.pricelist AND mp.processingmodule = %s "
        "JOIN pricelist p ON p.id = f.pricelist WHERE f.intname = %s AND f.value > '' ORDER BY f.pricelist",
        module,
        field,
    )
    found: dict[str, list[int]] = {}
    for value, pricelist in rows:
        found.setdefault(value, []).append(pricelist)
    return found


def types(db: Database) -> dict[str, int]:
    """The panel's product types, without those of resources: number by internal name."""
    return dict(db.rows("SELECT intname, MIN(id) FROM itemtype WHERE parent IS NULL GROUP BY intname"))


def all_sold(db: Database) -> dict[int, Sold]:
    """Every tariff that a module of ours sells, with its first one, by number."""
    rows = db.rows(
        "SELECT p.id, MIN(m.id), MIN(t.intname), COALESCE(MIN(p.name), '') FROM pricelist p "
        "JOIN itemtype t ON t.id = p.itemtype JOIN processingmodule2pricelist mp ON mp.pricelist = p.id "
        "JOIN processingmodule m ON m.id = mp.processingmodule WHERE p.parent IS NULL AND m.module = %s "
        "GROUP BY p.id ORDER BY p.id",
        MODULE,
    )
    return {number: Sold(*rest) for number, *rest in rows}


def priced(found: Mapping[str, Mapping[str, Decimal]]) -> list[str]:
    """The periods that have a price in any currency, the shortest first (additions-2.md a.3)."""
    return [period for period in WORDS if any(period in costs for costs in found.values())]


def periods_of_services(db: Database, pricelist: int) -> set[str]:
    """The periods that services of a tariff have, without closed ones."""
    sql = "SELECT DISTINCT period FROM item WHERE pricelist = %s AND parent IS NULL AND status <> 4"
    return {str(period) for period in db.column(sql, pricelist) if period is not None}


def addon_names(db: Database, pricelist: int) -> set[str]:
    """The names in the tariff map of all add-ons of a tariff that are switched on."""
    sql = "SELECT COALESCE(NULLIF(intname, ''), id) FROM pricelist WHERE parent = %s AND active = 'on'"
    return {str(name) for name in db.column(sql, pricelist)}


def prices(db: Database, pricelist: int) -> dict[str, dict[str, Decimal]]:
    """As prices_of(), of one tariff or resource."""
    return prices_of(db, [pricelist]).get(pricelist, {})


def prices_of(db: Database, numbers: Collection[int]) -> dict[int, dict[str, dict[str, Decimal]]]:
    """The prices of tariffs and resources by currency and period; a period that is not for sale is missing
    (additions-2.md a.3).
    """
    found: dict[int, dict[str, dict[str, Decimal]]] = {}
    for row in _price_rows(db, numbers):
        costs = {period: row[word] for period, word in WORDS.items() if row.get(word) is not None}
        found.setdefault(row["of_pricelist"], {})[row["currency_iso"]] = costs
    return found


def setups_of(db: Database, numbers: Collection[int]) -> dict[int, dict[str, Decimal]]:
    """What tariffs charge once, at the purchase, by currency; missing where that is nothing."""
    found: dict[int, dict[str, Decimal]] = {}
    for row in _price_rows(db, numbers):
        if row.get(SETUP):
            found.setdefault(row["of_pricelist"], {})[row["currency_iso"]] = row[SETUP]
    return found


def _price_rows(db: Database, numbers: Collection[int]) -> list[dict[str, Any]]:
    """Rows of `price` with their tariff and currency; a panel of another age may lack some of the columns."""
    if not numbers:
        return []
    sql = (
        "SELECT l.pricelist AS of_pricelist, c.iso AS currency_iso, p.* FROM pricelistprice l "
        "JOIN price p ON p.id = l.price JOIN currency c ON c.id = l.currency WHERE l.pricelist IN %s ORDER BY c.iso"
    )
    return db.named(sql, tuple(numbers))


def choices_of(db: Database, numbers: Collection[int]) -> dict[int, dict[int, str]]:
    """By tariff the values of the enumerations in it that are ordered or given: internal name by number."""
    if not numbers:
        return {}
    rows = db.rows(
        "SELECT p.parent, i.id, COALESCE(i.intname, '') FROM pricelist p "
        "JOIN enumerationitem i ON i.enumeration = p.enumeration WHERE p.parent IN %s AND p.active = 'on' "
        "AND p.addontype = 3 AND COALESCE(p.billtype, 2) NOT IN (4, 10) ORDER BY i.id",
        tuple(numbers),
    )
    return _by_tariff((pricelist, number, name) for pricelist, number, name in rows)


def measures_of(db: Database, numbers: Collection[int]) -> dict[int, dict[str, str]]:
    """By tariff the units of its add-ons, by the add-on's name in the tariff map; without those that have none."""
    if not numbers:
        return {}
    rows = db.rows(
        "SELECT p.parent, COALESCE(NULLIF(p.intname, ''), p.id), m.intname FROM pricelist p "
        "JOIN measure m ON m.id = p.measure WHERE p.parent IN %s AND m.intname > ''",
        tuple(numbers),
    )
    return _by_tariff((pricelist, str(key), name) for pricelist, key, name in rows)


def _by_tariff(rows: Iterable[tuple[int, _Key, _Value]]) -> dict[int, dict[_Key, _Value]]:
    """A dictionary for each tariff, of a key and a value in each row; a later row of the same key counts."""
    found: dict[int, dict[_Key, _Value]] = {}
    for pricelist, key, value in rows:
        found.setdefault(pricelist, {})[key] = value
    return found


def values(db: Database, itemtype: str, param: str) -> list[str]:
    """The values that a parameter of a product type may have, such as the templates of operating systems."""
    return db.column(
        "SELECT v.intname FROM itemtypeparamvalue v JOIN itemtypeparam p ON p.id = v.itemtypeparam "
        "JOIN itemtype t ON t.id = p.itemtype WHERE t.intname = %s AND p.intname = %s ORDER BY v.intname",
        itemtype,
        param,
    )


def sold_types(db: Database, module: int) -> list[str]:
    """The product types of the tariffs that a module sells, by name."""
    return db.column(
        "SELECT DISTINCT t.intname FROM processingmodule2pricelist mp JOIN pricelist p ON p.id = mp.pricelist "
        "JOIN itemtype t ON t.id = p.itemtype WHERE mp.processingmodule = %s ORDER BY t.intname",
        module,
    )


def named(db: Database, module: int, intname: str, itemtype: int = 0) -> list[int]:
    """The tariffs of a module, of one type or (0) of any, with this internal name, by number."""
    return db.column(
        "SELECT p.id FROM pricelist p JOIN processingmodule2pricelist mp ON mp.pricelist = p.id "
        "WHERE p.parent IS NULL AND p.intname = %s AND %s IN (0, p.itemtype) AND mp.processingmodule = %s "
        "ORDER BY p.id",
        intname,
        itemtype,
        module,
    )


def exists(db: Database, pricelist: int) -> bool:
    """Whether the panel has the tariff."""
    return bool(db.value("SELECT COUNT(*) FROM pricelist WHERE id = %s", pricelist))


def name(db: Database, pricelist: int) -> str:
    """The name of a tariff."""
    return str(db.value("SELECT name FROM pricelist WHERE id = %s", pricelist) or "")


def names(db: Database, numbers: Collection[int]) -> dict[int, str]:
    """The names of tariffs, by number."""
    if not numbers:
        return {}
    return dict(db.rows("SELECT id, COALESCE(name, '') FROM pricelist WHERE id IN %s", tuple(numbers)))


def intname(db: Database, pricelist: int) -> str:
    """The internal name of a tariff."""
    return str(db.value("SELECT intname FROM pricelist WHERE id = %s", pricelist) or "")


def is_active(db: Database, pricelist: int) -> bool:
    """Whether the tariff is switched on."""
    return bool(db.value("SELECT active = 'on' FROM pricelist WHERE id = %s", pricelist))


def active(db: Database, numbers: Collection[int]) -> set[int]:
    """Those of these tariffs that are switched on."""
    if not numbers:
        return set()
    return set(db.column("SELECT id FROM pricelist WHERE id IN %s AND active = 'on'", tuple(numbers)))


def with_services(db: Database, numbers: Collection[int]) -> dict[int, int]:
    """How many services that are not closed have each of these tariffs; those that have none are missing."""
    if not numbers:
        return {}
    sql = (
        "SELECT pricelist, COUNT(*) FROM item WHERE pricelist IN %s AND parent IS NULL AND status IN (2, 3, 5) "
        "GROUP BY pricelist"
    )
    return dict(db.rows(sql, tuple(numbers)))


def has_services(db: Database, pricelist: int) -> bool:
    """Whether any service, closed ones included, has the tariff."""
    return bool(db.value("SELECT COUNT(*) FROM (SELECT 1 FROM item WHERE pricelist = %s LIMIT 1) i", pricelist))


def currency(db: Database, iso: str) -> int:
    """The panel's number of a currency that is in use, 0 without one; numbers are local (additions-2.md a.2)."""
    return int(db.value("SELECT id FROM currency WHERE iso = %s AND active = 'on'", iso) or 0)


def project(db: Database, number: int = 0) -> int:
    """The provider with this number, or the first one; 0 if there is none."""
    sql = "SELECT MIN(id) FROM project WHERE id = %s OR %s = 0"
    return int(db.value(sql, number, number) or 0)


def currencies(db: Database) -> list[str]:
    """The currencies that are in use on this panel."""
    return db.column("SELECT iso FROM currency WHERE active = 'on' ORDER BY id")


def projects(db: Database) -> dict[int, str]:
    """The providers of this panel: name by number."""
    return dict(db.rows("SELECT id, COALESCE(name, id) FROM project ORDER BY id"))


def services(db: Database, numbers: Collection[int], most: int) -> list[int]:
    """At most so many services that have one of these tariffs and are not closed, by number."""
    if not numbers:
        return []
    sql = "SELECT id FROM item WHERE pricelist IN %s AND parent IS NULL AND status IN (2, 3, 5) ORDER BY id LIMIT %s"
    return db.column(sql, tuple(numbers), most)


class Made(NamedTuple):
    """A resource of a tariff here, as its row has it; numbers are None where the row has none."""

    id: int
    addontype: int
    billtype: int
    addonlimit: int | None
    addonmin: int | None
    addonmax: int | None
    addonstep: int | None
    enumeration: int | None


def first_services(db: Database, numbers: Collection[int], most: int, module: int) -> dict[int, list[int]]:
    """As services(), of each tariff the first `most` of this processing module."""
    if not numbers:
        return {}
    found: dict[int, list[int]] = {}
    sql = (
        "SELECT pricelist, id FROM (SELECT pricelist, id, ROW_NUMBER() OVER (PARTITION BY pricelist ORDER BY id) AS n "
        "FROM item WHERE pricelist IN %s AND processingmodule = %s AND parent IS NULL AND status IN (2, 3, 5)) i "
        "WHERE n <= %s ORDER BY id"
    )
    for pricelist, item in db.rows(sql, tuple(numbers), module, most):
        found.setdefault(pricelist, []).append(item)
    return found


def resources(db: Database, pricelist: int) -> dict[str, Made]:
    """As resources_of(), of one tariff."""
    return resources_of(db, [pricelist]).get(pricelist, {})


def resources_of(db: Database, numbers: Collection[int]) -> dict[int, dict[str, Made]]:
    """The resources of these tariffs, switched off ones included, by tariff and internal name."""
    if not numbers:
        return {}
    rows = db.rows(
        "SELECT parent, intname, id, addontype, billtype, addonlimit, addonmin, addonmax, addonstep, enumeration "
        "FROM pricelist WHERE parent IN %s AND intname > '' ORDER BY id DESC",
        tuple(numbers),
    )
    return _by_tariff((parent, name, Made(*row)) for parent, name, *row in rows)


def resource_type(db: Database, itemtype: int, intname: str) -> int:
    """The type of a resource below a product type, 0 without one."""
    sql = "SELECT MIN(id) FROM itemtype WHERE parent = %s AND intname = %s"
    return int(db.value(sql, itemtype, intname) or 0)


def measure(db: Database, intname: str) -> int:
    """A unit of measure by its internal name, 0 without one."""
    return int(db.value("SELECT MIN(id) FROM measure WHERE LOWER(intname) = LOWER(%s)", intname) or 0)


def enumeration(db: Database, intname: str) -> int:
    """An enumeration by its internal name, 0 without one."""
    return int(db.value("SELECT MIN(id) FROM enumeration WHERE intname = %s", intname) or 0)


def enumeration_items(db: Database, number: int) -> dict[str, int]:
    """The values of an enumeration: number by internal name."""
    sql = "SELECT intname, MIN(id) FROM enumerationitem WHERE enumeration = %s GROUP BY intname"
    return dict(db.rows(sql, number))


def param(db: Database, itemtype: int, intname: str) -> int:
    """A parameter of a product type, 0 without one."""
    sql = "SELECT MIN(id) FROM itemtypeparam WHERE itemtype = %s AND intname = %s"
    return int(db.value(sql, itemtype, intname) or 0)


def templates(db: Database, here: Sold, param: str) -> list[str]:
    """The values of a type's parameter that the tariff's module serves; all of them where it is linked to none."""
    number = db.value(
        "SELECT MIN(p.id) FROM itemtypeparam p JOIN itemtype t ON t.id = p.itemtype "
        "WHERE t.intname = %s AND p.intname = %s",
        here.itemtype,
        param,
    )
    known = served_values(db, number or 0, here.module)
    served = [name for name, (_, is_served) in known.items() if is_served]
    return sorted(served or known)


def served_values(db: Database, number: int, module: int) -> dict[str, tuple[int, bool]]:
    """The values of a parameter, by internal name: number, and whether the module serves it."""
    rows = db.rows(
        "SELECT v.intname, MIN(v.id), COUNT(l.processingmodule) > 0 FROM itemtypeparamvalue v "
        "LEFT JOIN processingmodule2itemtypeparamvalue l ON l.itemtypeparamvalue = v.id AND l.processingmodule = %s "
        "WHERE v.itemtypeparam = %s GROUP BY v.intname",
        module,
        number,
    )
    return {intname: (value, bool(served)) for intname, value, served in rows}
