"""The panel's tariffs, their choices and templates, as its tables have them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from reseller.db import Database, Row
from reseller.mgr5.features import MODULE


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
