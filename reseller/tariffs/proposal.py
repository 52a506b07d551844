"""Propose the tariff map of a tariff: parts with the same internal name on both sides belong together.

Where a name stands for two different things at the seller, or has no namesake there, the choice is left to a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reseller.context import Context, Seller
from reseller.db import Database
from reseller.ledger import tariffmap
from reseller.lifecycle import order_plan
from reseller.mgr5 import addons, items
from reseller.mgr5 import tariffs as panel_tariffs
from reseller.seller import order_form, tariffs
from reseller.wire.errors import ResellerError


class Pair(NamedTuple):
    """A part of a tariff here, and the seller's name for it: as mapped and as proposed, None where there is none."""

    kind: str
    local: str
    mapped: str | None
    proposed: str | None


def match(context: Context, pricelist: int) -> list[Pair]:
    """The seller's periods, and every add-on, choice and template of the tariff here.

    Each comes with what it is mapped to and what it could be mapped to. A period that is sold only here is listed once
    it is mapped.

    Raises ResellerError `reseller_tariff_missing`, `reseller_unmapped` (no tariff of the seller is chosen) or
    `reseller_tariff_gone` (the seller does not offer the chosen one), SellerError.
    """
    itemtype, remote, there = _sides(context, pricelist)
    mapping = tariffmap.load(context.db, pricelist)
    pairs = {}
    for kind, local, namesake in _here(context.db, pricelist, itemtype, remote):
        ids = there[kind].get(namesake, set())
        proposed = next(iter(ids)) if len(ids) == 1 else None
        pairs[kind, local] = Pair(kind, local, mapping.remote(kind, local), proposed)
    for (kind, local), mapped in mapping.rows.items():
        pairs.setdefault((kind, local), Pair(kind, local, mapped, None))
    return list(pairs.values())


def put(context: Context, pricelist: int, kind: str, here: str, there: str) -> None:
    """Map one part; raises ResellerError for a part that the seller's tariff lacks, and for terms that do not fit.

    A period here is what the client pays for, a period there is what is bought each time (docs/decisions.md).
    """
    _, remote, offered = _sides(context, pricelist)
    known = set().union(*offered[kind].values()) if offered[kind] else set()
    if kind == tariffmap.ADDON:
        known.add(tariffmap.NONE)
    if there not in known:
        shown = ", ".join(sorted(known, key=lambda one: (len(one), one))) or "-"
        raise ResellerError(
            "reseller_no_counterpart", object=kind, value=there, part=kind, tariff=remote.name, offered=shown
        )
    if kind == tariffmap.PERIOD and not order_plan.is_term(here, there):
        raise ResellerError("reseller_term", object=kind, value=there, item="-", here=here, pricelist=pricelist)
    tariffmap.save(context.db, pricelist, kind, here, there)


def _sides(context: Context, pricelist: int) -> tuple[str, tariffs.Tariff, dict[str, dict[str, set[str]]]]:
    """The tariff's type, the seller's tariff chosen for it, and by kind of part the seller's ids of internal names."""
    sold = panel_tariffs.sold(context.db, pricelist)
    if sold is None:
        raise ResellerError("reseller_tariff_missing", object="pricelist", value=str(pricelist))
    module, itemtype, name = sold
    chosen = items.tariff_params(context.db, pricelist)
    wanted = chosen.get(order_plan.TARIFF_FIELD, "")
    if not wanted:
        raise ResellerError(
            "reseller_unmapped", object="tariff", item="-", tariff=name, pricelist=pricelist, part="tariff"
        )
    seller = context.seller(module)
    remote = next((found for found in tariffs.export(seller.transport, itemtype) if found.id == wanted), None)
    if remote is None:
        raise ResellerError("reseller_tariff_gone", object="tariff", value=wanted, tariff=name)
    return itemtype, remote, _there(context, seller, itemtype, remote, chosen.get(order_plan.DATACENTER_FIELD, ""))


def _here(db: Database, pricelist: int, itemtype: str, remote: tariffs.Tariff) -> Iterator[tuple[str, str, str]]:
    """(kind, name here, name to look for at the seller) of every part of the tariff."""
    for period in remote.periods:
        yield tariffmap.PERIOD, period, period
    for addon in addons.of_tariff(db, pricelist):
        yield tariffmap.ADDON, addon.key, addon.intname
    for number, intname in panel_tariffs.choices(db, {intname for intname, _ in remote.enumitems}):
        yield tariffmap.ENUM, str(number), intname
    for intname in panel_tariffs.values(db, itemtype, order_plan.TEMPLATE_FIELD):
        yield tariffmap.OS, intname, intname


def _there(
    context: Context, seller: Seller, itemtype: str, remote: tariffs.Tariff, datacenter: str
) -> dict[str, dict[str, set[str]]]:
    """By kind of part, the seller's ids of each internal name."""
    enums: dict[str, set[str]] = {}
    for intname, number in remote.enumitems:
        enums.setdefault(intname, set()).add(number)
    generation = context.generation(seller, itemtype)
    form = order_form.read(seller.transport, itemtype, generation, remote.id, datacenter)
    return {
        tariffmap.PERIOD: {period: {period} for period in remote.periods},
        tariffmap.ADDON: {intname: {number} for intname, number in remote.addons.items()},
        tariffmap.ENUM: enums,
        tariffmap.OS: {key: {key} for key in form.templates},
    }


def apply(context: Context, pricelist: int, pairs: list[Pair]) -> int:
    """Save the proposals for the parts that are not mapped yet; how many were saved."""
    fresh = [(pair.kind, pair.local, pair.proposed) for pair in pairs if pair.mapped is None and pair.proposed]
    for kind, local, proposed in fresh:
        tariffmap.save(context.db, pricelist, kind, local, proposed)
    return len(fresh)
