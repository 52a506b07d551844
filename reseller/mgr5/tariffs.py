"""The panel's tariffs, their choices and templates, as its tables have them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from reseller.assumption import ORDER, columns
from reseller.db import Database, Row
from reseller.mgr5.features import MODULE

#: the tables that are read here (platform.md 6.2)
ASSUMED = (
    *columns("enumerationitem", "id intname:text", "platform.md 6.2", ORDER),
    *columns("itemtypeparam", "id itemtype intname:text", "platform.md 6.2"),
    *columns("itemtypeparamvalue", "itemtypeparam intname:text", "platform.md 6.2"),
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


def choices(db: Database, names: Collection[str]) -> Sequence[Row]:
    """Number and internal name of the enumeration items with these internal names, by number."""
    if not names:
        return []
    return db.rows("SELECT id, intname FROM enumerationitem WHERE intname IN %s ORDER BY id", tuple(names))


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
