"""The tariff map: what the parts of a tariff of this panel are called at the seller.

One row for each part: `period` (months here -> months there), `addon` (internal name -> the seller's add-on id), `enum`
(enumeration item id here -> there), `os` (template key here -> there). The seller's tariff and data centre themselves
are fields of the panel's tariff form (pages/tariff_form.py). A part without a row is not for sale: nothing is guessed
at order time, since a wrong guess buys the wrong thing. An add-on mapped to `none` exists only here: nothing is bought
for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from reseller.db import Database
from reseller.wire import numbers

PERIOD, ADDON, ENUM, OS = "period", "addon", "enum", "os"
KINDS = (PERIOD, ADDON, ENUM, OS)
#: the counterpart of an add-on for which nothing is bought
NONE = "none"


class TariffMap(NamedTuple):
    """The rows of one tariff, by kind and name here."""

    rows: Mapping[tuple[str, str], str]

    def remote(self, kind: str, local: str) -> str | None:
        """The seller's name for a part, None if it is not mapped."""
        return self.rows.get((kind, local))

    @property
    def terms(self) -> frozenset[int]:
        """The seller's terms that the map names, in months."""
        lengths = (numbers.parse(remote) for (kind, _), remote in self.rows.items() if kind == PERIOD)
        return frozenset(months for months in lengths if months)


def load(db: Database, pricelist: int) -> TariffMap:
    """The map of one tariff."""
    return load_all(db, [pricelist]).get(pricelist, TariffMap({}))


def load_all(db: Database, numbers: Collection[int]) -> dict[int, TariffMap]:
    """The maps of these tariffs; those without a row are missing."""
    if not numbers:
        return {}
    found: dict[int, dict[tuple[str, str], str]] = {}
    sql = "SELECT pricelist, kind, local, remote FROM reseller_map WHERE pricelist IN %s"
    for pricelist, kind, local, remote in db.rows(sql, tuple(numbers)):
        found.setdefault(pricelist, {})[kind, local] = remote
    return {pricelist: TariffMap(rows) for pricelist, rows in found.items()}


def save(db: Database, pricelist: int, kind: str, local: str, remote: str) -> None:
    """Set one row."""
    db.execute(
        "REPLACE INTO reseller_map (pricelist, kind, local, remote) VALUES (%s, %s, %s, %s)",
        pricelist,
        kind,
        local,
        remote,
    )


def drop(db: Database, pricelist: int, kind: str, local: str) -> int:
    """Remove one row; how many were removed."""
    return db.execute(
        "DELETE FROM reseller_map WHERE pricelist = %s AND kind = %s AND local = %s", pricelist, kind, local
    )


def forget(db: Database, pricelist: int) -> None:
    """Remove all rows of a tariff."""
    db.execute("DELETE FROM reseller_map WHERE pricelist = %s", pricelist)
